import SSHCrypto
import SSHKeys

@testable import SSHProtocol

/// A server connection whose peer, and whose driver, do what a fuzzer's bytes say.
///
/// The input is records: a 16-bit length and a message, which is wrapped in a right packet; or, with the top bit set, an act of the driver.
/// The first byte holds settings. There is no cipher: key exchanges run, with libcrypto, but their keys are thrown away here, in the
/// tests' side of the seam, so that what the fuzzer writes is understood in every state.
package final class FuzzedConnection {
    private static let identity = ServerIdentity(
        hostKeys: [HostKey(seed: Array(1...32)), HostKey(seed: Array(2...33))], software: "Fuzz_1.0")

    private let connection: ServerConnection
    /// Holds a read and all that can be left over of an input.
    private let scratch: UnsafeMutableRawBufferPointer
    private var now = Duration.seconds(1000)
    private var input: FuzzInput
    private let settings: UInt8

    // What the first byte says.
    private var sendsRawBytes: Bool { settings & 1 != 0 }
    private var answersLater: Bool { settings & 2 != 0 }
    private var knowsKeys: Bool { settings & 4 == 0 }
    private var consumesData: Bool { settings & 8 == 0 }
    private var reads: Int { settings & 16 == 0 ? 1 << 16 : 7 }
    private var socketTakesBytes: Bool { settings & 32 == 0 }

    /// - Parameter isAuthenticated: whether the peer has proved a key already.
    package init(_ input: FuzzInput, isAuthenticated: Bool) {
        self.input = input
        scratch = .allocate(byteCount: 2 * input.count + 4096, alignment: 16)
        settings = self.input.byte()
        connection = ServerConnection(identity: Self.identity, now: now)
        if isAuthenticated {
            connection.clientVersion = Array("SSH-2.0-Fuzzer".utf8)
            connection.sessionID = [UInt8](repeating: 7, count: 32)
            connection.keyExchange = .idle
            connection.phase = .connection
            connection.decoder.longestPacket = ProtocolLimits.packetLength
            connection.announce(Self.identity.hostKeys)
            for _ in 0..<2 { _ = connection.openForwarded(listener: Self.endpoint, originator: Self.endpoint) }
        }
    }

    deinit { scratch.deallocate() }

    private static let endpoint = ForwardedEndpoint(host: "localhost", port: 20_001)

    /// Carries the input out. Traps if a bound of the engine does not hold.
    package func run() {
        if sendsRawBytes {
            while !input.isAtEnd { feed(input.take(4096)) }
        } else {
            while !input.isAtEnd {
                let head = input.uint16()
                if head & 0x8000 == 0 { feedPacket(input.take(head)) } else { act(head & 0x7FFF) }
            }
        }
        now += .seconds(120)
        connection.now = now
        connection.checkDeadlines()
        takeEvents()
    }

    // MARK: The peer

    private func feedPacket(_ payload: UnsafeRawBufferPointer) {
        if case .identification = connection.phase { return feed(UnsafeRawBufferPointer(payload)) }
        if payload.isEmpty { return }
        var padding = 8 - (5 + payload.count) % 8
        if padding < 4 { padding += 8 }
        var packet = [UInt8]()
        packet.reserveCapacity(5 + payload.count + padding)
        withUnsafeBytes(of: UInt32(1 + payload.count + padding).bigEndian) { packet.append(contentsOf: $0) }
        packet.append(UInt8(padding))
        packet.append(contentsOf: payload)
        packet.append(contentsOf: repeatElement(0xEE, count: padding))
        packet.withUnsafeBytes(feed)
    }

    private func feed(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        repeat {
            guard connection.wantsInput else { return }
            connection.now = now
            let room = connection.beginRead(scratch)
            let piece = min(reads, room.count, rest.count)
            room.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<piece]))
            rest = UnsafeRawBufferPointer(rebasing: rest[piece...])
            connection.endRead(piece)
            takeEvents()
            connection.finishRead()
            forgetKeys()
            checkBounds()
        } while !rest.isEmpty
    }

    /// After a key exchange both directions go on without a cipher.
    private func forgetKeys() {
        if case .replied = connection.keyExchange { connection.encoder = PacketEncoder() }
        guard case .idle = connection.keyExchange, connection.decoder.sequence > 0 else { return }
        let longest = connection.decoder.longestPacket
        connection.decoder = PacketDecoder()
        connection.decoder.longestPacket = longest
    }

    private func checkBounds() {
        precondition(connection.outputCount <= ProtocolLimits.outboundLimit + 2 * ProtocolLimits.packetLength, "output without bound")
        precondition(connection.heldBytes <= ProtocolLimits.heldDuringKeyExchange || connection.isClosed, "held without bound")
        precondition(connection.channels.count <= ProtocolLimits.channels, "channels without bound")
        if socketTakesBytes { connection.sent(connection.outputCount) }
    }

    // MARK: The driver

    private func takeEvents() {
        while let event = connection.nextEvent() {
            switch event {
            case .keyExchangeWanted: if !answersLater { connection.admitKeyExchange() }
            case .keyOffered: if !answersLater { connection.answerKey(isKnown: knowsKeys) }
            case .forwardRequested: if !answersLater { connection.answerForward(port: 20_001) }
            case .forwardCancelled: if !answersLater { connection.answerCancel(wasHeld: true) }
            case .channelOffered(let id, let purpose):
                if case .unsupported = purpose { preconditionFailure("the engine refuses these itself") }
                if !answersLater { connection.accept(id) }
            case .channelRequested(let id, _, let wantsReply):
                if wantsReply { connection.answerRequest(id, isGranted: true) }
            case .channelData(let id, let bytes):
                precondition(!bytes.isEmpty && bytes.count <= Int(ProtocolLimits.channelPacket), "data of \(bytes.count) bytes")
                // Every byte is there: AddressSanitizer looks.
                precondition(bytes.reduce(0) { $0 &+ Int($1) } >= 0)
                if consumesData { connection.consumed(id, bytes.count) }
            case .authenticated: precondition(connection.isAuthenticated, "an identity without authentication")
            case .closed: precondition(connection.isClosed && connection.nextEvent() == nil, "closed is the last event")
            case .channelOpened, .channelRefused, .channelWritable, .channelEnded, .channelClosed, .refused, .keysRenewed,
                .hostKeyProved:
                break
            }
        }
    }

    /// Something that a driver may do at any time. The low bits choose what, the next ones the channel.
    private func act(_ choice: Int) {
        connection.now = now
        let id = ChannelID(UInt32(choice >> 4 & 7))
        switch choice & 15 {
        case 0: connection.accept(id)
        case 1: connection.refuse(id, .connectFailed, "no")
        case 2: _ = connection.openForwarded(listener: Self.endpoint, originator: Self.endpoint)
        case 3: connection.sendEOF(id)
        case 4: connection.close(id)
        case 5: connection.rekey()
        case 6: connection.sendExitStatus(id, 1)
        case 7: connection.answerForward(port: choice & 0x80 == 0 ? 5 : nil)
        case 8: connection.answerCancel(wasHeld: false)
        case 9: connection.admitKeyExchange()
        case 10: connection.answerKey(isKnown: choice & 0x80 == 0)
        case 11:
            now += .seconds(choice >> 4 & 63)
            connection.now = now
            connection.checkDeadlines()
        case 12, 13:
            let bytes = [UInt8](repeating: 1, count: min(connection.sendCapacity(id), 1 + choice >> 7))
            bytes.withUnsafeBytes {
                if choice & 1 == 0 { connection.send(id, $0) } else { connection.sendStandardError(id, $0) }
            }
        case 14: connection.releaseIdleMemory()
        default: connection.consumed(id, 0)
        }
        // What an answer brought about, and what waited behind it.
        feed(UnsafeRawBufferPointer(start: nil, count: 0))
        takeEvents()
        forgetKeys()
        checkBounds()
    }
}
