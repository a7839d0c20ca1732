import SSHCrypto
import SSHKeys
import SSHProtocol
import SSHTestClient
import Testing

/// A server connection and a test client, joined without sockets. The driver's part is played as the settings say; time stands still
/// until a test moves it.
final class Link {
    /// An event, with its data copied.
    enum Seen: Equatable {
        case keyExchangeWanted
        case keyOffered(String, PublicKey)
        case authenticated(String, PublicKey)
        case forwardRequested(ForwardedEndpoint)
        case forwardCancelled(ForwardedEndpoint)
        case channelOffered(ChannelID, ChannelPurpose)
        case channelOpened(ChannelID)
        case channelRefused(ChannelID, UInt32, String)
        case channelRequested(ChannelID, ChannelRequest, Bool)
        case channelWritable(ChannelID)
        case channelEnded(ChannelID)
        case channelClosed(ChannelID)
        case refused(String)
        case keysRenewed
        case hostKeyProved(PublicKey)
        case closed(ConnectionEnd)
    }

    static let hostKey = HostKey(seed: Array(1...32))
    static let identity = ServerIdentity(hostKeys: [hostKey], software: "Test_1.0")

    let server: ServerConnection
    let client: SSHTestClient
    /// The loop's time.
    var now = Duration.seconds(1000)

    // How the driver behaves.
    var admitsKeyExchange = true
    /// Whether a key is known; `nil` leaves the question open.
    var knowsKeys: Bool? = true
    /// The port a forward gets; `nil` refuses; `answersForwards` false leaves it open.
    var forwardPort: UInt32? = 20001
    var answersForwards = true
    var wasHeld = true
    var acceptsChannels = true
    var grantsRequests = true
    /// Whether received data is said to have left at once.
    var consumesData = true
    /// Whether the server's bytes reach the client.
    var delivers = true
    /// Bytes a read brings at most.
    var pieceSize = 64 * 1024

    /// What the server reported, in order, without data.
    var events: [Seen] = []
    /// Data that came on each channel.
    var data: [ChannelID: [UInt8]] = [:]
    var dataEvents = 0

