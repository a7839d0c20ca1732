/// How long to pause after so many failures in a row: full jitter below a ceiling that doubles.
///
/// Ceilings: 1, 2, 4, 8, 16, 32, 60, 60, … seconds; the pause is anything from nothing to the ceiling, so that terminals that lost the
/// relay together do not come back together.
package struct Backoff: Hashable, Sendable {
    /// The ceiling after the first failure.
    package static let base = Duration.seconds(1)
    /// The highest ceiling.
    package static let cap = Duration.seconds(60)
    /// The highest ceiling while the relay waits for support's approval: staff who have just given it wait for the terminal.
    package static let approvalCap = Duration.seconds(8)
    /// A tunnel that stood this long has proved that things work: failures before it no longer count.
    package static let stability = Duration.seconds(60)

    /// Failures in a row so far.
    package private(set) var failures = 0

    /// No failure yet.
    package init() {}

    /// The ceiling for the coming pause.
    package var ceiling: Duration { failures >= 6 ? Self.cap : Self.base * (1 << failures) }

    /// Counts one more failure and returns how long to pause.
    ///
    /// - Parameters:
    ///   - chance: 0 ..< 1, evenly distributed; values outside are clamped.
    ///   - cap: the highest ceiling.
    package mutating func pause(chance: Double, cap: Duration = Self.cap) -> Duration {
        let pause = min(ceiling, cap) * min(max(chance, 0), 1)
        failures += 1
        return pause
    }

    /// Starts over: after `stability`, or because something changed for the better.
    package mutating func reset() { failures = 0 }
}
