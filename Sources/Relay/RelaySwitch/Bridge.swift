import EventLoops
import RelayCore
import SSHProtocol
import SSHServer
import Support
import SystemCalls

/// A member of staff's `direct-tcpip` channel joined, or about to be joined, to a `forwarded-tcpip` channel of a tunnel.
///
/// Lives on the switchboard of both connections. Its data never passes through here: the two ends do that.
final class Bridge: ChannelEndObserver {
    private enum Stage {
        /// The terminal has been asked.
        case opening
        /// Joined.
        case open(staffEnd: ChannelEnd, tunnelEnd: ChannelEnd)
        case over
    }

    let id: BridgeID
    let staff: StaffID
    let terminal: Terminal
    let openedAt: WallTime
    // Held until the bridge is over: bytes may still wait for one side when the other has gone.
    let staffConnection: SocketConnection
    let tunnelConnection: SocketConnection
    let staffChannel: ChannelID
    let tunnelChannel: ChannelID
    private let staffSource: String
    private var stage: Stage
    /// When the terminal must have answered.
    private let deadline: MonotonicTime
    /// Why it ends, if it was us who ended it.
    private var reason: BridgeEnd?
    /// Ends of channels that are not over yet.
    private var openEnds = 2
    unowned var board: Switchboard

    /// Asks the terminal for its side. `nil` if its connection has as many channels as it may.
    init?(
        id: BridgeID, staff: StaffID, terminal: Terminal, staffConnection: SocketConnection, staffChannel: ChannelID,
        tunnel: Tunnel, board: Switchboard
    ) {
        let originator = ForwardedEndpoint(
            host: staffConnection.source.address.description, port: UInt32(staffConnection.source.port))
        let tunnelConnection = tunnel.connection
        guard let tunnelChannel = tunnelConnection.ssh.openForwarded(listener: tunnel.listener, originator: originator) else { return nil }
        self.id = id
        self.staff = staff
        self.terminal = terminal
        self.staffConnection = staffConnection
        self.tunnelConnection = tunnelConnection
        self.staffChannel = staffChannel
        self.tunnelChannel = tunnelChannel
        self.board = board
        staffSource = staffConnection.source.description
        openedAt = board.wallTime
        deadline = board.loop.events.now + SwitchLimits.bridgeOpening
        stage = .opening
        tunnelConnection.needsFlush()
    }

    // MARK: Opening

    /// The terminal agreed: joins both sides and lets staff in.
    func opened() {
        guard case .opening = stage else { return }
        let staffEnd = staffConnection.makeEnd(staffChannel, observer: self)
        let tunnelEnd = tunnelConnection.makeEnd(tunnelChannel, observer: self)
        ChannelEnd.join(staffEnd, tunnelEnd)
        stage = .open(staffEnd: staffEnd, tunnelEnd: tunnelEnd)
        staffConnection.ssh.accept(staffChannel)
        staffConnection.needsFlush()
        board.bridgeOpened(self)
    }

    /// The terminal refused.
    func refused(_ sentence: String) {
        abandon("\(terminal.name) did not accept the connection: \(Printable.escaped(sentence))", closesTunnelChannel: false)
    }

    /// Gives up if the terminal has not answered in time.
    func checkDeadline(_ now: MonotonicTime) {
        guard case .opening = stage, now >= deadline else { return }
        abandon("\(terminal.name) did not answer within \(SwitchLimits.bridgeOpening.components.seconds) s", closesTunnelChannel: true)
    }

    private func abandon(_ sentence: String, closesTunnelChannel: Bool) {
        guard case .opening = stage else { return }
        stage = .over
        staffConnection.ssh.refuse(staffChannel, .connectFailed, sentence)
        staffConnection.needsFlush()
        if closesTunnelChannel {
            tunnelConnection.ssh.close(tunnelChannel)
            tunnelConnection.needsFlush()
        }
        board.bridgeGone(self)
    }

    // MARK: Ending

    /// Ends it from our side.
    func end(_ reason: BridgeEnd, sentence: String) {
        switch stage {
        case .opening: abandon(sentence, closesTunnelChannel: true)
        case .open(let staffEnd, let tunnelEnd):
            if self.reason == nil { self.reason = reason }
            staffEnd.abort()
            tunnelEnd.abort()
        case .over: break
        }
    }

    /// One of the two connections has ended.
    func connectionEnded(_ connection: SocketConnection) {
        if reason == nil { reason = connection === tunnelConnection ? .tunnelEnded : .staffLeft }
        guard case .opening = stage else { return }
        if connection === tunnelConnection {
            abandon("\(terminal.name) disconnected", closesTunnelChannel: false)
        } else {
            stage = .over
            tunnelConnection.ssh.close(tunnelChannel)
            tunnelConnection.needsFlush()
            board.bridgeGone(self)
        }
    }

    func channelEndClosed(_ end: ChannelEnd) {
        openEnds -= 1
        guard openEnds == 0, case .open(let staffEnd, let tunnelEnd) = stage else { return }
        stage = .over
        board.bridgeClosed(
            self, bytesToTerminal: tunnelEnd.sentBytes, bytesFromTerminal: staffEnd.sentBytes, reason: reason ?? .finished)
        board.bridgeGone(self)
    }

    // MARK: For reports

    /// What commands see; `nil` while it is opening.
    var live: LiveBridge? {
        guard case .open(let staffEnd, let tunnelEnd) = stage else { return nil }
        return LiveBridge(
            id: id, staff: staff, terminal: terminal.id, source: staffSource, since: openedAt, bytesToTerminal: tunnelEnd.sentBytes,
            bytesFromTerminal: staffEnd.sentBytes)
    }
}

/// A terminal's tunnel: a connection with its granted `tcpip-forward`.
struct Tunnel {
    unowned let connection: SocketConnection
    /// Address and port as the terminal's request had them, but for port 0, which was answered with the port: what stock clients compare
    /// `forwarded-tcpip` with.
    let listener: ForwardedEndpoint
    /// The request as it was, to recognise its cancellation.
    let requested: ForwardedEndpoint
    let since: WallTime
    let port: ListeningPort
}
