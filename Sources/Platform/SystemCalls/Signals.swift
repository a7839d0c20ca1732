import CLinux
import Glibc

/// A signal's number, under the trade's name.
package struct Signal: RawRepresentable, Hashable, Sendable {
    /// The number of signal(7).
    package let rawValue: Int32
    /// The signal of this number.
    package init(rawValue: Int32) { self.rawValue = rawValue }

    /// `SIGTERM`: end in good order.
    package static let terminate = Signal(rawValue: SIGTERM)
    /// `SIGINT`: Ctrl-C.
    package static let interrupt = Signal(rawValue: SIGINT)
    /// `SIGHUP`: the terminal went away, or: read the settings again.
    package static let hangUp = Signal(rawValue: SIGHUP)
    /// `SIGKILL`: cannot be caught.
    package static let kill = Signal(rawValue: SIGKILL)
    /// `SIGCHLD`: a child changed.
    package static let child = Signal(rawValue: SIGCHLD)
    /// `SIGUSR1`.
    package static let user1 = Signal(rawValue: SIGUSR1)
    /// `SIGUSR2`.
    package static let user2 = Signal(rawValue: SIGUSR2)
    /// `SIGSTOP`: cannot be caught.
    package static let stop = Signal(rawValue: SIGSTOP)
    /// `SIGCONT`.
    package static let resume = Signal(rawValue: SIGCONT)
}

/// Signals taken from a descriptor instead of a handler.
///
/// Make one in `main` before anything starts a thread: from then on the signals are blocked in this thread and in all that it starts.
package struct Signals: ~Copyable, Sendable {
    private let descriptor: Descriptor

    /// Blocks `signals` and queues them here.
    package init(_ signals: [Signal]) throws(SystemError) {
        let numbers = signals.map(\.rawValue)
        descriptor = Descriptor(owning: try retrying("signalfd") { clinux_signalfd(numbers, numbers.count) })
    }

    /// The nonblocking descriptor to watch for reading; valid as long as this value lives.
    package var raw: Int32 { descriptor.raw }

    /// The next signal that arrived, or `nil` if there is none now.
    package borrowing func next() -> Signal? { Signals.next(descriptor.raw) }

    /// The next signal of a descriptor that somebody else keeps.
    package static func next(_ raw: Int32) -> Signal? {
        // signalfd_siginfo: 128 bytes, the signal's number first.
        withUnsafeTemporaryAllocation(byteCount: 128, alignment: 8) { room in
            guard case .bytes(128) = Descriptor.read(raw, into: room) else { return nil }
            return Signal(rawValue: room.load(as: Int32.self))
        }
    }

    /// Makes writing to a pipe or terminal that nobody reads an error (`EPIPE`) instead of the program's end. For `main`.
    package static func ignoreBrokenPipes() { _ = Glibc.signal(SIGPIPE, SIG_IGN) }
}
