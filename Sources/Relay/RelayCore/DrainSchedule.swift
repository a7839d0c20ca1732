/// How the tunnels of a relay that is about to restart are let go: spread evenly, so that they do not all come back in the same second.
///
/// Pure; asked once a second. (SECURITY R11, R8.)
package struct DrainSchedule: Hashable, Sendable {
    /// Time that is left for it, and that ends it for the tunnels that become free later.
    private var remaining: Duration

    /// A schedule that takes `time`; nothing or less: everything at once.
    package init(over time: Duration) { remaining = time }

    /// How many of `idle` tunnels to let go now; then the next second begins.
    ///
    /// When the time is over: all.
    package mutating func next(of idle: Int) -> Int {
        let seconds = Int(max(0, remaining.components.seconds)) + 1
        remaining -= .seconds(1)
        return (idle + seconds - 1) / seconds
    }
}
