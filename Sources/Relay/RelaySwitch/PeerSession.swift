import RelayCore
import SSHKeys
import SSHProtocol
import SSHServer
import Support
import SystemCalls

/// What a connection to the relay is for: first nothing, then a terminal's or a member of staff's, by the key it proved.
final class PeerSession: ConnectionSession {
    /// Who it is.
    enum Role {
        case stranger
        case terminal(TerminalID, PublicKey, Tunnel?)
        case staff(StaffID, PublicKey)
    }

    unowned let connection: SocketConnection
    unowned var board: Switchboard
    private(set) var role = Role.stranger
    /// Bridges that this connection is one side of, opening or open, by its channel.
    var bridges: [ChannelID: Bridge] = [:]
    /// Commands that run for it, by channel.
    var commands: [ChannelID: CommandChannel] = [:]
    /// Bridges it wants that lead to tunnels on other switchboards: they move along with it.
    private var requests: [BridgeRequest] = []
    private var refusals = 0

    init(_ connection: SocketConnection, board: Switchboard) {
        self.connection = connection
        self.board = board
    }

    /// Who it proved to be; `nil` for a stranger.
    var principal: Principal? {
        switch role {
        case .stranger: nil
        case .terminal(let id, _, _): .terminal(id)
        case .staff(let id, _): .staff(id)
        }
    }

    /// The key it proved.
    var key: PublicKey? {
        switch role {
        case .stranger: nil
        case .terminal(_, let key, _), .staff(_, let key): key
        }
    }

    /// The tunnel it holds.
    var tunnel: Tunnel? {
        if case .terminal(_, _, let tunnel) = role { return tunnel }
        return nil
    }

    // MARK: Events

    func connection(_ connection: SocketConnection, did event: ServerEvent) {
        switch event {
        case .keyOffered(_, let key):
            connection.ssh.answerKey(isKnown: board.registry.principal(for: key) != nil)
        case .authenticated(_, let key):
            authenticated(key)
        case .forwardRequested(let endpoint):
            forwardRequested(endpoint)
        case .forwardCancelled(let endpoint):
            forwardCancelled(endpoint)
        case .channelOffered(let id, let purpose):
            channelOffered(id, purpose)
        case .channelOpened(let id):
            bridges[id]?.opened()
        case .channelRefused(let id, _, let sentence):
            bridges[id]?.refused(sentence)
        case .channelRequested(let id, let request, let wantsReply):
            channelRequested(id, request, wantsReply: wantsReply)
        case .channelData(let id, let bytes):
            commands[id]?.received(bytes)
        case .channelEnded(let id):
            commands[id]?.inputEnded()
        case .channelClosed(let id):
            commands[id] = nil
        case .refused(let what):
            report(what, "refused by the SSH engine")
        case .keyExchangeWanted, .channelWritable, .keysRenewed, .closed:
            break
        }
    }

    func connectionEnded(_ connection: SocketConnection, _ end: ConnectionEnd) {
        loseTunnel(TunnelEnd(end))
        for bridge in Array(bridges.values) { bridge.connectionEnded(connection) }
        commands = [:]
        if case .stranger = role, case .failed(let failure) = end {
            report("a connection without authentication", failure.detail.isEmpty ? failure.sentence : failure.detail)
        }
        board.sessionEnded(self)
    }

    private func authenticated(_ key: PublicKey) {
        switch board.registry.principal(for: key) {
        case .terminal(let id): role = .terminal(id, key, nil)
        case .staff(let id): role = .staff(id, key)
        case nil: connection.disconnect(.hostNotAllowedToConnect, Refusal.keyNoLongerValid.sentence)
        }
    }

