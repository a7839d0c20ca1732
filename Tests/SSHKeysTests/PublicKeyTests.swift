import SSHKeys
import Testing

/// Wire forms made by hand.
enum Wire {
    static func blob(_ type: String, _ fields: [[UInt8]]) -> [UInt8] {
        var writer = WireWriter()
        writer.string(type)
        for field in fields { writer.string(field) }
        return writer.bytes
    }

    /// An RSA key whose modulus has `bits` bits: not a product of primes, which parsing does not ask.
    static func rsa(bits: Int, exponent: [UInt8] = [1, 0, 1], isOdd: Bool = true) -> [UInt8] {
        var modulus = [UInt8](repeating: 0x5A, count: (bits + 7) / 8)
        modulus[0] = 1 << UInt8((bits - 1) % 8)
        modulus[modulus.count - 1] = isOdd ? 0x5B : 0x5A
        var writer = WireWriter()
        writer.string("ssh-rsa")
        writer.mpint(exponent)
        writer.mpint(modulus)
        return writer.bytes
    }

    static let point = [UInt8](repeating: 7, count: 32)
    static func curvePoint(_ length: Int, first: UInt8 = 4) -> [UInt8] { [first] + [UInt8](repeating: 9, count: length - 1) }
    static let curve256 = Array("nistp256".utf8)
    static let application = Array("ssh:".utf8)
    static let skEd25519 = blob("sk-ssh-ed25519@openssh.com", [point, application])
    static let skECDSA = blob("sk-ecdsa-sha2-nistp256@openssh.com", [curve256, curvePoint(65), application])
}

@Suite("PublicKey")
struct PublicKeyTests {
    static let real: [(line: String, algorithm: PublicKey.Algorithm, kind: String)] = [
        (SampleKeys.ed25519, .ed25519, "ED25519"), (SampleKeys.ecdsa256, .ecdsaP256, "ECDSA 256"),
        (SampleKeys.ecdsa384, .ecdsaP384, "ECDSA 384"), (SampleKeys.ecdsa521, .ecdsaP521, "ECDSA 521"),
        (SampleKeys.rsa2048, .rsa, "RSA 2048"), (SampleKeys.rsa3072, .rsa, "RSA 3072"), (SampleKeys.rsa8192, .rsa, "RSA 8192"),
    ]

    @Test(arguments: real)
    func keysOfSSHKeygenAreReadAndPrintedTheSame(line: String, algorithm: PublicKey.Algorithm, kind: String) throws {
        let word = String(line.split(separator: " ")[1])
        let key = try PublicKey(blob: try #require(Base64.decode(word)))
        #expect(key.algorithm == algorithm)
        #expect(key.kind == kind)
        #expect(line.hasPrefix(key.line + " "))
    }

    /// As `ssh-keygen -l` counts them.
    @Test(arguments: [(SampleKeys.ed25519, 256), (SampleKeys.rsa2048, 2048), (SampleKeys.ecdsa384, 384), (SampleKeys.ecdsa521, 521)])
    func aKeyHasItsBits(line: String, bits: Int) throws {
        #expect(try AuthorizedKey(line: line).key.bits == bits)
    }

    @Test func theNumbersInsideAreThoseOfTheWireForm() throws {
        let blob = Wire.rsa(bits: 2048)
        guard case .rsa(let exponent, let modulus) = try PublicKey(blob: blob).material else { throw WireError.malformed }
        #expect(exponent == [1, 0, 1])
        #expect(modulus.count == 256 && modulus.first == 0x80 && modulus.last == 0x5B)

        #expect(try PublicKey(blob: Wire.skEd25519).material == .skEd25519(point: Wire.point, application: Wire.application))
        #expect(try PublicKey(blob: Wire.skECDSA).material == .skECDSA(point: Wire.curvePoint(65), application: Wire.application))
        #expect(try PublicKey(blob: Wire.skEd25519).kind == "ED25519-SK")
        #expect(try PublicKey(blob: Wire.skECDSA).kind == "ECDSA-SK")
    }

    @Test func sameWireFormIsTheSameKey() throws {
        let key = try PublicKey(blob: Wire.skEd25519)
        #expect(key == (try PublicKey(blob: Wire.skEd25519[...])))
        #expect(key != (try PublicKey(blob: Wire.skECDSA)))
        #expect(Set([key, try PublicKey(blob: Wire.skEd25519)]).count == 1)
    }

    @Test(arguments: [
        (1024, false), (2047, false), (2048, true), (2049, true), (3072, true), (8191, true), (8192, true), (8193, false), (16384, false),
    ])
    func rsaIsTakenFrom2048To8192Bits(bits: Int, isTaken: Bool) {
        if isTaken {
            #expect(throws: Never.self) { try PublicKey(blob: Wire.rsa(bits: bits)) }
        } else {
            #expect(throws: PublicKeyError.rsaSize(bits)) { try PublicKey(blob: Wire.rsa(bits: bits)) }
        }
    }

    @Test func rsaSentencesSayTheSizeAndWhatToDo() {
        #expect(
            PublicKeyError.rsaSize(1024).description
                == "an RSA key of 1024 bits is not taken (2048 to 8192); make one with: ssh-keygen -t ed25519")
    }

