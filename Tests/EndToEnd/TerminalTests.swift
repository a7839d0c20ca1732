import Glibc
import Testing

extension EndToEnd {
    /// Our terminal, from nothing to a session and back (DESIGN §5, §6).
    @Suite(.serialized) struct TerminalTests {
        /// A relay that knows staff, and a terminal whose key it knows, set up by the terminal's own commands.
        private func withSite(
            approved: Bool = true, stockRelay: Bool = Relay.isStock, _ scenario: (Site, TerminalEnd) async throws -> Void
        ) async throws {
            let site = try await Site(granted: false, stockRelay: stockRelay)
            let terminal = try await TerminalEnd(in: site.folder)
            do {
                try await terminal.must("login-user", "add", terminal.user, "--key", site.staffKey.publicPath)
                try await terminal.must(
                    "settings", "create", "--relay", "127.0.0.1:\(site.relay.port)", "--listening-port", "\(TerminalTests.port)",
                    "--fingerprint",
                    try await site.relayFingerprint(), "--user", StockServer.user)
                if approved { try await approve(terminal, at: site) }
                try await scenario(site, terminal)
            } catch {
                try await terminal.close()
                throw error
            }
            try await terminal.close()
        }

        private static let port = Site.listeningPort + 1

        private func approve(_ terminal: TerminalEnd, at site: Site) async throws {
            let key = try site.folder.write(try await terminal.must("key").output, to: "issued.pub")
            if site.relay.isStock {
                try await site.relay.addTerminal("shop-43", port: TerminalTests.port, line: trimmed(Folder.text(of: key)))
            } else {
                try await site.relay.must("terminal", "add", "shop-43", "--listening-port", "\(TerminalTests.port)")
                try await site.relay.must("approve", "shop-43", "--key", key)
                try await site.relay.must("grant", "alice", "shop-43")
            }
        }

        private func told(by site: Site) async throws -> String {
            try await site.staff(try site.staffConfig(), "relay", "host-keys shop-43 --known-hosts").output
        }

        /// A machine that was installed anew, say: staff are refused it, and both ends say why until somebody accepts it.
        @Test(.enabled(if: !Relay.isStock)) func aChangedHostKeyIsShownAtBothEndsUntilItIsAccepted() async throws {
            try await withSite { site, terminal in
                let config = try site.staffConfig()
                let hostKey = "\(terminal.dataPath)/broker/host_key"
                try await terminal.must("start")
                let before = Folder.text(of: "\(hostKey).pub").split(separator: " ")[1]
                try await eventually("the relay tells staff the host key") { try await told(by: site).contains(before) }

                try await terminal.process.terminate()
                for file in [hostKey, "\(hostKey).pub"] { unlink(file) }
                try await terminal.start()
                try await terminal.must("start")
                let after = Folder.text(of: "\(hostKey).pub").split(separator: " ")[1]
                #expect(after != before)
                let listed = try await site.folder.run(["ssh-keygen", "-l", "-f", "\(hostKey).pub"])
                let fingerprint = String(listed.output.split(separator: " ")[1])
                try await terminal.status(says: "they have to accept it: \(fingerprint)")
                #expect(try await terminal.must("log").output.contains("support have to accept the one it has now, \(fingerprint)"))
                #expect(try await told(by: site).contains(before), "staff are not told the new one")
                let desk = try await site.staff(config, "-tt", "relay").output
                #expect(desk.contains("other host keys than before") && desk.contains("shop-43; see:"), "\(desk)")
                #expect(try await site.staff(config, "relay", "host-keys shop-43").output.contains("  \(fingerprint) ssh-ed25519"))

                let waiting = try await site.relay.command("host-keys", "accept", "shop-43")
                #expect(waiting.status == 1 && waiting.output.contains("--fingerprint \(fingerprint)"), "\(waiting)")
                try await site.relay.must("host-keys", "accept", "shop-43", "--fingerprint", fingerprint)
                #expect(try await told(by: site).contains(after))
                try await eventually("the terminal asks again, and no longer says so") {
                    try await !terminal.command("status").output.contains(fingerprint)
                }
            }
        }

