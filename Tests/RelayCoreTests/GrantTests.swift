import RelayCore
import SSHKeys
import Support
import Testing

@Suite struct GrantTests {
    private let now = WallTime(secondsSince1970: 1_800_000_000)
    private let alice = StaffID(1)
    private let bob = StaffID(2)
    private let shop = TerminalID(1)
    private let attic = TerminalID(2)

    private func later(_ seconds: Int64) -> WallTime { now.advanced(by: seconds) }

    /// Terminals shop (tags berlin, vip) and attic (none); alice in group 1, bob in none.
    private func registry(_ grants: [Grant]) throws -> Registry {
        func terminal(_ id: TerminalID, _ name: String, _ port: String, tags: [String]) throws -> Terminal {
            Terminal(
                id: id, name: try TerminalName(parsing: name), listeningPort: try ListeningPort(parsing: port), key: nil, addedAt: now,
                tags: try tags.map { try TerminalTag(parsing: $0) })
        }
        func member(_ id: StaffID, _ name: String) throws -> StaffMember {
            StaffMember(id: id, name: try StaffName(parsing: name), role: .support, keys: [], addedAt: now)
        }
        return Registry(
            terminals: [
                try terminal(shop, "shop-42", "20000", tags: ["berlin", "vip"]), try terminal(attic, "attic", "20001", tags: []),
            ],
            staff: [try member(alice, "alice"), try member(bob, "bob")],
            groups: [StaffGroup(id: GroupID(1), name: try GroupName(parsing: "night"), members: [alice])], grants: grants)
    }

    @Test func aGrantOfTheGroupOrForATagIsAsGoodAsOnesOwn() throws {
        let tag = try TerminalTag(parsing: "berlin")
        for (grant, byAlice, byBob) in [
            (Grant(.staff(alice), .terminal(shop), until: nil), true, false), (Grant(.staff(bob), .tag(tag), until: nil), false, true),
            (Grant(.group(GroupID(1)), .terminal(shop), until: nil), true, false),
            (Grant(.group(GroupID(1)), .tag(tag), until: nil), true, false),
            (Grant(.group(GroupID(9)), .tag(tag), until: nil), false, false),
        ] {
            let registry = try registry([grant])
            #expect(registry.mayStillReach(alice, shop, at: now) == byAlice, "\(grant)")
            #expect(registry.mayStillReach(bob, shop, at: now) == byBob, "\(grant)")
            #expect(!registry.mayStillReach(alice, attic, at: now), "\(grant)")
        }
    }

    @Test func ofSeveralGrantsTheOneThatLastsLongestHolds() throws {
        let tag = try TerminalTag(parsing: "vip")
        let registry = try registry([
            Grant(.staff(alice), .terminal(shop), until: later(10)), Grant(.group(GroupID(1)), .tag(tag), until: later(20)),
            Grant(.staff(alice), .tag(try TerminalTag(parsing: "berlin")), until: later(-5)),
        ])
        #expect(registry.grant(alice, shop)?.until == later(20))
        #expect(registry.mayStillReach(alice, shop, at: later(19)))
        #expect(!registry.mayStillReach(alice, shop, at: later(20)))
        let endless = try self.registry([
            Grant(.staff(alice), .terminal(shop), until: nil), Grant(.group(GroupID(1)), .tag(tag), until: later(20)),
        ])
        #expect(endless.grant(alice, shop)?.until == .some(nil))
        #expect(endless.grant(alice, shop) != nil)
    }

    @Test func codesAndKeysOfRequestsAreFoundWhileTheyMatter() throws {
        func key(_ number: UInt8) throws -> PublicKey {
            var blob = WireWriter()
            blob.string("ssh-ed25519")
            blob.string([UInt8](repeating: number, count: 32))
            return try PublicKey(blob: blob.bytes)
        }
        func request(_ terminal: TerminalID, _ digest: [UInt8], _ candidate: PublicKey?) throws -> EnrolmentRequest {
            EnrolmentRequest(
                terminal: terminal, requestedBy: "staff:alice", staff: alice, login: try LoginName(parsing: "alice"), purpose: "",
                codeDigest: digest, createdAt: now, expiresAt: later(60), approvesItself: false,
                candidate: candidate.map { EnrolmentRequest.Candidate(key: $0, source: "192.0.2.1:1", at: now) })
        }
        func terminal(_ id: TerminalID, _ name: String, _ port: String, isEnabled: Bool) throws -> Terminal {
            Terminal(
                id: id, name: try TerminalName(parsing: name), listeningPort: try ListeningPort(parsing: port), key: nil,
                isEnabled: isEnabled, addedAt: now)
        }
        for isEnabled in [true, false] {
            let registry = Registry(
                terminals: [
                    try terminal(shop, "shop-42", "20000", isEnabled: isEnabled),
                    try terminal(attic, "attic", "20001", isEnabled: isEnabled),
                ],
                requests: [try request(shop, [1], nil), try request(attic, [2], try key(5))])
            #expect(registry.isOpen(codeDigest: [1], at: now) == isEnabled)
            #expect(!registry.isOpen(codeDigest: [1], at: later(60)))
            #expect(!registry.isOpen(codeDigest: [2], at: now), "used")
            #expect(!registry.isOpen(codeDigest: [3], at: now))
            #expect(registry.terminal(awaitedBy: try key(5))?.id == (isEnabled ? attic : nil))
            #expect(registry.terminal(awaitedBy: try key(6)) == nil)
            #expect(registry.principal(for: try key(5), at: now) == nil, "no principal before it is approved")
        }
    }

    @Test(arguments: ["group:", "group:A", "tag:x", "group:a:b", "a b", "-x", ""])
    func A05_wrongGranteesAreRefused(text: String) {
        #expect(throws: ParseError.self) { try GranteeName(parsing: text) }
    }

    @Test(arguments: ["tag:", "tag:A", "group:x", "a.b", "localhost", ""])
    func A05_wrongTargetsAreRefused(text: String) {
        #expect(throws: ParseError.self) { try GrantTargetName(parsing: text) }
    }

    @Test func granteesAndTargetsComeBackAsTheyWereWritten() throws {
        for text in ["alice", "group:night"] { #expect(try GranteeName(parsing: text).description == text) }
        for text in ["shop-42", "tag:berlin"] { #expect(try GrantTargetName(parsing: text).description == text) }
    }
}
