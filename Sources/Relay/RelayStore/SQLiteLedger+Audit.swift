package import RelayCore
import SQLite
import SSHCrypto
package import Support

extension SQLiteLedger {
    /// Notes something in the audit log.
    package func note(_ action: String, subject: String, by actor: AuditActor, at now: WallTime) throws(LedgerError) {
        defer { tell() }
        try stored { () throws(DatabaseError) in
            try database.transaction { () throws(DatabaseError) in
                try database.append(AuditNote(at: now, actor: actor.text, action: action, subject: subject, detail: ""))
            }
        }
    }

    /// The newest entries, oldest of them first.
    package func audit(since: WallTime?, limit: Int) throws(LedgerError) -> [AuditEntry] {
        try stored { () throws(DatabaseError) in
            try database.rows(
                """
                SELECT number, at, actor, action, subject, detail, digest FROM audit WHERE ?1 IS NULL OR at >= ?1
                ORDER BY number DESC LIMIT ?2
                """, .integer(orNull: since?.secondsSince1970), .integer(Int64(limit))
            ) { (row) throws(DatabaseError) in try row.auditEntry() }.reversed()
        }
    }

    /// The entries behind `number`, in order.
    package func audit(after number: Int64, since: WallTime?, limit: Int) throws(LedgerError) -> [AuditEntry] {
        try stored { () throws(DatabaseError) in
            try database.rows(
                """
                SELECT number, at, actor, action, subject, detail, digest FROM audit
                WHERE number > ?1 AND (?2 IS NULL OR at >= ?2) ORDER BY number LIMIT ?3
                """, .integer(number), .integer(orNull: since?.secondsSince1970), .integer(Int64(limit))
            ) { (row) throws(DatabaseError) in try row.auditEntry() }
        }
    }

    /// Follows the chain from the first entry to the head.
    package func verifyAudit() throws(LedgerError) -> AuditVerdict {
        var walk = AuditWalk()
        let head = try stored { () throws(DatabaseError) in
            // One read transaction: the head belongs to these entries.
            try database.transaction { () throws(DatabaseError) in
                _ = try database.rows(
                    "SELECT number, at, actor, action, subject, detail, digest FROM audit ORDER BY number"
                ) { (row) throws(DatabaseError) in walk.step(to: try row.auditEntry()) }
                return try database.auditHead()
            }
        }
        return walk.verdict(headNumber: head.number, headDigest: head.digest)
    }
}

/// Follows an audit chain entry by entry.
struct AuditWalk {
    private var count: Int64 = 0
    private var previous = AuditEntry.genesis
    private var broken: AuditVerdict?

    mutating func step(to entry: AuditEntry) {
        guard broken == nil else { return }
        let expectedNumber = count + 1
        guard entry.number == expectedNumber else {
            broken = .broken(at: expectedNumber, why: "the entry is missing: the next one is \(entry.number)")
            return
        }
        let preimage = AuditEntry.preimage(
            previous: previous, number: entry.number, at: entry.at, actor: entry.actor, action: entry.action, subject: entry.subject,
            detail: entry.detail)
        guard digest(.sha256, of: preimage) == entry.digest else {
            broken = .broken(at: entry.number, why: "its digest does not match its text and the entry before it")
            return
        }
        count = entry.number
        previous = entry.digest
    }

    func verdict(headNumber: Int64, headDigest: [UInt8]) -> AuditVerdict {
        if let broken { return broken }
        if headNumber != count { return .broken(at: count + 1, why: "the log ends here, but \(headNumber) entries were written") }
        if headDigest != previous { return .broken(at: count, why: "it is not the last entry that was written") }
        return .intact(entries: count, head: previous)
    }
}

extension Database {
    /// Puts an entry at the end of the chain. In a transaction.
    @discardableResult
    func append(_ note: AuditNote) throws(DatabaseError) -> AuditEntry {
        let head = try auditHead()
        let entry = note.entry(number: head.number + 1, previous: head.digest)
        try run(
            "INSERT INTO audit (number, at, actor, action, subject, detail, digest) VALUES (?, ?, ?, ?, ?, ?, ?)",
            .integer(entry.number), .integer(entry.at.secondsSince1970), .text(entry.actor), .text(entry.action), .text(entry.subject),
            .text(entry.detail), .blob(entry.digest))
        try run("UPDATE audit_head SET number = ?, digest = ?", .integer(entry.number), .blob(entry.digest))
        return entry
    }

    /// Number and digest of the last entry.
    func auditHead() throws(DatabaseError) -> (number: Int64, digest: [UInt8]) {
        let head = try first("SELECT number, digest FROM audit_head") { (row) throws(DatabaseError) in
            (number: try row.integer(0), digest: try row.blob(1))
        }
        guard let head, head.digest.count == AuditEntry.genesis.count else {
            throw DatabaseError(kind: .unexpectedValue, detail: "the head of the audit log is missing")
        }
        return head
    }
}

extension Row {
    fileprivate func auditEntry() throws(DatabaseError) -> AuditEntry {
        AuditEntry(
            number: try integer(0), at: WallTime(secondsSince1970: try integer(1)), actor: try text(2), action: try text(3),
            subject: try text(4), detail: try text(5), digest: try blob(6))
    }
}
