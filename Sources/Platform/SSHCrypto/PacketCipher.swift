import CCrypto

/// Ciphers of SSH packets that we offer, best first.
package enum CipherAlgorithm: String, CaseIterable, Sendable {
    /// OpenSSH PROTOCOL.chacha20poly1305: the length is encrypted too.
    case chacha20Poly1305 = "chacha20-poly1305@openssh.com"
    /// RFC 5647 as OpenSSH does it: no MAC is negotiated.
    case aes256GCM = "aes256-gcm@openssh.com"
    /// The same with a 128-bit key.
    case aes128GCM = "aes128-gcm@openssh.com"
    /// RFC 4344 §4.
    case aes256CTR = "aes256-ctr"
    /// RFC 4344 §4.
    case aes128CTR = "aes128-ctr"

    /// Key bytes (RFC 4253 §7.2).
    package var keyLength: Int {
        switch self {
        case .chacha20Poly1305: 64
        case .aes256GCM, .aes256CTR: 32
        case .aes128GCM, .aes128CTR: 16
        }
    }

    /// Bytes of the initial IV.
    package var ivLength: Int {
        switch self {
        case .chacha20Poly1305: 0
        case .aes256GCM, .aes128GCM: 12
        case .aes256CTR, .aes128CTR: 16
        }
    }

    /// What `packet_length` is a multiple of (RFC 4253 §6; the length field itself is not counted by any of our modes).
    package var blockSize: Int { self == .chacha20Poly1305 ? 8 : 16 }

    /// Whether the cipher authenticates by itself, so that no MAC is negotiated.
    package var isAuthenticated: Bool {
        switch self {
        case .chacha20Poly1305, .aes256GCM, .aes128GCM: true
        case .aes256CTR, .aes128CTR: false
        }
    }
}

/// MACs for the ciphers that need one, best first: encrypt-then-MAC only (OpenSSH PROTOCOL §1.6).
package enum MACAlgorithm: String, CaseIterable, Sendable {
    case hmacSHA256ETM = "hmac-sha2-256-etm@openssh.com"
    case hmacSHA512ETM = "hmac-sha2-512-etm@openssh.com"

    /// Key bytes.
    package var keyLength: Int { tagLength }

    /// Bytes of the MAC.
    package var tagLength: Int { self == .hmacSHA256ETM ? 32 : 64 }
}

