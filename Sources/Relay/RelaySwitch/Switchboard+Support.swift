import RelayCore
import SSHServer
import Support

/// The relay's own limit on how long support stays open (`SupportPeriod`).
extension Switchboard {
    /// What becomes of a terminal that asks for its tunnel.
    enum SupportVerdict {
        /// It may have it for this long; `nil`: for ever.
        case open(left: Duration?)
        case over(Refusal)
    }

    /// Judges a terminal that asks for its tunnel, and lets the store remember it.
    func judgeSupport(of terminal: Terminal) -> SupportVerdict {
        let now = wallTime
        // A tunnel that it still holds proves that it is there.
        let seen = directory.place(of: terminal.id) == nil ? directory.lastSeen(terminal.id) : now
        switch support.judge(terminal, lastSeen: seen, at: now) {
        case .open(let left, let isNew):
            if isNew { report(.supportBegan(terminal.id, at: now)) }
            return .open(left: left)
        case .over(let limit):
            report(.supportOver(terminal.id, at: now))
            return .over(.supportOver(terminal: terminal.name, limit: limit))
        }
    }

    /// How long a tunnel that is there may stay, now; `nil`: for ever.
    func supportLeft(_ terminal: Terminal) -> Duration? { support.left(terminal, at: wallTime) }

    /// Why a tunnel whose time has run out must go; `nil` if there is no limit any more.
    func supportIsOver(_ terminal: Terminal) -> Refusal? {
        guard let limit = support.limit else { return nil }
        report(.supportOver(terminal.id, at: wallTime))
        return .supportOver(terminal: terminal.name, limit: limit)
    }

    /// Counts the time of all tunnels anew.
    func renewSupport() {
        for session in sessions.values { session.renewSupport() }
    }
}
