import SSHTestClient
import Testing

@testable import SSHProtocol

/// When we ask for new keys by ourselves. The counters are set near their limits: a gigabyte takes too long to send.
@Suite struct RekeyDueTests {
    /// SSH_MSG_IGNORE with 11 bytes: 16 bytes of payload.
    private static let payload: [UInt8] = [2, 0, 0, 0, 11] + [UInt8](repeating: 0, count: 11)

    @Test(arguments: [(-1, 1), (0, 2), (1, 2)]) func keysAreRenewedAtTheByteThatIsDue(_ excess: Int, _ exchanges: Int) throws {
        let link = try Link.authenticated()
        link.server.bytesSinceRekey = ProtocolLimits.bytesBeforeRekey - Self.payload.count + excess
        link.client.sendNow(Self.payload)
        try link.pump()
        #expect(link.client.keyExchanges == exchanges && link.end == nil)
        if exchanges == 2 { #expect(link.server.bytesSinceRekey < 1000, "it counts anew") }
    }

    @Test(arguments: [(-1, 1), (0, 2), (1, 2)]) func whatWeSendCountsToo(_ excess: Int, _ exchanges: Int) throws {
        let link = try Link.authenticated()
        let (channel, id) = try link.openSession()
        link.server.bytesSinceRekey = ProtocolLimits.bytesBeforeRekey - 1000 + excess
        [UInt8](repeating: 1, count: 1000).withUnsafeBytes { link.server.send(id, $0) }
        try link.pump()
        #expect(channel.receivedCount == 1000)
        #expect(link.client.keyExchanges == exchanges && link.end == nil)
    }

    @Test(arguments: [(-1, 1), (0, 2), (1, 2)]) func keysAreRenewedAtThePacketThatIsDue(_ excess: Int, _ exchanges: Int) throws {
        let link = try Link.authenticated()
        link.server.packetsSinceRekey = UInt32(Int(ProtocolLimits.packetsBeforeRekey) - 1 + excess)
        link.client.sendNow(Self.payload)
        try link.pump()
        #expect(link.client.keyExchanges == exchanges && link.end == nil)
        if exchanges == 2 { #expect(link.server.packetsSinceRekey < 10, "it counts anew") }
    }

    @Test func dueKeysWaitForTheOnesThatAreBeingMade() throws {
        let link = try Link.authenticated()
        link.client.withholdsNewKeys = true
        link.client.sendKexInit()
        try link.pump()
        link.server.bytesSinceRekey = ProtocolLimits.bytesBeforeRekey
        link.client.sendNow(Self.payload)
        try link.pump()
        link.client.sendNewKeys()
        try link.pump()
        #expect(link.client.keyExchanges == 2 && link.end == nil)
    }
}
