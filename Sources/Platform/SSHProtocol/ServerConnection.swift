package import SSHCrypto

/// What all connections of a server have in common.
package struct ServerIdentity: Sendable {
    /// The Ed25519 host keys: the first one is shown in the key exchange, the others are announced beside it.
    package let hostKeys: [HostKey]
    /// Our identification line, without CR LF (RFC 4253 §4.2).
    let version: [UInt8]

    /// The one that is shown.
    package var hostKey: HostKey { hostKeys[0] }

    /// - Parameters:
    ///   - hostKeys: 1...`ProtocolLimits.hostKeys`; the first one is shown.
    ///   - software: the software version of the identification line: printable US-ASCII without blanks.
    package init(hostKeys: [HostKey], software: String) {
        precondition((1...ProtocolLimits.hostKeys).contains(hostKeys.count), "\(hostKeys.count) host keys")
        self.hostKeys = hostKeys
        version = [UInt8]("SSH-2.0-\(software)".utf8)
    }
}

/// The server's side of one SSH connection, without I/O: received bytes in, events and bytes to send out.
///
/// Drive it: set `now`; `beginRead`, receive, `endRead`; take events until there is none; `finishRead`; send what `output` holds.
/// It owns no socket, no clock and no thread, and never traps on what a peer sends. Used by one thread at a time.
/// Source: RFC 4250–4254, RFC 8308, OpenSSH PROTOCOL.
package final class ServerConnection {
    /// How far the peer has come.
    enum Phase {
        /// Its identification line is awaited.
        case identification
        /// The first key exchange runs.
        case keyExchange
        /// Keys are in use; SERVICE_REQUEST for ssh-userauth is awaited.
        case service
        /// It may try to authenticate.
        case authentication
        /// It has authenticated: channels and requests.
        case connection
        /// Over; the event that says so was given out or is next.
        case closed(ConnectionEnd, isReported: Bool)
    }

    /// An event that waits for the driver's answer; nothing is read meanwhile.
    enum Decision {
        case keyExchange
        case key(PublicKeyOffer)
        case forward(wantsReply: Bool, chosenByUs: Bool)
        case cancel(wantsReply: Bool)
    }

    // Static after init.
    let identity: ServerIdentity

    /// The time of the loop's tick: monotonic, from any fixed origin. The driver sets it before it calls anything else.
    package var now: Duration

    // The transport.
    var decoder = PacketDecoder()
    var encoder = PacketEncoder()
    var phase = Phase.identification
    var keyExchange: KeyExchangeState
    /// Whether the first key exchange was strict (OpenSSH PROTOCOL §1.10): the peer's part; ours always is.
    package internal(set) var isStrict = false
    var wantsExtInfo = false
    var clientVersion: [UInt8] = []
    var sessionID: [UInt8] = []
    /// Messages of the connection protocol that must wait for the end of a key exchange.
    var held: [[UInt8]] = []
    var heldBytes = 0
    /// Plain bytes and packets in both directions since the keys were new.
    var bytesSinceRekey = 0
    var packetsSinceRekey: UInt32 = 0
    /// When the keys were new, or when the connection began.
    var keysSince: Duration
    /// When the running key exchange began.
    var keyExchangeSince: Duration

    /// Bytes waiting for the socket above which no more channel data is added, and twice the longest data of one packet:
    /// `ProtocolLimits.outboundLowWater`…`outboundHighWater`. The driver fits it to what the peer takes, so that what is urgent on one
    /// channel never waits behind more of another than goes out in a moment.
    package var outboundRoom = ProtocolLimits.outboundHighWater

    // Liveness.
    /// When the grace for authentication began.
    var graceSince: Duration
    /// When the last whole packet came.
    package internal(set) var heardAt: Duration
    /// Keepalive questions sent since then.
    var keepalivesSent = 0
    /// Our global requests that the peer has not answered.
    var unansweredRequests = 0

    /// The host keys that the peer was told of; empty: none were announced on this connection.
    var announcedKeys: [HostKey] = []

    // Authentication and requests.
    var failures = 0
    var authenticationRequests = 0
    var forwardRequests = 0
    var hostKeyProofs = 0
    var decision: Decision?

    // Channels, by number.
    var channels: [Channel?] = []
    /// An event that was caused by an answer and comes before the next packet.
    var nextUp: ServerEvent?

    // Bytes that came in.
    /// The part of the driver's memory that is not processed yet; empty outside `beginRead` … `finishRead`.
    private var input = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    /// The start of a packet whose rest has not come.
    private var leftover = ByteQueue()

    /// Begins a connection: our identification line and KEXINIT are ready to be sent.
    package init(identity: ServerIdentity, now: Duration) {
        self.identity = identity
        self.now = now
        keysSince = now
        keyExchangeSince = now
        graceSince = now
        heardAt = now
        let line = identity.version + [UInt8(ascii: "\r"), UInt8(ascii: "\n")]
        keyExchange = .idle
        line.withUnsafeBytes { encoder.queue.append($0) }
        propose()
    }

    // MARK: Reading

    /// Lends memory to read into: `scratch` from behind what is left of the last read.
    ///
    /// `scratch` must hold one longest packet and stay valid until `finishRead`. What is returned is never empty.
    package func beginRead(_ scratch: UnsafeMutableRawBufferPointer) -> UnsafeMutableRawBufferPointer {
        let kept = leftover.count
        precondition(kept < scratch.count, "scratch memory shorter than what is left over")
        scratch.copyMemory(from: UnsafeRawBufferPointer(leftover.bytes))
        leftover.removeAll()
        input = UnsafeMutableRawBufferPointer(rebasing: scratch[..<kept])
        return UnsafeMutableRawBufferPointer(rebasing: scratch[kept...])
    }

    /// Adds `count` bytes that were received into what `beginRead` returned.
    package func endRead(_ count: Int) {
        input = UnsafeMutableRawBufferPointer(start: input.baseAddress, count: input.count + count)
    }

    /// Ends the use of the scratch memory: what is not processed is kept.
    package func finishRead() {
        leftover.append(UnsafeRawBufferPointer(input))
        input = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }

    /// The number of bytes kept from the last read: the start of a packet, or what waits behind an open decision.
    package var leftoverCount: Int { leftover.count }

    /// Whether reading on makes sense now: no decision is awaited, and the peer takes what it is sent.
    package var wantsInput: Bool {
        if case .closed = phase { return false }
        return decision == nil && encoder.queue.count < ProtocolLimits.outboundLimit
    }

    /// The next thing that the peer did; `nil` when more bytes, or an answer, are needed.
    package func nextEvent() -> ServerEvent? {
        if let event = nextUp {
            nextUp = nil
            return event
        }
        while true {
            if case .closed(let end, let isReported) = phase {
                if isReported { return nil }
                phase = .closed(end, isReported: true)
                return .closed(end)
            }
            guard decision == nil else { return nil }
            do throws(ProtocolFailure) {
                if case .identification = phase {
                    guard let (identification, size) = try Identification.parse(input) else { return nil }
                    clientVersion = identification.line
                    advance(size)
                    phase = .keyExchange
                    continue
                }
                guard let packet = try decoder.next(input) else { return nil }
                advance(packet.size)
                if let event = try process(UnsafeRawBufferPointer(packet.payload)) { return event }
            } catch {
                fail(error)
            }
        }
    }

    private func advance(_ size: Int) {
        input = UnsafeMutableRawBufferPointer(rebasing: input[size...])
    }

    // MARK: Writing

    /// Encrypted bytes for the socket, oldest first. Valid until the next call.
    package var output: UnsafeRawBufferPointer { UnsafeRawBufferPointer(encoder.queue.bytes) }

    /// The number of bytes in `output`.
    package var outputCount: Int { encoder.queue.count }

    /// Drops bytes from `output` that the socket has taken.
    package func sent(_ count: Int) {
        encoder.queue.consume(count)
    }

    /// Gives back memory that an idle connection does not need. Cheap; called now and then.
    package func releaseIdleMemory() {
        encoder.queue.releaseIfEmpty()
        leftover.releaseIfEmpty()
    }

    // MARK: State for the driver

    /// The peer's identification line, printable US-ASCII; empty before it came.
    package var peerVersion: String { String(decoding: clientVersion, as: UTF8.self) }

    /// Whether the peer has authenticated and the connection is not over.
    package var isAuthenticated: Bool {
        if case .connection = phase { return true }
        return false
    }

    /// Whether the connection is over.
    package var isClosed: Bool {
        if case .closed = phase { return true }
        return false
    }

    /// Whether the peer has asked for its first key exchange: more than a silent or curious peer does.
    package var hasAskedForKeys: Bool {
        switch keyExchange {
        case .valueReceived, .replied: true
        case .idle, .proposed, .agreed: hasBeenGivenKeys
        }
    }

    /// Whether we have answered a key exchange: the costliest thing that a stranger can ask for.
    package var hasBeenGivenKeys: Bool { !sessionID.isEmpty }
}
