package import EventLoops
package import SystemCalls

/// Reads lines of text from a pipe as they come, on a loop.
///
/// Lines end with LF; a CR before it is dropped. Longer lines than `maximumLine` are cut, and invalid UTF-8 is replaced.
package final class LineReader: ReadinessHandler {
    /// How many bytes of a line are kept.
    package static let maximumLine = 8192

    private let loop: EventLoop
    private let pipe: Descriptor
    private let line: (String) -> Void
    private let ended: () -> Void
    private var registration: Registration?
    private var current: [UInt8] = []

    /// Reads from `pipe` until its end, on the loop.
    ///
    /// - Parameters:
    ///   - line: gets each line without its line end.
    ///   - ended: called once after the last line; not after `close()`.
    package init(
        loop: EventLoop, pipe: consuming Descriptor, line: @escaping (String) -> Void, ended: @escaping () -> Void
    ) throws(SystemError) {
        self.loop = loop
        self.pipe = pipe
        self.line = line
        self.ended = ended
        try Descriptor.setNonblocking(self.pipe.raw, true)
        registration = try loop.register(self.pipe.raw, interest: .read, handler: self)
    }

    /// Reads no more. Closing twice is not an error.
    package func close() {
        if let registration { loop.deregister(registration) }
        registration = nil
    }

    /// Delivers what is in the pipe now, without waiting for the loop to say so.
    package func catchUp() {
        // Bounded: a pipe holds 64 KiB unless somebody goes on writing.
        for _ in 0..<16 where registration != nil { if !readSome() { break } }
    }

    /// Delivers what is in the pipe now, then closes: for a process that has ended, whose pipe others may still hold open.
    package func drain() {
        catchUp()
        finish()
    }

    package func ready(_ readiness: Readiness) { _ = readSome() }

    /// Whether there may be more.
    private func readSome() -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: 1) { room in
            switch Descriptor.read(pipe.raw, into: room) {
            case .bytes(let count):
                for byte in room[..<count] { take(byte) }
                return registration != nil
            case .wouldBlock: return false
            case .endOfFile, .failed:
                finish()
                return false
            }
        }
    }

    private func take(_ byte: UInt8) {
        if byte == 0x0a {
            deliver()
        } else if current.count < Self.maximumLine {
            current.append(byte)
        }
    }

    private func deliver() {
        if current.last == 0x0d { current.removeLast() }
        let text = String(decoding: current, as: UTF8.self)
        current.removeAll(keepingCapacity: true)
        if registration != nil { line(text) }
    }

    private func finish() {
        guard registration != nil else { return }
        if !current.isEmpty { deliver() }
        guard registration != nil else { return }
        close()
        ended()
    }
}
