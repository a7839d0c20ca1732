package import Support

/// The files that make stock OpenSSH reach terminals: text of `ssh_config`(5).
package struct SSHConfiguration: Hashable, Sendable {
    private let relay: RelayAccess
    private let alias: String
    private let terminals: TerminalList
    private let knownHosts: String
    private let program: String

    /// - Parameters:
    ///   - alias: what the relay is called; not that of the user's files where they must not be heard.
    ///   - terminals: whose names `ssh` is to know.
    ///   - knownHosts: the file with the relay's host key.
    ///   - program: the path of `towline`, which `ssh` asks for terminals' host keys.
    /// - Throws: for a path that no such file can hold.
    package init(
        relay: RelayAccess, alias: String = RelayAccess.alias, terminals: TerminalList, knownHosts: String, program: String
    ) throws(ConfigurationError) {
        for path in [knownHosts, program, relay.identity ?? program] where !RelayAccess.isSafe(path) {
            throw ConfigurationError("ssh's configuration cannot hold the path \(Printable.quoted(path)): move it to one without quotes")
        }
        self.relay = relay
        self.alias = alias
        self.terminals = terminals
        self.knownHosts = knownHosts
        self.program = program
    }

    /// The file that `Include` names in the user's own: the relay, and the terminals behind it but those whose names that file has for other
    /// hosts.
    package func included(in users: UsersConfiguration) -> String {
        let namesakes = Set(users.namesakes(in: terminals))
        return text(reaching: terminals.names.filter { !namesakes.contains($0) })
    }

    /// The file that `towline` itself gives to `ssh -F`: the relay and all terminals, then the user's own, then the machine's.
    package func combined(with user: String) -> String {
        text(reaching: terminals.names) + "Host *\nInclude \(Self.quoted(user))\nInclude /etc/ssh/ssh_config\n"
    }

    /// Host keys are never asked about: the relay's is pinned, a terminal's is what the relay told first, and a change is refused.
    private func text(reaching names: [TerminalName]) -> String {
        var lines = ["# Written by towline; what is changed here is lost.", "Host \(alias)"]
        lines += [
            "    HostName \(relay.host)",
            "    Port \(relay.ports[0])",
            "    ProxyJump none",
            "    HostKeyAlias \(RelayAccess.alias)",
            "    UserKnownHostsFile \(Self.quoted(Self.withoutTokens(knownHosts)))",
            // The relay's next host key is learned while the present one is shown.
            "    UpdateHostKeys yes",
        ]
        lines += everywhere
        if let user = relay.user { lines.append("    User \(Self.quoted(user))") }
        if !names.isEmpty {
            lines.append("Host \(names.map(\.description).joined(separator: " "))")
            lines += [
                "    HostName %h",
                "    Port 22",
                "    ProxyJump \(alias)",
                "    KnownHostsCommand \(Self.quoted(Self.withoutTokens(program))) known-hosts %H %K %f",
                "    UserKnownHostsFile /dev/null",
                "    UpdateHostKeys no",
            ]
            lines += everywhere
        }
        for name in names where terminals.logins(of: name).count == 1 {
            lines += ["Host \(name)", "    User \(terminals.logins(of: name)[0])"]
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// What holds for the relay and for terminals alike.
    private var everywhere: [String] {
        let identity = relay.identity.map { ["    IdentityFile \(Self.quoted(Self.withoutTokens($0)))", "    IdentitiesOnly yes"] }
        return [
            "    StrictHostKeyChecking yes", "    GlobalKnownHostsFile /dev/null", "    CheckHostIP no", "    VerifyHostKeyDNS no",
            "    ForwardAgent no", "    ServerAliveInterval 30",
        ] + (identity ?? [])
    }

    /// The line that `--install` puts at the top of the user's own file.
    package static func includeLine(_ own: String) -> String { "Include \(quoted(own))" }

    private static func quoted(_ path: String) -> String { "\"\(path)\"" }

    /// A path in which `ssh` finds nothing to replace.
    private static func withoutTokens(_ path: String) -> String {
        path.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%%")
    }
}
