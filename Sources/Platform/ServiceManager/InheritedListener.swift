package import SystemCalls

/// A listening TCP socket that the service manager opened before it started us (socket activation), so that peers which connect while we
/// are down wait in the kernel instead of being refused.
///
/// - Source: sd_listen_fds(3).
package struct InheritedListener: ~Copyable, Sendable {
    /// The socket, ours from now on. Closing it does not close the service manager's.
    package let socket: Descriptor
    /// Where it listens.
    package let address: SocketAddress

    /// The first descriptor that is passed (`SD_LISTEN_FDS_START`).
    private static let firstDescriptor: Int32 = 3
    /// Sockets that are taken at most: a unit has a handful.
    private static let mostSockets: Int32 = 64

    /// Whether the environment says that sockets were passed to this process.
    /// - Returns: their descriptors, ascending; none is touched.
    package static func descriptors(environment: [String: String], process: Int32) -> [Int32] {
        guard environment["LISTEN_PID"] == "\(process)", let text = environment["LISTEN_FDS"], let count = Int32(text),
            (1...mostSockets).contains(count)
        else { return [] }
        return (0..<count).map { firstDescriptor + $0 }
    }

    /// Gives the socket away; the caller has to close it.
    package consuming func release() -> Int32 { socket.release() }

    /// Takes one over. To be called once for each descriptor.
    /// - Throws: what `Sockets.adoptListener` throws.
    package init(descriptor: Int32) throws(SystemError) {
        let socket = try Sockets.adoptListener(descriptor)
        address = try Sockets.localAddress(socket.raw)
        self.socket = socket
    }
}
