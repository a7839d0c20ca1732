/// Decides whether a new connection of a terminal's key may take the port from the connection that holds it.
///
/// A stale connection is always taken over at once. When connections that are provably alive take over from each other again
/// and again, two machines use one key: that is reported, and slowed down so that the newest serves for a while.
/// One value per terminal. Pure; times are monotonic, counted from any fixed moment.
package struct TakeoverJudge: Hashable, Sendable {
    /// What to do with the newcomer.
    package enum Verdict: Hashable, Sendable {
        /// Take over; nothing is suspicious.
        case takeOver
        /// Take over, and report a cloned key.
        case cloned
        /// Refuse the newcomer for now: a cloned key took over less than `minimumInterval` ago.
        case wait(Duration)
    }

    /// Takeovers from a live connection within `window` from which on the key counts as cloned (SECURITY A06).
    package static let suspicionThreshold = 3
    /// How long a takeover is remembered.
    package static let window: Duration = .seconds(60)
    /// Least time between two takeovers of a cloned key (SECURITY A06: 1 in 10 s).
    package static let minimumInterval: Duration = .seconds(10)

    /// Moments of takeovers from a live connection within the window, oldest first; at most `suspicionThreshold`.
    private var recent: [Duration] = []

    /// A judge without history.
    package init() {}

    /// Judges one takeover, and remembers it unless it is refused.
    /// - Parameters:
    ///   - oldIsAlive: bytes of the old connection arrived within its keepalive time.
    ///   - now: monotonic.
    package mutating func judge(oldIsAlive: Bool, at now: Duration) -> Verdict {
        recent.removeAll { now - $0 >= Self.window }
        guard oldIsAlive else { return .takeOver }
        if recent.count >= Self.suspicionThreshold, let last = recent.last, now - last < Self.minimumInterval {
            return .wait(Self.minimumInterval - (now - last))
        }
        recent.append(now)
        if recent.count > Self.suspicionThreshold { recent.removeFirst() }
        return recent.count >= Self.suspicionThreshold ? .cloned : .takeOver
    }
}