/// Protects the packets of one direction of one connection.
///
/// All forms that we offer frame a packet alike: 4 bytes of length, `length` bytes of ciphertext, a tag. Works in place, without
/// allocating (but libcrypto 3.0's HMAC copies its inner state to start anew); the AES key schedule is made once. Not Sendable: used by whoever has the connection.
package final class PacketCipher {
    /// Which way the packets go: those we send are sealed, those we get are opened.
    package enum Direction: Sendable { case seal, open }

    private enum Form {
        case gcm(OpaquePointer)
        case chacha(body: OpaquePointer, header: OpaquePointer, poly: OpaquePointer)
        case ctr(OpaquePointer, mac: OpaquePointer)
    }

    /// Bytes of the tag behind each packet.
    package let tagLength: Int
    /// What `packet_length` is a multiple of.
    package let blockSize: Int
    private let form: Form
    /// GCM: fixed field and invocation counter (RFC 5647 §7.1), in wire order.
    private var nonce: (UInt32, UInt64) = (0, 0)

    /// Starts a direction with the keys of a key exchange (RFC 4253 §7.2).
    ///
    /// A precondition: keys and IV have the lengths of `cipher` and `mac`; a cipher that does not authenticate has a `mac`.
    package init(_ cipher: CipherAlgorithm, mac: MACAlgorithm?, key: [UInt8], iv: [UInt8], macKey: [UInt8], direction: Direction) {
        precondition(key.count == cipher.keyLength && iv.count == cipher.ivLength, "key or IV of the wrong length")
        blockSize = cipher.blockSize
        let encrypts: Int32 = direction == .seal ? 1 : 0
        switch cipher {
        case .aes128GCM, .aes256GCM:
            tagLength = 16
            let context = Self.cipherContext(cipher == .aes128GCM ? "AES-128-GCM" : "AES-256-GCM", key: key[...], encrypts: encrypts)
            form = .gcm(context)
            nonce.0 = iv.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
            nonce.1 = iv.withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 4, as: UInt64.self)) }
        case .chacha20Poly1305:
            tagLength = 16
            form = .chacha(
                body: Self.cipherContext("ChaCha20", key: key[..<32], encrypts: 1),
                header: Self.cipherContext("ChaCha20", key: key[32...], encrypts: 1),
                poly: Self.macContext("POLY1305", key: [], digest: nil))
        case .aes128CTR, .aes256CTR:
            guard let mac else { preconditionFailure("CTR needs a MAC") }
            precondition(macKey.count == mac.keyLength, "MAC key of the wrong length")
            tagLength = mac.tagLength
            let context = Self.cipherContext(
                cipher == .aes128CTR ? "AES-128-CTR" : "AES-256-CTR", key: key[...], encrypts: encrypts, iv: iv)
            form = .ctr(context, mac: Self.macContext("HMAC", key: macKey, digest: mac == .hmacSHA256ETM ? "SHA256" : "SHA512"))
        }
    }

    deinit {
        switch form {
        case .gcm(let context): EVP_CIPHER_CTX_free(context)
        case .chacha(let body, let header, let poly):
            EVP_CIPHER_CTX_free(body)
            EVP_CIPHER_CTX_free(header)
            EVP_MAC_CTX_free(poly)
        case .ctr(let context, let mac):
            EVP_CIPHER_CTX_free(context)
            EVP_MAC_CTX_free(mac)
        }
    }

    // MARK: Packets

    /// The length of a packet from its first 4 bytes; what comes back is a peer's number and not verified yet.
    package func packetLength(_ header: UnsafeRawPointer, sequence: UInt32) -> UInt32 {
        guard case .chacha(_, let context, _) = form else { return UInt32(bigEndian: header.loadUnaligned(as: UInt32.self)) }
        var length: UInt32 = 0
        Self.start(context, sequence: sequence)
        withUnsafeMutableBytes(of: &length) { Self.update(context, to: $0.baseAddress!, from: header, 4) }
        return UInt32(bigEndian: length)
    }

    /// Verifies a packet and decrypts its `length` bytes in place. `packet` points at the 4 bytes of length, as they came; the tag follows.
    ///
    /// - Returns: false if the packet is not what the peer sealed; its bytes are then worthless.
    package func open(_ packet: UnsafeMutableRawPointer, length: Int, sequence: UInt32) -> Bool {
        let body = packet + 4
        let tag = body + length
        switch form {
        case .gcm(let context):
            startGCM(context)
            Self.update(context, to: nil, from: packet, 4)
            Self.update(context, to: body, from: body, length)
            var rest: Int32 = 0
            return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, tag) == 1
                && EVP_CipherFinal_ex(context, body.assumingMemoryBound(to: UInt8.self) + length, &rest) == 1
        case .chacha(let context, _, let poly):
            startBody(context, poly, sequence: sequence)
            return withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { expected in
                Self.addToMAC(poly, packet, 4 + length)
                Self.finishMAC(poly, to: expected.baseAddress!, 16)
                guard CRYPTO_memcmp(expected.baseAddress!, tag, 16) == 0 else { return false }
                Self.update(context, to: body, from: body, length)
                return true
            }
        case .ctr(let context, let mac):
            return withUnsafeTemporaryAllocation(byteCount: tagLength, alignment: 8) { expected in
                startMAC(mac, sequence: sequence)
                Self.addToMAC(mac, packet, 4 + length)
                Self.finishMAC(mac, to: expected.baseAddress!, tagLength)
                guard CRYPTO_memcmp(expected.baseAddress!, tag, tagLength) == 0 else { return false }
                Self.update(context, to: body, from: body, length)
                return true
            }
        }
    }

    /// Encrypts a packet in place and writes its tag behind it. `packet` points at the 4 bytes of length; `length` bytes follow.
    package func seal(_ packet: UnsafeMutableRawPointer, length: Int, sequence: UInt32) {
        let body = packet + 4
        let tag = body + length
        switch form {
        case .gcm(let context):
            startGCM(context)
            Self.update(context, to: nil, from: packet, 4)
            Self.update(context, to: body, from: body, length)
            var rest: Int32 = 0
            check(EVP_CipherFinal_ex(context, tag.assumingMemoryBound(to: UInt8.self), &rest), "EVP_CipherFinal_ex")
            check(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag), "EVP_CTRL_AEAD_GET_TAG")
        case .chacha(let context, let header, let poly):
            Self.start(header, sequence: sequence)
            Self.update(header, to: packet, from: packet, 4)
            startBody(context, poly, sequence: sequence)
            Self.update(context, to: body, from: body, length)
            Self.addToMAC(poly, packet, 4 + length)
            Self.finishMAC(poly, to: tag, 16)
        case .ctr(let context, let mac):
            Self.update(context, to: body, from: body, length)
            startMAC(mac, sequence: sequence)
            Self.addToMAC(mac, packet, 4 + length)
            Self.finishMAC(mac, to: tag, tagLength)
        }
    }

    /// Gives GCM the nonce of this packet and counts up.
    private func startGCM(_ context: OpaquePointer) {
        withUnsafeTemporaryAllocation(byteCount: 12, alignment: 8) { iv in
            iv.storeBytes(of: nonce.0, as: UInt32.self)
            iv.storeBytes(of: nonce.1.bigEndian, toByteOffset: 4, as: UInt64.self)
            check(EVP_CipherInit_ex(context, nil, nil, nil, iv.baseAddress, -1), "EVP_CipherInit_ex")
        }
        nonce.1 &+= 1
    }

    /// Starts a ChaCha20 stream at block 0 with the packet's number as nonce.
    private static func start(_ context: OpaquePointer, sequence: UInt32) {
        withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { iv in
            iv.storeBytes(of: 0, as: UInt64.self)
            iv.storeBytes(of: UInt64(sequence).bigEndian, toByteOffset: 8, as: UInt64.self)
            check(EVP_CipherInit_ex(context, nil, nil, nil, iv.baseAddress, -1), "EVP_CipherInit_ex")
        }
    }

    /// Starts the body's stream: block 0 makes the packet's Poly1305 key, so that the stream stands at block 1 afterwards.
    private func startBody(_ context: OpaquePointer, _ poly: OpaquePointer, sequence: UInt32) {
        Self.start(context, sequence: sequence)
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 16) { block in
            block.initializeMemory(as: UInt8.self, repeating: 0)
            Self.update(context, to: block.baseAddress!, from: block.baseAddress!, 64)
            check(EVP_MAC_init(poly, block.baseAddress, 32, nil), "EVP_MAC_init")
            OPENSSL_cleanse(block.baseAddress, 64)
        }
    }

    /// Starts an HMAC with the key it has, over the packet's number first (RFC 4253 §6.4).
    private func startMAC(_ mac: OpaquePointer, sequence: UInt32) {
        check(EVP_MAC_init(mac, nil, 0, nil), "EVP_MAC_init")
        withUnsafeBytes(of: sequence.bigEndian) { Self.addToMAC(mac, $0.baseAddress!, 4) }
    }

    private static func update(_ context: OpaquePointer, to: UnsafeMutableRawPointer?, from: UnsafeRawPointer, _ count: Int) {
        var written: Int32 = 0
        let out = to?.assumingMemoryBound(to: UInt8.self)
        check(EVP_CipherUpdate(context, out, &written, from.assumingMemoryBound(to: UInt8.self), Int32(count)), "EVP_CipherUpdate")
    }

    private static func addToMAC(_ mac: OpaquePointer, _ bytes: UnsafeRawPointer, _ count: Int) {
        check(EVP_MAC_update(mac, bytes.assumingMemoryBound(to: UInt8.self), count), "EVP_MAC_update")
    }

    private static func finishMAC(_ mac: OpaquePointer, to tag: UnsafeMutableRawPointer, _ count: Int) {
        var written = 0
        check(EVP_MAC_final(mac, tag.assumingMemoryBound(to: UInt8.self), &written, count), "EVP_MAC_final")
    }

    // MARK: Contexts

    private static func cipherContext(_ name: String, key: ArraySlice<UInt8>, encrypts: Int32, iv: [UInt8]? = nil) -> OpaquePointer {
        guard let context = EVP_CIPHER_CTX_new() else { preconditionFailure("out of memory") }
        let key = Array(key)
        check(EVP_CipherInit_ex(context, Algorithms.cipher(name), nil, key, iv, encrypts), "EVP_CipherInit_ex")
        return context
    }

    private static func macContext(_ name: String, key: [UInt8], digest: String?) -> OpaquePointer {
        guard let context = EVP_MAC_CTX_new(Algorithms.mac(name)) else { preconditionFailure("out of memory") }
        if let digest { check(towline_hmac_init(context, key, key.count, digest), "EVP_MAC_init") }
        return context
    }
}

