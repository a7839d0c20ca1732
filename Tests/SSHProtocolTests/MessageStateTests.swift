import SSHKeys
import SSHProtocol
import SSHTestClient
import Testing

/// Every message number in every state: what is not allowed there ends the connection with PROTOCOL_ERROR, and with nothing else.
@Suite struct MessageStateTests {
    /// Where a connection stands when the message comes.
    enum State: String, CaseIterable, Sendable {
        /// Identification lines are exchanged; the peer's KEXINIT is awaited.
        case beforeKexInit
        /// Both KEXINITs are seen. The client is strict, or not.
        case strictFirstExchange, plainFirstExchange
        /// The server's NEWKEYS is out; the client's is awaited.
        case strictBeforeNewKeys, plainBeforeNewKeys
        case service
        case authentication
        case connection
        /// The server has asked for new keys; the client has not answered.
        case rekeyByServer
        /// The client has asked for new keys and the server has answered.
        case rekeyByClient
        /// The same, when the server's NEWKEYS is out.
        case rekeyBeforeNewKeys
    }

    /// What becomes of a message.
    enum Outcome: Equatable {
        case isTaken
        case isUnimplemented
        case ends
    }

    @Test(arguments: State.allCases) func P02_everyMessageIsAllowedWhereItBelongsOnly(_ state: State) throws {
        var link = try Self.link(in: state)
        for number in UInt8.min...UInt8.max where number != 1 {
            let payload = Self.payload(number)
            link.client.received = []
            link.client.sendNow(payload)
            try link.pump()
            let unimplemented = link.client.received(3)
            switch Self.expected(number, in: state) {
            case .isTaken:
                #expect(!link.server.isClosed && unimplemented.isEmpty, "\(number) in \(state): \(String(describing: link.end))")
            case .isUnimplemented:
                #expect(!link.server.isClosed, "\(number) in \(state): \(String(describing: link.end))")
                var sequence = WireWriter(message: 3)
                sequence.uint32(link.client.sendSequence &- 1)
                if [.rekeyByServer, .rekeyByClient, .rekeyBeforeNewKeys].contains(state) {
                    #expect(unimplemented.isEmpty, "held back during a key exchange")
                } else {
                    #expect(unimplemented == [sequence.bytes], "\(number) in \(state)")
                }
            case .ends:
                link.expectFailure(.unexpectedMessage, .protocolError, "\(number) in \(state)")
            }
            // What changes the state, or ends the connection, needs a fresh one for the next number.
            if link.server.isClosed || Self.changesState.contains(number) { link = try Self.link(in: state) }
        }
    }

    @Test(arguments: State.allCases) func disconnectEndsInEveryState(_ state: State) throws {
        let link = try Self.link(in: state)
        var message = WireWriter(message: 1)
        message.uint32(11)
        message.string("bye")
        message.string("")
        link.client.sendNow(message.bytes)
        try link.pump()
        #expect(link.end == .disconnectedByPeer(code: 11, sentence: "bye"))
        #expect(link.client.disconnection == nil, "no answer is owed")
    }

    @Test(arguments: [[1], [1, 0, 0, 0], [1, 0, 0, 0, 2, 0xFF, 0xFF, 0xFF, 0xFF], [1, 0, 0, 0, 2, 0, 0, 0, 1, 0xFF]] as [[UInt8]])
    func disconnectThatDoesNotParseIsOneAllTheSame(_ payload: [UInt8]) throws {
        let link = try Link.authenticated()
        link.client.sendNow(payload)
        try link.pump()
        guard case .disconnectedByPeer? = link.end else {
            Issue.record("\(String(describing: link.end))")
            return
        }
    }

    /// P02: with whole payloads, not only their first byte, before authentication.
    @Test(arguments: [State.beforeKexInit, .strictBeforeNewKeys, .plainBeforeNewKeys, .service, .authentication])
    func P02_connectionProtocolNeedsAuthentication(_ state: State) throws {
        let messages: [(SSHTestClient) -> Void] = [
            { $0.open("session") }, { $0.openDirect("localhost", 22) }, { $0.forward("", 0) },
            { $0.sendNow([94, 0, 0, 0, 0, 0, 0, 0, 1, 65]) },
        ]
        for message in messages {
            let link = try Self.link(in: state)
            message(link.client)
            link.client.sendNow([2, 0, 0, 0, 0])
            // What the client holds back during its key exchange is sent all the same.
            if state == .strictBeforeNewKeys || state == .plainBeforeNewKeys || state == .beforeKexInit {
                link.client.sendNow([90, 0, 0, 0, 7] + [UInt8]("session".utf8) + [0, 0, 0, 1, 0, 32, 0, 0, 0, 0, 128, 0])
            }
            try link.pump()
            link.expectFailure(.unexpectedMessage, .protocolError, "\(state)")
            #expect(!link.events.contains { if case .channelOffered = $0 { true } else { false } })
        }
    }

    // MARK: The table

    /// Messages that a server understands.
    private static let transport: Set<UInt8> = [2, 3, 4]
    private static let connectionProtocol: Set<UInt8> = [80, 90, 91, 92, 93, 94, 95, 96, 97, 98, 192]
    /// Messages that only a server sends.
    private static let serverOnly: Set<UInt8> = [6, 31, 51, 52, 53, 60, 99, 100, 193]
    private static let known: Set<UInt8> =
        transport.union(connectionProtocol).union(serverOnly).union([1, 5, 7, 20, 21, 30, 50, 81, 82])
    /// What moves the connection to another state, if it is taken.
    private static let changesState: Set<UInt8> = [1, 5, 20, 21, 30, 50, 90, 93, 94, 95, 96, 97]

