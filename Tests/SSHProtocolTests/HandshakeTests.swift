import SSHCrypto
import SSHKeys
import SSHProtocol
import SSHTestClient
import Testing

@Suite struct HandshakeTests {
    static let protections: [(cipher: String, mac: String?)] = [
        ("chacha20-poly1305@openssh.com", nil), ("aes256-gcm@openssh.com", nil), ("aes128-gcm@openssh.com", nil),
        ("aes256-ctr", "hmac-sha2-256-etm@openssh.com"), ("aes256-ctr", "hmac-sha2-512-etm@openssh.com"),
        ("aes128-ctr", "hmac-sha2-256-etm@openssh.com"), ("aes128-ctr", "hmac-sha2-512-etm@openssh.com"),
    ]

    @Test(arguments: protections) func everyCipherAndMACCarriesDataBothWays(_ cipher: String, _ mac: String?) throws {
        let link = try Link.authenticated(TestProposal(cipher: cipher, mac: mac))
        let (channel, id) = try link.openSession()
        for size in [1, 2, 15, 16, 17, 255, 256, 4095, 32768] {
            let bytes = randomBytes(size)
            link.data = [:]
            #expect(link.client.sendData(channel, bytes) == size)
            try link.pump()
            #expect(link.data[id] == bytes, "\(size) bytes to the server")
            #expect(link.server.sendCapacity(id) >= size)
            bytes.withUnsafeBytes { link.server.send(id, $0) }
            try link.pump()
            #expect(channel.takeBytes() == bytes, "\(size) bytes to the client")
        }
    }

    @Test func directionsMayUseDifferentCiphers() throws {
        for (first, second) in zip(Self.protections, Self.protections.dropFirst()) {
            var proposal = TestProposal(cipher: first.cipher, mac: first.mac)
            proposal.ciphersToClient = [second.cipher]
            proposal.macsToClient = second.mac.map { [$0] } ?? proposal.macsToClient
            let link = try Link.authenticated(proposal)
            let (channel, id) = try link.openSession()
            link.client.sendData(channel, [1, 2, 3])
            try link.pump()
            #expect(link.data[id] == [1, 2, 3])
        }
    }

    @Test func bytesOneByOneAreTheSame() throws {
        let link = Link()
        link.pieceSize = 1
        link.client.start()
        try link.pump()
        try link.client.authenticate("user", Link.aKey)
        try link.pump()
        #expect(link.client.isAuthenticated)
        #expect(link.events == [.keyExchangeWanted, .keyOffered("user", Link.aKey.publicKey), .authenticated("user", Link.aKey.publicKey)])
    }

    @Test(arguments: ["curve25519-sha256", "curve25519-sha256@libssh.org"]) func bothNamesOfTheMethodWork(_ name: String) throws {
        var proposal = TestProposal()
        proposal.methods = ["unknown@example.com", name]
        _ = try Link.authenticated(proposal)
    }

    @Test func serverOffersExactlyItsAlgorithms() throws {
        let link = try Link.withKeys()
        let offered = try #require(link.client.serverProposal)
        #expect(offered.methods == KeyExchangeMethod.available.map(\.rawValue) + ["kex-strict-s-v00@openssh.com"])
        #expect(offered.hostKeys == ["ssh-ed25519"])
        #expect(offered.ciphersToServer == TestProposal.cipherNames && offered.ciphersToClient == TestProposal.cipherNames)
        #expect(offered.macsToServer == TestProposal.macNames && offered.macsToClient == TestProposal.macNames)
        #expect(offered.compressionToServer == ["none"] && offered.compressionToClient == ["none"])
        #expect(link.client.hostKey == Link.hostKey.publicKey.blob)
        #expect(link.server.peerVersion == link.client.version)
        #expect(link.client.serverVersion == "SSH-2.0-Test_1.0")
    }

    // MARK: The identification line

