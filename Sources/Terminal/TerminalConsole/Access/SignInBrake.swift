import SystemCalls

/// Slows guessing down without locking anybody out who was here before (W04).
///
/// There is one password, so what counts against it are the tries of all strangers together, however many addresses they have. A browser
/// that signed in once is known by a cookie and has tries of its own: a flood of wrong passwords does not keep it waiting.
///
/// A value; the time comes in. Its size is bounded.
struct SignInBrake {
    /// Who tries.
    enum Guest: Hashable {
        /// A browser that signed in before, by its device's name.
        case device(String)
        /// Anybody else, by their address.
        case stranger(SourceGroup)
    }

    /// Tries that can be had at once, and the time after which there is one more.
    struct Pace: Equatable {
        let burst: Double
        let refill: Duration
    }

    /// All strangers together: 20, then 20 a minute. Ten characters chosen at random outlast that by ages, poor ones by weeks.
    static let strangers = Pace(burst: 20, refill: .seconds(3))
    /// One address: 5, then 5 a minute, so that one guesser does not use up what strangers have.
    static let source = Pace(burst: 5, refill: .seconds(12))
    /// One known device: 10, then 10 a minute.
    static let device = Pace(burst: 10, refill: .seconds(6))
    /// Guests remembered; at the limit the one with the most tries left is forgotten, which changes least.
    static let maximum = 1024

    private struct Bucket {
        var tries: Double
        var time: MonotonicTime

        /// Tries at `now`.
        func filled(_ pace: Pace, at now: MonotonicTime) -> Double {
            let gained = Double((now - time).wholeNanoseconds) / Double(pace.refill.wholeNanoseconds)
            return min(pace.burst, tries + max(0, gained))
        }
    }

    private var all: Bucket?
    private var guests: [Guest: Bucket] = [:]

    var count: Int { guests.count }

    private static func pace(_ guest: Guest) -> Pace {
        switch guest {
        case .device: device
        case .stranger: source
        }
    }

    /// Takes one try for `guest`.
    ///
    /// - Returns: `nil` if it may be made; else how long to wait for the next. Then none was taken.
    mutating func take(_ guest: Guest, at now: MonotonicTime) -> Duration? {
        let pace = Self.pace(guest)
        let own = guests[guest]?.filled(pace, at: now) ?? pace.burst
        let common = all?.filled(Self.strangers, at: now) ?? Self.strangers.burst
        var isStranger = false
        if case .stranger = guest { isStranger = true }
        let wait = max(Self.wait(own, pace), isStranger ? Self.wait(common, Self.strangers) : .zero)
        guard wait == .zero else { return wait }
        if guests[guest] == nil, guests.count >= Self.maximum { forgetOne(at: now) }
        guests[guest] = Bucket(tries: own - 1, time: now)
        if isStranger { all = Bucket(tries: common - 1, time: now) }
        return nil
    }

    /// Gives a try back: the password was right.
    mutating func succeeded(_ guest: Guest) {
        guests[guest]?.tries += 1
        if case .stranger = guest { all?.tries += 1 }
    }

    private static func wait(_ tries: Double, _ pace: Pace) -> Duration {
        tries >= 1 ? .zero : .nanoseconds(Int64(((1 - tries) * Double(pace.refill.wholeNanoseconds)).rounded(.up)))
    }

    private mutating func forgetOne(at now: MonotonicTime) {
        let fullest = guests.max { left, right in
            Self.pace(left.key).burst - left.value.filled(Self.pace(left.key), at: now)
                > Self.pace(right.key).burst - right.value.filled(Self.pace(right.key), at: now)
        }
        if let fullest { guests[fullest.key] = nil }
    }
}
