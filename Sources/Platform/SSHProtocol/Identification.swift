/// The peer's identification line (RFC 4253 §4.2): `SSH-2.0-softwareversion [SP comments] CR LF`.
struct Identification: Equatable, Sendable {
    /// The line without CR LF: what the exchange hash covers. Printable US-ASCII, at most 253 bytes.
    let line: [UInt8]

    /// Takes the line off the front of `bytes`. A bare LF ends a line too, as OpenSSH allows.
    ///
    /// - Returns: the line and the bytes it took, or `nil` if it has not arrived whole.
    /// - Throws: `.identification` for another protocol, an unprintable byte, or a line that is too long.
    static func parse(_ bytes: UnsafeMutableRawBufferPointer) throws(ProtocolFailure) -> (Identification, size: Int)? {
        let window = bytes.prefix(ProtocolLimits.identificationLine)
        guard let end = window.firstIndex(of: UInt8(ascii: "\n")) else {
            if bytes.count >= ProtocolLimits.identificationLine { throw ProtocolFailure(.identification, "line too long") }
            // The last byte may be the CR of a line end whose LF is still on its way.
            try check(window.last == UInt8(ascii: "\r") ? window.dropLast() : window[...])
            return nil
        }
        var line = window[..<end]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        try check(line)
        guard line.count >= version.count else { throw ProtocolFailure(.identification, "short line") }
        return (Identification(line: [UInt8](line)), size: end + 1)
    }

    /// The protocol version that a line must start with.
    private static let version = [UInt8]("SSH-2.0-".utf8)

    /// Refuses as early as the bytes that are there allow, so that a browser or a scanner hears at once.
    private static func check(_ line: Slice<UnsafeMutableRawBufferPointer>) throws(ProtocolFailure) {
        let start = line.prefix(version.count)
        guard start.elementsEqual(version.prefix(start.count)) else { throw ProtocolFailure(.identification, "not SSH-2.0") }
        let printable = line.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
        guard printable else { throw ProtocolFailure(.identification, "unprintable byte") }
    }
}
