import SSHCrypto
import SSHKeys
import SSHProtocol
import SSHTestClient
import Testing

@Suite struct RequestTests {
    // MARK: Forward requests

    @Test func forwardIsAnsweredWithThePortOnlyIfTheServerChose() throws {
        let link = try Link.authenticated()
        link.client.forward("localhost", 0)
        try link.pump()
        #expect(link.client.received == [[81, 0, 0, 0x4E, 0x21]])
        link.client.received = []
        link.client.forward("", 20001)
        try link.pump()
        #expect(link.client.received == [[81]])
        link.client.received = []
        link.forwardPort = nil
        link.client.forward("0.0.0.0", 22)
        try link.pump()
        #expect(link.client.received == [[82]])
        #expect(
            link.events == [
                .forwardRequested(ForwardedEndpoint(host: "localhost", port: 0)),
                .forwardRequested(ForwardedEndpoint(host: "", port: 20001)),
                .forwardRequested(ForwardedEndpoint(host: "0.0.0.0", port: 22)),
            ])
    }

    @Test func cancelIsAnswered() throws {
        let link = try Link.authenticated()
        for wasHeld in [true, false] {
            link.wasHeld = wasHeld
            link.client.received = []
            link.client.forward("", 20001, cancels: true)
            try link.pump()
            #expect(link.client.received == [[wasHeld ? 81 : 82]])
        }
    }

    @Test func whoWantsNoReplyGetsNone() throws {
        let link = try Link.authenticated()
        link.client.forward("", 0, wantsReply: false)
        link.client.forward("", 20001, cancels: true, wantsReply: false)
        link.client.globalRequest("x", wantsReply: false)
        let (channel, _) = try link.openSession()
        link.client.received = []
        link.client.request(channel, "shell", wantsReply: false)
        link.client.request(channel, "x", wantsReply: false)
        try link.pump()
        #expect(link.client.received.isEmpty && link.end == nil)
    }

    /// Answers keep the order of the questions though one of them takes its time.
    @Test func answersComeInTheOrderOfTheQuestions() throws {
        let link = try Link.authenticated()
        link.answersForwards = false
        link.client.forward("", 0)
        link.client.globalRequest("keepalive@openssh.com")
        link.client.send([192, 0, 0, 0, 1, 65])
        try link.pump()
        #expect(link.client.received.isEmpty && !link.server.wantsInput)
        link.server.answerForward(port: 20001)
        link.server.answerForward(port: 20002)  // A second answer is void.
        try link.resume()
        #expect(link.client.received == [[81, 0, 0, 0x4E, 0x21], [82], [193, 0, 0, 0, 1, 65]])
    }

    @Test(arguments: [-1, 0, 1]) func P09_forwardRequestsHaveTheirLimit(_ excess: Int) throws {
        let link = try Link.authenticated()
        for index in 0..<(ProtocolLimits.forwardRequests + excess) { link.client.forward("", 20001, cancels: index % 2 == 1) }
        try link.pump()
        #expect(link.client.received.count { $0[0] == 81 } == ProtocolLimits.forwardRequests + min(0, excess))
        if excess > 0 { link.expectFailure(.tooManyRequests, .protocolError) } else { #expect(link.end == nil) }
    }

    /// 200 KB of bind address: ended at the first.
    @Test func P09_longBindNamesEndAtOnce() throws {
        let name = String(repeating: "b", count: 200 * 1024)
        for cancels in [false, true] {
            let link = try Link.authenticated()
            for _ in 0..<20 { link.client.forward(name, 0, cancels: cancels) }
            try link.pump()
            link.expectFailure(.malformedMessage, .protocolError)
            #expect(link.events.count == 1)
        }
    }

    @Test func malformedForwardsAreRefused() throws {
        var whole = WireWriter(message: 80)
        whole.string("tcpip-forward")
        whole.boolean(true)
        whole.string("localhost")
        whole.uint32(0)
        for payload in (1..<whole.bytes.count).map({ Array(whole.bytes.prefix($0)) }) + [whole.bytes + [0]] {
            let link = try Link.authenticated()
            link.client.send(payload)
            try link.pump()
            link.expectFailure(.malformedMessage, .protocolError, "\(payload.count) bytes")
        }
    }

    @Test func unknownGlobalRequestsAreAnsweredNo() throws {
        let link = try Link.authenticated()
        for name in ["keepalive@openssh.com", "no-more-sessions@openssh.com", "hostkeys-prove-00@openssh.com", "x", ""] {
            link.client.globalRequest(name, rest: [1, 2, 3])
        }
        try link.pump()
        #expect(link.client.received == Array(repeating: [82], count: 5))
    }

    @Test func answersToNoQuestionEnd() throws {
        for number in [81, 82] as [UInt8] {
            let link = try Link.authenticated()
            link.client.send([number])
            try link.pump()
            link.expectFailure(.unexpectedMessage, .protocolError)
        }
    }

    // MARK: Requests on channels

    @Test func requestsAreReportedByKind() throws {
        let link = try Link.authenticated()
        let (channel, id) = try link.openSession()
        link.events = []
        link.client.execute(channel, "whoami")
        link.client.request(channel, "shell")
        link.client.request(channel, "pty-req", rest: [0, 0, 0, 5] + [UInt8]("xterm".utf8))
        link.client.request(channel, "env", wantsReply: false, rest: [0, 0, 0, 1, 65, 0, 0, 0, 1, 66])
        link.client.request(channel, "window-change", wantsReply: false, rest: [0, 0, 0, 80])
        link.client.request(channel, "subsystem", rest: [0, 0, 0, 4] + [UInt8]("sftp".utf8))
        try link.pump()
        #expect(
            link.events == [
                .channelRequested(id, .exec(command: [UInt8]("whoami".utf8)), true), .channelRequested(id, .shell, true),
                .channelRequested(id, .pty, true), .channelRequested(id, .environment, false), .channelRequested(id, .windowChange, false),
                .channelRequested(id, .other("subsystem"), true),
            ])
        #expect(channel.answers == [true, true, true, true])
        link.grantsRequests = false
        link.client.request(channel, "shell")
        try link.pump()
        #expect(channel.answers.last == false)
    }

    @Test(arguments: [0, 1, ProtocolLimits.commandLine - 1, ProtocolLimits.commandLine, ProtocolLimits.commandLine + 1])
    func commandLineHasItsLimit(_ length: Int) throws {
        let link = try Link.authenticated()
        let (channel, id) = try link.openSession()
        link.events = []
        let command = [UInt8](repeating: 0x78, count: length)
        var rest = WireWriter()
        rest.string(command)
        link.client.request(channel, "exec", rest: rest.bytes)
        try link.pump()
        let isTaken = length <= ProtocolLimits.commandLine
        #expect(link.events == [.channelRequested(id, isTaken ? .exec(command: command) : .other("exec, too long"), true)])
        #expect(link.end == nil)
    }

    @Test func malformedExecEnds() throws {
        for rest in [[], [0, 0, 0, 5, 65], [0, 0, 0, 1, 65, 66]] as [[UInt8]] {
            let link = try Link.authenticated()
            let (channel, _) = try link.openSession()
            link.client.request(channel, "exec", rest: rest)
            try link.pump()
            link.expectFailure(.malformedMessage, .protocolError)
        }
    }

    @Test func standardErrorIsExtendedData() throws {
        let link = try Link.authenticated()
        let (channel, id) = try link.openSession()
        Array("oops".utf8).withUnsafeBytes { link.server.sendStandardError(id, $0) }
        try link.pump()
        #expect(channel.errorBytes == Array("oops".utf8) && channel.bytes.isEmpty)
    }

    // MARK: Ping

    @Test(arguments: [0, 1, ProtocolLimits.pingPayload - 1, ProtocolLimits.pingPayload, ProtocolLimits.pingPayload + 1])
    func pingComesBackWhole(_ length: Int) throws {
        let link = try Link.authenticated()
        let echo = randomBytes(length)
        var ping = WireWriter(message: 192)
        ping.string(echo)
        link.client.send(ping.bytes)
        try link.pump()
        if length <= ProtocolLimits.pingPayload {
            var pong = WireWriter(message: 193)
            pong.string(echo)
            #expect(link.client.received == [pong.bytes])
        } else {
            link.expectFailure(.malformedMessage, .protocolError)
        }
    }
}
