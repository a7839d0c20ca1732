package import RelayCore
import SQLite
package import Support

extension SQLiteLedger {
    /// When a terminal was online, newest first.
    package func periods(of terminal: TerminalID, since: WallTime?, limit: Int) throws(LedgerError) -> [OnlinePeriod] {
        try stored { () throws(DatabaseError) in
            try database.rows(
                """
                SELECT began_at, source, client, reconnects, ended_at, last_heard, reason FROM online_period
                WHERE terminal = ?1 AND (?2 IS NULL OR ended_at IS NULL OR ended_at >= ?2) ORDER BY number DESC LIMIT ?3
                """, .integer(terminal.rawValue), .integer(orNull: since?.secondsSince1970), .integer(Int64(limit))
            ) { (row) throws(DatabaseError) in
                OnlinePeriod(
                    began: try row.time(0), source: try row.text(1), clientVersion: try row.text(2), reconnects: Int(try row.integer(3)),
                    end: try row.periodEnd(4))
            }
        }
    }
}

extension Database {
    /// What the tunnel of a terminal that came is to its periods.
    enum Arrival {
        /// A new one.
        case began
        /// It goes on with one that had ended a moment ago.
        case rejoined
        /// It took over from a connection that was still there.
        case tookOver
    }

    /// Begins the period of a terminal that has its tunnel, or goes on with its last one. In a transaction.
    /// - Returns: `nil` if the terminal was removed meanwhile, which is not an error.
    func beginPeriod(
        of terminal: TerminalID, source: String, clientVersion: String, at now: WallTime
    ) throws(DatabaseError) -> Arrival? {
        let last = try lastPeriod(of: terminal)
        if let last, last.end?.isRejoined(at: now) ?? true {
            try run(
                """
                UPDATE online_period SET source = ?, client = ?, reconnects = reconnects + 1, ended_at = NULL, last_heard = NULL, reason = NULL
                WHERE terminal = ? AND number = ?
                """, .text(source), .text(clientVersion), .integer(terminal.rawValue), .integer(last.number))
            return last.end == nil ? .tookOver : .rejoined
        }
        let number = (last?.number ?? 0) + 1
        let added = try run(
            """
            INSERT INTO online_period (terminal, number, began_at, source, client)
            SELECT id, ?, ?, ?, ? FROM terminal WHERE id = ?
            """, .integer(number), .integer(now.secondsSince1970), .text(source), .text(clientVersion), .integer(terminal.rawValue))
        guard added > 0 else { return nil }
        try run(
            "DELETE FROM online_period WHERE terminal = ? AND number <= ?", .integer(terminal.rawValue),
            .integer(number - Int64(OnlinePeriod.mostPerTerminal)))
        try dropOldPeriods(at: now)
        return .began
    }

    /// Ends the period that the connection from `source` held. In a transaction.
    /// - Returns: whether there was one: none if a newer connection went on with it, or the terminal was removed.
    func endPeriod(of terminal: TerminalID, source: String, _ end: OnlinePeriod.End) throws(DatabaseError) -> Bool {
        guard let last = try lastPeriod(of: terminal) else { return false }
        return try run(
            """
            UPDATE online_period SET ended_at = ?, last_heard = max(began_at, ?), reason = ?
            WHERE terminal = ? AND number = ? AND ended_at IS NULL AND source = ?
            """, .integer(end.at.secondsSince1970), .integer(end.lastHeard.secondsSince1970), .text(end.reason.rawValue),
            .integer(terminal.rawValue), .integer(last.number), .text(source)) > 0
    }

    /// Ends what a run before left open, and drops what is too old.
    func recoverPeriods(at now: WallTime) throws(DatabaseError) {
        let seen = "max(began_at, ifnull((SELECT last_seen FROM terminal WHERE id = online_period.terminal), began_at))"
        try run(
            "UPDATE online_period SET ended_at = \(seen), last_heard = \(seen), reason = ? WHERE ended_at IS NULL",
            .text(TunnelEnd.recovered.rawValue))
        try dropOldPeriods(at: now)
    }

    private func dropOldPeriods(at now: WallTime) throws(DatabaseError) {
        try run("DELETE FROM online_period WHERE ended_at < ?", .integer(now.secondsSince1970 - OnlinePeriod.retention))
    }

    private func lastPeriod(of terminal: TerminalID) throws(DatabaseError) -> (number: Int64, end: OnlinePeriod.End?)? {
        try first(
            "SELECT number, ended_at, last_heard, reason FROM online_period WHERE terminal = ? ORDER BY number DESC LIMIT 1",
            .integer(terminal.rawValue)
        ) { (row) throws(DatabaseError) in (number: try row.integer(0), end: try row.periodEnd(1)) }
    }
}

extension Row {
    /// Three columns: when, last heard, why.
    fileprivate func periodEnd(_ column: Int32) throws(DatabaseError) -> OnlinePeriod.End? {
        if isNull(column) { return nil }
        let word = try text(column + 2)
        guard let reason = TunnelEnd(rawValue: word) else { throw unexpected("why a tunnel ended", word) }
        return OnlinePeriod.End(at: try time(column), lastHeard: try time(column + 1), reason: reason)
    }
}
