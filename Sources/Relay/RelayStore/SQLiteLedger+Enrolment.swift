package import RelayCore
import SQLite
import SSHCrypto
package import SSHKeys
package import Support

/// Support requests, and the keys that come with their codes.
extension SQLiteLedger {
    /// How a request ends, as the store has it.
    enum RequestEnd: String {
        case approved, cancelled, expired

        /// What its code is then.
        var spentCode: SpentCode {
            switch self {
            case .approved: .used
            case .cancelled: .cancelled
            case .expired: .expired
            }
        }
    }

    /// Uses a join code for a key, as `RelayLedger` says.
    package func enrol(
        _ key: PublicKey, codeDigest: [UInt8], source: String, at now: WallTime
    ) throws(LedgerError) -> (enrolment: Enrolment, registry: Registry) {
        defer { tell() }
        return try database.transaction(failure: { LedgerError($0, path: path) }) { () throws(LedgerError) in
            try stored { () throws(DatabaseError) in
                let enrolment = try use(codeDigest, for: key, source: source, at: now)
                return (enrolment, try database.registry())
            }
        }
    }

    private func use(_ codeDigest: [UInt8], for key: PublicKey, source: String, at now: WallTime) throws(DatabaseError) -> Enrolment {
        struct Found {
            let id: Int64
            let terminal: Int64
            let name: TerminalName
            let isOpen: Bool
            let approvesItself: Bool
            let key: [UInt8]?
        }
        let found = try database.first(
            """
            SELECT request.id, terminal.id, terminal.name, request.state = 'open',
                   approves_itself AND NOT EXISTS (SELECT 1 FROM public_key WHERE public_key.terminal = terminal.id)
                       AND EXISTS (SELECT 1 FROM staff WHERE staff.id = request.staff AND staff.is_enabled), key
            FROM request JOIN terminal ON terminal.id = request.terminal
            WHERE code_digest = ? AND state IN ('open', 'waiting') AND terminal.is_enabled
            """, .blob(codeDigest)
        ) { (row) throws(DatabaseError) in
            Found(
                id: try row.integer(0), terminal: try row.integer(1), name: try row.terminalName(2), isOpen: try row.flag(3),
                approvesItself: try row.flag(4), key: row.isNull(5) ? nil : try row.blob(5))
        }
        guard let found else { return .refused }
        guard found.isOpen else { return found.key == key.blob ? .waiting(found.name) : .refused }
        let isAwaited = try database.first("SELECT 1 FROM request WHERE key = ? AND state = 'waiting'", .blob(key.blob)) { _ in true }
        guard try database.holder(of: key) == nil, isAwaited == nil else { return .refused }
        // The one statement that decides who has the code.
        let used = try database.run(
            """
            UPDATE request SET state = ?, key = ?, key_source = ?, key_at = ?
            WHERE id = ? AND state = 'open' AND expires_at > ?
            """, .text(found.approvesItself ? RequestEnd.approved.rawValue : "waiting"), .blob(key.blob), .text(Printable.escaped(source)),
            .integer(now.secondsSince1970), .integer(found.id), .integer(now.secondsSince1970))
        guard used == 1 else { return .refused }
        if found.approvesItself {
            try database.run("INSERT INTO public_key (blob, terminal) VALUES (?, ?)", .blob(key.blob), .integer(found.terminal))
        }
        try database.append(
            AuditNote(
                at: now, actor: AuditActor.relay.text, action: found.approvesItself ? "terminal.join" : "terminal.key-waits",
                subject: found.name.description, detail: "key \(key.fingerprint), from \(Printable.escaped(source))"))
        try database.append(
            found.approvesItself ? .keyApproved : .keyWaits, of: TerminalID(found.terminal),
            Occurrence.Facts(from: Printable.escaped(source), key: "\(key.fingerprint)"), at: now)
        return found.approvesItself ? .active(TerminalID(found.terminal)) : .waiting(found.name)
    }

