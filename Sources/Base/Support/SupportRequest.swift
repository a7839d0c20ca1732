package import SSHKeys

/// All that a customer's terminal has to know to be reached once: the four things of the manual, the relay's identity, and a join code.
package struct SupportRequest: Hashable, Sendable {
    /// How the relay calls the terminal.
    package let terminal: TerminalName
    /// The SSH login user to create.
    package let login: LoginName
    /// Who asks: the name that the login user's keys are listed under.
    package let staff: StaffName
    /// The login user's public keys: 1 to `maximumKeys`, none RSA.
    package let staffKeys: [PublicKey]
    /// Where the relay is.
    package let relay: RelayAddress
    /// The port on the relay that belongs to this terminal.
    package let listeningPort: ListeningPort
    /// The relay's host key, Ed25519: what the terminal pins.
    package let relayKey: PublicKey
    /// Lets the terminal's new key ask for approval, once.
    package let joinCode: JoinCode
    /// The first moment at which code and line no longer hold. Whole seconds from 1970 to 2106.
    package let expiresAt: WallTime

    /// Most keys of one login user in a line: a person's laptop, token, and spare ones.
    package static let maximumKeys = 4

    /// Why values make no request line. The description is one line for staff.
    package enum Unfit: Error, Hashable, Sendable, CustomStringConvertible {
        /// An RSA key, which alone is as long as a line may be.
        case rsaKey
        /// None, or more than `maximumKeys`.
        case keyCount(Int)
        /// The line would have so many characters.
        case tooLong(Int)
        /// The end is not a moment that a line can hold.
        case expiry(WallTime)
        /// The relay's host key is not Ed25519.
        case relayKey(String)

        package var description: String {
            switch self {
            case .rsaKey:
                "an RSA key does not fit into a request line: use an Ed25519 or ECDSA key (ssh-keygen -t ed25519), "
                    + "or let the customer type the four things"
            case .keyCount(let count): "a request line carries 1 to \(SupportRequest.maximumKeys) public keys, not \(count)"
            case .tooLong(let count):
                "the request line would have \(count) characters (at most \(RequestLine.maximumLength)): "
                    + "use fewer keys or shorter names, or let the customer type the four things"
            case .expiry(let time): "a request line cannot end at \(time)"
            case .relayKey(let type): "the relay's host key is \(type), but a request line carries an Ed25519 key"
            }
        }
    }

    /// A request of these parts; checked, so that every value has a line.
    package init(
        terminal: TerminalName, login: LoginName, staff: StaffName, staffKeys: [PublicKey], relay: RelayAddress,
        listeningPort: ListeningPort, relayKey: PublicKey, joinCode: JoinCode, expiresAt: WallTime
    ) throws(Unfit) {
        guard (1...Self.maximumKeys).contains(staffKeys.count) else { throw .keyCount(staffKeys.count) }
        guard !staffKeys.contains(where: { $0.algorithm == .rsa }) else { throw .rsaKey }
        guard relayKey.algorithm == .ed25519 else { throw .relayKey(relayKey.algorithm.rawValue) }
        guard UInt32(exactly: expiresAt.secondsSince1970) != nil else { throw .expiry(expiresAt) }
        self.terminal = terminal
        self.login = login
        self.staff = staff
        self.staffKeys = staffKeys
        self.relay = relay
        self.listeningPort = listeningPort
        self.relayKey = relayKey
        self.joinCode = joinCode
        self.expiresAt = expiresAt
        let length = RequestLine.length(ofBytes: encoded.count + RequestLine.trailerLength)
        guard length <= RequestLine.maximumLength else { throw .tooLong(length) }
    }

    // MARK: Bytes

    /// The fields in the order of docs/protocol.md "The request line", the length of the whole line's bytes first.
    var encoded: [UInt8] {
        var fields = WireWriter()
        fields.uint32(UInt32(exactly: expiresAt.secondsSince1970) ?? 0)
        for text in [terminal.description, login.description, staff.description, relay.host] { fields.shortText(text) }
        fields.byte(UInt8(relay.ports.count))
        for port in relay.ports { fields.uint16(port) }
        fields.uint16(listeningPort.rawValue)
        if case .ed25519(let point) = relayKey.material { fields.raw(point) }
        fields.raw(joinCode.bytes)
        fields.byte(UInt8(staffKeys.count))
        for key in staffKeys { fields.shortKey(key) }
        var whole = WireWriter()
        whole.uint16(UInt16(clamping: 2 + fields.bytes.count + RequestLine.trailerLength))
        whole.raw(fields.bytes)
        return whole.bytes
    }

    /// Reads what `encoded` writes, behind the length.
    init(reading reader: inout WireReader) throws(RequestLineError) {
        do {
            let expiresAt = WallTime(secondsSince1970: Int64(try reader.uint32()))
            let terminal = try TerminalName(parsing: try reader.shortText())
            let login = try LoginName(parsing: try reader.shortText())
            let staff = try StaffName(parsing: try reader.shortText())
            let host = try reader.shortText()
            let ports = try (0..<Int(try reader.byte())).map { _ in String(try reader.uint16()) }.joined(separator: ",")
            let address = host.contains(":") ? "[\(host)]:\(ports)" : "\(host):\(ports)"
            let relay = try RelayAddress(parsing: address)
            guard relay.host == host, let listeningPort = ListeningPort(try reader.uint16()) else { throw WireError.malformed }
            let relayKey = try PublicKey(blob: ShortKey.ed25519Blob(Array(try reader.take(32))))
            let joinCode = JoinCode(bytes: Array(try reader.take(JoinCode.length)))
            let staffKeys = try (0..<Int(try reader.byte())).map { _ in try reader.shortKey() }
            try reader.end()
            try self.init(
                terminal: terminal, login: login, staff: staff, staffKeys: staffKeys, relay: relay, listeningPort: listeningPort,
                relayKey: relayKey, joinCode: joinCode, expiresAt: expiresAt)
        } catch {
            throw .malformed
        }
    }
}

