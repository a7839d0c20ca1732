import SSHCrypto
import SSHProtocol
import SSHServer
import SSHTestClient
import Testing

/// Bytes, back-pressure and endings, seen from the sockets.
@Suite(.serialized) struct LiveConnectionTests {
    /// Keeps several connections going until `condition` holds.
    private func run(_ connections: [SSHTestConnection], _ what: String, _ condition: () throws -> Bool) throws {
        let end = ContinuousClock.now + .seconds(60)
        while !(try condition()) {
            guard ContinuousClock.now < end else { throw TestClientError("waited in vain for: \(what)") }
            for connection in connections where !connection.isEnded { try connection.linger(.milliseconds(1)) }
        }
    }

    /// A tunnel on `port`.
    private func tunnel(_ server: TestServer, port: UInt32 = 4000, _ client: SSHTestClient = SSHTestClient()) throws -> SSHTestConnection {
        let tunnel = try server.logIn(client)
        client.forward("localhost", port)
        try tunnel.wait("the port") { !client.received(81).isEmpty }
        return tunnel
    }

    /// A bridge to the tunnel: the staff's channel and the tunnel's.
    private func bridge(
        _ staff: SSHTestConnection, _ tunnel: SSHTestConnection, port: UInt32 = 4000
    ) throws -> (staff: TestChannel, tunnel: TestChannel) {
        let before = tunnel.client.forwardedChannels.count
        let channel = staff.client.openDirect("localhost", port)
        try run([staff, tunnel], "the bridge") { channel.peer != nil && tunnel.client.forwardedChannels.count > before }
        return (channel, tunnel.client.forwardedChannels[before])
    }

