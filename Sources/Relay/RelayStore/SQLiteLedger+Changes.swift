package import RelayCore
import SQLite
import SSHCrypto
package import SSHKeys
package import Support

extension SQLiteLedger {
    /// Does one change with its audit entry, in one transaction.
    package func perform(
        _ change: RegistryChange, by actor: AuditActor, at now: WallTime
    ) throws(LedgerError) -> (registry: Registry, replaced: PublicKey?) {
        defer { tell() }
        return try database.transaction(failure: { LedgerError($0, path: path) }) { () throws(LedgerError) in
            var replaced: PublicKey?
            if let note = try apply(change, by: actor, at: now, replaced: &replaced) {
                try stored { () throws(DatabaseError) in _ = try database.append(note) }
            }
            return (try stored { () throws(DatabaseError) in try database.registry() }, replaced)
        }
    }

    /// Changes the rows. Every rule is asked before it is written, under the write lock.
    /// - Parameter replaced: the key that an approval has replaced.
    /// - Returns: what the audit log says; `nil`: nothing changed.
    private func apply(
        _ change: RegistryChange, by actor: AuditActor, at now: WallTime, replaced: inout PublicKey?
    ) throws(LedgerError) -> AuditNote? {
        switch change {
        case .addTerminal(let name, let asked, let key):
            let port = try add(name, asked, key, at: now)
            return change.note(by: actor, at: now, port: port)
        case .approve(let name, let key, let mayReplace):
            guard try approve(name, key, mayReplace: mayReplace, at: now, replaced: &replaced) else { return nil }
            return change.note(by: actor, at: now, replaced: replaced)
        case .setTerminalEnabled(let name, let isEnabled):
            let terminal = try require(name)
            guard terminal.isEnabled != isEnabled else { return nil }
            try run("UPDATE terminal SET is_enabled = ? WHERE id = ?", .flag(isEnabled), .integer(terminal.id))
        case .renewSupport(let name):
            let terminal = try require(name)
            try run("UPDATE terminal SET support_since = ? WHERE id = ?", .integer(now.secondsSince1970), .integer(terminal.id))
        case .removeTerminal(let name):
            try run("DELETE FROM terminal WHERE id = ?", .integer(try require(name).id))
        case .addStaff(let name, let role, let keys, let end):
            try add(name, role, keys, until: end, at: now)
        case .setStaffEnabled(let name, let isEnabled):
            let member = try require(name)
            guard member.isEnabled != isEnabled else { return nil }
            try run("UPDATE staff SET is_enabled = ? WHERE id = ?", .flag(isEnabled), .integer(member.id))
        case .removeStaff(let name):
            try run("DELETE FROM staff WHERE id = ?", .integer(try require(name).id))
        case .grant(let grantee, let target, let until): try grant(grantee, target, until: until)
        case .revoke(let grantee, let target): try revoke(grantee, target)
        case .addStaffKeys(let name, let keys, let end): try add(keys, to: name, until: end)
        case .limitStaffKey(let name, let fingerprint, let end): guard try limit(fingerprint, of: name, until: end) else { return nil }
        case .removeStaffKey(let name, let fingerprint): try remove(fingerprint, of: name)
        case .setRole(let name, let role):
            let changed = try run(
                "UPDATE staff SET role = ?1 WHERE id = ?2 AND role <> ?1", .text(role.rawValue), .integer(try require(name).id))
            guard changed > 0 else { return nil }
        case .addGroup(let name):
            if try stored({ () throws(DatabaseError) in try database.group(name) }) != nil { throw .groupExists(name) }
            try run("INSERT INTO staff_group (name) VALUES (?)", .text(name.description))
        case .removeGroup(let name):
            try run("DELETE FROM staff_group WHERE id = ?", .integer(try require(name)))
        case .setMember(let group, let name, let isMember):
            let (groupID, staffID) = (Value.integer(try require(group)), Value.integer(try require(name).id))
            let changed =
                isMember
                ? try run("INSERT INTO group_member (staff_group, staff) VALUES (?, ?) ON CONFLICT DO NOTHING", groupID, staffID)
                : try run("DELETE FROM group_member WHERE staff_group = ? AND staff = ?", groupID, staffID)
            guard changed > 0 else { return nil }
        case .setTag(let name, let tag, let isSet):
            guard try setTag(tag, of: name, isSet) else { return nil }
        case .setDetails(let name, let organisation, let notes):
            let changed = try run(
                """
                UPDATE terminal SET organisation = ifnull(?1, organisation), notes = ifnull(?2, notes)
                WHERE id = ?3 AND (organisation, notes) IS NOT (ifnull(?1, organisation), ifnull(?2, notes))
                """, .text(orNull: organisation), .text(orNull: notes), .integer(try require(name).id))
            guard changed > 0 else { return nil }
        case .request(let order):
            let port = try make(order, by: actor, at: now)
            return change.note(by: actor, at: now, port: port)
        case .cancelRequest(let name):
            let ended = try endRequest(of: try require(name).id, as: .cancelled)
            guard ended > 0 else { throw .noRequest(name) }
        case .approveWaiting(let name, let fingerprint):
            let key = try waitingKey(of: name, fingerprint)
            _ = try approve(name, key, mayReplace: true, at: now, replaced: &replaced)
            return RegistryChange.approve(name, key: key).note(by: actor, at: now, replaced: replaced)
        case .acceptHostKeys(let name, let fingerprint):
            return change.note(by: actor, at: now, hostKeys: try acceptHostKeys(of: name, fingerprint))
        case .announce(let announcement):
            try run("DELETE FROM announcement")
            if let announcement {
                try run(
                    "INSERT INTO announcement (id, text, until) VALUES (1, ?, ?)", .text(announcement.text),
                    .integer(orNull: announcement.until?.secondsSince1970))
            }
        case .relayKey(let step, _):
            // What peers learned was about another key.
            if step == .prepare { try run("UPDATE public_key SET relay_key = NULL WHERE relay_key IS NOT NULL") }
        }
        return change.note(by: actor, at: now)
    }

