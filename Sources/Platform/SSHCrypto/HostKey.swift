import CCrypto
package import SSHKeys

/// Why a text is not a host key that we can use.
///
/// The description is one line for a person and says what to do.
package enum HostKeyError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Not `-----BEGIN OPENSSH PRIVATE KEY-----` … at all, or damaged.
    case notAnOpenSSHPrivateKey
    /// It has a passphrase; a daemon has nobody to ask.
    case encrypted
    /// It is of another type; the relay's host key is Ed25519.
    case notEd25519(String)

    package var description: String {
        switch self {
        case .notAnOpenSSHPrivateKey: "this is no OpenSSH private key, or it is damaged; make one with: ssh-keygen -t ed25519 -N ''"
        case .encrypted: "the key has a passphrase, which a daemon cannot type; take it off with: ssh-keygen -p -N '' -f FILE"
        case .notEd25519(let type):
            "the key is of type \(type), but a host key must be ssh-ed25519; make one with: ssh-keygen -t ed25519 -N ''"
        }
    }
}

/// An Ed25519 key pair that a server proves itself with (RFC 8709). Kept in OpenSSH's own file format, so that `ssh-keygen` reads it.
package struct HostKey: Sendable {
    /// An EVP_PKEY that is never changed.
    // @unchecked: libcrypto signs with one key from many threads (OpenSSL's openssl-threads manual: objects that are only read).
    private final class Pair: @unchecked Sendable {
        let key: PrivateOrPublicKey
        init(_ key: consuming PrivateOrPublicKey) { self.key = key }
    }

    private let pair: Pair
    /// The private half, kept for `openSSHText`.
    let seed: Seed
    /// The public half: what peers pin, and what signatures are verified with.
    package let publicKey: PublicKey

    /// Makes a new one.
    package static func generate() -> HostKey {
        HostKey(seed: randomBytes(32))
    }

    /// The 32 bytes of a private key, which neither `print` nor `dump` shows.
    struct Seed: Sendable, CustomStringConvertible, CustomReflectable {
        let bytes: [UInt8]
        var description: String { "«redacted»" }
        var customMirror: Mirror { Mirror(self, children: [:]) }
    }

    /// From the 32 bytes of a private key (RFC 8032 §5.1.5).
    package init(seed: [UInt8]) {
        guard let key = PrivateOrPublicKey(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count)) else {
            preconditionFailure("libcrypto: Ed25519 key")
        }
        var point = [UInt8](repeating: 0, count: 32)
        var length = point.count
        check(EVP_PKEY_get_raw_public_key(key.pointer, &point, &length), "EVP_PKEY_get_raw_public_key")
        var blob = WireWriter()
        blob.string(SignatureAlgorithm.ed25519.rawValue)
        blob.string(point)
        guard let publicKey = try? PublicKey(blob: blob.bytes) else { preconditionFailure("libcrypto made no Ed25519 key") }  // ours
        self.publicKey = publicKey
        pair = Pair(key)
        self.seed = Seed(bytes: seed)
    }

    /// The SSH signature blob over `message`: the algorithm's name, then 64 bytes.
    package func sign(_ message: [UInt8]) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 64)
        var length = signature.count
        check(EVP_DigestSignInit(context, nil, nil, nil, pair.key.pointer), "EVP_DigestSignInit")
        check(EVP_DigestSign(context, &signature, &length, message, message.count), "EVP_DigestSign")
        var blob = WireWriter()
        blob.string(SignatureAlgorithm.ed25519.rawValue)
        blob.string(signature)
        return blob.bytes
    }
}
