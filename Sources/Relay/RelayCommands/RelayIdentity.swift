package import SSHCrypto
package import SSHKeys
package import Support

/// The relay as its peers see it: for what commands hand out.
package struct RelayIdentity: Sendable {
    /// Its name, as given to `init`.
    package let hostname: String
    /// Its host keys.
    package let keys: RelayKeys
    /// The port that `ssh` connects to.
    package let port: UInt16

    /// An identity from its parts.
    package init(hostname: String, keys: RelayKeys, port: UInt16) {
        self.hostname = hostname
        self.keys = keys
        self.port = port
    }

    /// What signs request lines: the host key that peers are shown.
    package var signer: HostKey { keys.shown }

    /// The public half of the host key that peers are shown.
    package var hostKey: PublicKey { keys.shown.publicKey }

    /// The port that `serve` listens on unless told otherwise (DESIGN §9).
    package static let defaultPort: UInt16 = 2222

    /// `relay.example.com`, or `relay.example.com:2222`: what stands behind `ssh -J`. An IPv6 literal is in brackets.
    package var jump: String {
        port == 22 ? hostname : hostname.contains(":") ? "[\(hostname)]:\(port)" : "\(hostname):\(port)"
    }

    /// `ssh relay.example.com`, or `ssh -p 2222 relay.example.com`: how staff call commands.
    package var command: String { port == 22 ? "ssh \(hostname)" : "ssh -p \(port) \(hostname)" }

    /// What stands behind `ssh -J`, for a customer, who types it into a terminal.
    package var address: RelayAddress {
        let host = hostname.contains(":") ? "[\(hostname)]" : hostname
        do { return try RelayAddress(parsing: "\(host):\(port)") } catch {
            preconditionFailure("init takes no name that is no address: \(error)")
        }
    }

    /// The line for a `known_hosts` file.
    package var knownHostsLine: String {
        let name = port == 22 ? hostname : "[\(hostname)]:\(port)"
        return "\(name) \(AuthorizedKey(key: hostKey, comment: "").line)"
    }
}
