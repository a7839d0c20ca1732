/// Why bytes are not a public key that is taken here. The description is one line for a person.
package enum PublicKeyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The bytes end early, have bytes over, or hold numbers that no key has.
    case damaged
    /// A type that is not taken; the name is the peer's.
    case unsupportedType(String)
    /// An RSA key that is too short or too long, in bits.
    case rsaSize(Int)

    package var description: String {
        switch self {
        case .damaged: "the key is damaged; copy the whole line of the .pub file again"
        case .unsupportedType(let type): "keys of type \(Self.shown(type)) are not taken; make one with: ssh-keygen -t ed25519"
        case .rsaSize(let bits):
            "an RSA key of \(bits) bits is not taken (\(PublicKey.rsaBits.lowerBound) to \(PublicKey.rsaBits.upperBound)); "
                + "make one with: ssh-keygen -t ed25519"
        }
    }

    private static func shown(_ type: String) -> String {
        let printable = type.unicodeScalars.filter { $0.value > 0x20 && $0.value < 0x7F }
        return printable.isEmpty ? "unknown" : String(String.UnicodeScalarView(printable.prefix(40)))
    }
}

/// An SSH public key (RFC 4253 §6.6): checked when made, so that every value is one that could verify a signature.
///
/// Two keys are equal if their wire forms are; there is one wire form for a key.
package struct PublicKey: Hashable, Sendable {
    /// Types that are taken, by their names on the wire.
    package enum Algorithm: String, CaseIterable, Hashable, Sendable {
        case ed25519 = "ssh-ed25519"
        case ecdsaP256 = "ecdsa-sha2-nistp256"
        case ecdsaP384 = "ecdsa-sha2-nistp384"
        case ecdsaP521 = "ecdsa-sha2-nistp521"
        case rsa = "ssh-rsa"
        /// On a FIDO security key (OpenSSH PROTOCOL.u2f).
        case skEd25519 = "sk-ssh-ed25519@openssh.com"
        /// The same with ECDSA.
        case skECDSAP256 = "sk-ecdsa-sha2-nistp256@openssh.com"
    }

    /// Curves of ECDSA (RFC 5656 §10.1).
    package enum Curve: String, Hashable, Sendable {
        case p256 = "nistp256"
        case p384 = "nistp384"
        case p521 = "nistp521"

        /// Bytes of an uncompressed point: 0x04, then both coordinates.
        package var pointLength: Int {
            switch self {
            case .p256: 65
            case .p384: 97
            case .p521: 133
            }
        }
    }

    /// The numbers that a signature is verified with.
    package enum Material: Hashable, Sendable {
        /// 32 bytes (RFC 8709 §4).
        case ed25519(point: [UInt8])
        /// An uncompressed point, 0x04 first. Whether it is on the curve is seen when it is used.
        case ecdsa(curve: Curve, point: [UInt8])
        /// Big-endian magnitudes without leading zeros.
        case rsa(exponent: [UInt8], modulus: [UInt8])
        /// 32 bytes, and the application the token signs for (usually `ssh:`).
        case skEd25519(point: [UInt8], application: [UInt8])
        /// A P-256 point, and the application.
        case skECDSA(point: [UInt8], application: [UInt8])
    }

    /// Its type.
    package let algorithm: Algorithm
    /// The wire form.
    package let blob: [UInt8]
    /// The numbers in it.
    package let material: Material

    /// How many bits it has, as `ssh-keygen -l` counts them.
    package var bits: Int {
        switch material {
        case .ed25519, .skEd25519, .skECDSA, .ecdsa(.p256, _): 256
        case .ecdsa(.p384, _): 384
        case .ecdsa(.p521, _): 521
        case .rsa(_, let modulus): modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
        }
    }

    /// RSA sizes that are taken, in bits: below 2048 is weak, above 8192 only slow.
    package static let rsaBits = 2048...8192
    /// Longest wire form, in bytes: RSA of 8192 bits takes about 1060; RSA of 16384, ssh-keygen's largest, is to be refused for its size.
    package static let maximumBlobLength = 4096
    /// Longest `application` of a security key, in bytes.
    static let maximumApplicationLength = 255
    /// Longest RSA exponent, in bytes: larger ones serve nobody and cost time.
    static let maximumExponentLength = 8

    /// Parses a wire form.
    ///
    /// - Throws: what is wrong with it. Bytes over, a long form of a number and a zero-length field are wrong too.
    package init(blob: some Collection<UInt8>) throws(PublicKeyError) {
        let blob = Array(blob)
        guard blob.count <= Self.maximumBlobLength else { throw .damaged }
        let parsed = WireReader.read(blob) { (reader: inout WireReader) in Self.parse(&reader) }
        (algorithm, material) = try parsed.get()
        self.blob = blob
    }

    package static func == (left: Self, right: Self) -> Bool { left.blob == right.blob }

    package func hash(into hasher: inout Hasher) { hasher.combine(blob) }

    private static func parse(_ reader: inout WireReader) -> Result<(Algorithm, Material), PublicKeyError> {
        do throws(WireError) {
            let name = try reader.text()
            guard let algorithm = Algorithm(rawValue: name) else { return .failure(.unsupportedType(name)) }
            let material: Material
            switch algorithm {
            case .ed25519:
                material = .ed25519(point: try edwardsPoint(&reader))
            case .ecdsaP256: material = .ecdsa(curve: .p256, point: try curvePoint(&reader, .p256))
            case .ecdsaP384: material = .ecdsa(curve: .p384, point: try curvePoint(&reader, .p384))
            case .ecdsaP521: material = .ecdsa(curve: .p521, point: try curvePoint(&reader, .p521))
            case .rsa:
                let exponent = try magnitude(&reader)
                let modulus = try magnitude(&reader)
                let bits = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
                guard rsaBits.contains(bits) else { return .failure(.rsaSize(bits)) }
                guard modulus.last.map({ $0 & 1 == 1 }) == true, isUsable(exponent: exponent) else { throw .malformed }
                material = .rsa(exponent: exponent, modulus: modulus)
            case .skEd25519:
                material = .skEd25519(point: try edwardsPoint(&reader), application: try application(&reader))
            case .skECDSAP256:
                material = .skECDSA(point: try curvePoint(&reader, .p256), application: try application(&reader))
            }
            try reader.end()
            return .success((algorithm, material))
        } catch {
            return .failure(.damaged)
        }
    }

    private static func edwardsPoint(_ reader: inout WireReader) throws(WireError) -> [UInt8] {
        let point = try reader.stringBytes()
        guard point.count == 32 else { throw .malformed }
        return point
    }

    private static func curvePoint(_ reader: inout WireReader, _ curve: Curve) throws(WireError) -> [UInt8] {
        guard try reader.text() == curve.rawValue else { throw .malformed }
        let point = try reader.stringBytes()
        guard point.count == curve.pointLength, point[0] == 0x04 else { throw .malformed }
        return point
    }

    private static func application(_ reader: inout WireReader) throws(WireError) -> [UInt8] {
        let application = try reader.stringBytes()
        guard !application.isEmpty, application.count <= maximumApplicationLength else { throw .malformed }
        return application
    }

    /// A positive `mpint` in its shortest form (RFC 4251 §5), without the zero that keeps it positive.
    private static func magnitude(_ reader: inout WireReader) throws(WireError) -> [UInt8] {
        let bytes = try reader.stringBytes()
        guard let first = bytes.first, first & 0x80 == 0 else { throw .malformed }
        if first != 0 { return bytes }
        guard bytes.count > 1, bytes[1] & 0x80 != 0 else { throw .malformed }
        return Array(bytes.dropFirst())
    }

    private static func isUsable(exponent: [UInt8]) -> Bool {
        guard let last = exponent.last, exponent.count <= maximumExponentLength else { return false }
        return last & 1 == 1 && exponent != [1]
    }
}

extension PublicKey {
    /// The type in words that people use, with the size where it varies: `ED25519`, `RSA 3072`.
    package var kind: String {
        switch material {
        case .ed25519: "ED25519"
        case .ecdsa(let curve, _): "ECDSA \(curve.rawValue.dropFirst("nistp".count))"
        case .rsa(_, let modulus): "RSA \(modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0))"
        case .skEd25519: "ED25519-SK"
        case .skECDSA: "ECDSA-SK"
        }
    }

    /// Type and base64, as in a `.pub` file without its comment.
    package var line: String { "\(algorithm.rawValue) \(Base64.encode(blob))" }
}
