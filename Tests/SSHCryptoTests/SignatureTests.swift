import SSHCrypto
import SSHKeys
import SystemCalls
import Testing

@Suite struct SignatureTests {
    @Test(arguments: SignatureVector.all) func verdictIsThatOfAnotherImplementation(_ vector: SignatureVector) throws {
        let key = try PublicKey(blob: bytes(vector.key))
        let verdict = key.verifies(signature: bytes(vector.signature), algorithm: vector.algorithm, over: SignatureVector.message)
        #expect(verdict == vector.isValid)
    }

    /// RFC 8032 §7.1, TEST 1 to 3.
    @Test(arguments: [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ])
    func hostKeySignsAsTheExamplesDo(_ seed: String, _ message: String, _ signature: String) {
        let key = HostKey(seed: bytes(seed))
        var blob = WireWriter()
        blob.string("ssh-ed25519")
        blob.string(bytes(signature))
        #expect(key.sign(bytes(message)) == blob.bytes)
        #expect(key.publicKey.verifies(signature: blob.bytes, algorithm: .ed25519, over: bytes(message)))
        #expect(!key.publicKey.verifies(signature: blob.bytes, algorithm: .ed25519, over: bytes(message) + [0]))
    }

    /// RFC 6979 §A.2.5: P-256, SHA-256, "sample".
    @Test func exampleOfRFC6979Verifies() throws {
        var blob = WireWriter()
        blob.string("ecdsa-sha2-nistp256")
        blob.string("nistp256")
        let x = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
        let y = "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
        blob.string(bytes("04\(x)\(y)"))
        var numbers = WireWriter()
        numbers.mpint(bytes("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"))
        numbers.mpint(bytes("f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"))
        var signature = WireWriter()
        signature.string("ecdsa-sha2-nistp256")
        signature.string(numbers.bytes)
        let key = try PublicKey(blob: blob.bytes)
        #expect(key.verifies(signature: signature.bytes, algorithm: .ecdsaP256, over: Array("sample".utf8)))
        #expect(!key.verifies(signature: signature.bytes, algorithm: .ecdsaP256, over: Array("Sample".utf8)))
    }

    /// The real ssh-keygen signs (`-Y sign`, OpenSSH PROTOCOL.sshsig); what it signs is a frame around a hash of the file.
    @Test(arguments: [
        (["-t", "ed25519"], SignatureAlgorithm.ed25519), (["-t", "ecdsa", "-b", "256"], .ecdsaP256),
        (["-t", "ecdsa", "-b", "384"], .ecdsaP384),
        (["-t", "ecdsa", "-b", "521"], .ecdsaP521), (["-t", "rsa", "-b", "2048"], .rsaSHA512), (["-t", "rsa", "-b", "3072"], .rsaSHA512),
    ])
    func signatureBySSHKeygenVerifies(_ options: [String], _ algorithm: SignatureAlgorithm) throws {
        let keygen = try SSHKeygen()
        try keygen.run(["-q"] + options + ["-N", "", "-f", "key"])
        // More than one: an ECDSA number is shorter than usual now and then.
        for round in 0..<4 {
            let message = [UInt8]("message \(round)".utf8)
            try keygen.write("message\(round)", message)
            let made = try keygen.run(["-q", "-Y", "sign", "-n", "towline", "-f", "key", "message\(round)"])
            #expect(made.end.isSuccess, "\(made.text)")
            let armour = try String(decoding: keygen.read("message\(round).sig"), as: UTF8.self).split(whereSeparator: \.isNewline)
            let file = try #require(Base64.decode(armour.dropFirst().dropLast().joined()))
            let (key, signature) = try WireReader.read(file) { (reader: inout WireReader) throws(WireError) -> ([UInt8], [UInt8]) in
                _ = try reader.take(6)
                _ = try reader.uint32()
                let key = try reader.stringBytes()
                for _ in 0..<3 { _ = try reader.stringBytes() }
                return (key, try reader.stringBytes())
            }
            var signed = WireWriter()
            signed.raw(Array("SSHSIG".utf8))
            signed.string("towline")
            signed.string("")
            signed.string("sha512")
            signed.string(digest(.sha512, of: message))
            #expect(try PublicKey(blob: key).verifies(signature: signature, algorithm: algorithm, over: signed.bytes))
            #expect(try !PublicKey(blob: key).verifies(signature: signature, algorithm: algorithm, over: signed.bytes + [0]))
        }
    }

