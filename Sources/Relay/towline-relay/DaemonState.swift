import RelayOperation
import Synchronization

/// What of a running daemon changes, for all its tasks.
final class DaemonState: Sendable {
    private let state: Mutex<(configuration: RelayConfiguration, isDraining: Bool)>

    init(_ configuration: RelayConfiguration) { state = Mutex((configuration, false)) }

    /// What is in force.
    var configuration: RelayConfiguration { state.withLock(\.configuration) }

    /// Whether the relay lets open sessions end before it restarts.
    var isDraining: Bool {
        get { state.withLock(\.isDraining) }
        set { state.withLock { $0.isDraining = newValue } }
    }

    /// Takes what can change now; returns the keys that changed, and those that wait for a restart.
    func take(_ configuration: RelayConfiguration) -> (changed: [String], waiting: [String]) {
        state.withLock { $0.configuration.take(from: configuration) }
    }
}