    private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)

    init(_ proposal: TestProposal = TestProposal()) {
        server = ServerConnection(identity: Self.identity, now: now)
        client = SSHTestClient(proposal)
    }

    deinit { scratch.deallocate() }

    // MARK: Steps

    /// A link whose first key exchange is over.
    static func withKeys(_ proposal: TestProposal = TestProposal()) throws -> Link {
        let link = Link(proposal)
        link.client.start()
        try link.pump()
        try #require(link.client.keyExchanges == 1, "\(String(describing: link.end))")
        return link
    }

    /// A link whose client may try to authenticate.
    static func withService(_ proposal: TestProposal = TestProposal()) throws -> Link {
        let link = try withKeys(proposal)
        link.client.askForService()
        try link.pump()
        try #require(link.client.received(6).count == 1)
        return link
    }

    /// A link whose client has authenticated.
    static func authenticated(_ proposal: TestProposal = TestProposal()) throws -> Link {
        let link = try withService(proposal)
        try link.client.authenticate("user", aKey)
        try link.pump()
        try #require(link.client.isAuthenticated)
        link.events = []
        link.client.received = []
        return link
    }

    /// A key that serves all tests: making one takes time.
    static let aKey: TestKey = {
        do { return try TestKey(.ed25519) } catch { preconditionFailure("\(error)") }
    }()

    /// A session channel, confirmed; the server's number of it.
    func openSession(window: UInt32 = 1 << 21, packet: UInt32 = 32768) throws -> (TestChannel, ChannelID) {
        let channel = client.open("session", window: window, packet: packet)
        try pump()
        let peer = try #require(channel.peer)
        return (channel, ChannelID(peer))
    }

    // MARK: The pump

    /// Carries bytes both ways until nothing moves.
    func pump() throws {
        while true {
            let sent = try deliver()
            let bytes = client.takeOutgoing()
            if sent == 0, bytes.isEmpty { return }
            feed(bytes)
        }
    }

    /// Gives the client what the server has to send. Returns how many bytes that were.
    @discardableResult
    func deliver() throws -> Int {
        guard delivers else { return 0 }
        let bytes = [UInt8](server.output)
        server.sent(bytes.count)
        if !bytes.isEmpty { try client.receive(bytes) }
        return bytes.count
    }

    /// Gives the server bytes, in pieces, and answers its events.
    func feed(_ bytes: [UInt8]) {
        var rest = bytes[...]
        repeat {
            server.now = now
            let buffer = server.beginRead(scratch)
            let piece = rest.prefix(min(pieceSize, buffer.count))
            rest = rest.dropFirst(piece.count)
            buffer.copyBytes(from: piece)
            server.endRead(piece.count)
            takeEvents()
            server.finishRead()
        } while !rest.isEmpty && !server.isClosed
    }

    /// Lets the server go on with what it has, after an answer or a deadline.
    func resume() throws {
        feed([])
        try pump()
    }

    /// Moves the time and lets the server look at its deadlines.
    func pass(_ time: Duration) throws {
        now += time
        server.now = now
        server.checkDeadlines()
        try resume()
    }

    private func takeEvents() {
        while let event = server.nextEvent() {
            switch event {
            case .keyExchangeWanted:
                events.append(.keyExchangeWanted)
                if admitsKeyExchange { server.admitKeyExchange() }
            case .keyOffered(let user, let key):
                events.append(.keyOffered(user, key))
                if let knowsKeys { server.answerKey(isKnown: knowsKeys) }
            case .authenticated(let user, let key): events.append(.authenticated(user, key))
            case .forwardRequested(let endpoint):
                events.append(.forwardRequested(endpoint))
                if answersForwards { server.answerForward(port: forwardPort) }
            case .forwardCancelled(let endpoint):
                events.append(.forwardCancelled(endpoint))
                if answersForwards { server.answerCancel(wasHeld: wasHeld) }
            case .channelOffered(let id, let purpose):
                events.append(.channelOffered(id, purpose))
                if acceptsChannels { server.accept(id) }
            case .channelOpened(let id): events.append(.channelOpened(id))
            case .channelRefused(let id, let code, let sentence): events.append(.channelRefused(id, code, sentence))
            case .channelRequested(let id, let request, let wantsReply):
                events.append(.channelRequested(id, request, wantsReply))
                if wantsReply { server.answerRequest(id, isGranted: grantsRequests) }
            case .channelData(let id, let bytes):
                data[id, default: []] += bytes
                dataEvents += 1
                if consumesData { server.consumed(id, bytes.count) }
            case .channelWritable(let id): events.append(.channelWritable(id))
            case .channelEnded(let id): events.append(.channelEnded(id))
            case .channelClosed(let id): events.append(.channelClosed(id))
            case .refused(let what): events.append(.refused(what))
            case .keysRenewed: events.append(.keysRenewed)
            case .hostKeyProved(let key): events.append(.hostKeyProved(key))
            case .closed(let end): events.append(.closed(end))
            }
        }
    }

    // MARK: Looking

    /// How the connection ended, if it did.
    var end: ConnectionEnd? {
        for case .closed(let end) in events { return end }
        return nil
    }

    /// What the peer did wrong, if that ended the connection.
    var failure: ProtocolFailure.Kind? {
        guard case .failed(let failure)? = end else { return nil }
        return failure.kind
    }

    /// Checks that the connection ended for `kind`, that the peer was told the reason code that belongs to it, once, and that nothing works
    /// any more.
    func expectFailure(
        _ kind: ProtocolFailure.Kind, _ code: DisconnectCode, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(failure == kind, comment, sourceLocation: sourceLocation)
        #expect(server.isClosed, comment, sourceLocation: sourceLocation)
        #expect(client.disconnection?.code == code.rawValue, comment, sourceLocation: sourceLocation)
        #expect(client.received(1).count == 1, comment, sourceLocation: sourceLocation)
        #expect(events.count { if case .closed = $0 { true } else { false } } == 1, comment, sourceLocation: sourceLocation)
        #expect(!server.wantsInput, comment, sourceLocation: sourceLocation)
    }
}
