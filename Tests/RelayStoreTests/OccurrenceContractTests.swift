import RelayCore
import RelayStore
import SSHCrypto
import SSHKeys
import Support
import SQLite
import TestFolders
import Testing

/// What every ledger tells those who watch, whatever it is made of.
@Suite struct OccurrenceContractTests {
    private static let root = AuditActor.local("root")

    private func all(_ ledger: any RelayLedger) async throws -> [Occurrence] {
        try await ledger.occurrences(after: 0, limit: .max).occurrences
    }

    @Test(arguments: LedgerKind.allCases)
    func whatHappensIsToldInOrder(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        let registry = try await fill(ledger)
        let shop = try #require(try registry.terminal(named: terminal("shop-42"))?.id)
        let alice = try #require(try registry.staff(named: staff("alice"))?.id)
        let key = try sampleKey(101).fingerprint
        let run = try await ledger.beginRun(at: moment(0)).run
        let source = "192.0.2.7:1"
        try await ledger.record(
            [
                .terminalOnline(shop, source: source, clientVersion: "SSH\u{1b}", at: moment(1)),
                // Takes over from a connection that is there: nobody has to be told.
                .terminalOnline(shop, source: "192.0.2.7:2", clientVersion: "SSH", at: moment(2)),
                .terminalOffline(shop, source: source, reason: .takenOver, lastHeard: moment(2), at: moment(2)),
                .cloneSuspected(shop, sources: [source, "192.0.2.7:2"], at: moment(3)),
                .bridgeOpened(BridgeID(1), alice, key: key, shop, source: "203.0.113.5:9", at: moment(4)),
                .bridgeClosed(BridgeID(1), bytesToTerminal: 5, bytesFromTerminal: .max, reason: .staffLeft, at: moment(64)),
                .bridgeClosed(BridgeID(1), bytesToTerminal: 5, bytesFromTerminal: 5, reason: .staffLeft, at: moment(65)),
                .terminalOffline(shop, source: "192.0.2.7:2", reason: .connectionLost, lastHeard: moment(70), at: moment(70)),
                .terminalOnline(shop, source: "192.0.2.7:3", clientVersion: "SSH", at: moment(80)),
                .terminalOnline(TerminalID(99), source: source, clientVersion: "SSH", at: moment(81)),
            ], run: run)
        let told = try await all(ledger)
        #expect(told.map(\.number) == Array(1...Int64(told.count)))
        #expect(
            told.map(\.kind) == [
                .terminalOnline, .cloneSuspected, .sessionOpened, .sessionClosed, .terminalOffline, .terminalReconnect,
            ])
        #expect(told.allSatisfy { $0.terminal == shop && $0.name == "shop-42" })
        #expect(told[0].facts == Occurrence.Facts(from: source, clientVersion: "SSH\\x1b"))
        #expect(told[1].facts == Occurrence.Facts(from: "192.0.2.7:2", alsoFrom: source))
        #expect(told[2].facts == Occurrence.Facts(from: "203.0.113.5:9", key: "\(key)", staff: "alice", session: "\(run.rawValue)-1"))
        #expect(
            told[3].facts
                == Occurrence.Facts(
                    from: "203.0.113.5:9", reason: "staff disconnected", staff: "alice", session: "\(run.rawValue)-1", seconds: 60,
                    bytesToTerminal: 5, bytesFromTerminal: .max))
        #expect(told[4].facts == Occurrence.Facts(from: "192.0.2.7:2", reason: "connection lost"))

        let page = try await ledger.occurrences(after: 2, limit: 3)
        #expect((page.occurrences.map(\.number), page.lost) == ([3, 4, 5], 0))
        #expect(try await ledger.occurrences(after: 6, limit: 3).occurrences.isEmpty)
        #expect(try await ledger.occurrences(before: nil, limit: 2).map(\.number) == [6, 5])
        #expect(try await ledger.occurrences(before: 3, limit: 5).map(\.number) == [2, 1])
    }

    @Test(arguments: LedgerKind.allCases)
    func keysThatWaitAreApprovedOrChangeAreTold(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        try await fill(ledger)
        let (attic, code) = (try terminal("attic"), [UInt8](repeating: 9, count: 32))
        let order = RequestOrder(
            terminal: attic, staff: try staff("alice"), login: try LoginName(parsing: "alice"), purpose: "", codeDigest: code,
            expiresAt: moment(1_000), approvesItself: false)
        _ = try await ledger.perform(.request(order), by: Self.root, at: moment(1))
        for _ in 0..<2 { _ = try await ledger.enrol(sampleKey(7), codeDigest: code, source: "192.0.2.7:1", at: moment(2)) }
        for _ in 0..<2 { _ = try await ledger.perform(.approve(attic, key: sampleKey(7)), by: Self.root, at: moment(3)) }
        let id = try #require(try await ledger.registry().terminal(named: attic)?.id)
        let report = TerminalReport(software: "x", hostKeys: [], loginUsers: [])
        for key: UInt8 in [20, 21, 21] { _ = try await ledger.report(report, hostKeys: [sampleKey(key)], of: id, at: moment(4)) }
        let told = try await all(ledger)
        #expect(told.map(\.kind) == [.keyWaits, .keyApproved, .hostKeysChanged], "each once")
        #expect(told.map(\.facts.key) == (try [UInt8(7), 7, 21].map { "\(try sampleKey($0).fingerprint)" }))
        #expect(told[0].facts.from == "192.0.2.7:1")
    }

    @Test(arguments: LedgerKind.allCases)
    func aReceiverGoesOnBehindWhatItTook(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        let shop = try #require(try await fill(ledger).terminal(named: terminal("shop-42"))?.id)
        let run = try await ledger.beginRun(at: moment(0)).run
        func happens(_ second: Int64) async throws {
            try await ledger.record([.cloneSuspected(shop, sources: ["a:1", "b:1"], at: moment(second))], run: run)
        }
        try await happens(1)
        #expect(try await ledger.webhookPositions(of: ["one", "two"]) == [1, 1], "what was before it came is not sent")
        try await happens(2)
        try await happens(3)
        try await ledger.noteDelivered(2, to: "two")
        #expect(try await ledger.webhookPositions(of: ["two", "three", "one"]) == [2, 3, 1])
        #expect(try await ledger.occurrenceCount(after: 1, of: [.cloneSuspected, .sessionOpened]) == 2)
        #expect(try await ledger.occurrenceCount(after: 0, of: [.terminalOnline]) == 0)
        #expect(try await ledger.webhookPositions(of: []) == [])
        #expect(try await ledger.webhookPositions(of: ["one"]) == [3], "forgotten with the configuration")
    }

    /// The store is the buffer of who reads slowly: it has a bound, and what fell out is counted.
    @Test func theNewestAreKeptAndWhoIsTooLateIsToldHowManyAreGone() async throws {
        let folder = TemporaryFolder()
        var ledger = try folder.ledger()
        let shop = try #require(try await fill(ledger).terminal(named: terminal("shop-42"))?.id)
        await ledger.close()
        do {
            let database = try Database(path: folder.store, .existing)
            try database.execute(
                """
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(Occurrence.kept))
                INSERT INTO occurrence (number, at, kind, terminal, name) SELECT i, 0, 'terminal.online', \(shop.rawValue), 'shop-42' FROM n
                """)
        }
        ledger = try folder.open()
        let run = try await ledger.beginRun(at: moment(0)).run
        #expect(try await ledger.occurrences(after: 0, limit: 1).lost == 0)
        for second: Int64 in 1...3 {
            try await ledger.record(
                [.cloneSuspected(shop, sources: ["192.0.2.7:1", "192.0.2.7:2"], at: moment(second))], run: run)
        }
        let late = try await ledger.occurrences(after: 1, limit: 1)
        #expect((late.lost, late.occurrences.map(\.number)) == (2, [4]))
        #expect(try await ledger.occurrences(after: 3, limit: 1).lost == 0)
    }

    @Test func theBellRingsWhenSomethingIsThereToBeRead() async throws {
        let folder = TemporaryFolder()
        _ = try folder.ledger()
        let bell = Bell()
        let ledger = try SQLiteLedger(path: folder.store, executor: testExecutor, bell: bell)
        let shop = try #require(try await fill(ledger).terminal(named: terminal("shop-42"))?.id)
        let run = try await ledger.beginRun(at: moment(0)).run
        var rings = bell.listen().makeAsyncIterator()
        try await ledger.record([.terminalOnline(shop, source: "192.0.2.7:1", clientVersion: "SSH", at: moment(1))], run: run)
        #expect(await rings.next() != nil)
        #expect(try await all(ledger).count == 1)
        bell.end()
        #expect(await rings.next() == nil)
        var late = bell.listen().makeAsyncIterator()
        #expect(await late.next() == nil)
    }
}
