import RelayCore
import SSHKeys
import Support
import Testing

@Suite struct RegistryTests {
    let sample = SampleRelay()

    private func ask(_ host: String, _ port: UInt32, _ who: StaffID, in registry: Registry, at now: WallTime? = nil) -> Result<
        Terminal, Refusal
    > {
        registry.destination(host: host, port: port, for: who, at: now ?? sample.now, relayHostname: SampleRelay.hostname)
    }

    @Test(
        arguments: [
            ("shop-42", 22), ("SHOP-42", 22), ("localhost", 20000), ("127.0.0.1", 20000), ("::1", 20000), ("relay.example.com", 20000),
            ("Relay.Example.COM", 20000),
        ] as [(String, UInt32)])
    func staffReachAGrantedTerminalByNameAndByPort(_ host: String, _ port: UInt32) throws {
        let registry = try sample.registry()
        for who in [sample.alice, sample.admin] {
            #expect(try ask(host, port, who, in: registry).get().id == sample.shop)
        }
    }

    @Test func unknownAndUngrantedTerminalsAreRefusedAlike() throws {
        let registry = try sample.registry()
        func answer(_ host: String, _ port: UInt32) -> String? {
            guard case .failure(let refusal) = ask(host, port, sample.alice, in: registry) else { return nil }
            return refusal.sentence.replacing(host, with: "X").replacing(String(port), with: "P")
        }
        let unknown = try #require(answer("nowhere", 22))
        #expect(answer("attic", 22) == unknown)
        let unknownPort = try #require(answer("localhost", 29999))
        #expect(answer("localhost", 20002) == unknownPort)
    }

    @Test(
        arguments: [
            ("127.0.0.1", 5432), ("localhost", 22), ("localhost", 0), ("localhost", 65536), ("localhost", UInt32.max), ("::1", 2222),
            ("169.254.169.254", 80), ("169.254.169.254", 22), ("relay.example.com", 22), ("shop-42%00", 22), ("shop-42\0", 22), ("", 22),
            ("shop-42.", 22), ("../shop-42", 22), ("[::1]", 20000), ("shop-42", 23), ("shop-42", 20000),
        ] as [(String, UInt32)])
    func z02OtherDestinationsAreRefused(_ host: String, _ port: UInt32) throws {
        let registry = try sample.registry()
        for who in [sample.alice, sample.admin, sample.gone, StaffID(99)] {
            guard case .failure(let refusal) = ask(host, port, who, in: registry) else {
                Issue.record("\(host):\(port) was let through for \(who)")
                continue
            }
            #expect(refusal.sentence.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f })
        }
    }

    @Test func adminsAreToldWhatDoesNotExist() throws {
        let registry = try sample.registry()
        #expect(ask("nowhere", 22, sample.admin, in: registry) == .failure(.noSuchTerminal(host: "nowhere")))
        #expect(ask("localhost", 29999, sample.admin, in: registry) == .failure(.noSuchPort(port: 29999)))
    }

    @Test func grantHoldsUntilTheMomentOfItsEnd() throws {
        let registry = try sample.registry(until: sample.later(10))
        #expect(try ask("shop-42", 22, sample.alice, in: registry, at: sample.later(9)).get().id == sample.shop)
        let after = ask("shop-42", 22, sample.alice, in: registry, at: sample.later(10))
        let name = try TerminalName(parsing: "shop-42")
        #expect(after == .failure(.grantEnded(terminal: name, at: sample.later(10))))
        #expect(registry.mayStillReach(sample.alice, sample.shop, at: sample.later(9)))
        #expect(!registry.mayStillReach(sample.alice, sample.shop, at: sample.later(10)))
        #expect(registry.mayStillReach(sample.admin, sample.shop, at: sample.later(10)))
    }

