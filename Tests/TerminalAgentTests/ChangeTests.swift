import SystemCalls
import TerminalCore
import Testing

extension TerminalProgramTests {
    /// What is changed while the program runs, and what outlives it.
    @Suite(.serialized) struct ChangeTests {
        @Test func aKeyThatIsTakenAwayIsOutAtOnceAndOthersStayIn() async throws {
            try await withSite { site in
                try await site.setUp()
                let carol = try await site.folder.key("carol")
                try await site.must("login-user", "change", site.user, "--key", "\(site.staffKey).pub", "--key", "\(carol).pub")
                try await site.must("start")
                let bob = try await site.session("echo in; exec sleep 1000")
                #expect(try await site.login("id -un", key: carol).output == "\(site.user)\n")
                try await site.must("login-user", "change", site.user, "--key", "\(carol).pub")
                try await eventually(within: .seconds(5), "bob's session ends") { !bob.isRunning }
                #expect(try await site.login("true").status == 255)
                #expect(try await site.login("id -un", key: carol).output == "\(site.user)\n")
            }
        }

        @Test func oneLoginIsEndedByItsNumberAndTheTunnelStands() async throws {
            try await withSite { site in
                try await site.setUp()
                try await site.must("start")
                let session = try await site.session("echo in; exec sleep 1000")
                let login = try #require(try await site.status().logins.first)
                #expect(login.sessions == [.command] && login.who == "bob@support")
                #expect(try await site.must("sessions", "list").output.contains("bob@support"))
                let wrong = try await site.command("sessions", "end", "4711")
                #expect(wrong.status == 1 && wrong.errors.contains("there is no login 4711"), "\(wrong)")
                try await site.must("sessions", "end", "\(login.id)")
                try await eventually(within: .seconds(5), "the session ends") { !session.isRunning }
                #expect(try await site.status().state == .waiting)
            }
        }

        @Test func aChangedSettingWaitsForARestartWhichIsOfferedOnlyThen() async throws {
            try await withSite { site in
                try await site.setUp()
                let key = try await site.must("key").output
                try await site.must("settings", "change", "--relay", "127.0.0.1:\(site.relay.port),1")
                #expect(try await site.status().pendingChanges.isEmpty, "support is off")
                try await site.must("start")
                #expect(try await site.status().pendingChanges.isEmpty)
                let changed = try await site.must("settings", "change", "--relay", "localhost:\(site.relay.port)")
                #expect(changed.output.contains("until: towline-terminal restart"), "\(changed)")
                #expect(try await site.status().pendingChanges == [.relay])
                #expect(try await site.login("true").succeeded, "the tunnel is not touched")
                let restarted = try await site.must("restart")
                #expect(restarted.output.contains("Connecting anew, through localhost"), "\(restarted)")
                #expect(try await site.status().pendingChanges.isEmpty)
                #expect(try await site.login("true").succeeded)
                #expect(try await site.must("key").output == key, "the key stays")
                try await site.must("stop")
                #expect(try await site.command("restart").status == 1)
            }
        }

        @Test func thatTheRelayAcceptedTheKeyIsRememberedAndNeedsNoRestart() async throws {
            try await withSite { site in
                try await site.setUp()
                #expect(try await !site.status().isKeyAccepted)
                try await site.must("start")
                #expect(try await site.status().isKeyAccepted)
                #expect(try await site.status().pendingChanges.isEmpty)
                try await site.must("stop")
                try await site.running.end()
                try await site.serve()
                #expect(try await site.status().isKeyAccepted)
                // So a key that is not accepted any more is told from one that never was.
                try site.relay.approve("")
                _ = try await site.command("start")
                #expect(try await site.status().failure?.code == .keyWithdrawn)
            }
        }

