package import Support

/// Where events are sent: an `http` or `https` URL.
///
/// Its path may hold the receiver's own secret, as those of chat services do: it stands in no log and on no command line.
package struct WebhookAddress: Hashable, Sendable {
    /// The whole URL.
    package let url: String
    /// Scheme, host and port: what logs and errors show.
    package let origin: String

    /// The longest URL in bytes: what servers commonly take.
    static let longest = 2048
    /// How many there may be: each has a thread of its own.
    static let most = 8

    /// Checks a configured URL.
    /// - Throws: what is wrong with it, without the part that may be secret.
    package init(_ value: ConfigurationValue) throws(ConfigurationError) {
        let text = value.text
        guard text.utf8.count <= Self.longest else { throw value.complaint("the URL has more than \(Self.longest) bytes") }
        let lower = text.lowercased()
        guard let scheme = ["https://", "http://"].first(where: lower.hasPrefix) else {
            throw value.complaint("the URL must begin with https:// or http://")
        }
        let isPlain = text.utf8.allSatisfy { (0x21...0x7e).contains($0) && !Self.unsafeBytes.contains($0) }
        guard isPlain else {
            throw value.complaint(
                "the URL holds a character that does not stand in URLs: write it percent-encoded, such as %20 for a blank")
        }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { !"/?#".contains($0) }
        guard !authority.contains("@") else {
            throw value.complaint("the URL holds a user name or password: leave it out, requests are signed")
        }
        guard !text.contains("#") else { throw value.complaint("the URL holds a fragment (#): leave it out") }
        guard Self.isHost(authority) else {
            throw value.complaint("the URL has no proper host: write for example https://chat.example.org/hook")
        }
        url = text
        origin = scheme + authority.lowercased()
    }

    /// `"`, `<`, `>`, `\`, `^`, backtick, `{`, `|`, `}` (RFC 3986 §2).
    private static let unsafeBytes: Set<UInt8> = Set("\"<>\\^`{|}".utf8)

    /// Host and, behind a colon, port; an IPv6 address in brackets.
    private static func isHost(_ authority: Substring) -> Bool {
        var host = authority
        var port: Substring?
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else { return false }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let behind = authority[authority.index(after: end)...]
            guard behind.isEmpty || behind.first == ":" else { return false }
            port = behind.isEmpty ? nil : behind.dropFirst()
            guard host.contains(":"), host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { return false }
        } else {
            if let colon = authority.firstIndex(of: ":") {
                host = authority[..<colon]
                port = authority[authority.index(after: colon)...]
            }
            guard !host.isEmpty, host.first != "-", host.allSatisfy({ $0.isLetter || $0.isNumber || "-._".contains($0) }) else {
                return false
            }
        }
        guard let port else { return true }
        return port.allSatisfy(\.isNumber) && (UInt16(port) ?? 0) > 0
    }
}
