import FoundationEssentials

/// JSON of any shape: what programs send, and what is written where no type of ours has the shape.
indirect enum JSONValue: Hashable, Sendable, Codable {
    case null
    case boolean(Bool)
    case integer(Int)
    /// A number that is no `Int`.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let content = try decoder.singleValueContainer()
        if content.decodeNil() {
            self = .null
            // The kinds are tried in turn; none but the last says why it does not fit. 1.0 is an integer (JSON Schema).
        } else if let value = try? content.decode(Bool.self) {
            self = .boolean(value)
            // As above.
        } else if let value = try? content.decode(Int.self) {
            self = .integer(value)
            // As above.
        } else if let value = try? content.decode(Double.self) {
            self = .number(value)
            // As above.
        } else if let value = try? content.decode(String.self) {
            self = .string(value)
            // As above.
        } else if let value = try? content.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try content.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var content = encoder.singleValueContainer()
        switch self {
        case .null: try content.encodeNil()
        case .boolean(let value): try content.encode(value)
        case .integer(let value): try content.encode(value)
        case .number(let value): try content.encode(value)
        case .string(let value): try content.encode(value)
        case .array(let values): try content.encode(values)
        case .object(let fields): try content.encode(fields)
        }
    }

    /// The value that `bytes` are; nil if they are no JSON.
    init?(_ bytes: [UInt8]) {
        // What is no JSON is refused by who asked.
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)) else { return nil }
        self = value
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    init(stringLiteral value: String) { self = .string(value) }
    init(booleanLiteral value: Bool) { self = .boolean(value) }
    init(integerLiteral value: Int) { self = .integer(value) }
    init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(Dictionary(elements) { first, _ in first }) }
}

extension Encodable {
    /// The value as JSON with sorted names.
    var json: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return [UInt8](try encoder.encode(self))
        } catch {
            preconditionFailure("values of ours can be written as JSON: \(error)")
        }
    }
}
