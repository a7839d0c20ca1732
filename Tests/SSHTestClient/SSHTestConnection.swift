import Glibc

/// A test client on a blocking TCP socket, with deadlines: for tests against live relays. Used by one thread at a time.
package final class SSHTestConnection {
    /// The protocol; everything it can do may be used between two calls of this class.
    package let client: SSHTestClient
    private let socket: Int32
    /// Whether the server has closed its side, or reset the connection.
    package private(set) var isEnded = false
    /// How long any one wait may last.
    package var patience: Duration

    /// Connects to a port of this machine (or another IPv4 address); nothing is sent yet.
    ///
    /// - Parameter source: where to connect from, such as `127.0.0.9`: each address of loopback is a source of its own.
    package init(
        port: UInt16, address: String = "127.0.0.1", from source: String? = nil, client: SSHTestClient = SSHTestClient(),
        patience: Duration = .seconds(20)
    ) throws {
        self.client = client
        self.patience = patience
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw TestClientError("no socket") }
        if let source { _ = Self.withName(source, 0) { bind(socket, $0, $1) } }  // connect() tells what is wrong with the address
        guard Self.withName(address, port, { connect(socket, $0, $1) }) == 0 else {
            let reason = String(cString: strerror(errno))
            Glibc.close(socket)
            throw TestClientError("connect to port \(port): \(reason)")
        }
        var on: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { Glibc.close(socket) }

    /// Calls `body` with the kernel's form of an IPv4 address and a port.
    private static func withName(_ address: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        inet_pton(AF_INET, address, &name.sin_addr)
        return withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }

    /// Our own port, as the server sees it.
    package var localPort: UInt16 {
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
        }
        return result == 0 ? UInt16(bigEndian: name.sin_port) : 0
    }

    // MARK: Whole steps

    /// Identification and the first key exchange.
    package func handshake() throws {
        client.start()
        try wait("the first key exchange") { client.keyExchanges == 1 }
    }

    /// `handshake`, then authentication by `key`. Throws what the server said if it refuses.
    package func logIn(_ user: String, _ key: TestKey) throws {
        try handshake()
        try client.authenticate(user, key)
        try wait("authentication") { client.isAuthenticated || !client.received(51).isEmpty }
        guard client.isAuthenticated else { throw TestClientError("USERAUTH_FAILURE") }
    }

    // MARK: Bytes

    /// Sends what the client has to send and takes what comes until `condition` holds.
    ///
    /// - Throws: after `patience`, at the end of the connection, and when the server breaks a rule.
    package func wait(_ what: String, _ condition: () throws -> Bool) throws {
        let end = Self.now + patience
        while !(try condition()) {
            if isEnded {
                let said = client.disconnection.map { "code \($0.code): \($0.sentence)" } ?? "without a word"
                throw TestClientError("the server ended the connection (\(said)) before: \(what)")
            }
            guard Self.now < end else { throw TestClientError("waited \(patience) in vain for: \(what)") }
            try exchange(until: min(end, Self.now + .milliseconds(50)))
        }
        try flush(until: end)
    }

    /// Waits for the server to end the connection. Returns what its DISCONNECT said, if it sent one.
    @discardableResult
    package func waitForEnd() throws -> (code: UInt32, sentence: String)? {
        let end = Self.now + patience
        while !isEnded {
            guard Self.now < end else { throw TestClientError("waited \(patience) in vain for the end of the connection") }
            try exchange(until: min(end, Self.now + .milliseconds(50)))
        }
        return client.disconnection
    }

    /// Keeps the connection going for `time`; its end is not an error here.
    package func linger(_ time: Duration) throws {
        let end = Self.now + time
        while !isEnded, Self.now < end { try exchange(until: min(end, Self.now + .milliseconds(50))) }
    }

    /// Sends bytes as they are, around the client.
    package func sendRaw(_ bytes: [UInt8]) throws {
        client.outgoing += bytes
        try flush(until: Self.now + patience)
    }

    /// Sends what the client has to send, without taking anything.
    package func flush() throws {
        try flush(until: Self.now + patience)
    }

    /// Closes our sending direction.
    package func finishSending() {
        shutdown(socket, Int32(SHUT_WR))
    }

    /// Makes the receive buffer small, so that the server's writes come to a stop soon.
    package func shrinkReceiveBuffer(_ size: Int32) {
        var size = size
        setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }

    private func exchange(until end: ContinuousClock.Instant) throws {
        let events = Int16(POLLIN) | (client.outgoing.isEmpty ? 0 : Int16(POLLOUT))
        let ready = poll(events, until: end)
        if ready & Int16(POLLOUT) != 0 { sendSome() }
        if ready & ~Int16(POLLOUT) != 0 { try receiveSome() }
    }

    private func flush(until end: ContinuousClock.Instant) throws {
        while !client.outgoing.isEmpty, !isEnded {
            guard Self.now < end else { throw TestClientError("the server takes nothing") }
            try exchange(until: end)
        }
    }

    private func sendSome() {
        let count = client.outgoing.withUnsafeBytes {
            send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
        if count > 0 {
            client.outgoing.removeFirst(count)
        } else if errno != EAGAIN, errno != EINTR {
            // What cannot be sent any more; what was received before can still be read.
            client.outgoing = []
        }
    }

    private func receiveSome() throws {
        var buffer = [UInt8](repeating: 0, count: 256 * 1024)
        let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count > 0 {
            try client.receive(Array(buffer.prefix(count)))
        } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
            isEnded = true
        }
    }

    private func poll(_ events: Int16, until end: ContinuousClock.Instant) -> Int16 {
        var entry = pollfd(fd: socket, events: events, revents: 0)
        let left = end - Self.now
        let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
        return Glibc.poll(&entry, 1, Int32(clamping: max(0, milliseconds))) > 0 ? entry.revents : 0
    }

    private static var now: ContinuousClock.Instant { ContinuousClock.now }
}
