import SSHCrypto
import SSHKeys
import SystemCalls
import Testing

@Suite struct DigestTests {
    /// FIPS 180-4 examples: "abc", and nothing.
    @Test func digestsAreThoseOfTheStandard() {
        let abc = [UInt8]("abc".utf8)
        #expect(hex(digest(.sha256, of: abc)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(hex(digest(.sha256, of: [])) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        let sha384 = "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
        #expect(hex(digest(.sha384, of: abc)) == sha384)
        let sha512 =
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        #expect(hex(digest(.sha512, of: abc)) == sha512)
    }

    @Test(arguments: [DigestAlgorithm.sha256, .sha384, .sha512]) func lengthIsThatOfTheDigest(_ algorithm: DigestAlgorithm) {
        #expect(digest(algorithm, of: [1, 2, 3]).count == algorithm.length)
    }

    @Test func randomBytesAreAsManyAsAskedAndDiffer() {
        for count in [0, 1, 31, 4096] { #expect(randomBytes(count).count == count) }
        #expect(randomBytes(32) != randomBytes(32))
    }

    @Test(arguments: ["ed25519", "ecdsa", "rsa"]) func fingerprintIsTheOneThatSSHKeygenPrints(_ type: String) throws {
        let keygen = try SSHKeygen()
        try keygen.run(["-q", "-t", type, "-N", "", "-C", "", "-f", "key"])
        let line = try String(decoding: keygen.read("key.pub"), as: UTF8.self).split(whereSeparator: \.isNewline)[0]
        let printed = try keygen.run(["-l", "-E", "sha256", "-f", "key.pub"]).text
        let key = try AuthorizedKey(line: String(line)).key
        #expect(printed.split(separator: " ").contains(Substring(key.fingerprint.description)), "\(printed)")
    }
}
