package import SSHKeys

/// The client's side of RFC 4254.
extension SSHTestClient {
    // MARK: Asking

    /// Sends GLOBAL_REQUEST.
    package func globalRequest(_ name: String, wantsReply: Bool = true, rest: [UInt8] = []) {
        var message = WireWriter(message: 80)
        message.string(name)
        message.boolean(wantsReply)
        message.raw(rest)
        send(message.bytes)
    }

    /// Asks the server to listen (`tcpip-forward`), or to stop.
    package func forward(_ host: String, _ port: UInt32, cancels: Bool = false, wantsReply: Bool = true) {
        var rest = WireWriter()
        rest.string(host)
        rest.uint32(port)
        globalRequest(cancels ? "cancel-tcpip-forward" : "tcpip-forward", wantsReply: wantsReply, rest: rest.bytes)
    }

    /// Opens a channel. `rest` holds the fields behind the common ones.
    @discardableResult
    package func open(_ type: String, rest: [UInt8] = [], window: UInt32 = 1 << 21, packet: UInt32 = 32768) -> TestChannel {
        let channel = TestChannel(number: nextChannel, type: type, window: window)
        nextChannel += 1
        channels[channel.number] = channel
        var message = WireWriter(message: 90)
        message.string(type)
        message.uint32(channel.number)
        message.uint32(window)
        message.uint32(packet)
        message.raw(rest)
        send(message.bytes)
        return channel
    }

    /// Opens a `direct-tcpip` channel.
    @discardableResult
    package func openDirect(_ host: String, _ port: UInt32, window: UInt32 = 1 << 21, packet: UInt32 = 32768) -> TestChannel {
        var rest = WireWriter()
        rest.string(host)
        rest.uint32(port)
        rest.string("127.0.0.1")
        rest.uint32(50000)
        return open("direct-tcpip", rest: rest.bytes, window: window, packet: packet)
    }

    /// Sends a request on a channel that is confirmed.
    package func request(_ channel: TestChannel, _ name: String, wantsReply: Bool = true, rest: [UInt8] = []) {
        var message = channelMessage(98, channel)
        message.string(name)
        message.boolean(wantsReply)
        message.raw(rest)
        send(message.bytes)
    }

    /// Asks for a command on a session channel.
    package func execute(_ channel: TestChannel, _ command: String) {
        var rest = WireWriter()
        rest.string(command)
        request(channel, "exec", rest: rest.bytes)
    }

    /// Sends as much of `bytes` as the channel's window takes. Returns how many that were.
    @discardableResult
    package func sendData(_ channel: TestChannel, _ bytes: some Collection<UInt8>) -> Int {
        var rest = bytes.prefix(Int(channel.sendWindow))
        let count = rest.count
        while !rest.isEmpty {
            let piece = rest.prefix(Int(channel.sendPacket))
            rest = rest.dropFirst(piece.count)
            send(dataMessage(channel, piece))
        }
        channel.sendWindow -= UInt32(count)
        return count
    }

    /// CHANNEL_DATA, whatever the window says.
    package func dataMessage(_ channel: TestChannel, _ bytes: some Collection<UInt8>) -> [UInt8] {
        var message = channelMessage(94, channel)
        message.string(bytes)
        return message.bytes
    }

    /// WINDOW_ADJUST.
    package func grant(_ channel: TestChannel, _ count: UInt32) {
        var message = channelMessage(93, channel)
        message.uint32(count)
        channel.receiveWindow &+= count
        send(message.bytes)
    }

    /// EOF.
    package func sendEOF(_ channel: TestChannel) {
        send(channelMessage(96, channel).bytes)
    }

    /// CLOSE.
    package func close(_ channel: TestChannel) {
        channel.isClosedByUs = true
        send(channelMessage(97, channel).bytes)
    }

    /// A message that begins with the server's number of `channel` (0 if it is not confirmed).
    package func channelMessage(_ number: UInt8, _ channel: TestChannel) -> WireWriter {
        var message = WireWriter(message: number)
        message.uint32(channel.peer ?? 0)
        return message
    }

