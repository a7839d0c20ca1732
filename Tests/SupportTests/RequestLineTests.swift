import SSHKeys
import Support
import Testing

/// Requests and lines that these tests begin with.
private enum Sample {
    static func ed25519(_ number: UInt8) throws -> PublicKey {
        var blob = WireWriter()
        blob.string("ssh-ed25519")
        blob.string([UInt8](repeating: number, count: 32))
        return try PublicKey(blob: blob.bytes)
    }

    static func ecdsa(_ type: String, _ curve: String, bytes: Int, application: String? = nil) throws -> PublicKey {
        var blob = WireWriter()
        blob.string(type)
        blob.string(curve)
        blob.string([4] + [UInt8](repeating: 0x5A, count: bytes - 1))
        if let application { blob.string(application) }
        return try PublicKey(blob: blob.bytes)
    }

    static func skEd25519() throws -> PublicKey {
        var blob = WireWriter()
        blob.string("sk-ssh-ed25519@openssh.com")
        blob.string([UInt8](repeating: 0xFB, count: 32))
        blob.string("ssh:")
        return try PublicKey(blob: blob.bytes)
    }

    static func rsa() throws -> PublicKey {
        var blob = WireWriter()
        blob.string("ssh-rsa")
        blob.mpint([1, 0, 1])
        blob.mpint([UInt8](repeating: 0xFF, count: 256))
        return try PublicKey(blob: blob.bytes)
    }

    static func request(
        terminal: String = "shop-42", keys: [PublicKey]? = nil, relay: String = "relay.example.org:2222,443",
        expiresAt: Int64 = 1_800_000_000
    ) throws -> SupportRequest {
        try SupportRequest(
            terminal: TerminalName(parsing: terminal), login: LoginName(parsing: "alice"), staff: StaffName(parsing: "alice-b"),
            staffKeys: keys ?? [ed25519(1)], relay: RelayAddress(parsing: relay), listeningPort: ListeningPort(parsing: "20000"),
            relayKey: ed25519(0xFF), joinCode: JoinCode(bytes: [0xFB, 0xEF, 0xBE, 1, 2, 3, 4, 5, 6, 7]),
            expiresAt: WallTime(secondsSince1970: expiresAt))
    }

    /// A line with a signature of 64 bytes that nobody verifies here.
    static func line(_ request: SupportRequest) -> RequestLine {
        RequestLine(request) { message in [0, 0] + [UInt8](repeating: UInt8(message.count & 0xFF), count: 64) }
    }
}

@Suite("RequestLine")
struct RequestLineTests {
    @Test func aLineSaysWhatItWasMadeOf() throws {
        let requests = [
            try Sample.request(),
            try Sample.request(keys: [Sample.ed25519(1), Sample.ed25519(2), Sample.skEd25519()]),
            try Sample.request(keys: [Sample.ecdsa("ecdsa-sha2-nistp256", "nistp256", bytes: 65)]),
            try Sample.request(keys: [Sample.ecdsa("ecdsa-sha2-nistp384", "nistp384", bytes: 97)]),
            try Sample.request(keys: [Sample.ecdsa("ecdsa-sha2-nistp521", "nistp521", bytes: 133)]),
            try Sample.request(keys: [Sample.ecdsa("sk-ecdsa-sha2-nistp256@openssh.com", "nistp256", bytes: 65, application: "ssh:")]),
            try Sample.request(relay: "192.0.2.1"),
            try Sample.request(relay: "[2001:db8::1]:22"),
            try Sample.request(expiresAt: Int64(UInt32.max)),
        ]
        for request in requests {
            let line = Sample.line(request)
            let again = try RequestLine(parsing: line.description)
            #expect(again.request == request)
            #expect(again.signature == line.signature)
            #expect(again.signedBytes == line.signedBytes)
            #expect(line.description.utf8.count <= RequestLine.maximumLength, "\(line)")
        }
    }

    @Test func twoKeysAndLongNamesFitIntoFiveHundredCharacters() throws {
        let request = try Sample.request(
            terminal: "branch-office-berlin-friedrichshain-2", keys: [Sample.ed25519(1), Sample.skEd25519()],
            relay: "remote-support.customers.example.co.jp:22,443,2222")
        #expect(Sample.line(request).description.utf8.count <= 500)
    }

