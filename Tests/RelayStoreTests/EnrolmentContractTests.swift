import RelayCore
import RelayStore
import SSHCrypto
import SSHKeys
import Support
import Testing

/// Requests, the keys that come of them, and what terminals report: what every ledger does.
@Suite struct EnrolmentContractTests {
    private let root = AuditActor.local("root")

    private func order(
        _ name: String, code: UInt8 = 1, until: WallTime = moment(1_000), approvesItself: Bool = false, by member: String = "alice"
    ) throws -> RegistryChange {
        .request(
            RequestOrder(
                terminal: try terminal(name), staff: try staff(member), login: try LoginName(parsing: "alice"), purpose: "ticket 1881",
                codeDigest: digestOf(code), expiresAt: until, approvesItself: approvesItself))
    }

    private func digestOf(_ code: UInt8) -> [UInt8] { [UInt8](repeating: code, count: 32) }

    private func enrol(_ ledger: any RelayLedger, _ key: UInt8, code: UInt8 = 1, at second: Int64 = 10) async throws -> Enrolment {
        try await ledger.enrol(sampleKey(key), codeDigest: digestOf(code), source: "192.0.2.9:5", at: moment(second)).enrolment
    }

    @Test(arguments: LedgerKind.allCases)
    func aRequestAddsTheTerminalAndLetsWhoAsksReachIt(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        try await fill(ledger)
        let registry = try await ledger.perform(order("new"), by: root, at: moment(1)).registry
        let new = try #require(try registry.terminal(named: terminal("new")))
        let alice = try #require(try registry.staff(named: staff("alice"))?.id)
        #expect(new.key == nil)
        #expect(registry.mayStillReach(alice, new.id, at: moment(1)))
        #expect(registry.request(for: new.id)?.isOpen(at: moment(1)) == true)
        #expect(registry.isOpen(codeDigest: digestOf(1), at: moment(999)))
        #expect(!registry.isOpen(codeDigest: digestOf(1), at: moment(1_000)))
        // Asking again ends the first request: its code is dead.
        let again = try await ledger.perform(order("new", code: 2), by: root, at: moment(2)).registry
        #expect(!again.isOpen(codeDigest: digestOf(1), at: moment(3)))
        #expect(again.isOpen(codeDigest: digestOf(2), at: moment(3)))
        #expect(again.requests.count == 1)
        #expect(try again.terminal(named: terminal("new"))?.listeningPort == new.listeningPort)
    }

    /// SECURITY 1d, "one-time enrolment token used twice".
    @Test(arguments: LedgerKind.allCases)
    func oneOfFiftyThatUseACodeAtOnceHasIt(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        try await fill(ledger)
        for approvesItself in [false, true] {
            let code: UInt8 = approvesItself ? 2 : 1
            let name = approvesItself ? "joins" : "waits"
            _ = try await ledger.perform(order(name, code: code, approvesItself: approvesItself), by: root, at: moment(1))
            let enrolments = try await withThrowingTaskGroup { group in
                for number in 0..<50 {
                    group.addTask { try await enrol(ledger, UInt8(number) + (approvesItself ? 150 : 10), code: code) }
                }
                return try await group.reduce(into: [Enrolment]()) { $0.append($1) }
            }
            #expect(enrolments.count { $0 != .refused } == 1)
            let registry = try await ledger.registry()
            let terminal = try #require(try registry.terminal(named: terminal(name)))
            #expect((terminal.key != nil) == approvesItself)
            #expect((registry.request(for: terminal.id)?.candidate != nil) == !approvesItself)
        }
        #expect(try await ledger.verifyAudit().isIntact)
    }