    private func pattern(_ count: Int, _ seed: UInt8) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            var state = UInt32(seed)
            for index in 0..<count {
                state = state &* 1_664_525 &+ 1_013_904_223
                buffer[index] = UInt8(truncatingIfNeeded: state >> 24)
            }
            filled = count
        }
    }

    @Test(arguments: [nil, 192 * 1024]) func bridgeCarriesBothWaysUnchanged(_ bytesPerRekey: Int?) throws {
        let server = try TestServer()
        let tunnel = try tunnel(server)
        let staff = try server.logIn()
        let (near, far) = try bridge(staff, tunnel)
        let up = pattern(3 << 20, 1)
        let down = pattern(3 << 20, 2)
        var upSent = 0
        var downSent = 0
        var upGot: [UInt8] = []
        var downGot: [UInt8] = []
        var rekeyAt = bytesPerRekey ?? .max
        try run([staff, tunnel], "3 MiB each way") {
            // A piece at a time, so that key exchanges fall between them.
            upSent += staff.client.sendData(near, up[upSent..<min(up.count, upSent + 128 * 1024)])
            downSent += tunnel.client.sendData(far, down[downSent..<min(down.count, downSent + 128 * 1024)])
            upGot += far.takeBytes()
            downGot += near.takeBytes()
            if let bytesPerRekey, upGot.count >= rekeyAt, !staff.client.isKeyExchangeRunning, !tunnel.client.isKeyExchangeRunning {
                staff.client.sendKexInit()
                tunnel.client.sendKexInit()
                rekeyAt += bytesPerRekey
            }
            return upGot.count == up.count && downGot.count == down.count
        }
        #expect(digest(.sha256, of: upGot) == digest(.sha256, of: up))
        #expect(digest(.sha256, of: downGot) == digest(.sha256, of: down))
        if bytesPerRekey != nil {
            #expect(staff.client.keyExchanges > 3)
            #expect(tunnel.client.keyExchanges > 3)
        }
    }

    @Test func slowReaderStallsItsOwnBridgeOnly() throws {
        let server = try TestServer()
        let client = SSHTestClient()
        client.grantsWindow = false
        let tunnel = try tunnel(server, client)
        let staff = try server.logIn()
        let (stuck, stuckFar) = try bridge(staff, tunnel)
        let (lively, livelyFar) = try bridge(staff, tunnel)
        let window = Int(ProtocolLimits.window)
        let bytes = pattern(4 * window, 3)
        var sent = 0
        // The reader takes its window of 2 MiB and no more: the relay then takes one window from the sender, and no more.
        try run([staff, tunnel], "the stall") {
            sent += staff.client.sendData(stuck, bytes[sent...])
            return stuckFar.receivedCount == window && stuck.sendWindow == 0
        }
        #expect(sent <= 2 * window)
        #expect(sent > 2 * window - window / 8, "grants are made in eighths of a window: less is not worth a message")
        // The other channel of the same connections goes on.
        var other = 0
        try run([staff, tunnel], "4 MiB on the other bridge") {
            other += staff.client.sendData(lively, bytes[other..<min(bytes.count, 4 << 20)])
            if livelyFar.receiveWindow < 1 << 20 { client.grant(livelyFar, 1 << 20) }
            return livelyFar.receivedCount == 4 << 20
        }
        // And the stalled one, as soon as it is read.
        try run([staff, tunnel], "the rest") {
            sent += staff.client.sendData(stuck, bytes[sent...])
            if stuckFar.receiveWindow == 0 { client.grant(stuckFar, 1 << 20) }
            return stuckFar.receivedCount == bytes.count
        }
        #expect(stuckFar.takeBytes() == bytes)
    }

    @Test func endOfOneDirectionCrossesTheBridge() throws {
        let server = try TestServer()
        let tunnel = try tunnel(server)
        let staff = try server.logIn()
        let (near, far) = try bridge(staff, tunnel)
        staff.client.sendData(near, Array("question".utf8))
        staff.client.sendEOF(near)
        try run([staff, tunnel], "EOF") { far.hasEnded }
        #expect(far.takeBytes() == Array("question".utf8))
        tunnel.client.sendData(far, Array("answer".utf8))
        tunnel.client.close(far)
        try run([staff, tunnel], "CLOSE") { near.isClosedByServer && far.isClosedByServer }
        #expect(near.takeBytes() == Array("answer".utf8))
        #expect(near.hasEnded)
    }

    @Test func tunnelThatVanishesClosesItsBridgesOnly() throws {
        let server = try TestServer()
        let staff = try server.logIn()
        let other = try tunnel(server, port: 4001)
        var gone: SSHTestConnection? = try tunnel(server, port: 4000)
        let (near, _) = try bridge(staff, try #require(gone))
        let (lively, livelyFar) = try bridge(staff, other, port: 4001)
        gone = nil
        try staff.wait("CLOSE") { near.isClosedByServer }
        staff.client.sendData(lively, Array("still here".utf8))
        try run([staff, other], "the other bridge") { livelyFar.takeBytes() == Array("still here".utf8) }
        let refused = staff.client.openDirect("localhost", 4000)
        try staff.wait("the refusal") { refused.refusal != nil }
    }

    @Test func connectionGoesOnOnAnotherLoop() throws {
        let server = try TestServer(loops: 2)
        let tunnel = try tunnel(server)
        let staff = try server.logIn()
        let (near, far) = try bridge(staff, tunnel)
        let bytes = pattern(3 << 20, 5)
        var sent = 0
        try run([staff, tunnel], "the first half") {
            sent += staff.client.sendData(near, bytes[sent..<(bytes.count / 2)])
            return far.receivedCount == bytes.count / 2
        }
        server.moveEverythingToTheOtherLoop()
        try run([staff, tunnel], "the second half") {
            sent += staff.client.sendData(near, bytes[sent...])
            return far.receivedCount == bytes.count
        }
        #expect(far.takeBytes() == bytes)
        #expect(server.onLoop(0) { $0.loop.connectionCount } == 0)
        #expect(server.onLoop(1) { $0.loop.connectionCount } == 2)
    }

    // MARK: Endings

    @Test func lastWordsArriveThoughThePeerGoesOnSending() throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.sendRaw([UInt8](repeating: UInt8(ascii: "x"), count: 512 * 1024))
        let said = try connection.waitForEnd()
        #expect(said?.code == DisconnectCode.protocolVersionNotSupported.rawValue)
        #expect(server.ends.count == 1)
    }

    @Test func wrongMACEndsThatConnectionOnly() throws {
        let server = try TestServer()
        let good = try server.logIn()
        let bad = try server.logIn()
        bad.client.sendNow([2, 0, 0, 0, 0], PacketLie(flippedFromEnd: 0))
        #expect(try bad.waitForEnd()?.code == DisconnectCode.macError.rawValue)
        good.client.globalRequest("keepalive@openssh.com")
        try good.wait("an answer") { !good.client.received(82).isEmpty }
    }

    @Test func peerThatNeverReadsIsEnded() throws {
        var limits = ServerLimits.standard
        limits.writeDeadline = .seconds(1)
        let server = try TestServer(limits: limits)
        let tunnel = try tunnel(server)
        tunnel.shrinkReceiveBuffer(4096)
        let staff = try server.logIn()
        // More windows than the kernel has buffers for.
        let channels = try (0..<6).map { _ in try bridge(staff, tunnel).staff }
        let bytes = pattern(1 << 20, 4)
        // The tunnel's end is not read from here on.
        try staff.wait("the end of the bridges") {
            for channel in channels where !channel.isClosedByServer { staff.client.sendData(channel, bytes) }
            return channels.allSatisfy(\.isClosedByServer)
        }
        let isStalled = server.ends.contains { end in
            guard case .failed(let failure) = end else { return false }
            return failure.kind == .stalledWrite
        }
        #expect(isStalled)
    }

    /// A peer that only sends (PuTTY keeps alive by IGNORE, which has no answer) has not been written to for long: that is no stall.
    @Test func writeAfterALongSilenceIsNotTakenForAStall() throws {
        var limits = ServerLimits.standard
        limits.writeDeadline = .milliseconds(100)
        let server = try TestServer(limits: limits)
        let connection = try server.logIn()
        for round in 0..<3 {
            // The deadline passes; then an answer is made ready in the very batch whose timers look at the deadline.
            connection.client.send([2, 0, 0, 0, 0])
            try connection.flush()
            server.inABatchWithTimers { board in
                for live in board.connections.values {
                    live.ssh.rekey()
                    live.needsFlush()
                }
            }
            try connection.wait("the key exchange") { connection.client.keyExchanges == round + 2 }
        }
        #expect(!connection.isEnded, "\(server.ends)")
        connection.client.globalRequest("keepalive@openssh.com")
        try connection.wait("an answer") { !connection.client.received(82).isEmpty }
    }

    @Test func idleConnectionKeepsNoBuffers() throws {
        let server = try TestServer()
        let connection = try server.logIn()
        connection.client.globalRequest("keepalive@openssh.com")
        try connection.wait("an answer") { !connection.client.received(82).isEmpty }
        let isEmpty = server.onLoop { board in board.connections.values.allSatisfy { $0.ssh.outputCount == 0 && $0.ssh.leftoverCount == 0 }
        }
        #expect(isEmpty == true)
    }
}
