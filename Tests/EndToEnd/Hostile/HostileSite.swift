import Glibc
import SSHKeys
import SSHTestClient
import Testing

/// A relay with keys that the scriptable client holds: `shop-42` is the terminal that behaves, `shop-43` the one that does not.
final class HostileSite {
    static let goodPort: UInt32 = 41_001
    static let badPort: UInt32 = 41_002

    let folder: Folder
    let relay: Relay
    let goodKey: TestKey
    let badKey: TestKey
    let staffKey: TestKey

    init() async throws {
        folder = try Folder()
        goodKey = try TestKey(.ed25519)
        badKey = try TestKey(.ed25519)
        staffKey = try TestKey(.ed25519)
        relay = try await Relay(in: folder)
        for (name, port, key) in [("shop-42", Self.goodPort, goodKey), ("shop-43", Self.badPort, badKey)] {
            let file = try folder.write("\(key.publicKey.line)\n", to: "\(name).pub")
            try await relay.must("terminal", "add", name, "--listening-port", "\(port)", "--key", file)
        }
        let file = try folder.write("\(staffKey.publicKey.line)\n", to: "alice.pub")
        try await relay.must("staff", "add", "alice", "--role", "admin", "--key", file)
    }

    /// Connects; nothing is said yet.
    func connect(from source: String? = nil, _ client: SSHTestClient = SSHTestClient()) throws -> SSHTestConnection {
        try SSHTestConnection(port: UInt16(relay.port), from: source, client: client)
    }

    /// A connection of a key.
    func logIn(_ key: TestKey, from source: String? = nil, _ client: SSHTestClient = SSHTestClient()) throws -> SSHTestConnection {
        let connection = try connect(from: source, client)
        try connection.logIn("someone", key)
        return connection
    }

    /// The tunnel of a terminal's key.
    func tunnel(
        _ key: TestKey, _ port: UInt32, from source: String? = nil, _ client: SSHTestClient = SSHTestClient()
    ) throws -> SSHTestConnection {
        let tunnel = try logIn(key, from: source, client)
        client.forward("localhost", port)
        try tunnel.wait("the port") { !client.received(81).isEmpty }
        return tunnel
    }

    /// Staff's channel to a terminal, and the terminal's own.
    func bridge(_ staff: SSHTestConnection, _ tunnel: SSHTestConnection, _ port: UInt32) throws -> (near: TestChannel, far: TestChannel) {
        let before = tunnel.client.forwardedChannels.count
        let near = staff.client.openDirect("localhost", port)
        try HostileSite.run([staff, tunnel], "the bridge") {
            if let refusal = near.refusal { throw TestClientError("refused: \(refusal)") }
            return near.peer != nil && tunnel.client.forwardedChannels.count > before
        }
        return (near, tunnel.client.forwardedChannels[before])
    }

    /// Keeps connections going until `condition` holds.
    static func run(
        _ connections: [SSHTestConnection], within limit: Duration = .seconds(30), _ what: String, _ condition: () throws -> Bool
    ) throws {
        let end = ContinuousClock.now + limit
        while !(try condition()) {
            guard ContinuousClock.now < end else { throw TestClientError("waited \(limit) in vain for: \(what)") }
            for connection in connections where !connection.isEnded { try connection.linger(.milliseconds(1)) }
        }
    }

    // MARK: What it costs the relay

    /// Resident memory of the relay, in bytes.
    func residentMemory() throws -> Int {
        let status = Folder.text(of: "/proc/\(try relay.process.pid)/status")
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        guard let kilobytes = line?.split(separator: " ").dropLast().last.flatMap({ Int($0) }) else {
            throw ScenarioError(description: "no VmRSS: the relay is gone. \(try relay.process.errors)")
        }
        return kilobytes * 1024
    }

    /// How many descriptors the relay has open.
    func descriptors() throws -> Int {
        guard let folder = opendir("/proc/\(try relay.process.pid)/fd") else { throw ScenarioError(description: "the relay is gone") }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return count
    }

    /// By how many bytes the relay's memory has grown when `attack` is over, and its connections are gone. Half of it runs once before, so
    /// that what is only made once (tables, libcrypto's and malloc's own) does not count.
    func growth(_ attack: (_ round: Int) throws -> Void) async throws -> Int {
        let before = try descriptors()
        func settle() async throws {
            try await eventually("the relay has let all connections go") { try descriptors() <= before }
        }
        try attack(0)
        try await settle()
        let start = try residentMemory()
        try attack(1)
        try await settle()
        return try residentMemory() - start
    }
}

/// A terminal and a member of staff who have a bridge all the time: what others do to the relay must not reach them.
final class Bystanders {
    private let staff: SSHTestConnection
    private let tunnel: SSHTestConnection
    private let near: TestChannel
    private let far: TestChannel
    /// Round trips of a line through the bridge.
    private var echoes: [Duration] = []

    init(_ site: HostileSite) throws {
        tunnel = try site.tunnel(site.goodKey, HostileSite.goodPort)
        staff = try site.logIn(site.staffKey)
        (near, far) = try site.bridge(staff, tunnel, HostileSite.goodPort)
    }

    /// One line there and back; throws if it does not come back.
    func echo() throws {
        let line = Array("echo \(echoes.count)\n".utf8)
        let start = ContinuousClock.now
        staff.client.sendData(near, line)
        try HostileSite.run([staff, tunnel], within: .seconds(10), "the bystanders' echo") {
            let here = far.takeBytes()
            if !here.isEmpty { tunnel.client.sendData(far, here) }
            return near.bytes.count >= line.count
        }
        guard near.takeBytes() == line else { throw TestClientError("another echo came back") }
        echoes.append(ContinuousClock.now - start)
    }

    /// The round trip that half of them stayed below.
    var median: Duration { echoes.sorted()[echoes.count / 2] }

    /// Begins to measure anew.
    func forgetEchoes() { echoes = [] }
}
