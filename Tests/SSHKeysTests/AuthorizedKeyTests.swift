import SSHKeys
import Testing

@Suite("AuthorizedKey")
struct AuthorizedKeyTests {
    static let plain = SampleKeys.ed25519.split(separator: " ").prefix(2).joined(separator: " ")
    static let base64 = String(plain.split(separator: " ")[1])

    static let taken = [
        SampleKeys.ed25519, SampleKeys.ecdsa256, SampleKeys.ecdsa384, SampleKeys.ecdsa521, SampleKeys.rsa2048, SampleKeys.rsa3072,
        SampleKeys.rsa8192, "sk-ssh-ed25519@openssh.com \(Base64.encode(Wire.skEd25519)) token",
        "sk-ecdsa-sha2-nistp256@openssh.com \(Base64.encode(Wire.skECDSA)) token",
    ]

    @Test(arguments: taken)
    func everyTypeComesBackAsItWas(line: String) throws {
        let key = try AuthorizedKey(line: line)
        #expect(key.line == line)
        #expect(key.comment == line.split(separator: " ")[2])
        #expect(try AuthorizedKey(line: "  \t" + line + " \r\n") == key)
    }

    @Test(arguments: [
        ("", ""), (" ", ""), (" alice", "alice"), ("   alice  smith ", "alice  smith"), ("\talice", "alice"), (" 田中 太郎", "田中 太郎"),
        (" a\u{202e}b\u{200b}c", "abc"), (" # no comment sign", "# no comment sign"), (" ssh-ed25519 AAAA", "ssh-ed25519 AAAA"),
        (" 👩‍💻", "👩💻"),
    ])
    func commentsArePrintableAndTrimmed(written: String, kept: String) throws {
        let key = try AuthorizedKey(line: Self.plain + written)
        #expect(key.comment == kept)
        #expect(key.line == (kept.isEmpty ? Self.plain : "\(Self.plain) \(kept)"))
        #expect(try AuthorizedKey(line: key.line) == key)
    }

    @Test(arguments: [0, 1, 199, 200, 201, 5000])
    func commentsAreCutAtTheirBound(length: Int) throws {
        let key = try AuthorizedKey(line: Self.plain + " " + String(repeating: "c", count: length))
        #expect(key.comment.count == min(length, AuthorizedKey.maximumCommentLength))
        #expect(try AuthorizedKey(line: key.line) == key)
    }

    @Test func aCommentOfMarksOverOneLetterIsCutToo() throws {
        let key = AuthorizedKey(key: try AuthorizedKey(line: Self.plain).key, comment: "a" + String(repeating: "\u{301}", count: 9000))
        #expect(key.comment.unicodeScalars.count == AuthorizedKey.maximumCommentLength)
    }

    @Test func aCommentGivenInCodeCannotAddALine() throws {
        let key = AuthorizedKey(key: try AuthorizedKey(line: Self.plain).key, comment: " x\ncommand=\"sh\" ssh-rsa\r\u{2028}y\u{85} ")
        #expect(key.comment == "xcommand=\"sh\" ssh-rsay")
        #expect(try AuthorizedKey(line: key.line) == key)
    }

    // MARK: - What people paste by mistake

    /// Put together here, so that no text in this tree looks like a private key to a scanner.
    static func pem(_ kind: String) -> String { "-----BEGIN \(kind)-----\nb3BlbnNzaC1rZXktdjE\n-----END \(kind)-----\n" }
    static let putty = "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPublic-Lines: 2\nAAAA\nPrivate-Lines: 1\nAAAA\n"
    static let ssh2Body = "Comment: \"x\"\n\(base64)\n"

    /// A text that is no key line, and the answer; shown by its answer, for some are long.
    struct Mistake: CustomTestStringConvertible {
        let text: String
        let error: AuthorizedKeyError
        var testDescription: String { "\(error)" }
    }

    static let mistakes = texts.map { Mistake(text: $0.text, error: $0.error) }

