package import SSHKeys
package import Support

/// What a terminal last said about itself, over a connection that its own key proved.
package struct HostKeyRecord: Hashable, Sendable {
    /// Whose.
    package let terminal: TerminalID
    /// The host keys of its `sshd` that staff are told to expect, by type.
    package let accepted: [PublicKey]
    /// Other keys that it has reported since; empty: none. Staff are not told them before somebody accepts them.
    package let changed: [PublicKey]
    /// Name and version of its program; raw text of the peer.
    package let software: String
    /// Its login users.
    package let loginUsers: [LoginName]
    /// When it last reported.
    package let reportedAt: WallTime

    /// A record from its parts.
    package init(
        terminal: TerminalID, accepted: [PublicKey], changed: [PublicKey], software: String, loginUsers: [LoginName], reportedAt: WallTime
    ) {
        self.terminal = terminal
        self.accepted = accepted
        self.changed = changed
        self.software = software
        self.loginUsers = loginUsers
        self.reportedAt = reportedAt
    }

    /// Those of the changed keys that staff would be told for the first time; all of them if the change only takes keys away.
    package static func new<Key: Equatable>(_ changed: [Key], besides accepted: [Key]) -> [Key] {
        let new = changed.filter { !accepted.contains($0) }
        return new.isEmpty ? changed : new
    }
}

/// Which records are asked for.
package enum HostKeyQuery: Hashable, Sendable {
    /// All.
    case all
    /// That of one terminal.
    case of(TerminalID)
    /// Those with changed host keys.
    case changed
}
