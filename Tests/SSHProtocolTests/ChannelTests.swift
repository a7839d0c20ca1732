import SSHCrypto
import SSHKeys
import SSHProtocol
import SSHTestClient
import Testing

@Suite struct ChannelTests {
    // MARK: Opening

    @Test func directTCPIPSaysWhereAndFromWhere() throws {
        let link = try Link.authenticated()
        link.client.openDirect("shop-42", 22)
        try link.pump()
        let purpose = ChannelPurpose.directTCPIP(
            target: ForwardedEndpoint(host: "shop-42", port: 22), originator: ForwardedEndpoint(host: "127.0.0.1", port: 50000))
        #expect(link.events == [.channelOffered(ChannelID(0), purpose)])
    }

    @Test func refusalReachesThePeerAndFreesTheNumber() throws {
        let link = try Link.authenticated()
        link.acceptsChannels = false
        let first = link.client.openDirect("shop-42", 22)
        try link.pump()
        link.server.refuse(ChannelID(0), .connectFailed, "shop-42 is not connected (last seen 12 min ago)")
        try link.pump()
        #expect(first.refusal?.code == 2)
        #expect(first.refusal?.sentence == "shop-42 is not connected (last seen 12 min ago)")
        link.acceptsChannels = true
        let second = link.client.openDirect("shop-42", 22)
        try link.pump()
        #expect(second.peer == 0)
        link.server.refuse(ChannelID(0), .connectFailed, "late")  // Void: it is open.
        try link.pump()
        #expect(second.refusal == nil)
    }

    @Test func unknownTypesAreRefusedByTheEngine() throws {
        let link = try Link.authenticated()
        for type in ["x11", "forwarded-tcpip", "auth-agent@openssh.com", "direct-streamlocal@openssh.com", "tun@openssh.com", ""] {
            let channel = link.client.open(type, rest: [1, 2, 3])
            try link.pump()
            #expect(channel.refusal?.code == 3, "\(type)")
        }
        #expect(!link.server.isClosed && link.events.count == 6)
    }

    @Test(arguments: [-1, 0, 1]) func channelsHaveTheirLimit(_ excess: Int) throws {
        let link = try Link.authenticated()
        for _ in 0..<(ProtocolLimits.channels + excess) { link.client.open("session") }
        try link.pump()
        let refused = link.client.channels.values.filter { $0.refusal != nil }
        #expect(refused.count == max(0, excess))
        #expect(refused.allSatisfy { $0.refusal?.code == 4 })
        #expect(!link.server.isClosed)
        // Ours count too, and a channel that is gone makes room.
        let endpoint = ForwardedEndpoint(host: "", port: 1)
        #expect((link.server.openForwarded(listener: endpoint, originator: endpoint) == nil) == (excess >= 0))
        let open = try #require(link.client.channels.values.first { $0.refusal == nil })
        link.client.close(open)
        try link.pump()
        let again = link.client.open("session")
        try link.pump()
        #expect(again.peer != nil)
    }

    @Test(arguments: [
        (ProtocolLimits.smallestPeerChannelPacket - 1, false), (ProtocolLimits.smallestPeerChannelPacket, true),
        (ProtocolLimits.smallestPeerChannelPacket + 1, true), (0, false), (UInt32.max, true),
    ])
    func peersMaximumPacketSizeHasItsLeast(_ packet: UInt32, _ isTaken: Bool) throws {
        let link = try Link.authenticated()
        let channel = link.client.open("session", packet: packet)
        try link.pump()
        #expect((channel.peer != nil) == isTaken)
        #expect(channel.refusal?.code == (isTaken ? nil : 4))
        guard isTaken else { return }
        #expect(link.server.sendCapacity(ChannelID(0)) == Int(min(packet, ProtocolLimits.channelPacket)))
    }

    @Test func smallestPeerPacketIsAskedOfConfirmationsToo() throws {
        let (link, forwarded) = try Self.asked()
        link.client.confirm(forwarded, packet: ProtocolLimits.smallestPeerChannelPacket - 1)
        try link.pump()
        link.expectFailure(.channelState, .protocolError)
    }

    @Test(arguments: [ProtocolLimits.name - 1, ProtocolLimits.name, ProtocolLimits.name + 1]) func namesHaveTheirLimit(_ length: Int) throws
    {
        let name = String(repeating: "n", count: length)
        let actions: [(SSHTestClient) -> Void] = [
            { $0.open(name) }, { $0.openDirect(name, 22) }, { $0.forward(name, 0) }, { $0.globalRequest(name) },
        ]
        for (index, action) in actions.enumerated() {
            let link = try Link.authenticated()
            action(link.client)
            try link.pump()
            if length <= ProtocolLimits.name {
                #expect(link.end == nil, "case \(index)")
            } else {
                link.expectFailure(.malformedMessage, .protocolError, "case \(index)")
            }
        }
    }

