package import Support

/// Something that happened at the relay and that whoever watches it is told: by `events`, and by webhooks.
///
/// Written in the same transaction as what it tells of, so it is told if and only if that happened.
package struct Occurrence: Hashable, Sendable {
    /// What happened. The raw value is the word for people and programs; a released one never changes its meaning.
    package enum Kind: String, CaseIterable, Hashable, Sendable {
        /// A terminal came: its customer opened support.
        case terminalOnline = "terminal.online"
        /// It lost its line and is back within a minute (`OnlinePeriod.rejoinTime`).
        case terminalReconnect = "terminal.reconnect"
        /// Its tunnel ended.
        case terminalOffline = "terminal.offline"
        /// A key came with a join code and waits for approval.
        case keyWaits = "terminal.key-waits"
        /// A terminal has another key than before: approved, or come with a request that approves itself.
        case keyApproved = "terminal.approve"
        /// A terminal reports other host keys than staff are told to expect.
        case hostKeysChanged = "terminal.host-keys-changed"
        /// Two places use one terminal's key.
        case cloneSuspected = "terminal.clone-suspected"
        /// Staff were joined to a terminal.
        case sessionOpened = "session.open"
        /// A session ended.
        case sessionClosed = "session.close"
    }

    /// What there is to say beside kind and terminal; what does not apply is `nil`. Texts are printable.
    package struct Facts: Hashable, Sendable {
        /// The peer as `address:port`: the terminal, or the member of staff.
        package var from: String?
        /// The other place that uses the key.
        package var alsoFrom: String?
        /// The software at the terminal's end.
        package var clientVersion: String?
        /// Why it ended.
        package var reason: String?
        /// Fingerprint of the key, or of the keys, with commas between them.
        package var key: String?
        /// Who, by name.
        package var staff: String?
        /// The session, as `end` takes it.
        package var session: String?
        /// How long it was, in seconds.
        package var seconds: Int64?
        /// Bytes from staff to the terminal.
        package var bytesToTerminal: Int64?
        /// Bytes from the terminal to staff.
        package var bytesFromTerminal: Int64?

        /// Nothing but what is given.
        package init(
            from: String? = nil, alsoFrom: String? = nil, clientVersion: String? = nil, reason: String? = nil, key: String? = nil,
            staff: String? = nil, session: String? = nil, seconds: Int64? = nil, bytesToTerminal: Int64? = nil,
            bytesFromTerminal: Int64? = nil
        ) {
            self.from = from
            self.alsoFrom = alsoFrom
            self.clientVersion = clientVersion
            self.reason = reason
            self.key = key
            self.staff = staff
            self.session = session
            self.seconds = seconds
            self.bytesToTerminal = bytesToTerminal
            self.bytesFromTerminal = bytesFromTerminal
        }
    }

    /// Its place: grows from one to the next. Counted by the store, so it goes back with a restored backup.
    package let number: Int64
    /// When it happened.
    package let at: WallTime
    /// What.
    package let kind: Kind
    /// At which terminal.
    package let terminal: TerminalID
    /// The terminal's name at that time.
    package let name: String
    /// More.
    package let facts: Facts

    /// An occurrence from its parts.
    package init(number: Int64, at: WallTime, kind: Kind, terminal: TerminalID, name: String, facts: Facts) {
        self.number = number
        self.at = at
        self.kind = kind
        self.terminal = terminal
        self.name = name
        self.facts = facts
    }

    /// Occurrences that the store keeps, the newest: some 25 MB. It is the buffer of all who read them, however slowly, so that nobody
    /// else's memory is.
    package static let kept = 100_000
}

/// Occurrences behind a number, oldest first.
package struct OccurrencePage: Hashable, Sendable {
    /// In order; not more than were asked for.
    package let occurrences: [Occurrence]
    /// How many behind the number had been dropped before they were read.
    package let lost: Int64

    /// A page from its parts.
    package init(occurrences: [Occurrence], lost: Int64) {
        self.occurrences = occurrences
        self.lost = lost
    }
}
