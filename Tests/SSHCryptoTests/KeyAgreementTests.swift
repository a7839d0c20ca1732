import SSHCrypto
import Testing

@Suite struct KeyAgreementTests {
    /// RFC 7748 §5.2, both examples.
    @Test(arguments: [
        (
            "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
            "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"
        ),
        (
            "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
            "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"
        ),
    ])
    func x25519AgreesWithTheExamples(_ scalar: String, _ point: String, _ expected: String) throws {
        let exchange = Curve25519Exchange(privateKey: bytes(scalar))
        #expect(hex(try exchange.sharedSecret(with: bytes(point))) == expected)
    }

    /// RFC 7748 §5.2: the iterated test, after 1 and 1,000 rounds.
    @Test func x25519AgreesWithTheIteratedExample() throws {
        var scalar = [UInt8](repeating: 0, count: 32)
        scalar[0] = 9
        var point = scalar
        for round in 1...1000 {
            let result = try Curve25519Exchange(privateKey: scalar).sharedSecret(with: point)
            (scalar, point) = (result, scalar)
            if round == 1 { #expect(hex(scalar) == "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079") }
        }
        #expect(hex(scalar) == "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51")
    }

    /// RFC 7748 §6.1.
    @Test func bothSidesOfTheExampleGetTheSameSecret() throws {
        let alice = Curve25519Exchange(privateKey: bytes("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"))
        let bob = Curve25519Exchange(privateKey: bytes("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"))
        let aliceIsRight = hex(alice.publicKey) == "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
        let bobIsRight = hex(bob.publicKey) == "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
        #expect(aliceIsRight && bobIsRight)
        let expected = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"
        let secrets = [try alice.sharedSecret(with: bob.publicKey), try bob.sharedSecret(with: alice.publicKey)]
        #expect(secrets.map(hex) == [expected, expected])
    }

    @Test func freshPairsDifferAndAgree() throws {
        let one = Curve25519Exchange()
        let other = Curve25519Exchange()
        let keys = [one.publicKey, other.publicKey]
        #expect(keys[0] != keys[1])
        let secrets = [try one.sharedSecret(with: keys[1]), try other.sharedSecret(with: keys[0])]
        #expect(secrets[0] == secrets[1])
    }

    /// Points whose multiples are all zero: 0, 1, the two of order 8, p - 1, p, p + 1 (RFC 7748 §7), and the same with the ignored top bit.
    @Test(arguments: [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ])
    func pointsOfSmallOrderAreRefused(_ point: String) {
        let exchange = Curve25519Exchange()
        let outcome = Result { try exchange.sharedSecret(with: bytes(point)) }
        #expect(throws: CryptoError.invalidValue) { try outcome.get() }
    }

    @Test(arguments: [0, 1, 31, 33, 64, 1216]) func valuesOfAnotherLengthAreRefused(_ length: Int) {
        let exchange = Curve25519Exchange()
        let outcome = Result { try exchange.sharedSecret(with: [UInt8](repeating: 9, count: length)) }
        #expect(throws: CryptoError.invalidValue) { try outcome.get() }
    }

    @Test func mlkemIsEncapsulatedWhereTheLibraryHasItAndRefusedElsewhere() {
        for length in [0, 1183, 1185] {
            #expect(throws: CryptoError.invalidValue) { try MLKEM768.encapsulate(to: [UInt8](repeating: 0, count: length)) }
        }
        // A key whose coefficients are all 0 is one that FIPS 203 §7.2 takes.
        let outcome = Result { try MLKEM768.encapsulate(to: [UInt8](repeating: 0, count: 1184)) }
        if MLKEM768.isAvailable {
            #expect((try? outcome.get())?.ciphertext.count == 1088)  // The failure is what is tested.
        } else {
            #expect(throws: CryptoError.invalidValue) { try outcome.get() }
        }
    }
}