    @Test func malformedOpensAreRefused() throws {
        let link = try Link.authenticated()
        link.client.openDirect("host", 22)
        try link.pump()
        var whole = WireWriter(message: 90)
        whole.string("direct-tcpip")
        for number in [1, 1 << 20, 32768] as [UInt32] { whole.uint32(number) }
        whole.string("host")
        whole.uint32(22)
        whole.string("::1")
        whole.uint32(5)
        for payload in (1..<whole.bytes.count).map({ Array(whole.bytes.prefix($0)) }) + [whole.bytes + [0]] {
            let link = try Link.authenticated()
            link.client.send(payload)
            try link.pump()
            link.expectFailure(.malformedMessage, .protocolError, "\(payload.count) bytes")
        }
    }

    // MARK: Channels that the server opens

    @Test func forwardedChannelCarriesWhatTheClientAskedFor() throws {
        let (link, channel) = try Self.asked()
        #expect(channel.type == "forwarded-tcpip")
        var fields = Fields(channel.openedWith)
        #expect(try fields.text() == "localhost")
        #expect(try fields.uint32() == 20001)
        #expect(try fields.text() == "203.0.113.9")
        #expect(try fields.uint32() == 40000)
        #expect(fields.isAtEnd)
        #expect(link.server.sendCapacity(ChannelID(0)) == 0, "not confirmed yet")
        link.client.confirm(channel)
        try link.pump()
        #expect(link.events == [.channelOpened(ChannelID(0))])
        [1, 2, 3].withUnsafeBytes { link.server.send(ChannelID(0), $0) }
        try link.pump()
        #expect(channel.receivedCount == 24)
    }

    @Test func refusalOfTheClientIsTold() throws {
        let (link, channel) = try Self.asked()
        link.client.refuse(channel, code: 2, sentence: "connection refused")
        try link.pump()
        #expect(link.events == [.channelRefused(ChannelID(0), 2, "connection refused")])
        link.client.refuse(channel)
        try link.pump()
        link.expectFailure(.channelState, .protocolError, "refused twice")
    }

    @Test func channelGivenUpBeforeItsConfirmationIsClosedByIt() throws {
        for isConfirmed in [true, false] {
            let (link, channel) = try Self.asked()
            link.server.close(ChannelID(0))
            try link.pump()
            #expect(!channel.isClosedByServer, "CLOSE needs the peer's number")
            isConfirmed ? link.client.confirm(channel) : link.client.refuse(channel)
            try link.pump()
            #expect(channel.isClosedByServer == isConfirmed && link.events.isEmpty && !link.server.isClosed)
            let again = link.client.open("session")
            try link.pump()
            #expect(again.peer == 0, "the number is free")
        }
    }

    // MARK: P08, messages for the wrong channel

    @Test func P08_everyMessageForAChannelThatIsNotThereEnds() throws {
        let messages: [(UInt8, [UInt8])] = [
            (91, [0, 0, 0, 9, 0, 0, 16, 0, 0, 0, 128, 0]), (92, [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]), (93, [0, 0, 0, 1]),
            (94, [0, 0, 0, 1, 65]), (95, [0, 0, 0, 1, 0, 0, 0, 1, 65]), (96, []), (97, []),
            (98, [0, 0, 0, 5] + [UInt8]("shell".utf8) + [1]),
        ]
        for (number, rest) in messages {
            for channel in [1, 63, 64, 65, 0x7FFF_FFFF, 0xFFFF_FFFF] as [UInt32] {
                let link = try Link.authenticated()
                _ = try link.openSession()
                var message = WireWriter(message: number)
                message.uint32(channel)
                message.raw(rest)
                link.client.send(message.bytes)
                try link.pump()
                link.expectFailure(.channelState, .protocolError, "message \(number) for \(channel)")
            }
        }
    }

    /// A channel that the client has asked for and the server has not answered (half open), and one the server has asked for.
    @Test func P08_messagesOnHalfOpenChannelsEnd() throws {
        let messages: [(UInt8, [UInt8])] = [
            (93, [0, 0, 0, 1]), (94, [0, 0, 0, 1, 65]), (95, [0, 0, 0, 1, 0, 0, 0, 1, 65]), (96, []), (97, []),
            (98, [0, 0, 0, 5] + [UInt8]("shell".utf8) + [1]),
        ]
        for (number, rest) in messages {
            for isOurs in [true, false] {
                let link: Link
                if isOurs {
                    (link, _) = try Self.asked()
                } else {
                    link = try Link.authenticated()
                    link.acceptsChannels = false
                    link.client.open("session")
                    try link.pump()
                }
                link.client.send([number, 0, 0, 0, 0] + rest)
                try link.pump()
                link.expectFailure(.channelState, .protocolError, "message \(number), ours: \(isOurs)")
            }
        }
        let link = try Link.authenticated()
        _ = try link.openSession()
        link.client.send([91, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 16, 0, 0, 0, 128, 0])
        try link.pump()
        link.expectFailure(.channelState, .protocolError, "confirmation of an open channel")
    }

