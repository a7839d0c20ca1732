package import SSHKeys
package import Support

/// One change of who is known and who may do what: a value, before it is SQL or text.
package enum RegistryChange: Hashable, Sendable {
    /// Adds a terminal; without a port it gets the lowest free one of `RegistryLimits.allocatedPorts`.
    case addTerminal(TerminalName, ListeningPort?, key: PublicKey?)
    /// Sets or replaces a terminal's key.
    case approve(TerminalName, key: PublicKey)
    /// Lets a terminal's key in again, or shuts it out.
    case setTerminalEnabled(TerminalName, Bool)
    /// Forgets a terminal with its key, port and grants. Its past bridges and audit entries stay.
    case removeTerminal(TerminalName)
    /// Adds a member of staff with at least one key.
    case addStaff(StaffName, StaffMember.Role, keys: [AuthorizedKey])
    /// Lets a member of staff in again, or shuts them out.
    case setStaffEnabled(StaffName, Bool)
    /// Forgets a member of staff with keys and grants. Past bridges and audit entries stay.
    case removeStaff(StaffName)
    /// Lets staff reach a terminal; an existing grant gets the new end.
    case grant(StaffName, TerminalName, until: WallTime?)
    /// Takes a grant back.
    case revoke(StaffName, TerminalName)
}

/// Bounds of the registry, each with its rule in `LedgerError`.
package enum RegistryLimits {
    /// Ports that are handed out when none is asked for. An explicit port may be any of `ListeningPort`.
    package static let allocatedPorts: ClosedRange<UInt16> = 20_000...29_999
    /// Keys that one member of staff may have: more is a mistake with a file. Refused with `.tooManyKeys`.
    package static let keysPerStaff = 16
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
    case noGrant(StaffName, TerminalName)
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
