package import EventLoops
package import SystemCalls

/// The answering side of local control: a Unix socket on a loop that takes one request a connection.
///
/// A client connects, sends its request, closes its sending half and reads the reply until the end. Request and reply are opaque here,
/// but must be such that a cut one is recognised (JSON is).
package actor ControlServer {
    /// Answers one request of a peer that was let in. Runs off the loop, several at a time; its reply must not be empty.
    package typealias Handler = @Sendable (_ request: [UInt8], _ peer: PeerCredentials) async -> [UInt8]

    private enum Phase {
        /// The request is arriving; this much has.
        case receiving([UInt8])
        /// The handler is at work; the socket is not watched.
        case answering
        /// The reply is leaving; so many bytes have.
        case replying([UInt8], sent: Int)
    }

    private struct Connection {
        let raw: Int32
        let peer: PeerCredentials
        var phase: Phase
        var registration: Registration?
        var timer: Timer?
    }

    private let loop: EventLoop
    /// The loop is this actor's executor.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let path: String
    private let mode: UInt32
    private let allowedUsers: Set<UInt32>
    private let limits: ControlLimits
    private let handler: Handler

    private var listener: Int32?
    private var listening: Registration?
    private var pause: Timer?
    private var connections: [Int: Connection] = [:]
    private var lastNumber = 0
    private var awaitingEnd: [CheckedContinuation<Void, Never>] = []
    private var room = [UInt8](repeating: 0, count: 65_536)

    /// A server that does not listen yet.
    ///
    /// - Parameters:
    ///   - path: of the socket, at most 107 bytes.
    ///   - mode: the socket file's permissions.
    ///   - allowedUsers: whose requests are answered, by the kernel's word; others are hung up on, whatever `mode` says.
    package init(
        loop: EventLoop, path: String, mode: UInt32 = 0o600, allowedUsers: Set<UInt32>, limits: ControlLimits = ControlLimits(),
        handler: @escaping Handler
    ) {
        self.loop = loop
        self.path = path
        self.mode = mode
        self.allowedUsers = allowedUsers
        self.limits = limits
        self.handler = handler
    }

    /// Starts to listen. A socket file that a dead daemon left is replaced; one that is answered, or anything else, is not.
    package func start() throws(ControlError) {
        precondition(listener == nil, "a server starts once")
        guard path.utf8.count <= Sockets.maximumUnixPathLength else { throw .pathTooLong(path: path) }
        do throws(SystemError) {
            let socket = try bind()
            let raw = socket.release()
            listener = raw
            listening = try loop.register(raw, interest: .read, handler: Door(server: self, number: nil))
        } catch {
            switch error.kind {
            case .inUse: throw try Files.status(path, orFailing: ())?.kind == .socket ? .alreadyRunning(path: path) : .occupied(path: path)
            case .forbidden: throw .notAllowed(path: path)
            default: throw .failed(error)
            }
        }
    }

    /// Stops listening and removes the socket file; answers under way are still delivered, for `drainTime` at most. Returns when all
    /// connections are closed. Stopping twice is not an error.
    package func stop() async {
        pause?.cancel()
        if let listening { loop.deregister(listening) }
        if let listener {
            // First the file: who finds none knows that nobody is there. It may be gone already, and then there is nothing to do.
            _ = try? Files.remove(path)
            Descriptor.close(listener)
        }
        listening = nil
        listener = nil
        for (number, connection) in connections {
            if case .receiving = connection.phase { close(number) }
        }
        guard !connections.isEmpty else { return }
        let limit = loop.schedule(after: limits.drainTime) { [weak self] in self?.assumeIsolated { $0.closeAll() } }
        await withCheckedContinuation { awaitingEnd.append($0) }
        limit.cancel()
    }

    // MARK: Listening

    private func bind() throws(SystemError) -> Descriptor {
        do throws(SystemError) {
            return try Sockets.listenUnix(at: path, mode: mode)
        } catch {
            guard error.kind == .inUse, try Files.status(path, followsLinks: false)?.kind == .socket else { throw error }
            do throws(SystemError) {
                _ = try Sockets.connectUnix(to: path, isBlocking: false)
            } catch let refusal {
                guard refusal.kind == .refused else { throw error }
                try Files.remove(path)
                return try Sockets.listenUnix(at: path, mode: mode)
            }
            throw error
        }
    }

    fileprivate func acceptWaiting() {
        while let listener, connections.count < limits.connections {
            switch Sockets.acceptUnix(listener) {
            case .connection(let socket, _): admit(socket)
            case .aborted: continue
            case .wouldBlock: return
            case .outOfDescriptors: return pauseAccepting()
            case .failed: return pauseAccepting()
            }
        }
        // Full: `close` resumes.
        if let listening { loop.update(listening, interest: []) }
    }

    private func pauseAccepting() {
        guard let listening else { return }
        loop.update(listening, interest: [])
        pause?.cancel()
        pause = loop.schedule(after: limits.pauseTime) { [weak self] in self?.assumeIsolated { $0.resumeAccepting() } }
    }

    private func resumeAccepting() {
        if let listening, connections.count < limits.connections { loop.update(listening, interest: .read) }
    }

    private func admit(_ socket: consuming Descriptor) {
        let peer: PeerCredentials
        do throws(SystemError) { peer = try Sockets.peerCredentials(socket.raw) } catch { return }
        guard allowedUsers.contains(peer.user) else { return }
        lastNumber += 1
        let number = lastNumber
        do throws(SystemError) {
            let registration = try loop.register(socket.raw, interest: .read, handler: Door(server: self, number: number))
            connections[number] = Connection(
                raw: socket.release(), peer: peer, phase: .receiving([]), registration: registration, timer: transferTimer(number))
        } catch {
            return  // Out of kernel memory for watching it: the client sees that it was hung up on.
        }
    }

    // MARK: One connection

    fileprivate func proceed(_ number: Int) {
        guard let connection = connections[number] else { return }
        switch connection.phase {
        case .receiving: receive(number)
        case .answering: preconditionFailure("the socket is not watched while the handler works")
        case .replying: send(number)
        }
    }

    private func receive(_ number: Int) {
        guard let connection = connections[number], case .receiving(var request) = connection.phase else { return }
        connections[number]?.phase = .receiving([])  // so that `request` is the only owner and grows in place
        switch room.withUnsafeMutableBytes({ Sockets.receive(connection.raw, into: $0) }) {
        case .bytes(let count):
            guard request.count + count <= limits.requestSize else { return close(number) }
            request += room[..<count]
            connections[number]?.phase = .receiving(request)
        case .wouldBlock: connections[number]?.phase = .receiving(request)
        case .failed: close(number)
        case .endOfFile:
            guard !request.isEmpty else { return close(number) }
            connections[number]?.phase = .answering
            connections[number]?.timer?.cancel()
            // Not watched meanwhile: a client that goes away would be reported in every batch.
            if let registration = connection.registration { loop.deregister(registration) }
            connections[number]?.registration = nil
            let whole = request
            let peer = connection.peer
            Task { reply(number, await handler(whole, peer)) }
        }
    }

    private func reply(_ number: Int, _ bytes: [UInt8]) {
        guard let connection = connections[number], case .answering = connection.phase else { return }
        precondition(!bytes.isEmpty, "a handler answers something")
        connections[number]?.phase = .replying(bytes, sent: 0)
        connections[number]?.timer = transferTimer(number)
        do throws(SystemError) {
            connections[number]?.registration = try loop.register(
                connection.raw, interest: .write, handler: Door(server: self, number: number))
        } catch {
            close(number)  // Out of kernel memory for watching it: the client sees that it was hung up on.
        }
    }

    private func send(_ number: Int) {
        guard let connection = connections[number], case .replying(let bytes, let sent) = connection.phase else { return }
        switch bytes.withUnsafeBytes({ Sockets.send(connection.raw, UnsafeRawBufferPointer(rebasing: $0[sent...])) }) {
        case .bytes(let count) where sent + count < bytes.count:
            connections[number]?.phase = .replying(bytes, sent: sent + count)
        case .wouldBlock: return
        case .bytes, .endOfFile, .failed: close(number)
        }
    }

    private func transferTimer(_ number: Int) -> Timer {
        loop.schedule(after: limits.transferTime) { [weak self] in self?.assumeIsolated { $0.close(number) } }
    }

    private func close(_ number: Int) {
        guard let connection = connections.removeValue(forKey: number) else { return }
        connection.timer?.cancel()
        if let registration = connection.registration { loop.deregister(registration) }
        Descriptor.close(connection.raw)
        resumeAccepting()
        guard connections.isEmpty, listener == nil else { return }
        for waiting in awaitingEnd { waiting.resume() }
        awaitingEnd = []
    }

    private func closeAll() {
        for number in connections.keys { close(number) }
    }
}

/// Leads from a descriptor's readiness into the server.
private final class Door: ReadinessHandler {
    private let server: ControlServer
    private let number: Int?

    init(server: ControlServer, number: Int?) {
        self.server = server
        self.number = number
    }

    func ready(_ readiness: Readiness) {
        let number = number
        server.assumeIsolated { server in
            if let number { server.proceed(number) } else { server.acceptWaiting() }
        }
    }
}

extension Files {
    /// `status`, with the module's error.
    fileprivate static func status(_ path: String, orFailing: Void) throws(ControlError) -> FileStatus? {
        do throws(SystemError) { return try status(path, followsLinks: false) } catch { throw .failed(error) }
    }
}
