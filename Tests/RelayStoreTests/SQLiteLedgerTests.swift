import FoundationEssentials
import RelayCore
import RelayStore
import SQLite
import SSHKeys
import SystemCalls
import Support
import TestFolders
import Testing

@Suite struct SQLiteLedgerTests {
    let folder = TemporaryFolder()

    private func openingError() -> LedgerError? {
        do {
            _ = try folder.open()
            return nil
        } catch {
            return error as? LedgerError
        }
    }

    private func isDamaged(_ error: LedgerError?) -> Bool {
        if case .damaged = error { true } else { false }
    }

    /// A store with rows, in one file.
    private func filled() async throws -> [UInt8] {
        do {
            let ledger = try folder.ledger()
            try await fill(ledger)
            for number in 0..<200 {
                _ = try await ledger.perform(.addTerminal(terminal("bulk-\(number)"), nil, key: nil), by: .local("root"), at: moment(1))
            }
            await ledger.close()
        }
        return try [UInt8](Data(contentsOf: URL(filePath: folder.store)))
    }

    @Test func whatWasWrittenIsThereAfterOpeningAgain() async throws {
        let before: String
        do {
            let ledger = try folder.ledger()
            try await fill(ledger)
            before = try await dump(ledger)
            await ledger.close()
        }
        let ledger = try folder.open()
        #expect(try await dump(ledger) == before)
        #expect(ledger.hostname == "relay.example.com")
    }

