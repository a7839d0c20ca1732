package import EventLoops
package import SSHProtocol
package import SystemCalls

/// What a connection is for: decides about everything that is not protocol or byte moving.
///
/// Called on the connection's loop. Answering an event's question later is allowed: then call `connection.proceed()` after the answer.
package protocol ConnectionSession: AnyObject {
    /// Something happened; `.channelData`, `.channelWritable`, `.channelEnded` and `.channelClosed` of channels with an end are handled before.
    func connection(_ connection: SocketConnection, did event: ServerEvent)
    /// The connection is over. Called once, before its ends hear of it.
    func connectionEnded(_ connection: SocketConnection, _ end: ConnectionEnd)
}

/// An SSH connection on a socket, driven by a loop.
///
/// Owns its socket. Belongs to one `ConnectionLoop` at a time and is used on its thread only; it can be handed to another loop between batches.
package final class SocketConnection: ReadinessHandler {
    /// A name for the log, unique in the process.
    package let id: UInt64
    /// Where the peer connects from.
    package let source: SocketAddress
    /// Its protocol state.
    package let ssh: ServerConnection
    /// The loop it lives on; `nil` while it is on its way to another.
    package internal(set) unowned var loop: ConnectionLoop?
    /// Who decides.
    package var session: (any ConnectionSession)?

    // The socket.
    private let socket: Descriptor
    private var registration: Registration?
    private var interest: Interest = []
    /// Since when the socket has taken nothing of what waits for it; `nil` while it takes what it is given.
    private var stalledSince: MonotonicTime?
    /// How much may be under way to the peer, and how much the kernel has been given in all.
    private var sendLimit = SendLimit() {
        didSet { ssh.outboundRoom = sendLimit.room }
    }
    private var givenBytes: UInt64 = 0
    /// Flushes again what `sendLimit` held back.
    private var flushTimer: Timer?
    /// How long it waits, and what had arrived when it was set.
    private var flushPause = (time: SendLimit.shortestPause, delivered: UInt64(0))
    /// Whether the connection is over and the socket is only kept so that the peer can read our last words.
    private var isLingering = false
    /// Set when there is nobody to read last words.
    private var isGone = false

    // Owned by the loop.
    /// Index in the loop's table.
    var slot = -1
    var awaitsFlush = false
    /// Whether it counts against `Admission`.
    var isStranger = true
    /// When it was accepted.
    let acceptedAt: MonotonicTime
    /// When its handshake was let through, while it holds a place.
    var handshakeSince: MonotonicTime?

    // Channels.
    private var ends: [ChannelEnd?] = []
    /// Ends that have something waiting.
    var waitingEnds = 0
    /// The channel number whose turn is next when several wait.
    private var nextTurn = 0

    init(id: UInt64, socket: consuming Descriptor, source: SocketAddress, identity: ServerIdentity, now: MonotonicTime) {
        self.id = id
        self.source = source
        self.socket = socket
        acceptedAt = now
        ssh = ServerConnection(identity: identity, now: .nanoseconds(Int64(now.nanoseconds)))
        ssh.outboundRoom = sendLimit.room
    }

    // MARK: For the session

    /// Goes on reading after a question was answered later than in the event itself.
    package func proceed() {
        guard loop != nil, !isLingering else { return }
        process { _ in }
    }

    /// Ends the connection with a sentence for the peer.
    package func disconnect(_ code: DisconnectCode, _ sentence: String) {
        ssh.disconnect(code, sentence)
        takeEvents()
        needsFlush()
    }

    /// Puts an end on an open, or opening, channel.
    package func makeEnd(_ id: ChannelID, observer: (any ChannelEndObserver)?) -> ChannelEnd {
        let end = ChannelEnd(self, id, observer: observer)
        let index = Int(id.number)
        while ends.count <= index { ends.append(nil) }
        precondition(ends[index] == nil, "channel \(id) has an end already")
        ends[index] = end
        return end
    }

    // MARK: On the loop

    func attach(to loop: ConnectionLoop) throws(SystemError) {
        interest = .read
        registration = try loop.events.register(socket.raw, interest: isStranger ? [.read, .patient] : .read, handler: self)
        self.loop = loop
        setTime()
        needsFlush()
    }

    /// Lets it be heard before strangers from now on.
    func endPatience() {
        guard let registration, let loop else { return }
        // Out of memory in the kernel: it stays behind the strangers.
        try? loop.events.endPatience(of: registration)
    }

    func detach() {
        flushTimer?.cancel()
        flushTimer = nil
        if let registration { loop?.events.deregister(registration) }
        registration = nil
        loop = nil
    }

    package func ready(_ readiness: Readiness) {
        setTime()
        let isBroken = readiness.contains(.error) || readiness.contains(.hangUp)
        if isLingering {
            discardInput()
        } else if readiness.contains(.readable) || isBroken {
            if ssh.wantsInput {
                process(receive)
            } else if isBroken {
                ssh.connectionLost("connection closed")
                takeEvents()
            }
        }
        needsFlush()
    }

    /// Checks the deadlines; about once a second.
    func sweep() {
        setTime()
        guard let loop, !isLingering else { return }
        if let stalledSince, loop.events.now - stalledSince >= loop.limits.writeDeadline {
            ssh.fail(ProtocolFailure(.stalledWrite, "\(ssh.outputCount) bytes waiting"))
        }
        ssh.checkDeadlines()
        takeEvents()
        ssh.releaseIdleMemory()
        if ssh.outputCount == 0, waitingEnds == 0 { sendLimit.idle() }
        if ssh.outputCount > 0 { needsFlush() }
    }

    /// Sends at the end of the batch what was made ready outside an event.
    package func needsFlush() {
        guard !awaitsFlush, let loop else { return }
        awaitsFlush = true
        loop.flushes.append(self)
    }

    /// Sends what the socket takes, and moves waiting channel data up as room appears.
    func flush() {
        awaitsFlush = false
        guard let loop, let registration else { return }
        if isGone { return loop.remove(self) }
        var isHeldBack = false
        while ssh.outputCount > 0 {
            let allowance = allowance(loop)
            if allowance == 0 {
                isHeldBack = true
                if stalledSince == nil { stalledSince = loop.events.now }
                if ssh.outputCount < ssh.outboundRoom { _ = pumpEnds() }
                break
            }
            switch Sockets.send(socket.raw, UnsafeRawBufferPointer(rebasing: ssh.output.prefix(allowance))) {
            case .bytes(let count):
                ssh.sent(count)
                givenBytes += UInt64(count)
                stalledSince = nil
                continue
            case .wouldBlock:
                if stalledSince == nil {
                    stalledSince = loop.events.now
                    sendLimit.stalled(delivered: delivered, now: loop.events.now, allowed: allowedTime(loop))
                }
                if ssh.outputCount < ssh.outboundRoom, pumpEnds() { continue }
            case .endOfFile, .failed:
                // The read side learns of it too, with the reason.
                ssh.sent(ssh.outputCount)
                ssh.connectionLost("connection reset")
                takeEvents()
            }
            break
        }
        // What moves up now goes out when epoll says again that there is room, so that others get their turn.
        if ssh.outputCount == 0 { _ = pumpEnds() }
        if isLingering, ssh.outputCount == 0 { return finishLastWords() }
        var wanted: Interest = []
        if ssh.wantsInput || isLingering { wanted.insert(.read) }
        if isHeldBack {
            flushLater(loop)
        } else if ssh.outputCount > 0 {
            wanted.insert(.write)
        }
        if wanted != interest {
            interest = wanted
            loop.events.update(registration, interest: wanted)
        }
    }

    // MARK: Slow peers

    /// Bytes that the peer's kernel has acknowledged.
    private var delivered: UInt64 { givenBytes - min(givenBytes, UInt64(Sockets.unacknowledgedBytes(socket.raw))) }

    /// In what time a whole `sendLimit` should arrive.
    private func allowedTime(_ loop: ConnectionLoop) -> Duration { Sockets.smallestRoundTrip(socket.raw) + loop.limits.queuedTime }

    /// How many bytes the kernel may be given now. 0: none that are worth a packet.
    private func allowance(_ loop: ConnectionLoop) -> Int {
        guard ssh.isAuthenticated, !sendLimit.isUnlimited else { return .max }
        let delivered = delivered
        sendLimit.update(given: givenBytes, delivered: delivered, now: loop.events.now, allowed: allowedTime(loop))
        guard !sendLimit.isUnlimited else { return .max }
        let free = sendLimit.bytes - Int(givenBytes - delivered)
        if free < ssh.outputCount { sendLimit.heldBack() }
        return free >= min(ssh.outputCount, SendLimit.leastWorthSending) ? free : 0
    }

    /// No event tells that bytes were acknowledged: looks again after a part of a round trip, later and later while nothing arrives.
    private func flushLater(_ loop: ConnectionLoop) {
        guard flushTimer == nil else { return }
        let delivered = delivered
        let hasMoved = delivered != flushPause.delivered
        let pause = hasMoved ? Sockets.smallestRoundTrip(socket.raw) / 4 : flushPause.time * 2
        flushPause = (min(max(pause, SendLimit.shortestPause), SendLimit.longestPause), delivered)
        flushTimer = loop.events.schedule(after: flushPause.time) { [weak self] in
            guard let self else { return }
            flushTimer = nil
            needsFlush()
        }
    }

    // MARK: Reading

    private func setTime() {
        guard let loop else { return }
        ssh.now = .nanoseconds(Int64(loop.events.now.nanoseconds))
    }

    private func process(_ read: (UnsafeMutableRawBufferPointer) -> Void) {
        guard let loop else { return }
        let room = ssh.beginRead(loop.scratch)
        read(room)
        takeEvents()
        ssh.finishRead()
        needsFlush()
    }

    private func receive(_ room: UnsafeMutableRawBufferPointer) {
        guard let loop else { return }
        let size = ssh.isAuthenticated ? loop.limits.bytesPerRead : loop.limits.bytesPerReadOfStranger
        let part = UnsafeMutableRawBufferPointer(rebasing: room.prefix(size))
        switch Sockets.receive(socket.raw, into: part) {
        case .bytes(let count): ssh.endRead(count)
        case .wouldBlock: return
        case .endOfFile: ssh.connectionLost("closed by the peer")
        case .failed(let error): ssh.connectionLost("\(error)")
        }
    }

    private func takeEvents() {
        while let event = ssh.nextEvent() { dispatch(event) }
    }

    private func dispatch(_ event: ServerEvent) {
        switch event {
        case .channelData(let id, let bytes):
            guard let end = end(id) else { break }
            guard let partner = end.partner else {
                // Whoever has the channel does not listen; the bytes are taken so that the peer can go on.
                ssh.consumed(id, bytes.count)
                break
            }
            return partner.write(bytes)
        case .channelWritable(let id):
            if let end = end(id) {
                while end.pump() {}
                return
            }
        case .channelEnded(let id):
            if let end = end(id) {
                end.partner?.finish()
                return
            }
        case .channelClosed(let id):
            if let end = end(id) {
                ends[Int(id.number)] = nil
                end.channelIsOver()
                return
            }
        case .keysRenewed:
            _ = pumpEnds()
            return
        case .keyExchangeWanted:
            loop?.requestHandshake(self)
            return
        case .authenticated:
            loop?.authenticated(self)
        case .closed(let end):
            return finish(end)
        case .keyOffered, .forwardRequested, .forwardCancelled, .channelOffered, .channelOpened, .channelRefused, .channelRequested,
            .refused, .hostKeyProved:
            break
        }
        session?.connection(self, did: event)
    }

    private func end(_ id: ChannelID) -> ChannelEnd? {
        let index = Int(id.number)
        return index < ends.count ? ends[index] : nil
    }

    /// Drops an end whose channel we have closed.
    func forget(_ end: ChannelEnd) {
        let index = Int(end.id.number)
        guard index < ends.count, ends[index] === end else { return }
        ends[index] = nil
        end.channelIsOver()
    }

    /// Moves waiting data into packets, one packet of each channel in turn, as far as it goes. Returns whether anything moved.
    private func pumpEnds() -> Bool {
        var moved = false
        var idle = 0
        while waitingEnds > 0, idle < ends.count {
            if nextTurn >= ends.count { nextTurn = 0 }
            let end = ends[nextTurn]
            nextTurn += 1
            if end?.pump() == true {
                moved = true
                idle = 0
            } else {
                idle += 1
            }
        }
        return moved
    }

    // MARK: Ending

    /// Ends a connection that no loop can take.
    func abandon(_ why: String) {
        ssh.connectionLost(why)
        session?.connectionEnded(self, .connectionLost(why))
        closeEnds()
        session = nil
    }

    private func closeEnds() {
        for end in ends { end?.channelIsOver() }
        ends = []
        waitingEnds = 0
    }

    private func finish(_ end: ConnectionEnd) {
        guard let loop else { return }
        loop.ended(self, end)
        session?.connectionEnded(self, end)
        closeEnds()
        isLingering = true
        _ = loop.events.schedule(after: loop.limits.linger) { [weak self] in
            if let self { self.loop?.remove(self) }
        }
        switch end {
        case .connectionLost, .disconnectedByPeer:
            // Nobody reads any more.
            isGone = true
        case .failed, .endedByUs: break
        }
        needsFlush()
    }

    /// Our last words are out: the peer sees the end of the stream, and what it still sends is read away so that its kernel keeps them.
    private func finishLastWords() {
        do throws(SystemError) {
            try Sockets.finishSending(socket.raw)
        } catch {
            loop?.remove(self)
            return
        }
        if interest != .read, let registration {
            interest = .read
            loop?.events.update(registration, interest: .read)
        }
    }

    private func discardInput() {
        guard let loop else { return }
        switch Sockets.receive(socket.raw, into: loop.scratch) {
        case .bytes, .wouldBlock: return
        case .endOfFile, .failed: loop.remove(self)
        }
    }
}