    @Test(arguments: [
        ("SSH-2.0-x\r\n", true), ("SSH-2.0-x\n", true), ("SSH-2.0-x with comments\r\n", true), ("SSH-2.0-\r\n", true),
        ("SSH-1.99-x\r\n", false), ("SSH-1.5-x\r\n", false), ("GET / HTTP/1.1\r\n", false), ("\r\n", false), ("\n", false),
        ("SSH-2.0\r\n", false),
        ("SSH-2.0-\u{1}x\r\n", false), ("SSH-2.0-x\ry\r\n", false), ("SSH-2.0-\u{1b}[31m\r\n", false), ("SSH-2.0-\u{e9}\r\n", false),
        (" SSH-2.0-x\r\n", false),
    ])
    func identificationIsTakenOrRefused(_ line: String, _ isTaken: Bool) throws {
        let link = Link()
        link.client.runsKeyExchange = false
        link.client.outgoing = [UInt8](line.utf8)
        try link.pump()
        if isTaken {
            #expect(link.end == nil)
        } else {
            link.expectFailure(.identification, .protocolVersionNotSupported)
        }
    }

    /// RFC 4253 §4.2: 255 bytes with CR LF.
    @Test(arguments: [
        (ProtocolLimits.identificationLine - 1, true), (ProtocolLimits.identificationLine, true),
        (ProtocolLimits.identificationLine + 1, false),
    ])
    func identificationLineHasItsLimit(_ length: Int, _ isTaken: Bool) throws {
        let link = Link()
        link.client.version = "SSH-2.0-" + String(repeating: "x", count: length - 10)
        link.client.start()
        try link.pump()
        if isTaken {
            #expect(link.client.keyExchanges == 1)
        } else {
            link.expectFailure(.identification, .protocolVersionNotSupported)
        }
    }

    @Test func endlessLineIsRefusedAtTheLimit() throws {
        let link = Link()
        link.client.runsKeyExchange = false
        link.client.outgoing = [UInt8]("SSH-2.0-".utf8) + [UInt8](repeating: 0x78, count: ProtocolLimits.identificationLine - 9)
        try link.pump()
        #expect(link.end == nil, "one byte below the limit it may still end")
        link.client.outgoing = [0x78]
        try link.pump()
        link.expectFailure(.identification, .protocolVersionNotSupported)
    }

    @Test func wrongProtocolIsRefusedAtItsFirstByte() throws {
        let link = Link()
        link.client.outgoing = [UInt8]("G".utf8)
        try link.pump()
        link.expectFailure(.identification, .protocolVersionNotSupported)
    }

    // MARK: KEXINIT

    @Test func nothingInCommonSaysWhatIsMissing() throws {
        let cases: [(String, (inout TestProposal) -> Void)] = [
            ("key exchange", { $0.methods = ["diffie-hellman-group14-sha1"] }),
            ("key exchange", { $0.methods = [] }),
            ("host key", { $0.hostKeys = ["ssh-rsa"] }),
            ("cipher", { $0.ciphersToServer = ["aes128-cbc"] }),
            ("cipher", { $0.ciphersToClient = ["none"] }),
            (
                "MAC",
                {
                    $0.ciphersToServer = ["aes128-ctr"]; $0.macsToServer = ["hmac-sha1"]
                }
            ),
            (
                "MAC",
                {
                    $0.ciphersToClient = ["aes128-ctr"]; $0.macsToClient = []
                }
            ),
            ("compression", { $0.compression = ["zlib@openssh.com"] }),
        ]
        for (what, change) in cases {
            var proposal = TestProposal()
            change(&proposal)
            let link = Link(proposal)
            link.client.start()
            try link.pump()
            link.expectFailure(.noCommonAlgorithm, .keyExchangeFailed, "\(what)")
            #expect(link.client.disconnection?.sentence.contains("no \(what) of yours is one of ") == true)
        }
    }

