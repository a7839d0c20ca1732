package import RelayCore
import SQLite
import SSHKeys
package import Support

extension SQLiteLedger {
    /// Does one change with its audit entry, in one transaction.
    package func perform(_ change: RegistryChange, by actor: AuditActor, at now: WallTime) throws(LedgerError) -> Registry {
        try database.transaction(failure: { LedgerError($0, path: path) }) { () throws(LedgerError) in
            if let note = try apply(change, by: actor, at: now) {
                try stored { () throws(DatabaseError) in _ = try database.append(note) }
            }
            return try stored { () throws(DatabaseError) in try database.registry() }
        }
    }

    /// Changes the rows. Every rule is asked before it is written, under the write lock.
    /// - Returns: what the audit log says; `nil`: nothing changed.
    private func apply(_ change: RegistryChange, by actor: AuditActor, at now: WallTime) throws(LedgerError) -> AuditNote? {
        switch change {
        case .addTerminal(let name, let asked, let key):
            let port = try add(name, asked, key, at: now)
            return change.note(by: actor, at: now, port: port)
        case .approve(let name, let key):
            guard try approve(name, key) else { return nil }
        case .setTerminalEnabled(let name, let isEnabled):
            let terminal = try require(name)
            guard terminal.isEnabled != isEnabled else { return nil }
            try run("UPDATE terminal SET is_enabled = ? WHERE id = ?", .flag(isEnabled), .integer(terminal.id))
        case .removeTerminal(let name):
            try run("DELETE FROM terminal WHERE id = ?", .integer(try require(name).id))
        case .addStaff(let name, let role, let keys):
            try add(name, role, keys, at: now)
        case .setStaffEnabled(let name, let isEnabled):
            let member = try require(name)
            guard member.isEnabled != isEnabled else { return nil }
            try run("UPDATE staff SET is_enabled = ? WHERE id = ?", .flag(isEnabled), .integer(member.id))
        case .removeStaff(let name):
            try run("DELETE FROM staff WHERE id = ?", .integer(try require(name).id))
        case .grant(let staff, let terminal, let until):
            try run(
                """
                INSERT INTO access_grant (staff, terminal, until) VALUES (?, ?, ?)
                ON CONFLICT (staff, terminal) DO UPDATE SET until = excluded.until
                """, .integer(try require(staff).id), .integer(try require(terminal).id), .integer(orNull: until?.secondsSince1970))
        case .revoke(let staff, let terminal):
            let deleted = try run(
                "DELETE FROM access_grant WHERE staff = ? AND terminal = ?", .integer(try require(staff).id),
                .integer(try require(terminal).id))
            guard deleted == 1 else { throw .noGrant(staff, terminal) }
        }
        return change.note(by: actor, at: now)
    }

    private func add(
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

    /// Whether the terminal's key changed.
    private func approve(_ name: TerminalName, _ key: PublicKey) throws(LedgerError) -> Bool {
        let terminal = try require(name)
        let holder = try stored { () throws(DatabaseError) in try database.holder(of: key) }
        if holder == .terminal(name) { return false }
        if let holder { throw .keyTaken(key, by: holder) }
        try run("DELETE FROM public_key WHERE terminal = ?", .integer(terminal.id))
        try run("INSERT INTO public_key (blob, terminal) VALUES (?, ?)", .blob(key.blob), .integer(terminal.id))
        return true
    }

    private func add(_ name: StaffName, _ role: StaffMember.Role, _ keys: [AuthorizedKey], at now: WallTime) throws(LedgerError) {
        if try stored({ () throws(DatabaseError) in try database.staff(name) }) != nil { throw .staffExists(name) }
        guard !keys.isEmpty else { throw .noKeys }
        guard keys.count <= RegistryLimits.keysPerStaff else { throw .tooManyKeys(count: keys.count) }
        for key in keys { try requireFree(key.key) }
        try run(
            "INSERT INTO staff (name, role, added_at) VALUES (?, ?, ?)", .text(name.description), .text(role.rawValue),
            .integer(now.secondsSince1970))
        let id = database.lastInsertedRow
        for key in keys {
            // A file may hold the same key twice: asked again here, the second finds this new holder.
            try requireFree(key.key)
            try run(
                "INSERT INTO public_key (blob, staff, comment) VALUES (?, ?, ?)", .blob(key.key.blob), .integer(id), .text(key.comment))
        }
    }

    // MARK: - Rules

    private func require(_ name: TerminalName) throws(LedgerError) -> (id: Int64, isEnabled: Bool) {
        guard let terminal = try stored({ () throws(DatabaseError) in try database.terminal(name) }) else { throw .noTerminal(name) }
        return terminal
    }

    private func require(_ name: StaffName) throws(LedgerError) -> (id: Int64, isEnabled: Bool) {
        guard let member = try stored({ () throws(DatabaseError) in try database.staff(name) }) else { throw .noStaff(name) }
        return member
    }

    private func requireFree(_ key: PublicKey) throws(LedgerError) {
        if let holder = try stored({ () throws(DatabaseError) in try database.holder(of: key) }) { throw .keyTaken(key, by: holder) }
    }

    @discardableResult
    private func run(_ sql: String, _ values: Value...) throws(LedgerError) -> Int {
        try stored { () throws(DatabaseError) in try database.run(sql, values: values) }
    }
}
