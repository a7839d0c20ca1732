import SSHCrypto
import SSHKeys

/// Where a key exchange stands (RFC 4253 §7).
enum KeyExchangeState {
    /// None runs: both sides use the keys they have.
    case idle
    /// Our KEXINIT is out, made with this cookie; the peer's has not come.
    case proposed(cookie: [UInt8])
    /// Both KEXINITs are seen; the peer's first key exchange message is awaited.
    case agreed(Agreement, Transcript)
    /// The peer's key exchange value is here; whether to spend time on it is being decided.
    case valueReceived(Agreement, Transcript, value: [UInt8])
    /// Our reply and NEWKEYS are out; the peer's NEWKEYS is awaited, and this cipher opens what follows it.
    case replied(opening: PacketCipher)
}

/// What the exchange hash covers beside the exchange's own values.
struct Transcript {
    /// Payload of the client's KEXINIT.
    let clientInit: [UInt8]
    /// Payload of our KEXINIT.
    let serverInit: [UInt8]
}

/// The outcome of one key exchange on the server's side.
struct KeyExchangeResult {
    /// KEX_ECDH_REPLY, whole payload.
    let reply: [UInt8]
    /// H of RFC 4253 §8; the first one of a connection is its session identifier.
    let exchangeHash: [UInt8]
    /// K, encoded as the key derivation wants it (`mpint`, or `string` for the hybrid method).
    let encodedSecret: [UInt8]
}

/// The server's side of the elliptic-curve and hybrid key exchanges (RFC 5656 §4, RFC 8731, draft-ietf-sshm-mlkem-hybrid-kex).
enum KeyExchange {
    /// Length of an X25519 public value.
    private static let pointLength = 32
    /// Length of an ML-KEM-768 encapsulation key (FIPS 203).
    private static let encapsulationKeyLength = 1184

    /// Computes the shared secret from the client's value and signs the exchange hash.
    ///
    /// - Throws: `.keyExchangeValue` for a value of the wrong length or one that gives no secret.
    /// - Cost: one X25519 key pair, one agreement and one Ed25519 signature (about 0.2 ms), plus an encapsulation for the hybrid.
    static func respond(
        to clientValue: [UInt8], method: KeyExchangeMethod, transcript: Transcript, clientVersion: [UInt8], serverVersion: [UInt8],
        hostKey: HostKey
    ) throws(ProtocolFailure) -> KeyExchangeResult {
        let exchange = Curve25519Exchange()
        var serverValue = exchange.publicKey
        var secret = WireWriter()
        do throws(CryptoError) {
            switch method {
            case .curve25519, .curve25519LibSSH:
                guard clientValue.count == pointLength else { throw .invalidValue }
                secret.mpint(try exchange.sharedSecret(with: clientValue))
            case .mlkem768x25519:
                guard clientValue.count == encapsulationKeyLength + pointLength else { throw .invalidValue }
                let (ciphertext, quantumSecret) = try MLKEM768.encapsulate(to: Array(clientValue.prefix(encapsulationKeyLength)))
                let classicSecret = try exchange.sharedSecret(with: Array(clientValue.suffix(pointLength)))
                serverValue = ciphertext + serverValue
                secret.string(digest(.sha256, of: quantumSecret + classicSecret))
            }
        } catch {
            throw ProtocolFailure(.keyExchangeValue, "\(method.rawValue): \(error)")
        }

        let hostKeyBlob = hostKey.publicKey.blob
        var hashed = WireWriter()
        hashed.string(clientVersion)
        hashed.string(serverVersion)
        hashed.string(transcript.clientInit)
        hashed.string(transcript.serverInit)
        hashed.string(hostKeyBlob)
        hashed.string(clientValue)
        hashed.string(serverValue)
        hashed.raw(secret.bytes)
        let exchangeHash = digest(.sha256, of: hashed.bytes)

        var reply = WireWriter(message: MessageNumber.kexECDHReply.rawValue)
        reply.string(hostKeyBlob)
        reply.string(serverValue)
        reply.string(hostKey.sign(exchangeHash))
        return KeyExchangeResult(reply: reply.bytes, exchangeHash: exchangeHash, encodedSecret: secret.bytes)
    }

    /// Derives one direction's cipher (RFC 4253 §7.2). `letters` are those of its IV, key and MAC key: A, C, E in and B, D, F out.
    static func cipher(
        _ algorithm: CipherAlgorithm, mac: MACAlgorithm?, letters: (iv: Character, key: Character, mac: Character),
        result: KeyExchangeResult, sessionID: [UInt8], direction: PacketCipher.Direction
    ) -> PacketCipher {
        PacketCipher(
            algorithm, mac: mac,
            key: derive(letters.key, algorithm.keyLength, result, sessionID),
            iv: derive(letters.iv, algorithm.ivLength, result, sessionID),
            macKey: mac.map { derive(letters.mac, $0.keyLength, result, sessionID) } ?? [],
            direction: direction)
    }

    private static func derive(_ letter: Character, _ length: Int, _ result: KeyExchangeResult, _ sessionID: [UInt8]) -> [UInt8] {
        let common = result.encodedSecret + result.exchangeHash
        var key = digest(.sha256, of: common + [letter.asciiValue!] + sessionID)
        while key.count < length { key += digest(.sha256, of: common + key) }
        return Array(key.prefix(length))
    }
}
