import SSHCrypto
import SSHKeys

/// A parsed SSH_MSG_USERAUTH_REQUEST (RFC 4252 §5).
struct UserAuthRequest {
    enum Method {
        /// A public key, with or without proof.
        case publicKey(PublicKeyOffer)
        /// `none`: asks which methods there are.
        case none
        /// Any other method, or a key that we cannot take: counts as a failure. The text is for the log.
        case unacceptable(String)
    }

    let user: String
    let service: String
    let method: Method

    /// Parses a whole payload. `sessionID` and `hostKey` are what a signature must cover (RFC 4252 §7, OpenSSH PROTOCOL §3.1).
    init(_ payload: UnsafeRawBufferPointer, sessionID: [UInt8], hostKey: [UInt8]) throws(ProtocolFailure) {
        var reader = WireReader(payload)
        do throws(WireError) {
            _ = try reader.byte()
            user = try reader.name(atMost: ProtocolLimits.userName)
            service = try reader.name()
            let name = try reader.name()
            switch name {
            case "none":
                try reader.end()
                method = .none
            case PublicKeyOffer.method, PublicKeyOffer.hostBoundMethod:
                method = try Self.publicKey(&reader, name, user, service, sessionID, hostKey)
            default:
                method = .unacceptable("method \(name)")
            }
        } catch {
            throw ProtocolFailure(.malformedMessage, "USERAUTH_REQUEST: \(error)")
        }
    }

    private static func publicKey(
        _ reader: inout WireReader, _ name: String, _ user: String, _ service: String, _ sessionID: [UInt8], _ hostKey: [UInt8]
    ) throws(WireError) -> Method {
        let isSigned = try reader.boolean()
        let algorithmName = try reader.name()
        let blob = try reader.stringBytes()
        var namesOurHost = true
        if name == PublicKeyOffer.hostBoundMethod { namesOurHost = try reader.stringBytes() == hostKey }
        let signature = isSigned ? try reader.stringBytes() : nil
        try reader.end()

        guard namesOurHost else { return .unacceptable("bound to another host key") }
        guard let algorithm = SignatureAlgorithm(rawValue: algorithmName) else { return .unacceptable("algorithm \(algorithmName)") }
        let key: PublicKey
        do throws(PublicKeyError) { key = try PublicKey(blob: blob) } catch { return .unacceptable("key: \(error)") }
        guard algorithm.fits(key) else { return .unacceptable("\(algorithmName) with a key of type \(key.algorithm.rawValue)") }
        let proof = signature.map { signature in
            var signed = WireWriter()
            signed.string(sessionID)
            signed.byte(MessageNumber.userAuthRequest.rawValue)
            signed.string(user)
            signed.string(service)
            signed.string(name)
            signed.boolean(true)
            signed.string(algorithmName)
            signed.string(blob)
            if name == PublicKeyOffer.hostBoundMethod { signed.string(hostKey) }
            return PublicKeyOffer.Proof(signature: signature, signed: signed.bytes)
        }
        return .publicKey(PublicKeyOffer(user: user, key: key, algorithm: algorithm, proof: proof))
    }
}

/// A public key that a peer says is its own.
struct PublicKeyOffer {
    /// What makes an offer a claim that can be believed.
    struct Proof {
        let signature: [UInt8]
        /// The bytes the signature must cover.
        let signed: [UInt8]
    }

    let user: String
    let key: PublicKey
    let algorithm: SignatureAlgorithm
    /// None in a probe: a probe is answered and never becomes an identity (RFC 4252 §7).
    let proof: Proof?

    /// RFC 4252 §7.
    static let method = "publickey"
    /// The same, with the server's host key in what is signed (OpenSSH PROTOCOL §3.1).
    static let hostBoundMethod = "publickey-hostbound-v00@openssh.com"
}
