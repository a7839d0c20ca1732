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
    /// When its present period of support began, or was renewed by staff (`SupportPeriod`); `nil`: it never connected.
    package var supportSince: WallTime?
    /// Words that it is marked with, in order.
    package var tags: [TerminalTag]
    /// Whose it is; one line, may be empty.
    package var organisation: String
    /// What staff should know about it; one line, may be empty.
    package var notes: String
    /// The login user that the last request for it asked the customer to create; `nil`: there was none.
    package var requestedLogin: LoginName?

    /// A terminal from its parts.
    package init(
        id: TerminalID, name: TerminalName, listeningPort: ListeningPort, key: PublicKey?, isEnabled: Bool = true,
        addedAt: WallTime, lastSeen: WallTime? = nil, tags: [TerminalTag] = [], organisation: String = "", notes: String = "",
        supportSince: WallTime? = nil, requestedLogin: LoginName? = nil
    ) {
        self.id = id
        self.name = name
        self.listeningPort = listeningPort
        self.key = key
        self.isEnabled = isEnabled
        self.addedAt = addedAt
        self.lastSeen = lastSeen
        self.supportSince = supportSince
        self.tags = tags
        self.organisation = organisation
        self.notes = notes
        self.requestedLogin = requestedLogin
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
    /// When each key was last proved here; a key that is not there was never.
    package var lastUses: [PublicKey: WallTime]
    /// From when on a key opens nothing; one that is not there has no end.
    package var keyEnds: [PublicKey: WallTime]
    /// `false`: none of their keys opens anything.
    package var isEnabled: Bool
    /// When they were added.
    package let addedAt: WallTime

    /// A member of staff from the parts.
    package init(
        id: StaffID, name: StaffName, role: Role, keys: [AuthorizedKey], lastUses: [PublicKey: WallTime] = [:],
        keyEnds: [PublicKey: WallTime] = [:], isEnabled: Bool = true, addedAt: WallTime
    ) {
        self.lastUses = lastUses
        self.keyEnds = keyEnds
        self.id = id
        self.name = name
        self.role = role
        self.keys = keys
        self.isEnabled = isEnabled
        self.addedAt = addedAt
    }
}
