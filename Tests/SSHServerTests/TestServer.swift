import EventLoops
import Glibc
import SSHCrypto
import SSHKeys
import SSHProtocol
import SSHServer
import SSHTestClient
import Synchronization
import SystemCalls

/// A server on loops of its own, on a port of its own: knows one key, keeps one tunnel per listening port, and bridges `direct-tcpip` to it.
///
/// It decides as little as possible, so that tests see the engine.
final class TestServer: Sendable {
    /// What happened, in order.
    enum Happening: Equatable, Sendable {
        case authenticated(UInt64)
        case ended(UInt64, ConnectionEnd)
    }

    /// What outlives the server until its loops have stopped.
    final class Journal: Sendable {
        let key: TestKey
        let happenings = Mutex<[Happening]>([])
        init(_ key: TestKey) { self.key = key }
        func note(_ happening: Happening) { happenings.withLock { $0.append(happening) } }
    }

    /// The connections that a loop has for the tests. Used on the loop's thread.
    final class Board {
        let loop: ConnectionLoop
        var tunnels: [UInt32: SocketConnection] = [:]
        var connections: [UInt64: SocketConnection] = [:]
        init(_ loop: ConnectionLoop) { self.loop = loop }
    }

    private let journal: Journal
    /// The key that is known.
    var key: TestKey { journal.key }
    let port: UInt16
    private let events: [EventLoop]
    // Used on the threads of their loops, or before those start.
    nonisolated(unsafe) private let boards: [Board]
    private let listener: Int32

    init(limits: ServerLimits = .standard, loops: Int = 1) throws {
        let journal = Journal(try TestKey(.ed25519))
        self.journal = journal
        let descriptor = try Sockets.listen(on: .loopback(port: 0))
        port = try Sockets.localAddress(descriptor.raw).port
        listener = descriptor.release()
        let identity = ServerIdentity(hostKeys: [.generate()], software: "TestServer")
        let admission = Admission(limits: limits)
        let numbers = ConnectionNumbers()
        var events: [EventLoop] = []
        var boards: [Board] = []
        for index in 0..<loops {
            let loop = try EventLoop(name: "test-\(index)")
            events.append(loop)
            boards.append(
                Board(ConnectionLoop(events: loop, identity: identity, limits: limits, admission: admission, numbers: numbers)))
        }
        self.events = events
        self.boards = boards
        for board in boards {
            board.loop.makeSession = { [unowned board] connection in
                board.connections[connection.id] = connection
                return Session(journal, board)
            }
        }
        try boards[0].loop.listen(listener)
        for loop in events { loop.start() }
    }

    deinit {
        for loop in events { loop.stop() }
        Descriptor.close(listener)
    }

    /// What has happened so far.
    var happenings: [Happening] { journal.happenings.withLock { $0 } }

    /// How the connections ended that have, in order.
    var ends: [ConnectionEnd] {
        happenings.compactMap { happening in
            guard case .ended(_, let end) = happening else { return nil }
            return end
        }
    }

    /// Waits until so many connections have ended in all.
    func waitForEnds(_ count: Int) throws {
        let deadline = MonotonicClock.now + .seconds(20)
        while ends.count < count {
            guard MonotonicClock.now < deadline else { throw TestClientError("waited in vain for \(count) ends") }
            usleep(2000)
        }
    }

    /// Runs `body` on a loop's thread and waits for it; `nil` if it does not come to its turn within 20 seconds.
    func onLoop<Value: Sendable>(_ index: Int = 0, _ body: @escaping @Sendable (Board) -> Value) -> Value? {
        nonisolated(unsafe) let board = boards[index]
        let shared = Outcome<Value>()
        events[index].submit { shared.set(body(board)) }
        return shared.wait()
    }

    /// Runs `body` in a batch in which timers of more than a second ago are due: the loop is held up before it.
    func inABatchWithTimers(_ body: @escaping @Sendable (Board) -> Void) {
        nonisolated(unsafe) let board = boards[0]
        let loop = events[0]
        loop.submit {
            usleep(1_200_000)
            loop.submit { body(board) }
        }
    }