    /// Looks again at whether this peer may be what it is, after the registry changed.
    func rejudge() {
        guard let principal, let key else { return }
        var isValid = board.registry.isStillValid(principal, key: key)
        if case .terminal(let id) = principal, let tunnel {
            isValid = isValid && board.registry.terminal(id).map { UInt32($0.listeningPort.rawValue) } == tunnel.listener.port
        }
        if isValid { return }
        loseTunnel(.revoked)
        for bridge in Array(bridges.values) { bridge.end(.revoked, sentence: Refusal.keyNoLongerValid.sentence) }
        connection.disconnect(.hostNotAllowedToConnect, Refusal.keyNoLongerValid.sentence)
    }

    // MARK: The tunnel

    /// Decides about a tunnel, now or later; the peer is not read until it is answered.
    func forwardRequested(_ endpoint: ForwardedEndpoint) {
        guard case .terminal(let id, let key, let held) = role else {
            return refuseForward(endpoint, .notOffered(asked: "remote forwarding (-R) to staff keys"))
        }
        if let held { return refuseForward(endpoint, .alreadyListening(held.port)) }
        switch board.registry.listening(address: endpoint.host, port: endpoint.port, by: id) {
        case .failure(let refusal):
            refuseForward(endpoint, refusal)
        case .success(let port):
            let place = TunnelPlace(board: board.index, connection: connection.id, source: connection.source.description)
            switch board.directory.claim(id, place, at: connection.ssh.now) {
            case .wait(let time):
                // A cloned key: the newcomer waits, unanswered, for its turn.
                board.claimLater(connection.id, endpoint, after: time)
            case .granted(let old, let isCloned):
                let listener = ForwardedEndpoint(host: endpoint.host, port: UInt32(port.rawValue))
                let tunnel = Tunnel(connection: connection, listener: listener, requested: endpoint, since: board.wallTime, port: port)
                role = .terminal(id, key, tunnel)
                board.tunnelBegan(id, self, takenFrom: old, isCloned: isCloned)
                connection.ssh.answerForward(port: UInt32(port.rawValue))
            }
        }
    }

    private func refuseForward(_ endpoint: ForwardedEndpoint, _ refusal: Refusal) {
        report("listening at \(endpoint.host):\(endpoint.port)", refusal.sentence)
        connection.ssh.answerForward(port: nil)
    }

    private func forwardCancelled(_ endpoint: ForwardedEndpoint) {
        let isHeld = tunnel?.requested == endpoint || tunnel?.listener == endpoint
        if isHeld { loseTunnel(.closedByTerminal) }
        connection.ssh.answerCancel(wasHeld: isHeld)
    }

    /// Gives the tunnel up, if there is one. Its open bridges go on: they have channels of their own.
    private func loseTunnel(_ why: TunnelEnd) {
        guard case .terminal(let id, let key, .some) = role else { return }
        role = .terminal(id, key, nil)
        board.tunnelEnded(id, self, why)
    }

    /// A newer connection of the same key has the tunnel now: this one ends.
    func takenOver(by source: String) {
        loseTunnel(.takenOver)
        connection.disconnect(.byApplication, Refusal.takenOver(by: source).sentence)
    }

    // MARK: Channels

    /// Whether bridges wait for a move.
    var hasRequests: Bool { !requests.isEmpty }

    /// Keeps a request until the connection has moved.
    func await(_ request: BridgeRequest) {
        requests.append(request)
    }

    /// Looks at the requests again, here.
    func tryRequests() {
        let waiting = requests
        requests = []
        for var request in waiting {
            request.moves += 1
            board.openBridge(request, from: self)
        }
    }

    private func channelOffered(_ id: ChannelID, _ purpose: ChannelPurpose) {
        switch (role, purpose) {
        case (.staff, .session):
            connection.ssh.accept(id)
        case (.staff(let staff, _), .directTCPIP(let target, _)):
            board.openBridge(BridgeRequest(staff: staff, connection: connection.id, channel: id, target: target), from: self)
        case (.terminal, .session), (.terminal, .directTCPIP):
            refuse(id, .terminalKeyMayOnlyListen(asked: purpose.name))
        case (.stranger, _), (_, .unsupported):
            refuse(id, .notOffered(asked: purpose.name))
        }
    }

