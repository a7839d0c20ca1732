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
        var usesOfStaff: [Int64: [PublicKey: WallTime]] = [:]
        var endsOfStaff: [Int64: [PublicKey: WallTime]] = [:]
        var learned: [PublicKey: Fingerprint] = [:]
        _ = try rows(
            "SELECT blob, terminal, staff, comment, last_used, relay_key, until FROM public_key ORDER BY rowid"
        ) { (row) throws(DatabaseError) in
            let key = try row.publicKey(0)
            if !row.isNull(5) { learned[key] = try row.fingerprint(5) }
            if let terminal = try row.integerOrNull(1) { keyOfTerminal[terminal] = key }
            if let staff = try row.integerOrNull(2) {
                keysOfStaff[staff, default: []].append(AuthorizedKey(key: key, comment: try row.text(3)))
                if let used = try row.timeOrNull(4) { usesOfStaff[staff, default: [:]][key] = used }
                if let end = try row.timeOrNull(6) { endsOfStaff[staff, default: [:]][key] = end }
            }
        }
        var tags: [Int64: [TerminalTag]] = [:]
        _ = try rows("SELECT terminal, tag FROM terminal_tag ORDER BY tag") { (row) throws(DatabaseError) in
            tags[try row.integer(0), default: []].append(try row.value(1, TerminalTag.self, "a tag"))
        }
        var logins: [Int64: LoginName] = [:]
        _ = try rows("SELECT terminal, login FROM request ORDER BY id") { (row) throws(DatabaseError) in
            logins[try row.integer(0)] = try row.value(1, LoginName.self, "a login name")
        }
        let terminals = try rows(
            "SELECT id, name, listening_port, is_enabled, added_at, last_seen, organisation, notes, support_since FROM terminal"
        ) { (row) throws(DatabaseError) in
            let id = try row.integer(0)
            return Terminal(
                id: TerminalID(id), name: try row.terminalName(1), listeningPort: try row.listeningPort(2), key: keyOfTerminal[id],
                isEnabled: try row.flag(3), addedAt: try row.time(4), lastSeen: try row.timeOrNull(5), tags: tags[id] ?? [],
                organisation: try row.text(6), notes: try row.text(7), supportSince: try row.timeOrNull(8), requestedLogin: logins[id])
        }
        let staff = try rows("SELECT id, name, role, is_enabled, added_at FROM staff") { (row) throws(DatabaseError) in
            let id = try row.integer(0)
            return StaffMember(
                id: StaffID(id), name: try row.staffName(1), role: try row.role(2), keys: keysOfStaff[id] ?? [],
                lastUses: usesOfStaff[id] ?? [:], keyEnds: endsOfStaff[id] ?? [:], isEnabled: try row.flag(3), addedAt: try row.time(4))
        }
        return Registry(
            terminals: terminals, staff: staff, groups: try groups(), grants: try grants(), requests: try openRequests(),
            spentCodes: try spentCodes(), announcement: try announcement(), learnedHostKeys: learned)
    }

    private func groups() throws(DatabaseError) -> [StaffGroup] {
        var members: [Int64: Set<StaffID>] = [:]
        _ = try rows("SELECT staff_group, staff FROM group_member") { (row) throws(DatabaseError) in
            members[try row.integer(0), default: []].insert(StaffID(try row.integer(1)))
        }
        return try rows("SELECT id, name FROM staff_group") { (row) throws(DatabaseError) in
            let id = try row.integer(0)
            return StaffGroup(id: GroupID(id), name: try row.value(1, GroupName.self, "a group's name"), members: members[id] ?? [])
        }
    }

    private func grants() throws(DatabaseError) -> [Grant] {
        try rows("SELECT staff, staff_group, terminal, tag, until FROM reach") { (row) throws(DatabaseError) in
            let grantee: Grantee
            if let staff = try row.integerOrNull(0) {
                grantee = .staff(StaffID(staff))
            } else {
                grantee = .group(GroupID(try row.integer(1)))
            }
            let target: GrantTarget
            if let terminal = try row.integerOrNull(2) {
                target = .terminal(TerminalID(terminal))
            } else {
                target = .tag(try row.value(3, TerminalTag.self, "a tag"))
            }
            return Grant(grantee, target, until: try row.timeOrNull(4))
        }
    }

    private func openRequests() throws(DatabaseError) -> [EnrolmentRequest] {
        try rows(
            """
            SELECT terminal, requested_by, staff, login, purpose, code_digest, created_at, expires_at, approves_itself, key, key_source,
                   key_at
            FROM request WHERE state IN ('open', 'waiting')
            """
        ) { (row) throws(DatabaseError) in
            var candidate: EnrolmentRequest.Candidate?
            if !row.isNull(9) {
                candidate = EnrolmentRequest.Candidate(key: try row.publicKey(9), source: try row.text(10), at: try row.time(11))
            }
            return EnrolmentRequest(
                terminal: TerminalID(try row.integer(0)), requestedBy: try row.text(1),
                staff: try row.integerOrNull(2).map(StaffID.init), login: try row.value(3, LoginName.self, "a login user's name"),
                purpose: try row.text(4), codeDigest: try row.blob(5), createdAt: try row.time(6), expiresAt: try row.time(7),
                approvesItself: try row.flag(8), candidate: candidate)
        }
    }

    private func spentCodes() throws(DatabaseError) -> [[UInt8]: SpentCode] {
        let codes = try rows(
            "SELECT code_digest, state FROM request WHERE state NOT IN ('open', 'waiting') ORDER BY id DESC LIMIT ?",
            .integer(Int64(RegistryLimits.rememberedCodes))
        ) { (row) throws(DatabaseError) in
            let state = try row.text(1)
            guard let end = SQLiteLedger.RequestEnd(rawValue: state) else { throw row.unexpected("the end of a request", state) }
            return (try row.blob(0), end.spentCode)
        }
        return Dictionary(uniqueKeysWithValues: codes)
    }

    private func announcement() throws(DatabaseError) -> Announcement? {
        try first("SELECT text, until FROM announcement") { (row) throws(DatabaseError) in
            Announcement(text: try row.text(0), until: try row.timeOrNull(1))
        }
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

    /// Number of a group.
    func group(_ name: GroupName) throws(DatabaseError) -> Int64? {
        try first("SELECT id FROM staff_group WHERE name = ?", .text(name.description)) { (row) throws(DatabaseError) in
            try row.integer(0)
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
    func fingerprint(_ index: Int32) throws(DatabaseError) -> Fingerprint {
        let text = try text(index)
        guard let fingerprint = Fingerprint(text) else { throw unexpected("a fingerprint", text) }
        return fingerprint
    }

    func publicKey(_ column: Int32) throws(DatabaseError) -> PublicKey {
        let bytes = try blob(column)
        do { return try PublicKey(blob: bytes) } catch { throw unexpected("a public key", "\(error)") }
    }

    func terminalName(_ column: Int32) throws(DatabaseError) -> TerminalName {
        try value(column, TerminalName.self, "a terminal's name")
    }

    func staffName(_ column: Int32) throws(DatabaseError) -> StaffName {
        try value(column, StaffName.self, "a staff member's name")
    }

    /// A value that was checked when it was written.
    func value<Value: ParsedFromText>(_ column: Int32, _ type: Value.Type, _ what: String) throws(DatabaseError) -> Value {
        let text = try text(column)
        do { return try Value(parsing: text) } catch { throw unexpected(what, text) }
    }

    func time(_ column: Int32) throws(DatabaseError) -> WallTime { WallTime(secondsSince1970: try integer(column)) }

    func timeOrNull(_ column: Int32) throws(DatabaseError) -> WallTime? {
        try integerOrNull(column).map(WallTime.init(secondsSince1970:))
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
