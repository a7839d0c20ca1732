package import RelayCore
import SSHCrypto
import SSHKeys
package import Support

// What commands show, as values: JSON is these as they are, text is made of them. Times are ISO 8601 in JSON; what does not
// apply is left out.

/// A public key as it is shown.
package struct KeyView: Hashable, Sendable, Encodable {
    /// For example `ssh-ed25519`.
    package let type: String
    /// `SHA256:…`.
    package let fingerprint: String
    /// The comment of the line that it came from, printable; `nil` if there was none.
    package let comment: String?
    /// When it was last proved here; `nil`: never, or it is no key of staff.
    package let lastUsed: WallTime?
    /// From when on it opens nothing; `nil`: it has no end, or it is no key of staff.
    package let until: WallTime?

    init(_ key: PublicKey, comment: String = "", lastUsed: WallTime? = nil, until: WallTime? = nil) {
        self.lastUsed = lastUsed
        self.until = until
        type = key.algorithm.rawValue
        fingerprint = key.fingerprint.description
        self.comment = comment.isEmpty ? nil : Printable.escaped(comment)
    }
}

/// A terminal as it is shown.
package struct TerminalView: Hashable, Sendable, Encodable {
    /// What is the matter with it, in one word.
    package enum State: String, Hashable, Sendable, Encodable {
        /// It holds its tunnel.
        case online
        /// It has a key and holds no tunnel.
        case offline
        /// It has no key yet.
        case noKey = "no key"
        /// It has no key yet, and one waits for approval.
        case waiting
        /// It is disabled.
        case disabled
        /// It has a key; whether it holds a tunnel only a running relay knows.
        case stopped = "relay stopped"
    }

    /// Its name.
    package let name: String
    /// Its virtual port.
    package let listeningPort: UInt16
    /// One word.
    package let state: State
    /// Its key; `nil` until it is approved.
    package let key: KeyView?
    /// Since when the tunnel is held; `nil`: it is not.
    package let onlineSince: WallTime?
    /// The tunnel's source as `address:port`.
    package let from: String?
    /// From where else its key came within the last hour, as `address:port`; `nil`: from nowhere. It was cloned, or the key was copied.
    package let alsoFrom: String?
    /// The software at the terminal's end, printable.
    package let clientVersion: String?
    /// When its bytes last proved it alive; `nil`: never.
    package let lastSeen: WallTime?
    /// When it was added.
    package let addedAt: WallTime
    /// Whose it is; `nil`: not noted.
    package let organisation: String?
    /// What staff should know; `nil`: nothing noted.
    package let notes: String?
    /// What it is marked with, in order.
    package let tags: [String]
    /// The key that waits for approval; `nil`: none.
    package let waitingKey: KeyView?
    /// Its SSH login users as it reported them, or else the one that the last request asked for; empty: not known here.
    package let loginUsers: [String]

    /// - Parameters:
    ///   - tunnel: the one that it holds.
    ///   - candidate: a key that waits for approval.
    ///   - report: what it last said about itself.
    ///   - isRelayRunning: whether `tunnel` says anything.
    init(
        _ terminal: Terminal, tunnel: LiveTunnel?, candidate: EnrolmentRequest.Candidate? = nil, report: HostKeyRecord? = nil,
        isRelayRunning: Bool
    ) {
        loginUsers = (report?.loginUsers ?? terminal.requestedLogin.map { [$0] } ?? []).map(\.description)
        organisation = terminal.organisation.isEmpty ? nil : Printable.escaped(terminal.organisation)
        notes = terminal.notes.isEmpty ? nil : Printable.escaped(terminal.notes)
        tags = terminal.tags.map(\.description)
        waitingKey = candidate.map { KeyView($0.key) }
        name = terminal.name.description
        listeningPort = terminal.listeningPort.rawValue
        key = terminal.key.map { KeyView($0) }
        addedAt = terminal.addedAt
        onlineSince = tunnel?.since
        from = tunnel.map { Printable.escaped($0.source) }
        alsoFrom = tunnel?.rival.map { Printable.escaped($0) }
        clientVersion = tunnel.map { Printable.escaped($0.clientVersion) }
        lastSeen = tunnel?.lastHeard ?? terminal.lastSeen
        state =
            if !terminal.isEnabled { .disabled } else if terminal.key == nil { candidate == nil ? .noKey : .waiting } else if tunnel != nil
            { .online } else {
                isRelayRunning ? .offline : .stopped
            }
    }
}

/// What is handed out for a terminal: to the customer, and to staff.
package struct TerminalSheet: Hashable, Sendable, Encodable {
    /// A member of staff who may reach it.
    package struct Visitor: Hashable, Sendable, Encodable {
        /// Their name.
        package let name: String
        /// The SSH login user that they log in as: the terminal's only one, else the one of their name, which is proposed.
        package let login: String
        /// `support` or `admin`.
        package let role: String
        /// The end of their grant; `nil`: none, or an admin.
        package let until: WallTime?
        /// Their public keys as lines for the customer.
        package let publicKeys: [String]
        /// What they type to reach it by name, and by port.
        package let commands: [String]
    }

    /// The relay's name.
    package let relay: String
    /// The port that the relay itself listens on.
    package let relayPort: UInt16
    /// The relay's host key fingerprint.
    package let relayFingerprint: String
    /// Who may reach it now, by name.
    package let visitors: [Visitor]
}