    @Test func whatDoesNotFitIsRefusedWithWhatToDo() throws {
        #expect(throws: SupportRequest.Unfit.rsaKey) { try Sample.request(keys: [Sample.rsa()]) }
        #expect("\(SupportRequest.Unfit.rsaKey)".contains("ssh-keygen -t ed25519"))
        #expect(throws: SupportRequest.Unfit.keyCount(0)) { try Sample.request(keys: []) }
        let five = try (1...5).map { try Sample.ed25519($0) }
        #expect(throws: SupportRequest.Unfit.keyCount(5)) { try Sample.request(keys: five) }
        let long = Array(repeating: String(repeating: "a", count: 60), count: 4).joined(separator: ".")
        #expect(throws: SupportRequest.Unfit.self) { try Sample.request(relay: long) }
        for end in [-1, Int64(UInt32.max) + 1] {
            #expect(throws: SupportRequest.Unfit.self) { try Sample.request(expiresAt: end) }
        }
    }

    @Test func aLineHasNoBlanksAndNothingThatAShellReads() throws {
        let text = Sample.line(try Sample.request()).description
        #expect(text.hasPrefix("towline:1:"))
        #expect(text.dropFirst(10).allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") })
    }

    /// What mail programs make of a line.
    @Test(arguments: [
        "wrapped", "quoted", "quoted twice", "indented", "in quotes", "angle brackets", "soft breaks", "in a mail", "non-breaking",
        "zero width",
        "carriage returns", "capital", "dashes", "markdown",
    ])
    func aLineSurvivesMailPrograms(treatment: String) throws {
        let line = Sample.line(try Sample.request(keys: [Sample.ed25519(0xFB), Sample.skEd25519()]))
        let text = line.description
        func cut(_ width: Int, _ separator: String) -> String {
            stride(from: 0, to: text.count, by: width).map { String(text.dropFirst($0).prefix(width)) }.joined(separator: separator)
        }
        let treated =
            switch treatment {
            case "wrapped": cut(72, "\n")
            case "quoted": "> " + cut(70, "\n> ")
            case "quoted twice": ">> " + cut(60, "\n> > ")
            case "indented": "    " + cut(76, "\n    ") + "\n"
            case "in quotes": "\u{201C}\(text)\u{201D}"
            case "angle brackets": "<\(text)>."
            case "soft breaks": cut(75, "=\r\n")
            case "in a mail": "Dear customer,\n\nplease paste this line:\n\n\(cut(60, "\n"))\nKind regards\nAlice (Towline: support)\n"
            case "non-breaking": cut(40, "\u{A0}\n")
            case "zero width": cut(10, "\u{200B}")
            case "carriage returns": cut(64, "\r\n")
            case "capital": "Towline" + text.dropFirst(7)
            case "dashes": text.replacing("--", with: "\u{2014}").replacing("-", with: "\u{2011}")
            default: "`\(text)`"
            }
        #expect(try RequestLine(parsing: treated) == line)
    }

    @Test func everyChangedCharacterIsFound() throws {
        let text = Sample.line(try Sample.request()).description
        for index in text.indices.dropFirst(10) {
            let other: Character = text[index] == "A" ? "B" : "A"
            var changed = text
            changed.replaceSubrange(index...index, with: [other])
            #expect(throws: ParseError.self, "\(changed)") { try RequestLine(parsing: changed) }
        }
    }

    @Test func everyShorterLineIsCutOff() throws {
        let text = Sample.line(try Sample.request()).description
        for count in 16..<text.count {
            #expect(throws: RequestLineError.self) { try RequestLine(in: String(text.prefix(count))) }
        }
        #expect(throws: RequestLineError.cutOff(has: text.count - 1, of: text.count)) { try RequestLine(in: String(text.dropLast())) }
        #expect(throws: RequestLineError.absent) { try RequestLine(in: "towline:1") }
        #expect(throws: RequestLineError.self) { try RequestLine(in: "towline:1:") }
    }