    @Test(arguments: LedgerKind.allCases)
    func whatMayNotUseACodeLeavesEverythingAsItWas(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        try await fill(ledger)
        _ = try await ledger.perform(order("new", code: 1), by: root, at: moment(1))
        _ = try await ledger.perform(order("other", code: 2), by: root, at: moment(1))
        _ = try await ledger.perform(order("gone", code: 3), by: root, at: moment(1))
        _ = try await ledger.perform(order("shut", code: 4), by: root, at: moment(1))
        _ = try await ledger.perform(.cancelRequest(terminal("gone")), by: root, at: moment(2))
        _ = try await ledger.perform(.setTerminalEnabled(terminal("shut"), false), by: root, at: moment(2))
        #expect(try await enrol(ledger, 50, code: 2) == .waiting(terminal("other")))
        let before = try await dump(ledger)
        // No such code; cancelled; disabled; over; key of a terminal; key of staff; key that waits elsewhere; used by another key.
        let refused: [(key: UInt8, code: UInt8, second: Int64)] = [
            (60, 9, 10), (60, 3, 10), (60, 4, 10), (60, 1, 1_000), (1, 1, 10), (101, 1, 10), (50, 1, 10), (60, 2, 10),
        ]
        for (key, code, second) in refused {
            #expect(try await enrol(ledger, key, code: code, at: second) == .refused, "key \(key), code \(code)")
            #expect(try await dump(ledger) == before)
        }
        #expect(try await enrol(ledger, 50, code: 2) == .waiting(terminal("other")), "the same key again")
        #expect(try await dump(ledger) == before)
    }

