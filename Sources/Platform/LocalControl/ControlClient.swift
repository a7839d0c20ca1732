import SystemCalls

/// The asking side of local control.
package enum ControlClient {
    /// Sends one request to the daemon that listens at `path` and returns its reply. Blocks: for programs of one command, or a
    /// `BlockingExecutor`.
    ///
    /// - Parameter timeout: for the whole exchange.
    /// - Throws: `.notRunning` if nobody listens, `.notAllowed` if the file's permissions refuse us, `.noAnswer` if the daemon hung up.
    ///   What the reply says is not looked at.
    package static func call(
        path: String, _ request: [UInt8], timeout: Duration = .seconds(30), limits: ControlLimits = ControlLimits()
    ) throws(ControlError) -> [UInt8] {
        guard request.count <= limits.requestSize else { throw .tooLarge(limit: limits.requestSize) }
        let deadline = MonotonicClock.now + timeout
        let socket = try connect(path, deadline)
        try send(socket.raw, request, deadline)
        do throws(SystemError) { try Sockets.finishSending(socket.raw) } catch { throw .failed(error) }
        return try receive(socket.raw, limit: limits.replySize, deadline)
    }

    private static func connect(_ path: String, _ deadline: MonotonicTime) throws(ControlError) -> Descriptor {
        guard path.utf8.count <= Sockets.maximumUnixPathLength else { throw .pathTooLong(path: path) }
        let patience = Monitor(())
        while true {
            do throws(SystemError) {
                return try Sockets.connectUnix(to: path, isBlocking: false)
            } catch {
                switch error.kind {
                case .absent, .refused: throw .notRunning(path: path)
                case .forbidden: throw .notAllowed(path: path)
                // Too many wait in the queue; the kernel offers nothing to wait on.
                case .busy where MonotonicClock.now < deadline:
                    _ = patience.wait(until: min(deadline, MonotonicClock.now + .milliseconds(20))) { _ in nil as Void? }
                case .busy: throw .timedOut
                default: throw .failed(error)
                }
            }
        }
    }

    private static func send(_ raw: Int32, _ request: [UInt8], _ deadline: MonotonicTime) throws(ControlError) {
        var sent = 0
        while sent < request.count {
            switch request.withUnsafeBytes({ Sockets.send(raw, UnsafeRawBufferPointer(rebasing: $0[sent...])) }) {
            case .bytes(let count): sent += count
            case .wouldBlock: guard Files.waitUntilReady(raw, toRead: false, until: deadline) else { throw .timedOut }
            case .endOfFile: return
            case .failed(let error):
                if error.kind == .disconnected { throw .noAnswer }
                throw .failed(error)
            }
        }
    }

    private static func receive(_ raw: Int32, limit: Int, _ deadline: MonotonicTime) throws(ControlError) -> [UInt8] {
        var reply: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 65_536)
        while true {
            switch room.withUnsafeMutableBytes({ Sockets.receive(raw, into: $0) }) {
            case .bytes(let count):
                guard reply.count + count <= limit else { throw .tooLarge(limit: limit) }
                reply += room[..<count]
            case .wouldBlock: guard Files.waitUntilReady(raw, toRead: true, until: deadline) else { throw .timedOut }
            case .endOfFile where !reply.isEmpty: return reply
            // A daemon that refuses us, or that died, closes with our request unread.
            case .endOfFile, .failed: throw .noAnswer
            }
        }
    }
}
