package import Support

/// Why the relay does not do what a peer asks. `sentence` is what the peer reads.
///
/// No case tells a member of staff whether a terminal exists that they have no grant for.
package enum Refusal: Error, Hashable, Sendable {
    /// Staff asked for a name that no terminal has, or that they have no grant for: one answer for both.
    case notYours(host: String)
    /// The same by listening port.
    case portNotYours(port: UInt32)
    /// An admin asked for a name that no terminal has.
    case noSuchTerminal(host: String)
    /// An admin asked for a listening port that no terminal has.
    case noSuchPort(port: UInt32)
    /// Staff asked for a terminal by name and for another port than 22.
    case nameWantsPort22(host: String, port: UInt32)
    /// The grant that staff had for this terminal is over.
    case grantEnded(terminal: TerminalName, at: WallTime)
    /// The terminal is disabled in the registry.
    case terminalDisabled(TerminalName)
    /// The terminal holds no tunnel now.
    case offline(terminal: TerminalName, lastSeen: WallTime?, at: WallTime)
    /// A terminal asked to listen on a port that is not its own.
    case portIsNotYours(asked: UInt32, own: ListeningPort)
    /// A terminal asked to listen at an address that means something else than the relay itself.
    case addressNotListenable(address: String)
    /// A terminal asked for a port that it already holds on this connection.
    case alreadyListening(ListeningPort)
    /// A terminal key asked for something that only staff may, for example a shell or a bridge.
    case terminalKeyMayOnlyListen(asked: String)
    /// Staff asked for something that the relay does not do, for example agent forwarding or `-R`.
    case notOffered(asked: String)
    /// The key was removed, disabled or replaced, or its owner was.
    case keyNoLongerValid
    /// The key of a member of staff was to be used until then.
    case keyEnded(at: WallTime)
    /// A newer connection with the same key took the port.
    case takenOver(by: String)
    /// Two live connections keep taking the same key's port from each other: this one has to wait.
    case clonedKey(retryAfter: Duration)
    /// Support for this terminal was open as long as the relay allows.
    case supportOver(terminal: TerminalName, limit: Duration)
    /// A bound on bridges or connections is reached.
    case tooMany(what: String, limit: Int)
    /// The relay is about to end.
    case relayStops
    /// The relay lets what is open come to its end before it restarts, and begins nothing new.
    case relayDrains

    /// The sentence for the peer: one line, printable, values of the peer escaped and shortened.
    package var sentence: String {
        switch self {
        case .notYours(let host):
            "there is no terminal \(Self.quoted(host)) that you may reach; see: ssh RELAY terminals"
        case .portNotYours(let port):
            "there is no terminal with listening port \(port) that you may reach; see: ssh RELAY terminals"
        case .noSuchTerminal(let host):
            "there is no terminal \(Self.quoted(host))"
        case .noSuchPort(let port):
            "no terminal has listening port \(port)"
        case .nameWantsPort22(let host, let port):
            "a terminal is reached by name at port 22, not at \(port): use \(Self.quoted(host)) without -p, or localhost with its listening port"
        case .grantEnded(let terminal, let end):
            "your grant for \(terminal) ended at \(end)"
        case .terminalDisabled(let terminal):
            "\(terminal) is disabled on the relay"
        case .offline(let terminal, let lastSeen, let now):
            if let lastSeen {
                "\(terminal) is not connected (last seen \(TimeAgo.text(since: lastSeen, now: now)))"
            } else {
                "\(terminal) is not connected (it has never been)"
            }
        case .portIsNotYours(let asked, let own):
            "listening port \(asked) does not belong to this terminal: its port is \(own)"
        case .addressNotListenable(let address):
            "cannot listen at \(Self.quoted(address)): ask for localhost"
        case .alreadyListening(let port):
            "listening port \(port) is already held by this connection"
        case .terminalKeyMayOnlyListen(let asked):
            "a terminal's key may only ask for its listening port, not for \(Self.shown(asked))"
        case .notOffered(let asked):
            "this relay does not offer \(Self.shown(asked))"
        case .keyNoLongerValid:
            "this key is no longer accepted here"
        case .keyEnded(let end):
            "this key was good until \(end): ask an admin of the relay to let it in for longer, or to add another one"
        case .takenOver(let source):
            "a newer connection with the same key, from \(Self.shown(source)), took over"
        case .clonedKey(let wait):
            "two machines use this terminal's key and take over from each other: try again in \(wait.components.seconds) s"
        case .tooMany(let what, let limit):
            "too many \(what): at most \(limit)"
        case .supportOver(let terminal, let limit):
            "support for \(terminal) was open for \(Self.length(limit)), this relay's limit: ask support to renew it "
                + "(ssh RELAY terminal renew \(terminal)), or stop for \(Self.length(.seconds(SupportPeriod.away))) and start again"
        case .relayStops:
            "the relay is stopping"
        case .relayDrains:
            "the relay is about to restart and takes nothing new: try again in a few minutes"
        }
    }

    /// How many characters of a peer's text a sentence repeats.
    private static let longestQuotedName = 64

    private static func length(_ time: Duration) -> String {
        SupportDuration(seconds: time.components.seconds)?.description ?? "\(time.components.seconds)s"
    }

    private static func quoted(_ text: String) -> String { "\"\(shown(text))\"" }

    private static func shown(_ text: String) -> String {
        Printable.escaped(text.count > longestQuotedName ? String(text.prefix(longestQuotedName)) + "…" : text)
    }
}
