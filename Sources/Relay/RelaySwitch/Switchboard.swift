import EventLoops
import RelayCore
import SSHCrypto
import SSHKeys
import SSHProtocol
import SSHServer
import Support
import SystemCalls

/// A member of staff's wish for a bridge, while the connection looks for the switchboard of the tunnel.
struct BridgeRequest: Sendable {
    let staff: StaffID
    /// The number of the staff connection.
    let connection: UInt64
    let channel: ChannelID
    let target: ForwardedEndpoint
    /// Moves made so far.
    var moves = 0
}

/// What moves when connections change their switchboard: all that have bridges with each other.
struct Company {
    var sessions: [PeerSession] = []
    /// The connections of the sessions: while they are on their way nobody else holds them.
    var connections: [SocketConnection] = []
    var bridges: [Bridge] = []
}

/// One loop's connections, tunnels and bridges. Connections that have a bridge are on the same switchboard, so data never changes threads.
/// Used on its loop only.
final class Switchboard {
    // Fixed before the loop starts.
    let index: Int
    let loop: ConnectionLoop
    let directory: TunnelDirectory
    let support: SupportPeriods
    let commands: any CommandRunner
    private let enroller: any Enroller
    /// All switchboards, this one among them, by index.
    var all: [LoopBound<Switchboard>] = []
    private let hostname: String
    private let bridgeNumbers: BridgeNumbers
    private let reportEvent: @Sendable (RelayEvent) -> Void

    // Owned by the loop.
    private(set) var registry: Registry
    private(set) var sessions: [UInt64: PeerSession] = [:]
    private(set) var bridges: [BridgeID: Bridge] = [:]
    /// How tunnels are let go before the relay restarts; `nil` while it serves.
    private var drain: DrainSchedule?
    /// Bytes of bridges that are over.
    private(set) var pastBytesToTerminals: UInt64 = 0
    private(set) var pastBytesFromTerminals: UInt64 = 0
    /// Tunnels asked for with a cloned key, by connection, and when to claim them again.
    private var claims: [UInt64: (endpoint: ForwardedEndpoint, at: MonotonicTime)] = [:]
    /// Versions of clients without strict key exchange that were reported.
    private var oldVersions: Set<String> = []
    private var tick: Timer?

    init(
        index: Int, events: EventLoop, identity: ServerIdentity, configuration: SwitchConfiguration, admission: Admission,
        numbers: ConnectionNumbers, directory: TunnelDirectory, support: SupportPeriods, bridgeNumbers: BridgeNumbers, registry: Registry,
        commands: any CommandRunner, enroller: any Enroller, report: @escaping @Sendable (RelayEvent) -> Void
    ) {
        self.enroller = enroller
        self.index = index
        self.directory = directory
        self.support = support
        self.bridgeNumbers = bridgeNumbers
        self.registry = registry
        self.commands = commands
        hostname = configuration.hostname
        reportEvent = report
        loop = ConnectionLoop(
            events: events, identity: identity, limits: configuration.limits, admission: admission, numbers: numbers)
        loop.makeSession = { [unowned self] connection in
            let session = PeerSession(connection, board: self)
            sessions[connection.id] = session
            return session
        }
        tick = events.schedule(every: SwitchLimits.rejudgeInterval) { [unowned self] in look() }
    }

    /// From now on peers are shown this identity's first host key; those that are here are told which ones there are.
    func show(_ identity: ServerIdentity) {
        loop.identity = identity
        for session in sessions.values { session.announceHostKeys() }
    }

    /// The time for people.
    var wallTime: WallTime { WallTime(secondsSince1970: WallClock.seconds) }

    func report(_ event: RelayEvent) {
        reportEvent(event)
    }

    /// Tells of a peer that was let in without strict key exchange. Policy (SECURITY P13): it is served, as many clients in use know
    /// nothing better, and what the attack could take away is EXT_INFO, which only saves such a client a guess.
    func servedWithoutStrictKeyExchange(_ session: PeerSession, _ who: Principal) {
        let version = session.connection.ssh.peerVersion
        guard oldVersions.count < SwitchLimits.reportedVersions, oldVersions.insert(version).inserted else { return }
        report(
            .servedWithoutStrictKeyExchange(
                source: session.connection.source.description, who: who, clientVersion: version, at: wallTime))
    }

    // MARK: Tunnels

    func tunnelBegan(_ terminal: TerminalID, _ session: PeerSession, takenFrom old: TunnelPlace?, isCloned: Bool) {
        let source = session.connection.source.description
        let now = wallTime
        report(.terminalOnline(terminal, source: source, clientVersion: session.connection.ssh.peerVersion, at: now))
        guard let old else { return }
        report(.tookOver(terminal, oldSource: old.source, newSource: source, at: now))
        if isCloned { report(.cloneSuspected(terminal, sources: [old.source, source], at: now)) }
        all[old.board].submit { $0.takenOver(old.connection, by: source) }
    }

    /// A connection's tunnel was claimed by a newer one. (If it is on its way to another switchboard, `adopt` finds out.)
    private func takenOver(_ connection: UInt64, by source: String) {
        sessions[connection]?.takenOver(by: source)
    }

