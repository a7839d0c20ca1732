import FoundationEssentials
import RelayCore
import RelayStore
import SQLite
import Support
import TestFolders
import Testing

@Suite struct RelayBackupTests {
    let folder = TemporaryFolder()
    private let key = Array("a private key that nobody else may read".utf8)
    private var file: String { folder.path + "/backup" }

    @Test func aBackupOfAnOpenStoreBecomesAStoreWithTheSameContent() async throws {
        let ledger = try folder.ledger()
        try await fill(ledger)
        let before = try await dump(ledger)
        let made = try RelayBackup.make(of: folder.store, hostKey: key, to: file, at: moment(9))
        // The store goes on.
        _ = try await ledger.perform(.addTerminal(terminal("later"), nil, key: nil), by: .local("root"), at: moment(10))
        await ledger.close()

        let backup = try RelayBackup.unpack(file)
        #expect(backup == made)
        #expect(backup.hostname == "relay.example.com" && backup.madeAt == moment(9) && backup.hostKey.exposed == key)
        let restored = try SQLiteLedger(path: file, executor: testExecutor)
        #expect(try await dump(restored) == before)
        guard case .intact = try await restored.verifyAudit() else {
            Issue.record("the audit log is broken")
            return
        }
        await restored.close()
    }

    @Test func theHostKeyIsInTheBackupAndNotInTheStoreThatComesOfIt() async throws {
        let ledger = try folder.ledger()
        await ledger.close()
        _ = try RelayBackup.make(of: folder.store, hostKey: key, to: file, at: moment(9))
        #expect(try Data(contentsOf: URL(filePath: file)).firstRange(of: Data(key)) != nil)
        _ = try RelayBackup.unpack(file)
        #expect(try Data(contentsOf: URL(filePath: file)).firstRange(of: Data(key)) == nil)
        #expect("\(try RelayBackup.make(of: folder.store, hostKey: key, to: file + "2", at: moment(9)))".contains("redacted"))
    }

    @Test func nothingIsOverwritten() async throws {
        let ledger = try folder.ledger()
        await ledger.close()
        let notes = Data("notes of somebody".utf8)  // SQLite takes a file of one byte for an empty one
        try notes.write(to: URL(filePath: file))
        #expect(throws: LedgerError.self) { try RelayBackup.make(of: folder.store, hostKey: key, to: file, at: moment(9)) }
        #expect(try Data(contentsOf: URL(filePath: file)) == notes)
    }

    @Test func s04WhatIsNoBackupIsRefused() async throws {
        #expect(throws: LedgerError.missing(path: file)) { try RelayBackup.unpack(file) }
        let ledger = try folder.ledger()
        try await fill(ledger)
        await ledger.close()
        #expect(throws: LedgerError.damaged(path: folder.store, detail: "it is not a backup of towline-relay")) {
            try RelayBackup.unpack(folder.store)
        }
        _ = try RelayBackup.make(of: folder.store, hostKey: key, to: file, at: moment(9))
        #expect(throws: LedgerError.damaged(path: file, detail: "it is not a store of towline-relay")) {
            try RelayBackup.make(of: file, hostKey: key, to: file + "2", at: moment(9))
        }
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: file)))
        for index in 4096..<8192 { bytes[index] = UInt8(truncatingIfNeeded: index &* 7) }
        try Data(bytes).write(to: URL(filePath: file))
        #expect(throws: LedgerError.self) { try RelayBackup.unpack(file) }
        try Data(bytes.prefix(5000)).write(to: URL(filePath: file))
        #expect(throws: LedgerError.self) { try RelayBackup.unpack(file) }
    }
}
