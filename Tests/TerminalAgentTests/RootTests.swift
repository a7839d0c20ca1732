import SystemCalls
import TerminalCore
import Testing

extension TerminalProgramTests {
    /// What only root can do: accounts.
    @Suite(.serialized, .enabled(if: Site.isRoot)) struct RootTests {
        @Test func onlyTheBrokerIsRoot() async throws {
            try await withSite { site in
                try await site.setUp()
                try await site.must("start")
                let account = try #require(try Users.lookup(name: "towline-terminal"))
                // The agent, its tunnel, and for a moment the client that tells the relay of this terminal.
                try await eventually("agent and tunnel are all that runs") {
                    let below = try site.processes
                    #expect(below.count >= 2 && below.allSatisfy { $0.user == account.user && $0.user != 0 }, "\(below)")
                    return below.count == 2
                }
            }
        }

        @Test func anAccountThatWeDidNotCreateIsLeftAlone_Z05() async throws {
            try await withSite { site in
                let names = ["daemon", "nobody", "towline-terminal"]
                let before = try await run(["getent", "passwd"] + names)
                for name in names {
                    let outcome = try await site.command("login-user", "add", name, "--key", "\(site.staffKey).pub")
                    #expect(outcome.status == 1 && outcome.errors.contains("did not create, so it is left alone"), "\(outcome)")
                }
                #expect(try await run(["getent", "passwd"] + names).output == before.output)
                #expect(try await site.must("login-user", "list").output.contains("no SSH login user"))
            }
        }

        @Test func anAccountThatWasReplacedByHandIsSomebodyElses() async throws {
            try await withSite { site in
                try await site.must("login-user", "add", site.user, "--key", "\(site.staffKey).pub")
                let old = try #require(try Users.lookup(name: site.user))
                _ = try await run(["/usr/sbin/usermod", "--uid", "\(old.user + 4242)", site.user])
                try await site.must("login-user", "remove", site.user)
                #expect(try Users.lookup(name: site.user)?.user == old.user + 4242, "removed from our list, not from the machine")
            }
        }

        @Test func anAccountHasNoPasswordAndGoesWithItsHome() async throws {
            try await withSite { site in
                try await site.must("login-user", "add", site.user, "--key", "\(site.staffKey).pub")
                let shadow = try await run(["getent", "shadow", site.user])
                #expect(shadow.output.hasPrefix("\(site.user):*:"), "\(shadow)")
                let keys = try #require(try Files.status("\(site.dataFolder)/broker/keys/\(site.user)"))
                #expect(keys.user == 0 && keys.mode == 0o640)
                let home = try #require(try Users.lookup(name: site.user)).home
                #expect(try Files.status(home)?.kind == .directory)
                try await site.must("login-user", "remove", site.user)
                #expect(try Users.lookup(name: site.user) == nil)
                #expect(try Files.status(home) == nil)
                #expect(try Files.status("\(site.dataFolder)/broker/keys/\(site.user)") == nil)
            }
        }

        @Test(.enabled(if: Files.isExecutable("/usr/sbin/visudo"))) func administratorsMayDoEverythingUntilTheyAreRemoved() async throws {
            try await withSite { site in
                try await site.setUp(access: "administrator")
                try await site.must("start")
                #expect(try await site.login("sudo -n id -u").output == "0\n")
                let rule = "/etc/sudoers.d/towline-\(site.user)"
                #expect(try Files.status(rule)?.mode == 0o440)
                #expect(try await run(["/usr/sbin/visudo", "-c", "-q"]).succeeded)
                try await site.must("login-user", "remove", site.user)
                #expect(try Files.status(rule) == nil)
            }
        }

        @Test func standardUsersMayNotUseSudo() async throws {
            try await withSite { site in
                try await site.setUp()
                try await site.must("start")
                #expect(try await site.login("sudo -n id -u").status != 0)
            }
        }

        /// The limit of processes binds everybody but root, so the terminal runs as an ordinary account here; other processes of that
        /// account use the limit up.
        @Test func aForkThatFailsRefusesThatLoginAndNothingElse_R03() async throws {
            let site = try await Site()
            do {
                _ = try await run(["/usr/sbin/useradd", "--create-home", "--password", "*", "--shell", "/bin/sh", "--", site.user])
                let account = try #require(try Users.lookup(name: site.user))
                let credentials = ProcessCredentials(user: account.user, group: account.group)
                let folder = "\(site.folder.path)/own"
                try Files.makeDirectory(folder, mode: 0o755)
                try Files.setOwner(folder, user: account.user, group: account.group)
                let data = "\(folder)/data"
                // The clone may lie where only root gets in, as below /root.
                let program = "\(site.folder.path)/towline-terminal"
                _ = try await run(["/usr/bin/install", "-m", "755", Site.program, program])
                let running = try Running(
                    ["/usr/bin/prlimit", "--nproc=80", program, "serve", "--data-dir", data, "--console", "none"],
                    in: site.folder.path, name: "limited", credentials: credentials)
                try await eventually("it is ready: \(running.errors)") {
                    guard running.isRunning else { throw ScenarioError(description: running.errors) }
                    return running.output.contains("ready")
                }
                func ask(_ words: String...) async throws -> Outcome { try await run([Site.program] + words + ["--data-dir", data]) }
                _ = try await ask("login-user", "add", site.user, "--key", "\(site.staffKey).pub")
                _ = try await ask(
                    "settings", "create", "--relay", "127.0.0.1:\(site.relay.port)", "--listening-port", "\(site.listeningPort)",
                    "--fingerprint", try await site.folder.fingerprint(of: site.hostKey), "--user", StockRelay.user)
                try site.relay.approve(try await ask("key", "--stock-relay").output)
                let start = try await ask("start")
                #expect(start.succeeded, "\(start)")
                var crowd: [Process] = []
                for _ in 0..<80 { crowd.append(try Processes.spawn("/bin/sleep", ["1000"], credentials: credentials)) }
                #expect(try await site.login("true").status == 255)
                try await eventually("the refusal is in the log: \(running.errors)") { running.errors.contains("login not started") }
                #expect(try await ask("status").output.contains("waiting for support"), "the agent lives")
                // Dropping a process ends it.
                crowd = []
                let next = try await site.login("id -un")
                #expect(next.output == "\(site.user)\n", "\(next)")
                try await running.end()
            } catch {
                Issue.record("\(error)")
            }
            try await site.close()
        }
    }
}
