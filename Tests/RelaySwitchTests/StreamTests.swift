import SSHKeys
import SSHTestClient
import Support
import SystemCalls
import Testing

@testable import RelaySwitch

/// Commands that go on.
@Suite(.serialized) struct StreamTests {
    @Test func aCommandSaysNoMoreThanItsReaderTakes() async throws {
        let live = try LiveSwitch(terminals: 0)
        let staff = try live.staff(live.alice)
        staff.client.grantsWindow = false
        let session = staff.client.open("session", window: 100_000)
        try run([staff], "a session") { session.peer != nil }
        staff.client.execute(session, "stream")
        try run([staff], "the window is used up") { session.bytes.count == 100_000 }
        // One text has left, and the second waits for the window: the third is not made.
        #expect(live.commands.streamed.withLock { $0.count } == 1)
        for _ in 0..<20 { try staff.linger(.milliseconds(5)) }
        #expect(live.commands.streamed.withLock { $0.count } == 1)
        staff.client.grant(session, 50_000)
        try run([staff], "what waited comes") { live.commands.streamed.withLock { $0.count } == 2 }
        staff.client.close(session)
        try run([staff], "the command ends with its channel") { live.commands.streamed.withLock { $0.isOver } }
        await live.stop()
    }

    @Test func aCommandEndsWithItsConnection() async throws {
        let live = try LiveSwitch(terminals: 0)
        let staff = try live.staff(live.alice)
        staff.client.grantsWindow = false
        let session = staff.client.open("session", window: 10)
        try run([staff], "a session") { session.peer != nil }
        staff.client.execute(session, "stream")
        try run([staff], "its first bytes") { session.bytes.count == 10 }
        await live.group.apply(live.registry(withoutBob: true))
        #expect(live.commands.streamed.withLock { !$0.isOver })
        staff.finishSending()
        let deadline = MonotonicClock.now + .seconds(10)
        while !live.commands.streamed.withLock({ $0.isOver }) {
            try #require(MonotonicClock.now < deadline)
            try await Task.sleep(for: .milliseconds(5))
        }
        await live.stop()
    }

    @Test func controlCOnAScreenEndsACommand() async throws {
        let live = try LiveSwitch(terminals: 0)
        let staff = try live.staff(live.alice)
        staff.client.grantsWindow = false
        let session = staff.client.open("session", window: 10)
        try run([staff], "a session") { session.peer != nil }
        var pty = WireWriter()
        pty.string("xterm")
        for size: UInt32 in [80, 24, 0, 0] { pty.uint32(size) }
        pty.string("")
        staff.client.request(session, "pty-req", rest: pty.bytes)
        staff.client.execute(session, "stream")
        try run([staff], "its first bytes") { session.bytes.count == 10 }
        _ = staff.client.sendData(session, [0x78])
        #expect(!session.isClosedByServer)
        _ = staff.client.sendData(session, [0x03])
        try run([staff], "the command ends") { live.commands.streamed.withLock { $0.isOver } }
        await live.stop()
    }
}
