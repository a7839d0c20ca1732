package import SSHKeys

/// What a terminal tells the relay about itself, as JSON on the standard input of `ssh RELAY report` with its terminal key.
///
///     {"version": 1, "software": "towline-terminal 0.2", "host_keys": ["ssh-ed25519 AAAA…"], "login_users": ["alice"]}
///
/// Unknown members are passed over, so that newer terminals can say more.
package struct TerminalReport: Hashable, Sendable, Codable {
    /// 1.
    package let version: Int
    /// Name and version of the terminal's program; raw text of the peer: escape it before showing it.
    package let software: String
    /// Lines of the public host keys of the `sshd` that staff will meet, at most `maximumHostKeys`; comments do not matter.
    package let hostKeys: [String]
    /// The SSH login users that the terminal has, at most `maximumLoginUsers`.
    package let loginUsers: [LoginName]

    /// What the relay makes of a report.
    package enum Outcome: String, Hashable, Sendable, Codable {
        /// The first host keys of this terminal: staff are told them.
        case first
        /// The host keys that staff are told already.
        case same
        /// Other host keys: staff are not told them before somebody on the relay accepts them (`host-keys accept`).
        case changed
    }

    /// What the relay answers `report --json`: `{"outcome": "changed"}`.
    package struct Answer: Hashable, Sendable, Codable {
        /// What it made of the report.
        package let outcome: Outcome

        /// An answer.
        package init(outcome: Outcome) { self.outcome = outcome }
    }

    /// Longest JSON text that is read, bytes: eight RSA keys of 8192 bits take 11 KB.
    package static let maximumBytes = 32 * 1024
    /// Most host keys: sshd has one a type, and there are five types.
    package static let maximumHostKeys = 8
    /// Most login users.
    package static let maximumLoginUsers = 64
    /// Longest text about the software, Unicode scalars.
    package static let maximumSoftware = 100

    private enum CodingKeys: String, CodingKey {
        case version, software
        case hostKeys = "host_keys"
        case loginUsers = "login_users"
    }

    /// A report of the version that this program writes.
    package init(software: String, hostKeys: [PublicKey], loginUsers: [LoginName]) {
        version = 1
        self.software = software
        self.hostKeys = hostKeys.map(\.line)
        self.loginUsers = loginUsers
    }

    /// The host keys as values, each once, in order.
    /// - Throws: one line about what is wrong: a bound, or a line that is no key.
    package func checkedHostKeys() throws(ParseError) -> [PublicKey] {
        guard version == 1 else { throw ParseError("report", "version \(version)", "this relay reads version 1") }
        guard software.unicodeScalars.count <= Self.maximumSoftware else {
            throw ParseError("software", software, "at most \(Self.maximumSoftware) characters")
        }
        guard loginUsers.count <= Self.maximumLoginUsers else {
            throw ParseError("report", "\(loginUsers.count) login users", "at most \(Self.maximumLoginUsers)")
        }
        guard !hostKeys.isEmpty, hostKeys.count <= Self.maximumHostKeys else {
            throw ParseError("report", "\(hostKeys.count) host keys", "1 to \(Self.maximumHostKeys)")
        }
        var keys: [PublicKey] = []
        for line in hostKeys {
            do throws(AuthorizedKeyError) {
                let key = try AuthorizedKey(line: line).key
                if !keys.contains(key) { keys.append(key) }
            } catch {
                throw ParseError("host key", line, error.description)
            }
        }
        return keys
    }
}
