import EventLoops
import RelayCore
import RelayStore
import SSHCrypto
import SSHKeys
import Support
import TestFolders
import Testing

/// Where a ledger of the contract suite comes from.
enum LedgerKind: String, CaseIterable, Sendable {
    case sqlite

    func make() throws -> (ledger: any RelayLedger, folder: TemporaryFolder?) {
        switch self {
        case .sqlite:
            let folder = TemporaryFolder()
            return (try folder.ledger(), folder)
        }
    }
}

/// What every ledger does, whatever it is made of.
@Suite struct LedgerContractTests {
    static let operatorRoot = AuditActor.local("root")

    private func names(_ registry: Registry) -> [String] { registry.terminals.map(\.name.description) }

    @Test(arguments: LedgerKind.allCases)
    func terminalsGetTheLowestFreePort(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        for name in ["a", "b", "c"] {
            _ = try await ledger.perform(.addTerminal(terminal(name), nil, key: nil), by: Self.operatorRoot, at: moment(1))
        }
        _ = try await ledger.perform(.removeTerminal(terminal("b")), by: Self.operatorRoot, at: moment(2))
        _ = try await ledger.perform(.addTerminal(terminal("d"), port(20003), key: nil), by: Self.operatorRoot, at: moment(3))
        for name in ["e", "f"] {
            _ = try await ledger.perform(.addTerminal(terminal(name), nil, key: nil), by: Self.operatorRoot, at: moment(4))
        }
        let registry = try await ledger.registry()
        #expect(
            registry.terminals.map { "\($0.name) \($0.listeningPort)" } == ["a 20000", "c 20002", "d 20003", "e 20001", "f 20004"])
        #expect(Set(registry.terminals.map(\.id)).count == 5)
    }

    @Test(arguments: LedgerKind.allCases)
    func numbersAreNeverUsedAgain(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        let name = try terminal("a")
        let first = try await ledger.perform(.addTerminal(name, nil, key: nil), by: Self.operatorRoot, at: moment(1)).registry.terminal(
            named: name)
        _ = try await ledger.perform(.removeTerminal(name), by: Self.operatorRoot, at: moment(2))
        let second = try await ledger.perform(.addTerminal(name, nil, key: nil), by: Self.operatorRoot, at: moment(3)).registry.terminal(
            named: name)
        #expect(try #require(first).id != (try #require(second)).id)
    }

    @Test(arguments: LedgerKind.allCases)
    func refusedChangesLeaveEverythingAsItWas(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        try await fill(ledger)
        let (shop, attic, alice, bob) = (try terminal("shop-42"), try terminal("attic"), try staff("alice"), try staff("bob"))
        let nobody = try staff("nobody")
        let nowhere = try terminal("nowhere")
        let cases: [(RegistryChange, LedgerError)] = [
            (.addTerminal(shop, nil, key: nil), .terminalExists(shop)),
            (.addTerminal(nowhere, try port(20000), key: nil), .portTaken(try port(20000), by: shop)),
            (.addTerminal(nowhere, nil, key: try sampleKey(1)), .keyTaken(try sampleKey(1), by: .terminal(shop))),
            (.addTerminal(nowhere, nil, key: try sampleKey(101)), .keyTaken(try sampleKey(101), by: .staff(alice))),
            (.approve(attic, key: try sampleKey(1)), .keyTaken(try sampleKey(1), by: .terminal(shop))),
            (.approve(attic, key: try sampleKey(101)), .keyTaken(try sampleKey(101), by: .staff(alice))),
            (
                .approve(shop, key: try sampleKey(9)),
                .hasOtherKey(shop, its: try sampleKey(1).fingerprint, given: try sampleKey(9).fingerprint)
            ),
            (.approve(nowhere, key: try sampleKey(9)), .noTerminal(nowhere)),
            (.setTerminalEnabled(nowhere, false), .noTerminal(nowhere)),
            (.renewSupport(nowhere), .noTerminal(nowhere)),
            (.removeTerminal(nowhere), .noTerminal(nowhere)),
            (.addStaff(alice, .support, keys: [try line(9)]), .staffExists(alice)),
            (.addStaff(bob, .support, keys: [try line(9), try line(101)]), .keyTaken(try sampleKey(101), by: .staff(alice))),
            (.addStaff(bob, .support, keys: [try line(9), try line(1)]), .keyTaken(try sampleKey(1), by: .terminal(shop))),
            (.addStaff(bob, .support, keys: [try line(9), try line(9)]), .keyTaken(try sampleKey(9), by: .staff(bob))),
            (.addStaff(bob, .support, keys: []), .noKeys),
            (
                .addStaff(bob, .support, keys: try (0...RegistryLimits.keysPerStaff).map { try line(UInt8(150 + $0)) }),
                .tooManyKeys(count: RegistryLimits.keysPerStaff + 1)
            ),
            (.setStaffEnabled(nobody, false), .noStaff(nobody)),
            (.removeStaff(nobody), .noStaff(nobody)),
            (.grant(.staff(nobody), .terminal(shop), until: nil), .noStaff(nobody)),
            (.grant(.staff(alice), .terminal(nowhere), until: nil), .noTerminal(nowhere)),
            (.revoke(.staff(alice), .terminal(attic)), .noGrant(.staff(alice), .terminal(attic))),
            (.revoke(.staff(nobody), .terminal(attic)), .noStaff(nobody)),
        ]
        let before = try await dump(ledger)
        for (change, expected) in cases {
            await #expect(throws: expected) { try await ledger.perform(change, by: Self.operatorRoot, at: moment(50)) }
            #expect(try await dump(ledger) == before, "\(change)")
        }
    }

    @Test(arguments: LedgerKind.allCases)
    func mostKeysThatOneMayHaveAreTaken(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        let keys = try (0..<RegistryLimits.keysPerStaff).map { try line(UInt8(150 + $0)) }
        let registry = try await ledger.perform(.addStaff(staff("bob"), .support, keys: keys), by: Self.operatorRoot, at: moment(1))
            .registry
        #expect(try registry.staff(named: staff("bob"))?.keys == keys)
    }

    @Test(arguments: LedgerKind.allCases)
    func explicitPortDoesNotMoveTheLowestFreeOne(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        let last = try port(RegistryLimits.allocatedPorts.upperBound)
        _ = try await ledger.perform(.addTerminal(terminal("top"), last, key: nil), by: Self.operatorRoot, at: moment(1))
        let registry = try await ledger.perform(.addTerminal(terminal("low"), nil, key: nil), by: Self.operatorRoot, at: moment(1)).registry
        #expect(try registry.terminal(named: terminal("low"))?.listeningPort == port(RegistryLimits.allocatedPorts.lowerBound))
    }

    @Test(arguments: LedgerKind.allCases)
    func approvingReplacesTheKeyWhereThatIsSaid(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        try await fill(ledger)
        let shop = try terminal("shop-42")
        let (registry, replaced) = try await ledger.perform(
            .approve(shop, key: sampleKey(8), mayReplace: true), by: Self.operatorRoot, at: moment(5))
        #expect(try replaced == sampleKey(1))
        #expect(registry.principal(for: try sampleKey(1), at: moment(0)) == nil)
        #expect(try registry.principal(for: sampleKey(8), at: moment(0)) == registry.terminal(named: shop).map { .terminal($0.id) })
        let entry = try #require(try await ledger.audit(since: nil, limit: 1).last)
        #expect(try entry.detail == "key \(sampleKey(8).fingerprint), in place of \(sampleKey(1).fingerprint)")
        let again = try await ledger.perform(.approve(shop, key: sampleKey(8)), by: Self.operatorRoot, at: moment(5))
        #expect(again.replaced == nil, "the key that it has")
        // The old key is free for somebody else.
        let other = try await ledger.perform(.approve(terminal("attic"), key: sampleKey(1)), by: Self.operatorRoot, at: moment(6)).registry
        #expect(other.principal(for: try sampleKey(1), at: moment(0)) != nil)
    }

    @Test(arguments: LedgerKind.allCases)
    func sayingTheSameTwiceIsNotAnErrorAndNotWritten(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        try await fill(ledger)
        let before = try await ledger.audit(since: nil, limit: 1_000).count
        let (shop, alice) = (try terminal("shop-42"), try staff("alice"))
        for change in [.approve(shop, key: try sampleKey(1)), .setTerminalEnabled(shop, true), .setStaffEnabled(alice, true)]
            as [RegistryChange]
        {
            _ = try await ledger.perform(change, by: Self.operatorRoot, at: moment(7))
        }
        #expect(try await ledger.audit(since: nil, limit: 1_000).count == before)
        _ = try await ledger.perform(.setTerminalEnabled(shop, false), by: Self.operatorRoot, at: moment(7))
        #expect(try await ledger.audit(since: nil, limit: 1_000).count == before + 1)
    }

    @Test(arguments: LedgerKind.allCases)
    func periodsOfSupportAreRememberedAndRenewed(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        let shop = try terminal("shop-42")
        let id = try #require(try await fill(ledger).terminal(named: shop)?.id)
        let (run, _) = try await ledger.beginRun(at: moment(1))
        #expect(try await ledger.registry().terminal(id)?.supportSince == nil)
        try await ledger.record([.supportBegan(id, at: moment(5)), .supportBegan(TerminalID(999), at: moment(6))], run: run)
        #expect(try await ledger.registry().terminal(id)?.supportSince == moment(5))
        try await ledger.record([.supportOver(id, at: moment(7))], run: run)
        #expect(try await ledger.registry().terminal(id)?.lastSeen == moment(7), "who asks and is refused was there")
        let renewed = try await ledger.perform(.renewSupport(shop), by: Self.operatorRoot, at: moment(8)).registry
        #expect(renewed.terminal(id)?.supportSince == moment(8))
        #expect(try await ledger.audit(since: nil, limit: 1).map(\.action) == ["terminal.renew"])
    }

    @Test(arguments: LedgerKind.allCases)
    func removingTakesKeysAndGrantsAlong(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        try await fill(ledger)
        let registry = try await ledger.perform(.removeTerminal(terminal("shop-42")), by: Self.operatorRoot, at: moment(8)).registry
        #expect(registry.grants.isEmpty)
        #expect(registry.principal(for: try sampleKey(1), at: moment(0)) == nil)
        let without = try await ledger.perform(.removeStaff(staff("alice")), by: Self.operatorRoot, at: moment(9)).registry
        #expect(without.principal(for: try sampleKey(101), at: moment(0)) == nil)
        // The keys may be given again.
        _ = try await ledger.perform(.addTerminal(terminal("shop-42"), nil, key: sampleKey(101)), by: Self.operatorRoot, at: moment(10))
    }

    @Test(arguments: LedgerKind.allCases)
    func grantingAgainMovesTheEnd(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        try await fill(ledger)
        let (shop, alice) = (try terminal("shop-42"), try staff("alice"))
        for until in [moment(100), nil, moment(200)] {
            let registry = try await ledger.perform(
                .grant(.staff(alice), .terminal(shop), until: until), by: Self.operatorRoot, at: moment(11)
            ).registry
            #expect(registry.grants.map(\.until) == [until])
        }
        let registry = try await ledger.perform(.revoke(.staff(alice), .terminal(shop)), by: Self.operatorRoot, at: moment(12)).registry
        #expect(registry.grants.isEmpty)
    }

    @Test(arguments: LedgerKind.allCases)
    func bridgesAreRememberedAndRecoveredAfterACrash(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        let registry = try await fill(ledger)
        let shop = try #require(try registry.terminal(named: terminal("shop-42"))?.id)
        let alice = try #require(try registry.staff(named: staff("alice"))?.id)
        let key = try #require(Fingerprint("SHA256:" + String(repeating: "A", count: 43)))
        let (run, _) = try await ledger.beginRun(at: moment(20))
        func opened(_ number: Int64) -> RelayEvent {
            .bridgeOpened(BridgeID(number), alice, key: key, shop, source: "192.0.2.7:40000", at: moment(21))
        }
        try await ledger.record([opened(1), opened(2)], run: run)
        try await ledger.record(
            [
                .bridgeClosed(BridgeID(1), bytesToTerminal: 10, bytesFromTerminal: .max, reason: .finished, at: moment(22)),
                .bridgeClosed(BridgeID(77), bytesToTerminal: 1, bytesFromTerminal: 1, reason: .finished, at: moment(22)),
            ], run: run)
        let (second, recovered) = try await ledger.beginRun(at: moment(30))
        #expect(recovered == 1)
        #expect(second > run)
        // The same number in another run is another bridge.
        try await ledger.record([opened(1)], run: second)
        let bridges = try await ledger.bridges(limit: 10)
        #expect(bridges.map(\.run) == [second, run, run])
        #expect(bridges.map(\.id.rawValue) == [1, 2, 1])
        #expect(bridges.map(\.end?.reason) == [nil, .recovered, .finished])
        #expect(bridges.map(\.end?.bytesToTerminal) == [nil, 0, 10])
        #expect(bridges[2].staff == "alice")
        #expect(bridges[2].terminal == "shop-42")
        #expect(try await ledger.bridges(limit: 1).count == 1)
        #expect(try await ledger.verifyAudit().isIntact)
    }

    @Test(arguments: LedgerKind.allCases)
    func lastSeenOnlyMovesForward(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        let registry = try await fill(ledger)
        let shop = try #require(try registry.terminal(named: terminal("shop-42"))?.id)
        func seen() async throws -> WallTime? { try await ledger.registry().terminal(shop)?.lastSeen }
        try await ledger.noteSeen([shop: moment(50), TerminalID(999): moment(50)])
        #expect(try await seen() == moment(50))
        try await ledger.noteSeen([shop: moment(40)])
        #expect(try await seen() == moment(50))
        let (run, _) = try await ledger.beginRun(at: moment(55))
        try await ledger.record(
            [.terminalOffline(shop, source: "192.0.2.7:1", reason: .silent, lastHeard: moment(60), at: moment(150))], run: run)
        #expect(try await seen() == moment(60))
    }

    @Test(arguments: LedgerKind.allCases)
    func auditTellsWhoDidWhat(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        try await fill(ledger)
        let admin = AuditActor.staff(try staff("alice"))
        _ = try await ledger.perform(.setTerminalEnabled(terminal("attic"), false), by: admin, at: moment(33))
        let entries = try await ledger.audit(since: nil, limit: 1_000)
        let last = try #require(entries.last)
        #expect([last.actor, last.action, last.subject, last.detail] == ["staff:alice", "terminal.disable", "attic", ""])
        #expect(last.at == moment(33))
        #expect(entries.map(\.number) == Array(1...Int64(entries.count)))
        #expect(try await ledger.audit(since: nil, limit: 2) == Array(entries.suffix(2)))
        #expect(try await ledger.verifyAudit() == .intact(entries: Int64(entries.count), head: last.digest))
    }

    @Test(arguments: LedgerKind.allCases)
    func textOfPeersIsWrittenPrintable(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        let (run, _) = try await ledger.beginRun(at: moment(1))
        try await ledger.record(
            [.refused(source: "192.0.2.9:5", who: nil, what: "\u{1b}[2Jshell\n", why: "no\u{202e}", at: moment(2))], run: run)
        let entry = try #require(try await ledger.audit(since: nil, limit: 1).first)
        #expect(entry.action == "refused")
        #expect(entry.detail.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x202e })
    }

    @Test(arguments: LedgerKind.allCases)
    func manyChangesAtOnceAllHold(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        try await withThrowingTaskGroup { group in
            for number in 0..<40 {
                group.addTask {
                    _ = try await ledger.perform(
                        .addTerminal(terminal("t\(number)"), nil, key: sampleKey(UInt8(number))), by: Self.operatorRoot, at: moment(1))
                }
            }
            try await group.waitForAll()
        }
        let registry = try await ledger.registry()
        #expect(registry.terminals.count == 40)
        #expect(Set(registry.terminals.map(\.listeningPort.rawValue)) == Set(20_000..<20_040))
        #expect(try await ledger.verifyAudit().isIntact)
    }
}

extension AuditVerdict {
    var isIntact: Bool {
        if case .intact = self { true } else { false }
    }
}
