import FoundationEssentials
import RelayCommands
import RelayCore
import RelayStore
import SSHCrypto
import SSHKeys
import Support
import Testing

/// Support requests, from the sheet to the approved key.
@Suite struct RequestTests {
    private let wish = "request new shop-9 --login alice --for Shop 9, ticket 1881 --expires 7d"

    private func line(in sheet: String) throws -> RequestLine { try RequestLine(in: sheet) }

    @Test(arguments: SheetLanguage.allCases)
    func theSheetCarriesTheFourThingsAndALineThatSaysTheSame(_ language: SheetLanguage) async throws {
        let sample = try await SampleDesk().filled()
        let reply = try await sample.run("\(wish) --lang \(language.rawValue)", as: SampleDesk.alice, key: 101)
        #expect(reply.status == .done, "\(reply)")
        let fingerprint = SampleDesk.hostKey.publicKey.fingerprint.description
        let key = AuthorizedKey(key: try sampleKey(101), comment: "alice@laptop").line
        for text in ["shop-9", "Shop 9, ticket 1881", "alice", key, "relay.example.com:2222", "20002", fingerprint]
            + (language == .english
                ? ["within 7 days:", "until 22 January 2027, 08:00 UTC"] : ["発行から 7 日間", "2027年1月22日 17:00 (UTC 1月22日 08:00)"])
        {
            #expect(reply.output.contains(text), "\(text) in \(reply.output)")
        }
        // As mail clients quote it.
        let quoted = reply.output.split(separator: "\n", omittingEmptySubsequences: false).map { "> \($0)" }.joined(separator: "\r\n")
        let line = try line(in: quoted)
        let request = line.request
        #expect(request.terminal.description == "shop-9")
        #expect(request.login.description == "alice")
        #expect(request.staff.description == "alice")
        #expect(try request.staffKeys == [sampleKey(101)])
        #expect(request.relay.description == "relay.example.com:2222")
        #expect(request.listeningPort.rawValue == 20002)
        #expect(request.relayKey == SampleDesk.hostKey.publicKey)
        #expect(request.joinCode == SampleDesk.code(1))
        #expect(request.expiresAt == SampleDesk.now.advanced(by: 7 * 86_400))
        #expect(line.description.utf8.count <= RequestLine.maximumLength)
        // Nothing on the sheet is wider than a mail client leaves as it is, but what is copied as a whole.
        for row in reply.output.split(separator: "\n") where !row.contains("towline:") && !row.contains("ssh-ed25519") {
            #expect(Printable.columns(String(row)) <= 78, "\(row)")
        }
    }

    @Test(arguments: [
        ("3d", "within 3 days:", "3 日間"), ("47h", "within 47 hours:", "47 時間"), ("90m", "within 90 minutes:", "90 分間"),
        ("30s", "within 1 minute:", "1 分間"),
    ]) func theSheetSaysHowLongTheLineCanBeUsed(_ time: String, _ english: String, _ japanese: String) async throws {
        let sample = try await SampleDesk().filled()
        for (language, words) in [("en", english), ("ja", japanese)] {
            let command = "request new shop-9 --login alice --staff alice --expires \(time) --lang \(language)"
            #expect(await sample.run(command).output.contains(words), "\(command)")
        }
    }

    @Test func theLineIsSignedByTheRelaysHostKey() async throws {
        let sample = try await SampleDesk().filled()
        let line = try line(in: try await sample.run(wish, as: SampleDesk.alice, key: 101).output)
        func isGenuine(_ line: RequestLine, _ key: PublicKey) -> Bool {
            key.verifies(signature: line.signatureBlob, algorithm: .ed25519, over: line.signedBytes)
        }
        #expect(isGenuine(line, SampleDesk.hostKey.publicKey))
        #expect(!isGenuine(line, HostKey.generate().publicKey))
        let request = line.request
        let other = try SupportRequest(
            terminal: request.terminal, login: request.login, staff: request.staff, staffKeys: [sampleKey(66)], relay: request.relay,
            listeningPort: request.listeningPort, relayKey: request.relayKey, joinCode: request.joinCode, expiresAt: request.expiresAt)
        // Somebody who puts a key of their own in its place cannot sign it.
        let forged = try RequestLine(parsing: RequestLine(other) { _ in line.signature }.description)
        #expect(!isGenuine(forged, SampleDesk.hostKey.publicKey))
    }

    @Test func theCodeItselfIsNowhereInTheStore() async throws {
        let sample = try await SampleDesk().filled()
        let reply = try await sample.run("request new shop-9 --login alice --json", as: SampleDesk.alice, key: 101)
        let code = SampleDesk.code(1)
        #expect(reply.output.contains(code.userName))
        let dump = try await sample.dump()
        #expect(!dump.contains(code.description))
        #expect(!dump.contains("\(code.bytes)"))
        #expect(try await !sample.run("request list --json", as: SampleDesk.alice, key: 101).output.contains(code.description))
    }

