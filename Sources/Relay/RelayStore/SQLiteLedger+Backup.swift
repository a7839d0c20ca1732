package import RelayCore
import SQLite
package import Support

/// A backup of a relay: one SQLite file that holds a copy of the store and, in a table of its own, the relay's private host key.
package struct RelayBackup: Hashable, Sendable {
    /// The relay's name.
    package let hostname: String
    /// When it was made.
    package let madeAt: WallTime
    /// The private host key as it stood in its file.
    package let hostKey: Secret<[UInt8]>

    package static func == (left: Self, right: Self) -> Bool {
        (left.hostname, left.madeAt, left.hostKey.exposed) == (right.hostname, right.madeAt, right.hostKey.exposed)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(madeAt) }

    /// Marks the file as a backup in `PRAGMA application_id`: "TLRB". A backup is never taken for a store.
    fileprivate static let applicationID: Int32 = 0x544c_5242

    /// Writes a backup of the store at `path` to a file that must not exist. The relay may run meanwhile, and goes on undisturbed.
    ///
    /// The backup is checked after it is written. When this throws, what stands at `file` is none: remove it.
    /// - Cost: reads the store and writes as much. Blocks.
    package static func make(of path: String, hostKey: [UInt8], to file: String, at now: WallTime) throws(LedgerError) -> RelayBackup {
        let hostname = try using(path, .existing) { (store) throws(DatabaseError) -> Result<String, LedgerError> in
            if let refusal = try store.refusal(path, applicationID: Schema.applicationID, is: "a store of towline-relay") {
                return .failure(refusal)
            }
            guard let hostname = try store.setting("hostname") else {
                return .failure(.damaged(path: path, detail: "it does not name the relay"))
            }
            try store.run("VACUUM INTO ?", .text(file))
            return .success(hostname)
        }
        let backup = RelayBackup(hostname: hostname, madeAt: now, hostKey: Secret(hostKey))
        try using(file, .existing) { (copy) throws(DatabaseError) -> Result<Void, LedgerError> in
            try copy.transaction { () throws(DatabaseError) in
                try copy.execute("CREATE TABLE backup (made_at INTEGER NOT NULL, host_key BLOB NOT NULL) STRICT")
                try copy.run("INSERT INTO backup VALUES (?, ?)", .integer(now.secondsSince1970), .blob(hostKey))
                try copy.execute("PRAGMA application_id = \(Self.applicationID)")
            }
            if let damage = try copy.damage().first { return .failure(.damaged(path: path, detail: damage)) }
            try copy.checkpoint()
            return .success(())
        }
        return backup
    }

    /// Turns a copy of a backup, at `file`, into a store; the file is changed in place, and no longer holds the host key.
    /// - Throws: `.damaged` for a file that is no backup or not whole, `.tooNew`; what stands at `file` is of no use then.
    package static func unpack(_ file: String) throws(LedgerError) -> RelayBackup {
        try using(file, .existing) { (copy) throws(DatabaseError) -> Result<RelayBackup, LedgerError> in
            if let refusal = try copy.refusal(file, applicationID: Self.applicationID, is: "a backup of towline-relay") {
                return .failure(refusal)
            }
            if let damage = try copy.damage().first { return .failure(.damaged(path: file, detail: damage)) }
            let row = try copy.first("SELECT made_at, host_key FROM backup") { (row) throws(DatabaseError) in
                (WallTime(secondsSince1970: try row.integer(0)), try row.blob(1))
            }
            guard let (madeAt, hostKey) = row, let hostname = try copy.setting("hostname") else {
                return .failure(.damaged(path: file, detail: "it has no host key, or no name"))
            }
            try copy.transaction { () throws(DatabaseError) in
                try copy.execute("DROP TABLE backup")
                try copy.execute("PRAGMA application_id = \(Schema.applicationID)")
            }
            // The key must not stay in the free pages of the store.
            try copy.execute("VACUUM")
            try copy.checkpoint()
            return .success(RelayBackup(hostname: hostname, madeAt: madeAt, hostKey: Secret(hostKey)))
        }
    }

    private static func using<Value>(
        _ path: String, _ opening: Database.Opening, _ body: (Database) throws(DatabaseError) -> Result<Value, LedgerError>
    ) throws(LedgerError) -> Value {
        let result: Result<Value, LedgerError>
        do throws(DatabaseError) {
            let database = try Database(path: path, opening)
            defer { database.close() }
            result = try body(database)
        } catch {
            throw error.kind == .cannotOpen ? .missing(path: path) : LedgerError(error, path: path)
        }
        return try result.get()
    }
}

extension Database {
    /// Why this file is not what is expected; `nil` if it is.
    fileprivate func refusal(_ path: String, applicationID: Int32, is what: String) throws(DatabaseError) -> LedgerError? {
        guard try self.applicationID() == Int64(applicationID) else { return .damaged(path: path, detail: "it is not \(what)") }
        let version = try schemaVersion()
        return version <= Schema.version ? nil : .tooNew(path: path, version: version, known: Schema.version)
    }
}