    /// RFC 4253 §7.1 and §11.4, RFC 4252 §6, OpenSSH PROTOCOL §1.10, written down once more.
    static func expected(_ number: UInt8, in state: State) -> Outcome {
        switch state {
        case .beforeKexInit:
            return number == 20 || transport.contains(number) ? .isTaken : .ends
        case .strictFirstExchange:
            return number == 30 ? .isTaken : .ends
        case .plainFirstExchange:
            return number == 30 || transport.contains(number) ? .isTaken : .ends
        case .strictBeforeNewKeys:
            return number == 21 ? .isTaken : .ends
        case .plainBeforeNewKeys:
            return number == 21 || transport.contains(number) ? .isTaken : .ends
        case .service:
            if number == 5 || number == 7 || transport.contains(number) { return .isTaken }
            return known.contains(number) || number >= 80 ? .ends : .isUnimplemented
        case .authentication:
            if number == 50 || transport.contains(number) { return .isTaken }
            return known.contains(number) || number >= 80 ? .ends : .isUnimplemented
        case .connection, .rekeyByServer:
            if number == 20 || number == 50 || transport.contains(number) || connectionProtocol.contains(number) { return .isTaken }
            return known.contains(number) ? .ends : .isUnimplemented
        case .rekeyByClient, .rekeyBeforeNewKeys:
            // Not as RFC 4253 §7.1 wants it, but as asyncssh does it and OpenSSH takes it: see `asyncsshMaySendWhatItWasAboutToSend`.
            if number == (state == .rekeyByClient ? 30 : 21) || number == 50 { return .isTaken }
            if transport.contains(number) || connectionProtocol.contains(number) { return .isTaken }
            return known.contains(number) ? .ends : .isUnimplemented
        }
    }

    /// A right payload for `number` where there is one: with channel 0 open, channel 1 asked for by the server.
    private static func payload(_ number: UInt8) -> [UInt8] {
        var message = WireWriter(message: number)
        switch number {
        case 5: message.string("ssh-userauth")
        case 7: message.uint32(0)
        case 20: return TestProposal().payload(isFirst: true, cookie: [UInt8](repeating: 3, count: 16))
        case 21: break
        case 30: message.string([9] + [UInt8](repeating: 0, count: 31))
        case 50:
            message.string("user")
            message.string("ssh-connection")
            message.string("none")
        case 80:
            message.string("unknown@example.com")
            message.boolean(false)
        case 90:
            message.string("session")
            message.uint32(500)
            message.uint32(1 << 20)
            message.uint32(32768)
        case 91, 92:
            message.uint32(number == 91 ? 1 : 2)
            message.uint32(501)
            if number == 91 {
                message.uint32(1 << 20)
                message.uint32(32768)
            } else {
                message.string("no")
                message.string("")
            }
        case 93:
            message.uint32(0)
            message.uint32(1)
        case 94:
            message.uint32(0)
            message.string([65])
        case 95:
            message.uint32(0)
            message.uint32(1)
            message.string([65])
        case 96, 97: message.uint32(0)
        case 98:
            message.uint32(0)
            message.string("shell")
            message.boolean(false)
        case 192: message.string([65])
        default: message.raw([UInt8](repeating: 0, count: 16))
        }
        return message.bytes
    }

    /// A connection in `state`. Authenticated ones have channel 0 open, and channels 1 and 2 asked for by the server.
    static func link(in state: State) throws -> Link {
        let link: Link
        var strict = TestProposal()
        // A client that leaves its key exchange to the test has no keys to read an EXT_INFO with.
        strict.wantsExtInfo = ![.strictFirstExchange, .plainFirstExchange].contains(state)
        var plain = strict
        plain.isStrict = false
        switch state {
        case .beforeKexInit:
            link = Link()
            link.client.runsKeyExchange = false
            link.client.sendIdentification()
        case .strictFirstExchange, .plainFirstExchange:
            link = Link(state == .plainFirstExchange ? plain : strict)
            link.client.runsKeyExchange = false
            link.client.start()
        case .strictBeforeNewKeys, .plainBeforeNewKeys:
            link = Link(state == .plainBeforeNewKeys ? plain : strict)
            link.client.withholdsNewKeys = true
            link.client.start()
        case .service:
            return try Link.withKeys()
        case .authentication:
            return try Link.withService()
        case .connection, .rekeyByServer, .rekeyByClient, .rekeyBeforeNewKeys:
            link = try Link.authenticated()
            _ = try link.openSession()
            link.client.acceptsChannels = false
            link.client.answersClose = false
            let endpoint = ForwardedEndpoint(host: "localhost", port: 1)
            for _ in 0..<2 { _ = link.server.openForwarded(listener: endpoint, originator: endpoint) }
            try link.pump()
            link.acceptsChannels = false
            link.client.runsKeyExchange = state == .rekeyBeforeNewKeys
            link.client.withholdsNewKeys = true
            if state == .rekeyByServer { link.server.rekey() }
            if state == .rekeyByClient || state == .rekeyBeforeNewKeys { link.client.sendKexInit() }
        }
        try link.pump()
        #expect(!link.server.isClosed, "\(state): \(String(describing: link.end))")
        link.events = []
        return link
    }
}
