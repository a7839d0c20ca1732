/// A value that is bound to a parameter of a statement.
package enum Value: Hashable, Sendable {
    /// NULL.
    case null
    /// INTEGER.
    case integer(Int64)
    /// TEXT, UTF-8.
    case text(String)
    /// BLOB.
    case blob([UInt8])

    /// INTEGER, or NULL for `nil`.
    package static func integer(orNull value: Int64?) -> Value { value.map(Value.integer) ?? .null }
    /// TEXT, or NULL for `nil`.
    package static func text(orNull value: String?) -> Value { value.map(Value.text) ?? .null }
    /// INTEGER 1 or 0.
    package static func flag(_ value: Bool) -> Value { .integer(value ? 1 : 0) }
}
