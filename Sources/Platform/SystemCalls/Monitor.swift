import CLinux
import Glibc

/// A value shared by threads: guarded by one lock, with threads that wait until it satisfies a condition.
///
/// For blocking threads only; a loop or the cooperative pool may use `withLock`, which is held for moments, but never `wait`.
/// A lock of the C library, which the thread sanitizer understands (it takes `Synchronization.Mutex` for no lock at all).
// @unchecked: `state` is touched only with `mutex` held.
package final class Monitor<State>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var state: State

    /// A monitor around `state`.
    package init(_ state: sending State) {
        self.state = state
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        precondition(pthread_mutex_init(mutex, nil) == 0 && pthread_cond_init(condition, &attributes) == 0, "a lock needs only memory")
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Reads or changes the value, then lets all waiting threads look at it again.
    package func withLock<Result, Failure>(_ body: (inout State) throws(Failure) -> Result) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(condition)
            pthread_mutex_unlock(mutex)
        }
        return try body(&state)
    }

    /// Waits until `body` returns something, and returns it; `nil` once `deadline` has passed.
    ///
    /// - Parameters:
    ///   - deadline: `nil` waits for ever.
    ///   - body: looks at the value, or changes it, under the lock; called at first and after every change.
    package func wait<Result>(until deadline: MonotonicTime? = nil, for body: (inout State) -> Result?) -> Result? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state) { return result }
            guard let deadline else {
                pthread_cond_wait(condition, mutex)
                continue
            }
            var time = timespec(
                tv_sec: Int(deadline.nanoseconds / 1_000_000_000), tv_nsec: Int(deadline.nanoseconds % 1_000_000_000))
            if pthread_cond_timedwait(condition, mutex, &time) == ETIMEDOUT { return body(&state) }
        }
    }
}

/// Starts threads of our own.
package enum Threads {
    /// Starts a detached thread named `name` (at most 15 bytes are shown) that runs `body` with every signal blocked.
    ///
    /// Signals are taken through `Signals` by a loop, never by a handler on whichever thread the kernel picks.
    package static func start(name: String, _ body: @escaping @Sendable () -> Void) {
        final class Start: Sendable {
            let name: String
            let body: @Sendable () -> Void
            init(name: String, body: @escaping @Sendable () -> Void) {
                self.name = name
                self.body = body
            }
        }
        var all = sigset_t()
        var kept = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &kept)
        defer { pthread_sigmask(SIG_SETMASK, &kept, nil) }
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        let status = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                _ = clinux_name_thread(start.name)  // the kernel cuts it; a name is only a help
                start.body()
                return nil
            }, start.toOpaque())
        pthread_attr_destroy(&attributes)
        precondition(status == 0, "starting thread \(name): \(SystemError(errno: status, call: "pthread_create").reason)")
    }

    /// Names the calling thread; on the first thread, what `ps` and `top` show for the program. At most 15 bytes are kept.
    package static func nameCurrent(_ name: String) {
        _ = clinux_name_thread(name)  // a name is only a help
    }

    /// A number that tells the calling thread from all others that live.
    package static var current: UInt { UInt(pthread_self()) }
}