    @Test func aKeyThatWaitsIsShownAndApprovedByItsFingerprint() async throws {
        let sample = try await SampleDesk().filled()
        await sample.desk.attach(sample.relay, run: RunID(1))
        let reply = try await sample.run(wish, as: SampleDesk.alice, key: 101)
        #expect(reply.errorOutput.contains("ssh -p 2222 relay.example.com approve shop-9"))
        #expect(try await sample.enrol(50, code: 1) == .waiting(TerminalName(parsing: "shop-9")))
        #expect(try sample.relay.applied.last?.terminal(awaitedBy: sampleKey(50)) != nil, "the switch knows it at once")
        let shown = try await sample.run("approve shop-9", as: SampleDesk.alice, key: 101)
        let fingerprint = try sampleKey(50).fingerprint.description
        #expect(shown.status == .refused, "nothing was approved")
        #expect(shown.output.contains("approve shop-9 --fingerprint \(fingerprint)"))
        #expect(shown.output.contains("203.0.113.7:40000"))
        let list = try await sample.run("request list", as: SampleDesk.alice, key: 101).output
        #expect(list.contains("waiting") && list.contains(fingerprint), "\(list)")
        let overview = try await sample.run("", as: SampleDesk.alice, key: 101).output
        #expect(overview.contains("waiting for your approval") && overview.contains(fingerprint), "\(overview)")
        let wrong = try await sample.run("approve shop-9 --fingerprint \(sampleKey(51).fingerprint)", as: SampleDesk.alice, key: 101)
        #expect(wrong.status == .refused && wrong.errorOutput.contains("nothing was approved"), "\(wrong)")
        let approved = try await sample.run("approve shop-9 --fingerprint \(fingerprint)", as: SampleDesk.alice, key: 101)
        #expect(approved.status == .done && approved.output.contains(fingerprint), "\(approved)")
        #expect(try await sample.ledger.registry().principal(for: sampleKey(50), at: SampleDesk.now) != nil)
        #expect(try await sample.run("request list", as: SampleDesk.alice, key: 101).output.hasPrefix("no requests"))
    }

    @Test func aMailedKeyIsApprovedAsBefore() async throws {
        let sample = try await SampleDesk().filled()
        _ = try await sample.run(wish, as: SampleDesk.alice, key: 101)
        let approved = try await sample.run("approve shop-9", as: SampleDesk.alice, key: 101, input: try keyLine(60))
        #expect(approved.status == .done, "\(approved)")
        #expect(try await sample.enrol(50, code: 1) == .refused, "the code is spent")
        // With the lines around it that the terminal prints for people.
        let block = Array("# key of shop-9\n# host key SHA256:x\n\n".utf8) + (try keyLine(61)) + Array("# end\n".utf8)
        let again = try await sample.run("approve shop-9 --replace", as: SampleDesk.admin, key: 102, input: block)
        #expect(again.status == .done, "\(again)")
    }

    @Test func yesApprovesWhateverWaits() async throws {
        let sample = try await SampleDesk().filled()
        _ = try await sample.run(wish, as: SampleDesk.alice, key: 101)
        _ = try await sample.enrol(50, code: 1)
        #expect(try await sample.run("approve shop-9 --yes", as: SampleDesk.alice, key: 101).status == .done)
        let none = try await sample.run("approve shop-9 --yes", as: SampleDesk.admin, key: 102)
        #expect(none.errorOutput.contains("waits for approval"), "\(none)")
    }

    @Test func autoApproveLetsTheFirstKeyIn() async throws {
        let sample = try await SampleDesk().filled()
        let reply = try await sample.run("\(wish) --auto-approve", as: SampleDesk.alice, key: 101)
        #expect(reply.errorOutput.contains("whoever uses the line first"))
        guard case .active = try await sample.enrol(50, code: 1) else {
            Issue.record("not active")
            return
        }
        #expect(try await sample.enrol(51, code: 1) == .refused)
        let replacing = await sample.run("request new shop-42 --login alice --staff alice --auto-approve")
        #expect(replacing.errorOutput.contains("leave out --auto-approve"), "\(replacing)")
    }

    @Test func cancellingKillsTheCode() async throws {
        let sample = try await SampleDesk().filled()
        _ = try await sample.run(wish, as: SampleDesk.alice, key: 101)
        let cancelled = try await sample.run("request cancel shop-9", as: SampleDesk.alice, key: 101)
        #expect(cancelled.status == .done && cancelled.output.contains("terminal remove shop-9"), "\(cancelled)")
        #expect(try await sample.enrol(50, code: 1) == .refused)
    }

    @Test func rsaKeysAreLeftOutOfTheLineAndSaid() async throws {
        let sample = try SampleDesk()
        let rsa = AuthorizedKey(key: try rsaKey(), comment: "old laptop")
        await sample.run("staff add carol --key -", key: Array("\(rsa.line)\n".utf8))
        let alone = await sample.run("request new shop-9 --login carol --staff carol")
        #expect(alone.status == .done)
        #expect(!alone.output.contains("towline:") && alone.output.contains(rsa.line))
        #expect(alone.errorOutput.contains("ssh-keygen -t ed25519"), "\(alone.errorOutput)")
        await sample.run("staff key add carol", key: try keyLine(103))
        let both = await sample.run("request new shop-9 --login carol --staff carol")
        #expect(try line(in: both.output).request.staffKeys == [sampleKey(103)])
        #expect(both.errorOutput.contains(rsa.key.fingerprint.description))
    }

