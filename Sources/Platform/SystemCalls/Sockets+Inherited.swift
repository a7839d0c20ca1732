import Glibc

/// Sockets that another program opened for us.
extension Sockets {
    /// Takes over a TCP listener that we were started with: nonblocking and close-on-exec from now on.
    ///
    /// - Throws: `ENOTSOCK` for anything but a socket, `EOPNOTSUPP` for one that does not listen, `EAFNOSUPPORT` for one that is not TCP;
    ///   the descriptor is left open then.
    package static func adoptListener(_ raw: Int32) throws(SystemError) -> Descriptor {
        // Not through SystemError at first: that an inherited descriptor is not open is somebody else's fault, not ours.
        guard fcntl(raw, F_GETFD) >= 0 else { throw SystemError(errno: ENOTSOCK, call: "adopting a socket", subject: "descriptor \(raw)") }
        var isListening: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        _ = try retrying("getsockopt", "descriptor \(raw)") { getsockopt(raw, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &length) }
        guard isListening != 0 else { throw SystemError(errno: EOPNOTSUPP, call: "adopting a socket", subject: "descriptor \(raw)") }
        _ = try localAddress(raw)  // throws for a Unix socket
        _ = try retrying("fcntl") { fcntl(raw, F_SETFD, FD_CLOEXEC) }
        try Descriptor.setNonblocking(raw, true)
        return Descriptor(owning: raw)
    }
}