    @Test func whatIsAuditedIsToldOnceItIsWritten() async throws {
        do {
            let ledger = try folder.ledger()
            try await fill(ledger)
            await ledger.close()
        }
        let told = Monitor<[AuditEntry]>([])
        let ledger = try SQLiteLedger(path: folder.store, executor: testExecutor) { entry in told.withLock { $0.append(entry) } }
        let before = try await ledger.audit(since: nil, limit: .max)
        #expect(told.withLock { $0 }.isEmpty, "what was there before is not told again")
        _ = try await ledger.beginRun(at: moment(5))
        _ = try await ledger.perform(.setTerminalEnabled(terminal("shop-42"), false), by: .local("root"), at: moment(6))
        await #expect(throws: LedgerError.self, "and what is refused is not told") {
            _ = try await ledger.perform(.removeTerminal(terminal("nowhere")), by: .local("root"), at: moment(7))
        }
        try await ledger.note("session.end", subject: "session 1-1", by: .relay, at: moment(8))
        let entries = try await ledger.audit(since: nil, limit: .max)
        #expect(told.withLock { $0 } == Array(entries.dropFirst(before.count)))
        #expect(told.withLock { $0 }.map(\.action) == ["serve", "terminal.disable", "session.end"])
    }

    @Test func s04MissingStoreIsNotCreated() throws {
        #expect(openingError() == .missing(path: folder.store))
        #expect(!FileManager.default.fileExists(atPath: folder.store))
    }

    @Test func s04ExistingStoreIsNotOverwritten() async throws {
        let before = try await filled()
        #expect(throws: LedgerError.exists(path: folder.store)) {
            try SQLiteLedger.create(path: folder.store, hostname: "other.example.com", by: .local("root"), at: moment(0))
        }
        #expect(try [UInt8](Data(contentsOf: URL(filePath: folder.store))) == before)
    }

    @Test(arguments: [0, 1, 100, 4096])
    func s04FileThatIsNoStoreIsRefusedAndKept(_ size: Int) throws {
        let content = Data(repeating: 0x41, count: size)
        try content.write(to: URL(filePath: folder.store))
        #expect(isDamaged(openingError()))
        #expect(try Data(contentsOf: URL(filePath: folder.store)) == content)
    }

    @Test func s04DatabaseOfAnotherProgramIsRefused() throws {
        do {
            let other = try Database(path: folder.store, .new)
            try other.execute("CREATE TABLE x (y INTEGER)")
        }
        #expect(isDamaged(openingError()))
    }

    @Test(arguments: [1, 2, 5, 9])
    func s04DamagedPageIsRefused(_ tenth: Int) async throws {
        var bytes = try await filled()
        #expect(bytes.count > 40_960)
        let start = bytes.count / 10 * tenth
        for index in start..<(start + 4096) { bytes[index] ^= 0x5a }
        try Data(bytes).write(to: URL(filePath: folder.store))
        #expect(isDamaged(openingError()))
        #expect(try [UInt8](Data(contentsOf: URL(filePath: folder.store))) == bytes)
    }

    @Test func s04TruncatedStoreIsRefused() async throws {
        let bytes = try await filled()
        for size in [512, 4096, bytes.count / 2, bytes.count - 4096] {
            try Data(bytes.prefix(size)).write(to: URL(filePath: folder.store))
            #expect(isDamaged(openingError()), "\(size) bytes")
        }
    }

    @Test func s04NewerSchemaIsRefused() async throws {
        _ = try await filled()
        do {
            let database = try Database(path: folder.store, .existing)
            try database.execute("PRAGMA user_version = 99")
        }
        guard case .tooNew(_, let version, let known) = openingError() else {
            Issue.record("a newer store was opened")
            return
        }
        #expect(version == 99)
        #expect(known < 99)
    }

    @Test func s04TruncatedWriteAheadLogKeepsWhatIsWhole() async throws {
        // A copy of a store in use is what a power failure leaves: the file, and a log that may end anywhere.
        let ledger = try folder.ledger()
        try await fill(ledger)
        let copy = TemporaryFolder()
        for name in ["relay.db", "relay.db-wal"] {
            try FileManager.default.copyItem(atPath: folder.path + "/" + name, toPath: copy.path + "/" + name)
        }
        let log = try Data(contentsOf: URL(filePath: copy.store + "-wal"))
        let whole = try await dump(ledger)
        for size in [log.count, log.count - 1, log.count / 2, 40, 0] {
            let other = TemporaryFolder()
            try FileManager.default.copyItem(atPath: copy.store, toPath: other.store)
            try log.prefix(size).write(to: URL(filePath: other.store + "-wal"))
            let recovered = try other.open()
            #expect(try await recovered.verifyAudit().isIntact, "\(size) bytes of the log")
            if size == log.count { #expect(try await dump(recovered) == whole) }
        }
    }

    @Test(arguments: [
        "UPDATE audit SET detail = 'x' WHERE number = 3", "UPDATE audit SET at = at + 1 WHERE number = 3",
        "UPDATE audit SET actor = 'local:else' WHERE number = 3", "DELETE FROM audit WHERE number = 3",
        "DELETE FROM audit WHERE number > 3", "UPDATE audit SET number = 1000 WHERE number = 3",
        "UPDATE audit SET digest = zeroblob(32) WHERE number = 5", "UPDATE audit_head SET number = 4",
        "UPDATE audit_head SET digest = zeroblob(32)", "DELETE FROM audit",
        "INSERT INTO audit SELECT number + 1000, at, actor, action, subject, detail, digest FROM audit WHERE number = 3",
    ])
    func tamperingWithTheAuditLogIsFound(_ sql: String) async throws {
        do {
            let ledger = try folder.ledger()
            try await fill(ledger)
            #expect(try await ledger.verifyAudit().isIntact)
            await ledger.close()
        }
        do {
            let database = try Database(path: folder.store, .existing)
            try database.execute("DROP TRIGGER audit_is_append_only_update; DROP TRIGGER audit_is_append_only_delete")
            try database.execute(sql)
        }
        let ledger = try folder.open()
        #expect(try await !ledger.verifyAudit().isIntact)
    }

    @Test func auditLogRefusesChangesThroughSQL() async throws {
        let ledger = try folder.ledger()
        try await fill(ledger)
        await ledger.close()
        let database = try Database(path: folder.store, .existing)
        for sql in ["UPDATE audit SET detail = 'x'", "DELETE FROM audit"] {
            #expect(throws: DatabaseError.self) { try database.execute(sql) }
        }
    }

    @Test func copyIsAWholeStore() async throws {
        let ledger = try folder.ledger()
        try await fill(ledger)
        let other = TemporaryFolder()
        try await ledger.copy(to: other.store)
        let whole = try await dump(ledger)
        #expect(try await dump(other.open()) == whole)
        await #expect(throws: LedgerError.self, "never over a file") { try await ledger.copy(to: other.store) }
    }

    @Test func portIsRememberedForTheNextOpening() async throws {
        do {
            let ledger = try folder.ledger()
            #expect(ledger.rememberedPort == nil)
            try await ledger.remember(port: 2022)
            try await ledger.remember(port: 2023)
            await ledger.close()
        }
        #expect(try folder.open().rememberedPort == 2023)
    }

    /// Adds terminals with the ports from `first` on.
    private func addTerminals(_ count: Int, from first: Int) throws {
        let database = try Database(path: folder.store, .existing)
        try database.transaction { () throws(DatabaseError) in
            for number in 0..<count {
                try database.run(
                    "INSERT INTO terminal (name, listening_port, added_at) VALUES (?, ?, 0)", .text("many-\(number)"),
                    .integer(Int64(first + number)))
            }
        }
    }

    @Test func lastFreePortIsGivenAndThenNone() async throws {
        let ledger = try folder.ledger()
        try addTerminals(9_999, from: 20_000)
        let registry = try await ledger.perform(.addTerminal(terminal("last"), nil, key: nil), by: .local("root"), at: moment(1)).registry
        #expect(try registry.terminal(named: terminal("last"))?.listeningPort == port(29_999))
        await #expect(throws: LedgerError.portsExhausted) {
            try await ledger.perform(.addTerminal(terminal("more"), nil, key: nil), by: .local("root"), at: moment(1))
        }
    }

    @Test func tenThousandTerminalsAreReadInAMoment() async throws {
        let ledger = try folder.ledger()
        try await fill(ledger)
        await ledger.close()
        try addTerminals(10_000, from: 30_000)
        let reopened = try folder.open()
        let clock = ContinuousClock()
        var count = 0
        let time = try await clock.measure { count = try await reopened.registry().terminals.count }
        #expect(count == 10_002)
        #expect(time < .seconds(10), "in a debug build: \(time)")
    }
}