    private static let texts: [(text: String, error: AuthorizedKeyError)] = [
        ("", .empty), (" \t\r\n\n", .empty),
        (pem("OPENSSH PRIVATE KEY"), .privateKey), (pem("RSA PRIVATE KEY"), .privateKey), (pem("ENCRYPTED PRIVATE KEY"), .privateKey),
        ("  " + pem("EC PRIVATE KEY"), .privateKey), (SampleKeys.ed25519 + "\n" + pem("OPENSSH PRIVATE KEY"), .privateKey),
        ("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nAAAA\n", .privateKey), (pem("PGP PRIVATE KEY BLOCK"), .foreign),
        (pem("OPENSSH PRIVATE KEY") + String(repeating: "A", count: 20_000), .privateKey),
        ("Private-Lines: 8\nAAAA", .privateKey), (putty, .puttyFile),
        ("---- BEGIN SSH2 PUBLIC KEY ----\n\(ssh2Body)---- END SSH2 PUBLIC KEY ----\n", .ssh2File),
        (pem("PUBLIC KEY"), .foreign), (pem("RSA PUBLIC KEY"), .foreign), (pem("CERTIFICATE"), .foreign),
        ("hello world", .foreign), ("alice@laptop", .foreign), ("<html>", .foreign),
        (base64, .noType), (base64 + " alice", .noType),
        ("\(SampleKeys.ed25519)\n\(SampleKeys.rsa2048)\n", .severalLines), (SampleKeys.rsa2048.prefix(100) + "\n" + "AAAA", .severalLines),
        (SampleKeys.ed25519 + "\rx", .severalLines), ("ssh-ed25519\n\(base64)", .severalLines),
        (plain + "\u{0}", .controlCharacter), (plain + " \u{1b}[2J", .controlCharacter), ("\u{0}" + plain, .controlCharacter),
        (plain + " a\u{2028}b", .controlCharacter), (plain + " a\u{85}b", .controlCharacter), (plain + " \u{7f}", .controlCharacter),
        (SampleKeys.certificate, .certificate), ("ssh-rsa-cert-v01@openssh.com AAAA", .certificate),
        ("ssh-ed25519", .noKey), ("ssh-ed25519 ", .noKey),
        ("ssh-ed25519 alice@laptop", .notBase64), ("ssh-ed25519 \(base64.dropLast())", .notBase64), ("ssh-ed25519 \(base64)=", .notBase64),
        ("ssh-ed25519 " + base64.replacing("/", with: "_"), .notBase64),
        ("ssh-ed25519 " + base64.dropLast(4), .key(.damaged)), ("ssh-ed25519 \(base64)AAAA", .key(.damaged)),
        ("ssh-rsa \(base64)", .typeMismatch(said: "ssh-rsa", holds: "ssh-ed25519")),
        (SampleKeys.dsa1024, .key(.unsupportedType("ssh-dss"))), ("ssh-ed448 AAAA", .key(.unsupportedType("ssh-ed448"))),
        (SampleKeys.rsa1024, .key(.rsaSize(1024))),
        ("ssh-rsa " + Base64.encode(Wire.rsa(bits: 16384)), .key(.rsaSize(16384))),
    ]

    @Test(arguments: mistakes)
    func A05_eachMistakeHasItsOwnAnswer(mistake: Mistake) {
        #expect(throws: mistake.error) { try AuthorizedKey(line: mistake.text) }
    }

    @Test(arguments: mistakes)
    func A05_answersAreOnePrintableLine(mistake: Mistake) {
        let sentence = mistake.error.description
        #expect(sentence.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
        #expect((10...220).contains(sentence.count))
    }