/// What a grant says.
package struct ReachView: Hashable, Sendable, Encodable {
    /// A terminal's name, or `tag:` and a tag.
    package let target: String
    /// The grant's end; `nil`: none.
    package let until: WallTime?
    /// Whether it is over.
    package let ended: Bool
    /// The group that has the grant; `nil`: one's own.
    package let via: String?
}

/// A member of staff as they are shown.
package struct StaffView: Hashable, Sendable, Encodable {
    /// Their name.
    package let name: String
    /// `support` or `admin`.
    package let role: String
    /// Whether their keys are accepted.
    package let enabled: Bool
    /// Their keys.
    package let keys: [KeyView]
    /// Their groups, by name.
    package let groups: [String]
    /// Their grants and those of their groups. Admins reach all terminals without.
    package let reaches: [ReachView]
}

/// A group as it is shown.
package struct GroupView: Hashable, Sendable, Encodable {
    /// Its name.
    package let name: String
    /// Who is in it, by name.
    package let members: [String]
    /// Its grants.
    package let reaches: [ReachView]
}

/// A bridge as it is shown.
package struct SessionView: Hashable, Sendable, Encodable {
    /// Its name, which `end` takes.
    package let id: SessionID
    /// Who.
    package let staff: String
    /// Where to.
    package let terminal: String
    /// The member of staff's end as `address:port`; `nil`: another's, which is for admins.
    package let from: String?
    /// Fingerprint of the key that opened it; `nil` while it is open.
    package let key: String?
    /// When it was opened.
    package let openedAt: WallTime
    /// When it ended; `nil`: it is open.
    package let closedAt: WallTime?
    /// Why it ended.
    package let reason: String?
    /// Bytes from staff to the terminal.
    package let bytesToTerminal: UInt64
    /// Bytes from the terminal to staff.
    package let bytesFromTerminal: UInt64

    /// A session that the store remembers.
    /// - Parameters:
    ///   - live: the same, if it is open now.
    ///   - isWhole: whether the reader may see where from and by which key.
    init(_ record: BridgeRecord, live: LiveBridge? = nil, isWhole: Bool = true) {
        id = SessionID(run: record.run, bridge: record.id)
        staff = record.staff
        terminal = record.terminal
        from = isWhole ? record.source : nil
        key = isWhole ? record.key.description : nil
        openedAt = record.openedAt
        closedAt = record.end?.at
        reason = record.end?.reason.rawValue
        bytesToTerminal = record.end?.bytesToTerminal ?? live?.bytesToTerminal ?? 0
        bytesFromTerminal = record.end?.bytesFromTerminal ?? live?.bytesFromTerminal ?? 0
    }

    /// A session that is open now.
    init(_ live: LiveBridge, run: RunID, in registry: Registry) {
        id = SessionID(run: run, bridge: live.id)
        staff = registry.staff(live.staff)?.name.description ?? live.staff.description
        terminal = registry.terminal(live.terminal)?.name.description ?? live.terminal.description
        from = Printable.escaped(live.source)
        key = nil
        openedAt = live.since
        closedAt = nil
        reason = nil
        bytesToTerminal = live.bytesToTerminal
        bytesFromTerminal = live.bytesFromTerminal
    }
}

/// An audit entry as it is shown.
package struct AuditView: Hashable, Sendable, Encodable {
    /// Its place.
    package let number: Int64
    /// When.
    package let at: WallTime
    /// Who.
    package let actor: String
    /// What.
    package let action: String
    /// About whom.
    package let subject: String
    /// More.
    package let detail: String
    /// SHA-256 over the digest of the entry before and this entry, hexadecimal (docs/relay.md); `nil` where nobody follows the chain.
    package let digest: String?

    init(_ entry: AuditEntry, withDigest: Bool = false) {
        digest = withDigest ? Hexadecimal.text(entry.digest) : nil
        number = entry.number
        at = entry.at
        actor = entry.actor
        action = entry.action
        subject = entry.subject
        detail = entry.detail
    }
}

/// The caller as the relay knows them.
package struct IdentityView: Hashable, Sendable, Encodable {
    /// `operator`, `staff` or `terminal`.
    package let kind: String
    /// Their name.
    package let name: String
    /// The relay's name.
    package let relay: String
    /// `support` or `admin`; staff only.
    package let role: String?
    /// The key that proved it.
    package let key: KeyView?
    /// Where from, as `address:port`.
    package let from: String?
    /// What support staff may reach; `nil`: all, or none of a terminal's business.
    package let reaches: [ReachView]?
    /// A terminal's own port.
    package let listeningPort: UInt16?
}
