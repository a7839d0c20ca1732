import EventLoops
import SystemCalls

/// The signals that a daemon ends by, as something for a loop to watch.
///
/// To be made in `main` before anything else runs; then set up and used on the loop only.
final class EndSignals: ReadinessHandler {
    private let signals: Signals

    /// Hears about each signal; on the loop.
    var report: (Signal) -> Void = { _ in }

    /// Blocks the signals for this thread and those that it starts; `nil` if the kernel has no descriptor for us.
    init?() {
        do throws(SystemError) { signals = try Signals([.terminate, .interrupt, .hangUp]) } catch { return nil }
    }

    /// The descriptor to watch.
    var raw: Int32 { signals.raw }

    func ready(_ readiness: Readiness) {
        while let signal = signals.next() { report(signal) }
    }
}
