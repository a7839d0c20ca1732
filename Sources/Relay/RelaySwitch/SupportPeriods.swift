import RelayCore
import Support
import Synchronization

/// How long each terminal's support has been open, for all switchboards: the relay's own limit on what a customer opened and forgot.
///
/// Asked when a tunnel begins, and when rules change. What happened in this run is kept here; what happened before comes with the registry.
final class SupportPeriods: Sendable {
    private struct State {
        var limit: Duration?
        var began: [TerminalID: WallTime] = [:]
        /// When a terminal was refused for the last time.
        var refused: [TerminalID: WallTime] = [:]
    }

    private let state: Mutex<State>

    init(limit: Duration?) { state = Mutex(State(limit: limit)) }

    /// The longest period; `nil`: none.
    var limit: Duration? {
        get { state.withLock(\.limit) }
        set { state.withLock { $0.limit = newValue } }
    }

    /// What becomes of a tunnel.
    enum Verdict: Equatable, Sendable {
        /// It may stay for this long; `nil`: for ever. `isNew`: the store is to remember that a period began now.
        case open(left: Duration?, isNew: Bool)
        /// The limit is reached.
        case over(limit: Duration)
    }

    /// Judges a terminal that asks for its tunnel.
    /// - Parameter lastSeen: as far as this run of the relay knows.
    func judge(_ terminal: Terminal, lastSeen: WallTime?, at now: WallTime) -> Verdict {
        state.withLock { state in
            let seen = [terminal.lastSeen, lastSeen, state.refused[terminal.id]].compactMap(\.self).max()
            let period = SupportPeriod(at: now, began: Self.began(terminal, state), lastSeen: seen)
            if let limit = state.limit, period.left(of: limit, at: now) <= .zero {
                state.refused[terminal.id] = now
                return .over(limit: limit)
            }
            state.refused[terminal.id] = nil
            state.began[terminal.id] = period.began
            return .open(left: state.limit.map { period.left(of: $0, at: now) }, isNew: period.isNew)
        }
    }

    /// How long a terminal whose tunnel is there may stay, now; `nil`: for ever.
    func left(_ terminal: Terminal, at now: WallTime) -> Duration? {
        state.withLock { state in
            guard let limit = state.limit, let began = Self.began(terminal, state) else { return nil }
            return limit - .seconds(now.secondsSince1970 - began.secondsSince1970)
        }
    }

    /// The later of what the store knows, where staff renew a period, and what this run knows.
    private static func began(_ terminal: Terminal, _ state: State) -> WallTime? {
        [terminal.supportSince, state.began[terminal.id]].compactMap(\.self).max()
    }
}