    func tunnelEnded(_ terminal: TerminalID, _ session: PeerSession, _ why: TunnelEnd) {
        let lastHeard = lastHeard(session.connection)
        guard directory.release(terminal, connection: session.connection.id, lastHeard: lastHeard) else { return }
        report(
            .terminalOffline(
                terminal, source: session.connection.source.description, reason: why, lastHeard: lastHeard, at: wallTime))
    }

    func claimLater(_ connection: UInt64, _ endpoint: ForwardedEndpoint, after time: Duration) {
        claims[connection] = (endpoint, loop.events.now + time)
    }

    private func lastHeard(_ connection: SocketConnection) -> WallTime {
        let silence = connection.ssh.now - connection.ssh.heardAt
        return WallTime(secondsSince1970: WallClock.seconds - silence.components.seconds)
    }

    // MARK: Bridges

    /// Opens a bridge, here or, after a move, on the switchboard of the tunnel; staff are told why if not.
    func openBridge(_ request: BridgeRequest, from session: PeerSession) {
        if isDraining { return session.refuse(request.channel, .relayDrains) }
        let now = wallTime
        switch registry.destination(
            host: request.target.host, port: request.target.port, for: request.staff, at: now, relayHostname: hostname)
        {
        case .failure(let refusal):
            session.refuse(request.channel, refusal)
        case .success(let terminal):
            guard let place = directory.place(of: terminal.id) else {
                let seen = [terminal.lastSeen, directory.lastSeen(terminal.id)].compactMap(\.self).max()
                return session.refuse(request.channel, .offline(terminal: terminal.name, lastSeen: seen, at: now))
            }
            if place.board == index, let tunnel = sessions[place.connection]?.tunnel {
                join(request, session, terminal, tunnel)
            } else if request.moves < SwitchLimits.chase {
                session.await(request)
                loop.afterBatch { [unowned self] in move(request.connection, to: place.board) }
            } else {
                session.refuse(request.channel, .offline(terminal: terminal.name, lastSeen: now, at: now))
            }
        }
    }

    private func join(_ request: BridgeRequest, _ session: PeerSession, _ terminal: Terminal, _ tunnel: Tunnel) {
        let bridge = Bridge(
            id: bridgeNumbers.next(), staff: request.staff, terminal: terminal, staffConnection: session.connection,
            staffChannel: request.channel, tunnel: tunnel, board: self)
        guard let bridge else {
            return session.refuse(request.channel, .tooMany(what: "connections to \(terminal.name)", limit: ProtocolLimits.channels))
        }
        bridges[bridge.id] = bridge
        session.bridges[bridge.staffChannel] = bridge
        sessions[tunnel.connection.id]?.bridges[bridge.tunnelChannel] = bridge
    }

    func bridgeOpened(_ bridge: Bridge) {
        guard let key = sessions[bridge.staffConnection.id]?.key else { return }
        report(
            .bridgeOpened(
                bridge.id, bridge.staff, key: key.fingerprint, bridge.terminal.id, source: bridge.staffConnection.source.description,
                at: bridge.openedAt))
    }

    func bridgeClosed(_ bridge: Bridge, bytesToTerminal: UInt64, bytesFromTerminal: UInt64, reason: BridgeEnd) {
        pastBytesToTerminals += bytesToTerminal
        pastBytesFromTerminals += bytesFromTerminal
        report(
            .bridgeClosed(
                bridge.id, bytesToTerminal: bytesToTerminal, bytesFromTerminal: bytesFromTerminal, reason: reason, at: wallTime))
    }

    /// Forgets a bridge that is over.
    func bridgeGone(_ bridge: Bridge) {
        bridges[bridge.id] = nil
        sessions[bridge.staffConnection.id]?.forget(bridge)
        sessions[bridge.tunnelConnection.id]?.forget(bridge)
    }

    /// Ends a bridge by command.
    func end(_ id: BridgeID) -> Bool {
        guard let bridge = bridges[id] else { return false }
        bridge.end(.endedByOperator, sentence: "ended by the relay's operator")
        return true
    }

    // MARK: Moving

    /// Moves a connection, with its company, to where a tunnel is that it wants; its requests go along and are looked at again there.
    ///
    /// When several requests of one batch want different switchboards, the first move takes them all; the others find nobody here.
    private func move(_ connection: UInt64, to board: Int) {
        guard let session = sessions[connection], session.hasRequests, !session.connection.ssh.isClosed else { return }
        // Where the tunnel is said to be here but is not, it is on its way here: look again when it has come.
        if board == index {
            all[index].submit { $0.sessions[connection]?.tryRequests() }
        } else {
            all[board].submit(moving: letGo(of: session)) { $0.adopt($1) }
        }
    }

