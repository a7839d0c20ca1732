import CHTTP
import EventLoops
import SystemCalls

/// libmicrohttpd, run by an event loop: its epoll descriptor is watched like a socket, and it runs when that is ready.
///
/// Everything here happens on the loop. It has no listener: the server accepts and hands connections over, which is how it can count and
/// push out connections by its own rules, and replace the certificate (a new engine) without closing a port.
///
/// How a request passes: the header is judged and the body collected within `MHD_run`; then the connection is suspended while the
/// handler works elsewhere; `answer` resumes it, libmicrohttpd asks once more, and gets the response.
final class Engine: ReadinessHandler {
    // Fixed after init.
    let loop: EventLoop
    let limits: HTTPLimits
    private let handler: HTTPHandler
    private let isSecure: Bool
    /// The server holds its engines until they have ended.
    private unowned let server: WebServer

    // The daemon runs from init to `shutDown`.
    private var daemon: OpaquePointer?
    private var registration: Registration?
    private var rerun: Timer?
    private var sweep: Timer?
    /// How long to wait before running again although nothing came of it; see `scheduleRun`.
    private var patience = Engine.firstPatience
    /// Whether this run of the daemon led to a callback.
    private var madeProgress = false

    private(set) var connections: [Int: PeerConnection] = [:]
    /// The connection that is being handed over: its callback comes within `MHD_add_connection`.
    private var arriving: PeerConnection?
    private var isDraining = false

    private static let firstPatience = Duration.milliseconds(1)
    private static let longestPatience = Duration.seconds(1)
    /// How often deadlines are looked at: a tenth of the shortest would do.
    private static let sweepTime = Duration.seconds(1)
    /// Room beside the server's own count for connections that were told to end but have not yet.
    private static let spareConnections = 32
    /// TLS 1.2 and 1.3, ciphers of at least 128 bits.
    private static let priorities = "SECURE128:-VERS-TLS1.0:-VERS-TLS1.1"

    /// Starts the daemon and watches it.
    ///
    /// - Throws: `.engineRefused` if it does not start; `.failed` if it cannot be watched.
    init(
        loop: EventLoop, identity: TLSIdentity?, limits: HTTPLimits, server: WebServer, handler: @escaping HTTPHandler
    ) throws(HTTPServerError) {
        self.loop = loop
        self.limits = limits
        self.server = server
        self.handler = handler
        isSecure = identity != nil
        var options = towline_http_options()
        options.flags = MHD_USE_EPOLL.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue | MHD_USE_NO_LISTEN_SOCKET.rawValue
        if isSecure { options.flags |= MHD_USE_TLS.rawValue }
        options.connections = UInt32(limits.connections + Self.spareConnections)
        options.memory = limits.headerSize
        options.context = Unmanaged.passUnretained(self).toOpaque()
        options.request = engineTakesRequest
        options.completed = engineCompletesRequest
        options.connection = engineNotesConnection
        if let identity {
            daemon = identity.certificate.withCString { certificate in
                identity.privateKey.withCString { key in
                    Self.priorities.withCString { priorities in
                        options.certificate = certificate
                        options.key = key
                        options.priorities = priorities
                        return towline_http_start(&options)
                    }
                }
            }
        } else {
            daemon = towline_http_start(&options)
        }
        guard let daemon else { throw .engineRefused }
        do throws(SystemError) {
            registration = try loop.register(towline_http_epoll(daemon), interest: .read, handler: self)
        } catch {
            MHD_stop_daemon(daemon)
            self.daemon = nil
            throw .failed(error)
        }
    }

    // MARK: Life

    var isEmpty: Bool { connections.isEmpty }

    /// Lets answers under way finish and ends all else: no keep-alive, no stream goes on.
    func drain() {
        isDraining = true
        for connection in connections.values {
            switch connection.phase {
            case .waiting, .receiving: close(connection)
            case .streaming: finishStream(connection.number)
            case .answering, .replying, .closing: break
            }
        }
        run()
    }

    /// Ends all connections at once.
    func closeAll() {
        for connection in connections.values { close(connection) }
        run()
    }

    /// Ends the daemon and whatever connections it still has.
    func shutDown() {
        guard let daemon else { return }
        // libmicrohttpd must not be stopped with suspended connections.
        for connection in connections.values { close(connection) }
        if let registration { loop.deregister(registration) }
        registration = nil
        rerun?.cancel()
        sweep?.cancel()
        MHD_stop_daemon(daemon)
        self.daemon = nil
    }

    // MARK: Running

