import CLinux
import Glibc

/// How a child ended.
package enum ProcessEnd: Hashable, Sendable, CustomStringConvertible {
    /// By itself, with this status 0...255.
    case exited(Int32)
    /// By this signal.
    case signalled(Int32)

    /// Whether it ended by itself with status 0.
    package var isSuccess: Bool { self == .exited(0) }

    /// `status 1` or `signal 9`.
    package var description: String {
        switch self {
        case .exited(let status): "status \(status)"
        case .signalled(let signal): "signal \(signal)"
        }
    }
}

/// A child process of ours, from its start until its end was collected.
///
/// The child is collected exactly once, whoever asks first and from whichever thread; all others get the same answer. Dropping the last
/// reference to a child that still runs kills and collects it, so no zombie and no stray process stays.
package final class Process: Sendable {
    /// Its number; means this child only until its end was collected.
    package let pid: Int32
    private let descriptor: Descriptor
    private let state = Monitor<ProcessEnd?>(nil)

    init(pid: Int32, descriptor: consuming Descriptor) {
        self.pid = pid
        self.descriptor = descriptor
    }

    deinit {
        guard state.withLock({ $0 }) == nil else { return }
        _ = clinux_pidfd_signal(descriptor.raw, SIGKILL)
        _ = collect(blocking: true)
    }

    /// A descriptor that becomes readable when the child has ended: register it with an event loop, deregister it before dropping this.
    package var pidfd: Int32 { descriptor.raw }

    /// How it ended, or `nil` while it runs. Never blocks.
    package func reap() -> ProcessEnd? { collect(blocking: false) }

    /// Waits for the end. Blocks: not on a loop.
    package func wait() -> ProcessEnd {
        // Not under the lock, so that `reap` and `signal` stay free; readable means ended.
        var item = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
        while true {
            if let end = collect(blocking: false) { return end }
            _ = poll(&item, 1, -1)
        }
    }

    /// Waits for the end until `deadline`; `nil` if it still runs then. Blocks: not on a loop.
    package func wait(until deadline: MonotonicTime) -> ProcessEnd? {
        var item = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
        while true {
            if let end = collect(blocking: false) { return end }
            let left = (deadline - MonotonicClock.now).wholeNanoseconds
            guard left > 0 else { return nil }
            _ = poll(&item, 1, Int32(min((left + 999_999) / 1_000_000, 3_600_000)))
        }
    }

    /// Sends a signal to the child alone; false if it has ended, which is not an error.
    @discardableResult
    package func signal(_ signal: Signal) -> Bool {
        state.withLock { end in end == nil && clinux_pidfd_signal(descriptor.raw, signal.rawValue) == 0 }
    }

    /// Sends a signal to the child's process group; for children started as leader of a session or group.
    ///
    /// False once the child's end was collected, because the number may then mean others.
    @discardableResult
    package func signalGroup(_ signal: Signal) -> Bool {
        state.withLock { end in end == nil && Glibc.kill(-pid, signal.rawValue) == 0 }
    }

    private func collect(blocking: Bool) -> ProcessEnd? {
        state.withLock { end in
            if let end { return end }
            var code: Int32 = 0
            var isSignalled: Int32 = 0
            while true {
                let status = clinux_reap(descriptor.raw, pid, blocking ? 1 : 0, &code, &isSignalled)
                if status == 0 { return nil }
                if status < 0 {
                    precondition(errno == EINTR, "child \(pid) was collected by someone else")
                    continue
                }
                Processes.forget(pid)
                end = isSignalled != 0 ? .signalled(code) : .exited(code)
                return end
            }
        }
    }
}
