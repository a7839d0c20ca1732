import EventLoops
import FoundationEssentials
import RelayCommands
import RelayCore
import RelayStore
import SSHCrypto
import SSHKeys
import Support
import Synchronization

/// An Ed25519 key that differs by `number`.
func sampleKey(_ number: UInt8) throws -> PublicKey {
    var blob: [UInt8] = [0, 0, 0, 11] + Array("ssh-ed25519".utf8)
    blob += [0, 0, 0, 32] + [UInt8](repeating: number, count: 32)
    return try PublicKey(blob: blob)
}

/// The line of a key file with that key.
func keyLine(_ number: UInt8, _ comment: String = "") throws -> [UInt8] {
    Array((AuthorizedKey(key: try sampleKey(number), comment: comment).line + "\n").utf8)
}

/// A running relay that only remembers what it was told.
final class FakeRelay: LiveRelay {
    private struct State {
        var applied: [Registry] = []
        var ended: [BridgeID] = []
        var tunnels: [LiveTunnel] = []
        var bridges: [LiveBridge] = []
        var applying = 0
    }

    private let state = Mutex(State())

    var applied: [Registry] { state.withLock { $0.applied } }

    func set(tunnels: [LiveTunnel] = [], bridges: [LiveBridge] = []) {
        state.withLock {
            $0.tunnels = tunnels
            $0.bridges = bridges
        }
    }

    func isOnline(_ terminal: TerminalID) async -> Bool { state.withLock { $0.tunnels.contains { $0.terminal == terminal } } }
    func tunnels() async -> [LiveTunnel] { state.withLock { $0.tunnels } }
    func bridges() async -> [LiveBridge] { state.withLock { $0.bridges } }

    func apply(_ registry: Registry) async {
        // Slower than the next command comes: what is not serialised shows.
        await Task.yield()
        state.withLock { $0.applied.append(registry) }
    }

    func end(_ bridge: BridgeID) async -> Bool {
        state.withLock { state in
            guard state.bridges.contains(where: { $0.id == bridge }) else { return false }
            state.ended.append(bridge)
            return true
        }
    }
}

/// Remembers the host keys that it was to keep; a full disk refuses.
final class FakeKeeper: RelayKeyKeeper {
    private struct State {
        var keys = RelayKeys(shown: SampleDesk.hostKey)
        var steps: [RelayKeyStep] = []
        var isFull = false
    }

    private let state = Mutex(State())

    var steps: [RelayKeyStep] { state.withLock { $0.steps } }
    var shown: Fingerprint { state.withLock { $0.keys.shown.publicKey.fingerprint } }
    var announced: Fingerprint? { state.withLock { $0.keys.announced?.publicKey.fingerprint } }
    func fill() { state.withLock { $0.isFull = true } }

    func keep(_ keys: RelayKeys, after step: RelayKeyStep) async throws(RelayKeyError) {
        let isFull = state.withLock { state in
            if !state.isFull { (state.keys, state.steps) = (keys, state.steps + [step]) }
            return state.isFull
        }
        if isFull { throw RelayKeyError("no space left on the disk") }
    }
}

/// A store in a folder of its own, which is removed with this value.
final class SampleStore: Sendable {
    private static let executor = BlockingExecutor(name: "test-store")
    private let path = FileManager.default.temporaryDirectory.path + "/towline-test-\(UUID().uuidString).db"
    let ledger: SQLiteLedger

    init() throws {
        try SQLiteLedger.create(path: path, hostname: "relay.example.com", by: .local("root"), at: SampleDesk.now)
        ledger = try SQLiteLedger(path: path, executor: Self.executor)
    }

    deinit {
        // Left behind in the worst case: nothing depends on it.
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
    }
}

/// A desk over a store of its own, at a fixed moment, with codes that count up.
struct SampleDesk {
    static let now = WallTime(secondsSince1970: 1_800_000_000)
    static let hostKey = HostKey(seed: [UInt8](repeating: 7, count: 32))

    let store: SampleStore
    let relay = FakeRelay()
    let keeper = FakeKeeper()
    let desk: Desk

    var ledger: SQLiteLedger { store.ledger }

    init() throws {
        store = try SampleStore()
        let identity = RelayIdentity(hostname: "relay.example.com", keys: RelayKeys(shown: Self.hostKey), port: 2222)
        let codes = Mutex<UInt8>(0)
        desk = Desk(ledger: store.ledger, identity: identity, keeper: keeper, now: { Self.now }) { count in
            codes.withLock { code in
                code += 1
                return [UInt8](repeating: code, count: count)
            }
        }
    }

    /// The code of the request of this number, counted from 1.
    static func code(_ number: UInt8) -> JoinCode { JoinCode(bytes: [UInt8](repeating: number, count: JoinCode.length)) }

    /// Uses the code of a request with a key.
    func enrol(_ key: UInt8, code: UInt8, source: String = "203.0.113.7:40000") async throws -> Enrolment {
        await desk.enrol(try sampleKey(key), codeDigest: digest(.sha256, of: Self.code(code).bytes), source: source)
    }

    /// The newest entries of the audit log.
    func audit(_ limit: Int = .max) async throws -> [AuditEntry] { try await ledger.audit(since: nil, limit: limit) }

    /// Runs a command as the local operator.
    @discardableResult
    func run(_ line: String, key: [UInt8] = []) async -> ControlReply {
        await desk.run(line.split(separator: " ").map(String.init), standardInput: key, as: .localOperator(name: "root"))
    }

    /// Runs a command over ssh.
    func run(_ line: String, as staff: StaffID, key: UInt8, input: [UInt8] = []) async throws -> ControlReply {
        let caller = Caller.principal(.staff(staff), key: try sampleKey(key), source: "192.0.2.7:50000")
        return await desk.run(line.split(separator: " ").map(String.init), standardInput: input, as: caller)
    }

    /// Terminals shop-42 (key 1) and attic (no key); alice (support, key 101, granted shop-42), root-admin (admin, key 102).
    func filled(at moment: WallTime = now) async throws -> SampleDesk {
        for (name, key) in [("shop-42", try sampleKey(1)), ("attic", nil)] {
            _ = try await ledger.perform(.addTerminal(TerminalName(parsing: name), nil, key: key), by: .local("root"), at: moment)
        }
        await run("staff add alice --key -", key: try keyLine(101, "alice@laptop"))
        await run("staff add root-admin --role admin --key -", key: try keyLine(102))
        await run("grant alice shop-42")
        return self
    }

    static let alice = StaffID(1)
    static let admin = StaffID(2)

    /// Everything in the ledger, as text to compare.
    func dump() async throws -> String {
        let registry = try await ledger.registry()
        let staff = registry.staff.map { "\($0.name) \($0.role) \($0.keys) \($0.isEnabled)" }
        return "\(registry.terminals)\n\(staff)\n\(registry.grants.map { "\($0)" }.sorted())\n\(registry.requests)\n\(try await audit())"
    }
}
