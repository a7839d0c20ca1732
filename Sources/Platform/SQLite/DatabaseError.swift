import CSQLite

/// Why SQLite did not do something.
package struct DatabaseError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the caller can decide by.
    package enum Kind: Hashable, Sendable, CaseIterable {
        /// There is no such file, or it may not be opened.
        case cannotOpen
        /// The file is no SQLite database, or pages of it are damaged.
        case damaged
        /// A UNIQUE, PRIMARY KEY, CHECK, NOT NULL or FOREIGN KEY rule, or a trigger, refused the change.
        case constraint
        /// Another connection holds the lock for longer than the busy timeout.
        case busy
        /// No space is left.
        case full
        /// The file, or the folder, may not be written.
        case readOnly
        /// Reading or writing failed.
        case inputOutput
        /// The connection was closed by this program, which is ending.
        case closed
        /// A column does not hold what the program expects there: another program wrote it.
        case unexpectedValue
        /// The SQL is wrong, or the library was misused: a mistake in this program.
        case mistake
    }

    /// What the caller can decide by.
    package let kind: Kind
    /// SQLite's own sentence, for logs and for the operator.
    package let detail: String

    /// An error from its parts.
    package init(kind: Kind, detail: String) {
        self.kind = kind
        self.detail = detail
    }

    /// SQLite's sentence.
    package var description: String { detail }

    /// The error of a result code; `detail` is the connection's message, or the code's own one.
    init(code: Int32, detail: String? = nil) {
        kind =
            switch code & 0xff {
            case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH: .cannotOpen
            case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_FORMAT: .damaged
            case SQLITE_CONSTRAINT: .constraint
            case SQLITE_BUSY, SQLITE_LOCKED: .busy
            case SQLITE_FULL, SQLITE_NOMEM, SQLITE_TOOBIG: .full
            case SQLITE_READONLY: .readOnly
            case SQLITE_IOERR, SQLITE_PROTOCOL: .inputOutput
            default: .mistake
            }
        self.detail = detail ?? sqlite3_errstr(code).map { String(cString: $0) } ?? "error \(code)"
    }
}
