import CLinux
import Glibc

/// Owns one open file descriptor and closes it at the end of its life.
///
/// There is one owner at a time: the type cannot be copied, so nothing is closed twice and nothing leaks on an early `return`.
package struct Descriptor: ~Copyable, Sendable {
    /// The number, for calls that take it; valid as long as this value lives.
    package let raw: Int32

    /// Takes over `raw`, which nobody else may close from now on.
    package init(owning raw: Int32) {
        precondition(raw >= 0, "a descriptor is never negative")
        self.raw = raw
    }

    deinit { Descriptor.close(raw) }

    /// Gives the number away; the caller has to close it.
    package consuming func release() -> Int32 {
        let number = raw
        discard self
        return number
    }

    /// A second descriptor for the same open file.
    package borrowing func duplicate() throws(SystemError) -> Descriptor {
        let raw = raw
        return Descriptor(owning: try retrying("dup") { fcntl(raw, F_DUPFD_CLOEXEC, 0) })
    }

    /// Closes `raw`.
    ///
    /// Errors that `close` reports about earlier writes are not errors here: who needs them calls `fsync` first.
    package static func close(_ raw: Int32) {
        if Glibc.close(raw) != 0 { precondition(errno != EBADF, "descriptor \(raw) was closed by someone else") }
    }

    /// Makes `raw` blocking or not.
    package static func setNonblocking(_ raw: Int32, _ isNonblocking: Bool) throws(SystemError) {
        let flags = try retrying("fcntl") { fcntl(raw, F_GETFL) }
        _ = try retrying("fcntl") { fcntl(raw, F_SETFL, isNonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) }
    }

    /// A pipe, both ends close-on-exec and blocking.
    package static func pipe() throws(SystemError) -> Pipe {
        var ends: (Int32, Int32) = (-1, -1)
        _ = try withUnsafeMutableBytes(of: &ends) { room throws(SystemError) in
            try retrying("pipe") { clinux_pipe(room.assumingMemoryBound(to: Int32.self).baseAddress) }
        }
        return Pipe(reading: Descriptor(owning: ends.0), writing: Descriptor(owning: ends.1))
    }

    /// Reads what is there, at most `buffer.count` bytes, from any kind of descriptor.
    package static func read(_ raw: Int32, into buffer: UnsafeMutableRawBufferPointer) -> IOResult {
        while true {
            let count = Glibc.read(raw, buffer.baseAddress, buffer.count)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .endOfFile }
            if errno != EINTR { return .refused("read") }
        }
    }

    /// Writes what fits, from any kind of descriptor.
    ///
    /// A pipe without a reader raises `SIGPIPE`, which daemons ignore (`Signals.ignoreBrokenPipes`).
    package static func write(_ raw: Int32, _ bytes: UnsafeRawBufferPointer) -> IOResult {
        while true {
            let count = Glibc.write(raw, bytes.baseAddress, bytes.count)
            if count >= 0 { return .bytes(count) }
            if errno != EINTR { return .refused("write") }
        }
    }
}

/// The two ends of a pipe.
package struct Pipe: ~Copyable, Sendable {
    /// Where bytes come out; end of file once every writing end is closed.
    package let reading: Descriptor
    /// Where bytes go in.
    package let writing: Descriptor

    init(reading: consuming Descriptor, writing: consuming Descriptor) {
        self.reading = reading
        self.writing = writing
    }

    /// Gives both ends away: first the reading one.
    package consuming func release() -> (reading: Int32, writing: Int32) {
        (reading.release(), writing.release())
    }
}

/// What one attempt to move bytes came to.
package enum IOResult: Sendable {
    /// So many bytes moved.
    case bytes(Int)
    /// The other side will send no more.
    case endOfFile
    /// Not now: wait for readiness.
    case wouldBlock
    /// The connection or file is unusable from now on.
    case failed(SystemError)

    /// Sorts the current `errno`.
    static func refused(_ call: StaticString) -> IOResult {
        let code = errno
        return code == EAGAIN || code == EWOULDBLOCK ? .wouldBlock : .failed(SystemError(errno: code, call: call.description))
    }
}
