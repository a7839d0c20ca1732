import SSHKeys

/// Why a text is not a request line. Each says what to do, for a customer.
package enum RequestLineError: Error, Hashable, Sendable {
    /// There is no `towline:` in it.
    case absent
    /// Made for a newer version of this program.
    case version(String)
    /// Some characters are missing at the end.
    case cutOff(has: Int, of: Int)
    /// A character that no line has, as it is written.
    case strangeCharacter(String)
    /// The checksum does not fit: characters were changed or lost on the way.
    case damaged
    /// The checksum fits, but the fields do not: made by a program with a mistake.
    case malformed

    /// One line for a person.
    package var rule: String {
        switch self {
        case .absent: "it begins with towline:1: and has about 300 characters; copy the whole line from the mail"
        case .version(let version):
            "it is of version \(Printable.escaped(version)), which this program does not know: update this program, or type the values instead"
        case .cutOff(let has, let of): "it is cut off after \(has) of \(of) characters; copy the whole line from the mail"
        case .strangeCharacter(let character): "\(Printable.escaped(character)) does not belong into it; copy the line from the mail again"
        case .damaged: "some characters were changed on the way; copy it again, or ask support to send it again"
        case .malformed: "it is not complete; ask support for another one"
        }
    }
}

/// One line of text that carries a support request and the relay's signature: `towline:1:` and base64url, at most 500 characters.
///
/// Prints without white space. What mail programs add is passed over when it is parsed: line breaks, blanks, quotes (`> `), brackets,
/// invisible characters, text before and behind it. The relay's own host key signs it: a terminal that knows the relay already can tell
/// whether the line is that relay's; one that does not pins the key that the line carries.
package struct RequestLine: ParsedFromText {
    /// What it says.
    package let request: SupportRequest
    /// Ed25519 over `signedBytes`, 64 bytes. Not verified by parsing: see `signatureBlob`.
    package let signature: [UInt8]

    /// Longest line, characters: fits into one message of every messenger, and into one line of most mail programs.
    package static let maximumLength = 500
    private static let scheme = "towline:"
    private static let version = "1"
    private static let signatureLength = 64
    private static let checksumLength = 4
    /// Bytes behind the fields: signature and checksum.
    static let trailerLength = signatureLength + checksumLength
    /// Longest text that is searched for a line, bytes: a whole mail, pasted.
    package static let maximumTextLength = 64 * 1024

    /// A line about `request`.
    /// - Parameter sign: the relay's host key: makes an SSH signature blob (RFC 8709 §6) over the bytes that it is given.
    package init(_ request: SupportRequest, sign: ([UInt8]) -> [UInt8]) {
        self.request = request
        let blob = sign(Self.signedBytes(request.encoded))
        precondition(blob.count >= Self.signatureLength, "an Ed25519 signature has 64 bytes")
        signature = Array(blob.suffix(Self.signatureLength))
    }

    /// The bytes that the signature covers: a name that no other signature of a host key begins with, then the fields.
    package var signedBytes: [UInt8] { Self.signedBytes(request.encoded) }

    /// The signature as SSH writes it, for `PublicKey.verifies` with the key that is expected, or `request.relayKey`.
    package var signatureBlob: [UInt8] {
        var blob = WireWriter()
        blob.string(PublicKey.Algorithm.ed25519.rawValue)
        blob.string(signature)
        return blob.bytes
    }

    private static func signedBytes(_ fields: [UInt8]) -> [UInt8] { Array("towline request line 1\0".utf8) + fields }

    // MARK: Text

    package var description: String {
        let body = request.encoded + signature
        let bytes = body + Self.checksum(body)
        let text = Base64.encode(bytes, isPadded: false)
        return "\(Self.scheme)\(Self.version):" + String(text.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
    }

    /// Characters of a line of so many bytes.
    static func length(ofBytes count: Int) -> Int { scheme.count + version.count + 1 + (count * 4 + 2) / 3 }

    package init(parsing text: String) throws(ParseError) {
        do throws(RequestLineError) { try self.init(in: text) } catch { throw ParseError("request line", text, error.rule) }
    }

    /// Finds the line in a text, for example a whole mail.
    package init(in text: String) throws(RequestLineError) {
        guard text.utf8.count <= Self.maximumTextLength else { throw .absent }
        var rest = try Self.behindScheme(text)
        var version = ""
        while let scalar = rest.first, scalar != ":" {
            if !Self.isPassedOver(scalar) { version.unicodeScalars.append(scalar) }
            rest = rest.dropFirst()
            guard version.unicodeScalars.count <= 8 else { throw .absent }
        }
        guard !rest.isEmpty, !version.isEmpty else { throw .absent }
        guard version == Self.version else { throw .version(version) }
        let bytes = try Self.bytes(of: rest.dropFirst())
        let body = bytes.dropLast(Self.checksumLength)
        guard Array(bytes.suffix(Self.checksumLength)) == Self.checksum(body) else { throw .damaged }
        signature = Array(body.suffix(Self.signatureLength))
        let fields = Array(body.dropFirst(2).dropLast(Self.signatureLength))
        request = try WireReader.read(fields) { (reader: inout WireReader) throws(RequestLineError) in
            try SupportRequest(reading: &reader)
        }
        // One line, one spelling: what is signed is what is shown.
        guard request.encoded.elementsEqual(body.dropLast(Self.signatureLength)) else { throw .malformed }
    }

    /// What stands behind the first `towline:`, in any case.
    private static func behindScheme(_ text: String) throws(RequestLineError) -> Substring.UnicodeScalarView {
        let wanted = Array(scheme.unicodeScalars)
        var rest = Substring(text).unicodeScalars
        // Not by counting what is left, which would take as long as the text each time.
        while !rest.isEmpty {
            if zip(rest, wanted).allSatisfy({ $0.properties.lowercaseMapping == String($1) }) { return rest.dropFirst(wanted.count) }
            rest = rest.dropFirst()
        }
        throw .absent
    }

    /// Decodes as many characters as the length in front asks for; what follows is not part of the line.
    private static func bytes(of text: Substring.UnicodeScalarView) throws(RequestLineError) -> [UInt8] {
        let prefix = length(ofBytes: 0)
        var characters = ""
        var wanted: Int?
        for scalar in text {
            if let wanted, characters.utf8.count >= wanted { break }
            if isPassedOver(scalar) { continue }
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9": characters.unicodeScalars.append(scalar)
            // Some programs make typographic dashes of hyphens.
            case "-", "\u{2010}", "\u{2011}", "\u{2013}": characters += "+"
            case "\u{2014}": characters += "++"
            case "_": characters += "/"
            default: throw .strangeCharacter(String(scalar))
            }
            if wanted == nil, characters.utf8.count == 4 {
                guard let head = Base64.decode(characters, isPadded: false) else { throw .damaged }
                let count = Int(head[0]) << 8 | Int(head[1])
                guard count > 2 + trailerLength, length(ofBytes: count) <= maximumLength else { throw .damaged }
                wanted = length(ofBytes: count) - prefix
            }
        }
        guard let wanted, characters.utf8.count >= wanted else {
            throw .cutOff(has: prefix + characters.utf8.count, of: wanted.map { $0 + prefix } ?? length(ofBytes: 2 + trailerLength))
        }
        guard let bytes = Base64.decode(characters, isPadded: false) else { throw .damaged }
        return bytes
    }

    /// What mail programs put between the characters of a line: white space, invisible characters, quotation marks of all kinds.
    private static func isPassedOver(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.properties.isWhitespace { return true }
        switch scalar.properties.generalCategory {
        case .format, .control: return true
        default: return [">", "<", "|", "=", "*", "`", "\"", "'", "\u{201C}", "\u{201D}"].contains(scalar)
        }
    }

    /// CRC-32 (ISO 3309, as in zip), big-endian: tells a line that was damaged on the way from one that somebody made.
    private static func checksum(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return withUnsafeBytes(of: (~crc).bigEndian) { Array($0) }
    }
}
