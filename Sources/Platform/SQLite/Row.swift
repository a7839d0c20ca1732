import CSQLite

/// The row that a statement stands on: lent to the closure that reads it, and not to be kept.
///
/// Columns count from 0. A column that holds another type than asked for throws `.unexpectedValue`: STRICT tables make that the
/// work of another program.
package struct Row: ~Copyable {
    /// Lent by `Database.rows`; stepped and reset by it only.
    private let statement: OpaquePointer

    init(_ statement: OpaquePointer) { self.statement = statement }

    /// Whether the column is NULL.
    package func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }

    /// An INTEGER column.
    package func integer(_ column: Int32) throws(DatabaseError) -> Int64 {
        try expect(SQLITE_INTEGER, column)
        return sqlite3_column_int64(statement, column)
    }

    /// An INTEGER column, or `nil` for NULL.
    package func integerOrNull(_ column: Int32) throws(DatabaseError) -> Int64? {
        isNull(column) ? nil : try integer(column)
    }

    /// An INTEGER column that is 0 or 1.
    package func flag(_ column: Int32) throws(DatabaseError) -> Bool {
        switch try integer(column) {
        case 0: return false
        case 1: return true
        case let other: throw DatabaseError(kind: .unexpectedValue, detail: "column \(name(column)) holds \(other), not 0 or 1")
        }
    }

    /// A TEXT column.
    package func text(_ column: Int32) throws(DatabaseError) -> String {
        try expect(SQLITE_TEXT, column)
        guard let bytes = sqlite3_column_text(statement, column) else { throw outOfMemory }
        let count = Int(sqlite3_column_bytes(statement, column))
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    /// A BLOB column.
    package func blob(_ column: Int32) throws(DatabaseError) -> [UInt8] {
        try expect(SQLITE_BLOB, column)
        let count = Int(sqlite3_column_bytes(statement, column))
        guard count > 0 else { return [] }
        guard let bytes = sqlite3_column_blob(statement, column) else { throw outOfMemory }
        return [UInt8](UnsafeRawBufferPointer(start: bytes, count: count))
    }

    private func expect(_ type: Int32, _ column: Int32) throws(DatabaseError) {
        let found = sqlite3_column_type(statement, column)
        guard found == type else {
            throw DatabaseError(kind: .unexpectedValue, detail: "column \(name(column)) holds type \(found), not \(type)")
        }
    }

    private func name(_ column: Int32) -> String {
        sqlite3_column_name(statement, column).map { String(cString: $0) } ?? String(column)
    }

    private var outOfMemory: DatabaseError { DatabaseError(code: SQLITE_NOMEM) }
}
