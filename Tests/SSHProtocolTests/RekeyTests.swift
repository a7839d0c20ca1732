import SSHCrypto
import SSHKeys
import SSHProtocol
import SSHTestClient
import Testing

@Suite struct RekeyTests {
    enum Side: CaseIterable, Sendable {
        case client, server, bothAtOnce
    }

    @Test(arguments: Side.allCases) func rekeyBringsNewKeysAndKeepsTheSession(_ side: Side) throws {
        for isStrict in [true, false] {
            var proposal = TestProposal()
            proposal.isStrict = isStrict
            let link = try Link.authenticated(proposal)
            let session = link.client.sessionID
            for round in 2...5 {
                Self.begin(side, link)
                try link.pump()
                #expect(link.client.keyExchanges == round && link.end == nil)
                #expect(link.events.count { $0 == .keysRenewed } == round - 1)
                #expect(link.client.sessionID == session)
                #expect(link.client.received(7).isEmpty, "EXT_INFO comes after the first only")
            }
            let (channel, id) = try link.openSession()
            link.client.sendData(channel, [1, 2, 3])
            try link.pump()
            #expect(link.data[id] == [1, 2, 3])
        }
    }

    /// P11 in small: data both ways, keys renewed again and again in the middle of it, sums equal.
    @Test(arguments: HandshakeTests.protections) func P11_rekeyWhileDataFlows(_ cipher: String, _ mac: String?) throws {
        let link = try Link.authenticated(TestProposal(cipher: cipher, mac: mac))
        let (channel, id) = try link.openSession()
        let up = randomBytes(1_500_000)
        let down = randomBytes(1_500_000)
        var sentUp = 0
        var sentDown = 0
        var round = 0
        while sentUp < up.count || sentDown < down.count || link.server.outputCount > 0 || !link.client.outgoing.isEmpty {
            round += 1
            try #require(round < 5000, "no progress: \(sentUp), \(sentDown)")
            if round % 4 == 0, !link.client.isKeyExchangeRunning { Self.begin(Side.allCases[round / 4 % 3], link) }
            if !link.client.isKeyExchangeRunning {
                sentUp += link.client.sendData(channel, up[sentUp..<min(sentUp + 70_000, up.count)])
            }
            for _ in 0..<3 where sentDown < down.count {
                let count = min(link.server.sendCapacity(id), down.count - sentDown)
                down[sentDown..<(sentDown + count)].withUnsafeBytes { link.server.send(id, $0) }
                sentDown += count
            }
            // Half steps, so that a key exchange is caught at all its stages.
            link.feed(link.client.takeOutgoing())
            if round % 2 == 0 { try link.deliver() }
        }
        try link.pump()
        #expect(link.end == nil)
        #expect(link.client.keyExchanges > 10)
        #expect(link.data[id] == up)
        #expect(channel.bytes == down)
    }

    /// What the driver asks for during a key exchange comes after it, in order; data does not flow meanwhile.
    @Test func messagesWaitForTheNewKeys() throws {
        let link = try Link.authenticated()
        let (channel, id) = try link.openSession()
        link.delivers = false
        link.server.rekey()
        #expect(link.server.sendCapacity(id) == 0)
        let before = link.server.outputCount
        link.server.sendExitStatus(id, 0)
        link.server.sendEOF(id)
        link.server.close(id)
        link.client.send([192, 0, 0, 0, 0])
        link.feed(link.client.takeOutgoing())
        #expect(link.server.outputCount == before)
        link.client.received = []
        link.delivers = true
        try link.pump()
        #expect(link.client.received.map { $0[0] } == [20, 31, 21, 98, 96, 97, 193])
        #expect(channel.exitStatus == 0 && channel.isClosedByServer && link.end == nil)
    }

    /// asyncssh 2.10 was disconnected at its first rekey, an hour after it had come: it sends the message that made it rekey after its KEXINIT.
    @Test func asyncsshMaySendWhatItWasAboutToSend() throws {
        let link = try Link.authenticated()
        let (_, id) = try link.openSession()
        link.client.runsKeyExchange = false
        link.client.sendKexInit()
        link.client.sendNow([94, 0, 0, 0, 0, 0, 0, 0, 1, 65])
        try link.pump()
        #expect(link.end == nil && link.data[id] == [65])
        #expect(link.server.sendCapacity(id) == 0, "we keep to the RFC")
    }

    /// Credit that came together during a key exchange is granted after it: the sender would wait for ever otherwise.
    @Test func creditOfAKeyExchangeIsGrantedAfterIt() throws {
        let link = try Link.authenticated()
        link.consumesData = false
        let (channel, id) = try link.openSession()
        link.client.sendData(channel, [UInt8](repeating: 1, count: Int(ProtocolLimits.window)))
        try link.pump()
        link.delivers = false
        link.server.rekey()
        link.server.consumed(id, Int(ProtocolLimits.window))
        link.delivers = true
        #expect(channel.sendWindow == 0)
        try link.pump()
        #expect(channel.sendWindow == ProtocolLimits.window)
    }

