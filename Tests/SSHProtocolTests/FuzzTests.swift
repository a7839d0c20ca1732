import SSHKeys
import SSHProtocol
import SSHTestClient
import Testing

/// P14 in small: peers that say anything, with fixed seeds. Nothing may trap, and what the server sends must stay well-formed.
@Suite struct FuzzTests {
    /// SplitMix64: the same numbers everywhere.
    struct Dice: RandomNumberGenerator {
        private var state: UInt64

        init(seed: UInt64) { state = seed }

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }

        mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }
        mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
    }

    @Test(arguments: 0..<8 as Range<UInt64>) func P14_anyBytesBeforeKeysNeverTrap(_ seed: UInt64) throws {
        var dice = Dice(seed: seed)
        for _ in 0..<150 {
            let link = Link()
            link.pieceSize = 1 + dice.below(200)
            link.client.runsKeyExchange = dice.chance(50)
            if dice.chance(90) { link.client.sendIdentification() }
            for _ in 0..<4 {
                switch dice.below(4) {
                case 0: link.client.outgoing += (0..<dice.below(100)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
                case 1:
                    var payload = TestProposal().payload(isFirst: true, cookie: [UInt8](repeating: 1, count: 16))
                    mutate(&payload, &dice)
                    link.client.sendNow(payload)
                case 2: link.client.sendKexInit()
                default: link.client.sendNow(message(&dice))
                }
            }
            try link.pump()
        }
    }

    @Test(arguments: 0..<8 as Range<UInt64>) func P14_anyAuthenticationNeverTraps(_ seed: UInt64) throws {
        var dice = Dice(seed: 1000 + seed)
        for _ in 0..<40 {
            let link = try Link.withService()
            link.knowsKeys = dice.chance(50)
            for _ in 0..<8 {
                var payload: [UInt8]
                switch dice.below(3) {
                case 0: payload = try link.client.authenticationRequest("user", Link.aKey, hostBound: dice.chance(50))
                case 1: payload = link.client.probe("user", Link.aKey)
                default: payload = link.client.request("user", method: "none")
                }
                if dice.chance(80) { mutate(&payload, &dice) }
                link.client.sendNow(payload)
            }
            link.client.handlesConnectionMessages = false
            try link.pump()
        }
    }

    @Test(arguments: 0..<16 as Range<UInt64>) func P14_anyConnectionMessagesNeverTrap(_ seed: UInt64) throws {
        var dice = Dice(seed: 2000 + seed)
        for _ in 0..<25 {
            let link = try Link.authenticated()
            link.client.handlesConnectionMessages = false
            link.consumesData = dice.chance(50)
            link.acceptsChannels = dice.chance(80)
            for _ in 0..<60 where !link.server.isClosed {
                if dice.chance(70) {
                    var payload = message(&dice)
                    if dice.chance(8) { mutate(&payload, &dice) }
                    link.client.send(payload)
                } else {
                    drive(link, &dice)
                }
                if dice.chance(60) { try link.pump() }
            }
            try link.pump()
            if link.server.isClosed { #expect(link.client.disconnection != nil || link.end != nil) }
        }
    }

    /// The driver's calls in any order, on any channel.
    private func drive(_ link: Link, _ dice: inout Dice) {
        let id = ChannelID(UInt32(dice.below(5)))
        let endpoint = ForwardedEndpoint(host: "h", port: 1)
        switch dice.below(12) {
        case 0: link.server.accept(id)
        case 1: link.server.refuse(id, .connectFailed, "no")
        case 2: _ = link.server.openForwarded(listener: endpoint, originator: endpoint)
        case 3: link.server.sendEOF(id)
        case 4: link.server.close(id)
        case 5: link.server.answerRequest(id, isGranted: true)
        case 6: link.server.sendExitStatus(id, 1)
        case 7: link.server.rekey()
        case 8: link.client.isKeyExchangeRunning ? () : link.client.sendKexInit()
        case 9:
            link.now += .seconds(dice.below(20))
            link.server.now = link.now
            link.server.checkDeadlines()
        default:
            let room = link.server.sendCapacity(id)
            if room > 0 { [UInt8](repeating: 1, count: 1 + dice.below(room)).withUnsafeBytes { link.server.send(id, $0) } }
        }
    }

    /// A message that is nearly right, with small channel numbers.
    private func message(_ dice: inout Dice) -> [UInt8] {
        let number: UInt8 = [80, 81, 82, 90, 90, 91, 92, 93, 93, 94, 94, 94, 95, 96, 97, 98, 98, 192, 2, 3, 4, 50, 150][dice.below(23)]
        var writer = WireWriter(message: number)
        switch number {
        case 80:
            writer.string(["tcpip-forward", "cancel-tcpip-forward", "keepalive@openssh.com"][dice.below(3)])
            writer.boolean(dice.chance(50))
            writer.string("localhost")
            writer.uint32(UInt32(dice.below(3)))
        case 90:
            let type = ["session", "direct-tcpip", "x11"][dice.below(3)]
            writer.string(type)
            for value in [dice.below(8), dice.below(1 << 20), dice.below(70_000)] { writer.uint32(UInt32(value)) }
            if type == "direct-tcpip" {
                for _ in 0..<2 {
                    writer.string("host")
                    writer.uint32(22)
                }
            }
        case 91...98:
            writer.uint32(UInt32(dice.below(5)))
            switch number {
            case 91: for value in [dice.below(8), dice.below(1 << 20), 256 + dice.below(70_000)] { writer.uint32(UInt32(value)) }
            case 92:
                writer.uint32(2)
                writer.string("no")
                writer.string("")
            case 93: writer.uint32(dice.chance(5) ? UInt32.max : UInt32(dice.below(1 << 20)))
            case 94: writer.string([UInt8](repeating: 2, count: dice.below(dice.chance(5) ? 40_000 : 2000)))
            case 95:
                writer.uint32(1)
                writer.string([UInt8](repeating: 2, count: dice.below(100)))
            case 98:
                let name = ["exec", "shell", "pty-req", "env", "signal"][dice.below(5)]
                writer.string(name)
                writer.boolean(dice.chance(50))
                if name == "exec" { writer.string("true") }
            default: break
            }
        case 192: writer.string([UInt8](repeating: 3, count: dice.below(1100)))
        default: writer.raw([UInt8](repeating: 0, count: dice.below(20)))
        }
        return writer.bytes
    }

    /// Flips, drops, doubles or lengthens; lengths inside become wrong.
    private func mutate(_ payload: inout [UInt8], _ dice: inout Dice) {
        for _ in 0...dice.below(3) where !payload.isEmpty {
            let place = dice.below(payload.count)
            switch dice.below(6) {
            case 0: payload[place] ^= 1 << UInt8(dice.below(8))
            case 1: payload.removeSubrange(place...)
            case 2: payload.insert(UInt8(truncatingIfNeeded: dice.next()), at: place)
            case 3: payload[place] = 0xFF
            case 4: payload.remove(at: place)
            default: payload += payload.suffix(dice.below(40))
            }
        }
        if payload.isEmpty { payload = [0] }
    }
}
