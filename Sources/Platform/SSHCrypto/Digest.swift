import CCrypto
package import SSHKeys

/// Why a cryptographic operation gave no result; never says more than a peer may know.
package enum CryptoError: Error, Equatable, Sendable {
    /// A peer's public value, or a key file, that is not valid.
    case invalidValue
}

/// Fresh random bytes from libcrypto's generator. Traps if it fails: nothing after that would be safe.
package func randomBytes(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    check(RAND_bytes(&bytes, Int32(count)), "RAND_bytes")
    return bytes
}

/// Hash functions of SSH (FIPS 180-4).
package enum DigestAlgorithm: Sendable {
    case sha256, sha384, sha512

    var method: OpaquePointer {
        switch self {
        case .sha256: EVP_sha256()
        case .sha384: EVP_sha384()
        case .sha512: EVP_sha512()
        }
    }

    /// Bytes of the result.
    package var length: Int {
        switch self {
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }
}

/// The digest of `bytes`.
package func digest(_ algorithm: DigestAlgorithm, of bytes: [UInt8]) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: algorithm.length)
    check(EVP_Digest(bytes, bytes.count, &result, nil, algorithm.method, nil), "EVP_Digest")
    return result
}

/// The keyed hash of `bytes` (RFC 2104) with SHA-256: 32 bytes.
package func hmacSHA256(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: DigestAlgorithm.sha256.length)
    var written = 0
    let made = EVP_Q_mac(nil, "HMAC", nil, "SHA256", nil, key, key.count, bytes, bytes.count, &result, result.count, &written)
    precondition(made != nil && written == result.count, "EVP_Q_mac")
    return result
}

extension PublicKey {
    /// SHA-256 of the wire form, as OpenSSH prints it.
    package var fingerprint: Fingerprint { Fingerprint(digest: digest(.sha256, of: blob)) }
}
