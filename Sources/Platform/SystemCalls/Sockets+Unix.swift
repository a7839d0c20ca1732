import CLinux
import Glibc

/// Who is at the other end of a Unix socket, as the kernel recorded it when they connected.
package struct PeerCredentials: Hashable, Sendable {
    /// The process that connected; 0 if it is outside our process namespace.
    package let process: Int32
    /// Its effective user.
    package let user: UInt32
    /// Its effective group.
    package let group: UInt32

    /// Credentials with their parts given.
    package init(process: Int32, user: UInt32, group: UInt32) {
        self.process = process
        self.user = user
        self.group = group
    }
}

/// Unix sockets: local control, and descriptors that travel between processes.
extension Sockets {
    /// The longest path of a Unix socket, in bytes (unix(7): 108 with the ending NUL).
    package static let maximumUnixPathLength = 107

    /// Listens on a Unix socket at `path`, which must not exist yet; nonblocking, close-on-exec.
    ///
    /// - Parameter mode: the file's permissions, set before anybody can connect.
    /// - Throws: `ENAMETOOLONG` if the path is longer than `maximumUnixPathLength`, `EADDRINUSE` if it exists.
    package static func listenUnix(at path: String, mode: UInt32, backlog: Int32 = 64) throws(SystemError) -> Descriptor {
        let socket = try stream(AF_UNIX, path)
        let raw = socket.raw
        try withUnixAddress(path) { (address, length) throws(SystemError) in
            _ = try retrying("bind", path) { bind(raw, address, length) }
        }
        // Between bind and listen nobody can connect, so the mode is in force before the first connection.
        _ = try retrying("chmod", path) { chmod(path, mode) }
        _ = try retrying("listen", path) { Glibc.listen(raw, backlog) }
        return socket
    }

    /// Connects to the Unix socket at `path`; the result is close-on-exec.
    ///
    /// - Parameter isBlocking: whether the result blocks, and whether connecting waits while too many others wait.
    /// - Throws: `ENOENT` or `ECONNREFUSED` if nobody listens there; `EAGAIN` if too many wait and it must not block.
    package static func connectUnix(to path: String, isBlocking: Bool = true) throws(SystemError) -> Descriptor {
        let socket = try stream(AF_UNIX, path, blocking: isBlocking)
        let raw = socket.raw
        try withUnixAddress(path) { (address, length) throws(SystemError) in
            _ = try retrying("connect", path) { Glibc.connect(raw, address, length) }
        }
        return socket
    }

    /// Takes the next waiting connection of a Unix listener; the address of the result is meaningless, see `peerCredentials`.
    package static func acceptUnix(_ raw: Int32) -> Accepted {
        let connection = clinux_accept4(raw, nil, nil)
        if connection >= 0 { return .connection(Descriptor(owning: connection), .loopback(port: 0)) }
        let code = errno
        switch code {
        case EAGAIN: return .wouldBlock
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .outOfDescriptors
        case EINTR, ECONNABORTED, EPERM: return .aborted
        default: return .failed(SystemError(errno: code, call: "accept"))
        }
    }

    /// Who connected this Unix socket (`SO_PEERCRED`).
    package static func peerCredentials(_ raw: Int32) throws(SystemError) -> PeerCredentials {
        var process: Int32 = 0
        var user: UInt32 = 0
        var group: UInt32 = 0
        _ = try retrying("getsockopt") { clinux_peer_credentials(raw, &process, &user, &group) }
        return PeerCredentials(process: process, user: user, group: group)
    }

    /// Two connected Unix sockets, close-on-exec and blocking: what one sends the other receives.
    package static func pair() throws(SystemError) -> SocketPair {
        var ends: (Int32, Int32) = (-1, -1)
        _ = try withUnsafeMutableBytes(of: &ends) { room throws(SystemError) in
            try retrying("socketpair") {
                socketpair(
                    AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0,
                    room.assumingMemoryBound(to: Int32.self).baseAddress)
            }
        }
        return SocketPair(first: Descriptor(owning: ends.0), second: Descriptor(owning: ends.1))
    }

    /// How many descriptors travel at most with one message.
    package static let maximumPassedDescriptors = Int(CLINUX_MAXIMUM_DESCRIPTORS)

