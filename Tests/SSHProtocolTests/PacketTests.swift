import SSHCrypto
import SSHKeys
import SSHProtocol
import SSHTestClient
import Testing

@Suite struct PacketTests {
    static let ciphers: [(String, String?)] = [
        ("chacha20-poly1305@openssh.com", nil), ("aes128-gcm@openssh.com", nil), ("aes256-ctr", "hmac-sha2-256-etm@openssh.com"),
    ]

    /// Lengths that no packet may say, before keys, with them, and after authentication.
    @Test(arguments: [0, 1, 5, 7, 262_145, 262_148, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF] as [UInt32])
    func P03_wrongPacketLengthEndsAtOnce(_ length: UInt32) throws {
        let plain = Link()
        plain.client.runsKeyExchange = false
        plain.client.sendIdentification()
        plain.client.sendNow([2, 0, 0, 0, 0], PacketLie(length: length))
        try plain.pump()
        plain.expectFailure(.packetLength, .protocolError, "before keys")
        for (cipher, mac) in Self.ciphers {
            for isAuthenticated in [false, true] {
                let proposal = TestProposal(cipher: cipher, mac: mac)
                let link = isAuthenticated ? try Link.authenticated(proposal) : try Link.withKeys(proposal)
                link.client.sendNow([2, 0, 0, 0, 0], PacketLie(length: length))
                try link.pump()
                link.expectFailure(.packetLength, .protocolError, "\(cipher), authenticated: \(isAuthenticated)")
            }
        }
    }

    /// Only the four bytes of the length: nothing is waited for, so nothing is ever kept for what they say.
    @Test(arguments: [0xFFFF_FFFF, 262_145, 35_004] as [UInt32]) func P03_lengthAloneIsEnough(_ length: UInt32) throws {
        let link = Link()
        link.client.runsKeyExchange = false
        link.client.sendIdentification()
        link.client.outgoing += withUnsafeBytes(of: length.bigEndian) { Array($0) }
        try link.pump()
        link.expectFailure(.packetLength, .protocolError)
    }

    /// The limit before authentication, in whole packets without a cipher: 4 + length is a multiple of 8.
    @Test func packetLengthHasItsLimitBeforeAuthentication() throws {
        let largest = (ProtocolLimits.packetLengthBeforeAuthentication + 4) / 8 * 8 - 4
        for (length, isTaken) in [(largest - 8, true), (largest, true), (largest + 8, false)] {
            let link = Link()
            link.client.runsKeyExchange = false
            link.client.sendIdentification()
            link.client.sendNow([2] + [UInt8](repeating: 0, count: length - 6), PacketLie(padding: 4))
            try link.pump()
            if isTaken {
                #expect(link.end == nil, "\(length)")
            } else {
                link.expectFailure(.packetLength, .protocolError, "\(length)")
            }
        }
    }

    /// The same after authentication: 256 KiB exactly, with each kind of cipher.
    @Test(arguments: ciphers) func packetLengthHasItsLimitAfterAuthentication(_ cipher: String, _ mac: String?) throws {
        for (length, isTaken) in [
            (ProtocolLimits.packetLength - 16, true), (ProtocolLimits.packetLength, true), (ProtocolLimits.packetLength + 16, false),
        ] {
            let link = try Link.authenticated(TestProposal(cipher: cipher, mac: mac))
            link.client.sendNow([2] + [UInt8](repeating: 0, count: length - 6), PacketLie(padding: 4))
            try link.pump()
            if isTaken {
                #expect(link.end == nil, "\(length)")
            } else {
                link.expectFailure(.packetLength, .protocolError, "\(length)")
            }
        }
    }

    @Test func shortestPacketIsTakenAndAShorterOneIsNot() throws {
        // 6 bytes are the least by RFC 4253 §6, but alignment makes 12 the least that can be sent without a cipher.
        let link = Link()
        link.client.runsKeyExchange = false
        link.client.sendIdentification()
        link.client.sendNow([2], PacketLie(padding: 10))
        try link.pump()
        #expect(link.end == nil)
        link.client.outgoing += [0, 0, 0, 4, 3, 2, 0, 0]
        try link.pump()
        link.expectFailure(.packetLength, .protocolError)
    }

    @Test func unalignedLengthIsRefused() throws {
        for (cipher, mac) in Self.ciphers {
            let link = try Link.authenticated(TestProposal(cipher: cipher, mac: mac))
            link.client.sendNow([2, 0, 0, 0, 0], PacketLie(length: 20))
            try link.pump()
            link.expectFailure(.packetLength, .protocolError, "\(cipher)")
        }
    }

    @Test(arguments: [0, 1, 3, 255] as [UInt8]) func wrongPaddingLengthIsRefused(_ padding: UInt8) throws {
        for (cipher, mac) in Self.ciphers {
            let link = try Link.authenticated(TestProposal(cipher: cipher, mac: mac))
            link.client.sendNow([2, 0, 0, 0, 0], PacketLie(paddingField: padding))
            try link.pump()
            link.expectFailure(.packetLength, .protocolError, "\(cipher)")
        }
    }

