import FoundationEssentials
import SQLite
import TestFolders
import Testing

@Suite struct DatabaseTests {
    let folder = TemporaryFolder()

    func database() throws -> Database {
        let database = try Database(path: folder.file("a.db"), .new)
        try database.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT UNIQUE, body BLOB) STRICT")
        return database
    }

    private func kind(_ body: () throws -> Void) -> DatabaseError.Kind? {
        do {
            try body()
            return nil
        } catch {
            return (error as? DatabaseError)?.kind
        }
    }

    @Test func isSetUpForDurability() throws {
        let database = try database()
        func pragma(_ name: String) throws -> Int64? {
            try database.first("PRAGMA \(name)") { (row) throws(DatabaseError) in try row.integer(0) }
        }
        #expect(try pragma("synchronous") == 2)
        #expect(try pragma("foreign_keys") == 1)
        #expect(try pragma("busy_timeout") == Int64(Database.busyTimeout))
        #expect(try database.first("PRAGMA journal_mode") { (row) throws(DatabaseError) in try row.text(0) } == "wal")
    }

    @Test(arguments: ["empty", "one", "wide", "zero byte", "long"])
    func textComesBackAsItWent(_ kind: String) throws {
        let texts = [
            "empty": "", "one": "a", "wide": "naïve ☂", "zero byte": "with \0 NUL", "long": String(repeating: "x", count: 100_000),
        ]
        let text = try #require(texts[kind])
        let database = try database()
        try database.run("INSERT INTO item (name) VALUES (?)", .text(text))
        #expect(try database.first("SELECT name FROM item") { (row) throws(DatabaseError) in try row.text(0) } == text)
    }

    @Test(arguments: [0, 1, 4096, 100_000])
    func bytesComeBackAsTheyWent(_ count: Int) throws {
        let database = try database()
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        try database.run("INSERT INTO item (body) VALUES (?)", .blob(bytes))
        #expect(try database.first("SELECT body FROM item") { (row) throws(DatabaseError) in try row.blob(0) } == bytes)
    }

    @Test func errorsTellTheirKind() throws {
        let database = try database()
        try database.run("INSERT INTO item (name) VALUES ('a')")
        #expect(kind { try database.run("INSERT INTO item (name) VALUES ('a')") } == .constraint)
        #expect(kind { try database.execute("SELEKT") } == .mistake)
        #expect(kind { _ = try Database(path: folder.file("missing.db"), .existing) } == .cannotOpen)
        #expect(kind { _ = try Database(path: folder.file("a.db"), .new) } == .cannotOpen)
        #expect(
            kind { _ = try database.first("SELECT name FROM item") { (row) throws(DatabaseError) in try row.integer(0) } }
                == .unexpectedValue)
    }

    @Test func closedConnectionAnswersWithAnError() throws {
        let database = try database()
        try database.run("INSERT INTO item (name) VALUES ('a')")
        database.close()
        database.close()
        #expect(kind { try database.run("INSERT INTO item (name) VALUES ('b')") } == .closed)
        #expect(kind { try database.transaction { () throws(DatabaseError) in try database.execute("SELECT 1") } } == .closed)
    }

    @Test func fileThatIsNoDatabaseIsDamaged() throws {
        try Data(repeating: 0x41, count: 8192).write(to: URL(filePath: folder.file("text.db")))
        #expect(kind { _ = try Database(path: folder.file("text.db"), .existing) } == .damaged)
    }

    @Test func failedTransactionChangesNothing() throws {
        struct Stop: Error {}
        let database = try database()
        #expect(throws: Stop.self) {
            try database.transaction(failure: { _ in Stop() }) { () throws(Stop) in
                do { try database.run("INSERT INTO item (name) VALUES ('a')") } catch { throw Stop() }
                throw Stop()
            }
        }
        #expect(try database.rows("SELECT 1 FROM item") { _ in 1 }.isEmpty)
        // The next one begins as if nothing had been.
        try database.transaction { () throws(DatabaseError) in _ = try database.run("INSERT INTO item (name) VALUES ('b')") }
        #expect(try database.rows("SELECT 1 FROM item") { _ in 1 }.count == 1)
    }

    @Test func sameStatementMayBeUsedWithinItself() throws {
        let database = try database()
        for name in ["a", "b", "c"] { try database.run("INSERT INTO item (name) VALUES (?)", .text(name)) }
        let counts = try database.rows("SELECT name FROM item") { (_) throws(DatabaseError) in
            try database.rows("SELECT name FROM item") { _ in 1 }.count
        }
        #expect(counts == [3, 3, 3])
    }

    @Test func cacheOfStatementsHasABound() throws {
        let database = try database()
        for number in 0..<(Database.cachedStatements * 2 + 1) {
            #expect(try database.first("SELECT \(number)") { (row) throws(DatabaseError) in try row.integer(0) } == Int64(number))
        }
    }

    @Test func migrationsRunOnceAndInOrder() throws {
        let steps = [
            Migration(version: 1, sql: "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1)"),
            Migration(version: 2, sql: "INSERT INTO a SELECT x + 1 FROM a"),
        ]
        let path = folder.file("m.db")
        do {
            let database = try Database(path: path, .new)
            try database.migrate(Array(steps.prefix(1)), applicationID: 7)
            #expect(try database.schemaVersion() == 1)
        }
        for _ in 0..<2 {
            let database = try Database(path: path, .existing)
            try database.migrate(steps, applicationID: 7)
            #expect(try database.schemaVersion() == 2)
            #expect(try database.applicationID() == 7)
            #expect(try database.rows("SELECT x FROM a ORDER BY x") { (row) throws(DatabaseError) in try row.integer(0) } == [1, 2])
        }
    }

    @Test func failedMigrationLeavesTheVersionBefore() throws {
        let database = try Database(path: folder.file("m.db"), .new)
        let steps = [
            Migration(version: 1, sql: "CREATE TABLE a (x INTEGER) STRICT"),
            Migration(version: 2, sql: "CREATE TABLE b (x INTEGER) STRICT; INSERT INTO missing VALUES (1)"),
        ]
        #expect(kind { try database.migrate(steps, applicationID: 7) } == .mistake)
        #expect(try database.schemaVersion() == 0)
        #expect(kind { try database.execute("SELECT 1 FROM a") } == .mistake)
    }

    @Test func damageIsFound() throws {
        let path = folder.file("d.db")
        do {
            let database = try Database(path: path, .new)
            try database.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT")
            try database.transaction { () throws(DatabaseError) in
                for number in 0..<5_000 { try database.run("INSERT INTO item (name) VALUES (?)", .text("name \(number)")) }
            }
            #expect(try database.damage().isEmpty)
            try database.checkpoint()
        }
        var bytes = try [UInt8](Data(contentsOf: URL(filePath: path)))
        for index in (bytes.count / 2)..<(bytes.count / 2 + 4096) { bytes[index] = 0xAA }
        try Data(bytes).write(to: URL(filePath: path))
        let reopened = try Database(path: path, .existing)
        #expect(try !reopened.damage().isEmpty)
    }
}
