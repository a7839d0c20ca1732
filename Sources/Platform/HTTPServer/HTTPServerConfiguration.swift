package import SystemCalls

/// The bounds the server puts on its peers.
///
/// A value, so that tests can drive the rules with small numbers. The standard ones suit a console that a handful of people use: a
/// browser opens six connections.
package struct HTTPLimits: Sendable {
    /// Connections at a time. At the limit the oldest that waits for a request, sends one slowly or reads slowly makes room.
    package var connections = 128
    /// The same for one source (an IPv4 address, or an IPv6 /64), so that one cannot push out all others.
    package var connectionsPerSource = 64
    /// Event streams at a time; above it they are answered 503. Streams never make room for others, so they may not fill the table.
    package var streams = 32
    /// Bytes of a request's line and header fields (16 KiB), and those of the answer. Above it: 431 (414 for the line), closed.
    package var headerSize = 16 * 1024
    /// Bytes of a request's body (256 KiB). Above it: 413 before a byte of it is read, closed.
    package var bodySize = 256 * 1024
    /// From accepting to the end of the header, the TLS handshake included. Then it is closed.
    package var headerTime = Duration.seconds(15)
    /// From the end of the header to the end of the body. Then it is closed.
    package var bodyTime = Duration.seconds(25)
    /// Between two requests on a connection, the second one's header included. Then it is closed; browsers connect again.
    package var idleTime = Duration.seconds(20)
    /// For the handler. Then the answer is 503.
    package var handlerTime = Duration.seconds(60)
    /// For the peer to take an answer, and each event of a stream. Then it is closed.
    package var replyTime = Duration.seconds(20)
    /// Bytes a second that a large answer adds to `replyTime` for (64 KiB/s): a slower reader holds memory for too long.
    package var slowestReader = 64 * 1024
    /// Silence in a stream after which a comment is sent, so that a peer that is gone is noticed (and proxies keep the connection).
    package var pingTime = Duration.seconds(15)
    /// How long the kernel repeats bytes that nobody acknowledges before it gives the connection up.
    package var deadPeerTime = Duration.seconds(30)
    /// How long `stop` waits for answers under way.
    package var drainTime = Duration.seconds(2)
    /// How long accepting pauses when descriptors have run out.
    package var pauseTime = Duration.milliseconds(500)
    /// Connections taken from a listener in one batch, so that a flood of them cannot starve the established ones.
    package var acceptsPerBatch = 16

    /// The standard limits.
    package init() {}
}

/// Where and how the server listens.
package struct HTTPServerConfiguration: Sendable {
    /// The addresses, at least one; port 0 lets the kernel choose.
    package var addresses: [SocketAddress]
    /// Certificate and key; `nil` is HTTP without TLS.
    package var identity: TLSIdentity?
    /// Bounds on peers.
    package var limits: HTTPLimits

    /// A configuration with its parts given.
    package init(addresses: [SocketAddress], identity: TLSIdentity? = nil, limits: HTTPLimits = HTTPLimits()) {
        self.addresses = addresses
        self.identity = identity
        self.limits = limits
    }
}

/// Why the server cannot start.
package enum HTTPServerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Somebody listens at the address already.
    case addressInUse(SocketAddress)
    /// Our rights do not suffice to listen there.
    case notAllowed(SocketAddress)
    /// This machine does not have the address.
    case noSuchAddress(SocketAddress)
    /// The HTTP library refused to start: no descriptors, no memory, or a certificate that it cannot use.
    case engineRefused
    /// The system refused something.
    case failed(SystemError)

    /// One line for a person.
    package var description: String {
        switch self {
        case .addressInUse(let address): "another program listens at \(address) already: choose another port, or end that program"
        case .notAllowed(let address): "not allowed to listen at \(address): ports below 1024 are for root"
        case .noSuchAddress(let address): "this machine has no address \(address.address)"
        case .engineRefused: "the HTTP library does not start: descriptors or memory have run out"
        case .failed(let error): error.description
        }
    }
}
