package import RelayCore
import SQLite
import SSHCrypto
import SSHKeys
import Support

extension SQLiteLedger {
    /// The first occurrences behind `number`, oldest first.
    package func occurrences(after number: Int64, limit: Int) throws(LedgerError) -> OccurrencePage {
        try stored { () throws(DatabaseError) in
            let oldest = try database.first("SELECT min(number) FROM occurrence") { (row) throws(DatabaseError) in try row.integerOrNull(0)
            }
            let occurrences = try database.occurrences("number > ?1 AND ?2 IS NULL ORDER BY number LIMIT ?3", number, nil, limit)
            // Numbers have no gaps: what is missing in front was dropped.
            return OccurrencePage(occurrences: occurrences, lost: max(0, ((oldest ?? nil) ?? 0) - number - 1))
        }
    }

    /// The newest occurrences, newest first.
    package func occurrences(before number: Int64?, limit: Int) throws(LedgerError) -> [Occurrence] {
        try stored { () throws(DatabaseError) in
            try database.occurrences("?1 = 0 AND (?2 IS NULL OR number < ?2) ORDER BY number DESC LIMIT ?3", 0, number, limit)
        }
    }

    /// How many wait behind `number`.
    package func occurrenceCount(after number: Int64, of kinds: Set<Occurrence.Kind>) throws(LedgerError) -> Int {
        try stored { () throws(DatabaseError) in
            let counts = try database.rows(
                "SELECT kind, count(*) FROM occurrence WHERE number > ? GROUP BY kind", .integer(number)
            ) { (row) throws(DatabaseError) in (kind: try row.text(0), count: Int(try row.integer(1))) }
            return counts.reduce(0) { sum, part in Occurrence.Kind(rawValue: part.kind).map(kinds.contains) == true ? sum + part.count : sum
            }
        }
    }

    /// Where receivers go on.
    package func webhookPositions(of endpoints: [String]) throws(LedgerError) -> [Int64] {
        try stored { () throws(DatabaseError) in
            try database.transaction { () throws(DatabaseError) in
                let known = try database.rows("SELECT endpoint FROM webhook") { (row) throws(DatabaseError) in try row.text(0) }
                for gone in known where !endpoints.contains(gone) {
                    try database.run("DELETE FROM webhook WHERE endpoint = ?", .text(gone))
                }
                let head = try database.lastOccurrence()
                var positions: [Int64] = []
                for endpoint in endpoints {
                    try database.run("INSERT INTO webhook VALUES (?, ?) ON CONFLICT DO NOTHING", .text(endpoint), .integer(head))
                    let position = try database.first("SELECT delivered FROM webhook WHERE endpoint = ?", .text(endpoint)) {
                        (row) throws(DatabaseError) in try row.integer(0)
                    }
                    positions.append(position ?? head)
                }
                return positions
            }
        }
    }

    /// Remembers what a receiver has taken.
    package func noteDelivered(_ number: Int64, to endpoint: String) throws(LedgerError) {
        try run("UPDATE webhook SET delivered = ? WHERE endpoint = ?", .integer(number), .text(endpoint))
    }
}

extension Database {
    /// The number of the last occurrence; 0 if there is none.
    func lastOccurrence() throws(DatabaseError) -> Int64 {
        try first("SELECT ifnull(max(number), 0) FROM occurrence") { (row) throws(DatabaseError) in try row.integer(0) } ?? 0
    }

    /// Puts an occurrence behind all others, and drops the oldest if there are too many. In a transaction.
    ///
    /// Nothing is written about a terminal that was removed meanwhile.
    func append(
        _ kind: Occurrence.Kind, of terminal: TerminalID, _ facts: Occurrence.Facts, at now: WallTime
    ) throws(DatabaseError) {
        let number = try lastOccurrence() + 1
        try run(
            """
            INSERT INTO occurrence (number, at, kind, terminal, name, source, other_source, client, reason, key, staff, session, seconds,
                                    to_terminal, from_terminal)
            SELECT ?, ?, ?, id, name, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM terminal WHERE id = ?
            """, .integer(number), .integer(now.secondsSince1970), .text(kind.rawValue), .text(orNull: facts.from),
            .text(orNull: facts.alsoFrom), .text(orNull: facts.clientVersion), .text(orNull: facts.reason), .text(orNull: facts.key),
            .text(orNull: facts.staff), .text(orNull: facts.session), .integer(orNull: facts.seconds),
            .integer(orNull: facts.bytesToTerminal), .integer(orNull: facts.bytesFromTerminal), .integer(terminal.rawValue))
        try run("DELETE FROM occurrence WHERE number <= ?", .integer(number - Int64(Occurrence.kept)))
    }

    /// Tells that a session ended; to be called before its row says so. In a transaction.
    func appendClosing(_ run: RunID, _ bridge: BridgeID, _ end: BridgeRecord.End) throws(DatabaseError) {
        let found = try first(
            """
            SELECT terminal.id, bridge.staff, bridge.source, opened_at FROM bridge JOIN terminal ON terminal.name = bridge.terminal
            WHERE run = ? AND number = ? AND closed_at IS NULL
            """, .integer(run.rawValue), .integer(bridge.rawValue)
        ) { (row) throws(DatabaseError) in
            (terminal: TerminalID(try row.integer(0)), staff: try row.text(1), source: try row.text(2), openedAt: try row.integer(3))
        }
        guard let found else { return }
        let facts = Occurrence.Facts(
            from: found.source, reason: end.reason.rawValue, staff: found.staff, session: "\(run.rawValue)-\(bridge)",
            seconds: max(0, end.at.secondsSince1970 - found.openedAt), bytesToTerminal: Int64(clamping: end.bytesToTerminal),
            bytesFromTerminal: Int64(clamping: end.bytesFromTerminal))
        try append(.sessionClosed, of: found.terminal, facts, at: end.at)
    }

    fileprivate func occurrences(
        _ condition: String, _ first: Int64, _ second: Int64?, _ limit: Int
    ) throws(DatabaseError) -> [Occurrence] {
        try rows(
            """
            SELECT number, at, kind, terminal, name, source, other_source, client, reason, key, staff, session, seconds, to_terminal,
                   from_terminal
            FROM occurrence WHERE \(condition)
            """, .integer(first), .integer(orNull: second), .integer(Int64(limit))
        ) { (row) throws(DatabaseError) in try row.occurrence() }
    }
}

extension Row {
    fileprivate func occurrence() throws(DatabaseError) -> Occurrence {
        let word = try text(2)
        guard let kind = Occurrence.Kind(rawValue: word) else { throw unexpected("what happened", word) }
        func textOrNull(_ column: Int32) throws(DatabaseError) -> String? { isNull(column) ? nil : try text(column) }
        let facts = Occurrence.Facts(
            from: try textOrNull(5), alsoFrom: try textOrNull(6), clientVersion: try textOrNull(7), reason: try textOrNull(8),
            key: try textOrNull(9), staff: try textOrNull(10), session: try textOrNull(11), seconds: try integerOrNull(12),
            bytesToTerminal: try integerOrNull(13), bytesFromTerminal: try integerOrNull(14))
        return Occurrence(
            number: try integer(0), at: try time(1), kind: kind, terminal: TerminalID(try integer(3)), name: try text(4), facts: facts)
    }
}
