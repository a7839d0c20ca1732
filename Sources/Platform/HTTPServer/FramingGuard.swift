/// Refuses requests whose end two programs could see in different places (request smuggling, RFC 9112 §11.2), or that hide something.
///
/// libmicrohttpd is lenient here: it takes the first of two lengths, a length beside `Transfer-Encoding`, spaces before colons, bare line
/// feeds. So each request that it understood is judged again, before its body is read, by rules that leave one reading only.
enum FramingGuard {
    /// What a header looks like after libmicrohttpd's reading.
    struct Header {
        var version: String
        var fields: [(name: String, value: String)]
        /// Whether line follows line with exactly CR LF between: nothing was folded, cut short by a NUL, or ended by a bare line feed.
        var isContiguous: Bool
    }

    /// The length of the body that follows: 0 if there is none.
    ///
    /// - Throws: why the request must not be served; the connection has to be closed then, as nobody knows where the next one begins.
    static func bodyLength(_ header: Header) throws(RequestFault) -> UInt64 {
        guard header.version == "HTTP/1.1" || header.version == "HTTP/1.0" else { throw .badVersion }
        guard header.isContiguous else { throw .ambiguousFraming }
        for field in header.fields where !isToken(field.name) || !field.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) {
            throw .ambiguousFraming
        }
        func values(_ name: String) -> [String] { header.fields.filter { $0.name.lowercased() == name }.map(\.value) }
        let hosts = values("host")
        guard hosts.count == 1, isAuthority(hosts[0]) else { throw .ambiguousFraming }
        let (lengths, encodings) = (values("content-length"), values("transfer-encoding"))
        if !encodings.isEmpty {
            guard encodings.count == 1, lengths.isEmpty, header.version == "HTTP/1.1", encodings[0].lowercased() == "chunked" else {
                throw .ambiguousFraming
            }
            // No browser sends one, and the library's reading of chunks has had errors that its Debian package still has.
            throw .lengthRequired
        }
        guard lengths.count <= 1 else { throw .ambiguousFraming }
        guard let text = lengths.first else { return 0 }
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { throw .ambiguousFraming }
        guard let length = UInt64(text) else { throw .tooLarge }
        return length
    }

    /// RFC 9110 §5.6.2.
    static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    /// Longest name of a host (253, RFC 1035) with a port.
    private static let authorityLength = 260

    /// A host name, an IPv4 address or an IPv6 address in brackets, with a port or without.
    static func isAuthority(_ text: String) -> Bool {
        guard !text.isEmpty, text.utf8.count <= authorityLength else { return false }
        var rest = Substring(text)
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]"), text[..<end].dropFirst().allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." })
            else {
                return false
            }
            rest = text[text.index(after: end)...]
        } else {
            rest = text.drop { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-" || $0 == "_") }
            if rest.startIndex == text.startIndex { return false }
        }
        return rest.isEmpty
            || rest.first == ":" && rest.dropFirst().utf8.count <= 5 && rest.dropFirst().allSatisfy { $0.isASCII && $0.isNumber }
    }
}
