/// Reads the fields of a payload that the server sent, in order (RFC 4251 §5). The tests' own reader: not the one under test.
package struct Fields {
    private var rest: ArraySlice<UInt8>

    /// Starts at the first byte; `skipping: 1` starts behind the message number.
    package init(_ bytes: [UInt8], skipping count: Int = 0) {
        rest = bytes[...].dropFirst(count)
    }

    /// Whether everything was read.
    package var isAtEnd: Bool { rest.isEmpty }

    /// A byte.
    package mutating func byte() throws -> UInt8 {
        guard let value = rest.popFirst() else { throw TestClientError("payload ends early") }
        return value
    }

    /// A boolean.
    package mutating func boolean() throws -> Bool { try byte() != 0 }

    /// `count` bytes as they are.
    package mutating func raw(_ count: Int) throws -> [UInt8] {
        guard count <= rest.count else { throw TestClientError("payload ends early") }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// A `uint32`.
    package mutating func uint32() throws -> UInt32 {
        try raw(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// A `string`.
    package mutating func string() throws -> [UInt8] {
        try raw(Int(uint32()))
    }

    /// A `string` that holds UTF-8.
    package mutating func text() throws -> String {
        guard let text = String(validating: try string(), as: UTF8.self) else { throw TestClientError("not UTF-8") }
        return text
    }

    /// A `name-list`.
    package mutating func names() throws -> [String] {
        try text().split(separator: ",", omittingEmptySubsequences: true).map(String.init)
    }
}
