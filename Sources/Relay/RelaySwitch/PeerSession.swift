import EventLoops
import RelayCore
import SSHCrypto
import SSHKeys
import SSHProtocol
import SSHServer
import Support
import SystemCalls

/// What a connection to the relay is for: first nothing, then a terminal's or a member of staff's, by the key it proved.
final class PeerSession: ConnectionSession, ChannelEndObserver {
    /// Who it is.
    enum Role {
        case stranger
        /// A key that came with a join code; what becomes of it is being decided. The forward that it has asked for meanwhile waits.
        case joining(PublicKey, forward: ForwardedEndpoint?)
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
    private var hasToldOfSpentCode = false
    /// When the tunnel's period of support is over; `nil`: never, or there is no tunnel.
    private(set) var supportEnds: MonotonicTime?
    /// Sessions of staff that have a pty: their end is a screen in raw mode.
    private var screens: Set<ChannelID> = []
    /// Sessions of a terminal that are being told why nothing runs.
    private var refusedSessions: Set<ChannelID> = []
    /// Reports that this terminal has sent on this connection.
    private var reports = 0

    init(_ connection: SocketConnection, board: Switchboard) {
        self.connection = connection
        self.board = board
    }

    /// Who it proved to be; `nil` for a stranger.
    var principal: Principal? {
        switch role {
        case .stranger, .joining: nil
        case .terminal(let id, _, _): .terminal(id)
        case .staff(let id, _): .staff(id)
        }
    }