    @Test func otherTextsSayWhatIsWrong() throws {
        let text = Sample.line(try Sample.request()).description
        #expect(throws: RequestLineError.absent) { try RequestLine(in: "") }
        #expect(throws: RequestLineError.absent) { try RequestLine(in: "ssh-ed25519 AAAA") }
        #expect(throws: RequestLineError.version("2")) { try RequestLine(in: text.replacing("towline:1:", with: "towline:2:")) }
        #expect(throws: RequestLineError.strangeCharacter("@")) { try RequestLine(in: text.replacing("towline:1:", with: "towline:1:@")) }
        #expect(throws: RequestLineError.absent) { try RequestLine(in: String(repeating: "towline ", count: 10_000)) }
        do {
            _ = try RequestLine(parsing: "towline:1:\u{1b}[2J!")
            Issue.record("taken")
        } catch {
            #expect(!error.description.contains("\u{1b}"))
        }
    }

    @Test func anAnyChangedByteWithARightChecksumIsMalformedOrAnotherRequest() throws {
        // A maker's mistake: the checksum is right, the fields are not. Must never trap, and what parses prints as it came.
        var state: UInt64 = 42
        let text = Sample.line(try Sample.request()).description
        let encoded = text.dropFirst(10).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
        let bytes = try #require(Base64.decode(String(encoded), isPadded: false))
        for _ in 0..<2000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            var changed = Array(bytes.dropLast(4))
            changed[2 + Int(state >> 33) % (changed.count - 2)] = UInt8(truncatingIfNeeded: state >> 17)
            let line =
                "towline:1:" + Base64.encode(changed + crc32(changed), isPadded: false).replacing("+", with: "-").replacing("/", with: "_")
            if let parsed = try? RequestLine(in: line) { #expect(parsed.description == line) }  // most are refused
        }
    }

    private func crc32(_ bytes: [UInt8]) -> [UInt8] {
        let crc = bytes.reduce(UInt32.max) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return withUnsafeBytes(of: (~crc).bigEndian) { Array($0) }
    }
}

@Suite("JoinCode")
struct JoinCodeTests {
    @Test func aCodeIsSixteenCharactersAndComesBack() throws {
        for byte: UInt8 in [0, 1, 0x55, 0xAA, 0xFF] {
            let code = JoinCode(bytes: [UInt8](repeating: byte, count: JoinCode.length))
            #expect(code.description.utf8.count == 16)
            #expect(try JoinCode(parsing: code.description) == code)
            #expect(JoinCode(userName: code.userName) == code)
        }
        #expect(JoinCode(bytes: [UInt8](0..<10)).description == "aaaqeayeaudaocaj")
    }

    @Test(
        arguments: HostileNames.all + [
            "aaaqeayeaudaoca", "aaaqeayeaudaocajj", "AAAQEAYEAUDAOCAJ", "aaaqeayeaudaoca1", "join-aaaqeayeaudaocaj",
        ])
    func A05_otherTextsAreNoCode(text: String) {
        #expect(throws: ParseError.self) { try JoinCode(parsing: text) }
        #expect(JoinCode(userName: text) == nil || text == "join-aaaqeayeaudaocaj")
        #expect(JoinCode(userName: "join-" + text) == nil)
    }
}

@Suite("TerminalReport")
struct TerminalReportTests {
    @Test func hostKeysAreCheckedAndBounded() throws {
        let key = try Sample.ed25519(1)
        let login = try LoginName(parsing: "alice")
        let report = TerminalReport(software: "towline-terminal", hostKeys: [key, key], loginUsers: [login])
        #expect(try report.checkedHostKeys() == [key])
        #expect(throws: ParseError.self) { try TerminalReport(software: "x", hostKeys: [], loginUsers: []).checkedHostKeys() }
        let nine = try (0..<9).map { try Sample.ed25519($0) }
        #expect(throws: ParseError.self) { try TerminalReport(software: "x", hostKeys: nine, loginUsers: []).checkedHostKeys() }
        let logins = [LoginName](repeating: login, count: TerminalReport.maximumLoginUsers + 1)
        #expect(throws: ParseError.self) { try TerminalReport(software: "x", hostKeys: [key], loginUsers: logins).checkedHostKeys() }
        let long = String(repeating: "x", count: TerminalReport.maximumSoftware + 1)
        #expect(throws: ParseError.self) { try TerminalReport(software: long, hostKeys: [key], loginUsers: []).checkedHostKeys() }
    }
}
