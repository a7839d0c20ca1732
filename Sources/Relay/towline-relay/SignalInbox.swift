import Synchronization
import SystemCalls

/// The signals that arrived at the daemon, for the one task that obeys them.
final class SignalInbox: Sendable {
    /// All signals, in their order; for one reader.
    let signals: AsyncStream<Signal>
    private let continuation: AsyncStream<Signal>.Continuation
    private let endings = Atomic<Int>(0)

    init() { (signals, continuation) = AsyncStream.makeStream() }

    /// Takes one; any thread.
    func arrived(_ signal: Signal) {
        if signal != .hangUp { endings.add(1, ordering: .relaxed) }
        continuation.yield(signal)
    }

    /// Whether the relay was asked to end a second time: then it waits for nobody.
    var isImpatient: Bool { endings.load(ordering: .relaxed) > 1 }
}
