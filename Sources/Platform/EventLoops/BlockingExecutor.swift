import SystemCalls

/// One thread for calls that block: SQLite, `getaddrinfo`, `fsync`, starting processes.
///
/// An actor that stores one and answers it as `unownedExecutor` lives on that thread; `run` does a single call there. It goes on until
/// `stop()`.
package final class BlockingExecutor: SerialExecutor, TaskExecutor {
    private enum Job: Sendable {
        case partial(UnownedJob)
        case body(@Sendable () -> Void)
    }

    private struct Queue {
        var jobs: [Job] = []
        var isStopping = false
        var isStopped = false
        var thread: UInt = 0
    }

    /// The thread's name.
    package let name: String
    private let queue = Monitor(Queue())

    /// Starts the thread.
    package init(name: String) {
        self.name = name
        Threads.start(name: name) { self.loop() }
    }

    /// Ends the thread when all that waits has run; returns then, or at once if called on it. Later jobs are lost.
    package func stop() {
        queue.withLock { $0.isStopping = true }
        if !isOnThread { _ = queue.wait { $0.isStopped ? true : nil } }
    }

    /// Whether the caller runs on this executor's thread.
    package var isOnThread: Bool { queue.withLock { $0.thread } == Threads.current }

    /// Takes a job; any thread.
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.withLock { if !$0.isStopped { $0.jobs.append(.partial(job)) } }
    }

    /// Traps unless called on the thread.
    package func checkIsolated() { precondition(isOnThread, "not on thread \(name)") }

    /// The same question without the trap.
    package func isIsolatingCurrentContext() -> Bool? { isOnThread }

    /// Needed because the type is two kinds of executor at once.
    package func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    /// Runs `body` on the thread after what waits already; from any thread.
    ///
    /// - Returns: false if the thread has stopped; then `body` never runs.
    @discardableResult
    package func submit(_ body: @escaping @Sendable () -> Void) -> Bool {
        queue.withLock {
            if !$0.isStopped { $0.jobs.append(.body(body)) }
            return !$0.isStopped
        }
    }

    /// Runs `body` on the thread and returns what it returns.
    ///
    /// Traps if the executor has stopped: nobody would ever answer.
    package func run<Value: Sendable, Failure: Error>(
        _ body: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
            let isAccepted = submit {
                do throws(Failure) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
            precondition(isAccepted, "thread \(name) has stopped")
        }
        return try result.get()
    }

    private func loop() {
        queue.withLock { $0.thread = Threads.current }
        while true {
            let batch = queue.wait { queue -> [Job]? in
                if queue.jobs.isEmpty {
                    guard queue.isStopping else { return nil }
                    queue.isStopped = true
                    queue.thread = 0
                    return []
                }
                defer { queue.jobs = [] }
                return queue.jobs
            }
            guard let batch, !batch.isEmpty else { break }
            for job in batch {
                switch job {
                case .partial(let job):
                    unsafe job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
                case .body(let body): body()
                }
            }
        }
        queue.withLock { _ in }  // tells those who wait in `stop`
    }
}
