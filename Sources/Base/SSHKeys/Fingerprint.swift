/// SHA-256 of a public key's wire form, as OpenSSH prints it: what people compare.
package struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
    /// 32 bytes.
    package let digest: [UInt8]

    /// Bytes of a digest.
    package static let length = 32
    private static let prefix = "SHA256:"

    /// From the digest; computing it is SSHCrypto's. A precondition: 32 bytes.
    package init(digest: [UInt8]) {
        precondition(digest.count == Self.length, "a SHA-256 digest has 32 bytes")
        self.digest = digest
    }

    /// From `SHA256:` and unpadded base64, as printed; `nil` for anything else.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix), let digest = Base64.decode(text.dropFirst(Self.prefix.count), isPadded: false),
            digest.count == Self.length
        else { return nil }
        self.digest = digest
    }

    package var description: String { Self.prefix + Base64.encode(digest, isPadded: false) }
}
