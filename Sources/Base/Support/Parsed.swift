/// Why a text is not the value it should be: one line for a person that says what was given, what is wrong, and what is right.
package struct ParseError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of value it should be, for example `terminal name`.
    package let what: String
    /// The text, as it was given.
    package let given: String
    /// What is wrong with it, or what a right one looks like.
    package let rule: String

    /// The error that `given` is not a `what`; the texts are escaped when shown.
    package init(_ what: String, _ given: String, _ rule: String) {
        self.what = what
        self.given = given
        self.rule = rule
    }

    package var description: String {
        given.isEmpty ? "the \(what) is empty: \(rule)" : "\(Printable.quoted(given)) is not a \(what): \(rule)"
    }
}

/// A value that people write as text, checked when it is made.
package protocol ParsedFromText: Hashable, Sendable, Codable, CustomStringConvertible {
    /// - Throws: what is wrong with `text`.
    init(parsing text: String) throws(ParseError)
}

extension FixedWidthInteger {
    /// The number that `text` writes in decimal digits and nothing else, no sign and no blank; `nil`: it writes none, or one too large.
    package init?(digits text: some StringProtocol) {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        self.init(text, radix: 10)
    }
}

extension ParsedFromText {
    package init(from decoder: any Decoder) throws {
        try self.init(parsing: try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension ParsedFromText where Self: Comparable {
    /// The order of what is written.
    package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}