    @Test(
        arguments: [
            ([3], true), ([1, 0, 1], true), ([0x7F, 0, 0, 0, 0, 0, 0, 1], true), ([1], false), ([2], false), ([], false), ([4], false),
            ([1, 0, 0], false), ([0x7F, 0, 0, 0, 0, 0, 0, 0, 1], false),
        ] as [([UInt8], Bool)])
    func exponentsAreOddAtLeastThreeAndShort(exponent: [UInt8], isTaken: Bool) {
        let blob = Wire.rsa(bits: 2048, exponent: exponent)
        if isTaken {
            #expect(throws: Never.self) { try PublicKey(blob: blob) }
        } else {
            #expect(throws: PublicKeyError.damaged) { try PublicKey(blob: blob) }
        }
    }

    @Test func evenModuliAreRefused() {
        #expect(throws: PublicKeyError.damaged) { try PublicKey(blob: Wire.rsa(bits: 2048, isOdd: false)) }
    }

    /// Wire forms that another spelling of the same key, or nothing at all, would have.
    static let malformed: [(why: String, blob: [UInt8])] = [
        ("nothing", []),
        ("half a length", [0, 0, 0]),
        ("a length only", [0, 0, 0, 11]),
        ("a huge length", [0xFF, 0xFF, 0xFF, 0xFF]),
        ("a type only", Wire.blob("ssh-ed25519", [])),
        ("a point of 0 bytes", Wire.blob("ssh-ed25519", [[]])),
        ("a point of 31 bytes", Wire.blob("ssh-ed25519", [Array(Wire.point.dropLast())])),
        ("a point of 33 bytes", Wire.blob("ssh-ed25519", [Wire.point + [0]])),
        ("bytes over", Wire.blob("ssh-ed25519", [Wire.point]) + [0]),
        ("a field over", Wire.blob("ssh-ed25519", [Wire.point, []])),
        ("another curve's name", Wire.blob("ecdsa-sha2-nistp384", [Wire.curve256, Wire.curvePoint(97)])),
        ("another curve's point", Wire.blob("ecdsa-sha2-nistp256", [Wire.curve256, Wire.curvePoint(97)])),
        ("a compressed point", Wire.blob("ecdsa-sha2-nistp256", [Wire.curve256, Wire.curvePoint(33, first: 2)])),
        ("a hybrid point", Wire.blob("ecdsa-sha2-nistp256", [Wire.curve256, Wire.curvePoint(65, first: 6)])),
        ("an empty point", Wire.blob("ecdsa-sha2-nistp256", [Wire.curve256, []])),
        ("a negative modulus", Wire.blob("ssh-rsa", [[1, 0, 1], [UInt8](repeating: 0xFF, count: 256)])),
        ("a modulus with a needless zero", Wire.blob("ssh-rsa", [[1, 0, 1], [0] + [UInt8](repeating: 0x7F, count: 257)])),
        ("an exponent with a needless zero", Wire.blob("ssh-rsa", [[0, 1, 0, 1], [0] + [UInt8](repeating: 0xFF, count: 256)])),
        ("an exponent of zero", Wire.blob("ssh-rsa", [[0], [0] + [UInt8](repeating: 0xFF, count: 256)])),
        ("a modulus of zero", Wire.blob("ssh-rsa", [[1, 0, 1], [0]])),
        ("an empty modulus", Wire.blob("ssh-rsa", [[1, 0, 1], []])),
        ("no application", Wire.blob("sk-ssh-ed25519@openssh.com", [Wire.point])),
        ("an empty application", Wire.blob("sk-ssh-ed25519@openssh.com", [Wire.point, []])),
        ("an application of 256 bytes", Wire.blob("sk-ssh-ed25519@openssh.com", [Wire.point, [UInt8](repeating: 65, count: 256)])),
        ("a type that is not UTF-8", [0, 0, 0, 1, 0xFF]),
        ("more than the longest", Wire.blob("ssh-ed25519", [[UInt8](repeating: 1, count: PublicKey.maximumBlobLength)])),
    ]

    @Test(arguments: malformed)
    func A05_malformedWireFormsAreDamaged(why: String, blob: [UInt8]) {
        #expect(throws: PublicKeyError.damaged, "\(why)") { try PublicKey(blob: blob) }
    }

    @Test(arguments: [1, 255])
    func applicationsHaveABound(length: Int) {
        let application = [UInt8](repeating: 65, count: length)
        #expect(throws: Never.self) { try PublicKey(blob: Wire.blob("sk-ssh-ed25519@openssh.com", [Wire.point, application])) }
    }

    @Test(arguments: ["", "ssh-dss", "ssh-ed448", "ssh-ed25519-cert-v01@openssh.com", "SSH-ED25519", "ssh-ed25519\u{0}", "rsa-sha2-256"])
    func otherTypesAreRefusedByName(type: String) {
        #expect(throws: PublicKeyError.unsupportedType(type)) { try PublicKey(blob: Wire.blob(type, [Wire.point])) }
    }

    @Test func typesOfPeersAreShownHarmless() {
        let text = PublicKeyError.unsupportedType("\u{1b}[2J\u{202e}x\n" + String(repeating: "y", count: 500)).description
        #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F })
        #expect(text.count < 120)
    }

    /// Every key cut at every place, and with every byte changed, is either refused or another valid key; nothing traps.
    @Test func A05_cutAndChangedKeysNeverTrap() throws {
        for blob in [Wire.rsa(bits: 2048), Wire.skECDSA, Wire.skEd25519, Wire.blob("ssh-ed25519", [Wire.point])] {
            let key = try PublicKey(blob: blob)
            for length in 0..<blob.count {
                #expect(throws: PublicKeyError.self) { try PublicKey(blob: blob[..<length]) }
            }
            for place in blob.indices {
                var changed = blob
                changed[place] ^= 0x81
                do { #expect(try PublicKey(blob: changed) != key) } catch { #expect(!error.description.isEmpty) }
            }
        }
    }
}