    @Test(arguments: [(ProtocolLimits.nameList - 1, true), (ProtocolLimits.nameList, true), (ProtocolLimits.nameList + 1, false)])
    func nameListHasItsLimit(_ length: Int, _ isTaken: Bool) throws {
        var proposal = TestProposal()
        proposal.ciphersToClient = ["aes128-gcm@openssh.com", String(repeating: "x", count: length - 23)]
        let link = Link(proposal)
        link.client.start()
        try link.pump()
        if isTaken {
            #expect(link.client.keyExchanges == 1)
        } else {
            link.expectFailure(.malformedMessage, .protocolError)
        }
    }

    @Test func damagedKexInitIsRefused() throws {
        let whole = TestProposal().payload(isFirst: true, cookie: [UInt8](repeating: 7, count: 16))
        for length in 1..<whole.count where length % 7 == 0 || length > whole.count - 6 || length < 24 {
            try expectRefused(Array(whole.prefix(length)), "\(length) bytes of it")
        }
        try expectRefused(whole + [0], "a byte more")
        var proposal = TestProposal()
        for names in [["a b"], ["\u{7f}"], ["\u{e9}"], ["a\u{0}"]] {
            proposal.methods = names
            try expectRefused(proposal.payload(isFirst: false, cookie: [UInt8](repeating: 7, count: 16)), "\(names)")
        }
    }

    /// libssh 0.10 ends a list with a comma.
    @Test func emptyNamesInAListArePassedOver() throws {
        var proposal = TestProposal()
        proposal.methods = ["", "curve25519-sha256", "", ""]
        proposal.ciphersToServer = ["aes128-gcm@openssh.com", ""]
        _ = try Link.authenticated(proposal)
    }

    private func expectRefused(_ kexInit: [UInt8], _ comment: Comment) throws {
        let link = Link()
        link.client.sendIdentification()
        link.client.sendNow(kexInit)
        try link.pump()
        link.expectFailure(.malformedMessage, .protocolError, comment)
    }

    // MARK: The value

    @Test func badKeyExchangeValueIsRefused() throws {
        let order8: [UInt8] = [
            0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c,
            0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
        ]
        let values: [[UInt8]] = [
            [], [1], [UInt8](repeating: 9, count: 31), [UInt8](repeating: 9, count: 33), [UInt8](repeating: 0, count: 32),
            [1] + [UInt8](repeating: 0, count: 31), order8,
        ]
        for value in values {
            let link = Link()
            link.client.runsKeyExchange = false
            link.client.start()
            try link.pump()
            var message = WireWriter(message: 30)
            message.string(value)
            link.client.sendNow(message.bytes)
            try link.pump()
            link.expectFailure(.keyExchangeValue, .keyExchangeFailed, "\(value)")
        }
    }

    @Test func malformedKeyExchangeValueIsRefused() throws {
        for payload in [[30], [30, 0, 0, 0], [30, 0, 0, 0, 32], [30, 0xFF, 0xFF, 0xFF, 0xFF], [30, 0, 0, 0, 1, 1, 1]] as [[UInt8]] {
            let link = Link()
            link.client.runsKeyExchange = false
            link.client.start()
            try link.pump()
            link.client.sendNow(payload)
            try link.pump()
            link.expectFailure(.malformedMessage, .protocolError, "\(payload)")
        }
    }

    @Test func nothingIsReadBeforeTheKeyExchangeIsAdmitted() throws {
        let link = Link()
        link.admitsKeyExchange = false
        link.client.start()
        try link.pump()
        #expect(link.events == [.keyExchangeWanted])
        #expect(!link.server.wantsInput && link.server.hasAskedForKeys)
        link.now += ProtocolLimits.loginGrace * 10
        link.server.now = link.now
        link.server.checkDeadlines()
        #expect(!link.server.isClosed, "waiting its turn costs the peer nothing")
        link.server.admitKeyExchange()
        try link.resume()
        #expect(link.client.keyExchanges == 1)
        try link.client.authenticate("user", Link.aKey)
        try link.pump()
        #expect(link.client.isAuthenticated, "and its grace began with the admission")
    }