    private func rsaKey() throws -> PublicKey {
        var blob = WireWriter()
        blob.string("ssh-rsa")
        blob.mpint([1, 0, 1])
        blob.mpint([UInt8](repeating: 0xFF, count: 256))
        return try PublicKey(blob: blob.bytes)
    }

    @Test func whatARequestLacksIsSaidInOneLine() async throws {
        let sample = try await SampleDesk().filled()
        for (command, sentence) in [
            ("request new shop-9 --login alice", "say whose public keys go on the sheet: --staff NAME; see: towline-relay staff list"),
            ("request new shop-9 --login alice --staff nobody", "there is no staff \"nobody\"; see: towline-relay staff list"),
            (
                "request new shop-9 --login root --staff alice",
                "\"root\" is not a login user name: nobody logs in as root; choose another name"
            ),
            ("request new shop-9 --login alice --staff alice --lang fr", "\"fr\" is not a language: it is en or ja"),
            (
                "request new shop-9 --login alice --staff alice --expires 91d",
                "\"91d\" is not a time that is taken here: write a length of time (8h, 7d) or a date (2026-12-31 or 2026-12-31T18:00, UTC), "
                    + "at most 90 days from now"
            ),
            (
                "wait shop-42 --for 25h",
                "\"25h\" is not a length of time that is taken here: write for example 8h, 90m, 7d or 1h30m; at most 24 hours"
            ),
            ("request cancel shop-42", "there is no request for terminal \"shop-42\"; see: towline-relay request list"),
        ] {
            let reply = await sample.run(command)
            #expect(reply.errorOutput == "towline-relay: \(sentence)\n", "\(command)")
            #expect(reply.status != .done)
        }
        let bad = await sample.desk.run(
            ["request", "new", "shop-9", "--login", "alice", "--staff", "alice", "--for", "x\u{1b}[2J\n"], standardInput: [],
            as: .localOperator(name: "root"))
        #expect(bad.status == .usage && !bad.errorOutput.contains("\u{1b}"))
    }

    // MARK: Who may

    @Test func supportStaffAskForNewTerminalsAndThoseThatTheyReach() async throws {
        let sample = try await SampleDesk().filled()
        let hidden = try await sample.run("request new attic --login alice", as: SampleDesk.alice, key: 101)
        #expect(hidden.status == .refused && hidden.errorOutput.contains("is taken by a terminal that you may not reach"), "\(hidden)")
        #expect(try await sample.run("request new shop-42 --login alice", as: SampleDesk.alice, key: 101).status == .done)
        let before = try await sample.dump()
        let others = try await sample.run("request new shop-9 --login x --staff root-admin", as: SampleDesk.alice, key: 101)
        #expect(others.errorOutput.contains("is for admins"), "\(others)")
        #expect(try await sample.dump() == before)
    }

    @Test func supportStaffApproveTheirOwnRequestsOnly() async throws {
        let sample = try await SampleDesk().filled()
        // An admin asks for a key of a terminal that alice reaches and that has a key already: hers it is not.
        _ = try await sample.run("request new shop-42 --login root-admin", as: SampleDesk.admin, key: 102)
        _ = try await sample.enrol(50, code: 1)
        for command in ["approve shop-42", "approve shop-42 --yes", "request cancel shop-42"] {
            let reply = try await sample.run(command, as: SampleDesk.alice, key: 101)
            #expect(reply.errorOutput.contains("is for admins"), "\(command): \(reply)")
        }
        for command in ["approve attic", "approve nowhere --yes", "request cancel attic"] {
            let reply = try await sample.run(command, as: SampleDesk.alice, key: 101)
            #expect(reply.errorOutput.contains("that you may reach"), "\(command): \(reply)")
        }
        let own = try await sample.run("request new shop-42 --login alice", as: SampleDesk.alice, key: 101)
        #expect(own.errorOutput.contains("the request that staff:root-admin made for it before is over"), "\(own)")
        _ = try await sample.enrol(51, code: 2)
        #expect(try await sample.run("approve shop-42 --yes", as: SampleDesk.alice, key: 101).status == .done)
    }

    @Test func Z06_supportStaffSeeTheRequestsOfTheirTerminalsOnly() async throws {
        let sample = try await SampleDesk().filled()
        _ = try await sample.run("request new attic --login root-admin", as: SampleDesk.admin, key: 102)
        _ = try await sample.run(wish, as: SampleDesk.alice, key: 101)
        let list = try await sample.run("request list", as: SampleDesk.alice, key: 101).output
        #expect(list.contains("shop-9") && !list.contains("attic"), "\(list)")
        #expect(try await sample.run("request list", as: SampleDesk.admin, key: 102).output.contains("attic"))
    }
}