    func ready(_ readiness: Readiness) {
        patience = Self.firstPatience
        run()
    }

    /// Lets libmicrohttpd do what it can now. Not from within one of its callbacks.
    func run() {
        guard let daemon else { return }
        madeProgress = false
        MHD_run(daemon)
        scheduleRun(daemon)
        if isDraining, isEmpty { server.assumeIsolated { $0.engineIsEmpty() } }
    }

    /// libmicrohttpd asks to be run again at once as long as a socket is "ready" in its books, which one in the middle of a TLS handshake
    /// always is: it would spin for every peer that stalls there. Its next bytes wake us anyway, so where nothing can come of a run, the
    /// next one waits, longer each time.
    private func scheduleRun(_ daemon: OpaquePointer) {
        rerun?.cancel()
        rerun = nil
        var milliseconds: UInt64 = 0
        guard MHD_get_timeout(daemon, &milliseconds) == .YES else { return }
        var delay = Duration.milliseconds(Int64(min(milliseconds, 60_000)))
        if !isSecure || madeProgress || connections.values.contains(where: canGoOn) {
            patience = Self.firstPatience
        } else {
            delay = max(delay, patience)
            patience = min(patience * 2, Self.longestPatience)
        }
        rerun = loop.schedule(after: delay) { [weak self] in self?.run() }
    }

    /// Whether another run may get further with a TLS connection although nothing new came.
    private func canGoOn(_ connection: PeerConnection) -> Bool {
        switch connection.phase {
        case .waiting, .receiving: connection.handle.map { towline_http_has_input($0, connection.raw) } ?? false
        case .replying, .closing: true
        case .answering, .streaming: !connection.isSuspended
        }
    }

    // MARK: Connections

    /// Takes over a socket.
    func add(_ socket: consuming Descriptor, from peer: SocketAddress, number: Int) {
        guard let daemon else { return }
        // They only make a connection end sooner or later than it would; one that is gone already cannot be set.
        try? Sockets.setUserTimeout(socket.raw, limits.deadPeerTime)
        let raw = socket.release()
        let now = MonotonicClock.now
        let connection = PeerConnection(engine: self, number: number, raw: raw, peer: peer, now: now, deadline: now + limits.headerTime)
        arriving = connection
        // It owns the socket from here on, also where it refuses.
        let isTaken = towline_http_add(daemon, raw)
        arriving = nil
        guard isTaken == .YES else { return }
        if sweep == nil { sweep = loop.schedule(every: Self.sweepTime) { [weak self] in self?.sweepConnections() } }
    }

    /// Ends the connection, wherever it is; libmicrohttpd notices in its next run.
    func close(_ connection: PeerConnection) {
        guard connection.phase != .closing else { return }
        connection.phase = .closing
        connection.endRequest()
        Sockets.hangUp(connection.raw)
        resume(connection)
    }

    private func suspend(_ connection: PeerConnection) {
        guard let handle = connection.handle, !connection.isSuspended else { return }
        connection.isSuspended = true
        MHD_suspend_connection(handle)
    }

    private func resume(_ connection: PeerConnection) {
        guard let handle = connection.handle, connection.isSuspended else { return }
        connection.isSuspended = false
        MHD_resume_connection(handle)
    }

    /// Ends what took too long, and keeps silent streams alive.
    private func sweepConnections() {
        let now = loop.now
        for connection in connections.values {
            switch connection.phase {
            case .answering where connection.deadline <= now:
                connection.task?.cancel()
                accept(RequestFault.busy.response, for: connection)
            case .streaming where Sockets.peerHasLeft(connection.raw): close(connection)
            case .streaming where connection.pending.isEmpty:
                if now - connection.lastSent >= limits.pingTime { send(ServerSentEvent.ping, on: connection) }
            case .waiting, .receiving, .replying, .streaming:
                if connection.deadline <= now { close(connection) }
            case .answering, .closing: break
            }
        }
        if connections.isEmpty {
            sweep?.cancel()
            sweep = nil
        }
        run()
    }

    fileprivate func note(_ handle: OpaquePointer, _ context: UnsafeMutablePointer<UnsafeMutableRawPointer?>, hasStarted: Bool) {
        madeProgress = true
        if hasStarted {
            guard let connection = arriving else { return }
            connection.handle = handle
            connections[connection.number] = connection
            context.pointee = Unmanaged.passUnretained(connection).toOpaque()
        } else if let connection = Self.connection(handle) {
            context.pointee = nil
            connection.handle = nil
            connection.endRequest()
            connections[connection.number] = nil
        }
    }