/// Algorithms of libcrypto, fetched once per process: a fetch takes locks and allocates.
enum Algorithms {
    static func cipher(_ name: String) -> OpaquePointer {
        guard let cipher = ciphers[name] else { preconditionFailure("cipher \(name) is not in the table") }
        return cipher.pointer
    }

    static func mac(_ name: String) -> OpaquePointer {
        guard let mac = macs[name] else { preconditionFailure("MAC \(name) is not in the table") }
        return mac.pointer
    }

    // @unchecked: libcrypto's method objects are immutable and shared by design.
    private struct Method: @unchecked Sendable { let pointer: OpaquePointer }

    private static let ciphers: [String: Method] = table(
        ["AES-128-GCM", "AES-256-GCM", "AES-128-CTR", "AES-256-CTR", "ChaCha20"]) { EVP_CIPHER_fetch(nil, $0, nil) }
    private static let macs: [String: Method] = table(["HMAC", "POLY1305"]) { EVP_MAC_fetch(nil, $0, nil) }

    private static func table(_ names: [String], _ fetch: (String) -> OpaquePointer?) -> [String: Method] {
        Dictionary(
            uniqueKeysWithValues: names.map { name in
                guard let pointer = fetch(name) else { preconditionFailure("libcrypto has no \(name)") }
                return (name, Method(pointer: pointer))
            })
    }
}

/// Traps if libcrypto fails where only our own mistake, or no memory, can make it fail.
@inline(__always)
func check(_ result: Int32, _ call: StaticString) {
    precondition(result == 1, "libcrypto: \(call)")
}
