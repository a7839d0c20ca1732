import CSQLite

/// One connection to a SQLite database.
///
/// Opened for durability: write-ahead log, `synchronous=FULL` (a transaction that returned survives a power failure), foreign keys
/// enforced. Every call blocks: use it on an executor for blocking work only. Not Sendable: it belongs to one actor or thread.
package final class Database {
    /// What is expected at the path.
    package enum Opening: Hashable, Sendable {
        /// A database that exists. Nothing is created if there is none.
        case existing
        /// No file, or an empty one: it is created, with the permissions that the process's umask leaves.
        case new
    }

    /// How long a call waits for the lock of another connection before it throws `.busy`, milliseconds.
    package static let busyTimeout: Int32 = 5_000
    /// Bytes that the write-ahead log keeps on disk after a checkpoint.
    package static let journalSizeLimit = 4 << 20
    /// Prepared statements kept for reuse. At the limit all are dropped and prepared again when needed.
    package static let cachedStatements = 128

    // Set by init and cleared by close.
    private var handle: OpaquePointer?

    // Guarded by the owner's isolation.
    private var cache: [String: OpaquePointer] = [:]
    private var inUse: Set<OpaquePointer> = []

    /// Opens the database at `path` and sets it up.
    /// - Throws: `.cannotOpen`, `.damaged` for a file that is no database, `.busy`, `.readOnly`, `.inputOutput`.
    package init(path: String, _ opening: Opening) throws(DatabaseError) {
        let flags =
            SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
            | (opening == .new ? SQLITE_OPEN_CREATE : 0)
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            let error = DatabaseError(code: code, detail: opened.flatMap(Self.message))
            sqlite3_close_v2(opened)
            throw error
        }
        handle = opened
        sqlite3_busy_timeout(opened, Self.busyTimeout)
        let pages = try first("PRAGMA page_count") { (row) throws(DatabaseError) in try row.integer(0) }
        switch opening {
        case .new where pages != 0: throw DatabaseError(kind: .cannotOpen, detail: "the file exists")
        case .existing where pages == 0: throw DatabaseError(kind: .damaged, detail: "the file is empty")
        case .new, .existing: break
        }
        try execute("PRAGMA foreign_keys = ON")
        try execute("PRAGMA trusted_schema = OFF")
        try execute("PRAGMA cell_size_check = ON")
        let mode = try first("PRAGMA journal_mode = WAL") { (row) throws(DatabaseError) in try row.text(0) }
        guard mode == "wal" else {
            throw DatabaseError(
                kind: .readOnly, detail: "the write-ahead log cannot be used in this folder (journal mode \(mode ?? "unknown"))")
        }
        try execute("PRAGMA synchronous = FULL")
        try execute("PRAGMA journal_size_limit = \(Self.journalSizeLimit)")
    }

    deinit { close() }

    /// Ends the connection now; the last one to a database moves its write-ahead log into the file. What is asked later throws `.closed`.
    package func close() {
        for statement in cache.values { sqlite3_finalize(statement) }
        cache = [:]
        sqlite3_close_v2(handle)
        handle = nil
    }

    /// The open connection.
    private func connection() throws(DatabaseError) -> OpaquePointer {
        guard let handle else { throw DatabaseError(kind: .closed, detail: "the store was closed") }
        return handle
    }

    /// Runs statements without parameters and drops their rows.
    package func execute(_ sql: String) throws(DatabaseError) {
        let code = sqlite3_exec(try connection(), sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw error(code) }
    }

    /// Runs one statement that returns no rows.
    /// - Parameter values: one for each `?`, in order (a precondition).
    /// - Returns: how many rows an INSERT, UPDATE or DELETE changed.
    @discardableResult
    package func run(_ sql: String, _ values: Value...) throws(DatabaseError) -> Int {
        try run(sql, values: values)
    }

    /// The same with the values in an array.
    @discardableResult
    package func run(_ sql: String, values: [Value]) throws(DatabaseError) -> Int {
        let statement = try take(sql, values)
        defer { give(statement, back: sql) }
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: continue
            case SQLITE_DONE: return Int(sqlite3_changes64(handle))
            case let code: throw error(code)
            }
        }
    }

    /// Runs one query and reads all its rows.
    /// - Parameters:
    ///   - values: one for each `?`, in order (a precondition).
    ///   - read: makes an element of a row; must not keep the row.
    /// - Returns: as many elements as rows, in their order.
    package func rows<Element>(
        _ sql: String, _ values: Value..., read: (borrowing Row) throws(DatabaseError) -> Element
    ) throws(DatabaseError) -> [Element] {
        try rows(sql, values: values, limit: .max, read: read)
    }

    /// Runs one query and reads its first row.
    /// - Returns: `nil` if there is no row; that is not an error.
    package func first<Element>(
        _ sql: String, _ values: Value..., read: (borrowing Row) throws(DatabaseError) -> Element
    ) throws(DatabaseError) -> Element? {
        try rows(sql, values: values, limit: 1, read: read).first
    }

    /// Runs `body` in a transaction that holds the write lock from its start: commits if it returns, rolls back if it throws.
    /// - Throws: what `body` throws, or what beginning or committing threw, by `body`'s error type.
    package func transaction<Result, Failure: Error>(
        failure: (DatabaseError) -> Failure, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        do { try execute("BEGIN IMMEDIATE") } catch { throw failure(error) }
        let result: Result
        do {
            result = try body()
        } catch {
            rollBack()
            throw error
        }
        do {
            try execute("COMMIT")
        } catch {
            rollBack()
            throw failure(error)
        }
        return result
    }

    /// The same for a body that throws `DatabaseError` only.
    package func transaction<Result>(_ body: () throws(DatabaseError) -> Result) throws(DatabaseError) -> Result {
        try transaction(failure: { $0 }, body)
    }

    /// The row number of the last INSERT on this connection.
    package var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }

    /// Moves the write-ahead log into the database file and empties it, so that the file alone is the whole database.
    package func checkpoint() throws(DatabaseError) { try execute("PRAGMA wal_checkpoint(TRUNCATE)") }

    // MARK: - Statements

    private func rows<Element>(
        _ sql: String, values: [Value], limit: Int, read: (borrowing Row) throws(DatabaseError) -> Element
    ) throws(DatabaseError) -> [Element] {
        let statement = try take(sql, values)
        defer { give(statement, back: sql) }
        var elements: [Element] = []
        while elements.count < limit {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: elements.append(try read(Row(statement)))
            case SQLITE_DONE: return elements
            case let code: throw error(code)
            }
        }
        return elements
    }

    /// A statement of the cache, or a new one, with its values bound and marked as in use.
    private func take(_ sql: String, _ values: [Value]) throws(DatabaseError) -> OpaquePointer {
        let statement: OpaquePointer
        if let cached = cache[sql], !inUse.contains(cached) {
            statement = cached
        } else {
            statement = try prepare(sql)
        }
        inUse.insert(statement)
        precondition(Int(sqlite3_bind_parameter_count(statement)) == values.count, "one value for each parameter of: \(sql)")
        for (index, value) in values.enumerated() {
            let code = Self.bind(value, to: Int32(index + 1), of: statement)
            guard code == SQLITE_OK else {
                let error = error(code)
                give(statement, back: sql)
                throw error
            }
        }
        return statement
    }

    /// Ends the use of a statement: back to the cache, or finalized if its place is taken.
    private func give(_ statement: OpaquePointer, back sql: String) {
        inUse.remove(statement)
        // The code repeats the error of the last step, which was thrown already.
        sqlite3_reset(statement)
        sqlite3_clear_bindings(statement)
        if let cached = cache[sql] {
            if cached != statement { sqlite3_finalize(statement) }
            return
        }
        if cache.count >= Self.cachedStatements {
            for (text, idle) in cache where !inUse.contains(idle) {
                sqlite3_finalize(idle)
                cache[text] = nil
            }
        }
        cache[sql] = statement
    }

    private func prepare(_ sql: String) throws(DatabaseError) -> OpaquePointer {
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(try connection(), sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK else { throw error(code) }
        guard let prepared else { preconditionFailure("an empty statement: \(sql)") }
        return prepared
    }

    private static func bind(_ value: Value, to index: Int32, of statement: OpaquePointer) -> Int32 {
        switch value {
        case .null: return sqlite3_bind_null(statement, index)
        case .integer(let number): return sqlite3_bind_int64(statement, index, number)
        case .text(let text):
            return text.utf8CString.withUnsafeBufferPointer { chars in
                sqlite3_bind_text64(statement, index, chars.baseAddress, UInt64(chars.count - 1), copied, UInt8(SQLITE_UTF8))
            }
        case .blob(let bytes):
            guard !bytes.isEmpty else { return sqlite3_bind_zeroblob(statement, index, 0) }
            return bytes.withUnsafeBytes { sqlite3_bind_blob64(statement, index, $0.baseAddress, UInt64($0.count), copied) }
        }
    }

    // MARK: - Errors

    private func error(_ code: Int32) -> DatabaseError { DatabaseError(code: code, detail: handle.flatMap(Self.message)) }

    private static func message(_ connection: OpaquePointer) -> String? {
        sqlite3_errmsg(connection).map { String(cString: $0) }
    }

    /// Ends a transaction that failed. SQLite has ended it itself after some errors (full, input/output): then there is nothing to do.
    private func rollBack() {
        guard let handle, sqlite3_get_autocommit(handle) == 0 else { return }
        let code = sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
        precondition(code == SQLITE_OK || sqlite3_get_autocommit(handle) != 0, "a transaction can always be rolled back")
    }
}
