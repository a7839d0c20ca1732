import SSHKeys
import SSHProtocol
import SSHTestClient
import Testing

extension EndToEnd {
    /// Keys that are wrong, or that two machines have, against the real relay.
    @Suite(.serialized, .enabled(if: !Relay.isStock)) struct HostileKeyTests {
        /// A02: the right key after the sixth failure comes too late; a source that goes on failing is shut out; its neighbours are not.
        @Test func A02_failuresShutTheirSourceOutButNoNeighbourWithAGoodKey() async throws {
            let site = try await HostileSite()
            let stranger = try TestKey(.ed25519)
            let scanner = "127.0.0.66"

            let connection = try site.connect(from: scanner)
            try connection.handshake()
            for _ in 0..<ProtocolLimits.authenticationFailures { try connection.client.authenticate("root", stranger) }
            try connection.client.authenticate("terminal", site.badKey)
            #expect(try connection.waitForEnd()?.code == DisconnectCode.noMoreAuthMethodsAvailable.rawValue)
            #expect(!connection.client.isAuthenticated)

            // A neighbour behind the same address is in; the scanner goes on until its address is shut out for those who are not known.
            let neighbour = try site.tunnel(site.goodKey, HostileSite.goodPort, from: "127.0.0.77")
            func timesClosedWithoutAWord(_ address: String) throws -> Int {
                var count = 0
                for _ in 0..<60 {
                    let again = try site.connect(from: address)
                    try again.sendRaw(Array("GET / HTTP/1.1\r\n\r\n".utf8))
                    try again.waitForEnd()
                    if again.client.serverVersion == nil { count += 1 }
                }
                return count
            }
            #expect(try timesClosedWithoutAWord(scanner) > 0, "it is shut out")
            #expect(try timesClosedWithoutAWord("127.0.0.77") == 0, "an address with a good key is not")

            // The neighbour comes back in, and so do others from its address.
            neighbour.client.globalRequest("keepalive@openssh.com")
            try neighbour.wait("an answer") { !neighbour.client.received(82).isEmpty }
            _ = try site.tunnel(site.goodKey, HostileSite.goodPort, from: "127.0.0.77")
            _ = try site.logIn(site.staffKey, from: "127.0.0.77")
            // Another address was never meant.
            _ = try site.tunnel(site.badKey, HostileSite.badPort, from: "127.0.0.78")
        }

        /// A06: two machines with one key, which both come back as fast as they can.
        @Test func A06_aClonedKeyIsReportedTheNewestServesAndTheySlowEachOtherDown() async throws {
            let site = try await HostileSite()
            let staff = try site.logIn(site.staffKey)
            var newest = try site.tunnel(site.badKey, HostileSite.badPort, from: "127.0.0.1")
            var takeovers: [ContinuousClock.Instant] = []
            for round in 1...4 {
                let other = try site.logIn(site.badKey, from: "127.0.0.\(1 + round % 2)")
                other.client.forward("localhost", HostileSite.badPort)
                try HostileSite.run([other, newest], "takeover \(round)") { !other.client.received(81).isEmpty }
                #expect(try newest.waitForEnd()?.sentence.contains("took over") == true)
                takeovers.append(.now)
                newest = other
                let (near, far) = try site.bridge(staff, newest, HostileSite.badPort)
                staff.client.sendData(near, [1])
                try HostileSite.run([staff, newest], "the newest serves") { far.takeBytes() == [1] }
            }
            #expect(takeovers[3] - takeovers[2] >= .seconds(9), "the fourth had to wait: at most one in ten seconds")
            let listed = try await site.relay.must("terminals").output
            #expect(listed.contains("127.0.0.1:") && listed.contains("127.0.0.2:") && listed.contains("cloned?"), "\(listed)")
            try await eventually("the audit log says so") {
                let text = try await site.relay.must("audit").output
                return text.contains("shop-43") && text.contains("127.0.0.2") && text.lowercased().contains("clone")
            }
        }
    }
}
