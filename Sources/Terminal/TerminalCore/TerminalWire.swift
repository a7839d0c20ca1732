import FoundationEssentials

/// Commands and replies as JSON: what travels over the local socket, and what `--json` prints.
package enum TerminalWire {
    /// The JSON of `value`, on several lines, keys in order, with a line end.
    package static func encode(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        do {
            return [UInt8](try encoder.encode(value)) + [0x0a]
        } catch {
            preconditionFailure("values of ours can be written as JSON: \(error)")
        }
    }

    /// The value that `bytes` are the JSON of; nil if they are not.
    package static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) -> Value? {
        // Both ends are the same program; what does not fit is refused as a whole.
        try? JSONDecoder().decode(type, from: Data(bytes))
    }
}
