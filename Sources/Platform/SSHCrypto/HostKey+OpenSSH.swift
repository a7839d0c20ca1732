import SSHKeys

/// OpenSSH's own file format of private keys (OpenSSH PROTOCOL.key), without passphrase.
extension HostKey {
    private static let header = "-----BEGIN OPENSSH PRIVATE KEY-----"
    private static let footer = "-----END OPENSSH PRIVATE KEY-----"
    /// The first bytes inside the armour, a zero byte included.
    private static let magic = [UInt8]("openssh-key-v1\0".utf8)
    /// Longest text that is read, in bytes. An Ed25519 file has about 400; RSA of 16384 bits, which gets its own message, about 12500.
    private static let maximumTextLength = 32 * 1024
    /// Longest base64 line that is written.
    private static let lineLength = 70
    /// What the private section is padded to without a cipher, in bytes.
    private static let blockLength = 8

    /// Reads the text of a key file as `ssh-keygen -t ed25519 -N ''` writes it.
    ///
    /// - Parameter text: the whole file; white space around it and CR LF line ends do not matter.
    /// - Throws: `.encrypted` for a key with a passphrase, `.notEd25519` for a key of another type, `.notAnOpenSSHPrivateKey` for everything
    ///   else, other formats and a public half that does not belong to the private one included. Never traps.
    package init(openSSH text: String) throws(HostKeyError) {
        guard text.utf8.count <= Self.maximumTextLength else { throw .notAnOpenSSHPrivateKey }
        var lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingSpaces() }.filter { !$0.isEmpty }
        guard lines.count >= 3, lines.removeFirst() == Self.header, lines.removeLast() == Self.footer,
            let bytes = Base64.decode(lines.joined())
        else { throw .notAnOpenSSHPrivateKey }
        let parsed = WireReader.read(bytes) { (reader: inout WireReader) -> Result<HostKey, HostKeyError> in
            do throws(WireError) {
                return try Self.parse(&reader)
            } catch {
                return .failure(.notAnOpenSSHPrivateKey)
            }
        }
        self = try parsed.get()
    }

    /// The text of a key file: what `init(openSSH:)` and `ssh-keygen` read. It ends with a line feed.
    ///
    /// This is the private key in the clear: it belongs in a file that only its owner can read, and nowhere else.
    package var openSSHText: String {
        guard case .ed25519(let point) = publicKey.material else { preconditionFailure("a host key is Ed25519") }
        var section = WireWriter()
        let check = randomBytes(4)
        section.raw(check)
        section.raw(check)
        section.string(SignatureAlgorithm.ed25519.rawValue)
        section.string(point)
        section.string(seed + point)
        section.string("")
        for (index, _) in (section.bytes.count..<section.bytes.count.roundedUp(to: Self.blockLength)).enumerated() {
            section.byte(UInt8(index + 1))
        }
        var file = WireWriter()
        file.raw(Self.magic)
        file.string("none")
        file.string("none")
        file.string("")
        file.uint32(1)
        file.string(publicKey.blob)
        file.string(section.bytes)
        let encoded = Array(Base64.encode(file.bytes).utf8)
        let lines = stride(from: 0, to: encoded.count, by: Self.lineLength).map {
            String(decoding: encoded[$0..<min($0 + Self.lineLength, encoded.count)], as: UTF8.self)
        }
        return ([Self.header] + lines + [Self.footer]).joined(separator: "\n") + "\n"
    }

    private static func parse(_ reader: inout WireReader) throws(WireError) -> Result<HostKey, HostKeyError> {
        guard try reader.take(magic.count).elementsEqual(magic) else { throw .malformed }
        let cipher = try reader.text()
        let derivation = try reader.text()
        let options = try reader.stringBytes()
        guard cipher == "none" else { return .failure(.encrypted) }
        guard derivation == "none", options.isEmpty, try reader.uint32() == 1 else { throw .malformed }
        let publicBlob = try reader.stringBytes()
        let section = try reader.stringBytes()
        try reader.end()
        return try WireReader.read(section) { (reader: inout WireReader) throws(WireError) in
            try parseSection(&reader, publicBlob: publicBlob)
        }
    }

    /// The private section: two equal numbers, the key, a comment, and padding that counts 1, 2, 3 …
    private static func parseSection(
        _ reader: inout WireReader, publicBlob: [UInt8]
    ) throws(WireError) -> Result<HostKey, HostKeyError> {
        guard try reader.uint32() == reader.uint32() else { throw .malformed }
        let type = try reader.text()
        guard type == SignatureAlgorithm.ed25519.rawValue else { return .failure(.notEd25519(printable(type))) }
        let point = try reader.stringBytes()
        let secret = try reader.stringBytes()
        _ = try reader.stringView()  // the comment
        let padding = reader.takeRest()
        guard padding.count < blockLength, padding.enumerated().allSatisfy({ Int($0.element) == $0.offset + 1 }) else { throw .malformed }
        guard point.count == 32, secret.count == 64, secret[32...].elementsEqual(point) else { throw .malformed }
        let key = HostKey(seed: Array(secret[..<32]))
        // The public half is computed, not believed: a wrong one in the signature's hash would give the private key away.
        guard key.publicKey.blob == publicBlob, case .ed25519(point) = key.publicKey.material else { throw .malformed }
        return .success(key)
    }

    /// A name from a file, fit to be shown: printable ASCII, at most 40 characters.
    private static func printable(_ name: String) -> String {
        let shown = name.unicodeScalars.filter { $0.value > 0x20 && $0.value < 0x7F }.prefix(40)
        return shown.isEmpty ? "unknown" : String(String.UnicodeScalarView(shown))
    }
}

extension Substring {
    fileprivate func trimmingSpaces() -> Substring {
        var text = self
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}

extension Int {
    fileprivate func roundedUp(to multiple: Int) -> Int {
        (self + multiple - 1) / multiple * multiple
    }
}