    /// The key it proved.
    var key: PublicKey? {
        switch role {
        case .stranger: nil
        case .joining(let key, _), .terminal(_, let key, _), .staff(_, let key): key
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
        case .keyOffered(let user, let key):
            let isKnown = isKnown(key, user: user)
            if !isKnown { report("key \(key.fingerprint)", whyUnknown(key, user: user)) }
            connection.ssh.answerKey(isKnown: isKnown, banner: isKnown ? board.banner(for: key) : bannerOfSpentCode(user))
        case .authenticated(let user, let key):
            authenticated(key, user: user)
        case .forwardRequested(let endpoint):
            forwardRequested(endpoint)
        case .forwardCancelled(let endpoint):
            forwardCancelled(endpoint)
        case .hostKeyProved(let hostKey):
            if let principal, let key {
                board.report(.learnedHostKey(principal, key: key, hostKey: hostKey.fingerprint, at: board.wallTime))
            }
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
            sessionOver(id)
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

    /// Whether a key may prove itself: it belongs to somebody, waits to, or comes with a code that is open; or it is a disabled terminal's, or
    /// a member of staff's whose time is over, who are told so.
    private func isKnown(_ key: PublicKey, user: String) -> Bool {
        board.registry.principal(for: key, at: board.wallTime) != nil || board.registry.end(of: key) != nil
            || board.registry.terminal(awaitedBy: key) != nil || openCode(user) != nil
            || disabledTerminal(key) != nil
    }

    private func disabledTerminal(_ key: PublicKey) -> Terminal? {
        guard case .terminal(let id) = board.registry.disabledPrincipal(for: key) else { return nil }
        return board.registry.terminal(id)
    }

    /// Why a key may not prove itself, for the audit log.
    private func whyUnknown(_ key: PublicKey, user: String) -> String {
        if case .staff(let id) = board.registry.disabledPrincipal(for: key) {
            return "staff \(board.registry.staff(id)?.name.description ?? "") is disabled"
        }
        guard JoinCode(userName: user) != nil else { return "nobody here has this key" }
        return spentCode(user)?.sentence ?? "its join code is none of this relay"
    }

    /// What a peer with a join code that is over is told, once: a client offers each of its keys with it.
    private func bannerOfSpentCode(_ user: String) -> String? {
        guard !hasToldOfSpentCode, let spent = spentCode(user) else { return nil }
        hasToldOfSpentCode = true
        return "towline-relay: \(spent.sentence)\r\n"
    }

    private func spentCode(_ user: String) -> SpentCode? {
        JoinCode(userName: user).flatMap { board.registry.spentCode(digest: digest(.sha256, of: $0.bytes), at: board.wallTime) }
    }

    /// The SHA-256 of the join code in a user name, if the code can be used now.
    private func openCode(_ user: String) -> [UInt8]? {
        guard let code = JoinCode(userName: user) else { return nil }
        let digest = digest(.sha256, of: code.bytes)
        return board.registry.isOpen(codeDigest: digest, at: board.wallTime) ? digest : nil
    }

    private func authenticated(_ key: PublicKey, user: String) {
        switch board.registry.principal(for: key, at: board.wallTime) {
        case .terminal(let id): role = .terminal(id, key, nil)
        case .staff(let id):
            role = .staff(id, key)
            board.report(.keyUsed(id, key, at: board.wallTime))
        case nil:
            if let terminal = board.registry.terminal(awaitedBy: key) {
                tellThatItWaits(terminal.name, key)
            } else if let codeDigest = openCode(user) {
                role = .joining(key, forward: nil)
                board.enrol(key, codeDigest: codeDigest, for: connection)
            } else if let terminal = disabledTerminal(key) {
                let sentence = Refusal.terminalDisabled(terminal.name).sentence
                report("key \(key.fingerprint)", sentence)
                connection.disconnect(.hostNotAllowedToConnect, sentence)
            } else {
                let sentence = whyInvalid(key).sentence
                report("key \(key.fingerprint)", sentence)
                connection.disconnect(.hostNotAllowedToConnect, sentence)
            }
        }
        announceHostKeys()
        if let principal, !connection.ssh.isStrict { board.servedWithoutStrictKeyExchange(self, principal) }
    }

    /// Tells which host keys the relay has, if there is one beside the one that is shown, or if this peer was told of others before: it is to
    /// forget those that are gone.
    func announceHostKeys() {
        guard principal != nil, let key else { return }
        let keys = board.loop.identity.hostKeys
        guard keys.count > 1 || board.registry.hostKeyLearned(by: key) != nil else { return }
        connection.ssh.announce(keys)
        connection.needsFlush()
    }

    /// What became of a key that came with a join code.
    func enrolled(_ enrolment: Enrolment) {
        guard case .joining(let key, let forward) = role else { return }
        switch enrolment {
        case .waiting(let name):
            tellThatItWaits(name, key)
        case .refused:
            report("joining", Refusal.keyNoLongerValid.sentence)
            connection.disconnect(.hostNotAllowedToConnect, Refusal.keyNoLongerValid.sentence)
        case .active(let id):
            guard board.registry.isStillValid(.terminal(id), key: key, at: board.wallTime) else {
                return connection.disconnect(.hostNotAllowedToConnect, Refusal.keyNoLongerValid.sentence)
            }
            role = .terminal(id, key, nil)
            if let forward {
                forwardRequested(forward)
                connection.proceed()
            }
        }
    }

    /// The stock client prints the reason of a disconnection.
    private func tellThatItWaits(_ terminal: TerminalName, _ key: PublicKey) {
        connection.disconnect(.byApplication, JoinNotice.sentence(terminal: terminal, key: key.fingerprint))
    }

    /// Looks again at whether this peer may be what it is, after the registry changed.
    func rejudge() {
        guard let principal, let key else { return }
        var isValid = board.registry.isStillValid(principal, key: key, at: board.wallTime)
        if case .terminal(let id) = principal, let tunnel {
            isValid = isValid && board.registry.terminal(id).map { UInt32($0.listeningPort.rawValue) } == tunnel.listener.port
        }
        if isValid { return }
        loseTunnel(.revoked)
        let sentence = whyInvalid(key).sentence
        for bridge in Array(bridges.values) { bridge.end(.revoked, sentence: sentence) }
        connection.disconnect(.hostNotAllowedToConnect, sentence)
    }

    /// Whether the key that it proved was to be used until a time that is over.
    func keyIsOver(at now: WallTime) -> Bool {
        guard let key, let end = board.registry.end(of: key) else { return false }
        return now >= end
    }

    private func whyInvalid(_ key: PublicKey) -> Refusal { board.registry.end(of: key).map { .keyEnded(at: $0) } ?? .keyNoLongerValid }

    // MARK: The tunnel

    /// Decides about a tunnel, now or later; the peer is not read until it is answered.
    func forwardRequested(_ endpoint: ForwardedEndpoint) {
        if case .joining(let key, _) = role {
            role = .joining(key, forward: endpoint)
            return
        }
        guard case .terminal(let id, let key, let held) = role else {
            return refuseForward(endpoint, .notOffered(asked: "remote forwarding (-R) to staff keys"))
        }
        if let held { return refuseForward(endpoint, .alreadyListening(held.port)) }
        if board.isDraining { return letGo() }
        switch board.registry.listening(address: endpoint.host, port: endpoint.port, by: id) {
        case .failure(let refusal):
            refuseForward(endpoint, refusal)
        case .success(let port):
            guard isSupportOpen(id) else { return }
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

    // MARK: The limit of support

    /// Whether the terminal may have its tunnel for now; if not, it is sent away with the reason.
    private func isSupportOpen(_ id: TerminalID) -> Bool {
        guard let terminal = board.registry.terminal(id) else { return true }
        switch board.judgeSupport(of: terminal) {
        case .open(let left):
            supportEnds = left.map { board.loop.events.now + $0 }
            return true
        case .over(let refusal):
            report("its tunnel", refusal.sentence)
            connection.disconnect(.byApplication, refusal.sentence)
            return false
        }
    }

    /// Counts the time that is left anew, after the limit or the registry changed.
    func renewSupport() {
        guard case .terminal(let id, _, .some) = role, let terminal = board.registry.terminal(id) else { return }
        supportEnds = board.supportLeft(terminal).map { board.loop.events.now + $0 }
    }

    /// Ends the tunnel, whose period of support is over.
    func endSupport() {
        supportEnds = nil
        guard case .terminal(let id, _, .some) = role, let terminal = board.registry.terminal(id),
            let refusal = board.supportIsOver(terminal)
        else { return }
        loseTunnel(.supportOver)
        connection.disconnect(.byApplication, refusal.sentence)
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

    /// The relay is about to restart: the terminal is to look for another one, or to come back.
    func letGo() {
        connection.disconnect(.byApplication, Refusal.relayDrains.sentence)
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
        case (.staff, .session), (.terminal, .session):
            connection.ssh.accept(id)
        case (.staff(let staff, _), .directTCPIP(let target, _)):
            board.openBridge(BridgeRequest(staff: staff, connection: connection.id, channel: id, target: target), from: self)
        case (.terminal, .directTCPIP), (.joining, .session), (.joining, .directTCPIP):
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
        var refusal: Refusal?
        switch (request, role) {
        case (.exec(let command), .staff): isGranted = start(String(decoding: command, as: UTF8.self), on: id)
        case (.shell, .staff): isGranted = start("", on: id)
        // One request a session: it has an end already.
        case (.exec, .terminal) where isInUse(id), (.shell, .terminal) where isInUse(id): isGranted = false
        case (.exec(let command), .terminal):
            refusal = startReport(String(decoding: command, as: UTF8.self), on: id)
            isGranted = true
        case (.shell, .terminal):
            refusal = .terminalKeyMayOnlyListen(asked: "a shell")
            isGranted = true
        case (.pty, .staff):
            screens.insert(id)
            isGranted = true
        case (.environment, _), (.windowChange, _): isGranted = true
        case (.exec, _), (.shell, _), (.pty, _), (.other, _): isGranted = false
        }
        if wantsReply { connection.ssh.answerRequest(id, isGranted: isGranted) }
        if let refusal { refuseSession(id, refusal) }
        if !isGranted, case .terminal = role {
            report("a session", Refusal.terminalKeyMayOnlyListen(asked: "a subsystem or a pty").sentence)
        }
        connection.needsFlush()
    }

    func channelEndClosed(_ end: ChannelEnd) { sessionOver(end.id) }

    /// Forgets a session channel that is over: its number may be another one's next.
    func sessionOver(_ id: ChannelID) {
        commands[id] = nil
        refusedSessions.remove(id)
        screens.remove(id)
    }

    private func isInUse(_ session: ChannelID) -> Bool { commands[session] != nil || refusedSessions.contains(session) }

    /// Tells why there is nothing to run: a stock client prints it, while of a refused request it prints nothing but that it was refused.
    private func refuseSession(_ id: ChannelID, _ refusal: Refusal) {
        report("a session", refusal.sentence)
        refusedSessions.insert(id)
        let end = connection.makeEnd(id, observer: self)
        Array("towline-relay: \(refusal.sentence)\n".utf8).withUnsafeBytes { end.writeError($0) }
        end.close(exitStatus: UInt32(bitPattern: ExitStatus.refused.rawValue))
    }

    private func start(_ line: String, on id: ChannelID) -> Bool {
        guard commands[id] == nil, let principal, let key else { return false }
        // A quotation mark that is left open, as in `--for Anne's shop`, is text.
        let arguments = CommandWords.split(line) ?? line.split(whereSeparator: \.isWhitespace).map(String.init)
        let caller = Caller.principal(principal, key: key, source: connection.source.description)
        commands[id] = CommandChannel(arguments, caller: caller, session: self, channel: id, isOnScreen: screens.contains(id))
        return true
    }

    /// The only command of a terminal's key, for people and for programs.
    private static let terminalCommands: Set = ["report", "report --json"]

    /// Starts a terminal's report; why not, for anything else.
    private func startReport(_ line: String, on id: ChannelID) -> Refusal? {
        guard Self.terminalCommands.contains(line) else { return .terminalKeyMayOnlyListen(asked: "a command") }
        guard reports < SwitchLimits.reports else { return .tooMany(what: "reports on one connection", limit: SwitchLimits.reports) }
        reports += 1
        _ = start(line, on: id)
        return nil
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
        case .offline, .relayStops, .relayDrains: .connectFailed
        case .tooMany: .resourceShortage
        case .notYours, .portNotYours, .noSuchTerminal, .noSuchPort, .nameWantsPort22, .grantEnded, .terminalDisabled, .portIsNotYours,
            .addressNotListenable, .alreadyListening, .terminalKeyMayOnlyListen, .notOffered, .keyNoLongerValid, .keyEnded, .takenOver,
            .clonedKey, .supportOver:
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
