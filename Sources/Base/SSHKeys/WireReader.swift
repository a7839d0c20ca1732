/// What is wrong with bytes that should hold SSH data types (RFC 4251 §5).
package enum WireError: Error, Equatable, Sendable {
    /// A field ends after the bytes do.
    case truncated
    /// A length, boolean or name is not what RFC 4251 §5 allows at this place.
    case malformed
    /// Bytes are left after the last field.
    case trailingBytes
}

/// Reads SSH data types (RFC 4251 §5) from the front of a byte sequence.
///
/// A length is compared with the bytes that are there before anything is copied, so a peer's number never sizes an allocation.
/// Owns nothing: the memory must outlive the reader. Cost: O(1) a field, plus the bytes copied by the `…Bytes` variants.
package struct WireReader {
    private var rest: UnsafeRawBufferPointer

    /// Starts at the first byte of `bytes`, which stay the caller's and must outlive the reader.
    package init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes
    }

    /// The number of bytes not read yet.
    package var remaining: Int { rest.count }

    /// Reads one byte.
    package mutating func byte() throws(WireError) -> UInt8 {
        let value = try take(1)
        return value[0]
    }

    /// Reads a boolean: zero is false, every other value true (RFC 4251 §5).
    package mutating func boolean() throws(WireError) -> Bool {
        try byte() != 0
    }

    /// Reads a big-endian 32-bit number.
    package mutating func uint32() throws(WireError) -> UInt32 {
        let bytes = try take(4)
        return UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self))
    }

    /// Reads a big-endian 64-bit number.
    package mutating func uint64() throws(WireError) -> UInt64 {
        let bytes = try take(8)
        return UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
    }

    /// Reads a `string` without copying: a view into the reader's memory.
    package mutating func stringView() throws(WireError) -> UnsafeRawBufferPointer {
        let length = try uint32()
        guard length <= UInt32(clamping: rest.count) else { throw .truncated }
        return try take(Int(length))
    }

    /// Reads a `string` of any bytes.
    package mutating func stringBytes() throws(WireError) -> [UInt8] {
        [UInt8](try stringView())
    }

    /// Reads a `string` that must be UTF-8.
    package mutating func text() throws(WireError) -> String {
        guard let text = String(validating: try stringView(), as: UTF8.self) else { throw .malformed }
        return text
    }

    /// Reads a `name-list`: comma-separated US-ASCII names; an empty string is an empty list.
    ///
    /// Empty names (RFC 4251 §5 forbids them) are passed over: libssh 0.10 ends its cipher list with a comma.
    package mutating func nameList() throws(WireError) -> [String] {
        let view = try stringView()
        guard view.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .malformed }
        return view.split(separator: UInt8(ascii: ",")).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Reads `count` raw bytes without copying: a view into the reader's memory.
    package mutating func take(_ count: Int) throws(WireError) -> UnsafeRawBufferPointer {
        guard count <= rest.count else { throw .truncated }
        let view = UnsafeRawBufferPointer(rebasing: rest[..<count])
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        return view
    }

    /// Takes everything that is left, without copying.
    package mutating func takeRest() -> UnsafeRawBufferPointer {
        defer { rest = UnsafeRawBufferPointer(rebasing: rest[rest.count...]) }
        return rest
    }

    /// Fails with `.trailingBytes` unless everything has been read.
    package func end() throws(WireError) {
        guard rest.isEmpty else { throw .trailingBytes }
    }
}

extension WireReader {
    /// Reads `bytes` with `body`; the reader is valid inside `body` only.
    package static func read<Value, Failure: Error>(
        _ bytes: [UInt8], _ body: (inout WireReader) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let result = bytes.withUnsafeBytes { (buffer) -> Result<Value, Failure> in
            var reader = WireReader(buffer)
            do throws(Failure) {
                return .success(try body(&reader))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
