import EventLoops
import RelayCore
import SSHCrypto
import SSHKeys
import SSHServer
import SSHTestClient
import Support
import SystemCalls
import Testing

@testable import RelaySwitch

/// A switch on loopback with terminals `shop-0`, `shop-1` … and the staff `alice` (admin) and `bob` (grants as given).
final class LiveSwitch: Sendable {
    struct Echo: CommandRunner {
        func inputUse(_ arguments: [String]) -> InputUse {
            switch arguments.first {
            case "read", "report": .required
            case "maybe": .optional
            default: .none
            }
        }
        /// Texts that `stream` has handed over, and whether the last one was taken.
        let streamed = Monitor<(count: Int, isOver: Bool)>((0, false))

        func run(
            _ arguments: [String], standardInput: [UInt8], as caller: Caller, output: (any CommandOutput)?
        ) async -> ControlReply {
            if arguments.first == "stream", let output {
                // As much as the reader takes.
                while await output.write(String(repeating: "x", count: 65_536) + "\n") { streamed.withLock { $0.count += 1 } }
                streamed.withLock { $0.isOver = true }
                return ControlReply(status: .done)
            }
            if arguments == ["lines"] { return ControlReply(status: .done, output: "one\ntwo\n") }
            return ControlReply(status: .refused, output: "\(arguments) \(standardInput.count)", errorOutput: "complaint")
        }
    }

    /// Lets the keys wait whose code is in `awaited`, approves those in `approved`, and remembers all.
    final class FakeEnroller: Enroller {
        let used = Monitor<[[UInt8]]>([])
        let answer = Monitor<@Sendable (PublicKey) async -> Enrolment>({ _ in .refused })

        func enrol(_ key: PublicKey, codeDigest: [UInt8], source: String) async -> Enrolment {
            used.withLock { $0.append(codeDigest) }
            return await answer.withLock { $0 }(key)
        }
    }

    let enroller = FakeEnroller()
    let commands = Echo()
    let group: SwitchboardGroup
    let port: UInt16
    let terminalKeys: [TestKey]
    let alice: TestKey
    let bob: TestKey
    let events = Monitor<[RelayEvent]>([])
    private let terminals: [Terminal]
    private let members: [StaffMember]

    init(terminals count: Int, switchboards: Int = 1, bobReaches: [Int] = [], until: WallTime? = nil, supportLimit: Duration? = nil) throws
    {
        let now = WallTime(secondsSince1970: 0)
        let keys = try (0..<count).map { _ in try TestKey(.ed25519) }
        terminalKeys = keys
        terminals = try keys.enumerated().map { index, key in
            Terminal(
                id: TerminalID(Int64(index + 1)), name: try TerminalName(parsing: "shop-\(index)"),
                listeningPort: try ListeningPort(parsing: "\(20_000 + index)"), key: key.publicKey, addedAt: now)
        }
        alice = try TestKey(.ed25519)
        bob = try TestKey(.ecdsaP256)
        members = [
            StaffMember(
                id: StaffID(1), name: try StaffName(parsing: "alice"), role: .admin, keys: [AuthorizedKey(key: alice.publicKey)],
                addedAt: now),
            StaffMember(
                id: StaffID(2), name: try StaffName(parsing: "bob"), role: .support, keys: [AuthorizedKey(key: bob.publicKey)], addedAt: now
            ),
        ]
        let grants = bobReaches.map { Grant(.staff(StaffID(2)), .terminal(TerminalID(Int64($0 + 1))), until: until) }
        let events = events
        var limits = ServerLimits.standard
        // The tests' clients keep their sockets open: do not wait for them.
        limits.linger = .milliseconds(100)
        group = try SwitchboardGroup(
            configuration: SwitchConfiguration(
                listen: [.loopback(port: 0)], hostKeys: [.generate()], hostname: "relay.test", switchboards: switchboards,
                supportLimit: supportLimit, limits: limits),
            registry: Registry(terminals: terminals, staff: members, grants: grants),
            report: { event in events.withLock { $0.append(event) } }, commands: commands, enroller: enroller)
        port = try #require(try group.start().first?.port)
    }

    /// The registry again, without some of its rows.
    func registry(
        withoutTerminals: Set<Int> = [], disabled: Set<Int> = [], withoutBob: Bool = false, bobReaches: [Int] = [],
        requests: [EnrolmentRequest] = [],
        newKey: (terminal: Int, key: PublicKey)? = nil, announcement: Announcement? = nil, supportSince: WallTime? = nil
    ) -> Registry {
        var terminals = terminals
        if let newKey { terminals[newKey.terminal].key = newKey.key }
        for index in disabled { terminals[index].isEnabled = false }
        for index in terminals.indices where supportSince != nil { terminals[index].supportSince = supportSince }
        return Registry(
            terminals: terminals.enumerated().filter { !withoutTerminals.contains($0.offset) }.map(\.element),
            staff: withoutBob ? [members[0]] : members,
            grants: bobReaches.map { Grant(.staff(StaffID(2)), .terminal(TerminalID(Int64($0 + 1))), until: nil) },
            requests: requests, announcement: announcement)
    }

    /// The name of the first terminal.
    var shop0: TerminalName { terminals[0].name }

    /// A terminal that holds its tunnel.
    func terminal(_ index: Int) throws -> SSHTestConnection {
        let connection = try SSHTestConnection(port: port)
        try connection.logIn("terminal", terminalKeys[index])
        connection.client.forward("localhost", UInt32(20_000 + index))
        try connection.wait("the tunnel") { !connection.client.received(81).isEmpty }
        return connection
    }

    func staff(_ key: TestKey) throws -> SSHTestConnection {
        let connection = try SSHTestConnection(port: port)
        try connection.logIn("staff", key)
        return connection
    }

    /// The sentences of refusals so far.
    var refusals: [String] {
        events.withLock { events in
            events.compactMap { if case .refused(_, _, _, let why, _) = $0 { why } else { nil } }
        }
    }

    func stop() async {
        await group.stop(within: .seconds(5))
    }
}

/// Lets several connections go on, terminals echoing what comes over their channels, until `condition` holds.
func run(
    _ connections: [SSHTestConnection], echo terminals: [SSHTestConnection] = [], patience: Duration = .seconds(20),
    _ what: Comment, until condition: () throws -> Bool
) throws {
    let end = MonotonicClock.now + patience
    while !(try condition()) {
        try #require(MonotonicClock.now < end, what)
        for connection in connections + terminals { try connection.linger(.milliseconds(2)) }
        for terminal in terminals {
            for channel in terminal.client.forwardedChannels where !channel.bytes.isEmpty {
                var rest = channel.takeBytes()[...]
                while !rest.isEmpty {
                    let sent = terminal.client.sendData(channel, rest.prefix(16_384))
                    rest = rest.dropFirst(sent)
                    if sent == 0 { try terminal.linger(.milliseconds(5)) }
                    try #require(MonotonicClock.now < end, what)
                }
            }
        }
    }
}
