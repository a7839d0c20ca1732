import EventLoops
import FoundationEssentials
import SystemCalls

/// Messages in both directions over one Unix socket: four bytes of length, most significant first, then JSON. A descriptor may travel
/// with a message.
///
/// Lives on its loop. What waits to be sent is bounded; a peer that does not read, sends rubbish or more than allowed is hung up on.
final class MessageChannel: ReadinessHandler {
    /// The most bytes one message may have: a full list of login users with large keys stays below.
    static let maximumMessage = 1 << 20
    /// The most bytes that may wait for a peer that does not read.
    static let maximumQueue = 4 << 20

    // Fixed after init.
    private let loop: EventLoop
    private let socket: Descriptor
    private let received: (MessageChannel, [UInt8]) -> Void
    private let closed: (String) -> Void

    // Owned by the loop.
    private var registration: Registration?
    private var incoming: [UInt8] = []
    private var descriptors = PassedDescriptors()
    private var outgoing: [(bytes: [UInt8], offset: Int, descriptor: Int32?)] = []
    private var queuedBytes = 0

    /// A channel over `socket`, on the loop.
    ///
    /// - Parameters:
    ///   - received: gets the channel and the JSON of each message; `takeDescriptor` gives what travelled with it.
    ///   - closed: called once, with the reason, when the peer is gone or was hung up on; not by `close()`.
    init(
        loop: EventLoop, socket: consuming Descriptor, received: @escaping (MessageChannel, [UInt8]) -> Void,
        closed: @escaping (String) -> Void
    ) throws(SystemError) {
        self.loop = loop
        self.socket = socket
        self.received = received
        self.closed = closed
        try Descriptor.setNonblocking(self.socket.raw, true)
        registration = try loop.register(self.socket.raw, interest: .read, handler: self)
    }

    /// Whether messages can still be sent.
    var isOpen: Bool { registration != nil }

    /// Sends `message`; with it the descriptor `passing`, which is taken over. After the end of the channel nothing happens.
    func send(_ message: some Encodable, passing descriptor: consuming Descriptor? = nil) {
        let body: [UInt8]
        do {
            body = [UInt8](try JSONEncoder().encode(message))
        } catch {
            preconditionFailure("messages of ours can be written as JSON: \(error)")
        }
        let length = UInt32(body.count)
        let head = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) }
        guard isOpen else { return }
        outgoing.append((head + body, 0, descriptor.take()?.release()))
        queuedBytes += head.count + body.count
        flush()
        if queuedBytes > Self.maximumQueue { hangUp("the other side does not read") }
    }

    /// The descriptor that came first and was not taken yet: the one of the current message, if its kind brings one.
    func takeDescriptor() -> Descriptor? { descriptors.takeFirst() }

    /// Ends the channel; `closed` is not called.
    func close() {
        if let registration { loop.deregister(registration) }
        registration = nil
        for entry in outgoing { if let raw = entry.descriptor { Descriptor.close(raw) } }
        outgoing = []
        queuedBytes = 0
        descriptors.closeAll()
        // the peer is gone already
        _ = try? Sockets.finishSending(socket.raw)
    }

    func ready(_ readiness: Readiness) {
        if readiness.contains(.writable) { flush() }
        guard isOpen else { return }
        withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 1) { room in
            switch Sockets.receive(socket.raw, into: room, passing: &descriptors) {
            case .bytes(let count):
                incoming += room[..<count]
                deliver()
            case .wouldBlock: break
            case .endOfFile: hangUp("the other side closed")
            case .failed(let error): hangUp(error.description)
            }
        }
    }

    private func deliver() {
        while isOpen, incoming.count >= 4 {
            let length = incoming[..<4].reduce(0) { $0 << 8 | Int($1) }
            guard length <= Self.maximumMessage else {
                hangUp("a message is longer than allowed")
                return
            }
            guard incoming.count >= 4 + length else { return }
            let body = Array(incoming[4..<(4 + length)])
            incoming.removeFirst(4 + length)
            received(self, body)
        }
        // Descriptors come with the first byte of their message: with no message begun, nobody will ask for these.
        if isOpen, incoming.isEmpty, descriptors.count > 0 { hangUp("a descriptor came that no message takes") }
    }

    private func flush() {
        while let first = outgoing.first {
            let result = first.bytes.withUnsafeBytes { all in
                let rest = UnsafeRawBufferPointer(rebasing: all[first.offset...])
                return first.descriptor.map { Sockets.send(socket.raw, rest, passing: [$0]) } ?? Sockets.send(socket.raw, rest)
            }
            switch result {
            case .bytes(let count):
                // A descriptor travels with the first byte.
                if let raw = first.descriptor { Descriptor.close(raw) }
                outgoing[0].descriptor = nil
                outgoing[0].offset += count
                queuedBytes -= count
                if outgoing[0].offset == first.bytes.count { outgoing.removeFirst() }
            case .wouldBlock:
                if let registration { loop.update(registration, interest: [.read, .write]) }
                return
            case .endOfFile, .failed:
                hangUp("the other side is gone")
                return
            }
        }
        if let registration { loop.update(registration, interest: .read) }
    }

    private func hangUp(_ reason: String) {
        guard isOpen else { return }
        close()
        closed(reason)
    }

    /// Reads a message; nil if it is not what this side understands.
    static func decode<Message: Decodable>(_ type: Message.Type, _ body: [UInt8]) -> Message? {
        // What is wrong with it does not matter: the peer is our own program or an intruder.
        try? JSONDecoder().decode(type, from: Data(body))
    }
}
