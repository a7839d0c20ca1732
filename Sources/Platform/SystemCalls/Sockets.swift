import CLinux
import Glibc

/// What one call of `accept` came to.
package enum Accepted: ~Copyable {
    /// A new connection, nonblocking and close-on-exec, and its peer.
    case connection(Descriptor, SocketAddress)
    /// Nobody is waiting: come back on readiness.
    case wouldBlock
    /// No descriptor (or kernel memory) is free. The connection still waits: stop watching the listener until some are closed,
    /// because a level-triggered loop would report it again at once.
    case outOfDescriptors
    /// The peer gave up while waiting, or the network refused it: accept the next one.
    case aborted
    /// The listener itself is broken.
    case failed(SystemError)
}

/// TCP sockets.
///
/// `receive`, `send` and `accept` take the bare number and neither allocate nor throw: they are the byte path.
package enum Sockets {
    /// Receives what is there, at most `buffer.count` (at least 1) bytes. Cost: one system call.
    package static func receive(_ raw: Int32, into buffer: UnsafeMutableRawBufferPointer) -> IOResult {
        while true {
            let count = recv(raw, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .endOfFile }
            if errno != EINTR { return .refused("recv") }
        }
    }

    /// Sends what fits into the kernel's buffer, never raising `SIGPIPE`. Cost: one system call.
    package static func send(_ raw: Int32, _ bytes: UnsafeRawBufferPointer) -> IOResult {
        while true {
            let count = Glibc.send(raw, bytes.baseAddress, bytes.count, noSignal)
            if count >= 0 { return .bytes(count) }
            if errno != EINTR { return .refused("send") }
        }
    }

    /// Takes the next waiting connection of a TCP listener.
    package static func accept(_ raw: Int32) -> Accepted {
        var storage = sockaddr_storage()
        while true {
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let connection = withUnsafeMutablePointer(to: &storage) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { clinux_accept4(raw, $0, &length) }
            }
            if connection >= 0 {
                let owner = Descriptor(owning: connection)
                guard let peer = SocketAddress(storage) else { return .aborted }
                return .connection(owner, peer)
            }
            let code = errno
            switch code {
            case EINTR: continue
            case EAGAIN, EWOULDBLOCK: return .wouldBlock
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .outOfDescriptors
            // accept(2): errors already pending on the new connection are reported by the call.
            case ECONNABORTED, EPERM, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH, ETIMEDOUT:
                return .aborted
            default: return .failed(SystemError(errno: code, call: "accept"))
            }
        }
    }

    /// Listens on `address`: nonblocking, close-on-exec, address reuse, IPv6 only for an IPv6 address.
    ///
    /// - Parameter backlog: how many connections may wait to be accepted; the kernel caps it at `net.core.somaxconn`.
    /// - Throws: `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`; the error names the address.
    package static func listen(on address: SocketAddress, backlog: Int32 = 4096) throws(SystemError) -> Descriptor {
        let subject = address.description
        let socket = try stream(address.family, subject)
        let raw = socket.raw
        try setOption(raw, SOL_SOCKET, SO_REUSEADDR, 1)
        if address.family == AF_INET6 { try setOption(raw, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
        _ = try retrying("bind", subject) { address.withKernelForm { bind(raw, $0, $1) } }
        _ = try retrying("listen", subject) { Glibc.listen(raw, backlog) }
        return socket
    }

    /// Starts to connect to `address` without waiting.
    ///
    /// The connection stands, or failed, once it is writable: ask `pendingError`.
    package static func connect(to address: SocketAddress) throws(SystemError) -> Descriptor {
        let subject = address.description
        let socket = try stream(address.family, subject)
        let raw = socket.raw
        let status = address.withKernelForm { Glibc.connect(raw, $0, $1) }
        if status != 0 {
            let code = errno
            guard code == EINPROGRESS || code == EINTR else { throw SystemError(errno: code, call: "connect", subject: subject) }
        }
        return socket
    }

    /// What became of a connection in the background (`SO_ERROR`); asking clears it.
    package static func pendingError(_ raw: Int32) -> SystemError? {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(raw, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else { return SystemError(errno: errno, call: "getsockopt") }
        return code == 0 ? nil : SystemError(errno: code, call: "connect")
    }

    /// The address this socket is bound to; for a listener on port 0 the port that the kernel chose.
    package static func localAddress(_ raw: Int32) throws(SystemError) -> SocketAddress {
        try address("getsockname") { getsockname(raw, $0, $1) }
    }

    /// The address of the other side.
    package static func peerAddress(_ raw: Int32) throws(SystemError) -> SocketAddress {
        try address("getpeername") { getpeername(raw, $0, $1) }
    }

    /// Sends small packets at once (`TCP_NODELAY`).
    package static func setNoDelay(_ raw: Int32) throws(SystemError) { try setOption(raw, Int32(IPPROTO_TCP), TCP_NODELAY, 1) }

    /// Gives a connection up when sent bytes stay unacknowledged this long (`TCP_USER_TIMEOUT`, milliseconds).
    package static func setUserTimeout(_ raw: Int32, _ timeout: Duration) throws(SystemError) {
        let milliseconds = max(0, min(timeout.wholeNanoseconds / 1_000_000, Int64(Int32.max)))
        try setOption(raw, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, Int32(milliseconds))
    }

    /// Asks for kernel buffers of these sizes, in bytes (the kernel doubles and caps them); `nil` leaves the default, which tunes itself.
    package static func setBufferSizes(_ raw: Int32, receive: Int32? = nil, send: Int32? = nil) throws(SystemError) {
        if let receive { try setOption(raw, SOL_SOCKET, SO_RCVBUF, receive) }
        if let send { try setOption(raw, SOL_SOCKET, SO_SNDBUF, send) }
    }

    /// Bytes that were sent but not yet acknowledged by the peer's kernel; 0 where the kernel cannot say.
    package static func unacknowledgedBytes(_ raw: Int32) -> Int { max(0, Int(clinux_unsent_bytes(raw))) }

    /// The shortest time in which the peer's kernel has lately acknowledged something (`TCP_INFO`); zero where that is not known.
    package static func smallestRoundTrip(_ raw: Int32) -> Duration { .microseconds(Int64(clinux_smallest_round_trip(raw))) }

    /// Says that nothing more will be sent; the peer reads end of file. A connection that is gone already is not an error.
    package static func finishSending(_ raw: Int32) throws(SystemError) {
        if shutdown(raw, Int32(SHUT_WR)) != 0, errno != ENOTCONN { throw SystemError(errno: errno, call: "shutdown") }
    }

    /// Ends both directions at once without closing the descriptor: whoever waits on it finds out. One that is gone already is not an error.
    package static func hangUp(_ raw: Int32) {
        if shutdown(raw, Int32(SHUT_RDWR)) != 0 { precondition(errno != EBADF, "descriptor \(raw) was closed by someone else") }
    }

    /// Whether the peer said that it will send nothing more, or is gone; bytes may still wait to be read.
    package static func peerHasLeft(_ raw: Int32) -> Bool {
        let readHangUp = Int16(EPOLLRDHUP.rawValue)  // POLLRDHUP, which Glibc hides: poll(2) and epoll(7) share their bits
        var watched = pollfd(fd: raw, events: readHangUp, revents: 0)
        return poll(&watched, 1, 0) > 0 && watched.revents & (readHangUp | Int16(POLLHUP | POLLERR)) != 0
    }

    /// Makes the coming `close` reset the connection instead of leaving unsent bytes to the kernel.
    package static func resetOnClose(_ raw: Int32) throws(SystemError) {
        var linger = linger(l_onoff: 1, l_linger: 0)
        _ = try retrying("setsockopt") { setsockopt(raw, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size)) }
    }

    static let noSignal = Int32(MSG_NOSIGNAL)

    static func stream(_ family: Int32, _ subject: String, blocking: Bool = false) throws(SystemError) -> Descriptor {
        let flags = SOCK_CLOEXEC.rawValue | (blocking ? 0 : SOCK_NONBLOCK.rawValue)
        return Descriptor(owning: try retrying("socket", subject) { socket(family, Int32(SOCK_STREAM.rawValue | flags), 0) })
    }

    static func setOption(_ raw: Int32, _ level: Int32, _ name: Int32, _ value: Int32) throws(SystemError) {
        var value = value
        _ = try retrying("setsockopt") { setsockopt(raw, level, name, &value, socklen_t(MemoryLayout<Int32>.size)) }
    }

    private static func address(
        _ call: StaticString, _ ask: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) throws(SystemError) -> SocketAddress {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        _ = try retrying(call) {
            withUnsafeMutablePointer(to: &storage) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { ask($0, &length) }
            }
        }
        guard let address = SocketAddress(storage) else { throw SystemError(errno: EAFNOSUPPORT, call: call.description) }
        return address
    }
}
