import RelayCore
import RelayStore
import SSHKeys
import Support
import Synchronization
import TestFolders
import Testing

@Suite struct EventJournalTests {
    /// A ledger that can be made to fail and that counts what it is given.
    private final class Slow: RelayLedger {
        private let folder = TemporaryFolder()
        private let inner: SQLiteLedger
        private let failures = Mutex(0)
        let batches = Mutex<[[RelayEvent]]>([])

        /// With run 1, that the events belong to.
        init() async throws {
            inner = try folder.ledger()
            _ = try await inner.beginRun(at: moment(0))
        }

        func fail(times: Int) { failures.withLock { $0 = times } }

        func registry() async throws(LedgerError) -> Registry { try await inner.registry() }
        func perform(
            _ change: RegistryChange, by actor: AuditActor, at now: WallTime
        ) async throws(LedgerError) -> (registry: Registry, replaced: PublicKey?) {
            try await inner.perform(change, by: actor, at: now)
        }
        func record(_ events: [RelayEvent], run: RunID) async throws(LedgerError) {
            let isFailing = failures.withLock { left in
                defer { left = max(0, left - 1) }
                return left > 0
            }
            if isFailing { throw .unavailable(detail: "database or disk is full") }
            batches.withLock { $0.append(events) }
            try await inner.record(events, run: run)
        }
        func note(_ action: String, subject: String, by actor: AuditActor, at now: WallTime) async throws(LedgerError) {
            try await inner.note(action, subject: subject, by: actor, at: now)
        }
        func noteSeen(_ times: [TerminalID: WallTime]) async throws(LedgerError) { try await inner.noteSeen(times) }
        func beginRun(at now: WallTime) async throws(LedgerError) -> (run: RunID, recovered: Int) { try await inner.beginRun(at: now) }
        func bridges(limit: Int) async throws(LedgerError) -> [BridgeRecord] { try await inner.bridges(limit: limit) }
        func bridges(to terminal: TerminalName, since: WallTime, limit: Int) async throws(LedgerError) -> [BridgeRecord] {
            try await inner.bridges(to: terminal, since: since, limit: limit)
        }
        func periods(of terminal: TerminalID, since: WallTime?, limit: Int) async throws(LedgerError) -> [OnlinePeriod] {
            try await inner.periods(of: terminal, since: since, limit: limit)
        }
        func occurrences(after number: Int64, limit: Int) async throws(LedgerError) -> OccurrencePage {
            try await inner.occurrences(after: number, limit: limit)
        }
        func occurrences(before number: Int64?, limit: Int) async throws(LedgerError) -> [Occurrence] {
            try await inner.occurrences(before: number, limit: limit)
        }
        func occurrenceCount(after number: Int64, of kinds: Set<Occurrence.Kind>) async throws(LedgerError) -> Int {
            try await inner.occurrenceCount(after: number, of: kinds)
        }
        func webhookPositions(of endpoints: [String]) async throws(LedgerError) -> [Int64] {
            try await inner.webhookPositions(of: endpoints)
        }
        func noteDelivered(_ number: Int64, to endpoint: String) async throws(LedgerError) {
            try await inner.noteDelivered(number, to: endpoint)
        }
        func audit(since: WallTime?, limit: Int) async throws(LedgerError) -> [AuditEntry] {
            try await inner.audit(since: since, limit: limit)
        }
        func audit(after number: Int64, since: WallTime?, limit: Int) async throws(LedgerError) -> [AuditEntry] {
            try await inner.audit(after: number, since: since, limit: limit)
        }
        func enrol(
            _ key: PublicKey, codeDigest: [UInt8], source: String, at now: WallTime
        ) async throws(LedgerError) -> (enrolment: Enrolment, registry: Registry) {
            try await inner.enrol(key, codeDigest: codeDigest, source: source, at: now)
        }
        func report(
            _ report: TerminalReport, hostKeys: [PublicKey], of terminal: TerminalID, at now: WallTime
        ) async throws(LedgerError) -> TerminalReport.Outcome {
            try await inner.report(report, hostKeys: hostKeys, of: terminal, at: now)
        }
        func hostKeys(_ query: HostKeyQuery) async throws(LedgerError) -> [HostKeyRecord] { try await inner.hostKeys(query) }
        func verifyAudit() async throws(LedgerError) -> AuditVerdict { try await inner.verifyAudit() }
    }

    private let key = Fingerprint("SHA256:" + String(repeating: "A", count: 43))

    private func opened(_ number: Int64) throws -> RelayEvent {
        .bridgeOpened(BridgeID(number), StaffID(1), key: try #require(key), TerminalID(1), source: "192.0.2.7:40000", at: moment(1))
    }

    private func refused(_ host: String, _ port: Int, what: String = "shell") -> RelayEvent {
        .refused(source: "\(host):\(port)", who: nil, what: what, why: "not here", at: moment(1))
    }

    /// Reports, ends and waits until all is written.
    private func run(_ ledger: some RelayLedger, onFailure: @escaping @Sendable (LedgerError) -> Void = { _ in }, _ events: [RelayEvent])
        async
    {
        let journal = EventJournal(ledger: ledger, run: RunID(1), now: { moment(2) }, onFailure: onFailure)
        for event in events { journal.report(event) }
        let writer = Task { await journal.write() }
        journal.end()
        await writer.value
    }

    @Test func everythingReportedBeforeTheEndIsWritten() async throws {
        let ledger = try await Slow()
        await run(ledger, try (1...3_000).map { try opened(Int64($0)) })
        #expect(try await ledger.bridges(limit: .max).count == 3_000)
        #expect(ledger.batches.withLock { $0.allSatisfy { $0.count <= EventJournal.maximumBatch } })
    }

    @Test func failedWritesAreRepeatedAndToldOnce() async throws {
        let ledger = try await Slow()
        ledger.fail(times: 2)
        let told = Mutex(0)
        let journal = EventJournal(ledger: ledger, run: RunID(1), now: { moment(2) }, onFailure: { _ in told.withLock { $0 += 1 } })
        let writer = Task { await journal.write() }
        journal.report(try opened(1))
        // Two pauses of a second, and what a busy machine adds.
        let deadline = ContinuousClock.now + .seconds(60)
        while try await ledger.bridges(limit: 1).isEmpty {
            try #require(ContinuousClock.now < deadline, "the batch was never written")
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(told.withLock { $0 } == 1)
        journal.end()
        await writer.value
    }

    @Test func queueIsBoundedAndTellsWhatItDropped() async throws {
        let ledger = try await Slow()
        let flood = (0..<(EventJournal.maximumWaiting + 10)).map { refused("192.0.2.1", $0, what: "shell \($0)") }
        await run(ledger, flood + [try opened(1)])
        // The bridge came after the bound of the others and is there.
        #expect(try await ledger.bridges(limit: 10).count == 1)
        let entries = try await ledger.audit(since: nil, limit: .max)
        #expect(entries.contains { $0.detail.contains("10 events") })
        #expect(entries.count < 400)
    }

    @Test func repeatedRefusalsAreOneEntryAMinute() async throws {
        let ledger = try await Slow()
        await run(ledger, (0..<500).map { refused("192.0.2.1", $0) } + [refused("192.0.2.2", 1)])
        let entries = try await ledger.audit(since: nil, limit: .max).filter { $0.action == "refused" }
        #expect(entries.count == 3)
        #expect(entries.contains { $0.detail.contains("(499 more times)") })
    }
}
