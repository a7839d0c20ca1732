import SSHCrypto
import SSHKeys

/// Key exchange methods that we offer, best first.
package enum KeyExchangeMethod: String, CaseIterable, Sendable {
    /// Post-quantum hybrid (draft-ietf-sshm-mlkem-hybrid-kex); offered where libcrypto has ML-KEM (3.5 and later).
    case mlkem768x25519 = "mlkem768x25519-sha256"
    /// RFC 8731.
    case curve25519 = "curve25519-sha256"
    /// The name of the same method before RFC 8731.
    case curve25519LibSSH = "curve25519-sha256@libssh.org"

    /// The methods that this machine's libcrypto can do.
    package static let available = allCases.filter { $0 != .mlkem768x25519 || MLKEM768.isAvailable }
}

/// What both sides said in KEXINIT comes to.
struct Agreement: Equatable, Sendable {
    let method: KeyExchangeMethod
    let cipherIn: CipherAlgorithm
    let cipherOut: CipherAlgorithm
    /// None where the cipher authenticates by itself.
    let macIn: MACAlgorithm?
    let macOut: MACAlgorithm?
    /// The client guessed a method and sent its first packet; the guess was wrong, so the next packet is thrown away (RFC 4253 §7).
    var ignoresNextPacket: Bool
}

/// The name-lists of a KEXINIT (RFC 4253 §7.1).
struct Proposal: Equatable, Sendable {
    let methods: [String]
    let hostKeys: [String]
    let ciphersIn: [String]
    let ciphersOut: [String]
    let macsIn: [String]
    let macsOut: [String]
    let compressionIn: [String]
    let compressionOut: [String]
    let firstPacketFollows: Bool

    /// Means "I understand EXT_INFO" in a client's first KEXINIT (RFC 8308 §2.1).
    static let extInfoMarker = "ext-info-c"
    /// Means "I do strict key exchange" in a client's first KEXINIT (OpenSSH PROTOCOL §1.10).
    static let strictClientMarker = "kex-strict-c-v00@openssh.com"
    /// The same in ours.
    static let strictServerMarker = "kex-strict-s-v00@openssh.com"

    /// Parses a client's KEXINIT payload, message number included. "In" is client to server.
    init(clientPayload payload: UnsafeRawBufferPointer) throws(ProtocolFailure) {
        var reader = WireReader(payload)
        do throws(WireError) {
            _ = try reader.byte()
            _ = try reader.take(16)
            methods = try reader.boundedNameList()
            hostKeys = try reader.boundedNameList()
            ciphersIn = try reader.boundedNameList()
            ciphersOut = try reader.boundedNameList()
            macsIn = try reader.boundedNameList()
            macsOut = try reader.boundedNameList()
            compressionIn = try reader.boundedNameList()
            compressionOut = try reader.boundedNameList()
            _ = try reader.boundedNameList()
            _ = try reader.boundedNameList()
            firstPacketFollows = try reader.boolean()
            _ = try reader.uint32()
            try reader.end()
        } catch {
            throw ProtocolFailure(.malformedMessage, "KEXINIT: \(error)")
        }
    }

    /// Our KEXINIT payload: the same lists every time after the caller's 16 random bytes.
    ///
    /// The marker of strict key exchange is allowed in the first one only, but harmless later; one constant serves both.
    static func serverPayload(cookie: [UInt8]) -> [UInt8] {
        var writer = WireWriter(message: MessageNumber.kexInit.rawValue)
        writer.raw(cookie)
        writer.raw(serverLists)
        return writer.bytes
    }

    private static let serverLists: [UInt8] = {
        var writer = WireWriter()
        let ciphers = CipherAlgorithm.allCases.map(\.rawValue)
        let macs = MACAlgorithm.allCases.map(\.rawValue)
        writer.nameList(KeyExchangeMethod.available.map(\.rawValue) + [strictServerMarker])
        writer.nameList([hostKeyAlgorithm])
        writer.nameList(ciphers)
        writer.nameList(ciphers)
        writer.nameList(macs)
        writer.nameList(macs)
        writer.nameList(["none"])
        writer.nameList(["none"])
        writer.nameList([])
        writer.nameList([])
        writer.boolean(false)
        writer.uint32(0)
        return writer.bytes
    }()

    /// The only host key algorithm of the relay.
    private static let hostKeyAlgorithm = SignatureAlgorithm.ed25519.rawValue

    /// Chooses, for each list, the client's first name that we have (RFC 4253 §7.1).
    func agreement() throws(ProtocolFailure) -> Agreement {
        let ours = KeyExchangeMethod.available
        guard let method = methods.lazy.compactMap({ name in ours.first { $0.rawValue == name } }).first else {
            throw noCommon("key exchange", ours.map(\.rawValue))
        }
        guard hostKeys.contains(Self.hostKeyAlgorithm) else { throw noCommon("host key", [Self.hostKeyAlgorithm]) }
        guard compressionIn.contains("none"), compressionOut.contains("none") else { throw noCommon("compression", ["none"]) }
        let (cipherIn, macIn) = try protection(ciphersIn, macsIn)
        let (cipherOut, macOut) = try protection(ciphersOut, macsOut)
        let guessedRight = methods.first == ours.first?.rawValue && hostKeys.first == Self.hostKeyAlgorithm
        return Agreement(
            method: method, cipherIn: cipherIn, cipherOut: cipherOut, macIn: macIn, macOut: macOut,
            ignoresNextPacket: firstPacketFollows && !guessedRight)
    }

    private func protection(_ ciphers: [String], _ macs: [String]) throws(ProtocolFailure) -> (CipherAlgorithm, MACAlgorithm?) {
        guard let cipher = ciphers.lazy.compactMap(CipherAlgorithm.init).first else {
            throw noCommon("cipher", CipherAlgorithm.allCases.map(\.rawValue))
        }
        if cipher.isAuthenticated { return (cipher, nil) }
        guard let mac = macs.lazy.compactMap(MACAlgorithm.init).first else {
            throw noCommon("MAC", MACAlgorithm.allCases.map(\.rawValue))
        }
        return (cipher, mac)
    }

    private func noCommon(_ what: String, _ ours: [String]) -> ProtocolFailure {
        ProtocolFailure(.noCommonAlgorithm, "no \(what) of yours is one of \(ours.joined(separator: ","))")
    }
}

extension WireReader {
    /// A name-list within our limit.
    fileprivate mutating func boundedNameList() throws(WireError) -> [String] {
        var peek = self
        guard try peek.stringView().count <= ProtocolLimits.nameList else { throw .malformed }
        return try nameList()
    }

    /// A name (host, address, type, user) within our limit.
    mutating func name(atMost limit: Int = ProtocolLimits.name) throws(WireError) -> String {
        let view = try stringView()
        guard view.count <= limit, let text = String(validating: view, as: UTF8.self) else { throw .malformed }
        return text
    }
}
