import RelayCore
import SSHCrypto
import SSHKeys
import SSHTestClient
import Support
import SystemCalls
import Testing

@testable import RelaySwitch

/// Keys that come with a join code, and what terminals may tell.
@Suite(.serialized) struct JoinTests {
    private let code = JoinCode(bytes: [UInt8](repeating: 5, count: JoinCode.length))

    private func request(candidate: PublicKey? = nil, expiresIn seconds: Int64 = 600) throws -> EnrolmentRequest {
        let now = WallTime(secondsSince1970: WallClock.seconds)
        return EnrolmentRequest(
            terminal: TerminalID(1), requestedBy: "staff:alice", staff: StaffID(1), login: try LoginName(parsing: "alice"), purpose: "",
            codeDigest: digest(.sha256, of: code.bytes), createdAt: now, expiresAt: now.advanced(by: seconds), approvesItself: false,
            candidate: candidate.map { EnrolmentRequest.Candidate(key: $0, source: "192.0.2.1:1", at: now) })
    }

    @Test func aKeyWithACodeThatIsOpenIsToldThatItWaits() async throws {
        let live = try LiveSwitch(terminals: 1)
        await live.group.apply(live.registry(requests: [try request()]))
        live.enroller.answer.withLock { $0 = { _ in .waiting(live.shop0) } }
        let key = try TestKey(.ed25519)
        let joining = try SSHTestConnection(port: live.port)
        try joining.logIn(code.userName, key)
        let said = try #require(try joining.waitForEnd())
        #expect(said.sentence == JoinNotice.sentence(terminal: live.shop0, key: key.publicKey.fingerprint))
        #expect(live.enroller.used.withLock { $0 } == [digest(.sha256, of: code.bytes)])
        await live.stop()
    }

    @Test func aKeyThatWaitsIsToldAgainWhateverItsUserName() async throws {
        let live = try LiveSwitch(terminals: 1)
        let key = try TestKey(.ed25519)
        await live.group.apply(live.registry(requests: [try request(candidate: key.publicKey)]))
        for user in ["anything", code.userName] {
            let again = try SSHTestConnection(port: live.port)
            try again.logIn(user, key)
            #expect(try again.waitForEnd()?.sentence.hasPrefix(JoinNotice.waiting) == true)
        }
        #expect(live.enroller.used.withLock { $0 }.isEmpty, "nothing is asked of the store")
        // Another key with the code of a request that has its key.
        #expect(throws: (any Error).self) { try SSHTestConnection(port: live.port).logIn(code.userName, TestKey(.ed25519)) }
        await live.stop()
    }

    @Test func aKeyThatIsApprovedAtOnceGetsThePortThatItHasAskedForMeanwhile() async throws {
        let live = try LiveSwitch(terminals: 1)
        let key = try TestKey(.ed25519)
        await live.group.apply(live.registry(requests: [try request()]))
        live.enroller.answer.withLock { answer in
            answer = { key in
                // Slower than the forward that follows the login.
                do { try await Task.sleep(for: .milliseconds(200)) } catch { return .refused }
                await live.group.apply(live.registry(newKey: (0, key)))
                return .active(TerminalID(1))
            }
        }
        let joining = try SSHTestConnection(port: live.port)
        try joining.logIn(code.userName, key)
        joining.client.forward("localhost", 20_000)
        try joining.wait("the tunnel") { !joining.client.received(81).isEmpty }
        let staff = try live.staff(live.alice)
        let channel = staff.client.openDirect("shop-0", 22)
        try run([staff], echo: [joining], "channel") { channel.peer != nil || channel.refusal != nil }
        #expect(channel.refusal == nil)
        await live.stop()
    }

    @Test func aDisabledTerminalThatProvesItsKeyIsToldSo() async throws {
        let live = try LiveSwitch(terminals: 1)
        await live.group.apply(live.registry(disabled: [0]))
        let disabled = try SSHTestConnection(port: live.port)
        try disabled.logIn("x", live.terminalKeys[0])
        #expect(try disabled.waitForEnd()?.sentence == "shop-0 is disabled on the relay")
        #expect(live.refusals.contains("shop-0 is disabled on the relay"))
        await live.stop()
    }

