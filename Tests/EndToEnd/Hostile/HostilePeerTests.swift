import SSHKeys
import SSHProtocol
import SSHTestClient
import Testing

extension EndToEnd {
    /// Peers that break the protocol, against the real relay: each loses its own connection, and nothing else is lost (SECURITY.md §3).
    @Suite(.serialized, .enabled(if: !Relay.isStock)) struct HostilePeerTests {
        /// What one bridge can make the relay hold: a window of 2 MiB, in a queue that doubles, with both blocks there while it does.
        private static let heldAtMost = 4 * Int(ProtocolLimits.window)

        /// P02: messages of the connection protocol before authentication, in each stage.
        @Test func P02_connectionMessagesBeforeAuthenticationEndTheConnection() async throws {
            let site = try await HostileSite()
            let others = try Bystanders(site)
            for isInTheClear in [true, false] {
                for number: UInt8 in [80, 90, 94] {
                    let connection = try site.connect()
                    if isInTheClear { connection.client.start() } else { try connection.handshake() }
                    var message = WireWriter(message: number)
                    message.string(number == 80 ? "tcpip-forward" : "session")
                    connection.client.sendNow(message.bytes)
                    #expect(try connection.waitForEnd()?.code == DisconnectCode.protocolError.rawValue, "\(number)")
                }
            }
            try others.echo()
        }

        /// P03: a thousand wrong lengths, in the clear and behind a cipher.
        @Test func P03_wrongPacketLengthsEndWithinASecondAndCostNoMemory() async throws {
            let site = try await HostileSite()
            let others = try Bystanders(site)
            var slowest = Duration.zero
            let lengths: [UInt32] = [0, 1, 262_145, .max]
            let growth = try await site.growth { _ in
                for number in 0..<1000 {
                    let connection = try site.connect()
                    // One in ten behind a cipher, which takes a key exchange each.
                    if number % 10 == 0 { try connection.handshake() } else { connection.client.sendIdentification() }
                    try connection.flush()
                    let start = ContinuousClock.now
                    connection.client.sendNow([2, 0, 0, 0, 0], PacketLie(length: lengths[number % 4]))
                    let said = try connection.waitForEnd()
                    #expect(said?.code == DisconnectCode.protocolError.rawValue)
                    slowest = max(slowest, ContinuousClock.now - start)
                    if number % 100 == 0 { try others.echo() }
                }
            }
            #expect(slowest <= .seconds(1))
            #expect(growth < 1 << 20, "grown by \(growth) bytes")
        }

        /// P05: a hundred megabytes on a window that nobody renews.
        @Test func P05_floodBeyondTheWindowEndsThatConnectionOnly() async throws {
            let site = try await HostileSite()
            let others = try Bystanders(site)
            let client = SSHTestClient()
            client.grantsWindow = false
            let tunnel = try site.tunnel(site.badKey, HostileSite.badPort, client)
            let start = try site.residentMemory()
            let staff = try site.logIn(site.staffKey)
            let (near, _) = try site.bridge(staff, tunnel, HostileSite.badPort)
            // The far side reads its window and no more, so that the relay has to hold what is more than that.
            let piece = [UInt8](repeating: 7, count: 32 * 1024)
            var sent = 0
            var most = start
            while sent < 100 << 20, !staff.isEnded {
                staff.client.sendNow(staff.client.dataMessage(near, piece))
                sent += piece.count
                if sent % (1 << 20) == 0 {
                    try staff.linger(.milliseconds(1))
                    try tunnel.linger(.milliseconds(1))
                    most = max(most, try site.residentMemory())
                    try others.echo()
                }
            }
            let said = try staff.waitForEnd()
            #expect(said?.sentence == ProtocolFailure(.windowExceeded, "").sentence)
            #expect(sent < 100 << 20)
            #expect(most - start <= Self.heldAtMost, "held \(most - start) bytes")
            #expect(!tunnel.isEnded, "the terminal has done nothing wrong")
            try others.echo()
        }

        /// P09: a hundred thousand requests for forwards, and names of 200 KB.
        @Test func P09_floodsOfForwardRequestsEndSoonAndCostNoMemory() async throws {
            let site = try await HostileSite()
            let others = try Bystanders(site)
            let growth = try await site.growth { _ in
                for isLong in [true, false, true, false] {
                    let client = SSHTestClient()
                    let connection = try site.logIn(site.badKey, client)
                    let name = isLong ? String(repeating: "a", count: 200 << 10) : "localhost"
                    var asked = 0
                    while asked < 100_000, !connection.isEnded {
                        client.forward(name, HostileSite.badPort, cancels: asked % 2 == 1)
                        asked += 1
                        if asked % 10 == 0 { try connection.linger(.milliseconds(1)) }
                    }
                    #expect(try connection.waitForEnd()?.code == DisconnectCode.protocolError.rawValue)
                    #expect(client.received(81).count + client.received(82).count <= ProtocolLimits.forwardRequests)
                }
                try others.echo()
            }
            #expect(growth < 4 << 20, "grown by \(growth) bytes")
        }

        /// P10: a terminal begins a key exchange in the middle of a stream, and never finishes it.
        @Test func P10_unfinishedKeyExchangeHoldsAWindowAtMostAndEndsInTime() async throws {
            let site = try await HostileSite()
            let others = try Bystanders(site)
            let client = SSHTestClient()
            let tunnel = try site.tunnel(site.badKey, HostileSite.badPort, client)
            let staff = try site.logIn(site.staffKey)
            let (near, far) = try site.bridge(staff, tunnel, HostileSite.badPort)
            let piece = [UInt8](repeating: 7, count: 256 * 1024)
            func send() { while staff.client.sendData(near, piece) > 0 {} }
            try HostileSite.run([staff, tunnel], "a stream") {
                send()
                return far.receivedCount > 4 << 20
            }
            client.runsKeyExchange = false
            client.sendKexInit()
            try tunnel.flush()
            let start = ContinuousClock.now
            let memory = try site.residentMemory()
            var most = memory
            try HostileSite.run([staff, tunnel], within: .seconds(40), "the end of the tunnel") {
                send()
                most = max(most, try site.residentMemory())
                try others.echo()
                return tunnel.isEnded
            }
            #expect(ContinuousClock.now - start <= ProtocolLimits.rekeyDeadline + .seconds(3))
            #expect(client.disconnection?.code == DisconnectCode.keyExchangeFailed.rawValue)
            try HostileSite.run([staff], "the end of the bridge") { near.isClosedByServer }
            #expect(!staff.isEnded, "staff are not")
            #expect(most - memory <= Self.heldAtMost, "held \(most - memory) bytes")
        }

        /// P12: methods that are not offered, a thousand times.
        @Test func P12_otherMethodsAThousandTimesAreFailuresAndOthersDoNotNotice() async throws {
            let site = try await HostileSite()
            let others = try Bystanders(site)
            for _ in 0..<50 { try others.echo() }
            let undisturbed = others.median
            others.forgetEchoes()
            var asked = 0
            while asked < 1000 {
                let connection = try site.connect()
                try connection.handshake()
                connection.client.askForService()
                let methods = ["none", "gssapi-with-mic", "hostbased", "keyboard-interactive", "password", "none", "hostbased", "none"]
                for method in methods {
                    connection.client.send(connection.client.request("root", method: method))
                    asked += 1
                }
                let said = try connection.waitForEnd()
                #expect(said?.code == DisconnectCode.noMoreAuthMethodsAvailable.rawValue)
                // The first `none` is a question; then five failures are answered and the sixth ends it.
                #expect(connection.client.received(51).count == ProtocolLimits.authenticationFailures)
                try others.echo()
            }
            // Against what this machine takes anyway, with all else that it does.
            #expect(others.median - undisturbed <= .milliseconds(50), "\(others.median), undisturbed \(undisturbed)")
        }
    }
}
