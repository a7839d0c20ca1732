package import SSHKeys

/// A one-time code that lets one key ask to become a terminal's key: what a request line carries.
///
/// A stock client presents it as the user name `join-CODE`. A secret until it is used: it is stored hashed and shown once.
package struct JoinCode: ParsedFromText {
    /// `length` bytes of chance.
    package let bytes: [UInt8]

    /// Bytes of a code. 80 bits: not to be guessed over the network in any time, and 16 characters to type where nothing can be pasted.
    package static let length = 10

    /// RFC 4648 §6 in lower case: no character that is taken for another when it is read aloud in upper or lower case.
    private static let alphabet = [UInt8]("abcdefghijklmnopqrstuvwxyz234567".utf8)
    private static let userPrefix = "join-"

    /// From random bytes, `length` of them (a precondition).
    package init(bytes: [UInt8]) {
        precondition(bytes.count == Self.length, "a join code has \(Self.length) bytes")
        self.bytes = bytes
    }

    package init(parsing text: String) throws(ParseError) {
        var bytes: [UInt8] = []
        var group: UInt32 = 0
        var bits = 0
        for character in text.utf8 {
            guard bytes.count < Self.length, let value = Self.alphabet.firstIndex(of: character) else {
                throw ParseError("join code", text, "it has 16 characters of a-z and 2-7")
            }
            group = group << 5 | UInt32(value)
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
            }
        }
        guard bytes.count == Self.length else { throw ParseError("join code", text, "it has 16 characters of a-z and 2-7") }
        self.bytes = bytes
    }

    /// The code in a user name of SSH; `nil` if it is any other user name.
    package init?(userName: String) {
        guard userName.hasPrefix(Self.userPrefix) else { return nil }
        do throws(ParseError) { try self.init(parsing: String(userName.dropFirst(Self.userPrefix.count))) } catch { return nil }
    }

    /// The user name that presents it: `join-` and 16 characters.
    package var userName: String { Self.userPrefix + description }

    package var description: String {
        var text: [UInt8] = []
        var group: UInt32 = 0
        var bits = 0
        for byte in bytes {
            group = group << 8 | UInt32(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(Self.alphabet[Int(group >> UInt32(bits) & 31)])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// What the relay tells a terminal whose key waits for approval: the reason of its disconnection, which a stock client prints.
package enum JoinNotice {
    /// How the sentence begins: by this the terminal's end knows it. Part of the wire contract.
    package static let waiting = "waiting for approval"

    /// The whole sentence, one printable line.
    package static func sentence(terminal: TerminalName, key: Fingerprint) -> String {
        "\(waiting): support has received the key \(key) of \(terminal) and must approve it; try again later"
    }
}