    /// Refuses a channel that the peer asked for.
    func refuse(_ id: ChannelID, _ refusal: Refusal) {
        report("a channel", refusal.sentence)
        connection.ssh.refuse(id, refusal.channelOpenFailure, refusal.sentence)
        connection.needsFlush()
    }

    private func channelRequested(_ id: ChannelID, _ request: ChannelRequest, wantsReply: Bool) {
        let isGranted: Bool
        switch request {
        case .exec(let command): isGranted = start(String(decoding: command, as: UTF8.self), on: id)
        case .shell: isGranted = start("", on: id)
        case .pty, .environment, .windowChange: isGranted = true
        case .other: isGranted = false
        }
        if wantsReply { connection.ssh.answerRequest(id, isGranted: isGranted) }
        connection.needsFlush()
    }

    private func start(_ line: String, on id: ChannelID) -> Bool {
        guard case .staff(let staff, let key) = role, commands[id] == nil else { return false }
        guard let arguments = CommandWords.split(line) else { return false }
        let caller = Caller.principal(.staff(staff), key: key, source: connection.source.description)
        commands[id] = CommandChannel(arguments, caller: caller, session: self, channel: id)
        return true
    }

    /// Sends the replies of commands that have run.
    func collectReplies() {
        for command in Array(commands.values) { command.collect() }
    }

    /// Forgets a bridge that is over. Its channel's number may be another bridge's by now: a peer that has closed a channel uses the number
    /// again while bytes still leave on the other side.
    func forget(_ bridge: Bridge) {
        for id in [bridge.staffChannel, bridge.tunnelChannel] where bridges[id] === bridge { bridges[id] = nil }
    }

    /// It has come to another switchboard: sees to what may have been sent to the old one, a new registry among it.
    func arrived() {
        rejudge()
        if connection.ssh.isClosed { return }
        collectReplies()
        tryRequests()
        guard case .terminal(let id, _, .some) = role, let place = board.directory.place(of: id), place.connection != connection.id else {
            return
        }
        takenOver(by: place.source)
    }

    // MARK: Reports

    /// Reports a refusal, once per connection: a peer that asks again and again must not fill the log.
    private func report(_ what: String, _ why: String) {
        refusals += 1
        guard refusals <= SwitchLimits.reportedRefusals else { return }
        board.report(
            .refused(source: connection.source.description, who: principal, what: what, why: why, at: board.wallTime))
    }
}

extension ChannelPurpose {
    /// In the words of a refusal.
    fileprivate var name: String {
        switch self {
        case .session: "a shell or a command"
        case .directTCPIP: "a connection to elsewhere"
        case .unsupported(let type): "a channel of type \(type)"
        }
    }
}

extension Refusal {
    /// The reason code that goes with the sentence (RFC 4254 §5.1).
    var channelOpenFailure: ChannelOpenFailure {
        switch self {
        case .offline, .relayStops: .connectFailed
        case .tooMany: .resourceShortage
        case .notYours, .portNotYours, .noSuchTerminal, .noSuchPort, .nameWantsPort22, .grantEnded, .terminalDisabled, .portIsNotYours,
            .addressNotListenable, .alreadyListening, .terminalKeyMayOnlyListen, .notOffered, .keyNoLongerValid, .takenOver, .clonedKey:
            .administrativelyProhibited
        }
    }
}

extension TunnelEnd {
    /// What the end of its connection means for a tunnel.
    fileprivate init(_ end: ConnectionEnd) {
        switch end {
        case .disconnectedByPeer: self = .closedByTerminal
        case .connectionLost: self = .connectionLost
        case .failed(let failure): self = failure.kind == .silence || failure.kind == .stalledWrite ? .silent : .protocolError
        case .endedByUs: self = .relayStopped
        }
    }
}