    /// Sends bytes over a Unix socket together with copies of `descriptors`, which stay the sender's.
    ///
    /// The descriptors travel with the first byte: `.bytes(n)` with n < count means that they are gone and n bytes with them; the rest
    /// is sent plainly.
    /// - Parameters:
    ///   - bytes: at least 1.
    ///   - descriptors: at most `maximumPassedDescriptors`.
    package static func send(_ raw: Int32, _ bytes: UnsafeRawBufferPointer, passing descriptors: [Int32]) -> IOResult {
        precondition(!bytes.isEmpty && descriptors.count <= maximumPassedDescriptors, "what may be sent is fixed by the sender")
        while true {
            let count = clinux_send_descriptors(raw, bytes.baseAddress, bytes.count, descriptors, descriptors.count)
            if count >= 0 { return .bytes(count) }
            if errno != EINTR { return .refused("sendmsg") }
        }
    }

    /// Receives bytes over a Unix socket together with the descriptors that came with them, added to `descriptors`.
    ///
    /// Descriptors that did not fit (we are out of descriptors) make this fail with `EMFILE`; those that fitted are closed.
    package static func receive(
        _ raw: Int32, into buffer: UnsafeMutableRawBufferPointer, passing descriptors: inout PassedDescriptors
    ) -> IOResult {
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: maximumPassedDescriptors) { room in
            while true {
                var arrived = 0
                var isTruncated: Int32 = 0
                let count = clinux_receive_descriptors(raw, buffer.baseAddress, buffer.count, room.baseAddress, &arrived, &isTruncated)
                if count < 0, errno == EINTR { continue }
                if count < 0 { return .refused("recvmsg") }
                for index in 0..<arrived { descriptors.append(Descriptor(owning: room[index])) }
                if isTruncated != 0 {
                    descriptors.closeAll()
                    return .failed(SystemError(errno: EMFILE, call: "recvmsg"))
                }
                return count == 0 ? .endOfFile : .bytes(count)
            }
        }
    }

    private static func withUnixAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Void
    ) throws(SystemError) {
        let bytes = Array(path.utf8)
        guard bytes.count <= maximumUnixPathLength else { throw SystemError(errno: ENAMETOOLONG, call: "bind", subject: path) }
        guard !bytes.isEmpty, !bytes.contains(0) else { throw SystemError(errno: EINVAL, call: "bind", subject: path) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let pointer = UnsafeMutableRawPointer.allocate(byteCount: MemoryLayout<sockaddr_un>.size, alignment: 8)
        defer { pointer.deallocate() }
        pointer.copyMemory(from: &address, byteCount: MemoryLayout<sockaddr_un>.size)
        try body(pointer.assumingMemoryBound(to: sockaddr.self), socklen_t(MemoryLayout<sockaddr_un>.size))
    }
}

/// Two sockets that are connected to each other.
package struct SocketPair: ~Copyable, Sendable {
    /// One end.
    package let first: Descriptor
    /// The other end.
    package let second: Descriptor

    init(first: consuming Descriptor, second: consuming Descriptor) {
        self.first = first
        self.second = second
    }

    /// Gives both ends away.
    package consuming func release() -> (first: Int32, second: Int32) { (first.release(), second.release()) }
}

/// Descriptors that arrived from another process and wait to be taken, in the order of sending; those nobody takes are closed.
package struct PassedDescriptors: ~Copyable, Sendable {
    private var waiting: [Int32] = []

    /// None yet.
    package init() {}

    deinit {
        for raw in waiting { Descriptor.close(raw) }
    }

    /// How many wait.
    package var count: Int { waiting.count }

    /// Takes the one that came first.
    package mutating func takeFirst() -> Descriptor? {
        waiting.isEmpty ? nil : Descriptor(owning: waiting.removeFirst())
    }

    /// Closes all that wait: for a message that was not allowed to carry any.
    package mutating func closeAll() {
        for raw in waiting { Descriptor.close(raw) }
        waiting = []
    }

    mutating func append(_ descriptor: consuming Descriptor) { waiting.append(descriptor.release()) }
}