    @Test(arguments: [
        "command=\"rm -rf /\" ", "restrict ", "from=\"*\",no-pty ", "cert-authority ", "permitopen=\"localhost:22\" ",
        "environment=\"A=B\" ",
        "relay.example.com ", "@cert-authority * ", "- ", "# ", "1 ", "256 35 ", "\u{455}sh-ed25519 AAAA ", "SSH-ED25519 ", "\u{feff}",
        "-oProxyCommand=x ", "--root=/ ", "../x ", "\u{202e}x ",
    ])
    func A05_nothingMayStandBeforeTheType(before: String) {
        #expect {
            try AuthorizedKey(line: before + Self.plain)
        } throws: { error in
            guard let error = error as? AuthorizedKeyError, case .options(let word) = error else { return false }
            return word.count <= 20 && !word.unicodeScalars.contains { $0.properties.generalCategory == .format }
        }
    }

    @Test func A05_commandOptionWithLineFeedIsRefused() {
        #expect(throws: AuthorizedKeyError.severalLines) { try AuthorizedKey(line: "command=\"x\"\n\(Self.plain)") }
        #expect(throws: AuthorizedKeyError.severalLines) { try AuthorizedKey(line: "a\nroot \(Self.plain)") }
        #expect(throws: AuthorizedKeyError.severalLines) { try AuthorizedKey(line: "\(Self.plain)\r\ncommand=\"x\" \(Self.plain)") }
    }

    @Test(arguments: [-1, 0, 1])
    func A05_linesHaveABoundInBytes(over: Int) {
        let line = Self.plain + " " + String(repeating: "c", count: AuthorizedKey.maximumLineLength - Self.plain.utf8.count - 1 + over)
        if over > 0 {
            #expect(throws: AuthorizedKeyError.tooLong(AuthorizedKey.maximumLineLength + 1)) { try AuthorizedKey(line: line) }
        } else {
            #expect(throws: Never.self) { try AuthorizedKey(line: line) }
        }
    }

    @Test func A05_tenKilobyteKeyIsTooLong() {
        let line = "ssh-rsa " + String(repeating: "AAAA", count: 2560)
        #expect(throws: AuthorizedKeyError.tooLong(line.utf8.count)) { try AuthorizedKey(line: line) }
    }

    @Test func privateKeysAreAnsweredWithAWarning() {
        #expect(
            AuthorizedKeyError.privateKey.description
                == "this is a PRIVATE key: never send it to anyone; paste the line of the .pub file instead")
        #expect(AuthorizedKeyError.puttyFile.description.contains("never send it to anyone"))
    }

    // MARK: - Several lines

    @Test func filesSkipBlankLinesAndCommentsAndTakeEachKeyOnce() throws {
        let text = "# staff\r\n\r\n\(SampleKeys.ed25519)\r\n  # more\n\t\n\(SampleKeys.rsa2048)\n\(Self.plain) again"
        #expect(try AuthorizedKey.parseFile(text).map(\.line) == [SampleKeys.ed25519, SampleKeys.rsa2048])
    }

    @Test(arguments: [
        ("", 1, AuthorizedKeyError.empty), ("# nothing\n\n", 1, .empty), ("\n\(SampleKeys.ed25519)\n\nssh-rsa", 4, .noKey),
        ("\(SampleKeys.ed25519)\n\(SampleKeys.rsa1024)\n", 2, .key(.rsaSize(1024))),
        ("\(SampleKeys.ed25519)\ncommand=\"x\" \(plain)", 2, .options("command=\"x\"")), (pem("OPENSSH PRIVATE KEY"), 1, .privateKey),
        ("# mine\n" + pem("OPENSSH PRIVATE KEY"), 2, .privateKey), (putty, 1, .puttyFile), ("\(plain) a\rb\n", 1, .severalLines),
    ])
    func A05_filesNameTheLineThatIsWrong(text: String, line: Int, error: AuthorizedKeyError) {
        #expect {
            try AuthorizedKey.parseFile(text)
        } throws: { thrown in
            guard let thrown = thrown as? AuthorizedKeyFileError else { return false }
            return thrown.line == line && thrown.error == error && thrown.description == "line \(line): \(error)"
        }
    }

    @Test func A05_allWrongLinesOfAFileAreTold() {
        let (keys, faults) = AuthorizedKey.keysAndFaults(of: "ssh-rsa\n\(Self.plain)\nhello\n\n\(SampleKeys.rsa1024)")
        #expect(keys.map(\.line) == [Self.plain])
        #expect(faults.map(\.line) == [1, 3, 5] && faults.map(\.error) == [.noKey, .foreign, .key(.rsaSize(1024))])
    }

    @Test(arguments: [99, 100, 101])
    func filesHaveABoundOfKeys(count: Int) throws {
        let lines = (0..<count).map { index in
            var point = Wire.point
            point[0] = UInt8(index)
            return "ssh-ed25519 " + Base64.encode(Wire.blob("ssh-ed25519", [point]))
        }
        if count <= AuthorizedKey.maximumKeys {
            #expect(try AuthorizedKey.parseFile(lines.joined(separator: "\n")).count == count)
        } else {
            #expect {
                try AuthorizedKey.parseFile(lines.joined(separator: "\n"))
            } throws: { ($0 as? AuthorizedKeyFileError)?.error == .tooManyKeys }
        }
    }

    /// What mail programs make of a key, and what the terminal prints around it.
    @Test(arguments: [SampleKeys.ed25519, SampleKeys.ecdsa256, SampleKeys.rsa3072])
    func aKeyIsFoundInAMail(line: String) throws {
        let key = try AuthorizedKey(line: line).key
        func cut(_ width: Int, _ separator: String) -> String {
            stride(from: 0, to: line.count, by: width).map { String(line.dropFirst($0).prefix(width)) }.joined(separator: separator)
        }
        let blankAfterType = line.replacing(" ", with: "\n", maxReplacements: 1)
        for text in [
            line, line + "\r\n", "> \(line)", "  \(line)", cut(72, "\n"), cut(76, "\r\n"), ">> " + cut(60, "\n>> "), blankAfterType,
            "# key of shop-42\n# host key SHA256:x\n\n\(line)\n\n# end\n", line.replacing(" alice", with: "\nalice"),
            "Hello,\nthis is the public key of our terminal:\n\n\(line)\n\nIts fingerprint: SHA256:x\nThank you\n",
            "Hello,\n\n" + cut(60, "\n") + "\n\n--\nAnne\n",
        ] {
            #expect(try AuthorizedKey(mailed: text).key == key, "\(text)")
        }
    }

    @Test func whatIsNotOneKeyIsNotFoundInAMail() throws {
        let (one, other) = (SampleKeys.ed25519, SampleKeys.ecdsa256)
        #expect(throws: AuthorizedKeyError.severalLines) { try AuthorizedKey(mailed: "\(one)\n\(other)") }
        #expect(throws: AuthorizedKeyError.self) { try AuthorizedKey(mailed: "\(one.prefix(40))\nnothing more\n") }
        #expect(throws: AuthorizedKeyError.empty) { try AuthorizedKey(mailed: "# nothing\n\n") }
        #expect(throws: AuthorizedKeyError.privateKey) {
            try AuthorizedKey(mailed: "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r\n-----END OPENSSH PRIVATE KEY-----\n")
        }
        #expect(throws: AuthorizedKeyError.self) { try AuthorizedKey(mailed: "command=\"x\" \(one)") }
        #expect(throws: AuthorizedKeyError.self) { try AuthorizedKey(mailed: "Hello,\nhere it comes\n") }
    }
}