    @Test func theAuditLogTellsWhichKeyWasRefusedAndWhy() async throws {
        let live = try LiveSwitch(terminals: 1)
        let key = try TestKey(.ed25519)
        for user in ["x", code.userName] {
            #expect(throws: (any Error).self) { try SSHTestConnection(port: live.port).logIn(user, key) }
        }
        let refused = live.events.withLock { events in
            events.compactMap { if case .refused(_, _, let what, let why, _) = $0 { "\(what): \(why)" } else { nil } }
        }
        #expect(refused.contains("key \(key.publicKey.fingerprint): nobody here has this key"), "\(refused)")
        #expect(refused.contains("key \(key.publicKey.fingerprint): its join code is none of this relay"), "\(refused)")
        await live.stop()
    }

    /// No oracle: a wrong code and a damaged one are just a key that is not known. One that was a code is too, but is told its end: whoever has it
    /// has the sheet.
    @Test func whatIsNoOpenCodeIsAKeyThatIsNotKnown() async throws {
        let live = try LiveSwitch(terminals: 1)
        let other = JoinCode(bytes: [UInt8](repeating: 6, count: JoinCode.length))
        await live.group.apply(live.registry(requests: [try request(expiresIn: -1)]))
        for user in [code.userName, other.userName, "join-", "join-x", code.userName + "x", code.description] {
            let stranger = try SSHTestConnection(port: live.port)
            for _ in 0..<2 {
                #expect(throws: (any Error).self, "\(user)") { try stranger.logIn(user, TestKey(.ed25519)) }
            }
            let banners = stranger.client.received(53).map { String(decoding: $0, as: UTF8.self) }
            #expect(banners.count == (user == code.userName ? 1 : 0), "\(user): \(banners)")
            #expect(banners.allSatisfy { $0.contains("towline-relay: \(SpentCode.expired.sentence)\r\n") }, "\(banners)")
        }
        #expect(live.enroller.used.withLock { $0 }.isEmpty)
        await live.stop()
    }

    @Test func aCodeThatSomebodyElseHasUsedMeanwhileIsRefused() async throws {
        let live = try LiveSwitch(terminals: 1)
        await live.group.apply(live.registry(requests: [try request()]))
        let joining = try SSHTestConnection(port: live.port)
        try joining.logIn(code.userName, TestKey(.ed25519))
        #expect(try joining.waitForEnd()?.sentence == Refusal.keyNoLongerValid.sentence)
        await live.stop()
    }

    @Test func aKnownKeyIsWhatItIsWithAnyUserName() async throws {
        let live = try LiveSwitch(terminals: 1)
        await live.group.apply(live.registry(requests: [try request()]))
        let terminal = try SSHTestConnection(port: live.port)
        try terminal.logIn(code.userName, live.terminalKeys[0])
        terminal.client.forward("localhost", 20_000)
        try terminal.wait("the tunnel") { !terminal.client.received(81).isEmpty }
        #expect(live.enroller.used.withLock { $0 }.isEmpty, "the code is not spent")
        await live.stop()
    }

    @Test func aTerminalReportsOverItsOwnConnection() async throws {
        let live = try LiveSwitch(terminals: 1)
        let terminal = try live.terminal(0)
        let session = terminal.client.open("session")
        try terminal.wait("a session") { session.peer != nil }
        terminal.client.execute(session, "report")
        _ = terminal.client.sendData(session, Array("{}".utf8))
        terminal.client.sendEOF(session)
        try terminal.wait("the reply") { session.isClosedByServer }
        #expect(String(decoding: session.bytes, as: UTF8.self) == #"["report"] 2"#)
        #expect(live.refusals.isEmpty)
        await live.stop()
    }

    /// A session whose peer takes no bytes keeps its end: a second request on it must find that, and not trap.
    @Test(arguments: [["x", "x", "report", "x"], ["report", "x", "report", "x"]])
    func furtherRequestsOnASessionAreRefused(commands: [String]) async throws {
        let live = try LiveSwitch(terminals: 1)
        let terminal = try live.terminal(0)
        let session = terminal.client.open("session", window: 0)
        try terminal.wait("a session") { session.peer != nil }
        for command in commands { terminal.client.execute(session, command) }
        try terminal.wait("refusals") { terminal.client.received(100).count == commands.count - 1 }
        terminal.client.sendEOF(session)
        terminal.client.grant(session, 1_000)
        try terminal.wait("the session's end") { session.isClosedByServer }
        // The number is used again.
        let next = terminal.client.open("session")
        try terminal.wait("another session") { next.peer != nil }
        terminal.client.execute(next, "report")
        terminal.client.sendEOF(next)
        try terminal.wait("its report") { next.isClosedByServer }
        #expect(String(decoding: next.bytes, as: UTF8.self) == #"["report"] 0"#)
        await live.stop()
    }

