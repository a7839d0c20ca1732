import SystemCalls
import TerminalCore
import Testing

/// The whole program with the stock ssh client and server at every end. One after the other: each has processes, accounts and ports.
@Suite(.serialized) struct TerminalProgramTests {}

extension TerminalProgramTests {
    @Suite(.serialized) struct LoginTests {
        @Test func staffLogInThroughAStockRelay() async throws {
            try await withSite { site in
                try await site.setUp()
                let start = try await site.must("start")
                #expect(start.output.contains("waiting for support"))
                let command = try await site.login("id -un; exit 7")
                #expect(command.output == "\(site.user)\n" && command.status == 7, "\(command)")
                guard Site.givesTerminals else { return }
                let shell = try await run(site.staff("ssh", "-tt") + ["\(site.user)@localhost", "tty; exit"])
                #expect(shell.output.contains("/dev/pts/"), "\(shell)")
            }
        }

        @Test func filesTravelBothWaysUnchanged() async throws {
            try await withSite { site in
                try await site.setUp()
                try await site.must("start")
                let file = try site.folder.write(String(repeating: "0123456789abcdef", count: 1 << 16), to: "file")
                let there = try await run(site.staff("scp") + [file, "\(site.user)@localhost:/tmp/\(site.user)-copy"])
                #expect(there.succeeded, "\(there)")
                let back = try await run(site.staff("scp") + ["\(site.user)@localhost:/tmp/\(site.user)-copy", "\(file)-back"])
                #expect(back.succeeded, "\(back)")
                #expect(try site.folder.read("file") == site.folder.read("file-back"))
                _ = try await site.login("rm /tmp/\(site.user)-copy")
            }
        }

        @Test func whoIsInIsToldByTheCommentOfTheirKey() async throws {
            try await withSite { site in
                try await site.setUp()
                try await site.must("start")
                let session = try await site.session("echo in; exec sleep 1000")
                let status = try await site.status()
                #expect(status.state == .inUse)
                #expect(status.logins.map(\.who) == ["bob@support"] && status.logins.map(\.user) == [site.user])
                // A stock relay has it from its own machine.
                #expect(status.logins.map(\.from) == ["127.0.0.1"])
                #expect(try await site.must("status").output.contains("in use by bob@support"))
                try await session.end()
                try await eventually("the login is gone from the status") { try await site.status().state == .waiting }
            }
        }

        @Test func stopEndsTunnelAndLoginsWithAllTheirProcessesWithinASecond() async throws {
            try await withSite { site in
                try await site.setUp()
                try await site.must("start")
                let mark = "10\(UInt32.random(in: 10_000_000...99_999_999))"
                let session = try await site.session(
                    "setsid sleep \(mark) & (setsid sh -c 'trap \"\" TERM HUP; sleep \(mark); :' &); trap '' TERM HUP; echo in; sleep \(mark); :"
                )
                try await eventually("its processes run") { Self.processes(with: mark).count >= 3 }
                let begin = ContinuousClock.now
                try await site.must("stop")
                #expect(ContinuousClock.now - begin < .seconds(2), "one second, and what a loaded machine adds")
                #expect(Self.processes(with: mark).isEmpty)
                #expect(try site.processes.count == 1, "only the agent is left")
                try await eventually("staff's ssh ends") { !session.isRunning }
                #expect(try await site.login("true").status == 255)
            }
        }

        /// Living processes whose command line is exactly `sleep MARK`.
        private static func processes(with mark: String) -> [Int32] {
            Processes.all().filter { entry in
                !entry.isZombie && entry.name == "sleep"
                    // A process may end while it is looked at.
                    && (try? Files.read("/proc/\(entry.pid)/cmdline", limit: 4096)).map { String(decoding: $0, as: UTF8.self) }
                        == "sleep\u{0}\(mark)\u{0}"
            }.map(\.pid)
        }

        @Test func nobodyElseAndNoOtherKeyGetsIn_Z05() async throws {
            try await withSite { site in
                try await site.setUp()
                try await site.must("start")
                let stranger = try await site.folder.key("mallory")
                #expect(try await site.login("true", key: stranger).status == 255)
                for name in ["root", "daemon", "nobody", "towline-terminal", "no-such-user"] where name != site.user {
                    #expect(try await site.login("true", as: name).status == 255, "\(name)")
                }
                #expect(try await site.login("true").succeeded)
            }
        }

        @Test func loginsCannotForwardAnythingNorSetTheirEnvironment() async throws {
            try await withSite { site in
                try await site.setUp()
                try await site.must("start")
                let free = try StockRelay.freePort()
                let remote = try await run(
                    site.staff("ssh", "-o", "ExitOnForwardFailure=yes", "-R", "\(free):127.0.0.1:1") + ["\(site.user)@localhost", "true"])
                #expect(remote.status == 255, "\(remote)")
                let direct = try await run(site.staff("ssh", "-W", "127.0.0.1:\(site.relay.port)") + ["\(site.user)@localhost"])
                #expect(direct.status == 255, "\(direct)")
                let environment = try await run(site.staff("ssh", "-o", "SetEnv=EVIL=1") + ["\(site.user)@localhost", "echo [$EVIL]"])
                #expect(environment.output == "[]\n", "\(environment)")
            }
        }

        @Test func removingALoginUserEndsTheirLogins() async throws {
            try await withSite { site in
                try await site.setUp()
                try await site.must("start")
                let session = try await site.session("echo in; exec sleep 1000")
                try await site.must("login-user", "remove", site.user)
                try await eventually(within: .seconds(5), "the session ends") { !session.isRunning }
                #expect(try await site.login("true").status == 255)
                if Site.isRoot { #expect(try Users.lookup(name: site.user) == nil) }
            }
        }

        @Test func nothingOnTheTerminalListensOnTCP() async throws {
            try await withSite { site in
                try await site.setUp()
                try await site.must("start")
                let session = try await site.session("echo in; exec sleep 1000")
                var listening: Set<String> = []
                for table in ["tcp", "tcp6"] {
                    // A machine without IPv6 has no such table.
                    let text = (try? Files.read("/proc/net/\(table)", limit: 1 << 22)).map { String(decoding: $0, as: UTF8.self) } ?? ""
                    for line in text.split(separator: "\n").dropFirst() {
                        let fields = line.split(separator: " ")
                        if fields.count > 9, fields[3] == "0A" { listening.insert("socket:[\(fields[9])]") }
                    }
                }
                for pid in [try site.running.process.pid] + (try site.processes.map(\.pid)) {
                    // A process may end while it is looked at.
                    for name in (try? Files.list("/proc/\(pid)/fd")) ?? [] {
                        #expect(!listening.contains(Links.target("/proc/\(pid)/fd/\(name)")), "process \(pid) listens")
                    }
                }
                try await session.end()
            }
        }
    }
}