    /// Makes a request, and its terminal if there is none; ends an earlier one.
    /// - Returns: the terminal's listening port.
    func make(_ order: RequestOrder, by actor: AuditActor, at now: WallTime) throws(LedgerError) -> ListeningPort {
        let staffID = try require(order.staff).id
        try run("UPDATE request SET state = 'expired' WHERE state = 'open' AND expires_at <= ?", .integer(now.secondsSince1970))
        let count = try stored { () throws(DatabaseError) in
            try database.first("SELECT count(*) FROM request WHERE state IN ('open', 'waiting')") { (row) throws(DatabaseError) in
                try row.integer(0)
            }
        }
        guard count ?? 0 < Int64(RegistryLimits.openRequests) else { throw .tooManyRequests }
        if try stored({ () throws(DatabaseError) in try database.terminal(order.terminal) }) == nil {
            _ = try add(order.terminal, nil, nil, at: now)
        }
        let terminal = try require(order.terminal).id
        let (port, hasKey) = try portAndKey(of: terminal)
        if order.approvesItself, hasKey { throw .wouldReplaceKey(order.terminal) }
        try endRequest(of: terminal, as: .cancelled)
        try run(
            """
            INSERT INTO request
                (terminal, staff, requested_by, login, purpose, code_digest, created_at, expires_at, approves_itself)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, .integer(terminal), .integer(staffID), .text(actor.text), .text(order.login.description), .text(order.purpose),
            .blob(order.codeDigest), .integer(now.secondsSince1970), .integer(order.expiresAt.secondsSince1970), .flag(order.approvesItself)
        )
        // Who asks to be let in reaches the terminal when it is there.
        let registry = try stored { () throws(DatabaseError) in try database.registry() }
        if !registry.mayReach(StaffID(staffID), TerminalID(terminal), at: now) {
            try grant(.staff(order.staff), .terminal(order.terminal), until: nil)
        }
        return port
    }

    private func portAndKey(of terminal: Int64) throws(LedgerError) -> (ListeningPort, Bool) {
        let found = try stored { () throws(DatabaseError) in
            try database.first(
                """
                SELECT listening_port, EXISTS (SELECT 1 FROM public_key WHERE public_key.terminal = terminal.id)
                FROM terminal WHERE id = ?
                """, .integer(terminal)
            ) { (row) throws(DatabaseError) in (try row.listeningPort(0), try row.flag(1)) }
        }
        guard let found else { preconditionFailure("the terminal was looked up in this transaction") }
        return found
    }

    /// Ends the open or waiting request of a terminal; returns how many there were: 0 or 1.
    @discardableResult
    func endRequest(of terminal: Int64, as end: RequestEnd) throws(LedgerError) -> Int {
        try run(
            "UPDATE request SET state = ? WHERE terminal = ? AND state IN ('open', 'waiting')", .text(end.rawValue), .integer(terminal))
    }

    /// Whether a request for a key of this terminal is not over.
    func isKeyAsked(for terminal: Int64, at now: WallTime) throws(LedgerError) -> Bool {
        try stored { () throws(DatabaseError) in
            try database.first(
                "SELECT 1 FROM request WHERE terminal = ? AND (state = 'waiting' OR state = 'open' AND expires_at > ?)",
                .integer(terminal), .integer(now.secondsSince1970)
            ) { _ in true } ?? false
        }
    }

    /// The key that waits for approval.
    func waitingKey(of name: TerminalName, _ fingerprint: Fingerprint?) throws(LedgerError) -> PublicKey {
        let terminal = try require(name).id
        let key = try stored { () throws(DatabaseError) in
            try database.first("SELECT key FROM request WHERE terminal = ? AND state = 'waiting'", .integer(terminal)) {
                (row) throws(DatabaseError) in try row.publicKey(0)
            }
        }
        guard let key else { throw .nothingWaits(name) }
        if let fingerprint, fingerprint != key.fingerprint { throw .otherKeyWaits(name, key.fingerprint) }
        return key
    }
}

extension Registry {
    /// Whether a member of staff reaches a terminal, whatever is disabled now.
    fileprivate func mayReach(_ staff: StaffID, _ terminal: TerminalID, at now: WallTime) -> Bool {
        self.staff(staff)?.role == .admin || grant(staff, terminal)?.holds(at: now) == true
    }
}
