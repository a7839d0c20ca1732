import RelayCommands
import RelayCore
import RelayStore
import SSHKeys
import Support
import Testing

/// Who may give which command over ssh.
@Suite struct PermissionTests {
    @Test func adminsMayDoEverythingOverSSH() async throws {
        let sample = try await SampleDesk().filled()
        await sample.desk.attach(sample.relay, run: RunID(1))
        for (line, input) in [
            ("terminal add new", []), ("approve new", try keyLine(9)), ("grant alice new --until 7d", []), ("staff list", []),
            ("audit", []),
            ("audit verify", []), ("sessions", []), ("terminal remove new", []), ("whoami", []),
        ] {
            let reply = try await sample.run(line, as: SampleDesk.admin, key: 102, input: input)
            #expect(reply.status == .done, "\(line): \(reply)")
        }
        let entries = try await sample.audit()
        #expect(entries.last?.actor == "staff:root-admin")
    }

    @Test func supportStaffChangeNothing() async throws {
        let sample = try await SampleDesk().filled()
        let before = try await sample.dump()
        for line in [
            "terminal add new", "terminal disable shop-42", "terminal enable shop-42", "terminal remove shop-42", "approve shop-42",
            "staff add eve --key - --role admin", "staff disable root-admin", "staff enable alice", "staff remove root-admin",
            "grant alice attic", "revoke alice shop-42", "staff list", "audit", "audit verify", "audit export", "group add x", "announce x",
            "staff role alice admin", "staff key add alice", "terminal tag shop-42 x", "terminal set shop-42 --notes x", "group list",
            "host-keys accept shop-42", "request new new --login x --staff root-admin",
        ] {
            let reply = try await sample.run(line, as: SampleDesk.alice, key: 101, input: try keyLine(9))
            #expect(reply.status == .refused, "\(line)")
            #expect(reply.errorOutput.contains("is for admins"), "\(line): \(reply)")
        }
        #expect(try await sample.dump() == before)
    }

    @Test func supportStaffSeeTheirOwn() async throws {
        let sample = try await SampleDesk().filled()
        await sample.desk.attach(sample.relay, run: RunID(1))
        let list = try await sample.run("terminals", as: SampleDesk.alice, key: 101)
        #expect(list.output.contains("shop-42"))
        #expect(!list.output.contains("attic"))
        let identity = try await sample.run("whoami", as: SampleDesk.alice, key: 101)
        #expect(identity.output.contains("you are alice (support)"))
        let sheet = try await sample.run("terminal show shop-42", as: SampleDesk.alice, key: 101)
        #expect(sheet.output.contains("alice@shop-42"))
        #expect(!sheet.output.contains("root-admin"))
        func bridge(_ number: Int64, _ staff: StaffID) -> LiveBridge {
            LiveBridge(
                id: BridgeID(number), staff: staff, terminal: TerminalID(1), source: "192.0.2.7:5", since: SampleDesk.now,
                bytesToTerminal: 0, bytesFromTerminal: 0)
        }
        sample.relay.set(bridges: [bridge(71, SampleDesk.alice), bridge(72, SampleDesk.admin)])
        let sessions = try await sample.run("sessions", as: SampleDesk.alice, key: 101).output
        #expect(sessions.contains("71"))
        #expect(!sessions.contains("72"))
    }

    @Test func z06TerminalWithoutAGrantIsAnsweredLikeNone() async throws {
        let sample = try await SampleDesk().filled()
        let hidden = try await sample.run("terminal show attic", as: SampleDesk.alice, key: 101)
        let missing = try await sample.run("terminal show cellar", as: SampleDesk.alice, key: 101)
        #expect(hidden.status == missing.status)
        #expect(hidden.errorOutput.replacing("attic", with: "X") == missing.errorOutput.replacing("cellar", with: "X"))
    }

    @Test func keyThatIsNoLongerValidCommandsNothing() async throws {
        let sample = try await SampleDesk().filled()
        await sample.run("staff disable root-admin")
        for line in ["whoami", "terminal add new", "audit"] {
            #expect(try await sample.run(line, as: SampleDesk.admin, key: 102).status == .refused)
            // The number of one and the key of another.
            #expect(try await sample.run(line, as: SampleDesk.alice, key: 102).status == .refused)
        }
    }

    @Test func changeThatWaitsForOneThatShutsItsGiverOutIsRefused() async throws {
        let sample = try await SampleDesk().filled()
        await sample.desk.attach(sample.relay, run: RunID(1))
        let refusals = try await withThrowingTaskGroup { group in
            for number in 0..<40 {
                group.addTask {
                    if number == 5 { return await sample.run("staff disable root-admin").status }
                    return try await sample.run("terminal add t\(number)", as: SampleDesk.admin, key: 102).status
                }
            }
            return try await group.reduce(into: 0) { count, status in count += status == .refused ? 1 : 0 }
        }
        // However they were mixed: what is there was added before the admin was disabled, and nothing after.
        let entries = try await sample.audit()
        let end = try #require(entries.firstIndex { $0.action == "staff.disable" })
        #expect(entries[end...].allSatisfy { $0.action != "terminal.add" })
        #expect(entries[..<end].count { $0.action == "terminal.add" && $0.subject.hasPrefix("t") } + refusals == 39)
    }

    @Test func terminalsCommandNothing() async throws {
        let sample = try await SampleDesk().filled()
        let caller = Caller.principal(.terminal(TerminalID(1)), key: try sampleKey(1), source: "192.0.2.9:5")
        for line in ["terminal list", "audit", "approve shop-42", "sessions", "terminals"] {
            let words = line.split(separator: " ").map(String.init)
            let reply = await sample.desk.run(words, standardInput: try keyLine(9), as: caller)
            #expect(reply.status == .usage, "not even a command for them: \(line)")
        }
    }

    @Test func programOfTheMachineIsNotToBeHadOverSSH() async throws {
        let sample = try await SampleDesk().filled()
        for line in ["serve", "init --hostname x", "whoami --data-dir /etc"] {
            #expect(try await sample.run(line, as: SampleDesk.admin, key: 102).status == .usage, "\(line)")
        }
        let file = try await sample.run("approve attic --key /etc/passwd", as: SampleDesk.admin, key: 102, input: try keyLine(9))
        #expect(file.status == .usage)
        #expect(file.errorOutput.contains("standard input"))
    }

    @Test func noWordsAreAnsweredWithWhoOneIsAndWhatThereIs() async throws {
        let sample = try await SampleDesk().filled()
        let reply = try await sample.run("", as: SampleDesk.alice, key: 101)
        #expect(reply.status == .done)
        #expect(reply.output.hasPrefix("you are alice (support)"))
        #expect(reply.output.contains("whoami"))
    }

    @Test(
        arguments: [
            ("approve shop-42", .optional), ("approve shop-42 --key -", .required), ("staff add x --key -", .required),
            ("terminal add x --key -", .required), ("staff key add x", .required), ("report", .required), ("approve x --yes", .none),
            ("approve x --fingerprint SHA256:x", .none), ("terminal add x", .none), ("whoami", .none), ("", .none), ("nonsense", .none),
            ("approve x --key /etc/passwd", .none),
        ] as [(String, InputUse)])
    func onlyCommandsThatTakeAKeyReadStandardInput(_ line: String, _ use: InputUse) throws {
        #expect(try SampleDesk().desk.inputUse(line.split(separator: " ").map(String.init)) == use)
    }
}
