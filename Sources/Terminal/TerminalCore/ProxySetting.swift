package import Support

/// A proxy on the way to the relay.
package struct ProxySetting: Hashable, Codable, Sendable {
    /// How it is asked to connect.
    package enum Kind: String, Codable, CaseIterable, Sendable {
        /// HTTP `CONNECT` (RFC 9110 §9.3.6).
        case http
        /// SOCKS version 5 (RFC 1928), with names resolved by the proxy.
        case socks5
    }

    /// How it is asked.
    package var kind: Kind
    /// Its host and its one port.
    package var address: RelayAddress
    /// Who it is told we are; nil: nobody.
    package var user: String?
    /// The password of `user`. Never shown, never on a command line.
    package var password: String?

    /// The port where none is given (RFC 1928 §3 for SOCKS; what proxies of the web use).
    package static func defaultPort(_ kind: Kind) -> UInt16 { kind == .socks5 ? 1080 : 3128 }
    /// The most bytes of a user name or a password: what SOCKS can carry (RFC 1929 §2).
    package static let maximumCredential = 255

    /// A proxy with its parts given.
    package init(kind: Kind, address: RelayAddress, user: String? = nil, password: String? = nil) {
        self.kind = kind
        self.address = address
        self.user = user
        self.password = password
    }

    /// From `http://HOST[:PORT]` or `socks5://HOST[:PORT]`.
    ///
    /// - Throws: `.proxyAddress`, or `.proxyCredentials` where credentials stand in the address: they have fields of their own.
    package init(parsing text: String) throws(Refusal) {
        let refusal = Refusal(.proxyAddress, ["given": Printable.quoted(text)])
        let schemes = [("http://", Kind.http), ("socks5://", .socks5), ("socks5h://", .socks5)]
        guard let (scheme, kind) = schemes.first(where: { text.hasPrefix($0.0) }) else { throw refusal }
        var rest = text.dropFirst(scheme.count)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        if rest.contains("@") { throw Refusal(.proxyCredentials, ["detail": "; they are set beside the address, not in it"]) }
        let hasPort = rest.hasPrefix("[") ? rest.contains("]:") : rest.contains(":")
        do throws(ParseError) {
            address = try RelayAddress(parsing: hasPort ? String(rest) : "\(rest):\(Self.defaultPort(kind))")
        } catch {
            throw refusal
        }
        guard address.ports.count == 1 else { throw refusal }
        self.kind = kind
    }

    /// `http://HOST:PORT`, without credentials.
    package var description: String {
        let host = address.host.contains(":") ? "[\(address.host)]" : address.host
        return "\(kind.rawValue)://\(host):\(address.ports[0])"
    }

    /// Whether `text` can be a user name or a password of a proxy.
    package static func isCredential(_ text: String) -> Bool {
        text.utf8.count <= maximumCredential && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
    }
}