    @Test func disabledTerminalIsReachedByNobodyAndMayNotListen() throws {
        let registry = try sample.registry(isShopEnabled: false)
        let name = try TerminalName(parsing: "shop-42")
        for who in [sample.alice, sample.admin] {
            #expect(ask("shop-42", 22, who, in: registry) == .failure(.terminalDisabled(name)))
            #expect(!registry.mayStillReach(who, sample.shop, at: sample.now))
        }
        #expect(registry.principal(for: try sampleKey(1), at: sample.now) == nil)
        #expect(registry.listening(address: "localhost", port: 20000, by: sample.shop) == .failure(.keyNoLongerValid))
    }

    @Test func disabledStaffReachNothing() throws {
        let registry = try sample.registry()
        #expect(ask("shop-42", 22, sample.gone, in: registry) == .failure(.keyNoLongerValid))
        #expect(registry.principal(for: try sampleKey(103), at: sample.now) == nil)
        #expect(registry.terminals(reachableBy: sample.gone, at: sample.now).isEmpty)
    }

    @Test func aKeyOpensNothingFromTheMomentOfItsEnd() throws {
        let key = try sampleKey(104)
        let staff = StaffMember(
            id: StaffID(4), name: try StaffName(parsing: "bob"), role: .admin, keys: [AuthorizedKey(key: key)],
            keyEnds: [key: sample.later(10)], addedAt: sample.now)
        let registry = Registry(staff: [staff])
        #expect(registry.principal(for: key, at: sample.later(9)) == .staff(StaffID(4)))
        #expect(registry.isStillValid(.staff(StaffID(4)), key: key, at: sample.later(9)))
        #expect(registry.principal(for: key, at: sample.later(10)) == nil)
        #expect(!registry.isStillValid(.staff(StaffID(4)), key: key, at: sample.later(10)))
        #expect(registry.end(of: key) == sample.later(10) && registry.hasKeyEnds)
        #expect(registry.end(of: try sampleKey(101)) == nil)
    }

    @Test func keysOpenTheirOwnersOnly() throws {
        let registry = try sample.registry()
        #expect(registry.principal(for: try sampleKey(1), at: sample.now) == .terminal(sample.shop))
        #expect(registry.principal(for: try sampleKey(101), at: sample.now) == .staff(sample.alice))
        #expect(registry.principal(for: try sampleKey(77), at: sample.now) == nil)
        #expect(registry.isStillValid(.staff(sample.alice), key: try sampleKey(101), at: sample.now))
        #expect(!registry.isStillValid(.staff(sample.alice), key: try sampleKey(102), at: sample.now))
        #expect(!registry.isStillValid(.terminal(sample.shop), key: try sampleKey(101), at: sample.now))
    }

    @Test(arguments: ["", "*", "localhost", "127.0.0.1", "::1", "0.0.0.0", "::"])
    func terminalGetsItsOwnPortAtAnyAddressOfTheRelay(_ address: String) throws {
        let registry = try sample.registry()
        for port: UInt32 in [0, 20000] {
            #expect(try registry.listening(address: address, port: port, by: sample.shop).get().rawValue == 20000)
        }
    }

    @Test(
        arguments: [
            ("0.0.0.0", 22), ("localhost", 20001), ("localhost", 65536 + 20000), ("localhost", 1), ("attic", 20000), ("attic", 0),
            ("10.0.0.1", 20000), ("/run/x.sock", 20000), ("\u{1b}[2J", 0),
        ] as [(String, UInt32)])
    func z01OtherPortsAndAddressesAreRefused(_ address: String, _ port: UInt32) throws {
        guard case .failure(let refusal) = try sample.registry().listening(address: address, port: port, by: sample.shop) else {
            Issue.record("\(address):\(port) was granted")
            return
        }
        #expect(refusal.sentence.unicodeScalars.allSatisfy { $0.value >= 0x20 })
    }

    @Test func supportStaffSeeWhatTheyMayReach() throws {
        let registry = try sample.registry(until: sample.later(10))
        #expect(registry.terminals(reachableBy: sample.alice, at: sample.now).map(\.id) == [sample.shop])
        #expect(registry.terminals(reachableBy: sample.alice, at: sample.later(10)).isEmpty)
        #expect(registry.terminals(reachableBy: sample.admin, at: sample.now).map(\.id) == [sample.attic, sample.shop])
    }
}
