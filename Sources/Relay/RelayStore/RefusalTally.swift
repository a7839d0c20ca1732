import RelayCore
import Support

/// Keeps repeated refusals from filling the audit log: the first of a kind is written at once, its repeats as one entry a minute.
///
/// Pure. Ports of sources, and what was asked for, are left out when comparing: one prober who tries many keys counts as one.
struct RefusalTally {
    /// How long repeats are gathered, seconds.
    static let interval: Int64 = 60
    /// Different refusals remembered within an interval; further ones are counted together (a scan from many addresses).
    static let maximumKinds = 128

    private struct Kind: Hashable {
        let host: String
        let who: Principal?
        let why: String
    }

    private struct Repeats {
        /// What was asked for the first time.
        let what: String
        var count = 0
    }

    private var repeats: [Kind: Repeats] = [:]
    private var others = 0
    private var began: WallTime?

    /// Passes an event on, unless it repeats a refusal of this interval.
    mutating func admit(_ event: RelayEvent) -> RelayEvent? {
        guard case .refused(let source, let who, let what, let why, let at) = event else { return event }
        let kind = Kind(host: Self.host(of: source), who: who, why: why)
        if repeats[kind] != nil {
            repeats[kind]?.count += 1
            return nil
        }
        guard repeats.count < Self.maximumKinds else {
            others += 1
            return nil
        }
        if began == nil { began = at }
        repeats[kind] = Repeats(what: what)
        return event
    }

    /// What is to be written about the repeats when the interval is over, or `isEnding`; else nothing.
    mutating func flush(at now: WallTime, isEnding: Bool = false) -> [RelayEvent] {
        guard let start = began, isEnding || now.secondsSince1970 - start.secondsSince1970 >= Self.interval else { return [] }
        defer {
            repeats = [:]
            others = 0
            began = nil
        }
        var events = repeats.filter { $0.value.count > 0 }.map { kind, repeats in
            RelayEvent.refused(
                source: kind.host, who: kind.who, what: "\(repeats.what), or other things",
                why: "\(kind.why) (\(repeats.count) more times)",
                at: now)
        }
        if others > 0 {
            events.append(
                .refused(
                    source: "many addresses", who: nil, what: "various requests", why: "\(others) refusals not listed one by one", at: now))
        }
        return events
    }

    private static func host(of source: String) -> String {
        source.lastIndex(of: ":").map { String(source[..<$0]) } ?? source
    }
}