    @Test(arguments: LedgerKind.allCases)
    func aWaitingKeyIsApprovedByItsFingerprint(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        try await fill(ledger)
        let shop = try terminal("shop-42")
        let before = try #require(try await ledger.registry().terminal(named: shop))
        // Re-keying: port, number and history stay.
        _ = try await ledger.perform(order("shop-42"), by: root, at: moment(1))
        await #expect(throws: LedgerError.nothingWaits(shop)) {
            try await ledger.perform(.approveWaiting(shop, nil), by: root, at: moment(2))
        }
        #expect(try await enrol(ledger, 50) == .waiting(shop))
        let held = try await ledger.registry()
        #expect(
            try held.principal(for: sampleKey(1), at: moment(0)) == .terminal(before.id), "the old key holds until the new one is approved")
        #expect(try held.principal(for: sampleKey(50), at: moment(0)) == nil)
        let waiting = try sampleKey(50).fingerprint
        await #expect(throws: LedgerError.otherKeyWaits(shop, waiting)) {
            try await ledger.perform(.approveWaiting(shop, sampleKey(51).fingerprint), by: root, at: moment(12))
        }
        let registry = try await ledger.perform(.approveWaiting(shop, sampleKey(50).fingerprint), by: root, at: moment(13)).registry
        let after = try #require(registry.terminal(named: shop))
        #expect((after.id, after.listeningPort, after.addedAt) == (before.id, before.listeningPort, before.addedAt))
        #expect(try registry.principal(for: sampleKey(50), at: moment(0)) == .terminal(before.id))
        #expect(try registry.principal(for: sampleKey(1), at: moment(0)) == nil)
        #expect(registry.requests.isEmpty)
        #expect(try await enrol(ledger, 52) == .refused, "the code is spent")
        let entry = try #require(try await ledger.audit(since: nil, limit: 1).last)
        #expect((entry.action, entry.subject) == ("terminal.approve", "shop-42"))
        #expect(entry.detail.contains(try sampleKey(50).fingerprint.description))
    }

    @Test(arguments: LedgerKind.allCases)
    func approvingAMailedKeySpendsTheCode(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        try await fill(ledger)
        _ = try await ledger.perform(order("new"), by: root, at: moment(1))
        _ = try await ledger.perform(.approve(terminal("new"), key: sampleKey(50)), by: root, at: moment(2))
        #expect(try await enrol(ledger, 51) == .refused)
    }

    /// Whoever asked for a key anew has said that the old one goes.
    @Test(arguments: LedgerKind.allCases)
    func aMailedKeyReplacesAnotherOneWhileARequestAsksForIt(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        try await fill(ledger)
        let shop = try terminal("shop-42")
        let given = RegistryChange.approve(shop, key: try sampleKey(50))
        let refusal = try LedgerError.hasOtherKey(shop, its: sampleKey(1).fingerprint, given: sampleKey(50).fingerprint)
        _ = try await ledger.perform(order("shop-42"), by: root, at: moment(1))
        let end = try #require(try await ledger.registry().requests.first?.expiresAt)
        await #expect(throws: refusal, "a request that has expired asks for nothing") { try await ledger.perform(given, by: root, at: end) }
        let done = try await ledger.perform(given, by: root, at: end.advanced(by: -1))
        #expect(try done.replaced == sampleKey(1))
        await #expect(throws: (any Error).self, "it was answered") {
            try await ledger.perform(.approve(shop, key: sampleKey(51)), by: root, at: moment(3))
        }
        _ = try await ledger.perform(order("shop-42", code: 2), by: root, at: moment(4))
        #expect(try await enrol(ledger, 52, code: 2) == .waiting(shop))
        let confirmed = try await ledger.perform(.approveWaiting(shop, sampleKey(52).fingerprint), by: root, at: moment(13))
        #expect(try confirmed.replaced == sampleKey(50))
    }

    @Test(arguments: LedgerKind.allCases)
    func codesThatAreOverAreKnownByTheirEnd(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        try await fill(ledger)
        func spent(_ code: UInt8, at time: WallTime = moment(20)) async throws -> SpentCode? {
            try await ledger.registry().spentCode(digest: digestOf(code), at: time)
        }
        for (code, name) in [(1, "mailed"), (2, "waits"), (3, "gone"), (4, "open"), (5, "twice"), (6, "twice")] as [(UInt8, String)] {
            _ = try await ledger.perform(order(name, code: code), by: root, at: moment(1))
        }
        _ = try await ledger.perform(.approve(terminal("mailed"), key: sampleKey(50)), by: root, at: moment(2))
        #expect(try await enrol(ledger, 51, code: 2) == .waiting(terminal("waits")))
        _ = try await ledger.perform(.cancelRequest(terminal("gone")), by: root, at: moment(2))
        #expect(try await (spent(1), spent(2), spent(3), spent(4)) == (.used, .used, .cancelled, nil))
        #expect(
            try await (spent(5), spent(6), spent(7)) == (.cancelled, nil, nil), "a newer request took its place; and one that never was")
        let end = try #require(try await ledger.registry().requests.first { $0.candidate == nil }?.expiresAt)
        #expect(try await (spent(4, at: end), spent(4, at: end.advanced(by: -1))) == (.expired, nil))
        // Noted as expired by the next request.
        _ = try await ledger.perform(order("late", code: 8), by: root, at: end)
        #expect(try await spent(4, at: end) == .expired)
    }

    @Test(arguments: LedgerKind.allCases)
    func noRequestReplacesAKeyWithoutApproval(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        try await fill(ledger)
        let shop = try terminal("shop-42")
        await #expect(throws: LedgerError.wouldReplaceKey(shop)) {
            try await ledger.perform(order("shop-42", approvesItself: true), by: root, at: moment(1))
        }
        // Nor when the key came by mail in between.
        _ = try await ledger.perform(order("new", approvesItself: true), by: root, at: moment(1))
        _ = try await ledger.perform(.addTerminal(terminal("spare"), nil, key: nil), by: root, at: moment(1))
        #expect(try await enrol(ledger, 50) == .active(try #require(ledger.registry().terminal(named: terminal("new"))?.id)))
        // Nor in the name of somebody who was shut out since.
        _ = try await ledger.perform(order("later", code: 2, approvesItself: true), by: root, at: moment(1))
        _ = try await ledger.perform(.setStaffEnabled(staff("alice"), false), by: root, at: moment(2))
        #expect(try await enrol(ledger, 51, code: 2) == .waiting(terminal("later")))
    }

    @Test(arguments: LedgerKind.allCases)
    func groupsTagsAndKeysOfStaffAreKept(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        try await fill(ledger)
        let (night, berlin) = (try GroupName(parsing: "night"), try TerminalTag(parsing: "berlin"))
        let (alice, attic) = (try staff("alice"), try terminal("attic"))
        for change in [
            .addGroup(night), .setMember(night, alice, true), .setTag(attic, berlin, true), .grant(.group(night), .tag(berlin), until: nil),
            .addStaffKeys(alice, [try line(102)]), .setDetails(attic, organisation: "Shop Ltd", notes: nil),
            .setRole(alice, .admin), .setRole(alice, .support), .announce(Announcement(text: "restart at ten", until: moment(50))),
        ] as [RegistryChange] {
            _ = try await ledger.perform(change, by: root, at: moment(1))
        }
        var registry = try await ledger.registry()
        let member = try #require(registry.staff(named: alice))
        let terminal = try #require(registry.terminal(named: attic))
        #expect(registry.mayStillReach(member.id, terminal.id, at: moment(1)))
        #expect((terminal.tags, terminal.organisation, terminal.notes) == ([berlin], "Shop Ltd", ""))
        #expect(try member.keys.map(\.key) == [sampleKey(101), sampleKey(102)])
        #expect(registry.announcement(at: moment(49))?.text == "restart at ten")
        #expect(registry.announcement(at: moment(50)) == nil)

        registry = try await ledger.perform(.removeStaffKey(alice, sampleKey(101).fingerprint), by: root, at: moment(2)).registry
        #expect(try registry.principal(for: sampleKey(101), at: moment(0)) == nil)
        registry = try await ledger.perform(.setMember(night, alice, false), by: root, at: moment(2)).registry
        #expect(!registry.mayStillReach(member.id, terminal.id, at: moment(2)))
        registry = try await ledger.perform(.removeGroup(night), by: root, at: moment(2)).registry
        #expect(registry.groups.isEmpty)
        #expect(registry.grants.count == 1, "alice's own for shop-42")
    }

    @Test(arguments: LedgerKind.allCases)
    func refusedChangesOfPeopleLeaveEverythingAsItWas(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        try await fill(ledger)
        let (night, none) = (try GroupName(parsing: "night"), try GroupName(parsing: "none"))
        let (alice, attic) = (try staff("alice"), try terminal("attic"))
        _ = try await ledger.perform(.addGroup(night), by: root, at: moment(1))
        for number in 0..<RegistryLimits.tagsPerTerminal {
            _ = try await ledger.perform(.setTag(attic, TerminalTag(parsing: "t\(number)"), true), by: root, at: moment(1))
        }
        let before = try await dump(ledger)
        let other = try sampleKey(9).fingerprint
        let cases: [(RegistryChange, LedgerError)] = [
            (.addGroup(night), .groupExists(night)), (.removeGroup(none), .noGroup(none)), (.setMember(none, alice, true), .noGroup(none)),
            (.grant(.group(none), .terminal(attic), until: nil), .noGroup(none)),
            (.revoke(.group(night), .terminal(attic)), .noGrant(.group(night), .terminal(attic))),
            (.removeStaffKey(alice, other), .noStaffKey(alice, other)),
            (.removeStaffKey(alice, try sampleKey(101).fingerprint), .lastKey(alice)),
            (.addStaffKeys(alice, [try line(1)]), .keyTaken(try sampleKey(1), by: .terminal(try terminal("shop-42")))),
            (.addStaffKeys(alice, [try line(101)]), .keyTaken(try sampleKey(101), by: .staff(alice))),
            (.addStaffKeys(alice, []), .noKeys),
            (
                .addStaffKeys(alice, try (0..<RegistryLimits.keysPerStaff).map { try line(UInt8(150 + $0)) }),
                .tooManyKeys(count: RegistryLimits.keysPerStaff + 1)
            ),
            (.setTag(attic, try TerminalTag(parsing: "more"), true), .tooManyTags(attic)), (.cancelRequest(attic), .noRequest(attic)),
            (.approveWaiting(attic, nil), .nothingWaits(attic)), (.acceptHostKeys(attic, nil), .noChangedHostKeys(attic)),
            (try order("new", by: "nobody"), .noStaff(try staff("nobody"))),
        ]
        for (change, expected) in cases {
            await #expect(throws: expected) { try await ledger.perform(change, by: root, at: moment(50)) }
            #expect(try await dump(ledger) == before, "\(change)")
        }
    }

    @Test(arguments: LedgerKind.allCases)
    func firstHostKeysAreAcceptedAndOthersWait(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        let shop = try #require(try await fill(ledger).terminal(named: terminal("shop-42"))?.id)
        func report(_ keys: [UInt8], at second: Int64) async throws -> TerminalReport.Outcome {
            let keys = try keys.map { try sampleKey($0) }
            let report = TerminalReport(software: "towline-terminal", hostKeys: keys, loginUsers: [try LoginName(parsing: "alice")])
            return try await ledger.report(report, hostKeys: keys, of: shop, at: moment(second))
        }
        func record() async throws -> HostKeyRecord? { try await ledger.hostKeys(.of(shop)).first }
        #expect(try await record() == nil)
        #expect(try await report([70, 71], at: 1) == .first)
        let entries = try await ledger.audit(since: nil, limit: .max).count
        #expect(try await report([71, 70], at: 2) == .same, "in another order")
        #expect(try await report([70, 72], at: 3) == .changed)
        #expect(try await ledger.hostKeys(.changed).map(\.terminal) == [shop])
        #expect(try await report([72, 70], at: 4) == .changed)
        #expect(try await ledger.audit(since: nil, limit: .max).count == entries + 1, "told once")
        #expect(try await record()?.accepted == [sampleKey(70), sampleKey(71)])
        #expect(try await record()?.changed == [sampleKey(70), sampleKey(72)])
        #expect(try await record()?.reportedAt == moment(4))
        // 70 was there before: who names it says nothing about the new one.
        let other = try LedgerError.otherHostKeys(terminal("shop-42"), [sampleKey(72).fingerprint])
        for key in [70, 71, 73] as [UInt8] {
            await #expect(throws: other, "\(key)") {
                try await ledger.perform(.acceptHostKeys(terminal("shop-42"), sampleKey(key).fingerprint), by: root, at: moment(5))
            }
        }
        _ = try await ledger.perform(.acceptHostKeys(terminal("shop-42"), sampleKey(72).fingerprint), by: root, at: moment(5))
        #expect(try await record()?.accepted == [sampleKey(70), sampleKey(72)])
        #expect(try await record()?.changed == [])
        #expect(try await ledger.hostKeys(.changed).isEmpty)
        // What comes back by itself needs nobody.
        #expect(try await report([80], at: 6) == .changed)
        #expect(try await report([70, 72], at: 7) == .same)
        #expect(try await record()?.changed == [])
        #expect(try await ledger.hostKeys(.all).count == 1)
        _ = try await ledger.perform(.removeTerminal(terminal("shop-42")), by: root, at: moment(8))
        #expect(try await ledger.hostKeys(.all).isEmpty)
    }

    @Test(arguments: LedgerKind.allCases)
    func theLastUseOfAKeyIsKept(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        let alice = try #require(try await fill(ledger).staff(named: staff("alice")))
        let (run, _) = try await ledger.beginRun(at: moment(1))
        try await ledger.record(
            [.keyUsed(alice.id, sampleKey(101), at: moment(20)), .keyUsed(alice.id, sampleKey(101), at: moment(15))], run: run)
        #expect(try await ledger.registry().staff(alice.id)?.lastUses == [sampleKey(101): moment(20)])
    }

    @Test(arguments: LedgerKind.allCases)
    func keysOfStaffEndWhenTheyShall(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        let alice = try staff("alice")
        try await fill(ledger)
        _ = try await ledger.perform(.addStaffKeys(alice, [try line(102)], until: moment(50)), by: root, at: moment(1))
        var ends = try #require(try await ledger.registry().staff(named: alice)).keyEnds
        #expect(try ends == [sampleKey(102): moment(50)])
        let fingerprint = try sampleKey(102).fingerprint
        _ = try await ledger.perform(.limitStaffKey(alice, fingerprint, until: moment(90)), by: root, at: moment(2))
        _ = try await ledger.perform(.limitStaffKey(alice, fingerprint, until: moment(90)), by: root, at: moment(3))
        ends = try #require(try await ledger.registry().staff(named: alice)).keyEnds
        #expect(try ends == [sampleKey(102): moment(90)])
        _ = try await ledger.perform(.limitStaffKey(alice, fingerprint, until: nil), by: root, at: moment(4))
        #expect(try await ledger.registry().staff(named: alice)?.keyEnds == [:])
        let notes = try await ledger.audit(since: nil, limit: .max).filter { $0.action.hasPrefix("staff.key") }.map(\.detail)
        #expect(
            notes == [
                "key \(fingerprint), until \(moment(50))", "key \(fingerprint), until \(moment(90))", "key \(fingerprint), no end",
            ], "what changes nothing is no entry")
        let stranger = try sampleKey(7).fingerprint
        await #expect(throws: LedgerError.noStaffKey(alice, stranger)) {
            try await ledger.perform(.limitStaffKey(alice, stranger, until: nil), by: root, at: moment(5))
        }
    }

    @Test(arguments: LedgerKind.allCases)
    func whoLearnedOfAHostKeyIsKeptUntilTheNextOneIsPrepared_U03(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        let alice = try #require(try await fill(ledger).staff(named: staff("alice")))
        let (run, _) = try await ledger.beginRun(at: moment(1))
        let hostKey = try sampleKey(7).fingerprint
        try await ledger.record([.learnedHostKey(.staff(alice.id), key: sampleKey(101), hostKey: hostKey, at: moment(2))], run: run)
        #expect(try await ledger.registry().hostKeyLearned(by: sampleKey(101)) == hostKey)
        #expect(try await ledger.registry().hostKeyLearned(by: sampleKey(1)) == nil)
        let switched = try await ledger.perform(.relayKey(.switchOver, hostKey), by: root, at: moment(3))
        #expect(try switched.registry.hostKeyLearned(by: sampleKey(101)) == hostKey)
        let next = try await ledger.perform(.relayKey(.prepare, try sampleKey(8).fingerprint), by: root, at: moment(4))
        #expect(try next.registry.hostKeyLearned(by: sampleKey(101)) == nil)
    }

    @Test(arguments: LedgerKind.allCases)
    func theAuditLogIsReadFromATimeAndFromANumber(_ kind: LedgerKind) async throws {
        let (ledger, folder) = try kind.make()
        defer { _ = folder }
        try await fill(ledger)
        for second in [100, 200, 300] as [Int64] {
            try await ledger.note("test", subject: "\(second)", by: root, at: moment(second))
        }
        let all = try await ledger.audit(since: nil, limit: .max)
        #expect(try await ledger.audit(since: moment(200), limit: .max).map(\.subject) == ["200", "300"])
        #expect(try await ledger.audit(since: moment(200), limit: 1).map(\.subject) == ["300"])
        #expect(try await ledger.audit(after: 0, since: nil, limit: .max) == all)
        #expect(try await ledger.audit(after: all[1].number, since: nil, limit: 2) == Array(all[2...3]))
        #expect(try await ledger.audit(after: 0, since: moment(201), limit: 5).map(\.subject) == ["300"])
    }
}
