/// The number of a channel on our side of one connection (RFC 4254 §5): small, and used again after the channel is gone.
package struct ChannelID: Hashable, Sendable, CustomStringConvertible {
    /// The number on the wire.
    package let number: UInt32

    /// The channel with this number.
    package init(_ number: UInt32) {
        self.number = number
    }

    package var description: String { "#\(number)" }
}

/// A TCP endpoint as RFC 4254 §7 writes it: a host name or an address, and a port.
package struct ForwardedEndpoint: Equatable, Sendable {
    /// A host name or an address, as the peer wrote it: not checked, not resolved.
    package let host: String
    /// A port, as the peer wrote it: may be over 65535.
    package let port: UInt32

    /// An endpoint from its parts.
    package init(host: String, port: UInt32) {
        self.host = host
        self.port = port
    }
}

/// What a peer wants a channel for.
package enum ChannelPurpose: Equatable, Sendable {
    /// `session` (RFC 4254 §6.1).
    case session
    /// `direct-tcpip` (RFC 4254 §7.2).
    case directTCPIP(target: ForwardedEndpoint, originator: ForwardedEndpoint)
    /// Anything else; refused by the engine itself.
    case unsupported(type: String)
}

/// A request on a session channel (RFC 4254 §6).
package enum ChannelRequest: Equatable, Sendable {
    case exec(command: [UInt8])
    case shell
    case pty
    case environment
    case windowChange
    /// Anything else, by its type.
    case other(String)
}

/// One channel, as far as the protocol sees it.
struct Channel {
    /// One direction of an open channel.
    enum Direction: Equatable {
        /// Data may flow.
        case flowing
        /// EOF was sent in this direction.
        case ended
        /// CLOSE was sent in this direction.
        case closed
    }

    enum Stage: Equatable {
        /// The peer asked to open it; we have not answered.
        case offered
        /// We asked; the peer has not answered. If abandoned, it is closed as soon as the peer confirms.
        case asked(isAbandoned: Bool)
        /// Confirmed. Gone once both directions are closed.
        case open(inbound: Direction, outbound: Direction)
    }

    var stage: Stage
    /// The peer's number; 0 until the peer has told it.
    var peerNumber: UInt32
    /// Bytes we may still send.
    var sendWindow: UInt32
    /// The longest data the peer takes in one message.
    var sendPacket: UInt32
    /// Bytes the peer may still send.
    var receiveWindow: UInt32 = ProtocolLimits.window
    /// Bytes that have left on the other side and are not granted anew yet.
    var credit: UInt32 = 0

    /// Credit that is worth a WINDOW_ADJUST: an eighth of the window keeps a fast sender going and costs one small packet in eight full ones.
    static let worthwhileCredit = ProtocolLimits.window / 8
}
