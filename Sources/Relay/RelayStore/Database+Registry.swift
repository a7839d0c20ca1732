import RelayCore
import SQLite
import SSHKeys
import Support

/// Reading and writing the rows of the registry.
extension Database {
    /// A value of the table of settings; `nil`: not set.
    func setting(_ name: String) throws(DatabaseError) -> String? {
        try first("SELECT value FROM setting WHERE name = ?", .text(name)) { (row) throws(DatabaseError) in try row.text(0) }
    }

    /// All rows as a snapshot.
    func registry() throws(DatabaseError) -> Registry {
        var keyOfTerminal: [Int64: PublicKey] = [:]
        var keysOfStaff: [Int64: [AuthorizedKey]] = [:]
        _ = try rows("SELECT blob, terminal, staff, comment FROM public_key ORDER BY rowid") { (row) throws(DatabaseError) in
            let key = try row.publicKey(0)
            if let terminal = try row.integerOrNull(1) { keyOfTerminal[terminal] = key }
            if let staff = try row.integerOrNull(2) {
                keysOfStaff[staff, default: []].append(AuthorizedKey(key: key, comment: try row.text(3)))
            }
        }
        let terminals = try rows(
            "SELECT id, name, listening_port, is_enabled, added_at, last_seen FROM terminal"
        ) { (row) throws(DatabaseError) in
            let id = try row.integer(0)
            return Terminal(
                id: TerminalID(id), name: try row.terminalName(1), listeningPort: try row.listeningPort(2), key: keyOfTerminal[id],
                isEnabled: try row.flag(3), addedAt: WallTime(secondsSince1970: try row.integer(4)),
                lastSeen: try row.integerOrNull(5).map(WallTime.init(secondsSince1970:)))
        }
        let staff = try rows("SELECT id, name, role, is_enabled, added_at FROM staff") { (row) throws(DatabaseError) in
            let id = try row.integer(0)
            return StaffMember(
                id: StaffID(id), name: try row.staffName(1), role: try row.role(2), keys: keysOfStaff[id] ?? [],
                isEnabled: try row.flag(3), addedAt: WallTime(secondsSince1970: try row.integer(4)))
        }
        let grants = try rows("SELECT staff, terminal, until FROM access_grant") { (row) throws(DatabaseError) in
            Grant(
                staff: StaffID(try row.integer(0)), terminal: TerminalID(try row.integer(1)),
                until: try row.integerOrNull(2).map(WallTime.init(secondsSince1970:)))
        }
        return Registry(terminals: terminals, staff: staff, grants: grants)
    }

    /// Number and state of a terminal.
    func terminal(_ name: TerminalName) throws(DatabaseError) -> (id: Int64, isEnabled: Bool)? {
        try first("SELECT id, is_enabled FROM terminal WHERE name = ?", .text(name.description)) { (row) throws(DatabaseError) in
            (try row.integer(0), try row.flag(1))
        }
    }

    /// Number and state of a member of staff.
    func staff(_ name: StaffName) throws(DatabaseError) -> (id: Int64, isEnabled: Bool)? {
        try first("SELECT id, is_enabled FROM staff WHERE name = ?", .text(name.description)) { (row) throws(DatabaseError) in
            (try row.integer(0), try row.flag(1))
        }
    }

    /// Whose key it is; `nil`: nobody's.
    func holder(of key: PublicKey) throws(DatabaseError) -> KeyHolder? {
        try first(
            """
            SELECT terminal.name, staff.name FROM public_key
            LEFT JOIN terminal ON terminal.id = public_key.terminal LEFT JOIN staff ON staff.id = public_key.staff
            WHERE blob = ?
            """, .blob(key.blob)
        ) { (row) throws(DatabaseError) in
            row.isNull(0) ? .staff(try row.staffName(1)) : .terminal(try row.terminalName(0))
        }
    }

    /// Who has this listening port; `nil`: nobody.
    func holder(of port: ListeningPort) throws(DatabaseError) -> TerminalName? {
        try first("SELECT name FROM terminal WHERE listening_port = ?", .integer(Int64(port.rawValue))) {
            (row) throws(DatabaseError) in try row.terminalName(0)
        }
    }

    /// The lowest port of `range` that no terminal has; `nil`: there is none.
    func lowestFreePort(in range: ClosedRange<UInt16>) throws(DatabaseError) -> UInt16? {
        let used = try rows(
            "SELECT listening_port FROM terminal WHERE listening_port BETWEEN ? AND ? ORDER BY listening_port",
            .integer(Int64(range.lowerBound)), .integer(Int64(range.upperBound))
        ) { (row) throws(DatabaseError) in try row.integer(0) }
        var candidate = Int64(range.lowerBound)
        for port in used {
            if port > candidate { break }
            candidate = port + 1
        }
        return candidate <= Int64(range.upperBound) ? UInt16(candidate) : nil
    }

    /// Moves `last_seen` of one terminal forward.
    func noteSeen(_ terminal: TerminalID, _ time: WallTime) throws(DatabaseError) {
        try run(
            "UPDATE terminal SET last_seen = ?1 WHERE id = ?2 AND (last_seen IS NULL OR last_seen < ?1)",
            .integer(time.secondsSince1970), .integer(terminal.rawValue))
    }
}

extension Row {
    func publicKey(_ column: Int32) throws(DatabaseError) -> PublicKey {
        let bytes = try blob(column)
        do { return try PublicKey(blob: bytes) } catch { throw unexpected("a public key", "\(error)") }
    }

    func terminalName(_ column: Int32) throws(DatabaseError) -> TerminalName {
        let text = try text(column)
        do { return try TerminalName(parsing: text) } catch { throw unexpected("a terminal's name", text) }
    }

    func staffName(_ column: Int32) throws(DatabaseError) -> StaffName {
        let text = try text(column)
        do { return try StaffName(parsing: text) } catch { throw unexpected("a staff member's name", text) }
    }

    func listeningPort(_ column: Int32) throws(DatabaseError) -> ListeningPort {
        let number = try integer(column)
        guard let port = ListeningPort(number) else { throw unexpected("a listening port", String(number)) }
        return port
    }

    func role(_ column: Int32) throws(DatabaseError) -> StaffMember.Role {
        let text = try text(column)
        guard let role = StaffMember.Role(rawValue: text) else { throw unexpected("a role", text) }
        return role
    }

    func unexpected(_ expected: String, _ found: String) -> DatabaseError {
        DatabaseError(kind: .unexpectedValue, detail: "a row should hold \(expected), but holds: \(Printable.escaped(found))")
    }
}