    /// Adds a terminal.
    func add(
        _ name: TerminalName, _ asked: ListeningPort?, _ key: PublicKey?, at now: WallTime
    ) throws(LedgerError) -> ListeningPort {
        if try stored({ () throws(DatabaseError) in try database.terminal(name) }) != nil { throw .terminalExists(name) }
        if let key { try requireFree(key) }
        let port: ListeningPort
        if let asked {
            if let holder = try stored({ () throws(DatabaseError) in try database.holder(of: asked) }) {
                throw .portTaken(asked, by: holder)
            }
            port = asked
        } else {
            let free = try stored { () throws(DatabaseError) in try database.lowestFreePort(in: RegistryLimits.allocatedPorts) }
            guard let found = free.flatMap({ ListeningPort($0) }) else { throw .portsExhausted }
            port = found
        }
        try run(
            "INSERT INTO terminal (name, listening_port, added_at) VALUES (?, ?, ?)", .text(name.description),
            .integer(Int64(port.rawValue)), .integer(now.secondsSince1970))
        if let key {
            try run("INSERT INTO public_key (blob, terminal) VALUES (?, ?)", .blob(key.blob), .integer(database.lastInsertedRow))
        }
        return port
    }

    /// Whether the terminal's key changed. Its request is over in any case: a key that was mailed needs no code.
    private func approve(
        _ name: TerminalName, _ key: PublicKey, mayReplace: Bool, at now: WallTime, replaced: inout PublicKey?
    ) throws(LedgerError) -> Bool {
        let terminal = try require(name)
        let holder = try stored { () throws(DatabaseError) in try database.holder(of: key) }
        if let holder, holder != .terminal(name) { throw .keyTaken(key, by: holder) }
        if holder == nil {
            replaced = try keyHeld(by: terminal.id)
            if let replaced, !mayReplace, try !isKeyAsked(for: terminal.id, at: now) {
                throw .hasOtherKey(name, its: replaced.fingerprint, given: key.fingerprint)
            }
        }
        try endRequest(of: terminal.id, as: .approved)
        if holder != nil { return false }
        try run("DELETE FROM public_key WHERE terminal = ?", .integer(terminal.id))
        try run("INSERT INTO public_key (blob, terminal) VALUES (?, ?)", .blob(key.blob), .integer(terminal.id))
        try stored { () throws(DatabaseError) in
            try database.append(.keyApproved, of: TerminalID(terminal.id), Occurrence.Facts(key: "\(key.fingerprint)"), at: now)
        }
        return true
    }

    private func keyHeld(by terminal: Int64) throws(LedgerError) -> PublicKey? {
        try stored { () throws(DatabaseError) in
            try database.first("SELECT blob FROM public_key WHERE terminal = ?", .integer(terminal)) {
                (row) throws(DatabaseError) in try row.publicKey(0)
            }
        }
    }

    private func add(
        _ name: StaffName, _ role: StaffMember.Role, _ keys: [AuthorizedKey], until end: WallTime?, at now: WallTime
    ) throws(LedgerError) {
        if try stored({ () throws(DatabaseError) in try database.staff(name) }) != nil { throw .staffExists(name) }
        guard !keys.isEmpty else { throw .noKeys }
        guard keys.count <= RegistryLimits.keysPerStaff else { throw .tooManyKeys(count: keys.count) }
        try run(
            "INSERT INTO staff (name, role, added_at) VALUES (?, ?, ?)", .text(name.description), .text(role.rawValue),
            .integer(now.secondsSince1970))
        try insert(keys, of: database.lastInsertedRow, until: end)
    }

    /// Gives keys to a member of staff.
    func insert(_ keys: [AuthorizedKey], of staff: Int64, until end: WallTime?) throws(LedgerError) {
        for key in keys {
            // A file may hold the same key twice: asked for each, the second finds this new holder.
            try requireFree(key.key)
            try run(
                "INSERT INTO public_key (blob, staff, comment, until) VALUES (?, ?, ?, ?)", .blob(key.key.blob), .integer(staff),
                .text(key.comment), .integer(orNull: end?.secondsSince1970))
        }
    }

    // MARK: - Rules

    func require(_ name: TerminalName) throws(LedgerError) -> (id: Int64, isEnabled: Bool) {
        guard let terminal = try stored({ () throws(DatabaseError) in try database.terminal(name) }) else { throw .noTerminal(name) }
        return terminal
    }

    func require(_ name: StaffName) throws(LedgerError) -> (id: Int64, isEnabled: Bool) {
        guard let member = try stored({ () throws(DatabaseError) in try database.staff(name) }) else { throw .noStaff(name) }
        return member
    }

    func require(_ name: GroupName) throws(LedgerError) -> Int64 {
        guard let group = try stored({ () throws(DatabaseError) in try database.group(name) }) else { throw .noGroup(name) }
        return group
    }

    private func requireFree(_ key: PublicKey) throws(LedgerError) {
        if let holder = try stored({ () throws(DatabaseError) in try database.holder(of: key) }) { throw .keyTaken(key, by: holder) }
    }

    @discardableResult
    func run(_ sql: String, _ values: Value...) throws(LedgerError) -> Int {
        try stored { () throws(DatabaseError) in try database.run(sql, values: values) }
    }
}