    /// Hands every connection of loop 0 to loop 1, between batches.
    func moveEverythingToTheOtherLoop() {
        nonisolated(unsafe) let from = boards[0]
        nonisolated(unsafe) let to = boards[1]
        let target = events[1]
        events[0].submit {
            from.loop.afterBatch {
                var moving: [SocketConnection] = []
                from.loop.forEach { moving.append($0) }
                for connection in moving { from.loop.release(connection) }
                nonisolated(unsafe) let released = moving
                target.submit {
                    for connection in released {
                        to.connections[connection.id] = connection
                        to.loop.adopt(connection)
                    }
                }
            }
        }
    }

    /// A client that is connected to it.
    func connect(_ client: SSHTestClient = SSHTestClient()) throws -> SSHTestConnection {
        try SSHTestConnection(port: port, client: client)
    }

    /// The same, logged in by the known key.
    func logIn(_ client: SSHTestClient = SSHTestClient()) throws -> SSHTestConnection {
        let connection = try connect(client)
        try connection.logIn("someone", key)
        return connection
    }
}

/// A value that another thread makes.
final class Outcome<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)

    func set(_ value: Value) { self.value.withLock { $0 = value } }

    /// `nil` if it does not come within 20 seconds.
    func wait() -> Value? {
        let end = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < end {
            if let value = value.withLock({ $0 }) { return value }
            usleep(1000)
        }
        return nil
    }
}

/// What the test's server decides.
private final class Session: ConnectionSession {
    private let journal: TestServer.Journal
    private unowned let board: TestServer.Board
    /// Channels of a tunnel that are being opened, with who asked.
    private var asked: [ChannelID: (caller: SocketConnection, channel: ChannelID)] = [:]
    private var listening: UInt32?

    init(_ journal: TestServer.Journal, _ board: TestServer.Board) {
        self.journal = journal
        self.board = board
    }

    func connection(_ connection: SocketConnection, did event: ServerEvent) {
        switch event {
        case .keyOffered(_, let key): connection.ssh.answerKey(isKnown: key == journal.key.publicKey)
        case .authenticated: journal.note(.authenticated(connection.id))
        case .forwardRequested(let endpoint):
            listening = endpoint.port
            board.tunnels[endpoint.port] = connection
            connection.ssh.answerForward(port: endpoint.port)
        case .forwardCancelled: connection.ssh.answerCancel(wasHeld: false)
        case .channelOffered(let id, .directTCPIP(let target, let originator)):
            guard let tunnel = board.tunnels[target.port], let session = tunnel.session as? Session,
                let outward = tunnel.ssh.openForwarded(
                    listener: ForwardedEndpoint(host: "localhost", port: target.port), originator: originator)
            else { return connection.ssh.refuse(id, .connectFailed, "nobody listens") }
            session.asked[outward] = (connection, id)
            tunnel.needsFlush()
        case .channelOffered(let id, _): connection.ssh.accept(id)
        case .channelOpened(let id):
            guard let (caller, channel) = asked.removeValue(forKey: id) else { return }
            caller.ssh.accept(channel)
            ChannelEnd.join(connection.makeEnd(id, observer: nil), caller.makeEnd(channel, observer: nil))
            caller.needsFlush()
        case .channelRefused(let id, _, let sentence):
            guard let (caller, channel) = asked.removeValue(forKey: id) else { return }
            caller.ssh.refuse(channel, .connectFailed, sentence)
            caller.needsFlush()
        case .channelRequested(let id, _, let wantsReply):
            if wantsReply { connection.ssh.answerRequest(id, isGranted: false) }
        default: break
        }
    }

    func connectionEnded(_ connection: SocketConnection, _ end: ConnectionEnd) {
        if let listening, board.tunnels[listening] === connection { board.tunnels[listening] = nil }
        board.connections[connection.id] = nil
        journal.note(.ended(connection.id, end))
    }
}
