import RelayCore
import SSHKeys
import SSHTestClient
import Support
import SystemCalls
import Testing

@testable import RelaySwitch

@Suite(.serialized) struct SwitchTests {
    @Test(arguments: [1, 4]) func bridgesOfOneConnectionReachTerminalsOnAllSwitchboards(_ switchboards: Int) async throws {
        let live = try LiveSwitch(terminals: 6, switchboards: switchboards)
        let terminals = try (0..<6).map { try live.terminal($0) }
        let staff = try [live.staff(live.alice), live.staff(live.alice)]
        // All at once, so that one batch wants several switchboards.
        let channels = staff.map { connection in (0..<12).map { connection.client.openDirect("shop-\($0 % 6)", 22) } }
        try run(staff, echo: terminals, "channels open") { channels.joined().allSatisfy { $0.peer != nil || $0.refusal != nil } }
        #expect(channels.joined().compactMap(\.refusal?.sentence) == [])
        for (connection, channels) in zip(staff, channels) {
            for (index, channel) in channels.enumerated() { _ = connection.client.sendData(channel, Array("hello \(index)".utf8)) }
        }
        try run(staff, echo: terminals, "echoes") { channels.joined().allSatisfy { $0.bytes.count >= "hello 0".utf8.count } }
        for channels in channels {
            for (index, channel) in channels.enumerated() {
                #expect(String(decoding: channel.bytes, as: UTF8.self).hasPrefix("hello \(index)".prefix(7)))
            }
        }
        #expect(await live.group.bridges().count == 24)
        await live.stop()
    }

    @Test func theOriginatorIsTheStaffsRealSource() async throws {
        let live = try LiveSwitch(terminals: 1)
        let terminal = try live.terminal(0)
        let staff = try live.staff(live.alice)
        let channel = staff.client.openDirect("localhost", 20_000)
        try run([staff, terminal], "channel") { channel.peer != nil }
        let opened = try #require(terminal.client.forwardedChannels.first)
        let fields = try WireReader.read(opened.openedWith) { (reader: inout WireReader) throws in
            (try reader.text(), try reader.uint32(), try reader.text(), try reader.uint32())
        }
        #expect(fields == ("localhost", 20_000, "127.0.0.1", UInt32(staff.localPort)))
        await live.stop()
    }

    @Test func aNewConnectionOfTheSameKeyTakesOverAtOnce() async throws {
        let live = try LiveSwitch(terminals: 1, switchboards: 2)
        let old = try live.terminal(0)
        let new = try live.terminal(0)
        let said = try #require(try old.waitForEnd())
        #expect(said.sentence.contains("took over"))
        let staff = try live.staff(live.alice)
        let channel = staff.client.openDirect("shop-0", 22)
        try run([staff], echo: [new], "channel") { channel.peer != nil || channel.refusal != nil }
        #expect(channel.refusal == nil)
        #expect(await live.group.tunnels().count == 1)
        await live.stop()
    }

    @Test func anOfflineTerminalIsASentence() async throws {
        let live = try LiveSwitch(terminals: 2)
        let terminal = try live.terminal(1)
        terminal.client.forward("localhost", 20_001, cancels: true)
        try terminal.wait("cancelled") { terminal.client.received(81).count == 2 }
        let staff = try live.staff(live.alice)
        let channels = [staff.client.openDirect("shop-0", 22), staff.client.openDirect("shop-1", 22)]
        try run([staff], "refusals") { channels.allSatisfy { $0.refusal != nil } }
        #expect(channels[0].refusal?.sentence == "shop-0 is not connected (it has never been)")
        #expect(channels[1].refusal?.sentence.hasPrefix("shop-1 is not connected (last seen ") == true)
        #expect(channels[0].refusal?.code == 2)
        await live.stop()
    }

    @Test func A07_whatIsRevokedEndsWithinFiveSeconds() async throws {
        let live = try LiveSwitch(terminals: 2, switchboards: 2, bobReaches: [0, 1])
        let terminals = try [live.terminal(0), live.terminal(1)]
        let bob = try live.staff(live.bob)
        let channels = [bob.client.openDirect("shop-0", 22), bob.client.openDirect("shop-1", 22)]
        try run([bob], echo: terminals, "channels") { channels.allSatisfy { $0.peer != nil } }

        await live.group.apply(live.registry(bobReaches: [1]))
        try run([bob], echo: terminals, patience: .seconds(5), "the bridge without a grant ends") { channels[0].isClosedByServer }
        #expect(!channels[1].isClosedByServer)

        await live.group.apply(live.registry(withoutBob: true))
        bob.patience = .seconds(5)
        let said = try #require(try bob.waitForEnd())
        #expect(said.sentence == Refusal.keyNoLongerValid.sentence)

        await live.group.apply(live.registry(withoutTerminals: [0]))
        terminals[0].patience = .seconds(5)
        #expect(try terminals[0].waitForEnd()?.sentence == Refusal.keyNoLongerValid.sentence)
        #expect(throws: (any Error).self) { try live.terminal(0) }
        await live.stop()
    }

