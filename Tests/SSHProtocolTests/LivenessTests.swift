import SSHKeys
import SSHProtocol
import SSHTestClient
import Testing

@Suite struct LivenessTests {
    @Test func graceEndsSilentPeersInEveryPhase() throws {
        let silent = Link()
        silent.client.runsKeyExchange = false
        let keyless = Link()
        keyless.client.runsKeyExchange = false
        keyless.client.start()
        let links = [silent, keyless, try Link.withKeys(), try Link.withService()]
        for link in links {
            try link.pump()
            try link.pass(ProtocolLimits.loginGrace - .milliseconds(1))
            #expect(link.end == nil)
            // Talking does not prolong it.
            if link.client.keyExchanges > 0 { link.client.send([2, 0, 0, 0, 0]) }
            try link.pump()
            link.client.runsKeyExchange = false
            try link.pass(.milliseconds(1))
            #expect(link.failure == .loginGrace && link.server.isClosed)
            #expect(link.client.disconnection?.sentence == "not authenticated within 20 s")
            #expect(link.client.disconnection?.code == DisconnectCode.byApplication.rawValue)
        }
    }

    @Test func peersAreAskedForASignOfLifeTwiceAndThenGivenUp() throws {
        let link = try Link.authenticated()
        link.client.answersRequests = false
        let interval = ProtocolLimits.keepaliveInterval
        try link.pass(interval - .milliseconds(1))
        #expect(link.client.received.isEmpty)
        for questions in 1..<ProtocolLimits.keepaliveMisses {
            try link.pass(.milliseconds(1))
            #expect(link.client.received(80).count == questions)
            var question = WireWriter(message: 80)
            question.string("keepalive@openssh.com")
            question.boolean(true)
            #expect(link.client.received(80).last == question.bytes)
            try link.pass(.milliseconds(1))
            #expect(link.client.received(80).count == questions, "once an interval")
            try link.pass(interval - .milliseconds(2))
            #expect(link.end == nil)
        }
        try link.pass(.milliseconds(1))
        link.expectFailure(.silence, .connectionLost)
    }

    @Test func anAnswerIsASignOfLife() throws {
        let link = try Link.authenticated()
        for _ in 0..<40 { try link.pass(ProtocolLimits.keepaliveInterval) }
        #expect(link.end == nil)
        #expect(link.client.received(80).count == 40)
        #expect(link.server.heardAt == link.now)
    }

    @Test func everyQuestionMayBeAnsweredOnce() throws {
        let link = try Link.authenticated()
        link.client.answersRequests = false
        try link.pass(ProtocolLimits.keepaliveInterval)
        link.client.send([81])
        try link.pump()
        #expect(link.end == nil)
        link.client.send([82])
        try link.pump()
        link.expectFailure(.unexpectedMessage, .protocolError)
    }

    @Test func ourOwnDelayIsNotThePeersSilence() throws {
        let link = try Link.authenticated()
        link.answersForwards = false
        link.client.forward("", 0)
        try link.pump()
        for _ in 0..<10 { try link.pass(ProtocolLimits.keepaliveInterval) }
        #expect(link.end == nil)
        link.server.answerForward(port: 20001)
        try link.resume()
        try link.pass(.seconds(1))
        #expect(link.end == nil && link.client.received(81).count == 1)
    }

    @Test func lostSocketIsTheLastEvent() throws {
        let link = try Link.authenticated()
        link.server.connectionLost("reset")
        link.feed([])
        #expect(link.events == [.closed(.connectionLost("reset"))])
        #expect(link.server.outputCount == 0)
    }

    /// Every kind of failure has a code and a sentence that ends without a stop and shows nothing of the peer's.
    @Test(arguments: ProtocolFailure.Kind.allCases) func everyFailureHasItsWords(_ kind: ProtocolFailure.Kind) {
        let failure = ProtocolFailure(kind, "DETAIL")
        #expect(!failure.sentence.isEmpty && !failure.sentence.hasSuffix("."))
        #expect(failure.sentence.contains("DETAIL") == (kind == .noCommonAlgorithm), "that one names our algorithms")
        #expect(failure.sentence.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
    }
}
