import FoundationEssentials
import RelayCommands
import RelayCore
import RelayStore
import SSHCrypto
import SSHKeys
import Support
import Testing

/// People, tags, host keys, waiting, and what callers are shown of the commands.
@Suite struct OrganisationTests {
    private func report(
        _ keys: [UInt8], software: String = "towline-terminal 0.2", logins: [String] = ["alice"]
    ) throws -> [UInt8] {
        let report = TerminalReport(
            software: software, hostKeys: try keys.map { try sampleKey($0) }, loginUsers: try logins.map { try LoginName(parsing: $0) })
        return Array(try JSONEncoder().encode(report))
    }

    private func send(_ bytes: [UInt8], to sample: SampleDesk) async throws -> ControlReply {
        let caller = Caller.principal(.terminal(TerminalID(1)), key: try sampleKey(1), source: "192.0.2.9:5")
        return await sample.desk.run(["report"], standardInput: bytes, as: caller)
    }

    @Test func groupsAndTagsLetManyReachMany() async throws {
        let sample = try await SampleDesk().filled()
        for line in [
            "group add night", "group member add night alice", "terminal tag attic berlin", "grant group:night tag:berlin --until 7d",
            "terminal set attic --organisation Shop & Sons --notes rings twice",
        ] {
            let reply = await sample.run(line)
            #expect(reply.status == .done, "\(line): \(reply)")
        }
        let list = try await sample.run("terminals", as: SampleDesk.alice, key: 101).output
        #expect(list.contains("attic"), "\(list)")
        #expect(try await sample.run("terminals --tag berlin", as: SampleDesk.alice, key: 101).output.contains("shop-42") == false)
        let shown = try await sample.run("terminal show attic", as: SampleDesk.alice, key: 101).output
        for text in ["Shop & Sons", "rings twice", "berlin"] { #expect(shown.contains(text), "\(text) in \(shown)") }
        let who = try await sample.run("whoami", as: SampleDesk.alice, key: 101).output
        #expect(who.contains("tag:berlin (until") && who.contains("by group night"), "\(who)")
        #expect(await sample.run("group list").output.contains("members  alice"))
        #expect(await sample.run("staff list").output.contains("groups   night"))
        #expect(await sample.run("terminal set attic --notes -").status == .done)
        #expect(try await !sample.run("terminal show attic", as: SampleDesk.alice, key: 101).output.contains("rings twice"))
        #expect(await sample.run("group member remove night alice").status == .done)
        #expect(try await !sample.run("terminals", as: SampleDesk.alice, key: 101).output.contains("attic"))
    }

    @Test func staffHaveSeveralKeysAndOneIsTakenAway() async throws {
        let sample = try await SampleDesk().filled()
        let fingerprint = try sampleKey(101).fingerprint
        #expect(await sample.run("staff key remove alice \(fingerprint)").errorOutput.contains("it is the only key"))
        #expect(await sample.run("staff key add alice", key: try keyLine(103, "token")).status == .done)
        #expect(try await sample.run("whoami", as: SampleDesk.alice, key: 103).status == .done)
        let (run, _) = try await sample.ledger.beginRun(at: SampleDesk.now)
        try await sample.ledger.record([.keyUsed(SampleDesk.alice, sampleKey(103), at: SampleDesk.now.advanced(by: -120))], run: run)
        let list = await sample.run("staff list").output
        #expect(list.contains("token, last used 2 min ago") && list.contains("never used"), "\(list)")
        #expect(await sample.run("staff key remove alice \(fingerprint)").status == .done)
        #expect(try await sample.run("whoami", as: SampleDesk.alice, key: 101).status == .refused)
        #expect(await sample.run("staff role alice admin").status == .done)
        #expect(try await sample.run("audit", as: SampleDesk.alice, key: 103).status == .done)
    }

    // MARK: Host keys

    @Test func reportedHostKeysAreServedAsKnownHosts() async throws {
        let sample = try await SampleDesk().filled()
        #expect(try await sample.run("host-keys shop-42", as: SampleDesk.alice, key: 101).output.contains("has not reported"))
        let none = ControlReply(status: .done, errorOutput: "towline-relay: no host keys: the terminal has not reported any\n")
        #expect(try await sample.run("host-keys shop-42 --known-hosts", as: SampleDesk.alice, key: 101) == none)
        #expect(try await send(try report([70, 71]), to: sample).status == .done)
        let lines = try await sample.run("host-keys --known-hosts", as: SampleDesk.alice, key: 101).output
        #expect(try lines == ([70, 71] as [UInt8]).map { "shop-42,[localhost]:20000 \(try sampleKey($0).line)\n" }.joined())
        let changed = try await send(try report([72]), to: sample)
        #expect(changed.status == .done && changed.output.contains("support must accept"), "\(changed)")
        #expect(try await sample.run("host-keys --known-hosts", as: SampleDesk.alice, key: 101).output == lines, "not told before accepted")
        let shown = try await sample.run("host-keys shop-42", as: SampleDesk.alice, key: 101).output
        #expect(try shown.contains("CHANGED") && shown.contains(sampleKey(72).fingerprint.description), "\(shown)")
        #expect(try await sample.audit().last?.action == "terminal.host-keys-changed")
        #expect(
            try await sample.run("", as: SampleDesk.alice, key: 101).output.contains(
                "shop-42; see: ssh -p 2222 relay.example.com host-keys shop-42"))
        let accept = "host-keys accept shop-42"
        let waiting = try await sample.run(accept, as: SampleDesk.admin, key: 102)
        #expect(waiting.status == .refused && waiting.output.contains("Nothing was accepted yet"), "\(waiting)")
        #expect(try waiting.output.contains("\(accept) --fingerprint \(sampleKey(72).fingerprint)\n"), "\(waiting)")
        for row in waiting.output.split(separator: "\n") where !row.contains("SHA256") { #expect(row.count <= 80, "\(row)") }
        let wrong = try await sample.run("\(accept) --fingerprint \(sampleKey(70).fingerprint)", as: SampleDesk.admin, key: 102)
        #expect(wrong.status == .refused && wrong.errorOutput.contains("nothing was accepted"), "\(wrong)")
        #expect(await sample.run("\(accept) --yes --fingerprint SHA256:\(String(repeating: "A", count: 43))").status == .usage)
        #expect(try await sample.run("host-keys --known-hosts", as: SampleDesk.alice, key: 101).output == lines, "still not")
        let right = try await sample.run("\(accept) --fingerprint \(sampleKey(72).fingerprint)", as: SampleDesk.admin, key: 102)
        #expect(right.status == .done, "\(right)")
        #expect(await sample.run(accept).errorOutput.contains("has reported no changed host keys"))
        #expect(try await sample.run("host-keys shop-42 --known-hosts", as: SampleDesk.alice, key: 101).output.contains(sampleKey(72).line))
    }

    @Test func Z06_hostKeysOfOthersAreNotShown() async throws {
        let sample = try await SampleDesk().filled()
        let hidden = try await sample.run("host-keys attic", as: SampleDesk.alice, key: 101)
        let missing = try await sample.run("host-keys cellar", as: SampleDesk.alice, key: 101)
        #expect(hidden.errorOutput.replacing("attic", with: "X") == missing.errorOutput.replacing("cellar", with: "X"))
        #expect(try await !sample.run("host-keys", as: SampleDesk.alice, key: 101).output.contains("attic"))
    }

    @Test func loginUsersThatATerminalReportsAreWhatStaffAreTold() async throws {
        let sample = try await SampleDesk().filled()
        await sample.run("request new shop-42 --login till --staff alice")
        #expect(await sample.run("terminal show shop-42 --json").output.contains("\"till\""), "asked for")
        await sample.run("approve shop-42 --key -", key: try keyLine(9))
        #expect(await sample.run("terminal show shop-42").output.contains("till@shop-42"), "and still, where no report says otherwise")
        await sample.run("approve shop-42 --key - --replace", key: try keyLine(1))
        #expect(try await send(try report([70], logins: ["shopuser"]), to: sample).status == .done)
        let shown = await sample.run("terminal show shop-42").output
        for text in ["login users         shopuser", "  SSH login user    shopuser", "shopuser@shop-42", "alice (support)"] {
            #expect(shown.contains(text), "\(text) in \(shown)")
        }
        #expect(try await send(try report([70], logins: ["shopuser", "second"]), to: sample).status == .done)
        #expect(await sample.run("terminal show shop-42").output.contains("alice@shop-42"), "which of them, only staff know")
    }

    @Test func aKeyReplacesAnotherOneOnlyWhereThatIsSaid() async throws {
        let sample = try await SampleDesk().filled()
        let (first, second) = (try sampleKey(1).fingerprint, try sampleKey(9).fingerprint)
        let before = try await sample.dump()
        let unsaid = await sample.run("approve shop-42", key: try keyLine(9))
        #expect(
            unsaid
                == ControlReply(
                    status: .refused,
                    errorOutput: "towline-relay: terminal \"shop-42\" has another key, \(first); to put \(second) in its place: "
                        + "towline-relay approve shop-42 --replace < key.pub\n"))
        #expect(try await sample.dump() == before)
        let reply = await sample.run("approve shop-42 --replace", key: try keyLine(9))
        #expect(reply.output.contains("it replaces \(first): connections with that key end now"), "\(reply)")
        #expect(await !sample.run("approve shop-42 --key -", key: try keyLine(9)).output.contains("replaces"), "the same key again")
        let new = await sample.run("approve attic --key - --replace", key: try keyLine(10))
        #expect(new.status == .done && !new.output.contains("replaces"), "the first key: \(new)")
    }

