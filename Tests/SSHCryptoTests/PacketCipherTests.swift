import SSHCrypto
import Testing

/// What a connection's direction can be protected by.
struct Protection: Sendable, CustomTestStringConvertible {
    let cipher: CipherAlgorithm
    let mac: MACAlgorithm?

    static let all: [Protection] = CipherAlgorithm.allCases.flatMap { cipher in
        cipher.isAuthenticated ? [Protection(cipher: cipher, mac: nil)] : MACAlgorithm.allCases.map { Protection(cipher: cipher, mac: $0) }
    }

    var testDescription: String { "\(cipher.rawValue) \(mac?.rawValue ?? "")" }

    func make(_ direction: PacketCipher.Direction) -> PacketCipher {
        PacketCipher(
            cipher, mac: mac, key: Array(1...UInt8(cipher.keyLength)), iv: [UInt8](repeating: 0xA5, count: cipher.ivLength),
            macKey: [UInt8](repeating: 0x3C, count: mac?.keyLength ?? 0), direction: direction)
    }
}

extension PacketCipher {
    /// The whole packet as it goes over the wire.
    func seal(_ plain: [UInt8], sequence: UInt32) -> [UInt8] {
        let length = UInt32(plain.count)
        var packet = withUnsafeBytes(of: length.bigEndian) { Array($0) } + plain + [UInt8](repeating: 0, count: tagLength)
        packet.withUnsafeMutableBytes { seal($0.baseAddress!, length: plain.count, sequence: sequence) }
        return packet
    }

    /// The plain bytes behind the length field; `nil` if the packet is refused. The length is taken from the packet unless given.
    func open(_ sealed: [UInt8], length: Int? = nil, sequence: UInt32) -> [UInt8]? {
        var packet = sealed
        let length = length ?? Int(packet.withUnsafeBytes { packetLength($0.baseAddress!, sequence: sequence) })
        guard packet.count == 4 + length + tagLength else { return nil }
        let isGood = packet.withUnsafeMutableBytes { open($0.baseAddress!, length: length, sequence: sequence) }
        return isGood ? Array(packet[4..<(4 + length)]) : nil
    }
}

@Suite struct PacketCipherTests {
    @Test(arguments: PacketVector.all) func sealsAsAnotherImplementationDoes(_ vector: PacketVector) {
        let cipher = PacketCipher(
            vector.cipher, mac: vector.mac, key: bytes(vector.key), iv: bytes(vector.iv), macKey: bytes(vector.macKey), direction: .seal)
        for packet in vector.packets {
            #expect(hex(cipher.seal(bytes(packet.plain), sequence: packet.sequence)) == packet.sealed, "sequence \(packet.sequence)")
        }
    }

    @Test(arguments: PacketVector.all) func opensWhatAnotherImplementationSealed(_ vector: PacketVector) {
        let cipher = PacketCipher(
            vector.cipher, mac: vector.mac, key: bytes(vector.key), iv: bytes(vector.iv), macKey: bytes(vector.macKey), direction: .open)
        for packet in vector.packets {
            #expect(cipher.open(bytes(packet.sealed), sequence: packet.sequence).map(hex) == packet.plain, "sequence \(packet.sequence)")
        }
    }

    /// NIST SP 800-38A F.5.1 and F.5.5: the body is the cipher's stream, as the length field is not encrypted.
    @Test(arguments: [
        (
            CipherAlgorithm.aes128CTR, "2b7e151628aed2a6abf7158809cf4f3c",
            "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
                + "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"
        ),
        (
            .aes256CTR, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
            "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
                + "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6"
        ),
    ])
    func counterModeIsThatOfTheStandard(_ algorithm: CipherAlgorithm, _ key: String, _ expected: String) {
        let plain = bytes(
            "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                + "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
        let cipher = PacketCipher(
            algorithm, mac: .hmacSHA256ETM, key: bytes(key), iv: bytes("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"),
            macKey: [UInt8](repeating: 0, count: 32), direction: .seal)
        // In two packets: the stream goes on.
        let sealed = cipher.seal(Array(plain[..<16]), sequence: 0)[4..<20] + cipher.seal(Array(plain[16...]), sequence: 1)[4..<52]
        #expect(hex(sealed) == expected)
    }

    @Test(arguments: Protection.all) func opensWhatItSealed(_ protection: Protection) {
        let sealer = protection.make(.seal)
        let opener = protection.make(.open)
        var sequence: UInt32 = .max - 2
        for length in [16, 32, 48, 64, 80, 4096, 32_768 + 16, 262_144] {
            let plain = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let sealed = sealer.seal(plain, sequence: sequence)
            #expect(sealed[4...].prefix(length) != plain[...], "it is encrypted")
            #expect(opener.open(sealed, sequence: sequence) == plain)
            sequence &+= 1
        }
    }

    @Test(arguments: Protection.all) func everyFlippedBitIsRefused(_ protection: Protection) {
        let plain = [UInt8](repeating: 0x42, count: 16)
        let sealed = protection.make(.seal).seal(plain, sequence: 9)
        for index in sealed.indices {
            for bit in 0..<8 {
                var damaged = sealed
                damaged[index] ^= 1 << bit
                #expect(protection.make(.open).open(damaged, length: 16, sequence: 9) == nil, "byte \(index) bit \(bit)")
            }
        }
        #expect(protection.make(.open).open(sealed, length: 16, sequence: 9) == plain)
    }

    /// GCM counts by itself; the others take the number from the caller. Either way a packet is good in its place only.
    @Test(arguments: Protection.all) func packetOutOfItsPlaceIsRefused(_ protection: Protection) {
        let sealer = protection.make(.seal)
        let plain = [UInt8](repeating: 1, count: 32)
        let first = sealer.seal(plain, sequence: 0)
        let second = sealer.seal(plain, sequence: 1)
        #expect(first != second)
        #expect(protection.make(.open).open(second, length: 32, sequence: 0) == nil, "one was dropped")
        let opener = protection.make(.open)
        #expect(opener.open(first, sequence: 0) == plain)
        #expect(opener.open(first, length: 32, sequence: 1) == nil, "replayed")
    }

    @Test(arguments: Protection.all) func otherKeysAreRefused(_ protection: Protection) {
        let sealed = protection.make(.seal).seal([UInt8](repeating: 1, count: 16), sequence: 0)
        let other = PacketCipher(
            protection.cipher, mac: protection.mac, key: [UInt8](repeating: 9, count: protection.cipher.keyLength),
            iv: [UInt8](repeating: 0xA5, count: protection.cipher.ivLength),
            macKey: [UInt8](repeating: 9, count: protection.mac?.keyLength ?? 0), direction: .open)
        #expect(other.open(sealed, length: 16, sequence: 0) == nil)
    }

    @Test func lengthsOfKeysAndBlocksAreThoseOfTheirSpecifications() {
        #expect(CipherAlgorithm.allCases.map(\.keyLength) == [64, 32, 16, 32, 16])
        #expect(CipherAlgorithm.allCases.map(\.ivLength) == [0, 12, 12, 16, 16])
        #expect(CipherAlgorithm.allCases.map(\.blockSize) == [8, 16, 16, 16, 16])
        #expect(MACAlgorithm.allCases.map(\.tagLength) == [32, 64])
        #expect(MACAlgorithm.allCases.map(\.keyLength) == [32, 64])
    }
}