    @Test(arguments: [-1, 0, 1]) func heldMessagesHaveTheirLimit(_ excess: Int) throws {
        let link = try Link.authenticated()
        link.delivers = false
        link.server.rekey()
        var left = ProtocolLimits.heldDuringKeyExchange + excess
        // PONGs of 5 + n bytes, until they and what each is counted with are exactly `left`.
        let largest = 5 + ProtocolLimits.pingPayload + ProtocolLimits.heldMessageOverhead
        let smallest = 5 + ProtocolLimits.heldMessageOverhead
        while left > 0 {
            let cost = left <= largest ? left : min(largest, left - smallest)
            var ping = WireWriter(message: 192)
            ping.string([UInt8](repeating: 1, count: cost - smallest))
            link.client.sendNow(ping.bytes)
            link.feed(link.client.takeOutgoing())
            left -= cost
        }
        link.delivers = true
        if excess > 0 {
            try link.pump()
            link.expectFailure(.heldTooMuch, .protocolError)
        } else {
            try link.pump()
            #expect(link.client.keyExchanges == 2 && link.end == nil)
            #expect(link.client.received(193).count == 62)
        }
    }

    /// Many small answers are bounded as well as few large ones.
    @Test func P10_oneByteAnswersHeldBackAreBounded() throws {
        let link = try Link.authenticated()
        link.delivers = false
        link.server.rekey()
        let most = ProtocolLimits.heldDuringKeyExchange / (1 + ProtocolLimits.heldMessageOverhead)
        for _ in 0..<most { link.client.globalRequest("x") }
        link.feed(link.client.takeOutgoing())
        #expect(link.end == nil)
        link.client.globalRequest("x")
        link.feed(link.client.takeOutgoing())
        #expect(link.failure == .heldTooMuch)
    }

    /// P10: KEXINIT in the middle, never finished, while the other side has a gigabyte for it.
    @Test func P10_unfinishedRekeyHoldsLittleAndEndsInTime() throws {
        for side in [Side.client, .server] {
            let link = try Link.authenticated()
            let (_, id) = try link.openSession()
            link.client.runsKeyExchange = false
            Self.begin(side, link)
            try link.pump()
            #expect(link.server.sendCapacity(id) == 0, "whoever has a gigabyte waits outside")
            #expect(link.server.outputCount <= 1 << 20)
            try link.pass(ProtocolLimits.rekeyDeadline - .milliseconds(1))
            #expect(link.end == nil)
            try link.pass(.milliseconds(1))
            link.expectFailure(.rekeyDeadline, .keyExchangeFailed, "\(side)")
        }
    }

    @Test func P10_lastStepMissingEndsInTimeToo() throws {
        let link = try Link.authenticated()
        link.client.withholdsNewKeys = true
        link.client.sendKexInit()
        try link.pump()
        try link.pass(ProtocolLimits.rekeyDeadline - .milliseconds(1))
        #expect(link.end == nil)
        // Keepalives may not be sent now, and other messages do not help.
        link.client.sendNow([2, 0, 0, 0, 0])
        try link.pump()
        try link.pass(.milliseconds(1))
        link.expectFailure(.rekeyDeadline, .keyExchangeFailed)
    }

    @Test func serverAsksForKeysAfterAnHour() throws {
        let link = try Link.authenticated()
        var passed = Duration.zero
        while passed < ProtocolLimits.timeBeforeRekey - .seconds(20) {
            try link.pass(.seconds(20))
            passed += .seconds(20)
            link.client.send([2, 0, 0, 0, 0])
            try link.pump()
        }
        #expect(link.client.keyExchanges == 1)
        try link.pass(.seconds(20))
        #expect(link.client.keyExchanges == 2 && link.end == nil)
        try link.pass(.seconds(20))
        #expect(link.client.keyExchanges == 2, "the hour begins anew")
    }

    @Test func hostKeyAndAlgorithmsAreAgreedAnew() throws {
        let link = try Link.authenticated(TestProposal(cipher: "aes128-gcm@openssh.com"))
        link.client.proposal = TestProposal(cipher: "aes256-ctr", mac: "hmac-sha2-512-etm@openssh.com")
        link.client.sendKexInit()
        try link.pump()
        #expect(link.client.keyExchanges == 2)
        let (channel, id) = try link.openSession()
        link.client.sendData(channel, [9])
        try link.pump()
        #expect(link.data[id] == [9])
        link.client.proposal = TestProposal(cipher: "3des-cbc")
        link.client.sendKexInit()
        try link.pump()
        link.expectFailure(.noCommonAlgorithm, .keyExchangeFailed)
    }

    @Test func secondKexInitDuringAKeyExchangeEnds() throws {
        let link = try Link.authenticated()
        link.client.runsKeyExchange = false
        link.client.sendKexInit()
        link.client.sendKexInit()
        try link.pump()
        link.expectFailure(.unexpectedMessage, .protocolError)
    }

    @Test func rekeyBeforeAuthenticationIsRefused() throws {
        for isBeforeService in [true, false] {
            let link = isBeforeService ? try Link.withKeys() : try Link.withService()
            link.server.rekey()
            try link.pump()
            #expect(link.client.keyExchanges == 1, "we do not ask")
            link.client.sendKexInit()
            try link.pump()
            link.expectFailure(.unexpectedMessage, .protocolError, "nor may the peer")
        }
    }

    @Test func newKeysMustBeEmpty() throws {
        let link = Link()
        link.client.withholdsNewKeys = true
        link.client.start()
        try link.pump()
        link.client.sendNow([21, 0])
        try link.pump()
        link.expectFailure(.malformedMessage, .protocolError)
    }

    private static func begin(_ side: Side, _ link: Link) {
        switch side {
        case .client: link.client.sendKexInit()
        case .server: link.server.rekey()
        case .bothAtOnce:
            link.server.rekey()
            link.client.sendKexInit()
        }
    }
}