    @Test func paddingThatLeavesNoPayloadIsRefused() throws {
        for (cipher, mac) in Self.ciphers {
            let block: UInt8 = cipher.hasPrefix("chacha") ? 8 : 16
            let link = try Link.authenticated(TestProposal(cipher: cipher, mac: mac))
            link.client.sendNow([], PacketLie(padding: Int(block) - 1))
            try link.pump()
            link.expectFailure(.packetLength, .protocolError, "\(cipher)")
        }
    }

    @Test func longestPaddingIsTaken() throws {
        for (cipher, mac) in Self.ciphers {
            let block = cipher.hasPrefix("chacha") ? 8 : 16
            let link = try Link.authenticated(TestProposal(cipher: cipher, mac: mac))
            let padding = 255 - (255 + 1 + 5) % block
            link.client.sendNow([2, 0, 0, 0, 0], PacketLie(padding: padding))
            try link.pump()
            #expect(link.end == nil, "\(cipher), \(padding)")
        }
    }

    /// A flipped bit anywhere: in the tag, in the body, in padding.
    @Test(arguments: ciphers) func damagedPacketEndsWithMACError(_ cipher: String, _ mac: String?) throws {
        let tag = mac == nil ? 16 : 32
        for place in [0, 1, tag - 1, tag, tag + 1, tag + 15] {
            let link = try Link.authenticated(TestProposal(cipher: cipher, mac: mac))
            link.client.sendNow([2, 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8], PacketLie(flippedFromEnd: place))
            try link.pump()
            link.expectFailure(.integrity, .macError, "\(cipher) \(place) from the end")
        }
    }

    @Test(arguments: ciphers) func repeatedAndReorderedPacketsAreRefused(_ cipher: String, _ mac: String?) throws {
        for isRepeated in [true, false] {
            let link = try Link.authenticated(TestProposal(cipher: cipher, mac: mac))
            link.client.sendNow([2, 0, 0, 0, 0])
            let first = link.client.takeOutgoing()
            link.client.sendNow([2, 0, 0, 0, 0])
            let second = link.client.takeOutgoing()
            link.client.outgoing = isRepeated ? first + first : second + first
            try link.pump()
            // A shifted ChaCha20 stream changes the length field as well.
            #expect(link.failure == .integrity || (cipher.hasPrefix("chacha") && link.failure == .packetLength))
        }
    }

    // MARK: P13, Terrapin (CVE-2023-48795)

    /// Whatever is injected into a strict first key exchange ends it.
    @Test(arguments: [2, 3, 4] as [UInt8]) func P13_messageInAStrictKeyExchangeEnds(_ number: UInt8) throws {
        for isBeforeKexInit in [true, false] {
            let link = Link()
            link.client.runsKeyExchange = false
            link.client.sendIdentification()
            if isBeforeKexInit { link.client.sendNow([number, 0, 0, 0, 0, 0, 0, 0, 0]) }
            link.client.sendKexInit()
            if !isBeforeKexInit { link.client.sendNow([number, 0, 0, 0, 0, 0, 0, 0, 0]) }
            try link.pump()
            link.expectFailure(.unexpectedMessage, .protocolError, "before KEXINIT: \(isBeforeKexInit)")
        }
    }

    /// Policy: a client without strict key exchange is served, as RFC 4253 has it; the attack needs both sides not to be strict.
    @Test func P13_clientWithoutStrictKeyExchangeIsServed() throws {
        for (cipher, mac) in Self.ciphers {
            var proposal = TestProposal(cipher: cipher, mac: mac)
            proposal.isStrict = false
            let link = Link(proposal)
            link.client.sendIdentification()
            link.client.sendNow([2, 0, 0, 0, 0])
            link.client.sendKexInit()
            try link.pump()
            try link.client.authenticate("user", Link.aKey)
            try link.pump()
            #expect(link.client.isAuthenticated && !link.client.isStrict, "\(cipher)")
        }
    }

    @Test func P13_sequenceNumbersStartAnewWithStrictKeys() throws {
        let link = try Link.withKeys()
        #expect(link.client.sendSequence == 0 && link.client.receiveSequence == 1, "EXT_INFO is packet 0")
        link.client.sendNow([15])
        link.client.askForService()
        try link.pump()
        #expect(link.client.received(3) == [[3, 0, 0, 0, 0]], "UNIMPLEMENTED names packet 0")
    }

    /// A packet that an attacker takes away at the start of the encrypted stream is missed.
    @Test(arguments: ciphers) func P13_deletedFirstPacketIsNoticed(_ cipher: String, _ mac: String?) throws {
        let link = try Link.withKeys(TestProposal(cipher: cipher, mac: mac))
        link.client.sendNow([2, 0, 0, 0, 0])
        _ = link.client.takeOutgoing()
        link.client.askForService()
        try link.pump()
        #expect(link.failure == .integrity || link.failure == .packetLength)
    }
}