        @Test func twoEditorsOfOneSettingAreTold() async throws {
            try await withSite { site in
                try await site.setUp()
                let first = try #require(
                    TerminalWire.decode(SettingReport.self, Array(try await site.must("settings", "show", "--json").output.utf8)))
                try await site.must("settings", "change", "--user", "other")
                let second = try #require(
                    TerminalWire.decode(SettingReport.self, Array(try await site.must("settings", "show", "--json").output.utf8)))
                #expect(first.revision != second.revision)
            }
        }

        @Test func withAutoStartSupportComesOnAgainWithItsEndAndWithoutItStaysOff() async throws {
            try await withSite { site in
                try await site.setUp()
                try await site.must("start", "--for", "2h")
                try await site.running.end()
                try await site.serve()
                #expect(try await site.status().state == .off)

                try await site.must("auto-start", "on")
                try await site.must("start", "--for", "2h")
                try await site.running.end()
                try await site.serve()
                try await eventually("it connects by itself") { try await site.status().state == .waiting }
                let left = try #require(try await site.status().endsInSeconds)
                #expect(left <= 7200 && left > 6900)
                #expect(try await site.login("true").succeeded)

                try await site.must("stop")
                try await site.running.end()
                try await site.serve()
                #expect(try await site.status().state == .off, "who stopped support meant it")
            }
        }

        @Test func theLogTellsWhatHappenedAndByWhomAlsoAfterARestart() async throws {
            try await withSite { site in
                try await site.setUp()
                try await site.must("start")
                _ = try await site.login("true")
                try await eventually("the login is over") { try await site.status().logins.isEmpty }
                try await site.must("stop")
                try await site.running.end()
                try await site.serve()
                let page = try #require(
                    TerminalWire.decode(LogPage.self, Array(try await site.must("log", "--json", "--count", "1000").output.utf8)))
                let told = page.entries.reversed().map(\.code)
                let expected: [LogEntry.Code] = [
                    .serviceStarted, .loginUserAdded, .settingCreated, .supportOn, .waiting, .loginBeganFrom, .sessionBegan, .loginEnded,
                    .supportOff, .serviceStopped, .serviceStarted,
                ]
                #expect(told.filter(expected.contains) == expected, "\(told)")
                #expect(page.entries.first { $0.code == .loginBeganFrom }?.by == LogEntry.Actor(role: .staff, name: "bob@support"))
                #expect(page.entries.first { $0.code == .supportOn }?.by.role == .command)
                let numbers = page.entries.map(\.number)
                #expect(Set(numbers).count == numbers.count && numbers == numbers.sorted(by: >))
                let staff = try await site.must("log", "--by", "staff")
                #expect(staff.output.contains("bob@support logged in as \(site.user)"), "\(staff)")
                #expect(!staff.output.contains("support is switched on"), "\(staff)")
            }
        }

        @Test(.enabled(if: Site.givesTerminals)) func staffReadAtTheirPromptThatSupportEndsSoon() async throws {
            try await withSite { site in
                try await site.setUp()
                try await site.must("start")
                let prompt = try Running(
                    site.staff("ssh", "-tt") + ["\(site.user)@localhost", "echo in; exec sleep 1000"], in: site.folder.path, name: "prompt")
                try await eventually("the session is up: \(prompt.errors)") { prompt.output.contains("in") }
                // Its five minutes begin two seconds from now.
                try await site.must("start", "--for", "302s")
                try await eventually("the prompt says so: \(prompt.output)") {
                    prompt.output.contains("Remote support ends in 5 minutes.")
                }
                #expect(try await site.status().events.contains { $0.code == .supportEndsSoon && $0.values["minutes"] == "5" })
                try await prompt.end()
            }
        }

        @Test func timeIsGivenAndTakenWhileSupportIsOn() async throws {
            try await withSite { site in
                try await site.setUp()
                try await site.must("start", "--for", "1h")
                try await site.must("extend", "1h")
                #expect(try #require(try await site.status().endsInSeconds) > 7000)
                try await site.must("shorten", "90m")
                #expect(try #require(try await site.status().endsInSeconds) <= 1800)
                let longest = try await site.command("extend", "30d")
                #expect(longest.status == 1 && longest.errors.contains("the longest limit is 30 days"), "\(longest)")
                let refused = try await site.command("shorten", "2h")
                #expect(refused.status == 1 && refused.errors.contains("support ends in"), "\(refused)")
            }
        }

        /// The store's full disk is one that takes no byte more. R17
        @Test(.enabled(if: Site.isRoot)) func onAFullDiskSupportIsStoppedAndStartedAllTheSame_R17() async throws {
            try await withSite(serving: false) { site in
                try Files.makeDirectory(site.dataFolder, mode: 0o755)
                let mounted = try await run(["/usr/bin/mount", "-t", "tmpfs", "-o", "size=2m,mode=755", "tmpfs", site.dataFolder])
                guard mounted.succeeded else { return }
                try await site.serve()
                try await site.setUp()
                try await site.must("start")
                let session = try await site.session("echo in; exec sleep 1000")
                // Until nothing fits any more.
                _ = try await run(["/usr/bin/dd", "if=/dev/zero", "of=\(site.dataFolder)/filler", "bs=4k"])
                try await site.must("stop")
                try await eventually("the session ends") { !session.isRunning }
                #expect(try await site.status().state == .off)
                try await site.must("start")
                #expect(try await site.login("true").succeeded)
                try await site.must("stop")
                try Files.remove("\(site.dataFolder)/filler")
                _ = try await site.command("login-user", "remove", site.user)
                try await site.running.end()
                _ = try await run(["/usr/bin/umount", "-l", site.dataFolder])
            }
        }
    }
}
