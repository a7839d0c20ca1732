import FoundationEssentials
import RelayCommands
import RelayCore
import RelayStore
import SSHKeys
import Support
import Testing

@Suite struct DeskTests {
    @Test func terminalIsAddedApprovedShownAndRemoved() async throws {
        let sample = try SampleDesk()
        #expect(
            await sample.run("terminal add shop-42")
                == ControlReply(
                    status: .done,
                    output: "added terminal shop-42: listening port 20000\n"
                        + "when the customer has sent its key: towline-relay approve shop-42 < key.pub\n"))
        let approved = await sample.run("approve shop-42", key: try keyLine(1))
        #expect(approved.status == .done)
        #expect(approved.output.hasPrefix("approved the key of terminal shop-42: ssh-ed25519 SHA256:"))
        let shown = await sample.run("terminal show shop-42")
        for text in ["20000", "relay.example.com (port 2222)", "SHA256:", "nobody yet"] { #expect(shown.output.contains(text), "\(text)") }
        #expect(await sample.run("terminal remove shop-42").status == .done)
        #expect(
            await sample.run("terminal list").output
                == "no terminals; to ask a customer for access: towline-relay request new TERMINAL --login NAME\n")
    }

    @Test func sheetSaysWhatCustomerAndStaffNeed() async throws {
        let sample = try await SampleDesk().filled()
        let shown = await sample.run("terminal show shop-42").output
        let line = AuthorizedKey(key: try sampleKey(101), comment: "alice@laptop").line
        for text in [
            line, "ssh -J relay.example.com:2222 alice@shop-42", "ssh -J relay.example.com:2222 -p 20000 alice@localhost",
        ] {
            #expect(shown.contains(text), "\(text)")
        }
    }

    /// What the tired engineer reads, word for word (DESIGN §9).
    @Test func errorsAreOneLineWithTheCommandThatHelps() async throws {
        let sample = try await SampleDesk().filled()
        let cases: [(String, [UInt8], Support.ExitStatus, String)] = [
            ("terminal add shop-42", [], .refused, "terminal \"shop-42\" already exists; see: towline-relay terminal show shop-42"),
            (
                "terminal add shop-42 --key -", try keyLine(9), .refused,
                "terminal \"shop-42\" already exists; to give it this key: towline-relay approve shop-42 < key.pub"
            ),
            ("terminal show nowhere", [], .refused, "there is no terminal \"nowhere\"; see: towline-relay terminal list"),
            (
                "terminal add x --listening-port 20000", [], .refused,
                "listening port 20000 belongs to terminal \"shop-42\"; without --listening-port a free one is chosen"
            ),
            ("grant nobody shop-42", [], .refused, "there is no staff \"nobody\"; see: towline-relay staff list"),
            (
                "revoke alice attic", [], .refused,
                "staff \"alice\" has no grant for terminal \"attic\"; see: towline-relay staff list"
            ),
            (
                "approve attic", [], .refused,
                "no key of terminal \"attic\" waits for approval; to approve the one that the customer sent: "
                    + "towline-relay approve attic < key.pub"
            ),
            ("sessions", [], .notRunning, "sessions: the relay is not running; start it with: towline-relay serve"),
            ("end 1-7", [], .notRunning, "end: the relay is not running; start it with: towline-relay serve"),
            ("staff add bob --role boss --key -", try keyLine(9), .usage, "\"boss\" is not a role: it is support or admin"),
            ("audit --last 0", [], .usage, "\"0\" is not a number of entries: use a number from 1 to 10000"),
            ("end x", [], .usage, "\"x\" is not a session: write it as `sessions` shows it, such as 3-17"),
            ("end 7", [], .usage, "\"7\" is not a session: write it as `sessions` shows it, such as 3-17"),
        ]
        for (line, input, status, sentence) in cases {
            let reply = await sample.run(line, key: input)
            #expect(reply == ControlReply(status: status, errorOutput: "towline-relay: \(sentence)\n"), "\(line)")
        }
    }

    @Test func keyOfSomebodyElseIsRefusedAndNamesTheHolder() async throws {
        let sample = try await SampleDesk().filled()
        for (line, key, holder) in [
            ("approve attic", 1, "terminal \"shop-42\""), ("approve attic", 101, "staff \"alice\""),
            ("staff add bob --key -", 1, "terminal \"shop-42\""), ("staff add bob --key -", 102, "staff \"root-admin\""),
            ("terminal add new --key -", 101, "staff \"alice\""),
        ] as [(String, UInt8, String)] {
            let reply = await sample.run(line, key: try keyLine(key))
            #expect(reply.status == .refused)
            #expect(reply.errorOutput.contains(holder), "\(line): \(reply.errorOutput)")
        }
    }

    @Test(arguments: [
        "-oProxyCommand=x", "--root=/", "../x", "a_b", "A", "shop.42", "", "-", "shöp", "ѕhop", "x\nroot ssh-rsa", "x\0", "x\u{1b}[2J",
        "root ",
        String(repeating: "a", count: 64), String(repeating: "x", count: 10_000),
    ])
    func a05WrongNamesAreRefusedAndChangeNothing(_ name: String) async throws {
        let sample = try await SampleDesk().filled()
        let before = try await sample.dump()
        for words in [
            ["terminal", "add", name], ["terminal", "show", name], ["terminal", "remove", name], ["approve", name],
            ["staff", "add", name, "--key", "-"], ["staff", "remove", name], ["grant", name, "shop-42"], ["grant", "alice", name],
            ["terminal", "add", "--", name],
        ] {
            let reply = await sample.desk.run(words, standardInput: try keyLine(9), as: .localOperator(name: "root"))
            // A dash alone ends up in the place of the name; so does an empty word: both are no names.
            #expect(reply.status == .usage, "\(words.prefix(2)): \(reply)")
            expectOneHarmlessLine(reply.errorOutput)
        }
        #expect(try await sample.dump() == before)
    }

    @Test(arguments: ["0", "22", "1023", "65536", "20000x", "-1", "+20001", "2e4", "９９９９", "", "99999999999999999999"])
    func a05WrongPortsAreRefusedAndChangeNothing(_ port: String) async throws {
        let sample = try await SampleDesk().filled()
        let before = try await sample.dump()
        let reply = await sample.desk.run(
            ["terminal", "add", "new", "--listening-port=\(port)"], standardInput: [], as: .localOperator(name: "root"))
        #expect(reply.status == .usage)
        expectOneHarmlessLine(reply.errorOutput)
        #expect(try await sample.dump() == before)
    }

    @Test(arguments: WrongKey.allCases)
    func a05WrongKeysAreRefusedAndChangeNothing(_ kind: WrongKey) async throws {
        let sample = try await SampleDesk().filled()
        let before = try await sample.dump()
        let input = try kind.bytes
        for line in ["approve attic", "terminal add new --key -", "staff add bob --key -"] where kind.isWrong(for: line) {
            let reply = await sample.run(line, key: input)
            #expect(reply.status == .refused, "\(line): \(reply)")
            expectOneHarmlessLine(reply.errorOutput)
        }
        #expect(try await sample.dump() == before)
    }

    /// What people send instead of a public key.
    enum WrongKey: String, CaseIterable, Sendable {
        case nothing, blank, privateKey, putty, ssh2, options, carriageReturn, nul, twoLines, tooLong, huge, notText, dsa, certificate,
            cutOff
        case otherType

        func isWrong(for line: String) -> Bool {
            // Several lines are several keys of one member of staff: that is right.
            !(self == .twoLines && line.hasPrefix("staff"))
        }

        var bytes: [UInt8] {
            get throws {
                let good = try keyLine(9)
                let text = String(decoding: good, as: UTF8.self).dropLast()
                func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
                return switch self {
                case .nothing: []
                case .blank: bytes(" \n\n")
                case .privateKey: bytes("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n")
                case .putty: bytes("PuTTY-User-Key-File-3: ssh-ed25519\n")
                case .ssh2: bytes("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----\n")
                case .options: bytes("command=\"/bin/sh\" \(text)\n")
                case .carriageReturn: bytes("ssh-ed25519\r\n\(text)")
                case .nul: bytes("\(text)\0")
                case .twoLines: good + (try keyLine(10))
                case .tooLong: bytes("\(text) \(String(repeating: "x", count: 10_000))\n")
                case .huge: [UInt8](repeating: 0x61, count: RelayCommand.maximumKeyBytes + 1)
                case .notText: [0xff, 0xfe, 0x00]
                case .dsa: bytes("ssh-dss AAAAB3NzaC1kc3MAAACBAP x\n")
                case .certificate: bytes("ssh-ed25519-cert-v01@openssh.com AAAA x\n")
                case .cutOff: bytes("\(text.prefix(40))\n")
                case .otherType: bytes("ssh-rsa \(text.split(separator: " ")[1])\n")
                }
            }
        }
    }

    private func expectOneHarmlessLine(_ text: String) {
        #expect(text.hasPrefix("towline-relay: "))
        #expect(text.hasSuffix("\n"))
        #expect(text.dropLast().unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }, "\(text)")
        #expect(text.utf8.count <= 500, "\(text)")
    }

    @Test func everyListIsJSONWhenAskedFor() async throws {
        let sample = try await SampleDesk().filled()
        await sample.desk.attach(sample.relay, run: RunID(1))
        for line in [
            "terminal list", "terminals", "terminal show shop-42", "staff list", "sessions", "sessions --past", "audit", "audit verify",
            "whoami", "grant alice attic", "terminal add json-1",
        ] {
            let reply = await sample.run(line + " --json")
            #expect(reply.status == .done, "\(line)")
            #expect(throws: Never.self, "\(line)") { _ = try JSONDecoder().decode(AnyJSON.self, from: Data(reply.output.utf8)) }
        }
    }

    /// Any JSON value.
    private struct AnyJSON: Decodable {
        init(from decoder: any Decoder) throws {
            // A container of either kind will do: the decoder has read the whole text before.
            _ = try? decoder.unkeyedContainer()
        }
    }

    @Test func listsFitInEightyColumns() async throws {
        let sample = try await SampleDesk().filled()
        await sample.desk.attach(sample.relay, run: RunID(1))
        let long = "2001:db8:1234:5678:9abc:def0:1234:5678"
        sample.relay.set(
            tunnels: [
                LiveTunnel(
                    terminal: TerminalID(1), source: "[\(long)]:65535", since: SampleDesk.now, lastHeard: SampleDesk.now,
                    clientVersion: "SSH-2.0-x\u{1b}[2J")
            ])
        for line in ["terminal list", "staff list", "sessions", "whoami", "help"] {
            let reply = await sample.run(line)
            for row in reply.output.split(separator: "\n") where !row.contains("SHA256") {
                #expect(row.count <= 100, "\(line): \(row)")
            }
        }
        #expect(await !sample.run("terminal show shop-42").output.contains("\u{1b}"))
    }

    @Test func sessionsAreShownAndEnded() async throws {
        let sample = try await SampleDesk().filled()
        await sample.desk.attach(sample.relay, run: RunID(1))
        sample.relay.set(
            bridges: [
                LiveBridge(
                    id: BridgeID(7), staff: SampleDesk.alice, terminal: TerminalID(1), source: "192.0.2.7:50000", since: SampleDesk.now,
                    bytesToTerminal: 999, bytesFromTerminal: 1_500_000)
            ])
        let shown = await sample.run("sessions").output
        for text in ["1-7", "192.0.2.7:50000", "alice", "shop-42", "open", "999 B/1.5 MB"] {
            #expect(shown.contains(text), "\(text) in \(shown)")
        }
        #expect(await sample.run("end 2-7").status == .refused, "a session of another run")
        #expect(await sample.run("end 1-7") == ControlReply(status: .done, output: "session 1-7 ended\n"))
        let last = try await #require(sample.audit(1).last)
        #expect([last.actor, last.action, last.subject] == ["local:root", "session.end", "session 1-7"])
        let missing = await sample.run("end 1-8")
        #expect(missing.errorOutput == "towline-relay: there is no open session 1-8; see: towline-relay sessions\n")
        #expect(await sample.run("end 7").errorOutput.contains("write it as `sessions` shows it"))
    }

    @Test func everyChangeReachesTheRunningRelayBeforeTheReply() async throws {
        let sample = try await SampleDesk().filled()
        await sample.desk.attach(sample.relay, run: RunID(1))
        var expected = 0
        for line in [
            "terminal add new", "terminal disable new", "terminal enable new", "grant alice new", "revoke alice new", "staff disable alice",
            "staff enable alice", "staff remove alice", "terminal remove new",
        ] {
            #expect(await sample.run(line).status == .done, "\(line)")
            expected += 1
            #expect(sample.relay.applied.count == expected, "\(line)")
        }
        #expect(sample.relay.applied.last?.staff.map(\.name.description) == ["root-admin"])
        // A refused change is no change.
        #expect(await sample.run("terminal remove new").status == .refused)
        #expect(sample.relay.applied.count == expected)
    }

    @Test func runningRelayNeverGetsAnOlderSnapshotAfterANewerOne() async throws {
        let sample = try await SampleDesk().filled()
        await sample.desk.attach(sample.relay, run: RunID(1))
        await withTaskGroup { group in
            for number in 0..<50 { group.addTask { await sample.run("terminal add t\(number)") } }
        }
        let counts = sample.relay.applied.map(\.terminals.count)
        #expect(counts.count == 50)
        #expect(counts == counts.sorted())
        #expect(counts.last == 52)
    }

    @Test func helpTellsEveryCommand() async throws {
        let sample = try SampleDesk()
        let help = await sample.run("help").output
        for command in RelayCommandTable.local.commands { #expect(help.contains(command.path.joined(separator: " "))) }
        for command in RelayCommandTable.local.commands {
            let one = await sample.run("help " + command.path.joined(separator: " "))
            let unwrapped = one.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            #expect(unwrapped.contains(command.summary), "\(command.path)")
        }
    }

    @Test func everyCommandOfTheTableIsRead() async throws {
        let sample = try await SampleDesk().filled()
        for command in RelayCommandTable.local.commands where command.path != ["help"] {
            let words = command.path + command.arguments.map { _ in "1" } + command.options.filter(\.isRequired).flatMap { [$0.name, "-"] }
            // Refused or done, but read: no trap, and never "there is no command".
            let reply = await sample.desk.run(words, standardInput: try keyLine(9), as: .localOperator(name: "root"))
            #expect(!reply.errorOutput.contains("no command"), "\(words): \(reply)")
        }
    }
}
