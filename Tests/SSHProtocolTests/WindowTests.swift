import SSHCrypto
import SSHKeys
import SSHProtocol
import SSHTestClient
import Testing

@Suite struct WindowTests {
    // MARK: P05, windows towards us

    /// The window is 2 MiB, to the byte.
    @Test(arguments: [-1, 0, 1]) func P05_windowIsHeldToTheByte(_ excess: Int) throws {
        let link = try Link.authenticated()
        link.consumesData = false
        let (channel, id) = try link.openSession()
        #expect(channel.sendWindow == ProtocolLimits.window && channel.sendPacket == ProtocolLimits.channelPacket)
        let bytes = [UInt8](repeating: 7, count: Int(ProtocolLimits.window) + min(0, excess))
        #expect(link.client.sendData(channel, bytes) == bytes.count)
        if excess > 0 { link.client.send(link.client.dataMessage(channel, [1])) }
        try link.pump()
        #expect(link.data[id]?.count == bytes.count)
        if excess > 0 { link.expectFailure(.windowExceeded, .protocolError) } else { #expect(link.end == nil) }
    }

    @Test func P05_floodBeyondTheWindowEndsAtTheWindow() throws {
        let link = try Link.authenticated()
        link.consumesData = false
        let (channel, id) = try link.openSession()
        let piece = [UInt8](repeating: 7, count: 32768)
        for _ in 0..<3200 where !link.server.isClosed {
            link.client.send(link.client.dataMessage(channel, piece))
            try link.pump()
        }
        link.expectFailure(.windowExceeded, .protocolError)
        #expect(link.data[id]?.count == Int(ProtocolLimits.window), "and not a byte more than was granted")
    }

    @Test(arguments: [-1, 0, 1]) func pieceOfDataHasItsLimit(_ excess: Int) throws {
        let link = try Link.authenticated()
        let (channel, id) = try link.openSession()
        link.client.send(link.client.dataMessage(channel, [UInt8](repeating: 1, count: Int(ProtocolLimits.channelPacket) + excess)))
        try link.pump()
        if excess > 0 {
            link.expectFailure(.windowExceeded, .protocolError)
        } else {
            #expect(link.data[id]?.count == Int(ProtocolLimits.channelPacket) + excess)
        }
    }

    /// What a peer sent before it heard of our CLOSE was granted anew, on a channel that nothing may follow on.
    @Test func nothingIsGrantedAfterOurClose() throws {
        let link = try Link.authenticated()
        let (channel, id) = try link.openSession()
        link.client.answersClose = false
        link.server.close(id)
        link.client.sendData(channel, [UInt8](repeating: 7, count: Int(ProtocolLimits.window)))
        try link.pump()
        #expect(link.client.received(93).isEmpty && link.end == nil)
    }

    @Test func windowIsGrantedAsDataLeaves() throws {
        let link = try Link.authenticated()
        link.consumesData = false
        let (channel, id) = try link.openSession()
        let bytes = [UInt8](repeating: 7, count: Int(ProtocolLimits.window))
        link.client.sendData(channel, bytes)
        try link.pump()
        #expect(channel.sendWindow == 0)
        let worthwhile = bytes.count / 8
        link.server.consumed(id, worthwhile - 1)
        try link.pump()
        #expect(channel.sendWindow == 0, "not worth a message yet")
        link.server.consumed(id, 1)
        try link.pump()
        #expect(channel.sendWindow == UInt32(worthwhile))
        link.server.consumed(id, bytes.count - worthwhile)
        try link.pump()
        #expect(channel.sendWindow == ProtocolLimits.window)
        // And the whole again, many times over: the account stays right.
        link.consumesData = true
        for _ in 0..<10 {
            let count = link.client.sendData(channel, bytes)
            #expect(count > 0)
            try link.pump()
        }
        #expect(link.end == nil)
    }

    @Test func extendedDataAndEmptyDataAreCountedAndDropped() throws {
        let link = try Link.authenticated()
        link.consumesData = false
        let (channel, id) = try link.openSession()
        var extended = link.client.channelMessage(95, channel)
        extended.uint32(1)
        extended.string([UInt8](repeating: 1, count: 32768))
        for _ in 0..<200 { link.client.send(extended.bytes) }
        link.client.send(link.client.dataMessage(channel, []))
        try link.pump()
        #expect(link.dataEvents == 0 && link.data[id] == nil)
        #expect(link.end == nil, "6 MiB of it: what is dropped is granted anew")
    }

    @Test func wrongDataLengthIsRefused() throws {
        for payload in [
            [94, 0, 0, 0, 0], [94, 0, 0, 0, 0, 0, 0, 0, 2, 1], [94, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            [94, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 1],
            [95, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 1], [93, 0, 0, 0, 0, 0, 0, 0], [93, 0, 0, 0, 0, 0, 0, 0, 1, 0], [96, 0, 0, 0],
            [96, 0, 0, 0, 0, 0], [97, 0, 0], [98, 0, 0, 0, 0, 0, 0, 0, 5, 1], [80, 0, 0, 0], [80, 0, 0, 0, 0], [192, 0, 0, 0, 5, 1],
        ] as [[UInt8]] {
            let link = try Link.authenticated()
            _ = try link.openSession()
            link.client.send(payload)
            try link.pump()
            link.expectFailure(.malformedMessage, .protocolError, "\(payload)")
        }
    }

    // MARK: P07, windows towards the peer

    @Test func P07_windowBeyond32BitsEnds() throws {
        let link = try Link.authenticated()
        let (channel, id) = try link.openSession(window: 0)
        link.client.grant(channel, 0xFFFF_FFFF)
        try link.pump()
        #expect(link.end == nil && link.server.sendCapacity(id) == Int(ProtocolLimits.channelPacket))
        link.client.grant(channel, 0xFFFF_FFFF)
        try link.pump()
        link.expectFailure(.windowOverflow, .protocolError)
    }

    @Test(arguments: [(UInt32.max - 1, UInt32(1), true), (UInt32.max, 0, true), (UInt32.max, 1, false), (1, UInt32.max, false)])
    func P07_windowMayBe32BitsAndNotOneMore(_ first: UInt32, _ growth: UInt32, _ isTaken: Bool) throws {
        let link = try Link.authenticated()
        let (channel, _) = try link.openSession(window: first)
        link.client.grant(channel, growth)
        try link.pump()
        if isTaken { #expect(link.end == nil) } else { link.expectFailure(.windowOverflow, .protocolError) }
    }

    @Test func capacityFollowsTheWindowToTheByte() throws {
        let link = try Link.authenticated()
        link.client.grantsWindow = false
        let (channel, id) = try link.openSession(window: 1000, packet: 300)
        var taken = 0
        while case let room = link.server.sendCapacity(id), room > 0 {
            #expect(room == min(300, 1000 - taken))
            [UInt8](repeating: 1, count: room).withUnsafeBytes { link.server.send(id, $0) }
            taken += room
        }
        try link.pump()
        #expect(taken == 1000 && channel.receivedCount == 1000)
        link.events = []
        link.client.grant(channel, 1)
        try link.pump()
        #expect(link.events == [.channelWritable(id)] && link.server.sendCapacity(id) == 1)
    }

    @Test func nothingIsAddedAboveTheHighWaterMark() throws {
        let link = try Link.authenticated()
        let (_, id) = try link.openSession()
        link.delivers = false
        while link.server.sendCapacity(id) > 0 {
            [UInt8](repeating: 1, count: link.server.sendCapacity(id)).withUnsafeBytes { link.server.send(id, $0) }
        }
        #expect(link.server.outputCount >= ProtocolLimits.outboundHighWater)
        #expect(link.server.outputCount < ProtocolLimits.outboundHighWater + 33_000)
        #expect(link.server.wantsInput, "reading goes on")
        link.delivers = true
        try link.pump()
        #expect(link.server.sendCapacity(id) == Int(ProtocolLimits.channelPacket))
    }

    /// N07: a keystroke's echo waited half a minute behind a transfer at 64 kbit/s, because a quarter of a megabyte was ahead of it.
    @Test(arguments: [ProtocolLimits.outboundLowWater, 10_000, ProtocolLimits.outboundHighWater])
    func N07_littleIsQueuedForASlowPeer(_ room: Int) throws {
        let link = try Link.authenticated()
        let (_, id) = try link.openSession()
        link.server.outboundRoom = room
        link.delivers = false
        let most = min(room / 2, Int(ProtocolLimits.channelPacket))
        while case let capacity = link.server.sendCapacity(id), capacity > 0 {
            #expect(capacity == most)
            [UInt8](repeating: 1, count: capacity).withUnsafeBytes { link.server.send(id, $0) }
        }
        #expect(link.server.outputCount >= room && link.server.outputCount < room + most + 100)
    }

    /// A peer that asks and never reads the answers is not read any further.
    @Test func floodOfQuestionsStopsReadingAtTheLimit() throws {
        let link = try Link.authenticated()
        link.delivers = false
        var asked = 0
        while link.server.wantsInput, asked < 200_000 {
            for _ in 0..<50 { link.client.send([192, 0, 0, 4, 0] + [UInt8](repeating: 1, count: 1024)) }
            asked += 50
            link.feed(link.client.takeOutgoing())
        }
        #expect(!link.server.wantsInput && !link.server.isClosed)
        #expect(link.server.outputCount < ProtocolLimits.outboundLimit + 200_000)
    }
}
