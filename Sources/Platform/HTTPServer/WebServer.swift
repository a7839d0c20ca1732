package import EventLoops
package import SystemCalls

/// An HTTP/1.1 server on an event loop, with TLS if it has a certificate.
///
/// It trusts no peer: each request is framed one way only (`FramingGuard`), each phase of a connection has a deadline, and connections,
/// headers, bodies and streams are bounded (`HTTPLimits`). Handlers run off the loop.
package actor WebServer {
    private let loop: EventLoop
    /// The loop is this actor's executor.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let configuration: HTTPServerConfiguration
    private let handler: HTTPHandler

    private var listeners: [Listener] = []
    private var pause: Timer?
    /// What new connections go to; `nil` before the start and after the stop.
    private var engine: Engine?
    /// Engines of replaced certificates that still have connections.
    private var leaving: [Engine] = []
    private var lastNumber = 0
    private var awaitingEnd: [CheckedContinuation<Void, Never>] = []

    private struct Listener {
        let raw: Int32
        let registration: Registration
    }

    /// A server that does not listen yet.
    ///
    /// - Parameters:
    ///   - loop: runs; is this server's until `stop` has returned.
    ///   - handler: answers requests, off the loop.
    package init(loop: EventLoop, configuration: HTTPServerConfiguration, handler: @escaping HTTPHandler) {
        precondition(!configuration.addresses.isEmpty, "a server listens somewhere")
        self.loop = loop
        self.configuration = configuration
        self.handler = handler
    }

    private var limits: HTTPLimits { configuration.limits }

    /// Starts to listen at all addresses, or at none.
    ///
    /// - Returns: the addresses in the configuration's order, with the ports that the kernel chose.
    package func start() throws(HTTPServerError) -> [SocketAddress] {
        precondition(engine == nil, "a server starts once")
        let engine = try Engine(loop: loop, identity: configuration.identity, limits: limits, server: self, handler: handler)
        var bound: [SocketAddress] = []
        do throws(HTTPServerError) {
            for address in configuration.addresses { bound.append(try listen(at: address)) }
        } catch {
            closeListeners()
            engine.shutDown()
            throw error
        }
        self.engine = engine
        return bound
    }

    /// Shows `identity` to new connections, in place of the certificate so far; streams end, so that browsers connect anew.
    ///
    /// - Throws: `.engineRefused`, `.failed`; then all is as it was. Not for a server that started without TLS: traps.
    package func replaceIdentity(_ identity: TLSIdentity) throws(HTTPServerError) {
        precondition(configuration.identity != nil, "TLS is there from the start or not at all")
        guard let old = engine else { return }
        engine = try Engine(loop: loop, identity: identity, limits: limits, server: self, handler: handler)
        leaving.append(old)
        old.drain()
    }

    /// Stops listening, ends streams and idle connections, lets answers under way finish (for `drainTime` at most). Returns when all
    /// connections are closed. Stopping twice is not an error.
    package func stop() async {
        closeListeners()
        guard let last = engine else { return }
        engine = nil
        leaving.append(last)
        last.drain()
        if !leaving.isEmpty {
            let limit = loop.schedule(after: limits.drainTime) { [weak self] in
                self?.assumeIsolated { server in
                    for engine in server.leaving { engine.closeAll() }
                }
            }
            await withCheckedContinuation { awaitingEnd.append($0) }
            limit.cancel()
        }
    }

    /// Connections that are open now.
    package var connectionCount: Int { engines.reduce(0) { $0 + $1.connections.count } }

    private var engines: [Engine] { (engine.map { [$0] } ?? []) + leaving }

    // MARK: Listening

    private func listen(at address: SocketAddress) throws(HTTPServerError) -> SocketAddress {
        do throws(SystemError) {
            let socket = try Sockets.listen(on: address)
            let bound = try Sockets.localAddress(socket.raw)
            let registration = try loop.register(socket.raw, interest: .read, handler: Door(server: self, raw: socket.raw))
            listeners.append(Listener(raw: socket.release(), registration: registration))
            return bound
        } catch {
            switch error.kind {
            case .inUse: throw .addressInUse(address)
            case .forbidden: throw .notAllowed(address)
            case .unreachable: throw .noSuchAddress(address)
            default: throw .failed(error)
            }
        }
    }

    private func closeListeners() {
        pause?.cancel()
        for listener in listeners {
            loop.deregister(listener.registration)
            Descriptor.close(listener.raw)
        }
        listeners = []
    }

    fileprivate func acceptWaiting(_ listener: Int32) {
        // Those that had to make room end in this run. Until then they are few, and do not count (`Engine.spareConnections`).
        defer { for engine in engines { engine.run() } }
        for _ in 0..<limits.acceptsPerBatch {
            switch Sockets.accept(listener) {
            case .connection(let socket, let peer): admit(socket, from: peer)
            case .aborted: continue
            case .wouldBlock: return
            case .outOfDescriptors: return pauseAccepting()
            case .failed: return pauseAccepting()
            }
        }
    }

    private func pauseAccepting() {
        for listener in listeners { loop.update(listener.registration, interest: []) }
        pause?.cancel()
        pause = loop.schedule(after: limits.pauseTime) { [weak self] in
            self?.assumeIsolated { server in
                for listener in server.listeners { server.loop.update(listener.registration, interest: .read) }
            }
        }
    }

    private func admit(_ socket: consuming Descriptor, from peer: SocketAddress) {
        guard let engine, makeRoom(for: peer.sourceGroup) else { return }
        lastNumber += 1
        engine.add(socket, from: peer, number: lastNumber)
    }

    /// Makes sure that one more connection of `source` is within the limits; false if there is nobody to push out.
    private func makeRoom(for source: SourceGroup) -> Bool {
        let all = engines.flatMap { $0.connections.values }.filter { $0.phase != .closing }
        let ofSource = all.filter { $0.peer.sourceGroup == source }
        if ofSource.count >= limits.connectionsPerSource { return pushOut(one: ofSource) }
        return all.count < limits.connections || pushOut(one: all)
    }

    /// Ends the connection that has been waiting longest, or else the one that has been slow longest.
    private func pushOut(one connections: [PeerConnection]) -> Bool {
        func oldest(_ phases: [PeerConnection.Phase]) -> PeerConnection? {
            connections.filter { phases.contains($0.phase) }.min { $0.since < $1.since }
        }
        guard let victim = oldest([.waiting]) ?? oldest([.receiving, .replying]) else { return false }
        victim.engine.close(victim)
        return true
    }

    // MARK: Engines

    func engineIsEmpty() {
        leaving.removeAll { engine in
            if engine.isEmpty { engine.shutDown() }
            return engine.isEmpty
        }
        guard leaving.isEmpty, engine == nil else { return }
        for waiting in awaitingEnd { waiting.resume() }
        awaitingEnd = []
    }

    func answer(_ number: Int, _ response: HTTPResponse) {
        for engine in engines { engine.answer(number, response) }
    }

    func send(_ event: ServerSentEvent, on number: Int) async -> Bool {
        guard let engine = engines.first(where: { $0.connections[number] != nil }) else { return false }
        return await withCheckedContinuation { engine.send(event, on: number, then: $0) }
    }

    func finishStream(_ number: Int) {
        for engine in engines {
            engine.finishStream(number)
            engine.run()
        }
    }
}

/// Leads from a listener's readiness into the server.
private final class Door: ReadinessHandler {
    private let server: WebServer
    private let raw: Int32

    init(server: WebServer, raw: Int32) {
        self.server = server
        self.raw = raw
    }

    func ready(_ readiness: Readiness) {
        server.assumeIsolated { [raw] server in server.acceptWaiting(raw) }
    }
}
