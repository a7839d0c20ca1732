import FoundationEssentials
import RelayCore
import RelayStore
import SSHKeys
import Support
import TestFolders
import Testing

/// What every ledger remembers of terminals that come and go, whatever it is made of.
@Suite struct HistoryContractTests {
    /// A ledger with terminal shop-42, in its first run.
    private struct Scene {
        let ledger: any RelayLedger
        let folder: TemporaryFolder?
        let shop: TerminalID
        let run: RunID

        init(_ kind: LedgerKind) async throws {
            (ledger, folder) = try kind.make()
            shop = try #require(try await fill(ledger).terminal(named: terminal("shop-42"))?.id)
            run = try await ledger.beginRun(at: moment(0)).run
        }

        func online(_ second: Int64, from source: String = "192.0.2.7:1") async throws {
            try await ledger.record([.terminalOnline(shop, source: source, clientVersion: "SSH", at: moment(second))], run: run)
        }

        func offline(
            _ second: Int64, from source: String = "192.0.2.7:1", _ reason: TunnelEnd = .connectionLost, lastHeard: Int64? = nil
        ) async throws {
            let event = RelayEvent.terminalOffline(
                shop, source: source, reason: reason, lastHeard: moment(lastHeard ?? second), at: moment(second))
            try await ledger.record([event], run: run)
        }

        func periods(since: Int64? = nil, limit: Int = 1_000) async throws -> [OnlinePeriod] {
            try await ledger.periods(of: shop, since: since.map(moment), limit: limit)
        }
    }

