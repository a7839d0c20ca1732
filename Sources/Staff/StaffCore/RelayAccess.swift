package import Support

/// How a member of staff reaches their relay: what `login` was told, and what `~/.config/towline/relay.conf` holds.
package struct RelayAccess: Hashable, Sendable {
    /// A DNS name or an IP address, without brackets.
    package let host: String
    /// Ports to try in turn, until one is known to be right: then that one.
    package var ports: [UInt16]
    /// The user name that the relay is told; `nil`: one's own.
    package private(set) var user: String?
    /// The file of the private key, an absolute path once `login` has taken it; `nil`: as `ssh` is configured.
    package var identity: String?

    /// The relay's port where none is given: its own default, then SSH's.
    package static let standardPorts: [UInt16] = [2222, 22]

    /// The alias of the relay in the configuration for `ssh`, and of its host key.
    package static let alias = TerminalName.relayAlias
    /// Its alias while `login` tries whether it can be reached, of which the user's own files know nothing.
    package static let trialAlias = "towline-relay.trial"

    private static let keys = [ConfigurationKey("host"), ConfigurationKey("port"), ConfigurationKey("user"), ConfigurationKey("identity")]

    /// What a command line of `login` says.
    init(_ line: ParsedCommand) throws(UsageError) {
        let text = line.arguments[0]
        do throws(ParseError) {
            let address = try RelayAddress(parsing: text)
            host = address.host
            let hasPort = text.hasPrefix("[") ? text.contains("]:") : text.contains(":")
            ports = hasPort ? address.ports : Self.standardPorts
        } catch {
            throw UsageError(error.description)
        }
        user = line.value("--user")
        identity = line.value("--identity")
        for (option, value) in [("--user", user), ("--identity", identity)] {
            if let value, !Self.isSafe(value) {
                throw UsageError("\(option): \(Printable.quoted(value)) has a character that ssh's files cannot hold")
            }
        }
        if let user, user.hasPrefix("-") { throw UsageError("--user: a user name does not begin with -") }
    }

    /// Reads the file that `text` writes.
    /// - Throws: what is wrong in which line.
    package init(file text: String, path: String) throws(ConfigurationError) {
        let values = try ConfigurationValues(text: text, path: path, keys: Self.keys)
        guard let host = values["host"], let port = values["port"] else {
            throw ConfigurationError("\(Printable.escaped(path)): host or port is missing: run towline login again")
        }
        guard let number = UInt16(port.text), number > 0 else { throw port.complaint("\(Printable.quoted(port.text)) is not a port") }
        self.host = host.text
        ports = [number]
        user = values["user"]?.text
        identity = values["identity"]?.text
    }

    /// The same, and where this command line says nothing, what an earlier `login` to the same host said.
    package func keeping(_ earlier: RelayAccess?) -> RelayAccess {
        guard let earlier, earlier.host == host else { return self }
        var kept = self
        if ports == Self.standardPorts { kept.ports = earlier.ports + ports.filter { !earlier.ports.contains($0) } }
        kept.user = user ?? earlier.user
        kept.identity = identity ?? earlier.identity
        return kept
    }

    /// The file: with the first port only.
    package var text: String {
        var lines = ["# Written by towline login.", "host = \(host)", "port = \(ports[0])"]
        if let user { lines.append("user = \(user)") }
        if let identity { lines.append("identity = \(identity)") }
        return lines.map { $0 + "\n" }.joined()
    }

    /// `relay.example.org:2222`, an IPv6 address in brackets.
    package var shown: String { "\(host.contains(":") ? "[\(host)]" : host):\(ports[0])" }

    /// Whether a value may stand between double quotes in a file of `ssh`, which knows no escapes there.
    static func isSafe(_ text: String) -> Bool {
        !text.isEmpty && text.unicodeScalars.allSatisfy { $0 != "\"" && $0 != "\\" && $0.value >= 0x20 && $0.value != 0x7f }
    }
}
