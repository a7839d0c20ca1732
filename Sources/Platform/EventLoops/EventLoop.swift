import CLinux
import Glibc
import Synchronization
package import SystemCalls

/// One thread with one epoll descriptor: runs readiness handlers, jobs of the actors pinned to it, and timers, one after the other.
///
/// It is itself the executor of those actors: an actor stores its loop and answers it as `unownedExecutor`; a handler on the loop then
/// enters it by `assumeIsolated` without a hop. Everything marked "on the loop" traps elsewhere, and may also be called before `start()`
/// by the thread that made the loop.
///
/// A batch is: what epoll reports (at most `eventsPerBatch`), then the jobs that were waiting, then due timers, then the observers.
/// What these add waits for the next batch, so no source can starve another. Descriptors that are `Interest.patient` are watched together
/// as one of the others: however many of them there is something to hear of, a batch hears of at most `eventsPerBatch`.
// @unchecked: each stored property is under the heading of the thread or lock that guards it.
package final class EventLoop: SerialExecutor, @unchecked Sendable {
    /// How many descriptors one batch looks at; the others are reported by the next. What a batch makes is sent at its end, so it is short.
    static let eventsPerBatch = 8

    private enum Job {
        case partial(UnownedJob)
        case body(@Sendable () -> Void)
    }

    /// What other threads leave for the loop.
    private struct Inbox {
        var jobs: [Job] = []
        /// The loop sleeps, or is about to: the next job has to wake it.
        var isSleeping = false
        var isStopping = false
        /// The thread will look at nothing any more.
        var isStopped = false
    }

    private struct Slot {
        var generation: UInt32 = 0
        var interest: Interest = []
        var handler: (any ReadinessHandler)?
    }

    // Fixed after init.
    /// The thread's name.
    package let name: String
    private let epoll: Descriptor
    /// What watches the patient ones; watched itself by `epoll`.
    private let patience: Descriptor
    private let wake: Descriptor
    private let stopped = Monitor(false)

    // Guarded by themselves.
    private let inbox = Monitor(Inbox())
    /// The loop's thread; 0 before it starts and after it ended.
    private let thread = Atomic<UInt>(0)
    private let hasStarted = Atomic<Bool>(false)

    // Owned by the loop's thread (before `start`: by the thread that made the loop).
    private var slots: [Slot] = []
    private var registrations = 0
    private var lastGeneration: UInt32 = 0
    private let timers = TimerHeap()
    private var observers: [any BatchObserver] = []
    private var running: [Job] = []
    private var tick: MonotonicTime
    private var lastLag: Duration = .zero
    private let events: UnsafeMutablePointer<epoll_event>
    private let patientEvents: UnsafeMutablePointer<epoll_event>

    /// A loop that does not run yet.
    ///
    /// - Throws: when descriptors run out; three are taken.
    package init(name: String) throws(SystemError) {
        self.name = name
        epoll = try Self.makeEpoll()
        patience = try Self.makeEpoll()
        let wake = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard wake >= 0 else { throw SystemError(errno: errno, call: "eventfd") }
        self.wake = Descriptor(owning: wake)
        tick = MonotonicClock.now
        events = .allocate(capacity: Self.eventsPerBatch)
        patientEvents = .allocate(capacity: Self.eventsPerBatch)
        // Generation 0 is that of the loop's own descriptors.
        try control(EPOLL_CTL_ADD, wake, .read, generation: 0)
        try control(EPOLL_CTL_ADD, patience.raw, .read, generation: 0)
    }

    deinit {
        events.deallocate()
        patientEvents.deallocate()
    }

    private static func makeEpoll() throws(SystemError) -> Descriptor {
        let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw SystemError(errno: errno, call: "epoll_create1") }
        return Descriptor(owning: epoll)
    }

    // MARK: Life

    /// Starts the thread. The loop lives until `stop()`; forgetting that leaks the thread.
    package func start() {
        precondition(!hasStarted.exchange(true, ordering: .acquiringAndReleasing), "a loop starts once")
        Threads.start(name: name) { self.run() }
    }

    /// Ends the loop after the current batch and the jobs that are waiting by then; from any thread, any number of times.
    ///
    /// Returns when the thread has ended, or at once if called on the loop. Registrations, timers and observers are dropped (their
    /// descriptors stay their owners'). A job that arrives later is lost, so the actors on the loop must have finished.
    package func stop() {
        if !hasStarted.exchange(true, ordering: .acquiringAndReleasing) {
            // Never ran: nobody will, so this thread ends it.
            inbox.withLock { $0.isStopping = true }
            run()
            return
        }
        let wakes = inbox.withLock { inbox in
            inbox.isStopping = true
            defer { inbox.isSleeping = false }
            return inbox.isSleeping
        }
        if wakes { wakeUp() }
        if !isOnLoop { _ = stopped.wait { $0 ? true : nil } }
    }

    /// Whether the caller runs on the loop's thread.
    package var isOnLoop: Bool { thread.load(ordering: .relaxed) == Threads.current }

    // MARK: Executor

    /// Takes a job of an actor pinned to this loop; any thread.
    package func enqueue(_ job: consuming ExecutorJob) { _ = add(.partial(UnownedJob(job))) }

    /// Traps unless called on the loop: what `assumeIsolated` of the loop's actors asks.
    package func checkIsolated() { precondition(isOnLoop, "not on the thread of loop \(name)") }

    /// The same question without the trap.
    package func isIsolatingCurrentContext() -> Bool? { isOnLoop }

    /// Runs `body` on the loop, after what was submitted before; from any thread.
    ///
    /// - Returns: false if the loop has stopped; then `body` never runs.
    @discardableResult
    package func submit(_ body: @escaping @Sendable () -> Void) -> Bool { add(.body(body)) }

    private func add(_ job: Job) -> Bool {
        let (isAccepted, wakes) = inbox.withLock { inbox in
            if inbox.isStopped { return (false, false) }
            inbox.jobs.append(job)
            defer { inbox.isSleeping = false }
            return (true, inbox.isSleeping)
        }
        if wakes { wakeUp() }
        return isAccepted
    }

    private func wakeUp() {
        var one: UInt64 = 1
        // The counter cannot overflow (one write a batch), so the only failure is a closed descriptor: `Descriptor.write` traps.
        _ = withUnsafeBytes(of: &one) { Descriptor.write(wake.raw, $0) }
    }

    // MARK: Descriptors (on the loop)

    /// Watches `descriptor`, which stays the caller's, until `deregister`; `handler` is kept as long.
    ///
    /// - Throws: `EPERM` for descriptors that cannot be watched (regular files), `ENOSPC` or `ENOMEM` from the kernel.
    package func register(
        _ descriptor: Int32, interest: Interest, handler: any ReadinessHandler
    ) throws(SystemError) -> Registration {
        preconditionOwned()
        let index = Int(descriptor)
        while slots.count <= index { slots.append(Slot()) }
        precondition(slots[index].handler == nil, "descriptor \(descriptor) is registered already")
        lastGeneration = lastGeneration == .max ? 1 : lastGeneration + 1
        try control(EPOLL_CTL_ADD, descriptor, interest, generation: lastGeneration)
        slots[index] = Slot(generation: lastGeneration, interest: interest, handler: handler)
        registrations += 1
        return Registration(descriptor: descriptor, generation: lastGeneration)
    }

    /// Changes what is reported. An empty interest still reports errors and hang-ups; a shared listener stays one.
    ///
    /// - Cost: a system call (two for a shared listener), or nothing if `interest` is what it was.
    package func update(_ registration: Registration, interest: Interest) {
        preconditionOwned()
        let index = slot(of: registration)
        let old = slots[index].interest
        let new = interest.union(old.intersection(.marks))
        guard old != new else { return }
        slots[index].interest = new
        let (descriptor, generation) = (registration.descriptor, registration.generation)
        do throws(SystemError) {
            if new.contains(.exclusive) {
                // epoll_ctl(2): an exclusive one cannot be modified.
                try control(EPOLL_CTL_DEL, descriptor, old, generation: generation)
                try control(EPOLL_CTL_ADD, descriptor, new, generation: generation)
            } else {
                try control(EPOLL_CTL_MOD, descriptor, new, generation: generation)
            }
        } catch {
            preconditionFailure("\(error): a descriptor is deregistered before it is closed")
        }
    }

    /// Ends a registration's patience: from now on it is heard with those that were never patient.
    ///
    /// - Throws: `ENOSPC` or `ENOMEM` from the kernel; it then stays patient.
    package func endPatience(of registration: Registration) throws(SystemError) {
        preconditionOwned()
        let index = slot(of: registration)
        let old = slots[index].interest
        guard old.contains(.patient) else { return }
        let new = old.subtracting(.patient)
        try control(EPOLL_CTL_ADD, registration.descriptor, new, generation: registration.generation)
        slots[index].interest = new
        leave(registration, old)
    }

    /// Stops watching; the handler is not called any more, not even for events of the current batch. Before the descriptor is closed.
    package func deregister(_ registration: Registration) {
        preconditionOwned()
        let index = slot(of: registration)
        slots[index].handler = nil
        registrations -= 1
        leave(registration, slots[index].interest)
    }

    private func leave(_ registration: Registration, _ interest: Interest) {
        do throws(SystemError) {
            try control(EPOLL_CTL_DEL, registration.descriptor, interest, generation: registration.generation)
        } catch {
            preconditionFailure("\(error): a descriptor is deregistered before it is closed")
        }
    }

    /// How many descriptors are watched.
    package var registrationCount: Int { registrations }

    private func slot(of registration: Registration) -> Int {
        let index = Int(registration.descriptor)
        precondition(
            index < slots.count && slots[index].handler != nil && slots[index].generation == registration.generation,
            "registration of descriptor \(registration.descriptor) has ended")
        return index
    }

    private func control(_ operation: Int32, _ descriptor: Int32, _ interest: Interest, generation: UInt32) throws(SystemError) {
        var event = epoll_event()
        event.events = interest.kernelForm
        event.data.u64 = UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
        let watching = interest.contains(.patient) ? patience.raw : epoll.raw
        guard epoll_ctl(watching, operation, descriptor, &event) == 0 else { throw SystemError(errno: errno, call: "epoll_ctl") }
    }

    // MARK: Time (on the loop)

    /// When this batch began: what handlers take for "now" without asking the kernel.
    package var now: MonotonicTime { tick }

    /// How long the last batch took, so how late everything else was: what health reports show.
    package var lag: Duration { lastLag }

    /// Runs `body` once, `delay` after now (not within this batch, even for zero).
    package func schedule(after delay: Duration, _ body: @escaping () -> Void) -> Timer {
        schedule(at: tick + delay, period: nil, body)
    }

    /// Runs `body` once at `deadline`.
    package func schedule(at deadline: MonotonicTime, _ body: @escaping () -> Void) -> Timer {
        schedule(at: deadline, period: nil, body)
    }

    /// Runs `body` every `period` (more than zero), first one period from now, until cancelled. Missed times are skipped.
    package func schedule(every period: Duration, _ body: @escaping () -> Void) -> Timer {
        precondition(period > .zero, "a period is longer than nothing")
        return schedule(at: tick + period, period: period, body)
    }

    private func schedule(at deadline: MonotonicTime, period: Duration?, _ body: @escaping () -> Void) -> Timer {
        preconditionOwned()
        let timer = Timer(deadline: deadline, period: period, heap: timers, body: body)
        timers.insert(timer)
        return timer
    }

    /// How many timers are pending.
    package var timerCount: Int { timers.count }

    // MARK: Ends of batches (on the loop)

    /// Calls `observer` at the end of every batch, after the observers added before, until it is removed or the loop stops.
    package func addBatchObserver(_ observer: any BatchObserver) {
        preconditionOwned()
        observers.append(observer)
    }

    /// Stops calling `observer`.
    package func removeBatchObserver(_ observer: any BatchObserver) {
        preconditionOwned()
        observers.removeAll { $0 === observer }
    }

    // MARK: The thread

    private func preconditionOwned() {
        let owner = thread.load(ordering: .relaxed)
        precondition(
            owner == Threads.current || owner == 0 && !hasStarted.load(ordering: .relaxed), "not on the thread of loop \(name)")
    }

    private func run() {
        thread.store(Threads.current, ordering: .relaxed)
        var goesOn = true
        while goesOn {
            let count = waitForEvents()
            tick = MonotonicClock.now
            timers.beginBatch(at: tick)
            dispatch(events, count)
            goesOn = runJobs()
            timers.runDue()
            for observer in observers { observer.batchEnded() }
            lastLag = MonotonicClock.now - tick
        }
        for index in slots.indices { slots[index].handler = nil }
        timers.removeAll()
        observers = []
        thread.store(0, ordering: .relaxed)
        stopped.withLock { $0 = true }
    }

    /// Sleeps until something happens: a descriptor, a job, or the earliest timer.
    private func waitForEvents() -> Int {
        let sleeps = inbox.withLock { inbox in
            inbox.isSleeping = inbox.jobs.isEmpty && !inbox.isStopping
            return inbox.isSleeping
        }
        var timeout: Int32 = sleeps ? -1 : 0
        if sleeps, let deadline = timers.nextDeadline {
            let nanoseconds = max(0, (deadline - MonotonicClock.now).wholeNanoseconds)
            // Rounded up, so that the loop does not wake just before a deadline and spin until it has come.
            timeout = Int32(min((nanoseconds + 999_999) / 1_000_000, 3_600_000))
        }
        return Self.wait(epoll.raw, events, timeout)
    }

    private static func wait(_ epoll: Int32, _ events: UnsafeMutablePointer<epoll_event>, _ timeout: Int32) -> Int {
        let count = epoll_wait(epoll, events, Int32(eventsPerBatch), timeout)
        if count < 0 { precondition(errno == EINTR, SystemError(errno: errno, call: "epoll_wait").description) }
        return max(0, Int(count))
    }

    private func dispatch(_ events: UnsafeMutablePointer<epoll_event>, _ count: Int) {
        for index in 0..<count {
            let key = events[index].data.u64
            let generation = UInt32(truncatingIfNeeded: key >> 32)
            let slot = Int(UInt32(truncatingIfNeeded: key))
            if generation == 0 {
                if slot == Int(patience.raw) {
                    dispatch(patientEvents, Self.wait(patience.raw, patientEvents, 0))
                } else {
                    var counter: UInt64 = 0
                    _ = withUnsafeMutableBytes(of: &counter) { Descriptor.read(wake.raw, into: $0) }
                }
                continue
            }
            // Ended, or ended and registered anew, by a handler earlier in this batch.
            guard slots[slot].generation == generation, let handler = slots[slot].handler else { continue }
            handler.ready(Readiness(rawValue: events[index].events))
        }
    }

    /// Runs the jobs that wait now; false if the loop has to end.
    private func runJobs() -> Bool {
        let goesOn = inbox.withLock { inbox in
            inbox.isSleeping = false
            swap(&inbox.jobs, &running)
            if inbox.isStopping, running.isEmpty { inbox.isStopped = true }
            return !inbox.isStopped
        }
        for job in running {
            switch job {
            case .partial(let job): unsafe job.runSynchronously(on: asUnownedSerialExecutor())
            case .body(let body): body()
            }
        }
        running.removeAll(keepingCapacity: true)
        return goesOn
    }
}