    @Test func P08_closeTwiceAndDataAfterCloseEnd() throws {
        for number in [93, 94, 96, 97, 98] as [UInt8] {
            let link = try Link.authenticated()
            let (channel, _) = try link.openSession()
            let rests: [UInt8: [UInt8]] = [93: [0, 0, 0, 1], 94: [0, 0, 0, 1, 65], 98: [0, 0, 0, 5] + [UInt8]("shell".utf8) + [1]]
            link.client.close(channel)
            link.client.send([number, 0, 0, 0, 0] + (rests[number] ?? []))
            try link.pump()
            link.expectFailure(.channelState, .protocolError, "message \(number) after CLOSE")
            #expect(link.events.contains(.channelClosed(ChannelID(0))))
        }
    }

    @Test func dataAndEOFAfterEOFEnd() throws {
        for number in [94, 95, 96] as [UInt8] {
            let link = try Link.authenticated()
            let (channel, _) = try link.openSession()
            link.client.sendEOF(channel)
            link.client.send([number, 0, 0, 0, 0] + (number == 94 ? [0, 0, 0, 1, 65] : number == 95 ? [0, 0, 0, 1, 0, 0, 0, 1, 65] : []))
            try link.pump()
            link.expectFailure(.channelState, .protocolError, "message \(number) after EOF")
        }
    }

    // MARK: Ending in order

    @Test func halfCloseLetsTheOtherDirectionGoOn() throws {
        let link = try Link.authenticated()
        let (channel, id) = try link.openSession()
        link.client.sendEOF(channel)
        try link.pump()
        #expect(link.events.last == .channelEnded(id))
        [UInt8](repeating: 1, count: 10).withUnsafeBytes { link.server.send(id, $0) }
        link.server.sendEOF(id)
        link.server.sendEOF(id)
        #expect(link.server.sendCapacity(id) == 0)
        try link.pump()
        #expect(channel.receivedCount == 10 && channel.hasEnded)
        link.server.sendExitStatus(id, 3)
        link.server.close(id)
        link.server.close(id)
        try link.pump()
        #expect(channel.exitStatus == 3 && channel.isClosedByServer)
        #expect(!link.events.contains(.channelClosed(id)), "who closes first hears no more of it")
        let (next, _) = try link.openSession()
        #expect(next.peer == 0, "the number is free once both have closed")
    }

    @Test func peerMaySendUntilItHasSeenOurClose() throws {
        let link = try Link.authenticated()
        let (channel, id) = try link.openSession()
        link.delivers = false
        link.server.close(id)
        link.client.sendData(channel, [1, 2, 3])
        link.client.request(channel, "exec", rest: [0, 0, 0, 1, 65])
        link.client.grant(channel, 5)
        link.client.sendEOF(channel)
        link.events = []
        try link.pump()
        #expect(link.events.isEmpty && link.dataEvents == 0 && link.end == nil)
        link.delivers = true
        try link.pump()
        #expect(channel.isClosedByServer && channel.isClosedByUs && link.end == nil)
    }

    @Test func callsOnAClosedConnectionAreVoid() throws {
        let link = try Link.authenticated()
        let (_, id) = try link.openSession()
        link.server.disconnect(.byApplication, "the relay is being restarted")
        try link.resume()
        #expect(link.client.disconnection?.sentence == "the relay is being restarted")
        #expect(link.end == .endedByUs("the relay is being restarted"))
        #expect(link.server.sendCapacity(id) == 0)
        let endpoint = ForwardedEndpoint(host: "", port: 1)
        #expect(link.server.openForwarded(listener: endpoint, originator: endpoint) == nil)
        link.server.accept(id)
        link.server.sendEOF(id)
        link.server.consumed(id, 5)
        link.server.close(id)
        link.server.answerRequest(id, isGranted: true)
        link.server.rekey()
        link.server.checkDeadlines()
        link.server.answerForward(port: 1)
        link.server.answerKey(isKnown: true)
        link.server.admitKeyExchange()
        link.server.connectionLost("x")
        link.server.disconnect(.byApplication, "again")
        try link.resume()
        #expect(link.client.received(1).count == 1)
    }

    /// A link with one forwarded channel that the client has been asked for and has not answered.
    static func asked() throws -> (Link, TestChannel) {
        let link = try Link.authenticated()
        link.client.acceptsChannels = false
        let id = link.server.openForwarded(
            listener: ForwardedEndpoint(host: "localhost", port: 20001), originator: ForwardedEndpoint(host: "203.0.113.9", port: 40000))
        #expect(id == ChannelID(0))
        try link.pump()
        return (link, try #require(link.client.forwardedChannels.first))
    }
}
