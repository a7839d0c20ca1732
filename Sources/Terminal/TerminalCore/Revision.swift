/// What a thing looked like when somebody began to change it: whoever saves later with an older one is told, and loses nothing.
///
/// It is made from the thing itself, so it needs no counter that could be lost.
package struct Revision: Hashable, Codable, Sendable, CustomStringConvertible {
    /// 16 hexadecimal digits.
    package let description: String

    /// The revision that somebody was shown.
    package init(_ text: String) { description = text }

    /// The revision of `value`. FNV-1a over its JSON: it tells versions of one form apart, and protects nothing.
    package init(of value: some Encodable) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in TerminalWire.encode(value) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        let digits = String(hash, radix: 16)
        description = String(repeating: "0", count: 16 - digits.count) + digits
    }

    package init(from decoder: any Decoder) throws { description = try decoder.singleValueContainer().decode(String.self) }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
