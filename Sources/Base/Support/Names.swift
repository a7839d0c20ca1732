/// The rule of names that stand in host positions: one DNS label in lower case (RFC 1123 §2.1).
private enum Label {
    static let rule = "use 1 to 63 of a-z, 0-9 and -, with no - first or last"
    static let longest = 63

    static func isValid(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, let last = bytes.last, bytes.count <= longest else { return false }
        let hyphen = UInt8(ascii: "-")
        return first != hyphen && last != hyphen && bytes.allSatisfy { isLowerOrDigit($0) || $0 == hyphen }
    }

    static func isLowerOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

/// The name of a terminal: what staff type as a host (DESIGN §1).
package struct TerminalName: ParsedFromText, Comparable {
    /// What a `Host` in the ssh_config that `towline` writes is called for the relay itself. A terminal of that name would make `ssh` jump
    /// through itself, again and again.
    package static let relayAlias = "towline-relay"

    package let description: String

    package init(parsing text: String) throws(ParseError) {
        guard Label.isValid(text) else { throw ParseError("terminal name", text, Label.rule) }
        guard text != "localhost", text != Self.relayAlias else {
            throw ParseError("terminal name", text, "\(text) means the relay itself")
        }
        description = text
    }
}

/// The name of a member of staff on the relay.
package struct StaffName: ParsedFromText, Comparable {
    package let description: String

    package init(parsing text: String) throws(ParseError) {
        guard Label.isValid(text) else { throw ParseError("staff name", text, Label.rule) }
        description = text
    }
}

/// The name of a group of staff on the relay.
package struct GroupName: ParsedFromText, Comparable {
    package let description: String

    package init(parsing text: String) throws(ParseError) {
        guard Label.isValid(text) else { throw ParseError("group name", text, Label.rule) }
        description = text
    }
}

/// A word that terminals are marked with, for example by region or customer: a grant may name it instead of each terminal.
package struct TerminalTag: ParsedFromText, Comparable {
    package let description: String

    package init(parsing text: String) throws(ParseError) {
        guard Label.isValid(text) else { throw ParseError("tag", text, Label.rule) }
        description = text
    }
}

/// The name of an SSH login user: an account on the terminal (SECURITY §1f).
package struct LoginName: ParsedFromText, Comparable {
    package let description: String

    /// Linux's bound for account names (useradd(8)).
    private static let longest = 32

    package init(parsing text: String) throws(ParseError) {
        let bytes = Array(text.utf8)
        let underscore = UInt8(ascii: "_")
        let isValid =
            bytes.count <= Self.longest
            && bytes.first.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == underscore } == true
            && bytes.allSatisfy { Label.isLowerOrDigit($0) || $0 == underscore || $0 == UInt8(ascii: "-") }
        guard isValid else {
            throw ParseError("login user name", text, "use 1 to \(Self.longest) of a-z, 0-9, _ and -, starting with a letter or _")
        }
        guard text != "root" else { throw ParseError("login user name", text, "nobody logs in as root; choose another name") }
        description = text
    }
}

/// A port on the relay that belongs to one terminal. Virtual on our relay, a real one on a stock `sshd`, hence not below 1024.
package struct ListeningPort: ParsedFromText, Comparable {
    /// The number, in `range`.
    package let rawValue: UInt16

    /// Ports that a terminal may have.
    package static let range: ClosedRange<UInt16> = 1024...65535

    /// From a number that is known to be in `range`; `nil` if it is not.
    package init?(_ number: some BinaryInteger) {
        guard let port = UInt16(exactly: number), Self.range.contains(port) else { return nil }
        rawValue = port
    }

    package init(parsing text: String) throws(ParseError) {
        guard text.utf8.count <= 5, text.utf8.first != 0x30, let number = Int(digits: text),
            let port = Self(number)
        else { throw ParseError("listening port", text, "use a number from \(Self.range.lowerBound) to \(Self.range.upperBound)") }
        self = port
    }

    package var description: String { String(rawValue) }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
