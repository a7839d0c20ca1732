import SSHCrypto
import SSHKeys
import SystemCalls
import Testing

@Suite struct HostKeyTests {
    @Test func sshKeygenReadsWhatWeWrite() throws {
        let keygen = try SSHKeygen()
        let key = HostKey.generate()
        try keygen.write("key", key.openSSHText.utf8)
        let printed = try keygen.run(["-y", "-f", "key"])
        #expect(printed.end.isSuccess, "\(printed.text)")
        #expect(try AuthorizedKey(line: printed.text.trimmed).key == key.publicKey)
    }

    @Test func weReadWhatSSHKeygenWrites() throws {
        let keygen = try SSHKeygen()
        let made = try keygen.run(["-q", "-t", "ed25519", "-N", "", "-C", "a comment of its own", "-f", "key"])
        #expect(made.end.isSuccess, "\(made.text)")
        let key = try HostKey(openSSH: String(decoding: keygen.read("key"), as: UTF8.self))
        let line = try String(decoding: keygen.read("key.pub"), as: UTF8.self)
        #expect(try AuthorizedKey(line: line.trimmed).key == key.publicKey)
        // And the private half is the right one.
        let message = [UInt8]("hello".utf8)
        #expect(key.publicKey.verifies(signature: key.sign(message), algorithm: .ed25519, over: message))
    }

    @Test func writtenKeyReadsBackAsTheSame() throws {
        let key = HostKey(seed: Array(0..<32))
        let again = try HostKey(openSSH: key.openSSHText)
        #expect(again.publicKey == key.publicKey)
        #expect(again.sign([1, 2, 3]) == key.sign([1, 2, 3]), "Ed25519 signs deterministically")
    }

    @Test(arguments: ["\n", "\r\n", "  \n", "\n\n"]) func lineEndsAndBlanksAroundDoNotMatter(_ lineEnd: String) throws {
        let key = HostKey.generate()
        let text = key.openSSHText.split(separator: "\n").joined(separator: lineEnd)
        #expect(try HostKey(openSSH: "\n \(text)\n\n").publicKey == key.publicKey)
    }

    @Test func keyWithPassphraseIsRefusedAsSuch() throws {
        let keygen = try SSHKeygen()
        try keygen.run(["-q", "-t", "ed25519", "-N", "secret", "-f", "key"])
        let text = try String(decoding: keygen.read("key"), as: UTF8.self)
        #expect(throws: HostKeyError.encrypted) { try HostKey(openSSH: text) }
    }

    @Test(arguments: [("ecdsa", "ecdsa-sha2-nistp256"), ("rsa", "ssh-rsa")])
    func keyOfAnotherTypeIsRefusedByName(_ option: String, _ name: String) throws {
        let keygen = try SSHKeygen()
        try keygen.run(["-q", "-t", option, "-N", "", "-f", "key"])
        let text = try String(decoding: keygen.read("key"), as: UTF8.self)
        #expect(throws: HostKeyError.notEd25519(name)) { try HostKey(openSSH: text) }
    }

    @Test func otherFormatsAreRefused() throws {
        let keygen = try SSHKeygen()
        try keygen.run(["-q", "-t", "rsa", "-m", "PEM", "-N", "", "-f", "pem"])
        try keygen.run(["-q", "-t", "ed25519", "-N", "", "-f", "key"])
        for name in ["pem", "key.pub"] {
            let text = try String(decoding: keygen.read(name), as: UTF8.self)
            #expect(throws: HostKeyError.notAnOpenSSHPrivateKey) { try HostKey(openSSH: text) }
        }
        let armour = "-----BEGIN OPENSSH PRIVATE KEY-----\n-----END OPENSSH PRIVATE KEY-----\n"
        for text in ["", "\n", "\0", "x", armour, armour + armour, String(repeating: "A", count: 1 << 20)] {
            #expect(throws: HostKeyError.notAnOpenSSHPrivateKey) { try HostKey(openSSH: text) }
        }
    }

    @Test func everyShortenedTextIsRefused() {
        let text = HostKey(seed: Array(0..<32)).openSSHText
        for length in 0..<(text.count - 1) {
            #expect(throws: HostKeyError.self) { try HostKey(openSSH: String(text.prefix(length))) }
        }
    }

    /// Flips every bit of the file's content: what is still read is the same key, as in the comparison numbers no bit is free.
    @Test func everyFlippedBitIsRefused() throws {
        let key = HostKey(seed: Array(0..<32))
        let bytes = try #require(Base64.decode(key.openSSHText.split(separator: "\n").dropFirst().dropLast().joined()))
        for index in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[index] ^= 1 << bit
                let text = "-----BEGIN OPENSSH PRIVATE KEY-----\n\(Base64.encode(damaged))\n-----END OPENSSH PRIVATE KEY-----\n"
                #expect(throws: HostKeyError.self, "byte \(index) bit \(bit)") { try HostKey(openSSH: text) }
            }
        }
    }

    @Test func privateHalfIsNotPrinted() {
        let key = HostKey(seed: [UInt8](repeating: 0xA7, count: 32))
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!dumped.contains("167"), "the seed's bytes in decimal")
        #expect(!String(reflecting: key).contains("167, 167"))
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.last?.isNewline == true { text.removeLast() }
        return String(text)
    }
}
