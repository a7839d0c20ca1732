import SSHKeys
import SSHProtocol
import SSHTestClient
import Testing

/// P14 in small: connections in every state get messages that are nearly right, between whatever the driver may do.
///
/// A trap fails the whole run; what else is checked is that little is held. The seeds are fixed, so that a failure comes again.
@Suite struct RandomMessageTests {
    /// SplitMix64 (Steele, Lea, Flood 2014): the same numbers for the same seed everywhere.
    private struct Chance: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }

        mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

        /// Numbers at which something might break.
        mutating func number() -> UInt32 {
            let edges: [UInt32] = [0, 1, 2, 3, 63, 64, 255, 256, 32_767, 32_768, 32_769, 0x7FFF_FFFF, 0x8000_0000, .max - 1, .max]
            return edges[below(edges.count)]
        }

        mutating func bytes() -> [UInt8] { [UInt8](repeating: UInt8(below(256)), count: below(200)) }
    }

    @Test(arguments: 0..<4) func P14_nearlyRightMessagesNeverTrap(_ batch: Int) throws {
        for seed in 0..<60 {
            var chance = Chance(state: UInt64(batch * 1000 + seed))
            let link = try Self.link(&chance)
            link.acceptsChannels = chance.below(2) == 0
            link.answersForwards = chance.below(2) == 0
            link.consumesData = chance.below(2) == 0
            link.admitsKeyExchange = chance.below(2) == 0
            link.pieceSize = [1, 7, 100, 65_536][chance.below(4)]
            for _ in 0..<60 where !link.server.isClosed {
                var payload = Self.message(&chance)
                if chance.below(6) == 0 { Self.damage(&payload, &chance) }
                link.client.sendNow(payload)
                if chance.below(20) == 0, !link.client.isKeyExchangeRunning { link.client.sendKexInit() }
                if chance.below(2) == 0 { Self.drive(link, &chance) }
                do {
                    try link.pump()
                } catch {
                    // The client does not understand what its own lies brought about; the server must.
                    link.feed(link.client.takeOutgoing())
                }
                #expect(link.server.outputCount <= ProtocolLimits.outboundLimit + 2 * ProtocolLimits.packetLength, "seed \(seed)")
            }
        }
    }

    /// A connection in some state.
    private static func link(_ chance: inout Chance) throws -> Link {
        var proposal = TestProposal()
        proposal.isStrict = chance.below(2) == 0
        switch chance.below(6) {
        case 0:
            let link = Link(proposal)
            link.client.runsKeyExchange = false
            link.client.start()
            return link
        case 1: return try Link.withKeys(proposal)
        case 2: return try Link.withService(proposal)
        default:
            let link = try Link.authenticated(proposal)
            for _ in 0..<3 { link.client.open("session") }
            try link.pump()
            link.client.acceptsChannels = false
            _ = link.server.openForwarded(
                listener: ForwardedEndpoint(host: "localhost", port: 1), originator: ForwardedEndpoint(host: "127.0.0.1", port: 1))
            try link.pump()
            return link
        }
    }

    /// A message of a client, with numbers at random.
    private static func message(_ chance: inout Chance) -> [UInt8] {
        // Mostly those that a connection may have, as the others end it at once.
        let usual: [UInt8] = [2, 3, 4, 50, 80, 90, 91, 92, 93, 94, 95, 96, 97, 98, 192]
        let number = chance.below(12) == 0 ? UInt8(chance.below(256)) : usual[chance.below(usual.count)]
        var message = WireWriter(message: number)
        switch number {
        case 2, 192: message.string(chance.bytes())
        case 50:
            message.string("user")
            message.string("ssh-connection")
            message.string(["none", "password", "publickey"][chance.below(3)])
            message.boolean(chance.below(2) == 0)
            message.string("ssh-ed25519")
            message.string(Link.aKey.publicKey.blob)
        case 80:
            message.string(["tcpip-forward", "cancel-tcpip-forward", "keepalive@openssh.com"][chance.below(3)])
            message.boolean(true)
            message.string("localhost")
            message.uint32(chance.number())
        case 90:
            message.string(["session", "direct-tcpip", "x"][chance.below(3)])
            for _ in 0..<3 { message.uint32(chance.number()) }
        case 94, 95:
            message.uint32(UInt32(chance.below(5)))
            if number == 95 { message.uint32(1) }
            message.string(chance.bytes())
        case 98:
            message.uint32(UInt32(chance.below(5)))
            message.string(["exec", "shell", "pty-req", "env", "x"][chance.below(5)])
            message.boolean(chance.below(2) == 0)
            message.string("true")
        default:
            message.uint32(UInt32(chance.below(5)))
            for _ in 0..<chance.below(4) { message.uint32(chance.number()) }
        }
        return message.bytes
    }

    private static func damage(_ payload: inout [UInt8], _ chance: inout Chance) {
        let place = chance.below(payload.count)
        switch chance.below(4) {
        case 0: payload[place] ^= 1 << UInt8(chance.below(8))
        case 1: payload.removeLast(min(place, payload.count - 1))
        case 2: payload += chance.bytes()
        default: payload.insert(UInt8(chance.below(256)), at: place)
        }
    }

    /// Something that a driver may do at any time.
    private static func drive(_ link: Link, _ chance: inout Chance) {
        let id = ChannelID(UInt32(chance.below(5)))
        switch chance.below(12) {
        case 0:
            _ = link.server.openForwarded(
                listener: ForwardedEndpoint(host: "localhost", port: 1), originator: ForwardedEndpoint(host: "127.0.0.1", port: 1))
        case 1: link.server.rekey()
        case 2: link.server.close(id)
        case 3: link.server.sendEOF(id)
        case 4:
            let bytes = [UInt8](repeating: 1, count: min(link.server.sendCapacity(id), 3000))
            bytes.withUnsafeBytes { link.server.send(id, $0) }
        case 5: link.server.sendExitStatus(id, 1)
        case 6: link.server.accept(id)
        case 7: link.server.refuse(id, .connectFailed, "no")
        case 8:
            link.now += .seconds(chance.below(40))
            link.server.now = link.now
            link.server.checkDeadlines()
        case 9: link.server.answerForward(port: 5)
        case 10: link.server.admitKeyExchange()
        default: link.server.releaseIdleMemory()
        }
    }
}
