package import EventLoops
package import SSHProtocol
package import SystemCalls
import Synchronization

/// All SSH connections of one event loop: takes them from listeners, lets handshakes through in turn, flushes once a batch, and checks
/// each one's deadlines once a second. Used on the loop's thread, or before the loop starts.
package final class ConnectionLoop: BatchObserver {
    /// The loop that drives it.
    package let events: EventLoop
    /// The bounds that it keeps.
    package let limits: ServerLimits
    /// What connections that come from now on are shown.
    package var identity: ServerIdentity
    private let admission: Admission
    /// Gives a new connection what decides for it. Set before the loop starts.
    package var makeSession: ((SocketConnection) -> any ConnectionSession)?
    /// Distinguishes this loop's connection numbers from other loops'.
    private let numbers: ConnectionNumbers

    /// Memory that one read at a time uses: a longest packet that is arriving, and one read behind it.
    let scratch: UnsafeMutableRawBufferPointer

    private var connections: [SocketConnection?] = []
    private var freeSlots: [Int] = []
    /// How many connections live here.
    package private(set) var connectionCount = 0
    /// What became of the connections that were taken here.
    package private(set) var counts = ConnectionCounts()
    private var strangers: [UInt64: SocketConnection] = [:]
    /// Those that may be ended to make room; `nil` until it is asked for after a sweep.
    private var silent: SilentStrangers?
    private var handshakesUnderWay = 0
    private var handshakesWaiting: [SocketConnection] = []
    var flushes: [SocketConnection] = []
    private var afterwards: [() -> Void] = []
    private var listeners: [Listener] = []
    private var sweepTimer: Timer?
    /// Looking at ten thousand connections at once would hold up every keystroke by 20 ms: each part has its turn once a second.
    private static let sweepParts = 8
    private var sweepPart = 0

    /// Prepares a loop without connections; listeners are added before it starts.
    ///
    /// - Parameters:
    ///   - admission: shared by all loops of a server, as its counts are those of the process.
    ///   - numbers: shared as well.
    package init(
        events: EventLoop, identity: ServerIdentity, limits: ServerLimits, admission: Admission, numbers: ConnectionNumbers
    ) {
        self.events = events
        self.identity = identity
        self.limits = limits
        self.admission = admission
        self.numbers = numbers
        // What is left over of a read is at most what `wantsInput` stopped at: one read and one packet.
        let size = 2 * limits.bytesPerRead + 2 * ProtocolLimits.packetLength
        scratch = .allocate(byteCount: size, alignment: 4096)
        events.addBatchObserver(self)
        sweepTimer = events.schedule(every: .seconds(1) / Self.sweepParts) { [unowned self] in sweep() }
    }

    deinit { scratch.deallocate() }

    // MARK: Listening

    /// Takes connections from `listener`, which stays the caller's; other loops may share it.
    package func listen(_ listener: Int32) throws(SystemError) {
        let listener = Listener(listener, self)
        try listener.resume()
        listeners.append(listener)
    }

    /// Takes no more connections.
    package func stopListening() {
        for listener in listeners { listener.pause() }
        listeners = []
    }

    /// Takes what waits at a listener, at most `acceptsPerBatch`. Returns whether to go on listening; if not, the next sweep tries again.
    fileprivate func accept(from listener: Int32) -> Bool {
        for _ in 0..<limits.acceptsPerBatch {
            guard admission.hasRoom || evictSilent(of: nil) else { return false }
            switch Sockets.accept(listener) {
            case .connection(let socket, let source): begin(socket, source)
            case .wouldBlock: return true
            case .aborted: continue
            case .outOfDescriptors: return false
            case .failed: return false
            }
        }
        return true
    }

    private func begin(_ socket: consuming Descriptor, _ source: SocketAddress) {
        counts.accepted += 1
        let group = source.sourceGroup
        var verdict = admission.admit(group, at: events.now)
        if verdict == .sourceFull, evictSilent(of: group) { verdict = admission.admit(group, at: events.now) }
        guard verdict == .admitted else {
            counts.turnedAway[verdict, default: 0] += 1
            return  // The socket closes: a refusal costs us nothing more.
        }
        do throws(SystemError) {
            try Sockets.setNoDelay(socket.raw)
            let connection = SocketConnection(id: numbers.next(), socket: socket, source: source, identity: identity, now: events.now)
            // The session second: nobody may know of a connection that could not be registered.
            try insert(connection)
            connection.session = makeSession?(connection)
            strangers[connection.id] = connection
        } catch {
            admission.left(group)
        }
    }

    /// Ends the oldest connection (of `group`, or of any source) that is old enough and has not asked for a key exchange.
    private func evictSilent(of group: SourceGroup?) -> Bool {
        if silent == nil { silent = SilentStrangers(strangers.values, at: events.now, limits) }
        while let id = silent?.takeOldest(of: group) {
            guard let oldest = strangers[id], !oldest.ssh.hasAskedForKeys else { continue }
            oldest.disconnect(.tooManyConnections, "too many connections have not authenticated; this one was the oldest silent one")
            return true
        }
        return false
    }

    // MARK: The table

    private func insert(_ connection: SocketConnection) throws(SystemError) {
        try connection.attach(to: self)
        connection.slot = freeSlots.popLast() ?? connections.count
        if connection.slot == connections.count { connections.append(nil) }
        connections[connection.slot] = connection
        connectionCount += 1
    }

    /// Takes a connection out: its socket closes when nobody else holds it.
    func remove(_ connection: SocketConnection) {
        release(connection)
        connection.session = nil
    }

    /// Lets a connection go, to be adopted by another loop. Only between batches: inside `afterBatch`; and all at once that have bridges
    /// with each other.
    package func release(_ connection: SocketConnection) {
        guard connection.slot >= 0 else { return }
        connections[connection.slot] = nil
        freeSlots.append(connection.slot)
        connection.slot = -1
        connection.detach()
        connectionCount -= 1
        if connection.awaitsFlush {
            connection.awaitsFlush = false
            flushes.removeAll { $0 === connection }
        }
    }

    /// Runs `body` on every connection. It may end connections.
    package func forEach(_ body: (SocketConnection) -> Void) {
        for connection in connections {
            if let connection { body(connection) }
        }
    }

    /// Takes over a connection that another loop let go.
    package func adopt(_ connection: SocketConnection) {
        do throws(SystemError) {
            try insert(connection)
        } catch {
            // The kernel has no memory for one more registration: the connection cannot be served anywhere.
            if connection.isStranger {
                admission.left(connection.source.sourceGroup)
            } else {
                admission.departed(connection.source.sourceGroup, at: events.now)
            }
            connection.abandon("\(error)")
        }
    }

    /// Runs `body` at the end of this batch, when no connection is being read.
    package func afterBatch(_ body: @escaping () -> Void) {
        afterwards.append(body)
    }

    // MARK: Handshakes

    /// A peer's first key exchange may begin, now or in its turn.
    func requestHandshake(_ connection: SocketConnection) {
        if handshakesUnderWay < limits.handshakes {
            admitHandshake(connection)
        } else {
            handshakesWaiting.append(connection)
        }
    }

    private func admitHandshake(_ connection: SocketConnection) {
        handshakesUnderWay += 1
        connection.handshakeSince = events.now
        connection.ssh.admitKeyExchange()
    }

    private func handshakeOver(_ connection: SocketConnection) {
        guard connection.handshakeSince != nil else { return }
        connection.handshakeSince = nil
        handshakesUnderWay -= 1
        if handshakesWaiting.isEmpty { return }
        afterBatch { [unowned self] in admitWaiting() }
    }

    private func admitWaiting() {
        let places = min(limits.handshakes - handshakesUnderWay, handshakesWaiting.count)
        guard places > 0 else { return }
        let admitted = handshakesWaiting.prefix(places)
        handshakesWaiting.removeFirst(places)
        for connection in admitted where !connection.ssh.isClosed {
            admitHandshake(connection)
            connection.proceed()
        }
    }

    func authenticated(_ connection: SocketConnection) {
        counts.authenticated += 1
        admission.succeeded(connection.source.sourceGroup)
        connection.endPatience()
        noLongerStranger(connection)
    }

    func ended(_ connection: SocketConnection, _ end: ConnectionEnd) {
        counts.ended(end, isStranger: connection.isStranger)
        guard connection.isStranger else { return admission.departed(connection.source.sourceGroup, at: events.now) }
        let isHeldAgainstSource =
            switch end {
            case .failed: true
            case .connectionLost, .disconnectedByPeer: connection.ssh.hasBeenGivenKeys
            case .endedByUs: false
            }
        if isHeldAgainstSource { admission.failed(connection.source.sourceGroup, at: events.now) }
        if let index = handshakesWaiting.firstIndex(where: { $0 === connection }) { handshakesWaiting.remove(at: index) }
        noLongerStranger(connection)
    }

    private func noLongerStranger(_ connection: SocketConnection) {
        guard connection.isStranger else { return }
        connection.isStranger = false
        strangers[connection.id] = nil
        admission.left(connection.source.sourceGroup)
        handshakeOver(connection)
        if listeners.contains(where: \.isPaused) { afterBatch { [unowned self] in retryListeners() } }
    }

    // MARK: Time

    private func sweep() {
        sweepPart = (sweepPart + 1) % Self.sweepParts
        silent = nil
        for slot in stride(from: sweepPart, to: connections.count, by: Self.sweepParts) {
            guard let connection = connections[slot] else { continue }
            connection.sweep()
            if let since = connection.handshakeSince, events.now - since >= limits.handshakePatience { handshakeOver(connection) }
        }
        retryListeners()
    }

    private func retryListeners() {
        for listener in listeners { listener.retry() }
    }

    /// What was put off to the end of the batch, then one flush of each connection that has something to send.
    package func batchEnded() {
        while !afterwards.isEmpty {
            let now = afterwards
            afterwards = []
            for body in now { body() }
        }
        // A flush can make another connection need one (its peer is granted a window); what waits is finite, so this ends.
        while !flushes.isEmpty {
            let now = flushes
            flushes = []
            for connection in now { connection.flush() }
        }
    }
}

/// Numbers connections, for all loops of a process.
package final class ConnectionNumbers: Sendable {
    private let last = Atomic<UInt64>(0)

    /// Starts at 1.
    package init() {}

    func next() -> UInt64 { last.add(1, ordering: .relaxed).newValue }
}

/// A listening socket on one loop.
private final class Listener: ReadinessHandler {
    private let descriptor: Int32
    private unowned let loop: ConnectionLoop
    private var registration: Registration?

    init(_ descriptor: Int32, _ loop: ConnectionLoop) {
        self.descriptor = descriptor
        self.loop = loop
    }

    func resume() throws(SystemError) {
        guard registration == nil else { return }
        registration = try loop.events.register(descriptor, interest: .sharedListener, handler: self)
    }

    func pause() {
        if let registration { loop.events.deregister(registration) }
        registration = nil
    }

    /// Whether it waits for room or resources.
    var isPaused: Bool { registration == nil }

    /// Listens again if it was paused.
    func retry() {
        do throws(SystemError) { try resume() } catch { return }  // Still no resources: the next sweep tries again.
    }

    func ready(_ readiness: Readiness) {
        if !loop.accept(from: descriptor) { pause() }
    }
}
