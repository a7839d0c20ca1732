package import RelayCore
import SQLite
import SSHKeys
package import Support

/// The relay's memory in a SQLite file.
///
/// Lives on an executor for blocking work that it is given: SQLite waits for the disk. What returned without error was synchronised
/// to the disk (`synchronous=FULL`).
package actor SQLiteLedger: RelayLedger {
    // Static after init.
    private let executor: any SerialExecutor
    nonisolated let path: String
    /// The relay's own name, as given to `create`.
    package nonisolated let hostname: String
    /// The port that the relay last listened on, as it was when the store was opened; `nil`: it never ran.
    package nonisolated let rememberedPort: UInt16?

    /// Told each entry of the audit log once it is durable; `nil`: nobody listens.
    private let audited: (@Sendable (AuditEntry) -> Void)?
    /// Rung when an occurrence is durable; `nil`: nobody listens.
    private let bell: Bell?

    // Owned by the executor.
    let database: Database
    /// The number of the last entry that was told.
    private var told: Int64
    /// The number of the last occurrence that the bell was rung for.
    private var rung: Int64

    /// The executor that it was given.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Opens the store at `path`, after checking that the file is an undamaged store of a version that this program knows.
    ///
    /// An older version is migrated. Nothing is ever created or repaired here. Blocks the caller; reads the whole file.
    /// - Parameters:
    ///   - audited: told each entry of the audit log that this ledger writes from now on, on the executor, once it is durable.
    ///   - bell: rung when there are new occurrences.
    /// - Throws: `.missing`, `.damaged`, `.tooNew`, `.unavailable`.
    package init(
        path: String, executor: any SerialExecutor, audited: (@Sendable (AuditEntry) -> Void)? = nil, bell: Bell? = nil
    ) throws(LedgerError) {
        let database: Database
        do {
            database = try Database(path: path, .existing)
        } catch  where error.kind == .cannotOpen {
            throw LedgerError.missing(path: path)
        } catch {
            throw LedgerError(error, path: path)
        }
        do {
            guard try database.applicationID() == Int64(Schema.applicationID) else {
                throw LedgerError.damaged(path: path, detail: "it is not a store of towline-relay")
            }
            let version = try database.schemaVersion()
            guard version <= Schema.version else { throw LedgerError.tooNew(path: path, version: version, known: Schema.version) }
            if let first = try database.damage().first { throw LedgerError.damaged(path: path, detail: first) }
            try database.migrate(Schema.migrations, applicationID: Schema.applicationID)
            guard let hostname = try database.setting("hostname") else {
                throw LedgerError.damaged(path: path, detail: "it does not name the relay")
            }
            self.hostname = hostname
            rememberedPort = try database.setting("port").flatMap { UInt16($0) }
            told = try database.auditHead().number
            rung = try database.lastOccurrence()
        } catch let error as DatabaseError {
            throw LedgerError(error, path: path)
        } catch let error as LedgerError {
            throw error
        } catch {
            preconditionFailure("no other error is thrown above")
        }
        self.path = path
        self.executor = executor
        self.database = database
        self.audited = audited
        self.bell = bell
    }

    /// Creates an empty store in a file that must not exist; all in that one file when it returns.
    ///
    /// To be called for a temporary name and renamed: a crash in between leaves no half store.
    /// - Throws: `.exists`, `.unavailable`.
    package static func create(path: String, hostname: String, by actor: AuditActor, at now: WallTime) throws(LedgerError) {
        do {
            let database = try Database(path: path, .new)
            try database.migrate(Schema.migrations, applicationID: Schema.applicationID)
            try database.transaction { () throws(DatabaseError) in
                try database.run("INSERT INTO setting (name, value) VALUES ('hostname', ?)", .text(hostname))
                try database.append(AuditNote(at: now, actor: actor.text, action: "init", subject: hostname, detail: ""))
            }
            try database.checkpoint()
            database.close()
        } catch  where error.kind == .cannotOpen {
            throw LedgerError.exists(path: path)
        } catch {
            throw LedgerError(error, path: path)
        }
    }

    /// Ends the connection to the file; what is asked later is `.unavailable`.
    package func close() { database.close() }

    /// Writes a copy of the whole store, as it is now, to a file that must not exist.
    /// - Cost: reads and writes the whole store; other calls wait.
    package func copy(to path: String) throws(LedgerError) {
        try stored { () throws(DatabaseError) in try database.run("VACUUM INTO ?", .text(path)) }
    }

    /// Notes the port that the relay listens on, for commands that run without it.
    package func remember(port: UInt16) throws(LedgerError) {
        try stored { () throws(DatabaseError) in
            try database.run(
                "INSERT INTO setting (name, value) VALUES ('port', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                .text(String(port)))
        }
    }

    // MARK: - Registry

    /// All rows as a snapshot.
    package func registry() throws(LedgerError) -> Registry {
        try stored { () throws(DatabaseError) in try database.registry() }
    }

    /// Moves `last_seen` of terminals forward.
    package func noteSeen(_ times: [TerminalID: WallTime]) throws(LedgerError) {
        guard !times.isEmpty else { return }
        try stored { () throws(DatabaseError) in
            try database.transaction { () throws(DatabaseError) in
                for (terminal, time) in times { try database.noteSeen(terminal, time) }
            }
        }
    }

    // MARK: - Telling

    /// Tells what has come into the audit log and among the occurrences; behind each transaction that may write there.
    func tell() {
        // A number that cannot be read now is read behind the next transaction.
        if let bell, let last = try? database.lastOccurrence(), last > rung {
            rung = last
            bell.ring()
        }
        // An entry that cannot be read now is told with the next ones.
        guard let audited, let entries = try? audit(after: told, since: nil, limit: .max), let last = entries.last else { return }
        told = last.number
        for entry in entries { audited(entry) }
    }

    // MARK: - Errors

    /// Runs statements; a failure becomes the ledger's.
    @discardableResult
    func stored<Result>(_ body: () throws(DatabaseError) -> Result) throws(LedgerError) -> Result {
        do { return try body() } catch { throw LedgerError(error, path: path) }
    }
}

extension LedgerError {
    /// What a failure of SQLite means for the ledger.
    init(_ error: DatabaseError, path: String) {
        switch error.kind {
        case .damaged, .unexpectedValue: self = .damaged(path: path, detail: error.detail)
        case .cannotOpen, .closed, .constraint, .busy, .full, .readOnly, .inputOutput, .mistake: self = .unavailable(detail: error.detail)
        }
    }
}