    /// Support staff may not replace keys on their own: their help does not say how, and they are told who may.
    @Test func replacingAKeyIsForAdminsUnlessARequestAskedForIt() async throws {
        let sample = try await SampleDesk().filled()
        let refused = try await sample.run("approve shop-42 --replace", as: SampleDesk.alice, key: 101, input: try keyLine(9))
        #expect(refused.status == .refused && refused.errorOutput.contains("replacing it is for admins"), "\(refused)")
        #expect(try await !sample.run("help approve", as: SampleDesk.alice, key: 101).output.contains("--replace"))
        #expect(try await sample.run("help approve", as: SampleDesk.admin, key: 102).output.contains("--replace"))
        _ = try await sample.run("request new shop-42 --login alice", as: SampleDesk.alice, key: 101)
        let asked = try await sample.run("approve shop-42", as: SampleDesk.alice, key: 101, input: try keyLine(9))
        #expect(asked.status == .done && asked.output.contains("it replaces"), "\(asked)")
    }

    @Test func whoseTerminalsAreStandsInTheListWhereItIsNoted() async throws {
        let sample = try await SampleDesk().filled()
        #expect(await sample.run("terminals").output.hasPrefix("NAME     PORT   STATE          LAST SEEN  FROM\n"))
        await sample.run("terminal set shop-42 --organisation " + String(repeating: "Very Long Name of a Shop ", count: 6))
        await sample.run("terminal tag attic berlin")
        await sample.run("terminal tag attic till")
        let list = await sample.run("terminals").output
        let rows = list.split(separator: "\n").map(String.init)
        #expect(rows[0] == "NAME     PORT   STATE          LAST SEEN  FROM  ORGANISATION #TAGS", "\(list)")
        #expect(
            rows[1].hasSuffix("  #berlin #till") && rows[2].contains("  Very Long Name of a Shop ") && rows[2].hasSuffix("…"), "\(list)")
        for row in rows { #expect(Printable.columns(row) <= 80, "\(row)") }
        struct Row: Decodable {
            let name: String
            let organisation: String?
            let tags: [String]
        }
        let json = try JSONDecoder().decode([Row].self, from: Data(await sample.run("terminals --json").output.utf8))
        #expect(await sample.run("terminals --tag paris").output == "no terminal with tag paris; all of them: towline-relay terminals\n")
        #expect(await sample.run("terminals --online").output == "no terminal is connected; all of them: towline-relay terminals\n")
        #expect(json.map(\.tags) == [["berlin", "till"], []] && json[1].organisation?.hasPrefix("Very Long") == true)
    }