    /// Channels that the server opened.
    package var forwardedChannels: [TestChannel] {
        channels.values.filter { $0.type == "forwarded-tcpip" }.sorted { $0.number < $1.number }
    }

    // MARK: Receiving

    func receiveConnectionMessage(_ payload: [UInt8]) throws {
        var fields = Fields(payload, skipping: 1)
        switch payload[0] {
        case 80:
            _ = try fields.text()
            if try fields.boolean(), answersRequests { send([82]) }
        case 81, 82:
            break
        case 90:
            try receiveOpen(&fields)
        default:
            let number = try fields.uint32()
            guard let channel = channels[number] else { throw TestClientError("message \(payload[0]) for channel \(number)") }
            try receive(payload[0], channel, &fields)
        }
    }

    private func receiveOpen(_ fields: inout Fields) throws {
        let type = try fields.text()
        let peer = try fields.uint32()
        let sendWindow = try fields.uint32()
        let sendPacket = try fields.uint32()
        let channel = TestChannel(number: nextChannel, type: type, window: 1 << 21)
        nextChannel += 1
        channel.peer = peer
        channel.sendWindow = sendWindow
        channel.sendPacket = sendPacket
        while !fields.isAtEnd { channel.openedWith.append(try fields.byte()) }
        channels[channel.number] = channel
        if acceptsChannels { confirm(channel) }
    }

    /// Confirms a channel that the server opened.
    package func confirm(_ channel: TestChannel, packet: UInt32 = 32768) {
        var message = channelMessage(91, channel)
        message.uint32(channel.number)
        message.uint32(channel.window)
        message.uint32(packet)
        send(message.bytes)
    }

    /// Refuses a channel that the server opened.
    package func refuse(_ channel: TestChannel, code: UInt32 = 2, sentence: String = "refused") {
        var message = channelMessage(92, channel)
        message.uint32(code)
        message.string(sentence)
        message.string("")
        send(message.bytes)
    }

    private func receive(_ number: UInt8, _ channel: TestChannel, _ fields: inout Fields) throws {
        guard !channel.isClosedByServer else { throw TestClientError("message \(number) after CLOSE") }
        switch number {
        case 91:
            guard channel.peer == nil, channel.refusal == nil else { throw TestClientError("a second confirmation") }
            channel.peer = try fields.uint32()
            channel.sendWindow = try fields.uint32()
            channel.sendPacket = try fields.uint32()
        case 92:
            guard channel.peer == nil, channel.refusal == nil else { throw TestClientError("refusal of a confirmed channel") }
            channel.refusal = (try fields.uint32(), try fields.text())
        case 93:
            let (window, overflow) = channel.sendWindow.addingReportingOverflow(try fields.uint32())
            guard !overflow else { throw TestClientError("window above 2^32-1") }
            channel.sendWindow = window
        case 94:
            channel.bytes += try takeData(channel, &fields)
        case 95:
            _ = try fields.uint32()
            channel.errorBytes += try takeData(channel, &fields)
        case 96:
            channel.hasEnded = true
        case 97:
            channel.isClosedByServer = true
            if answersClose, !channel.isClosedByUs { close(channel) }
        case 98:
            if try fields.text() == "exit-status" {
                _ = try fields.boolean()
                channel.exitStatus = try fields.uint32()
            }
        case 99, 100:
            channel.answers.append(number == 99)
        default:
            throw TestClientError("message \(number)")
        }
    }

    private func takeData(_ channel: TestChannel, _ fields: inout Fields) throws -> [UInt8] {
        let bytes = try fields.string()
        guard fields.isAtEnd, bytes.count <= 32768, !channel.hasEnded else { throw TestClientError("CHANNEL_DATA") }
        guard bytes.count <= channel.receiveWindow else { throw TestClientError("the server sent beyond the window") }
        channel.receiveWindow -= UInt32(bytes.count)
        channel.receivedCount += bytes.count
        if grantsWindow, !channel.isClosedByUs, channel.receiveWindow < channel.window / 2 {
            grant(channel, channel.window - channel.receiveWindow)
        }
        return bytes
    }
}
