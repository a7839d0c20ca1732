import SSHCrypto
import SSHKeys
import SystemCalls
import Testing

/// Signatures and keys that are wrong inside though their outer form is right. None may trap, and none verifies.
@Suite struct MalformedSignatureTests {
    static let right = SignatureVector.all.filter(\.isValid)

    @Test(arguments: right) func malformedInnerFormsNeverVerify(_ vector: SignatureVector) throws {
        let key = try PublicKey(blob: bytes(vector.key))
        let ones = [UInt8](repeating: 0xFF, count: 64)
        let inner: [[UInt8]] = [
            [], [0], [0, 0, 0, 0], ones, [UInt8](repeating: 0, count: 64), [UInt8](repeating: 0, count: 63),
            [UInt8](repeating: 0xFF, count: 65), [UInt8](repeating: 0, count: 8), [UInt8](repeating: 0xFF, count: 100_000),
            numbers([0], [0]), numbers([1], [0]), numbers([0], [1]), numbers([], []), numbers([0x80], [1]), numbers([1], [0xFF]),
            numbers([0x7F] + ones, [0x7F] + ones), numbers([1], [1]), numbers([1], [1]) + [0],
            numbers([UInt8](repeating: 0x7F, count: 67), [UInt8](repeating: 0x7F, count: 67)),
            numbers([UInt8](repeating: 0x7F, count: 68), [1]), numbers([UInt8](repeating: 0, count: 60) + [1], [1]), [0, 0, 0, 1, 1],
            [0xFF, 0xFF, 0xFF, 0xFF, 1],
        ]
        for content in inner {
            for tail in [[], [1, 0, 0, 0, 0], [1, 0, 0, 0]] as [[UInt8]] {
                var signature = WireWriter()
                signature.string(vector.algorithm.rawValue)
                signature.string(content)
                signature.raw(tail)
                #expect(!key.verifies(signature: signature.bytes, algorithm: vector.algorithm, over: SignatureVector.message))
            }
        }
        for name in ["", "ssh-rsa", "ssh-dss", "none", "\u{0}", String(repeating: "x", count: 10_000)] {
            var signature = WireWriter()
            signature.string(name)
            signature.string(ones)
            #expect(!key.verifies(signature: signature.bytes, algorithm: vector.algorithm, over: SignatureVector.message))
        }
        for size in 0..<150 {
            #expect(!key.verifies(signature: randomBytes(size), algorithm: vector.algorithm, over: SignatureVector.message))
        }
    }

    /// A point that is not on its curve makes a key that verifies nothing, and harms nobody.
    @Test func pointOffTheCurveVerifiesNothing() throws {
        for vector in Self.right where vector.algorithm.rawValue.contains("ecdsa") {
            var blob = bytes(vector.key)
            blob[vector.algorithm == .skECDSAP256 ? blob.count - 12 : blob.count - 1] ^= 1
            let key = try PublicKey(blob: blob)
            #expect(!key.verifies(signature: bytes(vector.signature), algorithm: vector.algorithm, over: SignatureVector.message))
        }
    }

    /// With a key of small order a careless implementation takes signatures that nobody made.
    @Test(arguments: ["01" + String(repeating: "00", count: 31), String(repeating: "00", count: 32), String(repeating: "ff", count: 32)])
    func ed25519SignatureOutOfRangeIsRefused(_ point: String) throws {
        var blob = WireWriter()
        blob.string("ssh-ed25519")
        blob.string(bytes(point))
        let key = try PublicKey(blob: blob.bytes)
        for half in [UInt8(0), 0xFF] {
            var signature = WireWriter()
            signature.string("ssh-ed25519")
            // S must be below the group's order (RFC 8032 §5.1.7); R must be a point.
            signature.string([UInt8](repeating: half, count: 32) + [UInt8](repeating: 0xFF, count: 32))
            #expect(!key.verifies(signature: signature.bytes, algorithm: .ed25519, over: SignatureVector.message))
        }
    }

    /// The other way round: what our host key signs, the real ssh-keygen verifies (OpenSSH PROTOCOL.sshsig).
    @Test func sshKeygenVerifiesWhatTheHostKeySigns() throws {
        let keygen = try SSHKeygen()
        let key = HostKey.generate()
        var signed = WireWriter()
        signed.raw([UInt8]("SSHSIG".utf8))
        for part in ["test", "", "sha512"] { signed.string(part) }
        signed.string(digest(.sha512, of: SignatureVector.message))
        var file = WireWriter()
        file.raw([UInt8]("SSHSIG".utf8))
        file.uint32(1)
        file.string(key.publicKey.blob)
        for part in ["test", "", "sha512"] { file.string(part) }
        file.string(key.sign(signed.bytes))
        try keygen.write(
            "file.sig", "-----BEGIN SSH SIGNATURE-----\n\(Base64.encode(file.bytes))\n-----END SSH SIGNATURE-----\n".utf8)
        for (message, isRight) in [(SignatureVector.message, true), (SignatureVector.message + [0], false)] {
            try keygen.write("file", message)
            let input = try Files.open(keygen.path("file"), 0)
            let process = try Processes.spawn(
                "/usr/bin/ssh-keygen", ["-Y", "check-novalidate", "-n", "test", "-s", "file.sig"], descriptors: [0: input.raw],
                workingDirectory: keygen.folder)
            #expect(process.wait().isSuccess == isRight)
        }
    }

    private func numbers(_ r: [UInt8], _ s: [UInt8]) -> [UInt8] {
        var writer = WireWriter()
        writer.string(r)
        writer.string(s)
        return writer.bytes
    }
}
