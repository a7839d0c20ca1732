import SystemCalls
import TerminalCore
import Testing

extension TerminalProgramTests {
    @Suite(.serialized) struct FaultTests {
        @Test func anAgentThatIsKilledIsBackWithinFiveSecondsWithItsTunnel_X03() async throws {
            try await withSite { site in
                try await site.setUp()
                try await site.must("start")
                let session = try await site.session("echo in; exec sleep 1000")
                let agent = try #require(try site.processes.first { $0.name == "towline-agent" })
                Processes.signal(agent, .kill)
                let begin = ContinuousClock.now
                try await eventually(within: .seconds(10), "it answers and waits again") {
                    let outcome = try await site.command("status", "--json")
                    guard outcome.succeeded else { return false }
                    return TerminalWire.decode(TerminalStatus.self, Array(outcome.output.utf8))?.state == .waiting
                }
                #expect(ContinuousClock.now - begin < .seconds(6), "five seconds, and what a loaded machine adds")
                try await eventually("the login went with it") { !session.isRunning }
                #expect(try await site.login("true").succeeded)
                let status = try await site.status()
                #expect(status.endsInSeconds ?? 0 > 7 * 3600, "the limit is the one that was set")
            }
        }

        @Test func aLoginWhoseServerIsKilledEndsAlone_X03() async throws {
            try await withSite { site in
                try await site.setUp()
                try await site.must("start")
                let session = try await site.session("echo in; exec sleep 1000")
                for entry in try site.processes where entry.name == "sshd" { Processes.signal(entry, .kill) }
                try await eventually("the session ends") { !session.isRunning }
                try await eventually("nobody is logged in") { try await site.status().state == .waiting }
                #expect(try await site.login("true").succeeded)
            }
        }

        @Test func nothingOfSupportOutlivesTheProgram_X03() async throws {
            try await withSite { site in
                try await site.setUp()
                try await site.must("start")
                let session = try await site.session("echo in; exec sleep 1000")
                let below = try site.processes
                #expect(below.contains { $0.name == "ssh" } && below.contains { $0.name == "sshd" })
                try site.running.process.signal(.kill)
                try await eventually(within: .seconds(5), "tunnel and logins die with it") {
                    !below.contains { entry in
                        ["ssh", "sshd", "towline-agent"].contains(entry.name)
                            && Processes.entry(entry.pid).map { $0.started == entry.started && !$0.isZombie } == true
                    }
                }
                try await eventually("the session ends") { !session.isRunning }
                // As root the next start ends what staff's command left; without root nobody does after such a death but the test.
                if !Site.isRoot { for entry in below { Processes.signal(entry, .kill) } }
                try await site.serve()
                if Site.isRoot {
                    let account = try #require(try Users.lookup(name: site.user))
                    #expect(Processes.owned(by: account.user).filter { !$0.isZombie }.isEmpty)
                }
                #expect(try await site.status().state == .off, "support does not come on by itself")
            }
        }

        @Test func aDamagedSettingStopsTheStartWithInstructionsAndIsLeftAlone_S04() async throws {
            try await withSite { site in
                try await site.setUp()
                try await site.running.end()
                let path = "\(site.dataFolder)/agent/setting.json"
                let owner = try #require(try Files.status(path))
                try Files.writeAtomically(path, Array("{\"version\": 1, \"va".utf8), mode: 0o600, owner: (owner.user, owner.group))
                let outcome = try await site.command("serve")
                #expect(outcome.status == 1)
                #expect(outcome.errors.contains("setting.json is damaged (it is not JSON); nothing was started or changed."), "\(outcome)")
                #expect(outcome.errors.contains("cp '"))
                #expect(String(decoding: try Files.read(path, limit: 100), as: UTF8.self) == "{\"version\": 1, \"va")
                try Files.rename(path + ".good", to: path)
                try await site.serve()
                #expect(try await site.must("settings", "show").output.contains("127.0.0.1:\(site.relay.port)"))
            }
        }

        @Test func aSecondProgramOnTheSameDataIsRefusedAndTheFirstGoesOn() async throws {
            try await withSite { site in
                let second = try await site.command("serve")
                #expect(second.status == 1 && second.errors.contains("runs already"), "\(second)")
                #expect(try await site.status().state == .off)
            }
        }

        @Test func commandsSayThatTheDaemonDoesNotRun() async throws {
            try await withSite(serving: false) { site in
                let outcome = try await site.command("status")
                #expect(outcome.status == 3 && outcome.errors.contains("towline-terminal serve"), "\(outcome)")
                #expect(try await site.command("frobnicate").status == 2)
            }
        }

        @Test func startingWithoutSettingOrUsersSaysWhatIsMissing() async throws {
            try await withSite { site in
                let first = try await site.command("start")
                #expect(first.status == 1 && first.errors.contains("settings create"), "\(first)")
                try await site.create()
                let second = try await site.command("start")
                #expect(second.status == 1 && second.errors.contains("login-user add"), "\(second)")
            }
        }

        @Test func theSettingIsOneAndItsKeyGoesWithIt() async throws {
            try await withSite { site in
                try await site.create()
                let first = try await site.must("key").output
                #expect(first.hasPrefix("ssh-ed25519 ") && first.split(separator: "\n").count == 1)
                let again = try await site.command(
                    "settings", "create", "--relay", "r.example.org", "--listening-port", "2000", "--fingerprint", "SHA256:x")
                #expect(again.status == 1 && again.errors.contains("delete it first"), "\(again)")
                try await site.must("settings", "delete")
                #expect(try await site.command("key").status == 1)
                try await site.create()
                #expect(try await site.must("key").output != first)
            }
        }
    }
}
