import SSHKeys
import SSHTestClient
import Testing

@testable import SSHProtocol

/// After how much traffic the server asks for new keys. The counters are set close to their limits: a gigabyte takes too long.
@Suite struct TrafficTests {
    /// IGNORE with a payload of 9 bytes is the traffic; the answer to KEXINIT must not come, so that counters stay.
    @Test(arguments: [(-1, false), (0, true), (1, true)]) func keysAreRenewedAfterAGigabyte(_ excess: Int, _ isDue: Bool) throws {
        let link = try Link.authenticated()
        link.server.bytesSinceRekey = ProtocolLimits.bytesBeforeRekey - 9 + excess
        link.client.send([2, 0, 0, 0, 4, 1, 2, 3, 4])
        try link.pump()
        #expect(link.client.keyExchanges == (isDue ? 2 : 1) && link.end == nil)
        #expect(link.events.contains(.keysRenewed) == isDue)
        if isDue { #expect(link.server.bytesSinceRekey < 1000, "the count begins anew") }
    }

    @Test(arguments: [(-1, false), (0, true), (1, true)]) func bytesThatWeSendCountToo(_ excess: Int, _ isDue: Bool) throws {
        let link = try Link.authenticated()
        let (channel, id) = try link.openSession()
        link.server.bytesSinceRekey = ProtocolLimits.bytesBeforeRekey - 100 + excess
        [UInt8](repeating: 1, count: 100).withUnsafeBytes { link.server.send(id, $0) }
        #expect((link.server.sendCapacity(id) == 0) == isDue, "nothing follows until the keys are new")
        try link.pump()
        #expect(link.client.keyExchanges == (isDue ? 2 : 1) && channel.receivedCount == 100)
        #expect(link.server.sendCapacity(id) > 0)
    }

    @Test(arguments: [(2, false), (1, true), (0, true)] as [(UInt32, Bool)])
    func keysAreRenewedAfterTwoThousandMillionPackets(_ missing: UInt32, _ isDue: Bool) throws {
        let link = try Link.authenticated()
        link.server.packetsSinceRekey = ProtocolLimits.packetsBeforeRekey - missing
        link.client.send([2, 0, 0, 0, 0])
        try link.pump()
        #expect(link.client.keyExchanges == (isDue ? 2 : 1) && link.end == nil)
    }

    /// RFC 4344 §3.1: the sequence number must not come round with the same keys, and it is not reset without strict key exchange.
    @Test func limitOfPacketsIsBelowTheSequenceNumbers() {
        #expect(ProtocolLimits.packetsBeforeRekey <= 1 << 31)
        #expect(ProtocolLimits.bytesBeforeRekey <= 1 << 30)
    }
}
