import CCrypto

/// An owned EVP_PKEY.
struct PrivateOrPublicKey: ~Copyable {
    let pointer: OpaquePointer

    init?(_ pointer: OpaquePointer?) {
        guard let pointer else { return nil }
        self.pointer = pointer
    }

    deinit { EVP_PKEY_free(pointer) }
}

/// One side of an X25519 agreement (RFC 7748 §6.1, RFC 8731) with a key pair of its own, to be used once.
package struct Curve25519Exchange: ~Copyable {
    private let privateKey: [UInt8]
    /// 32 bytes.
    package let publicKey: [UInt8]

    /// Makes a fresh key pair.
    package init() {
        self.init(privateKey: randomBytes(32))
    }

    /// Uses a given private key: for known-answer tests.
    package init(privateKey: [UInt8]) {
        self.privateKey = privateKey
        publicKey = Edwards25519.publicValue(of: privateKey)
    }

    /// The shared secret with the owner of `peer`, 32 bytes.
    ///
    /// - Throws: `.invalidValue` for a value of another length, or of small order: the result would be all zeros (RFC 7748 §6.1).
    package func sharedSecret(with peer: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard let secret = Edwards25519.agree(privateKey, with: peer) else { throw .invalidValue }
        return secret
    }
}

/// ML-KEM-768 (FIPS 203), where libcrypto has it (3.5 and later): asked at run time, so that one program serves both.
package enum MLKEM768 {
    /// Whether this machine's libcrypto has it.
    package static let isAvailable: Bool = {
        guard let method = EVP_KEYMGMT_fetch(nil, "ML-KEM-768", nil) else {
            ERR_clear_error()
            return false
        }
        EVP_KEYMGMT_free(method)
        return true
    }()

    /// Encapsulates a fresh secret (32 bytes) to an encapsulation key (1184 bytes); the ciphertext has 1088 bytes.
    ///
    /// - Throws: `.invalidValue` for a key that FIPS 203 §7.2 refuses, or if this machine has no ML-KEM.
    package static func encapsulate(to publicKey: [UInt8]) throws(CryptoError) -> (ciphertext: [UInt8], secret: [UInt8]) {
        guard let key = PrivateOrPublicKey(EVP_PKEY_new_raw_public_key_ex(nil, "ML-KEM-768", nil, publicKey, publicKey.count)),
            let context = EVP_PKEY_CTX_new_from_pkey(nil, key.pointer, nil)
        else {
            ERR_clear_error()
            throw .invalidValue
        }
        defer { EVP_PKEY_CTX_free(context) }
        var ciphertext = [UInt8](repeating: 0, count: 1088)
        var secret = [UInt8](repeating: 0, count: 32)
        var ciphertextLength = ciphertext.count
        var secretLength = secret.count
        let isDone =
            EVP_PKEY_encapsulate_init(context, nil) == 1
            && EVP_PKEY_encapsulate(context, &ciphertext, &ciphertextLength, &secret, &secretLength) == 1
        guard isDone, ciphertextLength == ciphertext.count, secretLength == secret.count else {
            ERR_clear_error()
            throw .invalidValue
        }
        return (ciphertext, secret)
    }
}
