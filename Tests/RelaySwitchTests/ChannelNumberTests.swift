import SSHTestClient
import Testing

@testable import RelaySwitch

/// A peer that has closed a channel uses its number again at once; bytes of the bridge it belonged to may still be on their way.
@Suite(.serialized) struct ChannelNumberTests {
    /// Found in review: the login hung until its deadline.
    @Test func aTunnelNumberUsedAgainWhileTheOldBridgeDrainsIsTheNewBridges() async throws {
        let live = try LiveSwitch(terminals: 1)
        let terminal = try live.terminal(0)
        let slow = try live.staff(live.alice)
        slow.client.grantsWindow = false
        let old = slow.client.openDirect("shop-0", 22, window: 1000)
        try run([slow, terminal], "the first bridge") { old.peer != nil }
        let first = try #require(terminal.client.forwardedChannels.first)
        terminal.client.sendData(first, [UInt8](repeating: 1, count: 5000))
        terminal.client.close(first)
        try run([slow, terminal], "the terminal has closed its side") { first.isClosedByServer && old.receivedCount == 1000 }

        terminal.client.acceptsChannels = false
        let staff = try live.staff(live.alice)
        let new = staff.client.openDirect("shop-0", 22)
        try run([slow, staff, terminal], "the second request") { terminal.client.forwardedChannels.count == 2 }
        let second = terminal.client.forwardedChannels[1]
        #expect(second.peer == first.peer, "the number is used again, which is what this is about")

        slow.client.grant(old, 10_000)
        try run([slow, staff, terminal], "the old bridge has drained") { old.isClosedByServer && old.receivedCount == 5000 }
        terminal.client.confirm(second)
        try run([slow, staff, terminal], "the second bridge") { new.peer != nil || new.refusal != nil }
        #expect(new.refusal == nil)
        #expect(await live.group.bridges().count == 1)
        await live.stop()
    }

    /// The same on the staff's side: when staff leave, what the terminal confirms afterwards must find nobody, not a connection that is gone.
    @Test func aStaffNumberUsedAgainWhileTheOldBridgeDrainsIsTheNewBridges() async throws {
        let live = try LiveSwitch(terminals: 1)
        let terminal = try live.terminal(0)
        terminal.client.grantsWindow = false
        let staff = try live.staff(live.alice)
        let old = staff.client.openDirect("shop-0", 22)
        try run([staff, terminal], "the first bridge") { old.peer != nil }
        let first = try #require(terminal.client.forwardedChannels.first)
        // More than the terminal takes: the rest waits in the relay when staff close.
        let window = Int(first.window)
        var sent = 0
        try run([staff, terminal], "the terminal's window is full") {
            sent += staff.client.sendData(old, [UInt8](repeating: 1, count: min(32_768, window + 4096 - sent)))
            return sent == window + 4096 && first.receivedCount == window
        }
        staff.client.close(old)
        try run([staff, terminal], "staff have closed their side") { old.isClosedByServer }

        terminal.client.acceptsChannels = false
        staff.client.openDirect("shop-0", 22)
        try run([staff, terminal], "the second request") { terminal.client.forwardedChannels.count == 2 }
        terminal.client.grant(first, 1_000_000)
        try run([staff, terminal], "the old bridge has drained") { first.isClosedByServer && first.receivedCount == window + 4096 }

        staff.finishSending()
        try staff.waitForEnd()
        let second = terminal.client.forwardedChannels[1]
        terminal.client.confirm(second)
        try run([terminal], "nobody is there any more") { second.isClosedByServer }
        #expect(await live.group.bridges().isEmpty)
        await live.stop()
    }
}
