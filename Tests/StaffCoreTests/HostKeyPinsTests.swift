import SSHKeys
import StaffCore
import Support
import Testing

@Suite struct HostKeyPinsTests {
    /// An Ed25519 key that differs by `number`.
    private func key(_ number: UInt8) throws -> PublicKey {
        try PublicKey(blob: [0, 0, 0, 11] + Array("ssh-ed25519".utf8) + [0, 0, 0, 32] + [UInt8](repeating: number, count: 32))
    }

    private func shown(_ number: UInt8) throws -> ShownHostKey {
        try #require(ShownHostKey([try key(number).line.split(separator: " ").map(String.init)[1], "SHA256:shown-\(number)"]))
    }

    @Test func keysAreReadWithAndWithoutTheHost() throws {
        let (one, two) = (try key(1), try key(2))
        let text = """
            # shop-42
            shop-42 \(one.line)
            \(two.line) root@shop-42
            shop-42 \(one.line)
            shop-42 ssh-dss AAAA
            ssh-ed25519 not-base64
            ssh-ed25519
            @cert-authority * \(two.line)

            """
        let pins = HostKeyPins(text: text)
        #expect(pins.keys == [one, two])
        #expect(HostKeyPins(text: pins.text) == pins)
        #expect(pins.knownHosts(for: "shop-42") == "shop-42 \(one.line)\nshop-42 \(two.line)\n")
        #expect(HostKeyPins(text: "").keys == [])
    }

    @Test func onlySoManyAreKept() throws {
        let all = try (0..<40).map { try key($0) }
        #expect(HostKeyPins(all).keys.count == 16)
    }

    @Test func sshSaysNoneWhereItHasNoKeyYet() {
        #expect(ShownHostKey(["NONE", "NONE"]) == nil)
        #expect(ShownHostKey([]) == nil)
        #expect(ShownHostKey(["AAAA"]) == nil)
        #expect(ShownHostKey(["AAAA", "SHA256:x"]) != nil)
    }

    @Test func aPinnedKeyIsNothingToSpeakOf() throws {
        let terminal = try TerminalName(parsing: "shop-42")
        #expect(HostKeyPins([try key(1), try key(2)]).complaint(about: terminal, shown: try shown(2), told: nil) == nil)
    }

    @Test func anotherKeyIsExplainedByWhatTheRelaySays() throws {
        let terminal = try TerminalName(parsing: "shop-42")
        let pins = HostKeyPins([try key(1)])
        let confirmed = try #require(pins.complaint(about: terminal, shown: try shown(2), told: HostKeyPins([try key(2)])))
        #expect(
            confirmed.contains("the relay confirms it") && confirmed.contains("SHA256:shown-2")
                && confirmed.hasSuffix("towline trust shop-42"))
        let strange = try #require(pins.complaint(about: terminal, shown: try shown(2), told: HostKeyPins([try key(1)])))
        #expect(strange.contains("never told the relay (SHA256:shown-2)") && !strange.contains("trust"))
        let alone = try #require(pins.complaint(about: terminal, shown: try shown(2), told: nil))
        #expect(alone.contains("the relay cannot be asked"))
        for sentence in [confirmed, strange, alone] { #expect(!sentence.contains("\n")) }
    }
}
