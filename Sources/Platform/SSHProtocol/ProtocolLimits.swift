/// The bounds the SSH engine puts on a peer.
///
/// Each says its unit, where it comes from and what happens at the limit. Sizes are bytes, times are `Duration`s on a monotonic clock.
package enum ProtocolLimits {
    // MARK: Transport (RFC 4253)

    /// Longest `packet_length` taken from an authenticated peer: 256 KiB, OpenSSH's own bound (RFC 4253 §6.1 asks for 35,000 at least).
    /// One byte more ends the connection before anything is allocated for it.
    package static let packetLength = 256 * 1024

    /// Longest `packet_length` taken before authentication. Key exchange and authentication messages stay below 35,000 bytes
    /// (RFC 4253 §6.1), and what a stranger can make us hold must be small. More ends the connection.
    package static let packetLengthBeforeAuthentication = 35_000

    /// Shortest `packet_length`: the padding length, one byte of payload and four of padding (RFC 4253 §6). Less ends the connection.
    package static let shortestPacketLength = 6

    /// Longest identification line, CR LF included (RFC 4253 §4.2). Longer ends the connection.
    package static let identificationLine = 255

    /// Longest single name-list of a KEXINIT. Real clients stay below 1 KiB; longer ends the connection.
    package static let nameList = 4096

    /// Plain bytes in either direction after which we ask for new keys (RFC 4253 §9 recommends a gigabyte).
    package static let bytesBeforeRekey = 1 << 30

    /// Packets in either direction after which we ask for new keys (RFC 4344 §3.1: before 2³¹).
    package static let packetsBeforeRekey: UInt32 = 1 << 31

    /// Time after which we ask for new keys (RFC 4253 §9 recommends an hour).
    package static let timeBeforeRekey = Duration.seconds(3600)

    /// Time a started rekey may take. A peer that never finishes would hold queued bytes for ever; at the limit the connection ends.
    package static let rekeyDeadline = Duration.seconds(30)

    /// Bytes of messages held back while a key exchange runs (RFC 4253 §7.1 forbids sending them), with `heldMessageOverhead` for each.
    /// More ends the connection.
    package static let heldDuringKeyExchange = 64 * 1024

    /// What a message held back costs beside its bytes: a packet's framing when it goes out, an array until then. Without it, one-byte
    /// answers would be worth 65,000 of them.
    package static let heldMessageOverhead = 32

    /// Longest payload of a `ping@openssh.com` that is answered: it is sent back whole. Longer ends the connection.
    package static let pingPayload = 1024

    // MARK: Authentication (RFC 4252)

    /// Time from accept to success. RFC 4252 §4 suggests 10 minutes; 20 s is ample for a key. At the limit the connection ends.
    package static let loginGrace = Duration.seconds(20)

    /// Failed attempts on one connection; the one that reaches it is answered by a disconnect (OpenSSH's MaxAuthTries is 6 too).
    package static let authenticationFailures = 6

    /// Authentication requests on one connection, acceptable probes included, so that a stranger holding a public key cannot ask for ever.
    package static let authenticationRequests = 64

    /// Longest user name, in bytes of UTF-8. It is only logged. Longer ends the connection.
    package static let userName = 255

    // MARK: Connection (RFC 4254)

    /// Channels open or opening at a time on one connection. One more is refused with RESOURCE_SHORTAGE; the connection goes on.
    package static let channels = 64

    /// Bytes a peer may send on a channel before we grant more: OpenSSH's own window (64 × 32 KiB). One byte more ends the connection.
    package static let window: UInt32 = 2 * 1024 * 1024

    /// Longest data of one CHANNEL_DATA message that we take, and the longest that we send. Longer ends the connection.
    package static let channelPacket: UInt32 = 32 * 1024

    /// Smallest maximum packet size we accept in a peer's channel: below it, headers cost more than data. Less is refused.
    package static let smallestPeerChannelPacket: UInt32 = 256

    /// `tcpip-forward` and `cancel-tcpip-forward` requests on one connection. A terminal needs one; one more than this ends the connection.
    package static let forwardRequests = 20

    /// Host keys that are announced at most (OpenSSH PROTOCOL §2.5): the one that is shown, and one that follows or went before it.
    package static let hostKeys = 2

    /// `hostkeys-prove-00@openssh.com` requests on one connection, a signature for each key in it. OpenSSH sends one; one more than this
    /// ends the connection.
    package static let hostKeyProofs = 4

    /// Longest host, address, channel type or request name, in bytes: a DNS name has at most 255. Longer ends the connection.
    package static let name = 255

    /// Longest command line of an `exec`, in bytes. Longer is refused on its channel.
    package static let commandLine = 16 * 1024

    /// Bytes waiting for a peer's socket above which no more channel data is added: its channels wait, and keep their order. The driver
    /// lowers it for a slow peer.
    package static let outboundHighWater = 256 * 1024

    /// The least that a driver may make of `outboundHighWater` for a slow peer: a packet of half of it is still data rather than headers.
    package static let outboundLowWater = 2 * 1024

    /// Bytes waiting for a peer's socket above which nothing more is read from that peer: only answers to a flood of requests get here.
    package static let outboundLimit = 1024 * 1024

    // MARK: Liveness

    /// Silence after which a peer is asked for a sign of life (keepalive@openssh.com). NATs drop idle flows from 60 s on.
    package static let keepaliveInterval = Duration.seconds(25)

    /// Intervals of silence after which a peer is gone: 3 × 25 s = 75 s, with a question asked after the first and the second.
    package static let keepaliveMisses = 3
}
