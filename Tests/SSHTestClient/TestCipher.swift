import CCrypto

/// One direction's packet protection in its plainest form: whole arrays, fetched for every packet. The tests' own, not the one under test.
///
/// Source: RFC 4344, RFC 5647, RFC 6668, OpenSSH PROTOCOL §1.5 (etm) and §1.6 (gcm), PROTOCOL.chacha20poly1305.
final class TestCipher {
    /// What a name stands for.
    struct Sizes {
        let key: Int
        let iv: Int
        let block: Int
        let cipher: String
        let isAuthenticated: Bool
    }

    static let ciphers: [String: Sizes] = [
        "chacha20-poly1305@openssh.com": Sizes(key: 64, iv: 0, block: 8, cipher: "ChaCha20", isAuthenticated: true),
        "aes256-gcm@openssh.com": Sizes(key: 32, iv: 12, block: 16, cipher: "AES-256-GCM", isAuthenticated: true),
        "aes128-gcm@openssh.com": Sizes(key: 16, iv: 12, block: 16, cipher: "AES-128-GCM", isAuthenticated: true),
        "aes256-ctr": Sizes(key: 32, iv: 16, block: 16, cipher: "AES-256-CTR", isAuthenticated: false),
        "aes128-ctr": Sizes(key: 16, iv: 16, block: 16, cipher: "AES-128-CTR", isAuthenticated: false),
    ]
    /// Digest and length of key and tag.
    static let macs: [String: (digest: String, length: Int)] = [
        "hmac-sha2-256-etm@openssh.com": ("SHA256", 32), "hmac-sha2-512-etm@openssh.com": ("SHA512", 64),
    ]

    let sizes: Sizes
    let tagLength: Int
    private let key: [UInt8]
    private let macKey: [UInt8]
    private let macDigest: String?
    /// GCM's nonce, or CTR's counter block; counted up as bytes go by.
    private var iv: [UInt8]

    init(cipher: String, mac: String?, key: [UInt8], iv: [UInt8], macKey: [UInt8]) throws {
        guard let sizes = Self.ciphers[cipher] else { throw TestClientError("cipher \(cipher)") }
        self.sizes = sizes
        self.key = key
        self.iv = iv
        self.macKey = macKey
        if sizes.isAuthenticated {
            macDigest = nil
            tagLength = 16
        } else {
            guard let mac, let entry = Self.macs[mac] else { throw TestClientError("MAC \(mac ?? "none")") }
            macDigest = entry.digest
            tagLength = entry.length
        }
    }

    /// The packet on the wire: `header` (4 bytes of length) and `body` protected, and the tag.
    func seal(header: [UInt8], body: [UInt8], sequence: UInt32) throws -> [UInt8] {
        switch sizes.cipher {
        case "ChaCha20":
            let sealed = try chacha(header, half: 1, block: 0, sequence) + chacha(body, half: 0, block: 1, sequence)
            return try sealed + poly1305(sealed, sequence)
        case "AES-256-GCM", "AES-128-GCM":
            return try header + gcm(header: header, body: body, tag: nil)
        default:
            let sealed = try header + ctr(body)
            return try sealed + hmac(sealed, sequence)
        }
    }

    /// The packet's length field.
    func length(header: [UInt8], sequence: UInt32) throws -> Int {
        let plain = sizes.cipher == "ChaCha20" ? try chacha(header, half: 1, block: 0, sequence) : header
        return plain.reduce(0) { $0 << 8 | Int($1) }
    }

    /// The body of a packet; `packet` holds header, body and tag as they came. Throws if it is not authentic.
    func open(_ packet: [UInt8], sequence: UInt32) throws -> [UInt8] {
        let header = Array(packet[..<4])
        let body = Array(packet[4..<(packet.count - tagLength)])
        let tag = Array(packet.suffix(tagLength))
        switch sizes.cipher {
        case "ChaCha20":
            guard try poly1305(header + body, sequence) == tag else { throw TestClientError("tag of packet \(sequence)") }
            return try chacha(body, half: 0, block: 1, sequence)
        case "AES-256-GCM", "AES-128-GCM":
            return try gcm(header: header, body: body, tag: tag)
        default:
            guard try hmac(header + body, sequence) == tag else { throw TestClientError("MAC of packet \(sequence)") }
            return try ctr(body)
        }
    }

