import SSHCrypto
import SSHKeys
import SSHProtocol
import SSHTestClient
import Testing

@Suite struct AuthenticationTests {
    @Test(arguments: PublicKey.Algorithm.allCases) func everyKeyTypeAuthenticates(_ type: PublicKey.Algorithm) throws {
        let key = try TestKey(type)
        for algorithm in key.signatureAlgorithms {
            for isHostBound in [false, true] {
                let link = try Link.withKeys()
                try link.client.authenticate("user", key, algorithm: algorithm, hostBound: isHostBound)
                try link.pump()
                #expect(link.client.isAuthenticated && link.server.isAuthenticated, "\(algorithm), host-bound: \(isHostBound)")
                #expect(link.events.last == .authenticated("user", key.publicKey))
                #expect(link.client.received.map { $0[0] } == [20, 31, 21, 7, 6, 52])
            }
        }
    }

    @Test func probeIsAnsweredAndIsNoIdentity() throws {
        let link = try Link.withService()
        link.client.send(link.client.probe("user", Link.aKey))
        try link.pump()
        var fields = Fields(try #require(link.client.received(60).first), skipping: 1)
        #expect(try fields.text() == "ssh-ed25519")
        #expect(try fields.string() == Link.aKey.publicKey.blob)
        #expect(fields.isAtEnd)
        #expect(!link.server.isAuthenticated && !link.client.isAuthenticated)
        #expect(!link.events.contains(.authenticated("user", Link.aKey.publicKey)))
        try link.client.authenticate("user", Link.aKey)
        try link.pump()
        #expect(link.client.isAuthenticated)
    }

    @Test func unknownKeyIsRefusedWithAndWithoutProof() throws {
        let link = try Link.withService()
        link.knowsKeys = false
        link.client.send(link.client.probe("user", Link.aKey))
        try link.client.authenticate("user", Link.aKey)
        try link.pump()
        #expect(link.client.received(51) == [Self.failure, Self.failure])
        #expect(!link.server.isAuthenticated)
    }

    @Test func nothingIsReadWhileTheKeyIsJudged() throws {
        let link = try Link.withService()
        link.knowsKeys = nil
        try link.client.authenticate("user", Link.aKey)
        link.client.open("session")
        try link.pump()
        #expect(link.events.last == .keyOffered("user", Link.aKey.publicKey))
        #expect(!link.server.wantsInput && !link.client.isAuthenticated)
        link.server.answerKey(isKnown: true)
        try link.resume()
        #expect(link.client.isAuthenticated)
        #expect(link.events.suffix(2) == [.authenticated("user", Link.aKey.publicKey), .channelOffered(ChannelID(0), .session)])
        link.server.answerKey(isKnown: true)  // A second answer is void.
        try link.resume()
        #expect(!link.server.isClosed && link.client.received(52).count == 1)
    }

    // MARK: Proofs that prove nothing

    @Test func wrongProofsAreRefused() throws {
        let other = try TestKey(.ed25519)
        let rsa = try TestKey(.rsa)
        let token = try TestKey(.skEd25519)
        let tokenECDSA = try TestKey(.skECDSAP256)
        let cases: [(String, (SSHTestClient) throws -> [UInt8])] = [
            ("another session", { try $0.authenticationRequest("user", Link.aKey, session: [UInt8](repeating: 1, count: 32)) }),
            ("bound to another host", { try $0.authenticationRequest("user", Link.aKey, hostBound: true, boundTo: other.publicKey.blob) }),
            ("SHA-1", { try $0.authenticationRequest("user", rsa, algorithm: "ssh-rsa") }),
            ("untouched token", { try $0.authenticationRequest("user", token, flags: 0) }),
            ("untouched ECDSA token", { try $0.authenticationRequest("user", tokenECDSA, flags: 4) }),
            ("another algorithm", { try $0.authenticationRequest("user", Link.aKey, algorithm: "ssh-unknown") }),
            (
                "a flipped bit",
                {
                    var request = try $0.authenticationRequest("user", Link.aKey)
                    request[request.count - 1] ^= 1
                    return request
                }
            ),
            (
                "another user in what is signed",
                {
                    var request = try $0.authenticationRequest("user", Link.aKey)
                    request[5] ^= 1
                    return request
                }
            ),
        ]
        for (what, request) in cases {
            let link = try Link.withService()
            link.client.send(try request(link.client))
            try link.pump()
            #expect(link.client.received(51) == [Self.failure], "\(what)")
            #expect(!link.server.isAuthenticated && !link.server.isClosed, "\(what)")
        }
    }

    @Test func RSAProofMustSignByWhatItSays() throws {
        let key = try TestKey(.rsa)
        let link = try Link.withService()
        var request = try link.client.authenticationRequest("user", key, algorithm: "rsa-sha2-256")
        // The name in the request says 512, the signature 256.
        let name = [UInt8]("rsa-sha2-256".utf8)
        let place = try #require((0..<request.count).first { request[$0...].starts(with: name) })
        request.replaceSubrange(place..<(place + name.count), with: "rsa-sha2-512".utf8)
        link.client.send(request)
        try link.pump()
        #expect(link.client.received(51) == [Self.failure])
    }

    @Test func malformedRequestsEndTheConnection() throws {
        let link = try Link.withService()
        let whole = try link.client.authenticationRequest("user", Link.aKey)
        for length in 1..<whole.count where length < 60 || length % 16 == 0 || length == whole.count - 1 {
            let link = try Link.withService()
            link.client.send(Array(whole.prefix(length)))
            try link.pump()
            link.expectFailure(.malformedMessage, .protocolError, "\(length) bytes of the request")
        }
        link.client.send(whole + [0])
        try link.pump()
        link.expectFailure(.malformedMessage, .protocolError, "a byte more")
    }

    @Test func keysThatAreNotTakenCountAsFailures() throws {
        let blobs: [[UInt8]] = [[], [0, 0, 0, 7] + [UInt8]("ssh-dss".utf8), [UInt8](repeating: 0xFF, count: 64)]
        for blob in blobs {
            let link = try Link.withService()
            var rest = WireWriter()
            rest.boolean(false)
            rest.string("ssh-ed25519")
            rest.string(blob)
            link.client.send(link.client.request("user", method: "publickey", rest: rest.bytes))
            try link.pump()
            #expect(link.client.received(51) == [Self.failure])
        }
    }

    // MARK: Limits

    /// The first `none` is a question and costs nothing; `other` counts.
    @Test(arguments: ["gssapi-with-mic", "hostbased", "keyboard-interactive", "none", "password", "x"])
    func P12_otherMethodsAreFailuresAndTheSixthEnds(_ method: String) throws {
        let link = try Link.withService()
        link.client.send(link.client.request("user", method: "none"))
        for attempt in 1..<ProtocolLimits.authenticationFailures {
            link.client.send(link.client.request("user", method: method, rest: method == "none" ? [] : [0, 0, 0, 0, 1, 2, 3]))
            try link.pump()
            #expect(link.client.received(51) == Array(repeating: Self.failure, count: attempt + 1))
            #expect(!link.server.isClosed, "attempt \(attempt)")
        }
        for _ in 0..<1000 { link.client.send(link.client.request("user", method: method)) }
        try link.pump()
        link.expectFailure(.authenticationAttempts, .noMoreAuthMethodsAvailable)
        #expect(link.client.received(51).count == ProtocolLimits.authenticationFailures, "and the six hundredth is not even read")
    }

    @Test func A02_validKeyAfterTheLastFailureComesTooLate() throws {
        let link = try Link.withService()
        link.knowsKeys = false
        for _ in 0..<ProtocolLimits.authenticationFailures { link.client.send(link.client.probe("user", Link.aKey)) }
        try link.client.authenticate("user", Link.aKey)
        try link.pump()
        link.expectFailure(.authenticationAttempts, .noMoreAuthMethodsAvailable)
        #expect(!link.client.isAuthenticated)
    }

    @Test func validKeyAfterFiveFailuresIsAdmitted() throws {
        let link = try Link.withService()
        link.knowsKeys = false
        for _ in 1..<ProtocolLimits.authenticationFailures { link.client.send(link.client.probe("user", Link.aKey)) }
        try link.pump()
        link.knowsKeys = true
        try link.client.authenticate("user", Link.aKey)
        try link.pump()
        #expect(link.client.isAuthenticated)
    }

    /// Acceptable probes do not fail, but are counted.
    @Test(arguments: [-1, 0, 1]) func requestsHaveTheirLimit(_ excess: Int) throws {
        let link = try Link.withService()
        for _ in 0..<(ProtocolLimits.authenticationRequests + excess) { link.client.send(link.client.probe("user", Link.aKey)) }
        try link.pump()
        if excess <= 0 {
            #expect(link.client.received(60).count == ProtocolLimits.authenticationRequests + excess)
            #expect(!link.server.isClosed)
        } else {
            link.expectFailure(.authenticationAttempts, .noMoreAuthMethodsAvailable)
        }
    }

    @Test(arguments: [0, 1, ProtocolLimits.userName - 1, ProtocolLimits.userName, ProtocolLimits.userName + 1])
    func userNameHasItsLimit(_ length: Int) throws {
        let link = try Link.withService()
        let user = String(repeating: "u", count: length)
        try link.client.authenticate(user, Link.aKey)
        try link.pump()
        if length <= ProtocolLimits.userName {
            #expect(link.events.last == .authenticated(user, Link.aKey.publicKey))
        } else {
            link.expectFailure(.malformedMessage, .protocolError)
        }
    }

    @Test func userNameMustBeUTF8() throws {
        let link = try Link.withService()
        link.client.send([50, 0, 0, 0, 2, 0xC3, 0x28, 0, 0, 0, 14] + [UInt8]("ssh-connection".utf8) + [0, 0, 0, 4] + [UInt8]("none".utf8))
        try link.pump()
        link.expectFailure(.malformedMessage, .protocolError)
    }

    // MARK: Services

    @Test func otherServicesAreNotAvailable() throws {
        for name in ["ssh-connection", "", "x", "ssh-userauth "] {
            let link = try Link.withKeys()
            link.client.askForService(name)
            try link.pump()
            link.expectFailure(.service, .serviceNotAvailable, "\(name)")
        }
        let link = try Link.withService()
        link.client.send(try link.client.authenticationRequest("user", Link.aKey, service: "other"))
        try link.pump()
        link.expectFailure(.service, .serviceNotAvailable)
    }

    @Test func requestsAfterSuccessAreIgnored() throws {
        let link = try Link.authenticated()
        link.client.send(try link.client.authenticationRequest("root", Link.aKey))
        link.client.send(link.client.request("user", method: "none"))
        try link.pump()
        #expect(link.client.received.isEmpty && link.events.isEmpty && !link.server.isClosed, "RFC 4252 §5.1")
    }

    /// Packets may be longer once the peer is known, and not before.
    @Test func packetsMayBeLongerAfterAuthentication() throws {
        let link = try Link.authenticated()
        link.client.send([2] + [UInt8](repeating: 0, count: 100_000))
        try link.pump()
        #expect(!link.server.isClosed)
    }

    /// USERAUTH_FAILURE { "publickey", no partial success }.
    private static let failure: [UInt8] = [51, 0, 0, 0, 9] + [UInt8]("publickey".utf8) + [0]
}