    @Test func aGrantsEndEndsItsBridges() async throws {
        let end = WallTime(secondsSince1970: WallClock.seconds + 3)
        let live = try LiveSwitch(terminals: 1, bobReaches: [0], until: end)
        let terminal = try live.terminal(0)
        let bob = try live.staff(live.bob)
        let channel = bob.client.openDirect("shop-0", 22)
        try run([bob], echo: [terminal], "channel") { channel.peer != nil }
        try run([bob], echo: [terminal], patience: .seconds(8), "the bridge ends") { channel.isClosedByServer }
        #expect(WallClock.seconds >= end.secondsSince1970)
        await live.stop()
    }

    @Test func Z01_aTerminalKeyMayListenAndNothingElse() async throws {
        let live = try LiveSwitch(terminals: 2)
        let terminal = try live.terminal(0)
        let client = terminal.client
        let channels = [
            client.openDirect("shop-1", 22), client.openDirect("127.0.0.1", 5432),
            client.open("direct-streamlocal@openssh.com"), client.open("x11"), client.open("auth-agent@openssh.com"),
            client.open("tun@openssh.com"),
        ]
        try terminal.wait("refusals") { channels.allSatisfy { $0.refusal != nil } }
        for command in ["whoami", "report x", "report; id", ""] {
            let session = client.open("session")
            try terminal.wait("a session") { session.peer != nil }
            client.execute(session, command)
            try terminal.wait("\(command) is refused") { session.isClosedByServer }
            #expect(session.exitStatus == 1)
            #expect(session.bytes.isEmpty, "nothing ran")
            #expect(String(decoding: session.errorBytes, as: UTF8.self).contains("may only ask for its listening port"))
        }
        let before = client.received(82).count
        client.forward("0.0.0.0", 22)
        client.forward("localhost", 20_001)
        client.forward("localhost", 20_000)
        client.globalRequest("streamlocal-forward@openssh.com")
        try terminal.wait("no more forwards") { client.received(82).count == before + 4 }
        #expect(live.refusals.count == 1, "logged once")
        await live.stop()
    }

    @Test(
        arguments: [
            ("127.0.0.1", 5432), ("::1", 22), ("169.254.169.254", 80), ("localhost", 22), ("relay.test", 2222), ("shop-0\0", 22),
            ("shop-0", 80),
            ("-oProxyCommand=x", 22), ("../shop-0", 22), ("", 22),
        ] as [(String, UInt32)])
    func Z02_onlyEnrolledNamesAndPortsResolve(_ host: String, _ port: UInt32) async throws {
        let live = try LiveSwitch(terminals: 1)
        let terminal = try live.terminal(0)
        let staff = try live.staff(live.alice)
        let channel = staff.client.openDirect(host, port)
        try run([staff, terminal], "a refusal") { channel.refusal != nil || channel.peer != nil }
        #expect(channel.refusal?.code == 1)
        #expect(terminal.client.forwardedChannels.isEmpty)
        await live.stop()
    }

    /// P13: policy for clients that know no strict key exchange: they are served, and each version is told of once.
    @Test func P13_aClientWithoutStrictKeyExchangeIsServedAndToldOfOnce() async throws {
        let live = try LiveSwitch(terminals: 0)
        for isStrict in [false, true, false] {
            var proposal = TestProposal()
            proposal.isStrict = isStrict
            let connection = try SSHTestConnection(port: live.port, client: SSHTestClient(proposal))
            try connection.logIn("staff", live.alice)
        }
        let told = live.events.withLock { events in
            events.compactMap { if case .servedWithoutStrictKeyExchange(_, let who, let version, _) = $0 { (who, version) } else { nil } }
        }
        #expect(told.count == 1)
        #expect(told.first?.0 == .staff(StaffID(1)))
        #expect(told.first?.1 == "SSH-2.0-TestClient_1.0")
        await live.stop()
    }

    @Test func withoutAGrantAnExistingTerminalAndNoneAreRefusedAlike() async throws {
        let live = try LiveSwitch(terminals: 2, bobReaches: [1])
        let bob = try live.staff(live.bob)
        let channels = [bob.client.openDirect("shop-0", 22), bob.client.openDirect("shop-9", 22)]
        try run([bob], "refusals") { channels.allSatisfy { $0.refusal != nil } }
        let sentences = channels.compactMap(\.refusal?.sentence)
        #expect(sentences[0] == sentences[1].replacing("shop-9", with: "shop-0"))
        await live.stop()
    }

    @Test func aTerminalThatDoesNotAnswerIsGivenUp() async throws {
        let live = try LiveSwitch(terminals: 1)
        let terminal = try live.terminal(0)
        terminal.client.acceptsChannels = false
        let staff = try live.staff(live.alice)
        let channel = staff.client.openDirect("shop-0", 22)
        try run([staff, terminal], patience: .seconds(25), "given up") { channel.refusal != nil }
        #expect(channel.refusal?.sentence.contains("did not answer within 15 s") == true)
        #expect(await live.group.bridges().isEmpty)
        await live.stop()
    }

