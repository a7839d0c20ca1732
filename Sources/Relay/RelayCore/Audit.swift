import SSHKeys
package import Support

/// Who did what an audit entry tells.
package enum AuditActor: Hashable, Sendable {
    /// A person on the relay machine, by login name there.
    case local(String)
    /// A member of staff over ssh.
    case staff(StaffName)
    /// The relay itself, reporting what its peers did.
    case relay

    /// `local:root`, `staff:alice` or `relay`.
    package var text: String {
        switch self {
        case .local(let name): "local:\(Printable.escaped(name))"
        case .staff(let name): "staff:\(name)"
        case .relay: "relay"
        }
    }
}

/// One line of the audit log.
package struct AuditEntry: Hashable, Sendable {
    /// Its place: 1, 2, 3, … without a gap.
    package let number: Int64
    /// When it was written, by the wall clock.
    package let at: WallTime
    /// Who, as `AuditActor.text`.
    package let actor: String
    /// What, a fixed word such as `terminal.add`.
    package let action: String
    /// About whom: a name, or a number for one that is gone; may be empty.
    package let subject: String
    /// More, as printable text; may be empty.
    package let detail: String
    /// SHA-256 over the digest of the entry before and this entry's fields (`AuditEntry.preimage`), 32 bytes.
    package let digest: [UInt8]

    /// An entry from its parts.
    package init(number: Int64, at: WallTime, actor: String, action: String, subject: String, detail: String, digest: [UInt8]) {
        self.number = number
        self.at = at
        self.actor = actor
        self.action = action
        self.subject = subject
        self.detail = detail
        self.digest = digest
    }

    /// The digest that stands before the first entry: 32 zero bytes.
    package static let genesis = [UInt8](repeating: 0, count: 32)

    /// The bytes that an entry's digest is computed over.
    ///
    /// `previous (32 bytes) | number (8, big endian) | time (8) | actor, action, subject, detail (each: length (8) | UTF-8)`.
    /// Lengths stand before texts, so no two different entries have the same bytes.
    package static func preimage(
        previous: [UInt8], number: Int64, at: WallTime, actor: String, action: String, subject: String, detail: String
    ) -> [UInt8] {
        precondition(previous.count == genesis.count, "a SHA-256 digest has 32 bytes")
        var bytes = previous
        func append(_ value: Int64) { withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) } }
        append(number)
        append(at.secondsSince1970)
        for text in [actor, action, subject, detail] {
            append(Int64(text.utf8.count))
            bytes.append(contentsOf: text.utf8)
        }
        return bytes
    }
}

/// What `audit verify` found.
package enum AuditVerdict: Hashable, Sendable {
    /// The chain is whole; `head` is the last digest (`AuditEntry.genesis` for an empty log).
    case intact(entries: Int64, head: [UInt8])
    /// The chain breaks at this entry: it, or the one before, was changed, removed or put in.
    case broken(at: Int64, why: String)
}