    // MARK: What is refused

    private static let valid = SignatureVector.all.filter(\.isValid)

    @Test(arguments: valid) func everyFlippedByteIsRefused(_ vector: SignatureVector) throws {
        let key = try PublicKey(blob: bytes(vector.key))
        let signature = bytes(vector.signature)
        for index in signature.indices {
            for mask: UInt8 in [0x01, 0x80, 0xFF] {
                var damaged = signature
                damaged[index] ^= mask
                let verdict = key.verifies(signature: damaged, algorithm: vector.algorithm, over: SignatureVector.message)
                #expect(!verdict, "byte \(index) ^ \(mask)")
            }
        }
    }

    @Test(arguments: valid) func everyShortenedOrLengthenedBlobIsRefused(_ vector: SignatureVector) throws {
        let key = try PublicKey(blob: bytes(vector.key))
        let signature = bytes(vector.signature)
        for length in signature.indices {
            let verdict = key.verifies(signature: Array(signature[..<length]), algorithm: vector.algorithm, over: SignatureVector.message)
            #expect(!verdict, "\(length) bytes")
        }
        for tail: [UInt8] in [[0], [0, 0, 0, 0], signature] {
            #expect(!key.verifies(signature: signature + tail, algorithm: vector.algorithm, over: SignatureVector.message))
        }
    }

    /// Lengths that lie, at every place where one could stand.
    @Test(arguments: valid) func lyingLengthsAreRefused(_ vector: SignatureVector) throws {
        let key = try PublicKey(blob: bytes(vector.key))
        let signature = bytes(vector.signature)
        for index in 0...(signature.count - 4) {
            for lie: [UInt8] in [[0xFF, 0xFF, 0xFF, 0xFF], [0x7F, 0xFF, 0xFF, 0xFF], [0x80, 0, 0, 0], [0, 1, 0, 0]] {
                var damaged = signature
                damaged.replaceSubrange(index..<(index + 4), with: lie)
                if damaged == signature { continue }
                #expect(!key.verifies(signature: damaged, algorithm: vector.algorithm, over: SignatureVector.message))
            }
        }
    }

    @Test func signatureUnderAnotherAlgorithmsNameIsRefused() throws {
        for vector in Self.valid {
            let key = try PublicKey(blob: bytes(vector.key))
            for algorithm in SignatureAlgorithm.allCases where algorithm != vector.algorithm {
                #expect(!key.verifies(signature: bytes(vector.signature), algorithm: algorithm, over: SignatureVector.message))
            }
        }
    }

    /// As OpenSSH does: an RSA signature may have lost its leading zeros, and is a number all the same.
    @Test func signatureOfRSAWithoutItsLeadingZerosIsTheSameNumber() throws {
        let vector = try #require(SignatureVector.all.first { $0.algorithm == .rsaSHA256 && $0.what == "right, first byte zero" })
        let whole = bytes(vector.signature)
        let name = 4 + "rsa-sha2-256".count
        #expect(whole[name + 4] == 0)
        var short = WireWriter()
        short.string("rsa-sha2-256")
        short.string(Array(whole[(name + 5)...]))
        let key = try PublicKey(blob: bytes(vector.key))
        #expect(key.verifies(signature: short.bytes, algorithm: .rsaSHA256, over: SignatureVector.message))
    }

    @Test func algorithmsFitTheirKeysOnly() throws {
        let keys = try Set(SignatureVector.all.filter(\.isValid).map { try PublicKey(blob: bytes($0.key)) })
        let expected: [SignatureAlgorithm: PublicKey.Algorithm] = [
            .ed25519: .ed25519, .ecdsaP256: .ecdsaP256, .ecdsaP384: .ecdsaP384, .ecdsaP521: .ecdsaP521, .rsaSHA256: .rsa, .rsaSHA512: .rsa,
            .skEd25519: .skEd25519, .skECDSAP256: .skECDSAP256,
        ]
        for algorithm in SignatureAlgorithm.allCases {
            for key in keys { #expect(algorithm.fits(key) == (expected[algorithm] == key.algorithm)) }
        }
        #expect(SignatureAlgorithm(rawValue: "ssh-rsa") == nil, "SHA-1 does not exist here")
    }
}
