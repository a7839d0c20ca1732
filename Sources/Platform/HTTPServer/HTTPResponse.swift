/// An event of a stream to a browser (Server-Sent Events, HTML Living Standard §9.2).
package struct ServerSentEvent: Hashable, Sendable {
    /// What kind of event; `nil` is the browser's `message`.
    package var name: String?
    /// What the browser says it saw last when it connects again (`Last-Event-ID`).
    package var id: String?
    /// The text, of any number of lines.
    package var data: String

    /// An event with its parts given. Line ends in `name` and `id` are dropped: they would end the field.
    package init(name: String? = nil, id: String? = nil, data: String) {
        self.name = name
        self.id = id
        self.data = data
    }

    /// The event as it goes over the wire: fields, then an empty line.
    var bytes: [UInt8] {
        func oneLine(_ text: String) -> String { String(text.unicodeScalars.filter { $0 != "\n" && $0 != "\r" && $0 != "\0" }) }
        var text = ""
        if let name { text += "event: \(oneLine(name))\n" }
        if let id { text += "id: \(oneLine(id))\n" }
        // A carriage return ends a line for a browser as a line feed does; Swift takes CR LF for one character.
        for line in data.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "\n" || $0 == "\r" || $0 == "\r\n" }) {
            text += "data: \(line)\n"
        }
        return Array((text + "\n").utf8)
    }

    /// A comment that only proves that both sides are there.
    static let ping = Array(": ping\n\n".utf8)
}

/// What a request is answered with.
package struct HTTPResponse: Sendable {
    /// The content.
    package enum Body: Sendable {
        /// All of it.
        case bytes([UInt8])
        /// Events as they happen, until the stream ends, the peer leaves or the server stops. Each is taken only when the ones before
        /// have left, so the stream's own buffering policy decides what a slow reader misses.
        case events(AsyncStream<ServerSentEvent>)
    }

    /// 200...599.
    package var status: Int
    /// Fields in their order. `Date`, `Connection` and those about length and transfer are the server's own business. A value with
    /// control characters makes the whole answer a 500.
    package var headers: [(name: String, value: String)]
    /// The content.
    package var body: Body

    /// A response with its parts given.
    package init(status: Int = 200, headers: [(name: String, value: String)] = [], body: Body = .bytes([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Plain text in UTF-8.
    package static func text(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, headers: [("Content-Type", "text/plain; charset=utf-8")], body: .bytes(Array(text.utf8)))
    }

    /// A page.
    package static func html(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, headers: [("Content-Type", "text/html; charset=utf-8")], body: .bytes(Array(text.utf8)))
    }

    /// An encoded JSON value.
    package static func json(_ bytes: [UInt8], status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, headers: [("Content-Type", "application/json")], body: .bytes(bytes))
    }

    /// "See other": the browser gets `path` next, whatever the method was. Also what ends a form, so that [Reload] does not send it again.
    ///
    /// - Parameter path: of this server, with a query if need be, percent-encoded already.
    package static func redirect(to path: String) -> HTTPResponse { HTTPResponse(status: 303, headers: [("Location", path)]) }

    /// A file, shown by the browser.
    package static func file(_ bytes: [UInt8], type: String) -> HTTPResponse {
        HTTPResponse(headers: [("Content-Type", type)], body: .bytes(bytes))
    }

    /// A file that the browser saves.
    ///
    /// - Parameter name: what it is called there; letters, digits, `.`, `_` and `-` stay, anything else becomes `-`.
    package static func download(_ bytes: [UInt8], type: String, name: String) -> HTTPResponse {
        let plain = String(
            name.unicodeScalars.map { scalar -> Character in
                let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
                return isPlain || scalar == "." || scalar == "_" || scalar == "-" ? Character(scalar) : "-"
            })
        return HTTPResponse(
            headers: [("Content-Type", type), ("Content-Disposition", "attachment; filename=\"\(plain)\"")], body: .bytes(bytes))
    }

    /// A stream of events.
    package static func events(_ stream: AsyncStream<ServerSentEvent>) -> HTTPResponse {
        HTTPResponse(headers: [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")], body: .events(stream))
    }

    /// The value of the first field called `name`, in whatever case; `nil` if there is none.
    package func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.name.lowercased() == wanted }?.value
    }

    /// Sets the field `name`, in place of those of that name.
    package mutating func setHeader(_ name: String, _ value: String) {
        let wanted = name.lowercased()
        headers.removeAll { $0.name.lowercased() == wanted }
        headers.append((name, value))
    }

    /// Whether all fields can be sent as they are: names are tokens, values have no control characters (RFC 9110 §5).
    var hasSendableHeaders: Bool {
        headers.allSatisfy { field in
            FramingGuard.isToken(field.name) && field.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
        }
    }
}

/// Answers one request. Runs off the loop, several at a time; cancelled when its time is over or the server stops. A peer that leaves
/// meanwhile is not noticed before the answer.
package typealias HTTPHandler = @Sendable (HTTPRequest) async -> HTTPResponse
