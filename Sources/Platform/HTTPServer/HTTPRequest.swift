/// The method of a request.
package enum HTTPMethod: Hashable, Sendable, CustomStringConvertible {
    case get
    /// Answered like `get`; the server leaves the body out.
    case head
    case post
    case put
    case delete
    case options
    /// Any other token, as it was sent.
    case other(String)

    /// Reads the first word of a request. Methods are case-sensitive (RFC 9110 §9.1).
    init(_ text: String) {
        switch text {
        case "GET": self = .get
        case "HEAD": self = .head
        case "POST": self = .post
        case "PUT": self = .put
        case "DELETE": self = .delete
        case "OPTIONS": self = .options
        default: self = .other(text)
        }
    }

    package var description: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .other(let text): text
        }
    }

    /// Whether the method promises to change nothing (RFC 9110 §9.2.1).
    package var isSafe: Bool {
        switch self {
        case .get, .head, .options, .other("TRACE"): true
        case .post, .put, .delete, .other: false
        }
    }
}

/// One whole request, its framing and its target checked already.
package struct HTTPRequest: Sendable {
    /// What is asked.
    package var method: HTTPMethod
    /// Where, percent-decoded once: starts with `/`; no segment is empty, `.` or `..` (only `/` itself ends with a slash); valid UTF-8
    /// without control characters. Requests for other targets are answered 400 or 404 before a handler sees them.
    package var path: String
    /// What follows `?`, decoded, in the order of the address; a name without `=` has an empty value.
    package var query: [(name: String, value: String)]
    /// The header's fields, names as they were sent, in their order.
    package var headers: [(name: String, value: String)]
    /// The body, whole; empty where there was none.
    package var body: [UInt8]
    /// The address of the other side, without its port: `192.0.2.7`, `2001:db8::1`.
    package var peer: String
    /// Whether it came over TLS.
    package var isSecure: Bool

    /// A request with its parts given; tests make theirs with it.
    package init(
        method: HTTPMethod = .get, path: String = "/", query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [], body: [UInt8] = [], peer: String = "127.0.0.1", isSecure: Bool = false
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.peer = peer
        self.isSecure = isSecure
    }

    /// A request for `target`, a path with a query if need be, as it stands in a link; `nil` for what is none.
    package init?(target: String) {
        let parts = Array(target.utf8).split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        // Why it is none is of no interest here.
        guard let path = try? RequestTarget.path(Array(parts[0])), let query = Self.fields(Array(parts.dropFirst().joined())) else {
            return nil
        }
        self.init(path: path, query: query)
    }

    /// The value of the first field called `name`, in whatever case; `nil` if there is none.
    package func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.name.lowercased() == wanted }?.value
    }

    /// The first value of `name` in the query; `nil` if it is not there.
    package func query(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// The `Host` field in lower case: a name or an address (IPv6 in brackets), with `:PORT` where the browser sent one.
    package var authority: String { header("Host")?.lowercased() ?? "" }

    /// The name or address in `Host`, in lower case, without port and without brackets.
    package var host: String {
        let authority = authority
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            return String(authority[authority.index(after: authority.startIndex)..<end])
        }
        return String(authority.prefix { $0 != ":" })
    }

    /// The cookies, in their order. What does not look like one is left out.
    package var cookies: [(name: String, value: String)] {
        headers.filter { $0.name.lowercased() == "cookie" }.flatMap { field in
            field.value.split(separator: ";").compactMap { pair in
                let pair = pair.drop { $0 == " " }
                guard let equals = pair.firstIndex(of: "="), equals > pair.startIndex else { return nil }
                return (String(pair[..<equals]), String(pair[pair.index(after: equals)...]))
            }
        }
    }

    /// The value of the first cookie called `name`; `nil` if there is none.
    package func cookie(_ name: String) -> String? { cookies.first { $0.name == name }?.value }

    /// What the body's type is, in lower case and without parameters, such as `application/json`; empty if it does not say.
    package var contentType: String {
        let value = header("Content-Type") ?? ""
        return value.prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
    }

    /// Most fields a form may have. It bounds what a small body makes us allocate; the largest form here has a tenth of that.
    static let formFields = 1000

    /// The fields of a form, decoded, in their order.
    ///
    /// - Returns: `nil` if the body is not `application/x-www-form-urlencoded`, is not valid in it, or has more than `formFields` fields.
    package func form() -> [(name: String, value: String)]? {
        contentType == "application/x-www-form-urlencoded" ? Self.fields(body) : nil
    }

    private static func fields(_ bytes: [UInt8]) -> [(name: String, value: String)]? {
        let pairs = bytes.split(separator: UInt8(ascii: "&"), maxSplits: formFields)
        guard pairs.count <= formFields else { return nil }
        var fields: [(name: String, value: String)] = []
        for pair in pairs {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(parts[0], plusIsSpace: true),
                let value = PercentEncoding.decode(parts.count > 1 ? parts[1] : [], plusIsSpace: true)
            else { return nil }
            fields.append((name, value))
        }
        return fields
    }
}
