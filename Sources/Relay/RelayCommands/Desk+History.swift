import RelayCore
package import Support

/// A terminal's past as it is shown: when it was online, and who was on it.
package struct HistoryView: Hashable, Sendable, Encodable {
    /// A period online with the sessions in it.
    package struct Period: Hashable, Sendable, Encodable {
        /// When it began.
        package let began: WallTime
        /// When bytes of the terminal last proved that it was there; `nil`: it is online.
        package let ended: WallTime?
        /// How long that is.
        package let seconds: Int64
        /// Its last source as `address:port`.
        package let from: String
        /// The software at the terminal's end.
        package let clientVersion: String
        /// How often a newer connection went on with it.
        package let reconnects: Int
        /// Why it ended; `nil`: it has not.
        package let reason: String?
        /// Sessions that were opened in it, newest first.
        package let sessions: [SessionView]

        init(_ period: OnlinePeriod, _ sessions: [SessionView], now: WallTime) {
            began = period.began
            ended = period.end?.lastHeard
            seconds = max(0, (ended ?? now).secondsSince1970 - period.began.secondsSince1970)
            from = period.source
            clientVersion = period.clientVersion
            reconnects = period.reconnects
            reason = period.end?.reason.rawValue
            self.sessions = sessions
        }
    }

    /// Its name.
    package let terminal: String
    /// Newest first.
    package let periods: [Period]
    /// Sessions of that time in none of the periods: those are kept for longer.
    package let otherSessions: [SessionView]
}

extension Desk {
    /// What the store remembers of a terminal. Who may reach it sees who was on it; where colleagues came from is for admins.
    func history(
        of terminal: Terminal, since: WallTime?, for caller: Caller, in registry: Registry
    ) async throws(RelayCommandError) -> HistoryView {
        let limit = since == nil ? SupportCommands.historyPeriods : OnlinePeriod.mostPerTerminal
        let periods = try await asked { () async throws(LedgerError) in
            try await ledger.periods(of: terminal.id, since: since, limit: limit)
        }
        // A terminal of the same name that was removed is another one.
        let isCut = since == nil && periods.count == limit
        let begin = max(terminal.addedAt, since ?? (isCut ? periods.last?.began : nil) ?? terminal.addedAt)
        let records = try await asked { () async throws(LedgerError) in
            try await ledger.bridges(to: terminal.name, since: begin, limit: RelayCommandTable.historySessions)
        }
        var open: [SessionID: LiveBridge] = [:]
        for bridge in await live?.bridges() ?? [] { open[SessionID(run: run, bridge: bridge.id)] = bridge }
        let own = caller.staffName(in: registry)
        var rest = records.map { record in
            let live = open[SessionID(run: record.run, bridge: record.id)]
            return SessionView(record, live: live, isWhole: own == nil || own == record.staff)
        }
        let views = periods.map { period in
            let isOfPeriod = { (session: SessionView) in
                session.openedAt >= period.began && period.end.map { session.openedAt <= $0.at } ?? true
            }
            let sessions = rest.filter(isOfPeriod)
            rest.removeAll(where: isOfPeriod)
            return HistoryView.Period(period, sessions, now: now())
        }
        return HistoryView(terminal: terminal.name.description, periods: views, otherSessions: rest)
    }
}

extension RelayReply {
    static func text(of history: HistoryView, now: WallTime) -> String {
        var lines = ["\(history.terminal), newest first; times are UTC"]
        if history.periods.isEmpty { lines += ["", "not online in this time"] }
        for period in history.periods {
            let end = period.ended.map { "to \(clock($0, after: period.began))" } ?? "to now"
            lines += ["", "\(clock(period.began)) \(end), \(TimeSpan.text(seconds: period.seconds)), from \(period.from)"]
            let reconnects =
                switch period.reconnects {
                case 0: nil as String?
                case 1: "1 reconnect"
                case let count: "\(count) reconnects"
                }
            lines.append("  " + [period.reason ?? "online", reconnects, period.clientVersion].compactMap(\.self).joined(separator: "; "))
            for session in period.sessions { lines += text(of: session, began: period.began, now: now) }
        }
        if !history.otherSessions.isEmpty {
            lines += ["", "sessions before these times"]
            for session in history.otherSessions { lines += text(of: session, began: nil, now: now) }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func text(of session: SessionView, began: WallTime?, now: WallTime) -> [String] {
        let length = (session.closedAt ?? now).secondsSince1970 - session.openedAt.secondsSince1970
        let from = session.from.map { " from \($0)" } ?? ""
        return [
            "  \(clock(session.openedAt, after: began)) \(session.staff) for \(TimeSpan.text(seconds: length)), "
                + "\(session.reason ?? "open"): session \(session.id)\(from)",
            "        \(bytes(session.bytesToTerminal)) to the terminal, \(bytes(session.bytesFromTerminal)) from it",
        ]
    }

    /// `2026-11-27 09:12`, or `09:12` on the day of `other`.
    private static func clock(_ time: WallTime, after other: WallTime? = nil) -> String {
        let text = String(time.description.prefix(16)).replacing("T", with: " ")
        guard let other, text.prefix(10) == other.description.prefix(10) else { return text }
        return String(text.suffix(5))
    }
}