    private static func connection(_ handle: OpaquePointer) -> PeerConnection? {
        towline_http_context(handle).map { Unmanaged<PeerConnection>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: Requests (within a run)

    fileprivate func take(
        _ handle: OpaquePointer, _ line: RequestLine, _ upload: UnsafeRawBufferPointer, isFirst: Bool
    ) -> MHD_Result {
        madeProgress = true
        guard let connection = Self.connection(handle) else { return .NO }
        if isFirst { return begin(connection, handle, line) }
        switch connection.phase {
        case .receiving where !upload.isEmpty:
            // The length that the guard allowed is all that comes.
            connection.request?.body.append(contentsOf: upload)
            return .YES
        case .receiving:
            start(connection)
            return .YES
        case .answering:
            guard let response = connection.response else { return .YES }
            connection.response = nil
            return queue(response, on: connection, handle)
        case .waiting, .replying, .streaming, .closing: return .NO
        }
    }

    private func begin(_ connection: PeerConnection, _ handle: OpaquePointer, _ line: RequestLine) -> MHD_Result {
        guard connection.phase == .waiting else { return .NO }
        do throws(RequestFault) {
            let header = line.header(handle)
            let length = try FramingGuard.bodyLength(header)
            guard length <= UInt64(limits.bodySize) else { throw .tooLarge }
            let request = HTTPRequest(
                method: HTTPMethod(line.method), path: try RequestTarget.path(line.target), query: try line.query(handle),
                headers: header.fields, peer: connection.peer.address.description, isSecure: isSecure)
            connection.request = request
            connection.enter(.receiving, at: loop.now, for: limits.bodyTime)
            return .YES
        } catch {
            var response = error.response
            response.setHeader("Connection", "close")
            return queue(response, on: connection, handle)
        }
    }

    private func start(_ connection: PeerConnection) {
        guard let request = connection.request else { return }
        connection.enter(.answering, at: loop.now, for: limits.handlerTime)
        suspend(connection)
        connection.task = Task { [handler, server, number = connection.number] in
            let response = await handler(request)
            await server.answer(number, response)
        }
    }

    private func queue(_ response: HTTPResponse, on connection: PeerConnection, _ handle: OpaquePointer) -> MHD_Result {
        var response = response
        if !response.hasSendableHeaders { response = RequestFault.brokenAnswer.response }
        if case .events = response.body {
            let isHead = connection.request?.method == .head
            let streams = connections.values.count { $0.phase == .streaming }
            if isHead { response.body = .bytes([]) } else if streams >= limits.streams { response = RequestFault.busy.response }
        }
        if isDraining { response.setHeader("Connection", "close") }
        let made: OpaquePointer?
        switch response.body {
        case .bytes(let bytes):
            let extra = Duration.seconds(bytes.count / max(1, limits.slowestReader))
            connection.enter(.replying, at: loop.now, for: limits.replyTime + extra)
            made = bytes.withUnsafeBytes { body in
                // It only reads the bytes, and copies them now.
                MHD_create_response_from_buffer(body.count, UnsafeMutableRawPointer(mutating: body.baseAddress), .RESPMEM_MUST_COPY)
            }
        case .events(let events):
            connection.enter(.streaming, at: loop.now, for: limits.replyTime)
            connection.lastSent = loop.now
            // A server that stops, or shows another certificate from now on, begins no stream.
            connection.isStreamOver = isDraining
            if !isDraining {
                connection.task = Task { [server, number = connection.number] in
                    for await event in events {
                        guard await server.send(event, on: number) else { break }
                    }
                    await server.finishStream(number)
                }
            }
            made = MHD_create_response_from_callback(
                UInt64.max, Self.streamBlock, engineReadsStream, Unmanaged.passUnretained(connection).toOpaque(), nil)
        }
        guard let made else { return .NO }
        defer { MHD_destroy_response(made) }
        for (name, value) in response.headers where MHD_add_response_header(made, name, value) == .NO { return .NO }
        return MHD_queue_response(handle, UInt32(clamping: response.status), made)
    }

    /// Bytes that libmicrohttpd asks of a stream at a time, of `headerSize`, from which its buffer comes.
    private static let streamBlock = 4096

    fileprivate func complete(_ handle: OpaquePointer) {
        madeProgress = true
        guard let connection = Self.connection(handle) else { return }
        connection.endRequest()
        guard connection.phase != .closing else { return }
        connection.enter(.waiting, at: loop.now, for: limits.idleTime)
    }

    // MARK: Answers

    /// Gives the handler's answer to the peer, if that still waits.
    func answer(_ number: Int, _ response: HTTPResponse) {
        guard let connection = connections[number], connection.phase == .answering, connection.response == nil else { return }
        accept(response, for: connection)
        run()
    }

    private func accept(_ response: HTTPResponse, for connection: PeerConnection) {
        guard connection.response == nil else { return }
        connection.response = response
        resume(connection)
    }

    // MARK: Streams

    /// Sends an event; returns when it has left, or false when the stream is over.
    func send(_ event: ServerSentEvent, on number: Int, then: CheckedContinuation<Bool, Never>) {
        guard let connection = connections[number], connection.phase == .streaming, !connection.isStreamOver else {
            return then.resume(returning: false)
        }
        connection.waitingForRoom = then
        send(event.bytes, on: connection)
        run()
    }

    private func send(_ bytes: [UInt8], on connection: PeerConnection) {
        if connection.pending.isEmpty { connection.deadline = loop.now + limits.replyTime }
        connection.pending += bytes
        connection.lastSent = loop.now
        resume(connection)
    }

    /// Ends the stream when what it holds has left.
    func finishStream(_ number: Int) {
        guard let connection = connections[number], connection.phase == .streaming else { return }
        connection.isStreamOver = true
        connection.task?.cancel()
        resume(connection)
    }

    /// Hands over what waits to leave; suspends the connection where nothing does.
    fileprivate func readStream(_ connection: PeerConnection, into room: UnsafeMutableRawBufferPointer) -> Int {
        madeProgress = true
        guard connection.phase == .streaming else { return Self.streamFailed }
        if connection.sent < connection.pending.count {
            let count = min(room.count, connection.pending.count - connection.sent)
            connection.pending.withUnsafeBytes { pending in
                room.copyMemory(from: UnsafeRawBufferPointer(rebasing: pending[connection.sent...].prefix(count)))
            }
            connection.sent += count
            return count
        }
        connection.pending = []
        connection.sent = 0
        connection.waitingForRoom?.resume(returning: !connection.isStreamOver)
        connection.waitingForRoom = nil
        if connection.isStreamOver { return Self.streamEnded }
        suspend(connection)
        return 0
    }

    /// `MHD_CONTENT_READER_END_OF_STREAM` and `MHD_CONTENT_READER_END_WITH_ERROR`, which are casts.
    private static let streamEnded = -1
    private static let streamFailed = -2
}

// What libmicrohttpd calls, always within a run on the loop; their first argument is the engine or the connection.

private func engine(_ context: UnsafeMutableRawPointer?) -> Engine? {
    context.map { Unmanaged<Engine>.fromOpaque($0).takeUnretainedValue() }
}

private func engineTakesRequest(
    _ context: UnsafeMutableRawPointer?, _ handle: OpaquePointer?, _ url: UnsafePointer<CChar>?, _ method: UnsafePointer<CChar>?,
    _ version: UnsafePointer<CChar>?, _ upload: UnsafePointer<CChar>?, _ uploadSize: UnsafeMutablePointer<Int>?,
    _ seen: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let engine = engine(context), let handle, let url, let method, let version, let uploadSize, let seen else { return .NO }
    let isFirst = seen.pointee == nil
    seen.pointee = context
    // All of the body has to be taken, or the next call gets it again.
    defer { if !isFirst { uploadSize.pointee = 0 } }
    let line = RequestLine(url: url, method: method, version: version)
    return engine.take(handle, line, UnsafeRawBufferPointer(start: upload, count: isFirst ? 0 : uploadSize.pointee), isFirst: isFirst)
}

private func engineCompletesRequest(
    _ context: UnsafeMutableRawPointer?, _ handle: OpaquePointer?, _ seen: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ reason: MHD_RequestTerminationCode
) {
    if let engine = engine(context), let handle { engine.complete(handle) }
}

private func engineNotesConnection(
    _ context: UnsafeMutableRawPointer?, _ handle: OpaquePointer?, _ socketContext: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ what: MHD_ConnectionNotificationCode
) {
    guard let engine = engine(context), let handle, let socketContext else { return }
    engine.note(handle, socketContext, hasStarted: towline_http_is_start(what))
}

private func engineReadsStream(
    _ context: UnsafeMutableRawPointer?, _ position: UInt64, _ room: UnsafeMutablePointer<CChar>?, _ size: Int
) -> Int {
    guard let context else { return -2 }
    let connection = Unmanaged<PeerConnection>.fromOpaque(context).takeUnretainedValue()
    return connection.engine.readStream(connection, into: UnsafeMutableRawBufferPointer(start: room, count: size))
}
