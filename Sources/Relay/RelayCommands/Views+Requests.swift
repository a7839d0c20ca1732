import RelayCore
import SSHCrypto
import SSHKeys
package import Support

/// A request that is not over, as it is shown.
package struct OpenRequestView: Hashable, Sendable, Encodable {
    /// What is the matter with it.
    package enum State: String, Hashable, Sendable, Encodable {
        /// Its code waits to be used.
        case open
        /// Nobody used its code in time.
        case expired
        /// A key came with its code and waits for approval.
        case waiting
    }

    /// The terminal's name.
    package let terminal: String
    /// In one word.
    package let state: State
    /// The login user on the sheet.
    package let login: String
    /// What it is for; `nil`: not said.
    package let purpose: String?
    /// Who asked for it.
    package let requestedBy: String
    /// When.
    package let createdAt: WallTime
    /// From when on the code is not taken.
    package let expiresAt: WallTime
    /// The key that waits.
    package let key: KeyView?
    /// Where the key came from, as `address:port`.
    package let from: String?
    /// When it came.
    package let keyAt: WallTime?
    /// The key that it would replace.
    package let replaces: KeyView?

    init(_ request: EnrolmentRequest, of terminal: Terminal, now: WallTime) {
        self.terminal = terminal.name.description
        state = request.candidate != nil ? .waiting : request.isOpen(at: now) ? .open : .expired
        login = request.login.description
        purpose = request.purpose.isEmpty ? nil : Printable.escaped(request.purpose)
        requestedBy = request.requestedBy
        createdAt = request.createdAt
        expiresAt = request.expiresAt
        key = request.candidate.map { KeyView($0.key) }
        from = request.candidate.map { Printable.escaped($0.source) }
        keyAt = request.candidate?.at
        replaces = request.candidate == nil ? nil : terminal.key.map { KeyView($0) }
    }
}

/// A request that was just made, with its code: shown once.
package struct RequestView: Hashable, Sendable, Encodable {
    /// The terminal's name.
    package let terminal: String
    /// Whether it was there before, with a key.
    package let replacesKey: Bool
    /// The login user that the customer is to create.
    package let login: String
    /// That user's public keys, as lines.
    package let publicKeys: [String]
    /// The relay's name.
    package let relay: String
    /// The port that the relay itself listens on.
    package let relayPort: UInt16
    /// The relay's host key fingerprint.
    package let relayFingerprint: String
    /// The terminal's listening port.
    package let listeningPort: UInt16
    /// What it is for; `nil`: not said.
    package let purpose: String?
    /// From when on the code is not taken.
    package let expiresAt: WallTime
    /// Whether the key that comes with the code needs no approval.
    package let approvesItself: Bool
    /// Who had made the request for this terminal that this one has ended; `nil`: there was none.
    package let endsRequestOf: String?
    /// The user name by which a stock client presents the code.
    package let joinUser: String
    /// The request line; `nil`: the values do not fit into one.
    package let line: String?
    /// What staff should know about the line; `nil`: nothing.
    package let remark: String?
    /// The text to send to the customer.
    package let sheet: String
}

/// The host keys of a terminal, as they are shown.
package struct HostKeysView: Hashable, Sendable, Encodable {
    /// A host key.
    package struct Key: Hashable, Sendable, Encodable {
        /// For example `ssh-ed25519`.
        package let type: String
        /// `SHA256:…`.
        package let fingerprint: String
        /// Type and base64.
        package let line: String

        init(_ key: PublicKey) {
            type = key.algorithm.rawValue
            fingerprint = key.fingerprint.description
            line = key.line
        }
    }

    /// The terminal's name.
    package let terminal: String
    /// Its listening port.
    package let listeningPort: UInt16
    /// The keys to expect, in the order of the report; empty: it has reported none.
    package let hostKeys: [Key]
    /// Other keys that it reports since; not to be believed before an admin accepts them.
    package let changed: [Key]
    /// The terminal's program.
    package let software: String?
    /// Its login users.
    package let loginUsers: [String]
    /// When it last reported; `nil`: never.
    package let reportedAt: WallTime?

    init(_ record: HostKeyRecord?, of terminal: Terminal) {
        self.terminal = terminal.name.description
        listeningPort = terminal.listeningPort.rawValue
        hostKeys = record?.accepted.map(Key.init) ?? []
        changed = record?.changed.map(Key.init) ?? []
        software = record.map { Printable.escaped($0.software) }
        loginUsers = record?.loginUsers.map(\.description) ?? []
        reportedAt = record?.reportedAt
    }

    /// Those of the changed keys that staff would be told for the first time.
    var new: [Key] { HostKeyRecord.new(changed, besides: hostKeys) }
}

/// What a member of staff sees first.
package struct OverviewView: Hashable, Sendable, Encodable {
    /// Who they are.
    package let identity: IdentityView
    /// The line for everybody; `nil`: none.
    package let announcement: String?
    /// Keys that wait for approval, the oldest first.
    package let waiting: [OpenRequestView]
    /// Requests whose code waits to be used.
    package let open: [OpenRequestView]
    /// Terminals that report other host keys than staff are told, by name.
    package let changedHostKeys: [String]
    /// Terminals that they may reach, online ones first, at most `Desk.overviewTerminals`.
    package let terminals: [TerminalView]
    /// How many there are.
    package let terminalCount: Int
    /// How many of them are online.
    package let onlineCount: Int
}
