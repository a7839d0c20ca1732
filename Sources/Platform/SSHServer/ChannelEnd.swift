package import SSHProtocol

/// Hears about the end of a channel that it put an end on.
package protocol ChannelEndObserver: AnyObject {
    /// The channel is over; nothing more comes from it or goes to it. Called once.
    func channelEndClosed(_ end: ChannelEnd)
    /// All that waited has been sent.
    func channelEndEmptied(_ end: ChannelEnd)
}

extension ChannelEndObserver {
    /// Does nothing: for who writes as much as it likes.
    package func channelEndEmptied(_ end: ChannelEnd) {}
}

/// One channel of one socket, with the bytes that wait to be sent on it.
///
/// Two ends that are partners are a bridge: what comes from one is sent on the other. The window is the back-pressure: bytes received on one
/// end are granted anew only when they have been sent on its partner, so what waits here is never more than the partner's window, and
/// a slow reader stalls its own bridge and nothing else. Owned by its connection; used on the connection's loop only.
package final class ChannelEnd {
    /// What follows the waiting bytes.
    private enum Ending: Equatable {
        case none
        case endOfFile
        case close(exitStatus: UInt32?)
    }

    /// The connection it is a channel of.
    package unowned let connection: SocketConnection
    /// Its number there.
    package let id: ChannelID
    /// Data bytes sent on this channel.
    package private(set) var sentBytes: UInt64 = 0
    /// Who wants to know when it is over.
    private var observer: (any ChannelEndObserver)?

    // Partners hold each other until one of them is over, which always comes: at the latest with its connection.
    private(set) var partner: ChannelEnd?
    private var waiting = ByteQueue()
    /// What a command wrote to its standard error: sent behind `waiting`.
    private var waitingErrors: [UInt8] = []
    private var ending = Ending.none
    /// Whether bytes, or an ending behind them, wait for the window or the socket.
    package var isWaiting: Bool { !waiting.isEmpty || !waitingErrors.isEmpty }

    init(_ connection: SocketConnection, _ id: ChannelID, observer: (any ChannelEndObserver)?) {
        self.connection = connection
        self.id = id
        self.observer = observer
    }

    /// Makes two ends partners: a bridge. Both on connections of the same loop.
    package static func join(_ one: ChannelEnd, _ other: ChannelEnd) {
        precondition(one.connection.loop === other.connection.loop, "a bridge lives on one loop")
        one.partner = other
        other.partner = one
    }

    /// Sends `bytes` as far as window and socket allow; the rest waits.
    package func write(_ bytes: UnsafeRawBufferPointer) {
        guard ending == .none else { return }
        var rest = bytes
        if !isWaiting {
            let sent = send(rest)
            rest = UnsafeRawBufferPointer(rebasing: rest[sent...])
        }
        guard !rest.isEmpty else { return }
        if !isWaiting { connection.waitingEnds += 1 }
        waiting.append(rest)
    }

    /// Sends what a command wrote to its standard error, behind all that waits. The caller bounds it: a command's complaint is one line.
    package func writeError(_ bytes: UnsafeRawBufferPointer) {
        guard ending == .none, !bytes.isEmpty else { return }
        if !isWaiting { connection.waitingEnds += 1 }
        waitingErrors += bytes
        while pump() {}
    }

    /// Closes the channel at once: what waits is lost, on both sides of a bridge.
    package func abort() {
        forgetWaiting()
        ending = .close(exitStatus: nil)
        performEnding()
    }

    /// Sends EOF behind what waits.
    package func finish() {
        if ending == .none { end(.endOfFile) }
    }

    /// Closes the channel behind what waits, after telling a command's exit status if there is one.
    package func close(exitStatus: UInt32? = nil) {
        if case .close = ending { return }
        end(.close(exitStatus: exitStatus))
    }

    /// Sends one packet of what waits. Returns whether anything was sent.
    func pump() -> Bool {
        guard isWaiting else { return false }
        let sent: Int
        if waiting.isEmpty {
            sent = sendErrorPacket()
            waitingErrors.removeFirst(sent)
        } else {
            sent = sendPacket(UnsafeRawBufferPointer(waiting.bytes))
            waiting.consume(sent)
        }
        guard sent > 0 else { return false }
        if !isWaiting {
            waiting.releaseIfEmpty()
            connection.waitingEnds -= 1
            performEnding()
            observer?.channelEndEmptied(self)
        }
        return true
    }

    /// Says that the channel is over: nothing more can be sent on it.
    func channelIsOver() {
        forgetWaiting()
        ending = .close(exitStatus: nil)
        let partner = partner
        self.partner = nil
        partner?.partner = nil
        partner?.close()
        let observer = observer
        self.observer = nil
        observer?.channelEndClosed(self)
    }

    private func end(_ ending: Ending) {
        self.ending = ending
        if !isWaiting { performEnding() }
    }

    private func forgetWaiting() {
        if isWaiting { connection.waitingEnds -= 1 }
        waiting.removeAll()
        waitingErrors = []
    }

    private func performEnding() {
        switch ending {
        case .none: return
        case .endOfFile:
            connection.ssh.sendEOF(id)
        case .close(let exitStatus):
            if let exitStatus { connection.ssh.sendExitStatus(id, exitStatus) }
            connection.ssh.sendEOF(id)
            connection.ssh.close(id)
            connection.forget(self)
        }
        connection.needsFlush()
    }

    private func send(_ bytes: UnsafeRawBufferPointer) -> Int {
        var sent = 0
        while sent < bytes.count {
            let count = sendPacket(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
            if count == 0 { break }
            sent += count
        }
        return sent
    }

    /// Sends at most one packet of standard error; 0 if nothing may be sent now.
    private func sendErrorPacket() -> Int {
        let count = min(connection.ssh.sendCapacity(id), waitingErrors.count)
        guard count > 0 else { return 0 }
        waitingErrors.withUnsafeBytes { connection.ssh.sendStandardError(id, UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        connection.needsFlush()
        return count
    }

    /// Sends at most one packet from the front of `bytes`; 0 if nothing may be sent now. The partner's peer is granted as much again.
    private func sendPacket(_ bytes: UnsafeRawBufferPointer) -> Int {
        let count = min(connection.ssh.sendCapacity(id), bytes.count)
        guard count > 0 else { return 0 }
        connection.ssh.send(id, UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        connection.needsFlush()
        sentBytes += UInt64(count)
        if let partner {
            partner.connection.ssh.consumed(partner.id, count)
            partner.connection.needsFlush()
        }
        return count
    }
}
