import EventLoops
import RelayCore
import RelayStore
import SSHKeys
import Support
import TestFolders

/// An Ed25519 key that differs by `number`.
func sampleKey(_ number: UInt8) throws -> PublicKey {
    var blob: [UInt8] = [0, 0, 0, 11] + Array("ssh-ed25519".utf8)
    blob += [0, 0, 0, 32] + [UInt8](repeating: number, count: 32)
    return try PublicKey(blob: blob)
}

func line(_ number: UInt8) throws -> AuthorizedKey { AuthorizedKey(key: try sampleKey(number), comment: "key \(number)") }
func terminal(_ name: String) throws -> TerminalName { try TerminalName(parsing: name) }
func staff(_ name: String) throws -> StaffName { try StaffName(parsing: name) }
func port(_ number: UInt16) throws -> ListeningPort { try ListeningPort(parsing: String(number)) }
func moment(_ second: Int64) -> WallTime { WallTime(secondsSince1970: 1_800_000_000 + second) }

/// Terminals shop-42 (key 1) and attic (no key), staff alice (key 101) with a grant for shop-42.
@discardableResult
func fill(_ ledger: any RelayLedger) async throws -> Registry {
    let root = AuditActor.local("root")
    _ = try await ledger.perform(.addTerminal(terminal("shop-42"), nil, key: sampleKey(1)), by: root, at: moment(0))
    _ = try await ledger.perform(.addTerminal(terminal("attic"), nil, key: nil), by: root, at: moment(0))
    _ = try await ledger.perform(.addStaff(staff("alice"), .support, keys: [line(101)]), by: root, at: moment(0))
    return try await ledger.perform(.grant(.staff(staff("alice")), .terminal(terminal("shop-42")), until: nil), by: root, at: moment(0))
        .registry
}

/// Everything that a ledger answers, as text to compare.
func dump(_ ledger: any RelayLedger) async throws -> String {
    let registry = try await ledger.registry()
    let grants = registry.grants.map { "\($0)" }.sorted()
    // Sets print in another order each time.
    let staff = registry.staff.map { "\($0.name) \($0.role) \($0.keys) \($0.isEnabled) \($0.lastUses.count)" }
    let groups = registry.groups.map { "\($0.name) \($0.members.sorted())" }
    return "\(registry.terminals)\n\(staff)\n\(groups)\n\(grants)\n\(registry.requests)\n"
        + "\(try await ledger.audit(since: nil, limit: .max))\n\(try await ledger.bridges(limit: .max))"
}

/// Ledgers in a folder.
extension TemporaryFolder {
    /// The store's file.
    var store: String { file("relay.db") }

    /// A new, empty ledger.
    func ledger() throws -> SQLiteLedger {
        try SQLiteLedger.create(path: store, hostname: "relay.example.com", by: .local("root"), at: moment(0))
        return try open()
    }

    /// The ledger that is there.
    func open() throws -> SQLiteLedger { try SQLiteLedger(path: store, executor: testExecutor) }
}

/// One thread for all ledgers of the tests.
let testExecutor = BlockingExecutor(name: "test-store")
