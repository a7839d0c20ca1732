import SSHCrypto
import SSHKeys
import SSHProtocol
import SSHTestClient
import Testing

/// Announcing host keys, and proving them (OpenSSH PROTOCOL §2.5).
@Suite struct HostKeyTests {
    static let second = HostKey(seed: Array(2...33))
    static let stranger = HostKey(seed: Array(3...34))

    /// What the peer is sent by `announce`.
    private static func announcement(_ keys: [HostKey]) -> [UInt8] {
        var message = WireWriter(message: 80)
        message.string("hostkeys-00@openssh.com")
        message.boolean(false)
        for key in keys { message.string(key.publicKey.blob) }
        return message.bytes
    }

    private static func blobs(_ keys: [HostKey]) -> [UInt8] {
        var fields = WireWriter()
        for key in keys { fields.string(key.publicKey.blob) }
        return fields.bytes
    }

    @Test func keysAreAnnouncedOnceAndOnlyAfterAuthentication() throws {
        let keys = [Link.hostKey, Self.second]
        let stranger = try Link.withService()
        stranger.client.received = []
        stranger.server.announce(keys)
        try stranger.pump()
        #expect(stranger.client.received.isEmpty)

        let link = try Link.authenticated()
        link.server.announce(keys)
        link.server.announce([Self.second])
        try link.pump()
        #expect(link.client.received == [Self.announcement(keys)])
    }

    @Test func announcedKeysAreProvedInTheOrderThatWasAsked() throws {
        let link = try Link.authenticated()
        link.server.announce([Link.hostKey, Self.second])
        try link.pump()
        link.client.received = []
        link.client.globalRequest("hostkeys-prove-00@openssh.com", rest: Self.blobs([Self.second, Link.hostKey]))
        try link.pump()
        let reply = try #require(link.client.received.first)
        try WireReader.read(reply) { (reader: inout WireReader) in
            #expect(try reader.byte() == 81)
            for key in [Self.second, Link.hostKey] {
                var signed = WireWriter()
                signed.string("hostkeys-prove-00@openssh.com")
                signed.string(link.client.sessionID)
                signed.string(key.publicKey.blob)
                let signature = try reader.stringBytes()
                #expect(key.publicKey.verifies(signature: signature, algorithm: .ed25519, over: signed.bytes))
            }
            try reader.end()
        }
        #expect(link.events == [.hostKeyProved(Link.hostKey.publicKey)])
    }

    @Test(arguments: [[stranger], [second, stranger], [second, second, second]])
    func otherKeysAreNotSigned(_ asked: [HostKey]) throws {
        let link = try Link.authenticated()
        link.server.announce([Link.hostKey, Self.second])
        try link.pump()
        link.client.received = []
        link.client.globalRequest("hostkeys-prove-00@openssh.com", rest: Self.blobs(asked))
        try link.pump()
        #expect(link.client.received == [[82]])
        #expect(!link.events.contains { if case .hostKeyProved = $0 { true } else { false } })
        #expect(link.end == nil)
    }

    /// Nothing was announced: not even the key that was shown is signed with.
    @Test func nothingIsProvedUnasked() throws {
        let link = try Link.authenticated()
        link.client.globalRequest("hostkeys-prove-00@openssh.com", rest: Self.blobs([Link.hostKey]))
        try link.pump()
        #expect(link.client.received == [[82]])
    }

    @Test(arguments: [ProtocolLimits.hostKeyProofs, ProtocolLimits.hostKeyProofs + 1])
    func whoAsksAgainAndAgainIsDisconnected(_ count: Int) throws {
        let link = try Link.authenticated()
        link.server.announce([Link.hostKey, Self.second])
        for _ in 0..<count {
            link.client.globalRequest("hostkeys-prove-00@openssh.com", rest: Self.blobs([Self.second]))
            try link.pump()
        }
        #expect((link.end == nil) == (count <= ProtocolLimits.hostKeyProofs))
    }

    @Test func aDamagedQuestionEndsTheConnection() throws {
        let link = try Link.authenticated()
        link.server.announce([Link.hostKey, Self.second])
        link.client.globalRequest("hostkeys-prove-00@openssh.com", rest: [0, 0, 0, 9, 1])
        try link.pump()
        #expect(link.end != nil)
    }
}
