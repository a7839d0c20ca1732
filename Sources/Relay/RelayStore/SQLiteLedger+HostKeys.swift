package import RelayCore
import SQLite
import SSHCrypto
package import SSHKeys
package import Support

/// What terminals say about themselves.
extension SQLiteLedger {
    /// Remembers a report, as `RelayLedger` says.
    package func report(
        _ report: TerminalReport, hostKeys: [PublicKey], of terminal: TerminalID, at now: WallTime
    ) throws(LedgerError) -> TerminalReport.Outcome {
        precondition(!hostKeys.isEmpty, "a report names host keys")
        defer { tell() }
        return try stored { () throws(DatabaseError) in
            try database.transaction { () throws(DatabaseError) in
                try database.write(report, of: terminal, at: now)
                let known = try database.hostKeys(of: terminal)
                if known.accepted.isEmpty {
                    try database.write(hostKeys, of: terminal, isAccepted: true)
                    try note("terminal.host-keys", hostKeys, of: terminal, at: now)
                    return .first
                }
                if Set(known.accepted) == Set(hostKeys) {
                    try database.write([], of: terminal, isAccepted: false)
                    return .same
                }
                guard Set(known.changed) != Set(hostKeys) else { return .changed }
                try database.write(hostKeys, of: terminal, isAccepted: false)
                try note("terminal.host-keys-changed", hostKeys, of: terminal, at: now)
                let fingerprints = hostKeys.map(\.fingerprint.description).joined(separator: ", ")
                try database.append(.hostKeysChanged, of: terminal, Occurrence.Facts(key: fingerprints), at: now)
                return .changed
            }
        }
    }

    private func note(_ action: String, _ keys: [PublicKey], of terminal: TerminalID, at now: WallTime) throws(DatabaseError) {
        let name = try database.first("SELECT name FROM terminal WHERE id = ?", .integer(terminal.rawValue)) {
            (row) throws(DatabaseError) in try row.text(0)
        }
        let fingerprints = keys.map(\.fingerprint.description).joined(separator: ", ")
        try database.append(
            AuditNote(
                at: now, actor: AuditActor.relay.text, action: action, subject: name ?? terminal.description, detail: fingerprints))
    }

    /// What terminals have said about themselves.
    package func hostKeys(_ query: HostKeyQuery) throws(LedgerError) -> [HostKeyRecord] {
        let condition: (sql: String, value: Value)
        switch query {
        case .all: condition = ("?1 IS NULL", .null)
        case .of(let terminal): condition = ("terminal = ?1", .integer(terminal.rawValue))
        case .changed: condition = ("?1 IS NULL AND terminal IN (SELECT terminal FROM host_key WHERE NOT is_accepted)", .null)
        }
        return try stored { () throws(DatabaseError) in
            var accepted: [Int64: [PublicKey]] = [:]
            var changed: [Int64: [PublicKey]] = [:]
            _ = try database.rows(
                "SELECT terminal, is_accepted, blob FROM host_key WHERE \(condition.sql) ORDER BY place", condition.value
            ) { (row) throws(DatabaseError) in
                let id = try row.integer(0)
                if try row.flag(1) {
                    accepted[id, default: []].append(try row.publicKey(2))
                } else {
                    changed[id, default: []].append(try row.publicKey(2))
                }
            }
            return try database.rows(
                "SELECT terminal, software, login_users, reported_at FROM report WHERE \(condition.sql)", condition.value
            ) { (row) throws(DatabaseError) in
                let id = try row.integer(0)
                // Written by `write`, whose names were checked: a name that is none is left out.
                let logins = try row.text(2).split(separator: " ").compactMap { try? LoginName(parsing: String($0)) }
                return HostKeyRecord(
                    terminal: TerminalID(id), accepted: accepted[id] ?? [], changed: changed[id] ?? [], software: try row.text(1),
                    loginUsers: logins, reportedAt: try row.time(3))
            }
        }
    }

    /// Makes the changed host keys the accepted ones, and returns them. In the transaction of `perform`.
    /// - Parameter fingerprint: that of one of the keys that are new, which one was told; `nil`: whichever they are.
    func acceptHostKeys(of name: TerminalName, _ fingerprint: Fingerprint?) throws(LedgerError) -> [PublicKey] {
        let terminal = TerminalID(try require(name).id)
        let known = try stored { () throws(DatabaseError) in try database.hostKeys(of: terminal) }
        guard !known.changed.isEmpty else { throw .noChangedHostKeys(name) }
        if let fingerprint {
            let new = HostKeyRecord.new(known.changed, besides: known.accepted).map(\.fingerprint)
            guard new.contains(fingerprint) else { throw .otherHostKeys(name, new) }
        }
        try stored { () throws(DatabaseError) in
            try database.write(known.changed, of: terminal, isAccepted: true)
            try database.write([], of: terminal, isAccepted: false)
        }
        return known.changed
    }
}

extension Database {
    fileprivate func hostKeys(of terminal: TerminalID) throws(DatabaseError) -> (accepted: [PublicKey], changed: [PublicKey]) {
        var keys: (accepted: [PublicKey], changed: [PublicKey]) = ([], [])
        _ = try rows(
            "SELECT is_accepted, blob FROM host_key WHERE terminal = ? ORDER BY place", .integer(terminal.rawValue)
        ) { (row) throws(DatabaseError) in
            let key = try row.publicKey(1)
            if try row.flag(0) { keys.accepted.append(key) } else { keys.changed.append(key) }
        }
        return keys
    }

    fileprivate func write(_ report: TerminalReport, of terminal: TerminalID, at now: WallTime) throws(DatabaseError) {
        try run(
            """
            INSERT INTO report (terminal, software, login_users, reported_at) VALUES (?, ?, ?, ?)
            ON CONFLICT (terminal) DO UPDATE
            SET software = excluded.software, login_users = excluded.login_users, reported_at = excluded.reported_at
            """, .integer(terminal.rawValue), .text(report.software),
            .text(report.loginUsers.map(\.description).joined(separator: " ")), .integer(now.secondsSince1970))
    }

    fileprivate func write(_ keys: [PublicKey], of terminal: TerminalID, isAccepted: Bool) throws(DatabaseError) {
        try run("DELETE FROM host_key WHERE terminal = ? AND is_accepted = ?", .integer(terminal.rawValue), .flag(isAccepted))
        for (place, key) in keys.enumerated() {
            try run(
                "INSERT INTO host_key (terminal, is_accepted, place, blob) VALUES (?, ?, ?, ?)", .integer(terminal.rawValue),
                .flag(isAccepted), .integer(Int64(place)), .blob(key.blob))
        }
    }
}
