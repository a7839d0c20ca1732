import Glibc

/// A point on the kernel's monotonic clock: what limits, deadlines and back-off are counted in.
///
/// It does not jump when someone sets the wall clock. Two values compare only within one run of the machine.
package struct MonotonicTime: Hashable, Comparable, Sendable {
    /// Nanoseconds since the machine started.
    package let nanoseconds: UInt64

    /// The point `nanoseconds` after the machine started.
    package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// Before every other value.
    package static let zero = MonotonicTime(nanoseconds: 0)

    /// Whether `left` is earlier.
    package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.nanoseconds < right.nanoseconds }

    /// `duration` later (earlier if it is negative); stays within the representable range.
    package static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
        let delta = duration.wholeNanoseconds
        if delta >= 0 {
            let (sum, overflow) = time.nanoseconds.addingReportingOverflow(UInt64(delta))
            return MonotonicTime(nanoseconds: overflow ? .max : sum)
        }
        let magnitude = delta.magnitude
        return MonotonicTime(nanoseconds: time.nanoseconds > magnitude ? time.nanoseconds - magnitude : 0)
    }

    /// How long after `right` `left` is; negative if it is before.
    package static func - (left: MonotonicTime, right: MonotonicTime) -> Duration {
        .nanoseconds(Int64(bitPattern: left.nanoseconds &- right.nanoseconds))
    }
}

extension Duration {
    /// The length in nanoseconds, cut to a whole number; the ends of Int64 for what does not fit (292 years).
    package var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflowToo) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        if overflow || overflowToo { return seconds < 0 ? .min : .max }
        return sum
    }
}

/// Reads the kernel's monotonic clocks.
package enum MonotonicClock {
    /// `CLOCK_MONOTONIC`: stands still while the machine is suspended. One vDSO call.
    package static var now: MonotonicTime { read(CLOCK_MONOTONIC) }

    /// `CLOCK_BOOTTIME`: goes on while the machine is suspended; for limits that people set ("8 hours").
    package static var nowIncludingSuspend: MonotonicTime { read(CLOCK_BOOTTIME) }

    private static func read(_ clock: clockid_t) -> MonotonicTime {
        var time = timespec()
        let status = clock_gettime(clock, &time)
        precondition(status == 0, "the kernel has this clock")
        return MonotonicTime(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }
}

/// The wall clock: for people only; it may be wrong and may jump.
package enum WallClock {
    /// Seconds since 1970-01-01T00:00:00Z.
    package static var seconds: Int64 { Int64(time(nil)) }

    /// `seconds` as ISO 8601 in UTC, such as `2026-11-24T02:04:18Z`.
    static func text(_ seconds: Int64) -> String {
        var time = time_t(seconds)
        var parts = tm()
        guard gmtime_r(&time, &parts) != nil else { return "\(seconds)" }
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
            + "T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
    }
}
