/// One step of a schema: what leads from version `version - 1` to `version`.
package struct Migration: Sendable {
    /// 1, 2, 3, … without a gap; kept in `PRAGMA user_version`.
    package let version: Int64
    /// Statements, separated by semicolons.
    package let sql: String

    /// A step. Once released, its text never changes.
    package init(version: Int64, sql: String) {
        self.version = version
        self.sql = sql
    }
}

extension Database {
    /// What `PRAGMA user_version` holds: 0 for a database that was never migrated.
    package func schemaVersion() throws(DatabaseError) -> Int64 {
        try first("PRAGMA user_version") { (row) throws(DatabaseError) in try row.integer(0) } ?? 0
    }

    /// What `PRAGMA application_id` holds: whose file this is; 0: nobody's.
    package func applicationID() throws(DatabaseError) -> Int64 {
        try first("PRAGMA application_id") { (row) throws(DatabaseError) in try row.integer(0) } ?? 0
    }

    /// Runs the migrations that this database has not had yet: all in one transaction, or none.
    ///
    /// - Parameters:
    ///   - migrations: in order, from version 1.
    ///   - applicationID: marks a new file as this program's.
    /// - Precondition: the schema is not newer than the last migration: ask `schemaVersion` first.
    package func migrate(_ migrations: [Migration], applicationID: Int32) throws(DatabaseError) {
        precondition(migrations.enumerated().allSatisfy { $0.element.version == Int64($0.offset + 1) }, "versions count from 1")
        let current = try schemaVersion()
        precondition(current <= Int64(migrations.count), "a newer schema is never migrated")
        guard current < Int64(migrations.count) else { return }
        try transaction { () throws(DatabaseError) in
            try execute("PRAGMA application_id = \(applicationID)")
            for migration in migrations where migration.version > current {
                try execute(migration.sql)
                try execute("PRAGMA user_version = \(migration.version)")
            }
        }
    }

    /// Looks for damage in the whole file: structure, indexes, and references between tables.
    /// - Returns: what was found, at most 10 lines; empty: nothing.
    /// - Cost: reads the whole file.
    package func damage() throws(DatabaseError) -> [String] {
        let found: [String]
        do {
            found = try rows("PRAGMA integrity_check(10)") { (row) throws(DatabaseError) in try row.text(0) }
        } catch  where error.kind == .damaged {
            // Too damaged for the check itself.
            return [error.detail]
        }
        guard found == ["ok"] else { return found }
        return try rows("PRAGMA foreign_key_check") { (row) throws(DatabaseError) in
            "a row of \(try row.text(0)) refers to a missing row of \(try row.text(2))"
        }
    }
}
