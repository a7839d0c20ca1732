import RelayCore
import Support
import Synchronization

/// Where a tunnel is held.
struct TunnelPlace: Hashable, Sendable {
    /// Index of the switchboard.
    var board: Int
    /// The connection's number.
    let connection: UInt64
    /// The peer as `address:port`.
    let source: String
}

/// Which connection on which switchboard holds each terminal's tunnel: the one thing that switchboards share.
///
/// Asked when a tunnel begins or ends and when a bridge is opened, never for data. (DESIGN §10: with several relays, this question is
/// asked of all of them.)
final class TunnelDirectory: Sendable {
    /// What came of a claim.
    enum Claim: Sendable {
        /// The claimant holds the tunnel now; if there was an older holder, it must be told. `isCloned`: report it.
        case granted(takenFrom: TunnelPlace?, isCloned: Bool)
        /// A cloned key took over a moment ago: claim again after this time.
        case wait(Duration)
    }

    private struct State {
        var places: [TerminalID: TunnelPlace] = [:]
        /// Judges of terminals whose tunnel was taken over, kept while they have something to remember.
        var judges: [TerminalID: TakeoverJudge] = [:]
        var lastSeen: [TerminalID: WallTime] = [:]
        /// The two places that one key came from last, and until when that is told.
        var rivals: [TerminalID: (first: TunnelPlace, second: TunnelPlace, until: Duration)] = [:]
    }

    /// How long it is told that a key came from two places: long enough to be seen by somebody who looks now and then.
    static let rivalryIsTold: Duration = .seconds(3600)

    private let state = Mutex(State())

    /// Claims the tunnel of `terminal` for a connection; its older connection, if any, loses it at this moment.
    ///
    /// The older one counts as alive: had it been silent for its keepalive time, it would be gone, and takeovers of stale connections come
    /// too slowly to look like a clone's.
    func claim(_ terminal: TerminalID, _ place: TunnelPlace, at now: Duration) -> Claim {
        state.withLock { state in
            guard let old = state.places[terminal], old.connection != place.connection else {
                state.places[terminal] = place
                return .granted(takenFrom: nil, isCloned: false)
            }
            var judge = state.judges[terminal] ?? TakeoverJudge()
            let verdict = judge.judge(oldIsAlive: true, at: now)
            state.judges[terminal] = judge
            if verdict != .takeOver { state.rivals[terminal] = (old, place, until: now + Self.rivalryIsTold) }
            switch verdict {
            case .wait(let time): return .wait(time)
            case .takeOver, .cloned:
                state.places[terminal] = place
                return .granted(takenFrom: old, isCloned: verdict == .cloned)
            }
        }
    }

    /// Ends the tunnel of `terminal` if `connection` still holds it. Returns whether it did.
    func release(_ terminal: TerminalID, connection: UInt64, lastHeard: WallTime) -> Bool {
        state.withLock { state in
            state.lastSeen[terminal] = lastHeard
            guard state.places[terminal]?.connection == connection else { return false }
            state.places[terminal] = nil
            return true
        }
    }

    /// Notes that a connection was handed to another switchboard.
    func moved(_ terminal: TerminalID, connection: UInt64, to board: Int) {
        state.withLock { state in
            if state.places[terminal]?.connection == connection { state.places[terminal]?.board = board }
        }
    }

    /// Where the tunnel of `terminal` is held; `nil` if the terminal is offline.
    func place(of terminal: TerminalID) -> TunnelPlace? {
        state.withLock { $0.places[terminal] }
    }

    /// From where else than `source` the terminal's key came lately, as `address:port`; `nil`: from nowhere.
    func rival(of terminal: TerminalID, at source: String, now: Duration) -> String? {
        state.withLock { state in
            guard let rivals = state.rivals[terminal] else { return nil }
            guard rivals.until > now else {
                state.rivals[terminal] = nil
                return nil
            }
            return rivals.first.source == source ? rivals.second.source : rivals.first.source
        }
    }

    /// When this run of the relay last heard of a terminal that is offline now.
    func lastSeen(_ terminal: TerminalID) -> WallTime? {
        state.withLock { $0.lastSeen[terminal] }
    }
}