/// Public keys without what their type says anyway: the wire form of an Ed25519 key is a third longer than its point.
private enum ShortKey {
    static let ed25519: UInt8 = 1
    static let ecdsaP256: UInt8 = 2
    static let ecdsaP384: UInt8 = 3
    static let ecdsaP521: UInt8 = 4
    static let skEd25519: UInt8 = 5
    static let skECDSAP256: UInt8 = 6

    static func ed25519Blob(_ point: [UInt8]) -> [UInt8] {
        var blob = WireWriter()
        blob.string(PublicKey.Algorithm.ed25519.rawValue)
        blob.string(point)
        return blob.bytes
    }
}

extension WireWriter {
    fileprivate mutating func uint16(_ value: UInt16) { withUnsafeBytes(of: value.bigEndian) { raw(Array($0)) } }

    /// A length of one byte and UTF-8; all our names are shorter.
    fileprivate mutating func shortText(_ text: String) {
        byte(UInt8(text.utf8.count))
        raw(text.utf8)
    }

    fileprivate mutating func shortKey(_ key: PublicKey) {
        switch key.material {
        case .ed25519(let point):
            byte(ShortKey.ed25519)
            raw(point)
        case .ecdsa(let curve, let point):
            switch curve {
            case .p256: byte(ShortKey.ecdsaP256)
            case .p384: byte(ShortKey.ecdsaP384)
            case .p521: byte(ShortKey.ecdsaP521)
            }
            raw(point)
        case .skEd25519(let point, let application):
            byte(ShortKey.skEd25519)
            raw(point)
            byte(UInt8(application.count))
            raw(application)
        case .skECDSA(let point, let application):
            byte(ShortKey.skECDSAP256)
            raw(point)
            byte(UInt8(application.count))
            raw(application)
        case .rsa: preconditionFailure("a request has no RSA key")
        }
    }
}

extension WireReader {
    fileprivate mutating func uint16() throws(WireError) -> UInt16 {
        let high = try byte()
        return UInt16(high) << 8 | UInt16(try byte())
    }

    fileprivate mutating func shortText() throws(WireError) -> String {
        guard let text = String(validating: try take(Int(try byte())), as: UTF8.self) else { throw .malformed }
        return text
    }

    fileprivate mutating func shortKey() throws -> PublicKey {
        func curve(_ algorithm: PublicKey.Algorithm, _ curve: PublicKey.Curve) throws(WireError) -> WireWriter {
            var blob = WireWriter()
            blob.string(algorithm.rawValue)
            blob.string(curve.rawValue)
            blob.string(Array(try take(curve.pointLength)))
            return blob
        }
        var blob: WireWriter
        switch try byte() {
        case ShortKey.ed25519: return try PublicKey(blob: ShortKey.ed25519Blob(Array(try take(32))))
        case ShortKey.ecdsaP256: blob = try curve(.ecdsaP256, .p256)
        case ShortKey.ecdsaP384: blob = try curve(.ecdsaP384, .p384)
        case ShortKey.ecdsaP521: blob = try curve(.ecdsaP521, .p521)
        case ShortKey.skEd25519:
            blob = WireWriter()
            blob.string(PublicKey.Algorithm.skEd25519.rawValue)
            blob.string(Array(try take(32)))
            blob.string(Array(try take(Int(try byte()))))
        case ShortKey.skECDSAP256:
            blob = try curve(.skECDSAP256, .p256)
            blob.string(Array(try take(Int(try byte()))))
        default: throw WireError.malformed
        }
        return try PublicKey(blob: blob.bytes)
    }
}
