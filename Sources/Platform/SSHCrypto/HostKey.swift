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
    /// The private half.
    private let secret: Secret
    /// The 32 bytes that the key was made of, for `openSSHText`.
    var seed: [UInt8] { Array(secret.bytes.prefix(32)) }
    /// The public half: what peers pin, and what signatures are verified with.
    package let publicKey: PublicKey

    /// Makes a new one.
    package static func generate() -> HostKey {
        HostKey(seed: randomBytes(32))
    }

    /// A private key, seed and point, which neither `print` nor `dump` shows.
    private struct Secret: Sendable, CustomStringConvertible, CustomReflectable {
        let bytes: [UInt8]
        var description: String { "«redacted»" }
        var customMirror: Mirror { Mirror(self, children: [:]) }
    }

    /// From the 32 bytes of a private key (RFC 8032 §5.1.5).
    package init(seed: [UInt8]) {
        let pair = Edwards25519.pair(seed: seed)
        var blob = WireWriter()
        blob.string(SignatureAlgorithm.ed25519.rawValue)
        blob.string(pair.point)
        guard let publicKey = try? PublicKey(blob: blob.bytes) else { preconditionFailure("libsodium made no Ed25519 key") }  // ours
        self.publicKey = publicKey
        secret = Secret(bytes: pair.secret)
    }

    /// The SSH signature blob over `message`: the algorithm's name, then 64 bytes.
    package func sign(_ message: [UInt8]) -> [UInt8] {
        var blob = WireWriter()
        blob.string(SignatureAlgorithm.ed25519.rawValue)
        blob.string(Edwards25519.sign(message, secret: secret.bytes))
        return blob.bytes
    }
}
