package import Support

/// Support that is on, as it is remembered on disk: for an agent that goes on after its predecessor died, and for auto-start.
///
/// The limit is measured on the machine's boot-time clock, which no jump of the wall clock touches (X04). That clock starts anew when the
/// machine does, so two more bounds are kept for that case: how much time was left when it was last written, and the end by the wall clock.
/// The smaller one counts. Time that passes while the machine is off counts as far as the wall clock tells; support never gets longer.
package struct SupportRecord: Hashable, Codable, Sendable {
    /// Which run of the program wrote it.
    package var run: String
    /// Which start of the machine, as the kernel names it.
    package var boot: String
    /// When support ends on the boot-time clock; nil: until stopped.
    package var deadline: Uptime?
    /// How many seconds were left when it was written; nil: until stopped.
    package var secondsLeft: Int64?
    /// When support ends by the wall clock; nil: until stopped.
    package var end: WallTime?

    /// How often it is written anew while a limit runs: so much may be counted twice if the power fails and the wall clock is lost.
    package static let interval = Duration.seconds(300)

    /// The record of support that ends at `deadline`.
    package init(run: String, boot: String, deadline: Uptime?, now: Uptime, wall: WallTime) {
        self.run = run
        self.boot = boot
        self.deadline = deadline
        secondsLeft = deadline.map { max(0, ($0 - now).components.seconds) }
        end = secondsLeft.map { wall.advanced(by: $0) }
    }

    /// What to do with it when the program starts.
    package enum Resumption: Hashable, Sendable {
        /// Support was on in this very run: it goes on until then.
        case goOn(until: Uptime?)
        /// Support was on when the service ended, and its limit allows more.
        case reopen(until: Uptime?)
        /// Support was on when the service ended, and its limit has passed meanwhile.
        case expired
        /// It stays off until somebody starts it.
        case stayOff
    }

    /// What to do with it in `run` of the program.
    package func resumption(run: String, boot: String, now: Uptime, wall: WallTime, autoStart: Bool) -> Resumption {
        if run == self.run { return .goOn(until: deadline) }
        guard autoStart else { return .stayOff }
        guard let deadline, let secondsLeft, let end else { return .reopen(until: nil) }
        if boot == self.boot { return now < deadline ? .reopen(until: deadline) : .expired }
        let left = min(secondsLeft, end.secondsSince1970 - wall.secondsSince1970)
        return left > 0 ? .reopen(until: now + .seconds(left)) : .expired
    }
}