    @Test func aTerminalReportsSoOftenAndNotForEver() async throws {
        let live = try LiveSwitch(terminals: 1)
        let terminal = try live.terminal(0)
        for number in 0...SwitchLimits.reports {
            let session = terminal.client.open("session")
            try terminal.wait("a session") { session.peer != nil }
            terminal.client.execute(session, "report")
            terminal.client.sendEOF(session)
            try terminal.wait("an answer") { session.isClosedByServer }
            #expect(session.bytes.isEmpty == (number == SwitchLimits.reports))
        }
        await live.stop()
    }

    @Test func aCommandThatCanDoWithoutInputRunsWhenNothingComes() async throws {
        let live = try LiveSwitch(terminals: 0)
        let staff = try live.staff(live.alice)
        let channels = (0..<2).map { _ in staff.client.open("session") }
        try staff.wait("sessions") { channels.allSatisfy { $0.peer != nil } }
        for channel in channels { staff.client.execute(channel, "maybe") }
        _ = staff.client.sendData(channels[1], Array("k".utf8))
        try staff.wait("the reply without input") { channels[0].isClosedByServer }
        #expect(String(decoding: channels[0].bytes, as: UTF8.self) == #"["maybe"] 0"#)
        // The other one has begun to send: it is heard to its end.
        #expect(!channels[1].isClosedByServer)
        _ = staff.client.sendData(channels[1], Array("ey".utf8))
        staff.client.sendEOF(channels[1])
        try staff.wait("the reply with input") { channels[1].isClosedByServer }
        #expect(String(decoding: channels[1].bytes, as: UTF8.self) == #"["maybe"] 3"#)
        await live.stop()
    }

    @Test func staffAreShownTheAnnouncementAndTerminalsAreNot() async throws {
        let live = try LiveSwitch(terminals: 1)
        await live.group.apply(live.registry(announcement: Announcement(text: "restart at ten", until: nil)))
        let staff = try live.staff(live.alice)
        let banner = try #require(staff.client.received(53).first)
        #expect(String(decoding: banner, as: UTF8.self).contains("restart at ten"))
        #expect(try live.terminal(0).client.received(53).isEmpty)
        await live.stop()
    }

    /// A stock client with a pty puts its terminal into raw mode: lines that end in LF alone walk down the screen in stairs.
    @Test func linesEndInCarriageReturnAndLineFeedOnAScreen() async throws {
        let live = try LiveSwitch(terminals: 0)
        let staff = try live.staff(live.alice)
        for isOnScreen in [true, false] {
            let session = staff.client.open("session")
            try staff.wait("a session") { session.peer != nil }
            if isOnScreen {
                var pty = WireWriter()
                pty.string("xterm")
                for size: UInt32 in [80, 24, 0, 0] { pty.uint32(size) }
                pty.string("")
                staff.client.request(session, "pty-req", rest: pty.bytes)
            }
            staff.client.execute(session, "lines")
            try staff.wait("the reply") { session.isClosedByServer }
            #expect(Array("one\ntwo\n".utf8).elementsEqual(session.bytes) == !isOnScreen)
            #expect(Array("one\r\ntwo\r\n".utf8).elementsEqual(session.bytes) == isOnScreen)
        }
        await live.stop()
    }

    @Test func aQuotationMarkThatIsLeftOpenIsText() async throws {
        let live = try LiveSwitch(terminals: 0)
        let staff = try live.staff(live.alice)
        let session = staff.client.open("session")
        try staff.wait("a session") { session.peer != nil }
        staff.client.execute(session, "request new x --for Anne's shop")
        try staff.wait("the reply") { session.isClosedByServer }
        #expect(String(decoding: session.bytes, as: UTF8.self).contains("Anne"))
        await live.stop()
    }
}
