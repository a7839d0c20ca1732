import CHTTP
import EventLoops
import SystemCalls

/// One connection of a peer, and the request that it is busy with; a value of its engine's loop.
final class PeerConnection {
    /// What the connection does, which decides what its deadline means and whether it may make room for others.
    enum Phase {
        /// No whole header has come since `accept` or since the last answer.
        case waiting
        /// The header was fine; the body arrives.
        case receiving
        /// The handler is at work; libmicrohttpd does not look at the socket.
        case answering
        /// The answer is there and leaves.
        case replying
        /// Events leave as they come.
        case streaming
        /// It was told to end; libmicrohttpd will find out.
        case closing
    }

    /// Whose it is.
    unowned let engine: Engine
    /// Never used again for another connection of the server.
    let number: Int
    /// The socket, which is libmicrohttpd's.
    let raw: Int32
    let peer: SocketAddress
    /// libmicrohttpd's name for it, once that knows it.
    var handle: OpaquePointer?
    var phase = Phase.waiting
    /// When the phase has taken too long.
    var deadline: MonotonicTime
    /// When the phase began: the oldest makes room first.
    var since: MonotonicTime
    /// libmicrohttpd does not look at the socket until it is resumed.
    var isSuspended = false

    // Of the request under way.
    var request: HTTPRequest?
    var response: HTTPResponse?
    /// The handler at work, or what takes events from their stream.
    var task: Task<Void, Never>?
    /// Bytes of events that have not left, from `sent` on.
    var pending: [UInt8] = []
    var sent = 0
    /// No more events will come.
    var isStreamOver = false
    /// Waits until `pending` has left; told whether the stream goes on.
    var waitingForRoom: CheckedContinuation<Bool, Never>?
    /// When bytes of the stream were last handed over.
    var lastSent = MonotonicTime.zero

    init(engine: Engine, number: Int, raw: Int32, peer: SocketAddress, now: MonotonicTime, deadline: MonotonicTime) {
        self.engine = engine
        self.number = number
        self.raw = raw
        self.peer = peer
        self.since = now
        self.deadline = deadline
    }

    /// Goes over to `phase`.
    func enter(_ phase: Phase, at now: MonotonicTime, for time: Duration) {
        self.phase = phase
        since = now
        deadline = now + time
    }

    /// Forgets the request; the handler or the stream is told.
    func endRequest() {
        task?.cancel()
        task = nil
        request = nil
        response = nil
        pending = []
        sent = 0
        isStreamOver = false
        waitingForRoom?.resume(returning: false)
        waitingForRoom = nil
    }
}
