import CSodium

/// Ed25519 (RFC 8032) and X25519 (RFC 7748) by libsodium: OpenSSL 3.0 has no fast arithmetic for Edwards curves, and takes two and a half
/// times as long to verify and to sign, which is most of what a connection costs a relay.
enum Edwards25519 {
    /// Chooses the fastest code that this processor can run. Once, before anything else.
    private static let isReady = sodium_init() >= 0

    private static func start() { precondition(isReady, "libsodium: no source of random bytes") }

    /// The key pair of a seed (RFC 8032 §5.1.5): `secret` is the seed and the point, 64 bytes, as libsodium keeps it.
    static func pair(seed: [UInt8]) -> (secret: [UInt8], point: [UInt8]) {
        start()
        precondition(seed.count == 32, "an Ed25519 seed has 32 bytes")
        var secret = [UInt8](repeating: 0, count: 64)
        var point = [UInt8](repeating: 0, count: 32)
        precondition(crypto_sign_seed_keypair(&point, &secret, seed) == 0, "libsodium: crypto_sign_seed_keypair")
        return (secret, point)
    }

    /// 64 bytes over `message`.
    static func sign(_ message: [UInt8], secret: [UInt8]) -> [UInt8] {
        start()
        precondition(secret.count == 64, "an Ed25519 secret has 64 bytes here")
        var signature = [UInt8](repeating: 0, count: 64)
        precondition(
            crypto_sign_detached(&signature, nil, message, UInt64(message.count), secret) == 0, "libsodium: crypto_sign_detached")
        return signature
    }

    /// Whether `signature` is that of `point` over `message`; false as well for a point of small order, or one that is not canonical.
    static func verifies(_ signature: [UInt8], by point: [UInt8], over message: [UInt8]) -> Bool {
        start()
        guard signature.count == 64, point.count == 32 else { return false }
        return crypto_sign_verify_detached(signature, message, UInt64(message.count), point) == 0
    }

    /// The public value of a private key.
    static func publicValue(of privateKey: [UInt8]) -> [UInt8] {
        start()
        precondition(privateKey.count == 32, "an X25519 key has 32 bytes")
        var value = [UInt8](repeating: 0, count: 32)
        precondition(crypto_scalarmult_base(&value, privateKey) == 0, "libsodium: crypto_scalarmult_base")
        return value
    }

    /// The shared secret with the owner of `peer`; `nil` where that is all zeros (RFC 7748 §6.1).
    static func agree(_ privateKey: [UInt8], with peer: [UInt8]) -> [UInt8]? {
        start()
        guard privateKey.count == 32, peer.count == 32 else { return nil }
        var secret = [UInt8](repeating: 0, count: 32)
        return crypto_scalarmult(&secret, privateKey, peer) == 0 ? secret : nil
    }
}
