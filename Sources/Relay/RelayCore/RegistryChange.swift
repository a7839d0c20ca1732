package import SSHKeys
package import Support

/// One change of who is known and who may do what: a value, before it is SQL or text.
package enum RegistryChange: Hashable, Sendable {
    /// Adds a terminal; without a port it gets the lowest free one of `RegistryLimits.allocatedPorts`.
    case addTerminal(TerminalName, ListeningPort?, key: PublicKey?)
    /// Sets a terminal's key. In place of another one it is refused, unless `mayReplace` says so or a request is open that asked for a key.
    case approve(TerminalName, key: PublicKey, mayReplace: Bool = false)
    /// Lets a terminal's key in again, or shuts it out.
    case setTerminalEnabled(TerminalName, Bool)
    /// Lets a terminal's support stay open for another period.
    case renewSupport(TerminalName)
    /// Forgets a terminal with its key, port and grants. Its past bridges and audit entries stay.
    case removeTerminal(TerminalName)
    /// Adds a member of staff with at least one key; from `until` on the keys open nothing.
    case addStaff(StaffName, StaffMember.Role, keys: [AuthorizedKey], until: WallTime? = nil)
    /// Lets a member of staff in again, or shuts them out.
    case setStaffEnabled(StaffName, Bool)
    /// Forgets a member of staff with keys and grants. Past bridges and audit entries stay.
    case removeStaff(StaffName)
    /// Lets staff reach terminals; an existing grant gets the new end.
    case grant(GranteeName, GrantTargetName, until: WallTime?)
    /// Takes a grant back.
    case revoke(GranteeName, GrantTargetName)
    /// Adds keys to those of a member of staff; from `until` on they open nothing.
    case addStaffKeys(StaffName, [AuthorizedKey], until: WallTime? = nil)
    /// Sets from when on a key of a member of staff opens nothing; `nil`: it has no end.
    case limitStaffKey(StaffName, Fingerprint, until: WallTime?)
    /// Takes one key from a member of staff; never the last one.
    case removeStaffKey(StaffName, Fingerprint)
    /// Gives a member of staff another role.
    case setRole(StaffName, StaffMember.Role)
    /// Adds an empty group.
    case addGroup(GroupName)
    /// Forgets a group with its grants; its members stay.
    case removeGroup(GroupName)
    /// Puts a member of staff into a group, or takes them out.
    case setMember(GroupName, StaffName, Bool)
    /// Marks a terminal with a tag, or takes it off.
    case setTag(TerminalName, TerminalTag, Bool)
    /// Sets what is known about a terminal; `nil` leaves it as it is.
    case setDetails(TerminalName, organisation: String?, notes: String?)
    /// Makes a support request: adds the terminal if there is none, and ends an earlier request for it.
    case request(RequestOrder)
    /// Ends a terminal's request: its code, or the key that waits, is no longer taken. The terminal stays.
    case cancelRequest(TerminalName)
    /// Makes the key that waits for approval the terminal's key; `nil`: whichever it is.
    case approveWaiting(TerminalName, Fingerprint?)
    /// Makes the changed host keys of a terminal those that staff are told, if this is the fingerprint of a new one among them; `nil`:
    /// whichever they are.
    case acceptHostKeys(TerminalName, Fingerprint?)
    /// Sets the line that staff see when they connect, or takes it away.
    case announce(Announcement?)
    /// Notes a step from one host key of the relay to another; the fingerprint is that of the key that the step is about.
    case relayKey(RelayKeyStep, Fingerprint)
}

/// A step on the way from one host key of the relay to another (SECURITY U03). The raw value is the command's last word.
package enum RelayKeyStep: String, Hashable, Sendable {
    /// Makes a second key, which is announced beside the one that is shown. Nobody has learned it yet.
    case prepare
    /// Shows the second key from now on, and announces the first one beside it; once more: back again.
    case switchOver = "switch"
    /// Forgets the key that is not shown.
    case retire
}

/// A line for everybody on the staff, shown when they connect.
package struct Announcement: Hashable, Sendable {
    /// One printable line, at most `RegistryLimits.announcement` characters.
    package let text: String
    /// From when on it is no longer shown; `nil`: until it is taken away.
    package let until: WallTime?

    /// An announcement from its parts.
    package init(text: String, until: WallTime?) {
        self.text = text
        self.until = until
    }
}

