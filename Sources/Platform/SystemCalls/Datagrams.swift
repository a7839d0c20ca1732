import Glibc

/// Unix datagrams to a socket of the system: how one talks to systemd and to its journal without their library.
package final class DatagramSender: Sendable {
    private let socket: Descriptor
    private let address: String

    /// A sender to the socket at `address`: a path, or a name in the abstract namespace that begins with `@`.
    ///
    /// Whether anybody listens there is found out by `send`.
    /// - Throws: `ENAMETOOLONG` for more than 107 bytes, `EINVAL` for an empty one; when descriptors run out.
    package init(to address: String) throws(SystemError) {
        let bytes = Array(address.utf8)
        guard bytes.count <= Sockets.maximumUnixPathLength else {
            throw SystemError(errno: ENAMETOOLONG, call: "socket", subject: address)
        }
        guard !bytes.isEmpty, !bytes.contains(0) else { throw SystemError(errno: EINVAL, call: "socket", subject: address) }
        let kind = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        socket = Descriptor(owning: try retrying("socket", address) { Glibc.socket(AF_UNIX, kind, 0) })
        self.address = address
    }

    /// Sends one datagram, whole or not at all. Never waits.
    /// - Throws: `ENOENT` or `ECONNREFUSED` if nobody listens, `EAGAIN` if the receiver's queue is full, `EMSGSIZE` if it is too long.
    package func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var peer = sockaddr_un()
        peer.sun_family = sa_family_t(AF_UNIX)
        let name = Array(address.utf8)
        withUnsafeMutableBytes(of: &peer.sun_path) { room in
            room.copyBytes(from: name)
            if name.first == UInt8(ascii: "@") { room[0] = 0 }
        }
        // unix(7): an abstract name is as long as it is said to be, a path ends with a NUL.
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count + (name.first == UInt8(ascii: "@") ? 0 : 1))
        let raw = socket.raw
        _ = try retrying("sendto", address) {
            withUnsafePointer(to: &peer) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(raw, bytes.baseAddress, bytes.count, Sockets.noSignal, $0, length)
                }
            }
        }
    }

    /// Sends one text, as `send` does.
    package func send(_ text: String) throws(SystemError) {
        var text = text
        // withUTF8 does not pass typed errors on.
        let result = text.withUTF8 { bytes -> Result<Void, SystemError> in
            do throws(SystemError) { return .success(try send(UnsafeRawBufferPointer(bytes))) } catch { return .failure(error) }
        }
        try result.get()
    }
}