        @Test(arguments: Relay.isStock ? [true] : [false, true]) func theWholeManual(onAStockRelay: Bool) async throws {
            try await withSite(stockRelay: onAStockRelay) { site, terminal in
                try await terminal.must("start")
                try await terminal.status(says: "waiting for support")
                let config = try site.staffConfig()
                let byPort = ["-J", "relay", "-p", "\(TerminalTests.port)", "\(terminal.user)@localhost"]
                let login = try await site.folder.run(["ssh", "-F", config] + byPort + ["whoami; exit 7"])
                #expect(login.text == terminal.user, "\(login)")
                #expect(login.status == 7)
                if !site.relay.isStock {
                    let byName = try await site.staff(config, "-J", "relay", "\(terminal.user)@shop-43", "echo reached")
                    #expect(byName.text == "reached", "\(byName)")
                }

                if TerminalEnd.canHavePTY {
                    let typed = try site.folder.write("tty\nstty size\nexit 3\n", to: "typed")
                    let shell = try await site.folder.run(["ssh", "-F", config, "-tt"] + byPort, input: typed)
                    #expect(shell.output.contains("/dev/pts/"), "\(shell)")
                    #expect(shell.status == 3, "\(shell)")
                }

                let file = try site.folder.writeNoise(20_000_000, to: "there")
                let copy = try await site.folder.run(["ssh", "-F", config] + byPort + ["mktemp"]).text
                let scp = ["scp", "-q", "-F", config, "-J", "relay", "-P", "\(TerminalTests.port)"]
                let there = try await site.folder.run(scp + [file, "\(terminal.user)@localhost:\(copy)"], within: .seconds(60))
                #expect(there.succeeded, "\(there)")
                let back = try await site.folder.run(
                    scp + ["\(terminal.user)@localhost:\(copy)", "\(site.folder.path)/back"], within: .seconds(60))
                #expect(back.succeeded, "\(back)")
                let sums = (try await site.folder.sum(of: file), try await site.folder.sum(of: "\(site.folder.path)/back"))
                #expect(sums.0 == sums.1)
                let removed = try await site.folder.run(["ssh", "-F", config] + byPort + ["rm", copy])
                #expect(removed.succeeded, "\(removed)")

                try await terminal.must("stop")
                let refused = try await site.folder.run(["ssh", "-F", config] + byPort + ["true"])
                #expect(refused.status == 255, "\(refused)")
            }
        }

        @Test func stopEndsTunnelAndLoginsWithinASecond() async throws {
            try await withSite { site, terminal in
                try await terminal.must("start")
                try await terminal.status(says: "waiting for support")
                let session = try Program(
                    [
                        "ssh", "-F", try site.staffConfig(), "-J", "relay", "-p", "\(TerminalTests.port)", "\(terminal.user)@localhost",
                        "echo in-session; exec sleep 1000",
                    ], in: site.folder)
                try await eventually("the session is up: \(session.errors)") { session.output.contains("in-session") }
                try await terminal.status(says: "in use")
                let clock = ContinuousClock.now
                try await terminal.must("stop")
                try await session.end(within: .seconds(2))
                #expect(ContinuousClock.now - clock < .seconds(2), "a second, and the time that the command itself takes")
                let left = try Processes.tree(of: terminal.process.pid).map { Folder.text(of: "/proc/\($0)/cmdline") }
                #expect(!left.contains { $0.hasPrefix("ssh") || $0.hasPrefix("/usr/bin/ssh") || $0.contains("sshd") }, "\(left)")
            }
        }

        @Test func nothingOnTheTerminalListensOnTCPForSSH() async throws {
            try await withSite { _, terminal in
                try await terminal.must("start")
                try await terminal.status(says: "waiting for support")
                #expect(try terminal.listeningPorts().isEmpty)
            }
        }

        @Test func aKeyThatTheRelayDoesNotKnowYetSaysSoAndGetsInOnceItIsApproved() async throws {
            try await withSite(approved: false) { site, terminal in
                let start = try await terminal.command("start")
                #expect(start.status == 1, "\(start)")
                #expect(start.errors.contains("the relay does not know this terminal's key yet; send it to support"), "\(start)")
                try await terminal.status(says: "the relay does not know this terminal's key yet")
                try await approve(terminal, at: site)
                try await terminal.status(says: "waiting for support", within: .seconds(60))
            }
        }

        @Test(.enabled(if: !Relay.isStock)) func theTunnelComesBackByItselfWhenTheRelayWasAway() async throws {
            try await withSite { site, terminal in
                try await terminal.must("start")
                try await terminal.status(says: "waiting for support")
                let port = try site.relay.port
                try site.relay.process.signal(SIGKILL)
                try await site.relay.process.end()
                try await eventually("the status tells that the relay is away") {
                    try await !terminal.command("status").output.contains("waiting for support")
                }
                try await site.relay.start(port: port)
                try await terminal.status(says: "waiting for support", within: .seconds(60))
            }
        }

        @Test func aRelayWithAnotherHostKeyStopsTheTerminalWithAnExplanation() async throws {
            try await withSite { site, terminal in
                try await terminal.must("settings", "delete")
                try await terminal.must(
                    "settings", "create", "--relay", "127.0.0.1:\(site.relay.port)", "--listening-port", "\(TerminalTests.port)",
                    "--fingerprint",
                    "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
                _ = try await terminal.command("start")
                try await terminal.status(says: "another host key")
            }
        }

        @Test func aSecondTerminalOnTheSameFolderIsRefused() async throws {
            try await withSite { _, terminal in
                let second = try await terminal.command("serve")
                #expect(second.status == 1, "\(second)")
                #expect(try terminal.process.isRunning)
            }
        }
    }
}