    @Test func A05_wrongReportsChangeNothing() async throws {
        let sample = try await SampleDesk().filled()
        let before = try await sample.dump()
        let key = try sampleKey(70).line
        for text in [
            "", "{}", "[]", "nonsense", "{\"version\":1,\"software\":\"x\",\"host_keys\":[],\"login_users\":[]}",
            "{\"version\":2,\"software\":\"x\",\"host_keys\":[\"\(key)\"],\"login_users\":[]}",
            "{\"version\":1,\"software\":\"x\",\"host_keys\":[\"command=\\\"x\\\" \(key)\"],\"login_users\":[]}",
            "{\"version\":1,\"software\":\"x\",\"host_keys\":[\"\(key)\"],\"login_users\":[\"root\"]}",
            "{\"version\":1,\"software\":\"x\",\"host_keys\":[\"\(key)\"],\"login_users\":[\"../x\"]}",
            "{\"version\":1,\"software\":\"\(String(repeating: "x", count: 200))\",\"host_keys\":[\"\(key)\"],\"login_users\":[]}",
            String(repeating: "[", count: TerminalReport.maximumBytes + 1), String(repeating: "[", count: 10_000),
        ] {
            let reply = try await send(Array(text.utf8), to: sample)
            #expect(reply.status == .usage, "\(text.prefix(60)): \(reply)")
            #expect(reply.errorOutput.filter { $0 == "\n" }.count == 1)
        }
        #expect(try await sample.dump() == before)
        let staff = try await sample.run("report", as: SampleDesk.admin, key: 102, input: try report([70]))
        #expect(staff.status == .usage, "not a command of staff: \(staff)")
    }

