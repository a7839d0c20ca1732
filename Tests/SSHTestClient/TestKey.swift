import CCrypto
import SSHCrypto
package import SSHKeys

/// What went wrong on the test client's side, or what the server did that a client must not take.
package struct TestClientError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// A user's key pair in software, of any type that the server takes; security keys are played by software too.
// @unchecked: the EVP_PKEY is never changed after init (libcrypto reads it from many threads).
package final class TestKey: @unchecked Sendable {
    private let pair: OpaquePointer
    /// The public half.
    package let publicKey: PublicKey

    /// The application that the played security keys sign for.
    package static let application = "ssh:"

    /// Makes a fresh key pair; RSA has 2048 bits.
    package init(_ algorithm: PublicKey.Algorithm) throws {
        let (type, group): (String, String?) =
            switch algorithm {
            case .ed25519, .skEd25519: ("ED25519", nil)
            case .ecdsaP256, .skECDSAP256: ("EC", "P-256")
            case .ecdsaP384: ("EC", "P-384")
            case .ecdsaP521: ("EC", "P-521")
            case .rsa: ("RSA", nil)
            }
        let context = EVP_PKEY_CTX_new_from_name(nil, type, nil)
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, group.map({ EVP_PKEY_CTX_set_group_name(context, $0) == 1 }) ?? true,
            EVP_PKEY_generate(context, &key) == 1, let key
        else { throw TestClientError("libcrypto makes no key of type \(algorithm)") }
        pair = key
        do {
            publicKey = try PublicKey(blob: Self.blob(algorithm, key))
        } catch {
            EVP_PKEY_free(key)
            throw error
        }
    }

    deinit { EVP_PKEY_free(pair) }

    /// The names of algorithms that this key signs by, the best first.
    package var signatureAlgorithms: [String] {
        publicKey.algorithm == .rsa ? ["rsa-sha2-512", "rsa-sha2-256"] : [publicKey.algorithm.rawValue]
    }

    /// The SSH signature blob over `message`.
    ///
    /// - Parameters:
    ///   - algorithm: its name; `nil` for the key's best. `ssh-rsa` signs with SHA-1, for servers to refuse.
    ///   - flags, counter: what a security key adds; flag 1 says that the user was there.
    package func sign(_ message: [UInt8], algorithm: String? = nil, flags: UInt8 = 1, counter: UInt32 = 7) throws -> [UInt8] {
        let name = algorithm ?? signatureAlgorithms[0]
        var blob = WireWriter()
        blob.string(name)
        switch publicKey.algorithm {
        case .ed25519:
            blob.string(try rawSignature(message, digest: nil))
        case .ecdsaP256, .ecdsaP384, .ecdsaP521:
            let digests: [PublicKey.Algorithm: String] = [.ecdsaP256: "SHA256", .ecdsaP384: "SHA384", .ecdsaP521: "SHA512"]
            blob.string(try Self.numbers(rawSignature(message, digest: digests[publicKey.algorithm])))
        case .rsa:
            let digests = ["rsa-sha2-512": "SHA512", "rsa-sha2-256": "SHA256", "ssh-rsa": "SHA1"]
            blob.string(try rawSignature(message, digest: digests[name] ?? "SHA512"))
        case .skEd25519, .skECDSAP256:
            var signed = WireWriter()
            signed.raw(digest(.sha256, of: [UInt8](Self.application.utf8)))
            signed.byte(flags)
            signed.uint32(counter)
            signed.raw(digest(.sha256, of: message))
            if publicKey.algorithm == .skEd25519 {
                blob.string(try rawSignature(signed.bytes, digest: nil))
            } else {
                blob.string(try Self.numbers(rawSignature(signed.bytes, digest: "SHA256")))
            }
            blob.byte(flags)
            blob.uint32(counter)
        }
        return blob.bytes
    }

    /// What libcrypto makes: 64 bytes, a DER sequence, or a block as long as the modulus.
    private func rawSignature(_ message: [UInt8], digest: String?) throws -> [UInt8] {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 2048)
        var length = signature.count
        guard EVP_DigestSignInit_ex(context, nil, digest, nil, nil, pair, nil) == 1,
            EVP_DigestSign(context, &signature, &length, message, message.count) == 1
        else { throw TestClientError("libcrypto does not sign") }
        return Array(signature.prefix(length))
    }

    /// `SEQUENCE { INTEGER r, INTEGER s }` → two `mpint`s, whose contents are DER's integers as they are (RFC 5656 §3.1.2).
    private static func numbers(_ der: [UInt8]) throws -> [UInt8] {
        var rest = der.dropFirst(der[1] & 0x80 == 0 ? 2 : 3)
        var result = WireWriter()
        for _ in 0..<2 {
            guard rest.count >= 2, rest.first == 0x02 else { throw TestClientError("not DER") }
            let length = Int(rest[rest.startIndex + 1])
            result.string(rest.dropFirst(2).prefix(length))
            rest = rest.dropFirst(2 + length)
        }
        return result.bytes
    }

    private static func blob(_ algorithm: PublicKey.Algorithm, _ key: OpaquePointer) throws -> [UInt8] {
        var blob = WireWriter()
        blob.string(algorithm.rawValue)
        switch algorithm {
        case .ed25519, .skEd25519:
            blob.string(try octets(key, OSSL_PKEY_PARAM_PUB_KEY))
        case .ecdsaP256, .ecdsaP384, .ecdsaP521, .skECDSAP256:
            let curves: [PublicKey.Algorithm: String] = [.ecdsaP384: "nistp384", .ecdsaP521: "nistp521"]
            blob.string(curves[algorithm] ?? "nistp256")
            blob.string(try octets(key, OSSL_PKEY_PARAM_PUB_KEY))
        case .rsa:
            blob.mpint(try number(key, OSSL_PKEY_PARAM_RSA_E))
            blob.mpint(try number(key, OSSL_PKEY_PARAM_RSA_N))
        }
        if algorithm == .skEd25519 || algorithm == .skECDSAP256 { blob.string(application) }
        return blob.bytes
    }

    private static func octets(_ key: OpaquePointer, _ name: String) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 256)
        var length = 0
        guard EVP_PKEY_get_octet_string_param(key, name, &bytes, bytes.count, &length) == 1 else { throw TestClientError("no \(name)") }
        return Array(bytes.prefix(length))
    }

    private static func number(_ key: OpaquePointer, _ name: String) throws -> [UInt8] {
        var value: OpaquePointer?
        guard EVP_PKEY_get_bn_param(key, name, &value) == 1, let value else { throw TestClientError("no \(name)") }
        defer { BN_free(value) }
        var bytes = [UInt8](repeating: 0, count: Int(BN_num_bits(value) + 7) / 8)
        BN_bn2bin(value, &bytes)
        return bytes
    }

    /// Whether `signature` is an `ssh-ed25519` signature blob by `key` over `message`: for the server's host key.
    static func isEd25519(_ signature: [UInt8], by key: [UInt8], over message: [UInt8]) throws -> Bool {
        var keyFields = Fields(key)
        var signatureFields = Fields(signature)
        guard try keyFields.text() == "ssh-ed25519", try signatureFields.text() == "ssh-ed25519" else { return false }
        let point = try keyFields.string()
        let raw = try signatureFields.string()
        guard keyFields.isAtEnd, signatureFields.isAtEnd, point.count == 32, raw.count == 64 else { return false }
        let pair = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, point, point.count)
        defer { EVP_PKEY_free(pair) }
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit_ex(context, nil, nil, nil, nil, pair, nil) == 1
            && EVP_DigestVerify(context, raw, raw.count, message, message.count) == 1
    }
}