    @Test func staffWhoLeaveWhileABridgeOpensLeaveNothingBehind() async throws {
        let live = try LiveSwitch(terminals: 1, switchboards: 2)
        let terminal = try live.terminal(0)
        terminal.client.acceptsChannels = false
        var staff: SSHTestConnection? = try live.staff(live.alice)
        _ = staff?.client.openDirect("shop-0", 22)
        try run([staff, terminal].compactMap(\.self), "asked") { !terminal.client.forwardedChannels.isEmpty }
        staff = nil
        let channel = try #require(terminal.client.forwardedChannels.first)
        try terminal.linger(.milliseconds(100))
        terminal.client.confirm(channel)
        try terminal.wait("closed at once") { channel.isClosedByServer }
        #expect(await live.group.bridges().isEmpty)
        await live.stop()
    }

    @Test func aSlowReaderStallsItsOwnBridgeOnly() async throws {
        let live = try LiveSwitch(terminals: 1)
        let terminal = try live.terminal(0)
        let (slow, fast) = (try live.staff(live.alice), try live.staff(live.alice))
        slow.client.grantsWindow = false
        let stalled = slow.client.openDirect("shop-0", 22)
        try run([slow], echo: [terminal], "slow") { stalled.peer != nil }
        let from = try #require(terminal.client.forwardedChannels.first)
        // Fill what the relay takes for the stalled bridge: its window to us, and the window of the one who does not read.
        var sent = 0
        let block = [UInt8](repeating: 7, count: 32_768)
        try run([terminal, slow], "the stalled bridge takes no more") {
            let count = terminal.client.sendData(from, block)
            sent += count
            return count == 0 && from.sendWindow == 0
        }
        #expect(sent <= 2 * (2 << 20))
        let channel = fast.client.openDirect("shop-0", 22)
        try run([fast, terminal], "fast") { channel.peer != nil }
        let echo = try #require(terminal.client.forwardedChannels.last)
        _ = fast.client.sendData(channel, Array("through".utf8))
        try run([fast, terminal], "data passes") { echo.bytes.count == 7 }
        _ = terminal.client.sendData(echo, Array("back".utf8))
        try run([fast, terminal], "data comes back") { channel.bytes.count == 4 }
        await live.stop()
    }

    @Test func commandsRunAtOnceOrWhenTheirInputHasEnded() async throws {
        let live = try LiveSwitch(terminals: 0)
        let staff = try live.staff(live.alice)
        let channels = [staff.client.open("session"), staff.client.open("session")]
        try staff.wait("sessions") { channels.allSatisfy { $0.peer != nil } }
        staff.client.execute(channels[0], "whoami 'a b'")
        staff.client.execute(channels[1], "read")
        _ = staff.client.sendData(channels[1], Array("12345".utf8))
        try staff.wait("the first reply") { channels[0].isClosedByServer }
        #expect(String(decoding: channels[0].bytes, as: UTF8.self) == #"["whoami", "a b"] 0"#)
        #expect(String(decoding: channels[0].errorBytes, as: UTF8.self) == "complaint")
        #expect(channels[0].exitStatus == 1)
        #expect(!channels[1].isClosedByServer)
        staff.client.sendEOF(channels[1])
        try staff.wait("the second reply") { channels[1].isClosedByServer }
        #expect(String(decoding: channels[1].bytes, as: UTF8.self) == #"["read"] 5"#)
        await live.stop()
    }

    /// The window that standard output has used up is also standard error's: the complaint was lost.
    @Test(arguments: [3, 8, 9, 16, 20] as [UInt32])
    func aComplaintWaitsForTheWindow(window: UInt32) async throws {
        let live = try LiveSwitch(terminals: 0)
        let staff = try live.staff(live.alice)
        let channel = staff.client.open("session", window: window)
        try staff.wait("a session") { channel.peer != nil }
        staff.client.execute(channel, "wrong")
        try staff.wait("the reply") { channel.isClosedByServer }
        #expect(String(decoding: channel.bytes, as: UTF8.self) == #"["wrong"] 0"#)
        #expect(String(decoding: channel.errorBytes, as: UTF8.self) == "complaint")
        #expect(channel.exitStatus == 1)
        await live.stop()
    }

    @Test func stoppingTellsEveryPeerAndEndsSoon() async throws {
        let live = try LiveSwitch(terminals: 1, switchboards: 2)
        let peers = try [live.terminal(0), live.staff(live.alice)]
        let began = MonotonicClock.now
        await live.stop()
        #expect(MonotonicClock.now - began < .seconds(10))
        for peer in peers { #expect(try peer.waitForEnd()?.sentence == Refusal.relayStops.sentence) }
    }
}
