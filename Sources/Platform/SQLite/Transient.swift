import CSQLite

/// `SQLITE_TRANSIENT`: SQLite copies the bytes before the call returns. The C macro is a cast that Swift does not import.
/// Guard: a constant; it is never called.
nonisolated(unsafe) let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