/// Bounds of the registry, each with its rule in `LedgerError`.
package enum RegistryLimits {
    /// Ports that are handed out when none is asked for. An explicit port may be any of `ListeningPort`.
    package static let allocatedPorts: ClosedRange<UInt16> = 20_000...29_999
    /// Keys that one member of staff may have: more is a mistake with a file. Refused with `.tooManyKeys`.
    package static let keysPerStaff = 16
    /// Codes that are over and whose presenters are told why: the newest ones. The presenters of older ones are told nothing.
    package static let rememberedCodes = 1_000
    /// Requests that are not over: each is a code that an attacker may try, and a row of the snapshot. Refused with `.tooManyRequests`.
    package static let openRequests = 1_000
    /// Tags of one terminal. Refused with `.tooManyTags`.
    package static let tagsPerTerminal = 16
    /// Characters of a request's purpose, an organisation or notes.
    package static let text = 200
    /// Characters of an announcement: two lines of a terminal.
    package static let announcement = 150
    /// How long a code may be used at most, seconds. Refused with a `ParseError`.
    package static let longestRequest: Int64 = 90 * 86_400
}

/// Whose key it is, in words.
package enum KeyHolder: Hashable, Sendable {
    /// A terminal's key.
    case terminal(TerminalName)
    /// A staff member's key.
    case staff(StaffName)
}

/// Why the ledger did not do a change, or does not open. Nothing has changed then.
package enum LedgerError: Error, Hashable, Sendable {
    /// A terminal of this name exists.
    case terminalExists(TerminalName)
    /// No terminal has this name.
    case noTerminal(TerminalName)
    /// A member of staff of this name exists.
    case staffExists(StaffName)
    /// No member of staff has this name.
    case noStaff(StaffName)
    /// The listening port belongs to another terminal.
    case portTaken(ListeningPort, by: TerminalName)
    /// No port of `RegistryLimits.allocatedPorts` is free.
    case portsExhausted
    /// The key belongs to somebody already, perhaps to the very principal that it was given for.
    case keyTaken(PublicKey, by: KeyHolder)
    /// More than `RegistryLimits.keysPerStaff`.
    case tooManyKeys(count: Int)
    /// A member of staff without any key.
    case noKeys
    /// There is no grant to revoke.
    case noGrant(GranteeName, GrantTargetName)
    /// A group of this name exists.
    case groupExists(GroupName)
    /// No group has this name.
    case noGroup(GroupName)
    /// The member of staff has no such key.
    case noStaffKey(StaffName, Fingerprint)
    /// It is the only key of this member of staff.
    case lastKey(StaffName)
    /// More than `RegistryLimits.tagsPerTerminal`.
    case tooManyTags(TerminalName)
    /// More than `RegistryLimits.openRequests`.
    case tooManyRequests
    /// There is no request for this terminal that is not over.
    case noRequest(TerminalName)
    /// A request that approves itself, for a terminal that has a key.
    case wouldReplaceKey(TerminalName)
    /// The terminal has another key than the one that was given, and nobody said that it may be replaced.
    case hasOtherKey(TerminalName, its: Fingerprint, given: Fingerprint)
    /// No key waits for approval.
    case nothingWaits(TerminalName)
    /// Another key than the one that was named waits for approval.
    case otherKeyWaits(TerminalName, Fingerprint)
    /// There are no changed host keys to accept.
    case noChangedHostKeys(TerminalName)
    /// Other host keys than the one that was named are to be accepted: these.
    case otherHostKeys(TerminalName, [Fingerprint])
    /// There is no store at this path: `init` was not run.
    case missing(path: String)
    /// There is a store already.
    case exists(path: String)
    /// The file is not an undamaged store; `detail` is what the check found.
    case damaged(path: String, detail: String)
    /// The store was written by a newer version of this program.
    case tooNew(path: String, version: Int64, known: Int64)
    /// The store cannot be read or written now: disk full, permissions, input/output error.
    case unavailable(detail: String)
}
