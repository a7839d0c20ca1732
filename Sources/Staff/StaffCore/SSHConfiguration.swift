package import Support

/// The files that make stock OpenSSH reach terminals: text of `ssh_config`(5).
package struct SSHConfiguration: Hashable, Sendable {
    private let relay: RelayAccess
    private let terminals: [TerminalName]
    private let knownHosts: String
    private let program: String

    /// - Parameters:
    ///   - terminals: whose names plain `ssh` is to know.
    ///   - knownHosts: the file with the relay's host key.
    ///   - program: the path of `towline`, which `ssh` asks for terminals' host keys.
    /// - Throws: for a path that no such file can hold.
    package init(relay: RelayAccess, terminals: [TerminalName], knownHosts: String, program: String) throws(ConfigurationError) {
        for path in [knownHosts, program] where !RelayAccess.isSafe(path) {
            throw ConfigurationError("ssh's configuration cannot hold the path \(Printable.quoted(path)): move it to one without quotes")
        }
        self.relay = relay
        self.terminals = terminals.sorted()
        self.knownHosts = knownHosts
        self.program = program
    }

    /// The file that `Include` names: the relay, and the terminals behind it.
    ///
    /// Host keys are never asked about: the relay's is pinned, a terminal's is what the relay told first, and a change is refused.
    package var text: String {
        var lines = [
            "# Written by towline; what is changed here is lost.",
            "Host \(RelayAccess.alias)",
            "    HostName \(relay.host)",
            "    Port \(relay.ports[0])",
            "    HostKeyAlias \(RelayAccess.alias)",
            "    UserKnownHostsFile \(Self.quoted(Self.withoutTokens(knownHosts)))",
            "    StrictHostKeyChecking yes",
        ]
        lines += Self.everywhere
        if let user = relay.user { lines.append("    User \(Self.quoted(user))") }
        if let identity = relay.identity {
            lines.append("    IdentityFile \(Self.quoted(Self.withoutTokens(identity)))")
            lines.append("    IdentitiesOnly yes")
        }
        if !terminals.isEmpty {
            lines.append("Host \(terminals.map(\.description).joined(separator: " "))")
            lines += [
                "    ProxyJump \(RelayAccess.alias)",
                "    KnownHostsCommand \(Self.quoted(Self.withoutTokens(program))) known-hosts %H %K %f",
                "    UserKnownHostsFile /dev/null",
                "    StrictHostKeyChecking yes",
            ]
            lines += Self.everywhere
            if let identity = relay.identity {
                lines.append("    IdentityFile \(Self.quoted(Self.withoutTokens(identity)))")
                lines.append("    IdentitiesOnly yes")
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// What holds for the relay and for terminals alike.
    private static let everywhere = [
        "    GlobalKnownHostsFile /dev/null", "    UpdateHostKeys no", "    CheckHostIP no", "    VerifyHostKeyDNS no",
        "    ForwardAgent no",
        "    ServerAliveInterval 30",
    ]

    /// The file that `towline` itself gives to `ssh -F`: the one above, then the user's own, then the machine's.
    package static func combined(_ own: String, user: String) -> String {
        "# Written by towline.\nInclude \(quoted(own))\nInclude \(quoted(user))\nInclude /etc/ssh/ssh_config\n"
    }

    /// The line that `--install` puts at the top of the user's own file.
    package static func includeLine(_ own: String) -> String { "Include \(quoted(own))" }

    /// The user's own file with the line at its top, where it holds for all that follows.
    /// - Returns: `nil` if the line is there already.
    package static func installing(_ line: String, into text: String) -> String? {
        let isThere = text.split(whereSeparator: \.isNewline).contains { $0.drop(while: \.isWhitespace) == line[...] }
        return isThere ? nil : "# towline: how ssh reaches customers' terminals\n\(line)\n" + (text.isEmpty ? "" : "\n" + text)
    }

    private static func quoted(_ path: String) -> String { "\"\(path)\"" }

    /// A path in which `ssh` finds nothing to replace.
    private static func withoutTokens(_ path: String) -> String {
        path.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%%")
    }
}
