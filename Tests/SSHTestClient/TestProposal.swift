import SSHKeys

/// The name-lists that a test client puts into its KEXINIT, and what it says around them. Everything may be made wrong.
package struct TestProposal: Sendable {
    package var methods = ["curve25519-sha256"]
    package var hostKeys = ["ssh-ed25519"]
    package var ciphersToServer = Array(TestProposal.cipherNames)
    package var ciphersToClient = Array(TestProposal.cipherNames)
    package var macsToServer = Array(TestProposal.macNames)
    package var macsToClient = Array(TestProposal.macNames)
    package var compression = ["none"]
    package var firstPacketFollows = false
    /// Whether the first KEXINIT carries the marker of strict key exchange (OpenSSH PROTOCOL §1.10).
    package var isStrict = true
    /// Whether the first KEXINIT asks for EXT_INFO (RFC 8308).
    package var wantsExtInfo = true

    /// Every cipher that a server of ours offers.
    package static let cipherNames = [
        "chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr", "aes128-ctr",
    ]
    /// Every MAC that a server of ours offers.
    package static let macNames = ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"]

    package init() {}

    /// One cipher, one MAC, both ways.
    package init(cipher: String, mac: String? = nil) {
        ciphersToServer = [cipher]
        ciphersToClient = [cipher]
        if let mac {
            macsToServer = [mac]
            macsToClient = [mac]
        }
    }

    /// The payload of a KEXINIT.
    package func payload(isFirst: Bool, cookie: [UInt8]) -> [UInt8] {
        var writer = WireWriter(message: 20)
        writer.raw(cookie)
        let markers = (isFirst && wantsExtInfo ? ["ext-info-c"] : []) + (isFirst && isStrict ? ["kex-strict-c-v00@openssh.com"] : [])
        writer.nameList(methods + markers)
        writer.nameList(hostKeys)
        writer.nameList(ciphersToServer)
        writer.nameList(ciphersToClient)
        writer.nameList(macsToServer)
        writer.nameList(macsToClient)
        writer.nameList(compression)
        writer.nameList(compression)
        writer.nameList([])
        writer.nameList([])
        writer.boolean(firstPacketFollows)
        writer.uint32(0)
        return writer.bytes
    }
}

/// The lists of the server's KEXINIT.
package struct ServerProposal: Equatable, Sendable {
    package let methods: [String]
    package let hostKeys: [String]
    package let ciphersToServer: [String]
    package let ciphersToClient: [String]
    package let macsToServer: [String]
    package let macsToClient: [String]
    package let compressionToServer: [String]
    package let compressionToClient: [String]

    init(payload: [UInt8]) throws {
        var fields = Fields(payload, skipping: 17)
        methods = try fields.names()
        hostKeys = try fields.names()
        ciphersToServer = try fields.names()
        ciphersToClient = try fields.names()
        macsToServer = try fields.names()
        macsToClient = try fields.names()
        compressionToServer = try fields.names()
        compressionToClient = try fields.names()
        _ = try fields.names()
        _ = try fields.names()
        _ = try fields.boolean()
        _ = try fields.uint32()
        guard fields.isAtEnd else { throw TestClientError("bytes behind the server's KEXINIT") }
    }
}
