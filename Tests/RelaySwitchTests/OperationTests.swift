import RelayCore
import SSHTestClient
import Support
import SystemCalls
import Testing

@testable import RelaySwitch

@Suite(.serialized) struct OperationTests {
    // MARK: Draining

    @Test func r11WhileDrainingOpenBridgesGoOnAndNothingNewBegins() async throws {
        let live = try LiveSwitch(terminals: 3, switchboards: 2)
        let terminals = try (0..<3).map { try live.terminal($0) }
        let staff = try live.staff(live.alice)
        let channel = staff.client.openDirect("shop-0", 22)
        try run([staff], echo: terminals, "a bridge") { channel.peer != nil }
        await live.group.beginDraining(over: .seconds(2))

        let refused = staff.client.openDirect("shop-0", 22)
        try run([staff], echo: [terminals[0]], "a refusal") { refused.refusal != nil }
        #expect(refused.refusal?.sentence == Refusal.relayDrains.sentence)
        let newcomer = try live.staff(live.alice)
        let another = newcomer.client.openDirect("shop-1", 22)
        try run([newcomer], "a refusal of who came later") { another.refusal != nil }
        #expect(another.refusal?.sentence == Refusal.relayDrains.sentence)

        for idle in terminals.dropFirst() { #expect(try idle.waitForEnd()?.sentence == Refusal.relayDrains.sentence) }
        _ = staff.client.sendData(channel, Array("still here".utf8))
        try run([staff], echo: [terminals[0]], "an echo") { channel.bytes.count == 10 }
        #expect(await live.group.bridgeCount == 1)
        let back = try SSHTestConnection(port: live.port)
        try back.logIn("terminal", live.terminalKeys[1])
        back.client.forward("localhost", 20_001)
        #expect(try back.waitForEnd()?.sentence == Refusal.relayDrains.sentence)

        staff.client.close(channel)
        try run([staff], echo: [terminals[0]], "the end of the bridge") { channel.isClosedByServer }
        #expect(try terminals[0].waitForEnd()?.sentence == Refusal.relayDrains.sentence, "free at last, it is sent away as well")
        #expect(await live.group.bridgeCount == 0)
        await live.stop()
    }

    // MARK: The limit of support

    @Test func supportThatWasOpenForTheLimitEndsWithItsSessionsAndStaysShutUntilStaffRenewIt() async throws {
        let live = try LiveSwitch(terminals: 1, supportLimit: .seconds(2))
        let terminal = try live.terminal(0)
        let staff = try live.staff(live.alice)
        let channel = staff.client.openDirect("shop-0", 22)
        try run([staff], echo: [terminal], "a bridge") { channel.peer != nil }
        let said = try #require(try terminal.waitForEnd()?.sentence)
        #expect(said.hasPrefix("support for shop-0 was open for 2s, this relay's limit"), "\(said)")
        try run([staff], "the end of the bridge") { channel.isClosedByServer }

        let again = try SSHTestConnection(port: live.port)
        try again.logIn("terminal", live.terminalKeys[0])
        again.client.forward("localhost", 20_000)
        #expect(try again.waitForEnd()?.sentence == said)
        let over = live.events.withLock { $0.filter { if case .supportOver = $0 { true } else { false } }.count }
        #expect(over == 2, "the end, and the attempt")

        await live.group.apply(live.registry(supportSince: WallTime(secondsSince1970: WallClock.seconds + 3600)))
        let renewed = try live.terminal(0)
        #expect(await live.group.tunnels().count == 1)
        await live.group.limitSupport(to: nil)
        _ = renewed
        await live.stop()
    }

    @Test func aReconnectDoesNotBeginAnotherPeriod() async throws {
        let live = try LiveSwitch(terminals: 1, supportLimit: .seconds(3600))
        for _ in 0..<3 { _ = try live.terminal(0) }
        let began = live.events.withLock { $0.filter { if case .supportBegan = $0 { true } else { false } }.count }
        #expect(began == 1)
        await live.stop()
    }

    @Test func aLimitThatIsSetLaterHoldsForWhatIsOpen() async throws {
        let live = try LiveSwitch(terminals: 1)
        let terminal = try live.terminal(0)
        #expect(await live.group.tunnels().count == 1)
        await live.group.limitSupport(to: .seconds(1))
        #expect(try terminal.waitForEnd()?.sentence.contains("this relay's limit") == true)
        await live.stop()
    }

    // MARK: Numbers

    @Test func countsTellWhatThereIsAndWhatThereWas() async throws {
        let live = try LiveSwitch(terminals: 2, switchboards: 2)
        let terminals = try (0..<2).map { try live.terminal($0) }
        let staff = try live.staff(live.alice)
        let stranger = try SSHTestConnection(port: live.port)
        try run([stranger], "a stranger") { stranger.localPort != 0 }
        let channel = staff.client.openDirect("shop-0", 22)
        try run([staff], echo: terminals, "a bridge") { channel.peer != nil }
        _ = staff.client.sendData(channel, Array("12345".utf8))
        try run([staff], echo: terminals, "an echo") { channel.bytes.count == 5 }
        var counts = await live.group.counts()
        #expect((counts.tunnels, counts.staff, counts.strangers, counts.bridges) == (2, 1, 1, 1))
        #expect((counts.bytesToTerminals, counts.bytesFromTerminals) == (5, 5))
        #expect((counts.accepted, counts.authenticated) == (4, 3))
        #expect(counts.lags.count == 2)

        staff.client.close(channel)
        try run([staff], echo: terminals, "the end of the bridge") { channel.isClosedByServer }
        counts = await live.group.counts()
        #expect(counts.bytesToTerminals == 5, "past bridges count too")
        await live.stop()
    }
}
