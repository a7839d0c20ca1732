package import Support

/// A tunnel that is held now.
package struct LiveTunnel: Hashable, Sendable {
    /// Whose.
    package let terminal: TerminalID
    /// The peer as `address:port`.
    package let source: String
    /// Since when the listening port is held by this connection.
    package let since: WallTime
    /// When bytes of the peer last arrived: the only proof of life there is.
    package let lastHeard: WallTime
    /// The software version of the peer's identification line (RFC 4253 §4.2), raw: escape it before showing it.
    package let clientVersion: String
    /// From where else the same key came lately, as `address:port`: the terminal was cloned, or its key was copied (SECURITY A06).
    package let rival: String?

    /// A tunnel from its parts.
    package init(terminal: TerminalID, source: String, since: WallTime, lastHeard: WallTime, clientVersion: String, rival: String? = nil) {
        self.terminal = terminal
        self.source = source
        self.since = since
        self.lastHeard = lastHeard
        self.clientVersion = clientVersion
        self.rival = rival
    }
}

/// A bridge that is open now.
package struct LiveBridge: Hashable, Sendable {
    /// Its number in this run of the relay.
    package let id: BridgeID
    /// Who opened it.
    package let staff: StaffID
    /// Where it leads.
    package let terminal: TerminalID
    /// The member of staff's end as `address:port`.
    package let source: String
    /// Since when.
    package let since: WallTime
    /// Bytes carried from staff to the terminal so far.
    package let bytesToTerminal: UInt64
    /// Bytes carried from the terminal to staff so far.
    package let bytesFromTerminal: UInt64

    /// A bridge from its parts.
    package init(
        id: BridgeID, staff: StaffID, terminal: TerminalID, source: String, since: WallTime, bytesToTerminal: UInt64,
        bytesFromTerminal: UInt64
    ) {
        self.id = id
        self.staff = staff
        self.terminal = terminal
        self.source = source
        self.since = since
        self.bytesToTerminal = bytesToTerminal
        self.bytesFromTerminal = bytesFromTerminal
    }
}

/// The running switch, as commands see it.
///
/// Today it is the switchboards of this process; with several relays it becomes "whoever holds this tunnel" (DESIGN §10).
package protocol LiveRelay: Sendable {
    /// The tunnels held now, in no order.
    func tunnels() async -> [LiveTunnel]
    /// Whether this terminal holds its tunnel now. Cheap: to be asked again and again by who waits for it.
    func isOnline(_ terminal: TerminalID) async -> Bool
    /// The bridges open now, in no order.
    func bridges() async -> [LiveBridge]
    /// Makes `registry` the one that decides, and re-judges all live connections and bridges by it.
    ///
    /// Returns when every switchboard decides by it; what it ends is closed at the latest 5 s later (DESIGN §4.3).
    func apply(_ registry: Registry) async
    /// Ends a bridge. `false` if there is none of this number (any more).
    func end(_ bridge: BridgeID) async -> Bool
}

/// Whether a command reads its standard input.
package enum InputUse: Hashable, Sendable {
    /// It does not: it runs at once.
    case none
    /// It runs when its input has ended.
    case required
    /// It runs when its input has ended, and without any if nothing comes within a moment: somebody sits before an open terminal.
    case optional
}

/// Where a command that goes on says what happens, before its reply.
package protocol CommandOutput: Sendable {
    /// Hands text over, and returns when the reader has taken it: what a slow reader has not taken is nowhere but there.
    /// - Returns: false if nobody reads any more; then the command ends.
    func write(_ text: String) async -> Bool
}

/// Runs a command line for a caller: the local operator's, or a member of staff's or a terminal's over ssh.
package protocol CommandRunner: Sendable {
    /// How a command uses its standard input.
    func inputUse(_ arguments: [String]) -> InputUse

    /// Runs one command and returns when its effect holds: committed in the store and applied to the running switch.
    /// - Parameters:
    ///   - arguments: the words of the command, without a program name.
    ///   - standardInput: what the command reads, at most what the transport allowed.
    ///   - caller: who gives it; what they may not do is a reply with status 1, not an error here.
    ///   - output: for a command that goes on; `nil`: the transport carries one reply only.
    func run(_ arguments: [String], standardInput: [UInt8], as caller: Caller, output: (any CommandOutput)?) async -> ControlReply
}
