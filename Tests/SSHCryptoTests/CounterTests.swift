import SSHCrypto
import Testing

/// Counters that pass their end, and HMAC by its own test cases.
@Suite struct CounterTests {
    /// RFC 5647 §7.1: the invocation counter has 64 bits and goes round; the fixed field stays.
    @Test(arguments: [CipherAlgorithm.aes128GCM, .aes256GCM]) func invocationCounterGoesRoundWithoutTheFixedField(
        _ algorithm: CipherAlgorithm
    ) {
        let key = [UInt8](repeating: 5, count: algorithm.keyLength)
        let fixed: [UInt8] = [1, 2, 3, 4]
        func sealer(_ counter: [UInt8]) -> PacketCipher {
            PacketCipher(algorithm, mac: nil, key: key, iv: fixed + counter, macKey: [], direction: .seal)
        }
        let body = [UInt8](repeating: 9, count: 32)
        let last = sealer([UInt8](repeating: 0xFF, count: 8))
        let first = last.seal(body, sequence: 0)
        #expect(last.seal(body, sequence: 1) == sealer([UInt8](repeating: 0, count: 8)).seal(body, sequence: 0))
        #expect(first != sealer([UInt8](repeating: 0, count: 8)).seal(body, sequence: 0))
    }

    /// RFC 4344 §4: the counter block is one number of 128 bits.
    @Test(arguments: [CipherAlgorithm.aes128CTR, .aes256CTR]) func counterBlockGoesRoundAsOneNumber(_ algorithm: CipherAlgorithm) {
        func stream(_ iv: [UInt8]) -> PacketCipher {
            PacketCipher(
                algorithm, mac: .hmacSHA256ETM, key: [UInt8](repeating: 5, count: algorithm.keyLength), iv: iv,
                macKey: [UInt8](repeating: 1, count: 32), direction: .seal)
        }
        let body = [UInt8](repeating: 0, count: 16)
        let last = stream([UInt8](repeating: 0xFF, count: 16))
        _ = last.seal(body, sequence: 0)
        #expect(last.seal(body, sequence: 1) == stream([UInt8](repeating: 0, count: 16)).seal(body, sequence: 1))
    }

    /// ChaCha20 takes the packet's number as 64 bits of which SSH has 32: the largest and the smallest are different packets.
    @Test func everyPacketNumberHasItsOwnStream() {
        let cipher = PacketCipher(
            .chacha20Poly1305, mac: nil, key: [UInt8](repeating: 7, count: 64), iv: [], macKey: [], direction: .seal)
        let body = [UInt8](repeating: 0, count: 64)
        let packets = [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF].map { cipher.seal(body, sequence: $0) }
        #expect(Set(packets).count == packets.count)
        #expect(Set(packets.map { Array($0[..<4]) }).count == packets.count, "lengths too")
    }

    /// RFC 4231 §4.2 to §4.5. What HMAC covers is the packet's number, then the packet: here those bytes are the RFC's data. Its keys
    /// are filled up with zeros, which HMAC does by itself.
    @Test(arguments: [
        (
            "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            """
            87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde
            daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854
            """
        ),
        (
            "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            """
            164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554
            9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737
            """
        ),
        (
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", String(repeating: "dd", count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            """
            fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39
            bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb
            """
        ),
        (
            "0102030405060708090a0b0c0d0e0f10111213141516171819", String(repeating: "cd", count: 50),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
            """
            b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3db
            a91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd
            """
        ),
    ])
    func HMACOfRFC4231(_ key: String, _ data: String, _ sha256: String, _ sha512: String) {
        for (mac, tag) in [(MACAlgorithm.hmacSHA256ETM, bytes(sha256)), (.hmacSHA512ETM, bytes(sha512))] {
            let key = bytes(key) + [UInt8](repeating: 0, count: mac.keyLength - bytes(key).count)
            let cipher = PacketCipher(
                .aes128CTR, mac: mac, key: [UInt8](repeating: 1, count: 16), iv: [UInt8](repeating: 2, count: 16), macKey: key,
                direction: .open)
            let data = bytes(data)
            let sequence = data[..<4].reduce(0) { $0 << 8 | UInt32($1) }
            let packet = Array(data[4...]) + tag
            let length = data.count - 8
            #expect(cipher.open(packet, length: length, sequence: sequence) != nil)
            #expect(cipher.open(packet, length: length, sequence: sequence) != nil, "the key serves every packet")
            #expect(cipher.open(packet, length: length, sequence: sequence &+ 1) == nil)
        }
    }
}