    /// Takes a session, all it has bridges with, all those have bridges with, and so on, off this switchboard.
    private func letGo(of session: PeerSession) -> Company {
        var company = Company(sessions: [session])
        var seen: Set<UInt64> = [session.connection.id]
        var next = 0
        while next < company.sessions.count {
            for bridge in company.sessions[next].bridges.values {
                if bridges.removeValue(forKey: bridge.id) != nil { company.bridges.append(bridge) }
                for connection in [bridge.staffConnection, bridge.tunnelConnection] where seen.insert(connection.id).inserted {
                    if let other = sessions[connection.id] { company.sessions.append(other) }
                }
            }
            next += 1
        }
        for session in company.sessions {
            company.connections.append(session.connection)
            sessions[session.connection.id] = nil
            loop.release(session.connection)
        }
        return company
    }

    private func adopt(_ company: Company) {
        for bridge in company.bridges {
            bridge.board = self
            bridges[bridge.id] = bridge
        }
        for session in company.sessions {
            session.board = self
            sessions[session.connection.id] = session
            if case .terminal(let id) = session.principal { directory.moved(id, connection: session.connection.id, to: index) }
        }
        for connection in company.connections { loop.adopt(connection) }
        for session in company.sessions { session.arrived() }
    }

    // MARK: Sessions

    func sessionEnded(_ session: PeerSession) {
        sessions[session.connection.id] = nil
        claims[session.connection.id] = nil
    }

    /// Replies to commands of a connection may be there.
    func repliesArrived(for connection: UInt64) {
        sessions[connection]?.collectReplies()
    }

    /// What staff with this key are shown when they log in; `nil`: nothing, or it is not a key of staff.
    func banner(for key: PublicKey) -> String? {
        guard case .staff = registry.principal(for: key, at: wallTime) else { return nil }
        return registry.announcement(at: wallTime).map { "*** \(Printable.escaped($0.text))\r\n" }
    }

    /// Lets the enroller decide about a key; the connection hears of it here: it has no bridge, so it does not move.
    func enrol(_ key: PublicKey, codeDigest: [UInt8], for connection: SocketConnection) {
        let (enroller, board, number, source) = (enroller, all[index], connection.id, connection.source.description)
        // One task for each use of a code: a decision that waits for the store.
        Task {
            let enrolment = await enroller.enrol(key, codeDigest: codeDigest, source: source)
            board.submit { $0.sessions[number]?.enrolled(enrolment) }
        }
    }

    /// A command of a connection has waited long enough for the beginning of its input.
    func inputPatienceEnded(_ connection: UInt64, _ channel: ChannelID) {
        sessions[connection]?.commands[channel]?.patienceEnded()
    }

    // MARK: Policy

    /// Makes `registry` the one that decides, and looks at all live connections and bridges again.
    func apply(_ registry: Registry) {
        self.registry = registry
        for session in Array(sessions.values) {
            session.rejudge()
            session.renewSupport()
        }
        look()
    }

    /// What time changes: grants that end, terminals that do not answer, claims that wait.
    private func look() {
        let now = wallTime
        for bridge in Array(bridges.values) {
            if !registry.mayStillReach(bridge.staff, bridge.terminal.id, at: now) {
                bridge.end(.revoked, sentence: "no longer allowed")
            } else {
                bridge.checkDeadline(loop.events.now)
            }
        }
        if registry.hasKeyEnds {
            for session in Array(sessions.values) where session.keyIsOver(at: now) { session.rejudge() }
        }
        letTunnelsGo()
        let ending = sessions.values.filter { session in session.supportEnds.map { $0 <= loop.events.now } ?? false }
        for session in ending { session.endSupport() }
        for (connection, claim) in claims where claim.at <= loop.events.now {
            claims[connection] = nil
            guard let session = sessions[connection] else { continue }
            session.forwardRequested(claim.endpoint)
            session.connection.proceed()
        }
    }

    // MARK: Ending

    /// Whether nothing new is begun because the relay is about to restart.
    var isDraining: Bool { drain != nil }

    /// Begins nothing new from now on, and lets tunnels that no bridge uses go, spread over `time`. Open bridges and commands go on.
    func beginDraining(over time: Duration) {
        if drain == nil { drain = DrainSchedule(over: time) }
    }

    private func letTunnelsGo() {
        let idle = sessions.values.filter { $0.tunnel != nil && $0.bridges.isEmpty }
        guard let count = drain?.next(of: idle.count) else { return }
        for session in idle.prefix(count) { session.letGo() }
    }

    /// Takes no more connections, and ends all there are.
    func stop() {
        loop.stopListening()
        for bridge in Array(bridges.values) { bridge.end(.relayStopped, sentence: Refusal.relayStops.sentence) }
        for session in Array(sessions.values) { session.connection.disconnect(.byApplication, Refusal.relayStops.sentence) }
    }

    // MARK: Reports

    var tunnels: [LiveTunnel] {
        sessions.values.compactMap { session in
            guard case .terminal(let id, _, let tunnel?) = session.role else { return nil }
            let source = session.connection.source.description
            return LiveTunnel(
                terminal: id, source: source, since: tunnel.since, lastHeard: lastHeard(session.connection),
                clientVersion: session.connection.ssh.peerVersion,
                rival: directory.rival(of: id, at: source, now: session.connection.ssh.now))
        }
    }

    var liveBridges: [LiveBridge] { bridges.values.compactMap(\.live) }
}
