import RelayCommands
import RelayCore
import RelayStore
import SSHCrypto
import SSHKeys
import Support
import Testing

/// Going over from one host key of the relay to another (SECURITY U03).
@Suite struct RelayKeyTests {
    private static let shown = SampleDesk.hostKey.publicKey.fingerprint

    /// Tells the store that the holder of a key was told of `hostKey`.
    private func learn(_ who: Principal, _ key: UInt8, _ hostKey: Fingerprint, _ sample: SampleDesk) async throws {
        let (run, _) = try await sample.ledger.beginRun(at: SampleDesk.now)
        try await sample.ledger.record([.learnedHostKey(who, key: sampleKey(key), hostKey: hostKey, at: SampleDesk.now)], run: run)
    }

    @Test func nobodyIsShutOutByASwitchWithoutBeingNamed() async throws {
        let sample = try await SampleDesk().filled()
        #expect(await sample.run("relay-key").output.contains("beside it           none"))
        #expect(await sample.run("relay-key switch").errorOutput.contains("there is only one host key"))
        #expect(await sample.run("relay-key prepare").status == .done)
        let next = try #require(sample.keeper.announced)
        // Attic has no key, and alice's was never used here: nobody could be shut out with them.
        let refused = await sample.run("relay-key switch")
        #expect(refused.status == .refused)
        #expect(refused.errorOutput.hasPrefix("towline-relay: shop-42 was not told of \(next) and would be shut out; see: "))
        #expect(sample.keeper.shown == Self.shown)
        #expect(await sample.run("relay-key").output.contains("\n  terminal shop-42, never seen\n"))

        try await learn(.terminal(TerminalID(1)), 1, next, sample)
        #expect(await sample.run("relay-key").output.contains("known to            everybody"))
        #expect(await sample.run("relay-key switch").status == .done)
        #expect(sample.keeper.shown == next)
        #expect(sample.keeper.announced == Self.shown)
        #expect(await sample.run("relay-key retire").status == .done)
        #expect(sample.keeper.announced == nil)
        #expect(sample.keeper.steps == [.prepare, .switchOver, .retire])
        let audit = try await sample.audit().filter { $0.action.hasPrefix("relay-key.") }.map { "\($0.action) \($0.detail)" }
        #expect(audit == ["relay-key.prepare \(next)", "relay-key.switch \(next)", "relay-key.retire \(Self.shown)"])
    }

    @Test func aSwitchCanBeForcedAndTakenBack() async throws {
        let sample = try await SampleDesk().filled()
        await sample.run("relay-key prepare")
        let next = try #require(sample.keeper.announced)
        #expect(await sample.run("relay-key switch --anyway").status == .done)
        #expect(sample.keeper.shown == next)
        #expect(await sample.run("relay-key switch --anyway").status == .done)
        #expect(sample.keeper.shown == Self.shown)
    }

    /// What peers learned of an earlier key is no knowledge of the next one.
    @Test func knowledgeOfAnEarlierKeyDoesNotCount() async throws {
        let sample = try await SampleDesk().filled()
        try await learn(.terminal(TerminalID(1)), 1, Self.shown, sample)
        await sample.run("relay-key prepare")
        #expect(await sample.run("relay-key switch").errorOutput.contains("shop-42 was not told"))
    }

    @Test func staffWhoWereHereAreNamed() async throws {
        let sample = try await SampleDesk().filled()
        let (run, _) = try await sample.ledger.beginRun(at: SampleDesk.now)
        try await sample.ledger.record([.keyUsed(SampleDesk.alice, sampleKey(101), at: SampleDesk.now)], run: run)
        await sample.run("relay-key prepare")
        #expect(await sample.run("relay-key switch").errorOutput.contains("shop-42, staff alice were not told"))
        #expect(await sample.run("relay-key").output.contains("\n  staff alice, last seen just now\n"))
    }

    @Test func thereAreTwoKeysAtMost() async throws {
        let sample = try await SampleDesk().filled()
        await sample.run("relay-key prepare")
        let next = try #require(sample.keeper.announced)
        #expect(await sample.run("relay-key prepare").errorOutput.contains("there is a second host key already, \(next)"))
        #expect(sample.keeper.announced == next)
    }

    @Test func whatCannotBeKeptChangesNothing_R17() async throws {
        let sample = try await SampleDesk().filled()
        sample.keeper.fill()
        let refused = await sample.run("relay-key prepare")
        #expect(refused.errorOutput == "towline-relay: the host keys are as they were: no space left on the disk\n")
        #expect(sample.keeper.announced == nil)
    }

    @Test func onlyAdminsMayTouchThem() async throws {
        let sample = try await SampleDesk().filled()
        for command in ["relay-key", "relay-key prepare", "relay-key switch --anyway", "relay-key retire"] {
            let denied = try await sample.run(command, as: SampleDesk.alice, key: 101)
            #expect(denied.status == .refused || denied.status == .usage, "\(command): \(denied)")
        }
        #expect(sample.keeper.steps == [])
        #expect(try await sample.run("relay-key prepare", as: SampleDesk.admin, key: 102).status == .done)
    }
}
