package import SSHKeys
package import Support

/// A terminal as the relay knows it.
package struct Terminal: Hashable, Sendable {
    /// Its number in the registry.
    package let id: TerminalID
    /// Its name: what staff type.
    package let name: TerminalName
    /// The virtual port that belongs to this terminal only.
    package let listeningPort: ListeningPort
    /// The key that the terminal issued; `nil` until it was approved.
    package var key: PublicKey?
    /// `false`: its key opens nothing and no bridge reaches it.
    package var isEnabled: Bool
    /// When it was added.
    package let addedAt: WallTime
    /// When bytes of it last proved that it was there, as far as the store knows; `nil`: never.
    package var lastSeen: WallTime?

    /// A terminal from its parts.
    package init(
        id: TerminalID, name: TerminalName, listeningPort: ListeningPort, key: PublicKey?, isEnabled: Bool = true,
        addedAt: WallTime, lastSeen: WallTime? = nil
    ) {
        self.id = id
        self.name = name
        self.listeningPort = listeningPort
        self.key = key
        self.isEnabled = isEnabled
        self.addedAt = addedAt
        self.lastSeen = lastSeen
    }
}

/// A member of the support staff as the relay knows them.
package struct StaffMember: Hashable, Sendable {
    /// What a member of staff may do.
    package enum Role: String, CaseIterable, Hashable, Sendable, Codable {
        /// Reaches the terminals that a grant names.
        case support
        /// Reaches every terminal.
        case admin
    }

    /// Their number in the registry.
    package let id: StaffID
    /// Their name.
    package let name: StaffName
    /// What they may do.
    package let role: Role
    /// Their public keys with comments, at least one.
    package var keys: [AuthorizedKey]
    /// `false`: none of their keys opens anything.
    package var isEnabled: Bool
    /// When they were added.
    package let addedAt: WallTime

    /// A member of staff from the parts.
    package init(id: StaffID, name: StaffName, role: Role, keys: [AuthorizedKey], isEnabled: Bool = true, addedAt: WallTime) {
        self.id = id
        self.name = name
        self.role = role
        self.keys = keys
        self.isEnabled = isEnabled
        self.addedAt = addedAt
    }
}

/// The permission of a member of staff to reach a terminal.
package struct Grant: Hashable, Sendable {
    /// Who may.
    package let staff: StaffID
    /// What they may reach.
    package let terminal: TerminalID
    /// The first moment at which it no longer holds; `nil`: until it is revoked.
    package let until: WallTime?

    /// A grant from its parts.
    package init(staff: StaffID, terminal: TerminalID, until: WallTime?) {
        self.staff = staff
        self.terminal = terminal
        self.until = until
    }

    /// Whether it still holds at `moment`.
    package func holds(at moment: WallTime) -> Bool {
        guard let until else { return true }
        return moment < until
    }
}