    @Test(arguments: LedgerKind.allCases)
    func aPeriodSaysFromWhenToWhenAndWhy(_ kind: LedgerKind) async throws {
        let scene = try await Scene(kind)
        try await scene.online(10)
        #expect(
            try await scene.periods() == [
                OnlinePeriod(began: moment(10), source: "192.0.2.7:1", clientVersion: "SSH", reconnects: 0, end: nil)
            ])
        try await scene.offline(500, .silent, lastHeard: 410)
        let end = OnlinePeriod.End(at: moment(500), lastHeard: moment(410), reason: .silent)
        #expect(try await scene.periods().map(\.end) == [end])
        try await scene.online(2_000, from: "[2001:db8::7]:1\u{1b}")
        let periods = try await scene.periods()
        #expect(periods.map(\.began) == [moment(2_000), moment(10)])
        #expect(periods[0].source == "[2001:db8::7]:1\\x1b")
        #expect(try await scene.periods(since: 501).map(\.began) == [moment(2_000)])
        #expect(try await scene.periods(limit: 1).map(\.began) == [moment(2_000)])
    }

    @Test(arguments: LedgerKind.allCases)
    func takeoversAndABadLineAreOnePeriod(_ kind: LedgerKind) async throws {
        let scene = try await Scene(kind)
        try await scene.online(10)
        // Takes over while the first is there; the first one's end comes late and means nothing.
        try await scene.online(20, from: "192.0.2.7:2")
        try await scene.offline(21, .takenOver)
        try await scene.offline(100, from: "192.0.2.7:2", .silent)
        try await scene.online(100 + OnlinePeriod.rejoinTime, from: "192.0.2.7:3")
        let periods = try await scene.periods()
        #expect(
            periods == [OnlinePeriod(began: moment(10), source: "192.0.2.7:3", clientVersion: "SSH", reconnects: 2, end: nil)])
        try await scene.offline(200, from: "192.0.2.7:3")
        try await scene.online(201 + OnlinePeriod.rejoinTime)
        #expect(try await scene.periods().count == 2, "it was away for longer than that")
    }

    @Test(arguments: LedgerKind.allCases, [TunnelEnd.closedByTerminal, .revoked, .supportOver])
    func whatSomebodyEndedIsNotGoneOnWith(_ kind: LedgerKind, _ reason: TunnelEnd) async throws {
        let scene = try await Scene(kind)
        try await scene.online(10)
        try await scene.offline(20, reason)
        try await scene.online(21)
        #expect(try await scene.periods().map(\.began) == [moment(21), moment(10)])
    }

    @Test(arguments: LedgerKind.allCases)
    func aCrashEndsPeriodsWhenTheTerminalWasLastSeen(_ kind: LedgerKind) async throws {
        let scene = try await Scene(kind)
        try await scene.online(10)
        try await scene.ledger.noteSeen([scene.shop: moment(70)])
        _ = try await scene.ledger.beginRun(at: moment(5_000))
        let end = OnlinePeriod.End(at: moment(70), lastHeard: moment(70), reason: .recovered)
        #expect(try await scene.periods().map(\.end) == [end])
    }

    @Test(arguments: LedgerKind.allCases)
    func aTerminalThatWasRemovedMeanwhileHasNoPast(_ kind: LedgerKind) async throws {
        let scene = try await Scene(kind)
        try await scene.online(10)
        _ = try await scene.ledger.perform(.removeTerminal(terminal("shop-42")), by: .local("root"), at: moment(11))
        try await scene.offline(12)
        try await scene.online(13)
        #expect(try await scene.periods().isEmpty)
    }

    @Test(arguments: LedgerKind.allCases)
    func oldPeriodsAreDropped(_ kind: LedgerKind) async throws {
        let scene = try await Scene(kind)
        try await scene.online(10)
        try await scene.offline(20, .closedByTerminal)
        try await scene.online(20 + OnlinePeriod.retention)
        #expect(try await scene.periods().count == 2)
        try await scene.offline(30 + OnlinePeriod.retention, .closedByTerminal)
        try await scene.online(40 + OnlinePeriod.retention)
        #expect(try await scene.periods().count == 2)
        _ = try await scene.ledger.beginRun(at: moment(50 + 2 * OnlinePeriod.retention))
        #expect(try await scene.periods().isEmpty)
    }

    @Test(arguments: LedgerKind.allCases)
    func bridgesToATerminalAreFoundByItsName(_ kind: LedgerKind) async throws {
        let scene = try await Scene(kind)
        let registry = try await scene.ledger.registry()
        let alice = try #require(try registry.staff(named: staff("alice"))?.id)
        let attic = try #require(try registry.terminal(named: terminal("attic"))?.id)
        let key = try #require(Fingerprint("SHA256:" + String(repeating: "A", count: 43)))
        let events = [(1, scene.shop), (2, attic), (3, scene.shop)].map { number, terminal in
            RelayEvent.bridgeOpened(
                BridgeID(Int64(number)), alice, key: key, terminal, source: "192.0.2.7:1", at: moment(Int64(number)))
        }
        try await scene.ledger.record(events, run: scene.run)
        func found(_ since: Int64, _ limit: Int) async throws -> [Int64] {
            try await scene.ledger.bridges(to: terminal("shop-42"), since: moment(since), limit: limit).map(\.id.rawValue)
        }
        #expect(try await found(0, 10) == [3, 1])
        #expect(try await found(0, 1) == [3])
        #expect(try await found(2, 10) == [3])
    }

    /// SECURITY S06, with fewer terminals: what terminals that never rest can make the store grow to, each.
    @Test func terminalsThatNeverRestFillTheirShareAndNoMore() async throws {
        let folder = TemporaryFolder()
        let ledger = try folder.ledger()
        let run = try await ledger.beginRun(at: moment(0)).run
        let count = 40
        for number in 0..<count {
            _ = try await ledger.perform(.addTerminal(terminal("t\(number)"), nil, key: nil), by: .local("root"), at: moment(0))
        }
        let terminals = try await ledger.registry().terminals.map(\.id)
        let periods = OnlinePeriod.mostPerTerminal + 50
        for period in 0..<periods {
            let second = Int64(period) * 100
            let events = terminals.flatMap { terminal in
                [
                    RelayEvent.terminalOnline(
                        terminal, source: "[2001:db8:1111:2222:3333:4444:5555:6666]:50000", clientVersion: "SSH-2.0-OpenSSH_9.2p1 Debian-2",
                        at: moment(second)),
                    RelayEvent.terminalOffline(
                        terminal, source: "[2001:db8:1111:2222:3333:4444:5555:6666]:50000", reason: .connectionLost,
                        lastHeard: moment(second + 20), at: moment(second + 20)),
                ]
            }
            try await ledger.record(events, run: run)
        }
        for terminal in terminals {
            let kept = try await ledger.periods(of: terminal, since: nil, limit: .max)
            #expect(kept.count == OnlinePeriod.mostPerTerminal)
            #expect(kept.first?.began == moment(Int64(periods - 1) * 100))
        }
        func size(_ path: String) throws -> Int {
            try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
        }
        #expect(try size(folder.store + "-wal") <= 64 << 20)
        let bytes = try size(folder.store)
        // 160 bytes a period, as the constant says, 128 for each of the two events that tell of it, and 256 KiB for everything else.
        let events = min(2 * count * periods, Occurrence.kept)
        #expect(bytes <= count * OnlinePeriod.mostPerTerminal * 160 + events * 128 + 256 << 10, "\(bytes) bytes")
    }
}
