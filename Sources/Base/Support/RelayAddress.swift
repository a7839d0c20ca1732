/// Where a relay is: a host, and the ports to try there in turn. Written `HOST[:PORT[,PORT]…]`, IPv6 in brackets.
package struct RelayAddress: ParsedFromText {
    /// A DNS name in lower case, an IPv4 address, or an IPv6 address without brackets.
    package let host: String
    /// 1 to `maximumPorts` ports, none twice.
    package let ports: [UInt16]

    /// The port of SSH (RFC 4250 §4.3), where none is given.
    package static let defaultPort: UInt16 = 22
    /// Most ports that are tried in turn.
    package static let maximumPorts = 8
    private static let rule = "write HOST, HOST:PORT or HOST:PORT,PORT (an IPv6 address in brackets)"

    package init(parsing text: String) throws(ParseError) {
        func error(_ rule: String = Self.rule) -> ParseError { ParseError("relay address", text, rule) }
        let hostText: Substring
        let portText: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw error() }
            hostText = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw error() }
            portText = rest.isEmpty ? nil : rest.dropFirst()
            guard Self.isIPv6(hostText) else { throw error("what is in brackets is not an IPv6 address") }
        } else {
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            hostText = parts.first ?? ""
            portText = parts.count > 1 ? parts[1] : nil
            if portText?.contains(":") == true { throw error() }
            guard Self.isName(hostText) else {
                throw error("a host is a name of letters, digits, - and . (at most 253), or an IP address")
            }
        }
        var ports: [UInt16] = []
        for part in portText?.split(separator: ",", omittingEmptySubsequences: false) ?? [] {
            guard part.utf8.count <= 5, let port = UInt16(digits: part), port > 0 else {
                throw error("\(Printable.quoted(String(part))) is not a port: use a number from 1 to 65535")
            }
            if !ports.contains(port) { ports.append(port) }
            guard ports.count <= Self.maximumPorts else { throw error("at most \(Self.maximumPorts) ports") }
        }
        host = hostText.lowercased()
        self.ports = ports.isEmpty ? [Self.defaultPort] : ports
    }

    package var description: String {
        let host = host.contains(":") ? "[\(host)]" : host
        return ports == [Self.defaultPort] ? host : "\(host):\(ports.map(String.init).joined(separator: ","))"
    }

    /// A DNS name or an IPv4 address: labels of letters, digits and inner hyphens (RFC 1123 §2.1). What ends in a number is an address.
    private static func isName(_ text: Substring) -> Bool {
        let name = text.hasSuffix(".") ? text.dropLast() : text
        guard !name.isEmpty, name.utf8.count <= 253 else { return false }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        if labels.last?.utf8.allSatisfy({ (0x30...0x39).contains($0) }) == true { return isIPv4(name == text ? labels : []) }
        return labels.allSatisfy { label in
            let bytes = Array(label.utf8)
            let isLabel = bytes.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "-")
            }
            return isLabel && (1...63).contains(bytes.count) && bytes.first != UInt8(ascii: "-") && bytes.last != UInt8(ascii: "-")
        }
    }

    /// Four numbers up to 255 without leading zeros, which some programs read as octal.
    private static func isIPv4(_ parts: [Substring]) -> Bool {
        parts.count == 4
            && parts.allSatisfy { part in
                UInt8(digits: part) != nil && (part == "0" || !part.hasPrefix("0"))
            }
    }

    /// Hexadecimal groups with at most one `::` (RFC 4291 §2.2); an IPv4 tail and a zone are not taken.
    private static func isIPv6(_ text: Substring) -> Bool {
        let halves = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
        guard (1...2).contains(halves.count), !text.contains(":::") else { return false }
        var groups = 0
        for half in halves where !half.isEmpty {
            for group in half.split(separator: ":", omittingEmptySubsequences: false) {
                guard (1...4).contains(group.utf8.count), UInt16(group, radix: 16) != nil, group.first != "+", group.first != "-" else {
                    return false
                }
                groups += 1
            }
        }
        return halves.count == 2 ? groups <= 7 : groups == 8
    }
}
