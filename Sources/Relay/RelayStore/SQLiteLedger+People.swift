import RelayCore
import SQLite
import SSHCrypto
import SSHKeys
import Support

/// Changes of staff's keys, of tags and of grants. Each in the transaction of `perform`.
extension SQLiteLedger {
    func add(_ keys: [AuthorizedKey], to name: StaffName, until end: WallTime?) throws(LedgerError) {
        let id = try require(name).id
        guard !keys.isEmpty else { throw .noKeys }
        let held = try keyBlobs(of: id).count
        guard held + keys.count <= RegistryLimits.keysPerStaff else { throw .tooManyKeys(count: held + keys.count) }
        try insert(keys, of: id, until: end)
    }

    /// Whether anything changed.
    func limit(_ fingerprint: Fingerprint, of name: StaffName, until end: WallTime?) throws(LedgerError) -> Bool {
        guard let key = try keyBlobs(of: try require(name).id).first(where: { $0.fingerprint == fingerprint }) else {
            throw .noStaffKey(name, fingerprint)
        }
        return try run(
            "UPDATE public_key SET until = ?1 WHERE blob = ?2 AND until IS NOT ?1", .integer(orNull: end?.secondsSince1970), .blob(key.blob)
        )
            > 0
    }

    func remove(_ fingerprint: Fingerprint, of name: StaffName) throws(LedgerError) {
        let held = try keyBlobs(of: try require(name).id)
        guard let key = held.first(where: { $0.fingerprint == fingerprint }) else { throw .noStaffKey(name, fingerprint) }
        guard held.count > 1 else { throw .lastKey(name) }
        try run("DELETE FROM public_key WHERE blob = ?", .blob(key.blob))
    }

    private func keyBlobs(of staff: Int64) throws(LedgerError) -> [PublicKey] {
        try stored { () throws(DatabaseError) in
            try database.rows("SELECT blob FROM public_key WHERE staff = ?", .integer(staff)) { (row) throws(DatabaseError) in
                try row.publicKey(0)
            }
        }
    }

    /// Whether anything changed.
    func setTag(_ tag: TerminalTag, of name: TerminalName, _ isSet: Bool) throws(LedgerError) -> Bool {
        let id = Value.integer(try require(name).id)
        guard isSet else {
            return try run("DELETE FROM terminal_tag WHERE terminal = ? AND tag = ?", id, .text(tag.description)) > 0
        }
        let added = try run("INSERT INTO terminal_tag (terminal, tag) VALUES (?, ?) ON CONFLICT DO NOTHING", id, .text(tag.description))
        let count = try stored { () throws(DatabaseError) in
            try database.first("SELECT count(*) FROM terminal_tag WHERE terminal = ?", id) { (row) throws(DatabaseError) in
                try row.integer(0)
            }
        }
        guard count ?? 0 <= Int64(RegistryLimits.tagsPerTerminal) else { throw .tooManyTags(name) }
        return added > 0
    }

    func grant(_ grantee: GranteeName, _ target: GrantTargetName, until: WallTime?) throws(LedgerError) {
        let columns = try reachColumns(grantee, target)
        try run(
            """
            INSERT INTO reach (staff, staff_group, terminal, tag, until) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (ifnull(staff, 0), ifnull(staff_group, 0), ifnull(terminal, 0), ifnull(tag, ''))
            DO UPDATE SET until = excluded.until
            """, columns[0], columns[1], columns[2], columns[3], .integer(orNull: until?.secondsSince1970))
    }

    func revoke(_ grantee: GranteeName, _ target: GrantTargetName) throws(LedgerError) {
        let columns = try reachColumns(grantee, target)
        let deleted = try run(
            "DELETE FROM reach WHERE staff IS ?1 AND staff_group IS ?2 AND terminal IS ?3 AND tag IS ?4", columns[0], columns[1],
            columns[2],
            columns[3])
        guard deleted == 1 else { throw .noGrant(grantee, target) }
    }

    /// Staff, group, terminal, tag: two of the four are NULL.
    private func reachColumns(_ grantee: GranteeName, _ target: GrantTargetName) throws(LedgerError) -> [Value] {
        let who: [Value]
        switch grantee {
        case .staff(let name): who = [.integer(try require(name).id), .null]
        case .group(let name): who = [.null, .integer(try require(name))]
        }
        switch target {
        case .terminal(let name): return who + [.integer(try require(name).id), .null]
        case .tag(let tag): return who + [.null, .text(tag.description)]
        }
    }
}