    @Test func textOfATerminalIsShownEscaped() async throws {
        let sample = try await SampleDesk().filled()
        #expect(try await send(try report([70], software: "x\u{1b}[2J\u{202e}\n"), to: sample).status == .done)
        for line in ["host-keys", "host-keys --json"] {
            let output = await sample.run(line).output
            #expect(!output.contains("\u{1b}") && !output.contains("\u{202e}"), "\(output)")
        }
    }

    // MARK: Waiting

    @Test func waitReturnsWhenTheTerminalIsOnline() async throws {
        let sample = try await SampleDesk().filled()
        #expect(await sample.run("wait shop-42").status == .notRunning)
        await sample.desk.attach(sample.relay, run: RunID(1))
        async let reply = sample.run("wait shop-42 --for 1m", as: SampleDesk.alice, key: 101)
        sample.relay.set(
            tunnels: [
                LiveTunnel(
                    terminal: TerminalID(1), source: "192.0.2.9:5", since: SampleDesk.now, lastHeard: SampleDesk.now, clientVersion: "x")
            ])
        #expect(try await reply == ControlReply(status: .done, output: "shop-42 is online, from 192.0.2.9:5\n"))
        let late = await sample.run("wait attic --for 1s")
        #expect(
            late
                == ControlReply(
                    status: .refused,
                    errorOutput:
                        "towline-relay: attic did not connect within 1s: it has no key yet; when the customer has sent it: towline-relay approve attic < key.pub\n"
                ))
        #expect(try await sample.run("wait attic", as: SampleDesk.alice, key: 101).errorOutput.contains("that you may reach"))
        #expect(await sample.run("wait shop-42 --for 25h").status == .usage)
    }

    @Test func waitEndsWhenNobodyWaitsAnyMore() async throws {
        let sample = try await SampleDesk().filled()
        await sample.desk.attach(sample.relay, run: RunID(1))
        let waiting = Task { await sample.run("wait attic --for 24h") }
        waiting.cancel()
        #expect(await waiting.value.status == .refused)
    }

    // MARK: What callers are shown

    @Test func helpListsWhatTheCallerMayDoAndNothingElse() async throws {
        let sample = try await SampleDesk().filled()
        let support = try await sample.run("help", as: SampleDesk.alice, key: 101).output
        for word in ["request new", "approve", "terminals", "wait", "host-keys", "whoami"] { #expect(support.contains(word), "\(word)") }
        for word in ["staff add", "grant", "audit", "group add", "announce", "terminal remove", "host-keys accept", "report", "serve"] {
            #expect(!support.contains("ssh RELAY \(word)"), "\(word)")
        }
        let refused = try await sample.run("help grant", as: SampleDesk.alice, key: 101)
        #expect(refused.errorOutput.contains("is for admins"), "\(refused)")
        #expect(try await !sample.run("help request new", as: SampleDesk.alice, key: 101).output.contains("--staff"))
        #expect(try await sample.run("help request new", as: SampleDesk.admin, key: 102).output.contains("--staff"))
        let usage = try await sample.run("approve", as: SampleDesk.alice, key: 101).errorOutput
        #expect(usage.contains("TERMINAL is missing") && !usage.contains("--replace"), "\(usage)")
        #expect(try await sample.run("approve", as: SampleDesk.admin, key: 102).errorOutput.contains("--replace"))
        let admin = try await sample.run("help", as: SampleDesk.admin, key: 102).output
        for command in RelayCommandTable.remote.commands { #expect(admin.contains(command.path.joined(separator: " "))) }
        let caller = Caller.principal(.terminal(TerminalID(1)), key: try sampleKey(1), source: "192.0.2.9:5")
        let terminal = await sample.desk.run(["help"], standardInput: [], as: caller).output
        #expect(terminal.contains("report") && !terminal.contains("terminals"), "\(terminal)")
    }

    /// What support staff's help lists is what they may do, command by command.
    @Test func supportStaffMayDoWhatTheirHelpLists() async throws {
        for command in RelayCommandTable.remote.commands where command.path != ["help"] {
            let sample = try await SampleDesk().filled()
            await sample.desk.attach(sample.relay, run: RunID(1))
            let words =
                command.path
                + command.arguments.filter { !$0.isOptional }.map { argument in
                    switch argument.name {
                    case "SESSION": "1-1"
                    case "NAME" where command.path[0] == "staff": "alice"
                    case "FINGERPRINT": "SHA256:" + String(repeating: "A", count: 43)
                    case "ROLE": "admin"
                    default: "shop-42"
                    }
                }
                + command.options.filter(\.isRequired).flatMap { [$0.name, $0.name == "--key" ? "-" : "alice"] }
                + (command.path == ["announce"] ? ["hello"] : []) + (command.path == ["terminal", "set"] ? ["--notes", "x"] : [])
                + (command.path == ["wait"] ? ["--for", "1s"] : [])
            let caller = Caller.principal(.staff(SampleDesk.alice), key: try sampleKey(101), source: "192.0.2.7:5")
            let reply = await sample.desk.run(words, standardInput: try keyLine(9), as: caller)
            let isListed = RelayCommandTable.support.commands.contains { $0.path == command.path }
            let isDenied = reply.errorOutput.contains("is for admins")
            // Replacing a key that a terminal has is theirs only after a request of theirs.
            #expect(isDenied == !isListed || command.path == ["approve"], "\(words): \(reply)")
        }
    }

    @Test func theOverviewShowsOnlineTerminalsFirst() async throws {
        let sample = try await SampleDesk().filled()
        await sample.desk.attach(sample.relay, run: RunID(1))
        await sample.run("announce The relay restarts at ten --until 8h")
        sample.relay.set(
            tunnels: [
                LiveTunnel(
                    terminal: TerminalID(1), source: "192.0.2.9:5", since: SampleDesk.now, lastHeard: SampleDesk.now, clientVersion: "x")
            ])
        let reply = try await sample.run("", as: SampleDesk.admin, key: 102).output
        #expect(reply.contains("*** The relay restarts at ten"))
        #expect(reply.contains("terminals: 1 of 2 online"))
        let rows = reply.split(separator: "\n").map(String.init)
        let shop = try #require(rows.firstIndex { $0.hasPrefix("shop-42") })
        let attic = try #require(rows.firstIndex { $0.hasPrefix("attic") })
        #expect(shop < attic)
        for row in rows where !row.contains("SHA256") { #expect(row.count <= 80, "\(row)") }
        await sample.run("announce --off")
        #expect(try await !sample.run("", as: SampleDesk.admin, key: 102).output.contains("***"))
    }

    @Test func terminalsOnlineAreListedForPrograms() async throws {
        let sample = try await SampleDesk().filled()
        await sample.desk.attach(sample.relay, run: RunID(1))
        sample.relay.set(
            tunnels: [
                LiveTunnel(
                    terminal: TerminalID(1), source: "192.0.2.9:5", since: SampleDesk.now, lastHeard: SampleDesk.now, clientVersion: "x")
            ])
        struct Row: Decodable { let name: String }
        let reply = try await sample.run("terminals --online --json", as: SampleDesk.admin, key: 102)
        #expect(try JSONDecoder().decode([Row].self, from: Data(reply.output.utf8)).map(\.name) == ["shop-42"])
    }

    @Test func supportStaffEndTheirOwnSessionsOnly() async throws {
        let sample = try await SampleDesk().filled()
        await sample.desk.attach(sample.relay, run: RunID(1))
        func bridge(_ number: Int64, _ staff: StaffID) -> LiveBridge {
            LiveBridge(
                id: BridgeID(number), staff: staff, terminal: TerminalID(1), source: "192.0.2.7:5", since: SampleDesk.now,
                bytesToTerminal: 0, bytesFromTerminal: 0)
        }
        sample.relay.set(bridges: [bridge(71, SampleDesk.alice), bridge(72, SampleDesk.admin)])
        let other = try await sample.run("end 1-72", as: SampleDesk.alice, key: 101)
        let none = try await sample.run("end 1-99", as: SampleDesk.alice, key: 101)
        #expect(other.errorOutput.replacing("1-72", with: "N") == none.errorOutput.replacing("1-99", with: "N"))
        #expect(try await sample.run("end 1-71", as: SampleDesk.alice, key: 101).status == .done)
    }

    // MARK: The audit log

    @Test func theExportIsAChainThatAnybodyCanFollow() async throws {
        let sample = try await SampleDesk().filled()
        struct Line: Decodable {
            let number: Int64
            let at: String
            let actor: String
            let action: String
            let subject: String
            let detail: String
            let digest: String
        }
        let reply = await sample.run("audit export")
        let lines = try reply.output.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        #expect(lines.count == (try await sample.audit().count))
        var previous = AuditEntry.genesis
        for line in lines {
            previous = digest(
                .sha256,
                of: AuditEntry.preimage(
                    previous: previous, number: line.number, at: try WallTime(parsing: line.at), actor: line.actor, action: line.action,
                    subject: line.subject, detail: line.detail))
            #expect(line.digest == previous.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined())
        }
        let tail = await sample.run("audit export --after \(lines.count - 1)")
        #expect(tail.output.filter { $0 == "\n" }.count == 1)
        #expect(await sample.run("audit --since 1h").output.filter { $0 == "\n" }.count == lines.count)
        #expect(await sample.run("audit --since 2030-01-01").output.isEmpty)
        #expect(await sample.run("audit --since yesterday").status == .usage)
    }
}
