package import RelayCore
import SQLite
import SSHKeys
package import Support

extension SQLiteLedger {
    /// Writes a batch of events in one transaction.
    package func record(_ events: [RelayEvent], run: RunID) throws(LedgerError) {
        guard !events.isEmpty else { return }
        defer { tell() }
        try stored { () throws(DatabaseError) in
            try database.transaction { () throws(DatabaseError) in
                var names: [Principal: String] = [:]
                for event in events {
                    for principal in event.principals where names[principal] == nil { names[principal] = try database.name(of: principal) }
                    for effect in EventEffect.effects(of: event, run: run, names: names) { try database.write(effect) }
                }
            }
        }
    }

    /// Numbers a new run and closes what the run before left open.
    package func beginRun(at now: WallTime) throws(LedgerError) -> (run: RunID, recovered: Int) {
        defer { tell() }
        return try stored { () throws(DatabaseError) in
            try database.transaction { () throws(DatabaseError) in
                let recovered = try database.run(
                    "UPDATE bridge SET closed_at = ?, reason = ? WHERE closed_at IS NULL", .integer(now.secondsSince1970),
                    .text(BridgeEnd.recovered.rawValue))
                try database.recoverPeriods(at: now)
                try database.run("INSERT INTO run (began_at) VALUES (?)", .integer(now.secondsSince1970))
                let run = RunID(database.lastInsertedRow)
                let left = recovered == 0 ? "" : ", \(recovered) bridges of an earlier run closed as recovered"
                let note = AuditNote(
                    at: now, actor: AuditActor.relay.text, action: "serve", subject: hostname, detail: "run \(run.rawValue)\(left)")
                try database.append(note)
                return (run, recovered)
            }
        }
    }

    private static let selectBridges = """
        SELECT run, number, staff, terminal, key_fingerprint, source, opened_at, closed_at, reason, bytes_to_terminal, bytes_from_terminal
        FROM bridge
        """

    /// Past and open bridges, newest first.
    package func bridges(limit: Int) throws(LedgerError) -> [BridgeRecord] {
        try stored { () throws(DatabaseError) in
            try database.rows(Self.selectBridges + " ORDER BY run DESC, number DESC LIMIT ?", .integer(Int64(limit))) {
                (row) throws(DatabaseError) in try row.bridge()
            }
        }
    }

    /// Those to one terminal, newest first.
    package func bridges(to terminal: TerminalName, since: WallTime, limit: Int) throws(LedgerError) -> [BridgeRecord] {
        try stored { () throws(DatabaseError) in
            try database.rows(
                Self.selectBridges + " WHERE terminal = ? AND opened_at >= ? ORDER BY opened_at DESC, run DESC, number DESC LIMIT ?",
                .text(terminal.description), .integer(since.secondsSince1970), .integer(Int64(limit))
            ) { (row) throws(DatabaseError) in try row.bridge() }
        }
    }
}

extension Database {
    /// The name of a principal; `nil`: it is gone.
    fileprivate func name(of principal: Principal) throws(DatabaseError) -> String? {
        switch principal {
        case .terminal(let id):
            try first("SELECT name FROM terminal WHERE id = ?", .integer(id.rawValue)) { (row) throws(DatabaseError) in try row.text(0) }
        case .staff(let id):
            try first("SELECT name FROM staff WHERE id = ?", .integer(id.rawValue)) { (row) throws(DatabaseError) in try row.text(0) }
        }
    }

    fileprivate func write(_ effect: EventEffect) throws(DatabaseError) {
        switch effect {
        case .seen(let terminal, let time):
            try noteSeen(terminal, time)
        case .online(let terminal, let source, let version, let time):
            let facts = Occurrence.Facts(from: source, clientVersion: version)
            switch try beginPeriod(of: terminal, source: source, clientVersion: version, at: time) {
            case .began: try append(.terminalOnline, of: terminal, facts, at: time)
            case .rejoined: try append(.terminalReconnect, of: terminal, facts, at: time)
            // It was there and is there: nobody has to be told.
            case .tookOver, nil: break
            }
        case .offline(let terminal, let source, let end):
            if try endPeriod(of: terminal, source: source, end) {
                try append(.terminalOffline, of: terminal, Occurrence.Facts(from: source, reason: end.reason.rawValue), at: end.at)
            }
        case .supportBegan(let terminal, let time):
            try run(
                "UPDATE terminal SET support_since = ? WHERE id = ?", .integer(time.secondsSince1970), .integer(terminal.rawValue))
        case .opened(let bridge):
            try run(
                """
                INSERT INTO bridge (run, number, staff, terminal, key_fingerprint, source, opened_at) VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """, .integer(bridge.run.rawValue), .integer(bridge.id.rawValue), .text(bridge.staff), .text(bridge.terminal),
                .text(bridge.key.description), .text(bridge.source), .integer(bridge.openedAt.secondsSince1970))
        case .closed(let runID, let bridge, let end):
            try appendClosing(runID, bridge, end)
            try run(
                """
                UPDATE bridge SET closed_at = ?, reason = ?, bytes_to_terminal = ?, bytes_from_terminal = ?
                WHERE run = ? AND number = ? AND closed_at IS NULL
                """, .integer(end.at.secondsSince1970), .text(end.reason.rawValue), .integer(Int64(clamping: end.bytesToTerminal)),
                .integer(Int64(clamping: end.bytesFromTerminal)), .integer(runID.rawValue), .integer(bridge.rawValue))
        case .used(let key, let time):
            try run(
                "UPDATE public_key SET last_used = ?1 WHERE blob = ?2 AND (last_used IS NULL OR last_used < ?1)",
                .integer(time.secondsSince1970), .blob(key.blob))
        case .learned(let key, let hostKey):
            try run("UPDATE public_key SET relay_key = ? WHERE blob = ?", .text(hostKey.description), .blob(key.blob))
        case .occurred(let kind, let terminal, let facts, let time):
            try append(kind, of: terminal, facts, at: time)
        case .note(let note):
            try append(note)
        }
    }
}

extension Row {
    fileprivate func bridge() throws(DatabaseError) -> BridgeRecord {
        let key = try fingerprint(4)
        var end: BridgeRecord.End?
        if let closedAt = try integerOrNull(7) {
            let word = try text(8)
            guard let reason = BridgeEnd(rawValue: word) else { throw unexpected("why a bridge ended", word) }
            end = BridgeRecord.End(
                at: WallTime(secondsSince1970: closedAt), reason: reason, bytesToTerminal: UInt64(clamping: try integer(9)),
                bytesFromTerminal: UInt64(clamping: try integer(10)))
        }
        return BridgeRecord(
            run: RunID(try integer(0)), id: BridgeID(try integer(1)), staff: try text(2), terminal: try text(3), key: key,
            source: try text(5), openedAt: WallTime(secondsSince1970: try integer(6)), end: end)
    }
}
