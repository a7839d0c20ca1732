package import SSHKeys
package import Support

/// The relay's memory: who is known, who may do what, what happened. Survives the process.
///
/// One contract suite runs on every implementation (SQLite, in memory; PostgreSQL later). All calls are safe from any task; each is
/// one transaction; what returned without error is durable.
package protocol RelayLedger: Sendable {
    /// The rows of now as a snapshot.
    /// - Cost: O(rows).
    func registry() async throws(LedgerError) -> Registry

    /// Does `change`, notes it in the audit log, and returns the snapshot after it, all in one transaction.
    ///
    /// Enabling what is enabled, or approving the key that a terminal has, is not an error and leaves no audit entry.
    /// - Returns: the snapshot, and the key that an approval has replaced; `nil`: none.
    func perform(
        _ change: RegistryChange, by actor: AuditActor, at now: WallTime
    ) async throws(LedgerError) -> (registry: Registry, replaced: PublicKey?)

    /// Uses a join code for a key that proved itself: once, in one transaction; with its audit entry.
    ///
    /// The same key again, while it waits, is answered as the first time and not written. A code that is not open, a disabled terminal, and
    /// a key that belongs to somebody or waits for another terminal are `.refused`, which is not an error and leaves everything as it was.
    /// A request that approves itself lets the key wait after all if the terminal has got a key meanwhile, or who asked was shut out.
    func enrol(
        _ key: PublicKey, codeDigest: [UInt8], source: String, at now: WallTime
    ) async throws(LedgerError) -> (enrolment: Enrolment, registry: Registry)

    /// Remembers what a terminal says about itself. The first host keys are accepted; others wait, and that is noted in the audit log once.
    /// - Parameter hostKeys: at least one, each once.
    func report(
        _ report: TerminalReport, hostKeys: [PublicKey], of terminal: TerminalID, at now: WallTime
    ) async throws(LedgerError) -> TerminalReport.Outcome

    /// What terminals have said about themselves, in no order.
    func hostKeys(_ query: HostKeyQuery) async throws(LedgerError) -> [HostKeyRecord]

    /// Notes something that somebody did and that changes no row, for example the end of a session by command.
    /// - Parameters:
    ///   - action: a fixed word.
    ///   - subject: about whom or what; printable.
    func note(_ action: String, subject: String, by actor: AuditActor, at now: WallTime) async throws(LedgerError)

    /// Writes what the switch reported: bridges, last-seen times, audit entries.
    ///
    /// Events of principals that were removed meanwhile are still noted in the audit log, by number.
    func record(_ events: [RelayEvent], run: RunID) async throws(LedgerError)

    /// Moves `lastSeen` of terminals forward (never back); unknown terminals are skipped. No audit entry.
    func noteSeen(_ times: [TerminalID: WallTime]) async throws(LedgerError)

    /// Begins a run of the relay: closes bridges and online periods that a run before left open as `.recovered`, and numbers the run.
    ///
    /// Such a period ended when its terminal was last seen, as far as the store knows.
    /// - Returns: the run's number and how many bridges were closed.
    func beginRun(at now: WallTime) async throws(LedgerError) -> (run: RunID, recovered: Int)

    /// Past and open bridges, newest first, at most `limit`.
    func bridges(limit: Int) async throws(LedgerError) -> [BridgeRecord]

    /// Those that led to the terminal of this name and were opened at `since` or later, newest first, at most `limit`.
    func bridges(to terminal: TerminalName, since: WallTime, limit: Int) async throws(LedgerError) -> [BridgeRecord]

    /// When a terminal was online: its periods that had not ended before `since`, newest first, at most `limit`.
    ///
    /// The bounds of `OnlinePeriod` hold after each write.
    func periods(of terminal: TerminalID, since: WallTime?, limit: Int) async throws(LedgerError) -> [OnlinePeriod]

    /// The first `limit` occurrences behind `number`, oldest first. Of all there are, the newest `Occurrence.kept` are kept.
    func occurrences(after number: Int64, limit: Int) async throws(LedgerError) -> OccurrencePage

    /// The newest `limit` occurrences before `number`, or of all, newest first.
    func occurrences(before number: Int64?, limit: Int) async throws(LedgerError) -> [Occurrence]

    /// How many occurrences of these kinds there are behind `number`.
    func occurrenceCount(after number: Int64, of kinds: Set<Occurrence.Kind>) async throws(LedgerError) -> Int

    /// The number of the last occurrence that each receiver has taken, in the order given; for one that is new, of the last that there is.
    ///
    /// Receivers that are not named are forgotten.
    func webhookPositions(of endpoints: [String]) async throws(LedgerError) -> [Int64]

    /// Remembers that a receiver has taken all up to `number`.
    func noteDelivered(_ number: Int64, to endpoint: String) async throws(LedgerError)

    /// The newest `limit` entries of the audit log that are not older than `since`, oldest first.
    func audit(since: WallTime?, limit: Int) async throws(LedgerError) -> [AuditEntry]

    /// The first `limit` entries behind entry `number` that are not older than `since`, oldest first.
    func audit(after number: Int64, since: WallTime?, limit: Int) async throws(LedgerError) -> [AuditEntry]

    /// Follows the chain of digests from the first entry to the last.
    /// - Cost: O(entries).
    func verifyAudit() async throws(LedgerError) -> AuditVerdict
}

/// The number of a run of the relay, counted up in the store.
package struct RunID: Hashable, Comparable, Sendable {
    /// 1 or more.
    package let rawValue: Int64

    /// Wraps a number from the store.
    package init(_ rawValue: Int64) { self.rawValue = rawValue }

    /// The order of the runs.
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A bridge as the store remembers it: names are those at the time it was opened.
package struct BridgeRecord: Hashable, Sendable {
    /// The run in which it was opened.
    package let run: RunID
    /// Its number in that run.
    package let id: BridgeID
    /// Who opened it.
    package let staff: String
    /// Where it led.
    package let terminal: String
    /// The key that proved it.
    package let key: Fingerprint
    /// The member of staff's end as `address:port`.
    package let source: String
    /// When it was opened.
    package let openedAt: WallTime
    /// When and why it ended; `nil`: open.
    package let end: End?

    /// How a bridge ended.
    package struct End: Hashable, Sendable {
        /// When.
        package let at: WallTime
        /// Why.
        package let reason: BridgeEnd
        /// Bytes carried from staff to the terminal. 0 if recovered.
        package let bytesToTerminal: UInt64
        /// Bytes carried from the terminal to staff. 0 if recovered.
        package let bytesFromTerminal: UInt64

        /// An end from its parts.
        package init(at: WallTime, reason: BridgeEnd, bytesToTerminal: UInt64, bytesFromTerminal: UInt64) {
            self.at = at
            self.reason = reason
            self.bytesToTerminal = bytesToTerminal
            self.bytesFromTerminal = bytesFromTerminal
        }
    }

    /// A record from its parts.
    package init(
        run: RunID, id: BridgeID, staff: String, terminal: String, key: Fingerprint, source: String, openedAt: WallTime, end: End?
    ) {
        self.run = run
        self.id = id
        self.staff = staff
        self.terminal = terminal
        self.key = key
        self.source = source
        self.openedAt = openedAt
        self.end = end
    }
}
