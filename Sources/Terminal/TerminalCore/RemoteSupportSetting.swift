package import SSHKeys
package import Support

/// Where this terminal throws its line: the relay, and the port that is this terminal's there. At most one per terminal.
package struct RemoteSupportSetting: Hashable, Codable, Sendable {
    /// The relay's host and the ports at which to try it, in turn.
    package var relay: RelayAddress
    /// The port on the relay that belongs to this terminal's key.
    package var listeningPort: ListeningPort
    /// The user name that is told to the relay. A relay of ours only logs it; a stock `sshd` wants one of its accounts.
    package var user: String
    /// The fingerprint of the relay's host key: as the customer confirmed it, or of the key that followed that one, announced under it.
    package var fingerprint: String
    /// The relay's public host key in `authorized_keys` form, once it was seen and matched `fingerprint`.
    package var pinnedKey: String?
    /// Other host keys that the relay has announced, and proved to hold, on a connection under an accepted one: it may show any of them
    /// later. `nil`: none. Source: OpenSSH PROTOCOL §2.5.
    package var announcedKeys: [RelayHostKey]?
    /// The proxy on the way; nil: none.
    package var proxy: ProxySetting?
    /// The user name that carries the one-time code of a support request, until the relay has accepted the terminal key.
    package var joinUser: String?
    /// When the relay accepted the terminal key for the first time, ISO 8601 by this machine's clock; nil: not yet.
    package var acceptedAt: String?

    /// What the relay is told as the user name now.
    package var userToTell: String { joinUser ?? user }

    /// The host keys that an ssh client may accept, in `authorized_keys` form.
    package var acceptableKeys: [String] { pinnedKey.map { [$0] + (announcedKeys ?? []).map(\.line) } ?? [] }

    /// How many announced keys are kept: a relay has one beside the one that it shows; a stock `sshd` has one of each type.
    package static let maximumAnnouncedKeys = 4

    /// Takes the keys that ssh knows now; the pinned one stays, whatever they are.
    package mutating func learn(_ keys: [RelayHostKey]) {
        guard pinnedKey != nil else { return }
        let others = keys.filter { $0.fingerprint != fingerprint }
        announcedKeys = others.isEmpty ? nil : Array(others.prefix(Self.maximumAnnouncedKeys))
    }

    /// The relay has shown a key of this fingerprint, and ssh has accepted it: an announced one is the pinned one from now on, and the former
    /// one stays acceptable until the relay no longer names it.
    ///
    /// - Returns: whether that is a change.
    package mutating func follow(to shown: String) -> Bool {
        guard shown != fingerprint, let pinnedKey, let followed = announcedKeys?.first(where: { $0.fingerprint == shown }) else {
            return false
        }
        announcedKeys = [RelayHostKey(fingerprint: fingerprint, line: pinnedKey)] + (announcedKeys ?? []).filter { $0 != followed }
        self.pinnedKey = followed.line
        fingerprint = followed.fingerprint
        return true
    }

    /// What is told to the relay unless the customer says otherwise.
    package static let defaultUser = "towline"

    /// Whether `text` may be told to a relay as a user name.
    package static func isUser(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 64 && !text.hasPrefix("-")
            && text.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || "-_.".unicodeScalars.contains($0))
            }
    }

    /// A setting with its parts given.
    package init(
        relay: RelayAddress, listeningPort: ListeningPort, user: String, fingerprint: Fingerprint, pinnedKey: String? = nil,
        proxy: ProxySetting? = nil
    ) {
        self.relay = relay
        self.listeningPort = listeningPort
        self.user = user
        self.fingerprint = fingerprint.description
        self.pinnedKey = pinnedKey
        self.proxy = proxy
    }

    /// What of it the customer has set, as one value: what the relay does changes nothing of it, and the password stays out of it.
    package var revision: Revision {
        var setting = self
        setting.pinnedKey = nil
        setting.announcedKeys = nil
        setting.joinUser = nil
        setting.acceptedAt = nil
        setting.proxy?.password = nil
        return Revision(of: setting)
    }

    /// In which parts it differs from `other`.
    package func differences(from other: RemoteSupportSetting) -> [TerminalStatus.SettingField] {
        TerminalStatus.SettingField.allCases.filter { field in
            switch field {
            case .relay: relay != other.relay
            case .listeningPort: listeningPort != other.listeningPort
            case .user: user != other.user
            case .fingerprint: fingerprint != other.fingerprint
            case .proxy: proxy != other.proxy
            }
        }
    }
}

/// A host key of the relay's.
package struct RelayHostKey: Hashable, Codable, Sendable {
    /// `SHA256:…`.
    package let fingerprint: String
    /// In `authorized_keys` form.
    package let line: String

    /// A key from its parts.
    package init(fingerprint: String, line: String) {
        self.fingerprint = fingerprint
        self.line = line
    }
}

/// What an SSH login user may do on the terminal.
package enum AccessLevel: String, Codable, CaseIterable, Sendable {
    /// What any account may do.
    case standard
    /// Everything, through `sudo` without a password.
    case administrator
}

/// An account on the terminal for a member of staff.
package struct LoginUser: Hashable, Codable, Sendable {
    /// The account's name.
    package var name: LoginName
    /// Who may log in as it: at least one key. The comment says whose key it is.
    package var keys: [AuthorizedKey]
    /// What it may do.
    package var access: AccessLevel

    /// How many login users a terminal has at most.
    package static let maximumCount = 32
    /// How many keys a login user has at most.
    package static let maximumKeys = 32

    /// A login user with its parts given.
    package init(name: LoginName, keys: [AuthorizedKey], access: AccessLevel) {
        self.name = name
        self.keys = keys
        self.access = access
    }

    private enum CodingKeys: CodingKey { case name, keys, access }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        name = try fields.decode(LoginName.self, forKey: .name)
        access = try fields.decode(AccessLevel.self, forKey: .access)
        keys = try fields.decode([String].self, forKey: .keys).map { try AuthorizedKey(line: $0) }
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(name, forKey: .name)
        try fields.encode(access, forKey: .access)
        try fields.encode(keys.map(\.line), forKey: .keys)
    }
}
