import CSodium

/// Secrets from the kernel's random numbers, as libsodium draws them.
package enum RandomBytes {
    private static let isReady = sodium_init() >= 0

    /// Makes libsodium ready; it must be before anything of it is used.
    static func prepare() { precondition(isReady, "libsodium finds the kernel's random numbers") }

    /// `count` bytes that nobody can guess.
    package static func make(_ count: Int) -> [UInt8] {
        prepare()
        var bytes = [UInt8](repeating: 0, count: count)
        randombytes_buf(&bytes, count)
        return bytes
    }

    /// A secret of 256 bits as 43 characters of base64url, which cookies and addresses take as they are.
    package static func token() -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        // 43 characters of 6 bits are 258 bits; each byte's low 6 bits are as random as the byte.
        return String(decoding: make(43).map { alphabet[Int($0 & 63)] }, as: UTF8.self)
    }

    /// Letters and digits that are not mistaken for each other when read from a screen: no 0, 1, I, L, O, U.
    private static let readable = Array("23456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// A code for people to type: `groups` of four characters with hyphens between, 4.9 bits each.
    package static func code(groups: Int) -> String {
        prepare()
        return (0..<groups).map { _ in
            String(decoding: (0..<4).map { _ in readable[Int(randombytes_uniform(UInt32(readable.count)))] }, as: UTF8.self)
        }.joined(separator: "-")
    }
}

/// Comparisons and keyed digests of secrets.
package enum Secrets {
    /// Whether two texts are the same, in a time that tells nothing of where they differ; their lengths are no secret.
    package static func areEqual(_ left: String, _ right: String) -> Bool {
        RandomBytes.prepare()
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        return left.count == right.count && sodium_memcmp(left, right, left.count) == 0
    }

    /// BLAKE2b of `text` (RFC 7693), 256 bits; with `key` (16 to 64 bytes) a digest that only who has the key can make.
    package static func digest(_ text: String, key: [UInt8] = []) -> [UInt8] {
        RandomBytes.prepare()
        precondition(key.isEmpty || (16...64).contains(key.count), "BLAKE2b takes keys of 16 to 64 bytes")
        var digest = [UInt8](repeating: 0, count: 32)
        let bytes = Array(text.utf8)
        let status = crypto_generichash(&digest, digest.count, bytes, UInt64(bytes.count), key.isEmpty ? nil : key, key.count)
        precondition(status == 0, "lengths are within BLAKE2b's")
        return digest
    }

    /// `bytes` in hexadecimal.
    package static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
