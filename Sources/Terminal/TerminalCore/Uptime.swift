/// A point in the machine's life, suspended time included: what limits, pauses and back-off are counted in.
///
/// Cores take it as a value; drivers read it from the kernel's boot-time clock. It never jumps when someone sets the wall clock (X04).
package struct Uptime: Hashable, Comparable, Codable, Sendable {
    /// Nanoseconds since the machine started.
    package let nanoseconds: UInt64

    /// The point `nanoseconds` after the machine started.
    package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    package static func < (left: Uptime, right: Uptime) -> Bool { left.nanoseconds < right.nanoseconds }

    /// `duration` later; earlier if it is negative. Stays within the representable range.
    package static func + (time: Uptime, duration: Duration) -> Uptime {
        let (seconds, attoseconds) = duration.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (nanoseconds, overflowToo) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        guard !overflow, !overflowToo else { return Uptime(nanoseconds: seconds > 0 ? .max : 0) }
        if nanoseconds >= 0 {
            let sum = time.nanoseconds.addingReportingOverflow(UInt64(nanoseconds))
            return Uptime(nanoseconds: sum.overflow ? .max : sum.partialValue)
        }
        return Uptime(nanoseconds: time.nanoseconds > nanoseconds.magnitude ? time.nanoseconds - nanoseconds.magnitude : 0)
    }

    /// `duration` earlier.
    package static func - (time: Uptime, duration: Duration) -> Uptime { time + (.zero - duration) }

    /// How long after `right` `left` is; negative if it is before.
    package static func - (left: Uptime, right: Uptime) -> Duration {
        .nanoseconds(Int64(bitPattern: left.nanoseconds &- right.nanoseconds))
    }
}
