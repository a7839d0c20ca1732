import CCrypto
package import SSHKeys

/// Signature algorithms of user authentication (RFC 4252 §7, RFC 5656, RFC 8332, RFC 8709, OpenSSH PROTOCOL.u2f). SHA-1 is not among them.
package enum SignatureAlgorithm: String, CaseIterable, Sendable {
    case ed25519 = "ssh-ed25519"
    case ecdsaP256 = "ecdsa-sha2-nistp256"
    case ecdsaP384 = "ecdsa-sha2-nistp384"
    case ecdsaP521 = "ecdsa-sha2-nistp521"
    case rsaSHA256 = "rsa-sha2-256"
    case rsaSHA512 = "rsa-sha2-512"
    case skEd25519 = "sk-ssh-ed25519@openssh.com"
    case skECDSAP256 = "sk-ecdsa-sha2-nistp256@openssh.com"

    /// Whether keys of this type sign by this algorithm.
    package func fits(_ key: PublicKey) -> Bool {
        switch self {
        case .rsaSHA256, .rsaSHA512: key.algorithm == .rsa
        case .ed25519, .ecdsaP256, .ecdsaP384, .ecdsaP521, .skEd25519, .skECDSAP256: key.algorithm.rawValue == rawValue
        }
    }
}

extension PublicKey {
    /// Whether `signature` (the SSH signature blob: algorithm name, then the signature) is this key's over `message`.
    ///
    /// False for anything that does not parse, names another algorithm, or leaves bytes over. `sk-` signatures must carry the flag that
    /// the user was present.
    package func verifies(signature: [UInt8], algorithm: SignatureAlgorithm, over message: [UInt8]) -> Bool {
        guard algorithm.fits(self) else { return false }
        do throws(WireError) {
            return try WireReader.read(signature) { (reader: inout WireReader) throws(WireError) -> Bool in
                guard try reader.text() == algorithm.rawValue else { return false }
                let inner = try reader.stringBytes()
                let verdict: Bool
                switch material {
                case .ed25519(let point):
                    verdict = Edwards25519.verifies(inner, by: point, over: message)
                case .ecdsa(let curve, let point):
                    verdict = try Self.verifyECDSA(curve, point, inner, message)
                case .rsa(let exponent, let modulus):
                    verdict = Self.verifyRSA(exponent, modulus, algorithm == .rsaSHA512 ? .sha512 : .sha256, inner, message)
                case .skEd25519(let point, let application):
                    guard let signed = try Self.signedByToken(&reader, application, message) else { return false }
                    verdict = Edwards25519.verifies(inner, by: point, over: signed)
                case .skECDSA(let point, let application):
                    guard let signed = try Self.signedByToken(&reader, application, message) else { return false }
                    verdict = try Self.verifyECDSA(.p256, point, inner, signed)
                }
                try reader.end()
                return verdict
            }
        } catch {
            return false
        }
    }

    /// What a security key has signed for `message`: hash of the application, flags, counter, hash of the message (PROTOCOL.u2f).
    /// `nil` if nobody touched it.
    private static func signedByToken(
        _ reader: inout WireReader, _ application: [UInt8], _ message: [UInt8]
    ) throws(WireError) -> [UInt8]? {
        let flags = try reader.byte()
        let counter = try reader.uint32()
        guard flags & userPresent != 0 else { return nil }
        var signed = WireWriter()
        signed.raw(digest(.sha256, of: application))
        signed.byte(flags)
        signed.uint32(counter)
        signed.raw(digest(.sha256, of: message))
        return signed.bytes
    }

    /// The flag that says the user touched the token (FIDO U2F raw messages §5.4).
    private static let userPresent: UInt8 = 0x01

    private static func verifyECDSA(_ curve: Curve, _ point: [UInt8], _ signature: [UInt8], _ message: [UInt8]) throws(WireError) -> Bool {
        let (r, s) = try WireReader.read(signature) { (reader: inout WireReader) throws(WireError) -> ([UInt8], [UInt8]) in
            let parts = (try reader.stringBytes(), try reader.stringBytes())
            try reader.end()
            return parts
        }
        let (group, method): (String, DigestAlgorithm) =
            switch curve {
            case .p256: ("P-256", .sha256)
            case .p384: ("P-384", .sha384)
            case .p521: ("P-521", .sha512)
            }
        guard isPositive(r), isPositive(s), let der = DER.signature(r, s),
            let key = PrivateOrPublicKey(towline_ec_public_key(group, point, point.count))
        else {
            ERR_clear_error()
            return false
        }
        return verify(key, method, der, message)
    }

    private static func verifyRSA(
        _ exponent: [UInt8], _ modulus: [UInt8], _ method: DigestAlgorithm, _ signature: [UInt8], _ message: [UInt8]
    ) -> Bool {
        // A signature may lack leading zeros (as OpenSSH allows) but not be longer than the modulus.
        guard signature.count <= modulus.count,
            let key = PrivateOrPublicKey(towline_rsa_public_key(modulus, modulus.count, exponent, exponent.count))
        else {
            ERR_clear_error()
            return false
        }
        let padded = [UInt8](repeating: 0, count: modulus.count - signature.count) + signature
        return verify(key, method, padded, message)
    }

    /// A positive `mpint` of at most 66 bytes and a sign byte (P-521).
    private static func isPositive(_ number: [UInt8]) -> Bool {
        guard let first = number.first, number.count <= 67 else { return false }
        return first & 0x80 == 0 && number.contains { $0 != 0 }
    }

    private static func verify(
        _ key: borrowing PrivateOrPublicKey, _ method: DigestAlgorithm, _ signature: [UInt8], _ message: [UInt8]
    ) -> Bool {
        defer { ERR_clear_error() }
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, method.method, nil, key.pointer) == 1 else { return false }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}

/// The one piece of ASN.1 that ECDSA needs: `SEQUENCE { INTEGER r, INTEGER s }`.
private enum DER {
    /// - Parameters: positive `mpint` contents, which are DER's integers but for superfluous leading zeros.
    /// - Returns: `nil` if too long for what P-521 can need.
    static func signature(_ r: [UInt8], _ s: [UInt8]) -> [UInt8]? {
        let body = integer(r) + integer(s)
        switch body.count {
        case ..<0x80: return [0x30, UInt8(body.count)] + body
        case ...0xFF: return [0x30, 0x81, UInt8(body.count)] + body
        default: return nil
        }
    }

    private static func integer(_ number: [UInt8]) -> [UInt8] {
        var digits = Array(number.drop { $0 == 0 })
        if digits.first.map({ $0 & 0x80 != 0 }) ?? true { digits.insert(0, at: 0) }
        return [0x02, UInt8(digits.count)] + digits
    }
}