    // MARK: The three forms

    /// - Parameter half: 0 for the body's key (the first 32 bytes), 1 for the length's.
    private func chacha(_ bytes: [UInt8], half: Int, block: UInt8, _ sequence: UInt32) throws -> [UInt8] {
        let nonce = [block, 0, 0, 0, 0, 0, 0, 0] + [0, 0, 0, 0] + bigEndian(sequence)
        return try run("ChaCha20", Array(key[(half * 32)..<(half * 32 + 32)]), nonce, bytes)
    }

    private func poly1305(_ bytes: [UInt8], _ sequence: UInt32) throws -> [UInt8] {
        let oneTimeKey = try chacha([UInt8](repeating: 0, count: 32), half: 0, block: 0, sequence)
        return try mac("POLY1305", nil, oneTimeKey, bytes, 16)
    }

    private func hmac(_ bytes: [UInt8], _ sequence: UInt32) throws -> [UInt8] {
        try mac("HMAC", macDigest, macKey, bigEndian(sequence) + bytes, tagLength)
    }

    private func ctr(_ bytes: [UInt8]) throws -> [UInt8] {
        let result = try run(sizes.cipher, key, iv, bytes)
        count(in: 0..<16, by: bytes.count / 16)
        return result
    }

    private func gcm(header: [UInt8], body: [UInt8], tag: [UInt8]?) throws -> [UInt8] {
        let context = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(context) }
        let cipher = EVP_CIPHER_fetch(nil, sizes.cipher, nil)
        defer { EVP_CIPHER_free(cipher) }
        var out = [UInt8](repeating: 0, count: body.count + 16)
        var written: Int32 = 0
        var tagBytes = tag ?? [UInt8](repeating: 0, count: 16)
        guard EVP_CipherInit_ex2(context, cipher, key, iv, tag == nil ? 1 : 0, nil) == 1,
            EVP_CipherUpdate(context, nil, &written, header, 4) == 1,
            EVP_CipherUpdate(context, &out, &written, body, Int32(body.count)) == 1
        else { throw TestClientError("libcrypto: \(sizes.cipher)") }
        if tag != nil { EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, &tagBytes) }
        var end = [UInt8](repeating: 0, count: 16)
        guard EVP_CipherFinal_ex(context, &end, &written) == 1 else { throw TestClientError("tag of a packet") }
        if tag == nil { EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, &tagBytes) }
        count(in: 4..<12, by: 1)
        return Array(out.prefix(body.count)) + (tag == nil ? tagBytes : [])
    }

    /// Adds to a big-endian number inside `iv`, wrapping within its bytes.
    private func count(in range: Range<Int>, by amount: Int) {
        var carry = amount
        for index in range.reversed() {
            carry += Int(iv[index])
            iv[index] = UInt8(carry & 0xFF)
            carry >>= 8
        }
    }

    private func run(_ name: String, _ key: [UInt8], _ iv: [UInt8], _ bytes: [UInt8]) throws -> [UInt8] {
        let context = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(context) }
        let cipher = EVP_CIPHER_fetch(nil, name, nil)
        defer { EVP_CIPHER_free(cipher) }
        var out = [UInt8](repeating: 0, count: bytes.count + 16)
        var written: Int32 = 0
        guard EVP_CipherInit_ex2(context, cipher, key, iv, 1, nil) == 1,
            EVP_CipherUpdate(context, &out, &written, bytes, Int32(bytes.count)) == 1
        else { throw TestClientError("libcrypto: \(name)") }
        return Array(out.prefix(bytes.count))
    }

    private func mac(_ name: String, _ digest: String?, _ key: [UInt8], _ bytes: [UInt8], _ length: Int) throws -> [UInt8] {
        var out = [UInt8](repeating: 0, count: length)
        var written = 0
        guard EVP_Q_mac(nil, name, nil, digest, nil, key, key.count, bytes, bytes.count, &out, out.count, &written) != nil,
            written == length
        else { throw TestClientError("libcrypto: \(name)") }
        return out
    }

    private func bigEndian(_ value: UInt32) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
}