    // MARK: The guessed first packet (RFC 4253 §7)

    @Test func rightGuessIsUsed() throws {
        var proposal = TestProposal()
        proposal.methods = KeyExchangeMethod.available.map(\.rawValue)
        try #require(proposal.methods.first == "curve25519-sha256", "this client does not do the hybrid method")
        proposal.firstPacketFollows = true
        let link = Link(proposal)
        link.client.start()
        link.client.sendKexValue()
        try link.pump()
        #expect(link.client.keyExchanges == 1, "\(String(describing: link.end))")
    }

    @Test func wrongGuessIsDropped() throws {
        var proposal = TestProposal()
        proposal.methods = ["curve25519-sha256@libssh.org"]
        proposal.firstPacketFollows = true
        let link = Link(proposal)
        link.client.start()
        link.client.sendKexValue()
        try link.pump()
        #expect(link.client.keyExchanges == 1, "\(String(describing: link.end))")
    }

    /// A guess for another method begins with another number (RFC 4253 §7: "the next packet MUST be ignored").
    @Test(arguments: [UInt8(30), 32, 34, 49]) func wrongGuessOfAnotherMethodIsDropped(_ number: UInt8) throws {
        var proposal = TestProposal()
        proposal.methods = ["diffie-hellman-group-exchange-sha256", "curve25519-sha256"]
        proposal.firstPacketFollows = true
        let link = Link(proposal)
        link.client.start()
        link.client.sendNow([number, 0, 0, 4, 0, 0, 0, 8, 0, 0, 0, 32, 0])
        try link.pump()
        #expect(link.client.keyExchanges == 1, "\(String(describing: link.end))")
    }

    @Test func onlyOneGuessIsDropped() throws {
        var proposal = TestProposal()
        proposal.methods = ["other@example.com", "curve25519-sha256"]
        proposal.firstPacketFollows = true
        let link = Link(proposal)
        link.client.start()
        link.client.sendNow([30, 0, 0, 0, 0])
        link.client.sendNow([30, 0, 0, 0, 0])
        try link.pump()
        link.expectFailure(.keyExchangeValue, .keyExchangeFailed)
    }

    // MARK: EXT_INFO

    @Test func extInfoComesFirstAfterTheKeysIfAskedFor() throws {
        let link = try Link.withKeys()
        let numbers = link.client.received.map { $0[0] }
        #expect(numbers == [20, 31, 21, 7])
        var fields = Fields(link.client.received[3], skipping: 1)
        var extensions: [String: String] = [:]
        for _ in 0..<(try fields.uint32()) { extensions[try fields.text()] = try fields.text() }
        #expect(fields.isAtEnd)
        #expect(extensions["server-sig-algs"] == SignatureAlgorithm.allCases.map(\.rawValue).joined(separator: ","))
        #expect(extensions["publickey-hostbound@openssh.com"] == "0" && extensions["ping@openssh.com"] == "0")
    }

    /// libssh 0.10 refused to offer an RSA key: it decides when it has our NEWKEYS, and so what we take has to come with it.
    @Test func extInfoDoesNotWaitForTheClientsNewKeys() throws {
        let link = Link()
        link.client.withholdsNewKeys = true
        link.client.start()
        try link.pump()
        #expect(link.client.received.map { $0[0] } == [20, 31, 21, 7])
    }

    @Test func extInfoDoesNotComeUnasked() throws {
        var proposal = TestProposal()
        proposal.wantsExtInfo = false
        let link = try Link.withService(proposal)
        #expect(link.client.received(7).isEmpty)
    }

    @Test func clientMaySendExtInfoFirst() throws {
        let link = try Link.withKeys()
        link.client.send([7, 0, 0, 0, 0])
        link.client.askForService()
        try link.pump()
        #expect(link.client.received(6).count == 1)
    }
}
