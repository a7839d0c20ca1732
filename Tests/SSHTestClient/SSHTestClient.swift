import SSHCrypto
import SSHKeys

/// How a packet that is sent differs from a right one.
package struct PacketLie: Sendable {
    /// The length field, in place of the true length.
    package var length: UInt32?
    /// The number of padding bytes, in place of the least that RFC 4253 §6 allows.
    package var padding: Int?
    /// The padding length field, in place of the true one.
    package var paddingField: UInt8?
    /// Which bit of which byte, counted from the packet's end, is flipped after it was sealed.
    package var flippedFromEnd: Int?

    package init(length: UInt32? = nil, padding: Int? = nil, paddingField: UInt8? = nil, flippedFromEnd: Int? = nil) {
        self.length = length
        self.padding = padding
        self.paddingField = paddingField
        self.flippedFromEnd = flippedFromEnd
    }
}

/// The client's side of SSH for tests, without I/O, written apart from the server's side: it can do everything right, and lie at will.
///
/// `outgoing` holds bytes for the server until the test takes them; `receive` takes the server's bytes, answers as far as the settings
/// say so, and throws when the server itself breaks a rule. Used by one thread at a time.
package final class SSHTestClient {
    // MARK: Settings

    /// What KEXINIT will say.
    package var proposal: TestProposal
    /// The identification line, without CR LF.
    package var version = "SSH-2.0-TestClient_1.0"
    /// Whether KEXINIT, KEX_ECDH_REPLY and NEWKEYS from the server are answered as a client must.
    package var runsKeyExchange = true
    /// Whether NEWKEYS is kept back until `sendNewKeys()`.
    package var withholdsNewKeys = false
    /// Whether windows are kept open as data comes in.
    package var grantsWindow = true
    /// Whether channels that the server opens are confirmed.
    package var acceptsChannels = true
    /// Whether CLOSE is answered by CLOSE.
    package var answersClose = true
    /// Whether messages of the connection protocol are handled and checked at all; otherwise they are only kept in `received`.
    package var handlesConnectionMessages = true
    /// Whether the server's global requests get their answer (REQUEST_FAILURE).
    package var answersRequests = true

    // MARK: What can be seen

    /// Bytes for the server. The test takes them.
    package var outgoing: [UInt8] = []
    /// Payloads that came, in order, but for CHANNEL_DATA, which lies in its channel. The test may empty it.
    package var received: [[UInt8]] = []
    /// The server's identification line, once it is here.
    package private(set) var serverVersion: String?
    /// The server's newest KEXINIT.
    package private(set) var serverProposal: ServerProposal?
    /// The server's host key blob, proved in the newest key exchange.
    package internal(set) var hostKey: [UInt8] = []
    /// The session identifier: the first exchange hash.
    package internal(set) var sessionID: [UInt8] = []
    /// Key exchanges that are over.
    package private(set) var keyExchanges = 0
    /// What a DISCONNECT said.
    package private(set) var disconnection: (code: UInt32, sentence: String)?
    /// Channels by our number, gone ones too.
    package internal(set) var channels: [UInt32: TestChannel] = [:]

    // MARK: The transport

    private var incoming: [UInt8] = []
    private var incomingStart = 0
    var sendCipher: TestCipher?
    private var receiveCipher: TestCipher?
    /// Sequence number of the next packet in each direction.
    package internal(set) var sendSequence: UInt32 = 0
    package private(set) var receiveSequence: UInt32 = 0

    // MARK: The running key exchange

    /// Our KEXINIT, and the server's, of the running key exchange.
    var ourInit: [UInt8]?
    var serverInit: [UInt8]?
    var exchange: Curve25519Exchange?
    /// Whether our value is out before the server's KEXINIT came: a guess.
    var hasGuessed = false
    var hasSentNewKeys = false
    private var hasReceivedNewKeys = false
    var nextSendCipher: TestCipher?
    var nextReceiveCipher: TestCipher?
    var isServerStrict = false
    /// Messages that wait for the end of the key exchange.
    private var waiting: [[UInt8]] = []

    // MARK: The connection

    var nextChannel: UInt32 = 100
    var hasAskedForService = false

    package init(_ proposal: TestProposal = TestProposal()) {
        self.proposal = proposal
    }

    /// Whether both sides of strict key exchange agreed on it.
    package var isStrict: Bool { proposal.isStrict && isServerStrict }

    /// Whether our KEXINIT is out and our NEWKEYS is not.
    package var isKeyExchangeRunning: Bool { ourInit != nil && !hasSentNewKeys }

    // MARK: Sending

    /// Sends the identification line and KEXINIT.
    package func start() {
        sendIdentification()
        sendKexInit()
    }

    /// Sends the identification line.
    package func sendIdentification() {
        outgoing += [UInt8](version.utf8) + [13, 10]
    }

    /// Sends a message now, or after the key exchange that runs, as a client must.
    package func send(_ payload: [UInt8]) {
        if isKeyExchangeRunning { waiting.append(payload) } else { sendNow(payload) }
    }

    /// Sends a message now, whatever the rules say, in a packet that may lie about itself.
    package func sendNow(_ payload: [UInt8], _ lie: PacketLie = PacketLie()) {
        let unit = sendCipher?.sizes.block ?? 8
        let framed = 1 + payload.count + (sendCipher == nil ? 4 : 0)
        var padding = unit - framed % unit
        if padding < 4 { padding += unit }
        padding = lie.padding ?? padding
        let length = lie.length ?? UInt32(1 + payload.count + padding)
        let body = [lie.paddingField ?? UInt8(padding)] + payload + [UInt8](repeating: 0xEE, count: padding)
        let header = withUnsafeBytes(of: length.bigEndian) { Array($0) }
        var packet: [UInt8]
        if let sendCipher {
            // The test client's own mistake, never the server's.
            guard let sealed = try? sendCipher.seal(header: header, body: body, sequence: sendSequence) else {
                preconditionFailure("libcrypto does not seal")
            }
            packet = sealed
        } else {
            packet = header + body
        }
        if let place = lie.flippedFromEnd { packet[packet.count - 1 - place] ^= 1 }
        outgoing += packet
        sendSequence &+= 1
    }

    /// Takes what is to be sent.
    package func takeOutgoing() -> [UInt8] {
        defer { outgoing = [] }
        return outgoing
    }

    // MARK: Receiving

    /// Takes bytes from the server.
    package func receive(_ bytes: [UInt8]) throws {
        incoming += bytes
        if serverVersion == nil {
            guard let end = incoming.firstIndex(of: 10) else { return }
            guard end > 0, incoming[end - 1] == 13, let line = String(validating: incoming[..<(end - 1)], as: UTF8.self),
                line.hasPrefix("SSH-2.0-"), end <= 254
            else { throw TestClientError("the server's identification line") }
            serverVersion = line
            incomingStart = end + 1
        }
        while let payload = try nextPayload() { try handle(payload) }
        incoming.removeFirst(incomingStart)
        incomingStart = 0
    }

    private func nextPayload() throws -> [UInt8]? {
        guard incoming.count - incomingStart >= 4 else { return nil }
        let header = Array(incoming[incomingStart..<(incomingStart + 4)])
        let length = try receiveCipher?.length(header: header, sequence: receiveSequence) ?? header.reduce(0) { $0 << 8 | Int($1) }
        guard length >= 6, length <= 64 * 1024, (length + (receiveCipher == nil ? 4 : 0)) % (receiveCipher?.sizes.block ?? 8) == 0 else {
            throw TestClientError("packet length \(length)")
        }
        let size = 4 + length + (receiveCipher?.tagLength ?? 0)
        guard incoming.count - incomingStart >= size else { return nil }
        let packet = Array(incoming[incomingStart..<(incomingStart + size)])
        incomingStart += size
        let body = try receiveCipher?.open(packet, sequence: receiveSequence) ?? Array(packet[4...])
        receiveSequence &+= 1
        let padding = Int(body[0])
        guard padding >= 4, padding + 1 < body.count else { throw TestClientError("padding \(padding)") }
        return Array(body[1..<(body.count - padding)])
    }

    private func handle(_ payload: [UInt8]) throws {
        let number = payload[0]
        if number != 94 { received.append(payload) }
        try checkPlace(of: number)
        switch number {
        case 1:
            var fields = Fields(payload, skipping: 1)
            disconnection = (try fields.uint32(), try fields.text())
        case 20:
            serverProposal = try ServerProposal(payload: payload)
            try receiveKexInit(payload)
        case 21:
            try receiveNewKeys()
        case 31:
            if runsKeyExchange { try receiveKexReply(payload) }
        case 80...100:
            if handlesConnectionMessages { try receiveConnectionMessage(payload) }
        default:
            break
        }
    }

    /// Whether a server may send `number` now: between its KEXINIT and its NEWKEYS, only what belongs to the key exchange
    /// (RFC 4253 §7.1), and in the first one, when strict, nothing else at all.
    private func checkPlace(of number: UInt8) throws {
        guard disconnection == nil else { throw TestClientError("message \(number) after DISCONNECT") }
        if serverInit != nil {
            let isStrictNow = isStrict && keyExchanges == 0
            guard number == 1 || (21...49).contains(number) || (!isStrictNow && (2...4).contains(number)) else {
                throw TestClientError("the server sent \(number) during a key exchange")
            }
        } else if serverProposal == nil {
            guard number == 1 || number == 20 else { throw TestClientError("the server sent \(number) before its KEXINIT") }
        }
    }

    private func receiveNewKeys() throws {
        guard let next = nextReceiveCipher else {
            if runsKeyExchange { throw TestClientError("NEWKEYS without a key exchange") }
            return
        }
        receiveCipher = next
        if isStrict { receiveSequence = 0 }
        nextReceiveCipher = nil
        serverInit = nil
        hasReceivedNewKeys = true
        finishKeyExchange()
    }

    /// Sends NEWKEYS and uses the new keys from there on.
    package func sendNewKeys() {
        sendNow([21])
        sendCipher = nextSendCipher
        nextSendCipher = nil
        if isStrict { sendSequence = 0 }
        hasSentNewKeys = true
        finishKeyExchange()
    }

    private func finishKeyExchange() {
        guard hasSentNewKeys, hasReceivedNewKeys else { return }
        ourInit = nil
        exchange = nil
        hasGuessed = false
        hasSentNewKeys = false
        hasReceivedNewKeys = false
        keyExchanges += 1
        let messages = waiting
        waiting = []
        for message in messages { sendNow(message) }
    }

    // MARK: Looking

    /// The payloads with this message number that came, in order.
    package func received(_ number: UInt8) -> [[UInt8]] {
        received.filter { $0[0] == number }
    }
}
