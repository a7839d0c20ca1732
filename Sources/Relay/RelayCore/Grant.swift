package import Support

/// A number of staff who are granted things together.
package struct StaffGroup: Hashable, Sendable {
    /// Its number in the registry.
    package let id: GroupID
    /// Its name.
    package let name: GroupName
    /// Who is in it.
    package let members: Set<StaffID>

    /// A group from its parts.
    package init(id: GroupID, name: GroupName, members: Set<StaffID>) {
        self.id = id
        self.name = name
        self.members = members
    }
}

/// Who holds a grant.
package enum Grantee: Hashable, Sendable {
    /// One member of staff.
    case staff(StaffID)
    /// Everybody in a group, who is in it at the time.
    case group(GroupID)
}

/// What a grant lets its holder reach.
package enum GrantTarget: Hashable, Sendable {
    /// One terminal.
    case terminal(TerminalID)
    /// Every terminal that has this tag at the time.
    case tag(TerminalTag)
}

/// The permission to reach terminals.
package struct Grant: Hashable, Sendable {
    /// Who may.
    package let grantee: Grantee
    /// What they may reach.
    package let target: GrantTarget
    /// The first moment at which it no longer holds; `nil`: until it is revoked.
    package let until: WallTime?

    /// A grant from its parts.
    package init(_ grantee: Grantee, _ target: GrantTarget, until: WallTime?) {
        self.grantee = grantee
        self.target = target
        self.until = until
    }

    /// Whether it still holds at `moment`.
    package func holds(at moment: WallTime) -> Bool {
        guard let until else { return true }
        return moment < until
    }

    /// Whether it holds for longer than `other`.
    func outlasts(_ other: Grant) -> Bool {
        guard let otherEnd = other.until else { return false }
        return until.map { $0 > otherEnd } ?? true
    }
}

/// A grantee as people write it: `alice`, `group:night-shift`.
package enum GranteeName: ParsedFromText {
    /// A member of staff.
    case staff(StaffName)
    /// A group.
    case group(GroupName)

    private static let groupPrefix = "group:"

    package init(parsing text: String) throws(ParseError) {
        if text.hasPrefix(Self.groupPrefix) {
            self = .group(try GroupName(parsing: String(text.dropFirst(Self.groupPrefix.count))))
        } else {
            self = .staff(try StaffName(parsing: text))
        }
    }

    package var description: String {
        switch self {
        case .staff(let name): name.description
        case .group(let name): Self.groupPrefix + name.description
        }
    }
}

/// A target as people write it: `shop-42`, `tag:berlin`.
package enum GrantTargetName: ParsedFromText {
    /// A terminal.
    case terminal(TerminalName)
    /// All terminals with a tag.
    case tag(TerminalTag)

    private static let tagPrefix = "tag:"

    package init(parsing text: String) throws(ParseError) {
        if text.hasPrefix(Self.tagPrefix) {
            self = .tag(try TerminalTag(parsing: String(text.dropFirst(Self.tagPrefix.count))))
        } else {
            self = .terminal(try TerminalName(parsing: text))
        }
    }

    package var description: String {
        switch self {
        case .terminal(let name): name.description
        case .tag(let tag): Self.tagPrefix + tag.description
        }
    }
}
