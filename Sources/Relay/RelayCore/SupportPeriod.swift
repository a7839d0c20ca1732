package import Support

/// A stretch of time in which a customer has support open: what the relay's own limit is counted by, whatever the terminal's clock says.
///
/// It begins when the terminal connects after it was away. A reconnect goes on with it, and so does one that the relay refused because the
/// limit was reached: a terminal that never stops asking stays shut out until staff renew it. Pure.
package struct SupportPeriod: Hashable, Sendable {
    /// When it began.
    package let began: WallTime
    /// Whether it began just now.
    package let isNew: Bool

    /// Time in seconds that a terminal must have been away, not even asking, until its next connection begins a new period: longer than a
    /// broken line or a reboot lasts, shorter than a customer waits who pressed [Stop] and now needs help again.
    package static let away: Int64 = 3600

    /// The period of a terminal that comes at `now`.
    /// - Parameters:
    ///   - began: when its last period began, or was renewed by staff; `nil`: it never had one.
    ///   - lastSeen: when it was there, or asked, for the last time.
    package init(at now: WallTime, began: WallTime?, lastSeen: WallTime?) {
        guard let began else {
            (self.began, isNew) = (now, true)
            return
        }
        let last = max(began, lastSeen ?? began)
        isNew = now.secondsSince1970 - last.secondsSince1970 >= Self.away
        // A wall clock that was set back must not make a period longer than it is.
        self.began = isNew ? now : min(began, now)
    }

    /// How much of `limit` is left at `now`; zero or less: it is over.
    package func left(of limit: Duration, at now: WallTime) -> Duration {
        limit - .seconds(now.secondsSince1970 - began.secondsSince1970)
    }
}
