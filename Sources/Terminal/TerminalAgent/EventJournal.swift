import Support
import TerminalCore

/// What happened lately, and what of it is to be kept.
struct EventJournal {
    /// How many events are shown in the status.
    static let capacity = 64
    /// The longest value of an entry, in Unicode scalars: lists of keys can be long, and the log on disk is bounded.
    static let longestValue = 400

    /// What a failure that comes after it is news again for.
    private static let beginnings: Set<LogEntry.Code> = [
        .supportOn, .supportOnUnlimited, .supportResumed, .supportReopened, .supportRestarted, .waiting,
    ]

    private(set) var events: [LogEntry] = []
    /// The highest number in use.
    private var last = 0
    /// The stages that this try has passed already: fetching the relay's key makes it pass the first ones twice.
    private var passed: Set<ConnectionStage> = []
    /// The failure that was kept last. A terminal that cannot connect fails every minute; the log on disk tells it once.
    private var keptFailure: TunnelFailure.Code?

    /// Goes on behind `number`, the last one of the log on disk.
    mutating func goOn(after number: Int) { last = max(last, number) }

    /// Notes an event.
    ///
    /// - Returns: the entry, if it is to be kept on disk.
    mutating func add(
        _ code: LogEntry.Code, _ values: [String: String] = [:], by actor: LogEntry.Actor = .system, failure: TunnelFailure? = nil,
        because cause: Cause? = nil
    ) -> LogEntry? {
        last += 1
        let entry = LogEntry(
            number: last, at: WallTime.now.description, code: code, values: values.mapValues(Self.cut), by: actor,
            failure: failure.map(TerminalStatus.Failure.init), cause: cause)
        events.append(entry)
        if events.count > Self.capacity { events.removeFirst() }
        if Self.beginnings.contains(code) { keptFailure = nil }
        if code.kind == .support { passed = [] }
        if let failure {
            passed = []
            if keptFailure == failure.code { return nil }
            keptFailure = failure.code
        }
        return code.isKept ? entry : nil
    }

    /// What is news when a connection comes to `stage`: everything before it is done.
    mutating func achieved(by stage: ConnectionStage, from before: SupportLifecycle.Phase) -> [LogEntry.Code] {
        guard case .trying(_, let previous) = before else { return [] }
        let done = ConnectionStage.allCases.filter { $0 >= previous && $0 < stage && !passed.contains($0) }
        passed.formUnion(done)
        if stage == .waiting { passed = [] }
        return done.map(LogEntry.Code.init(achieved:)) + (stage == .waiting ? [.waiting] : [])
    }

    private static func cut(_ value: String) -> String {
        value.unicodeScalars.count > longestValue ? String(value.unicodeScalars.prefix(longestValue)) + "…" : value
    }
}
