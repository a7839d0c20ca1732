/// Appends SSH data types (RFC 4251 §5) to a byte array.
package struct WireWriter: Sendable {
    /// What has been written so far.
    package private(set) var bytes: [UInt8] = []

    /// Starts with nothing.
    package init() {}

    /// Starts a message with its number (RFC 4250 §4.1.2).
    package init(message number: UInt8) {
        bytes = [number]
    }

    /// Appends one byte.
    package mutating func byte(_ value: UInt8) {
        bytes.append(value)
    }

    /// Appends a `boolean`: 0 or 1.
    package mutating func boolean(_ value: Bool) {
        bytes.append(value ? 1 : 0)
    }

    /// Appends a `uint32`, big-endian.
    package mutating func uint32(_ value: UInt32) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Appends a `uint64`, big-endian.
    package mutating func uint64(_ value: UInt64) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Appends a `string`: length, then the bytes. At most 2³² − 1 bytes; ours are never near that.
    package mutating func string(_ value: some Collection<UInt8>) {
        uint32(UInt32(value.count))
        bytes.append(contentsOf: value)
    }

    /// Appends a `string` that holds UTF-8 text.
    package mutating func string(_ value: String) {
        string(value.utf8)
    }

    /// Appends a `name-list`.
    package mutating func nameList(_ names: [String]) {
        string(names.joined(separator: ","))
    }

    /// Appends an `mpint` (two's complement, RFC 4251 §5) whose value is the unsigned big-endian number in `magnitude`; leading zeros are dropped.
    package mutating func mpint(_ magnitude: some Collection<UInt8>) {
        let trimmed = magnitude.drop(while: { $0 == 0 })
        let needsZero = (trimmed.first ?? 0) & 0x80 != 0
        uint32(UInt32(trimmed.count + (needsZero ? 1 : 0)))
        if needsZero { bytes.append(0) }
        bytes.append(contentsOf: trimmed)
    }

    /// Appends bytes as they are.
    package mutating func raw(_ value: some Collection<UInt8>) {
        bytes.append(contentsOf: value)
    }
}
