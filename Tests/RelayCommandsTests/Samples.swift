import RelayCommands
import RelayCore
import RelayStore
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

/// A desk over a ledger in memory, at a fixed moment.
struct SampleDesk {
    static let now = WallTime(secondsSince1970: 1_800_000_000)

    let ledger = MemoryLedger()
    let relay = FakeRelay()
    let desk: Desk

    init() throws {
        let identity = RelayIdentity(hostname: "relay.example.com", hostKey: try sampleKey(250), port: 2222)
        desk = Desk(ledger: ledger, identity: identity) { Self.now }
    }

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
    func filled() async throws -> SampleDesk {
        await run("terminal add shop-42 --key -", key: try keyLine(1))
        await run("terminal add attic")
        await run("staff add alice --key -", key: try keyLine(101, "alice@laptop"))
        await run("staff add root-admin --role admin --key -", key: try keyLine(102))
        await run("grant alice shop-42")
        return self
    }

    static let alice = StaffID(1)
    static let admin = StaffID(2)

    /// Everything in the ledger, as text to compare.
    func dump() async -> String {
        let registry = await ledger.registry()
        return "\(registry.terminals)\n\(registry.staff)\n\(registry.grants)\n\(await ledger.audit(limit: .max))"
    }
}
