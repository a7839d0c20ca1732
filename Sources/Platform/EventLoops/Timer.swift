package import SystemCalls

/// A body that a loop runs once or again and again at a time. Belongs to its loop: used on that loop's thread only.
///
/// Nothing keeps a timer but its loop while it is pending: an owner may drop it without stopping it. The body is let go when it has run
/// for the last time or was cancelled, so a body that holds the timer's owner makes no lasting cycle.
package final class Timer {
    /// When it is due, or was last.
    package fileprivate(set) var deadline: MonotonicTime
    fileprivate let period: Duration?
    fileprivate var body: (() -> Void)?
    fileprivate let heap: TimerHeap
    /// Where it stands in the heap; -1 when it is not pending.
    fileprivate var position = -1
    fileprivate var order: UInt64 = 0

    init(deadline: MonotonicTime, period: Duration?, heap: TimerHeap, body: @escaping () -> Void) {
        self.deadline = deadline
        self.period = period
        self.heap = heap
        self.body = body
    }

    /// Whether it will still run.
    package var isPending: Bool { position >= 0 }

    /// Makes sure that it does not run any more, even if it was due in this very batch. Cancelling twice is not an error.
    /// - Cost: O(log n) of the loop's pending timers.
    package func cancel() {
        heap.remove(self)
        body = nil
    }

    /// Moves a pending timer to `deadline`; cheaper than a new one, and what a keepalive does with every sign of life.
    ///
    /// - Returns: whether it was pending. One that ran or was cancelled is not brought back.
    @discardableResult
    package func move(to deadline: MonotonicTime) -> Bool {
        guard isPending else { return false }
        heap.remove(self)
        self.deadline = deadline
        heap.insert(self)
        return true
    }
}

/// Pending timers, the earliest first; timers of one deadline in the order of their scheduling.
final class TimerHeap {
    private var timers: [Timer] = []
    /// How many were ever scheduled or moved: the order of the newest.
    private var scheduled: UInt64 = 0
    /// When the current batch began, and the newest timer then.
    private var batch = (start: MonotonicTime.zero, newest: UInt64(0))

    /// When the earliest is due.
    var nextDeadline: MonotonicTime? { timers.first?.deadline }

    /// How many are pending.
    var count: Int { timers.count }

    /// A deadline in the past becomes now, so that nobody can push in before those that are due already.
    func insert(_ timer: Timer) {
        timer.deadline = max(timer.deadline, batch.start)
        scheduled += 1
        timer.order = scheduled
        timer.position = timers.count
        timers.append(timer)
        siftUp(from: timer.position)
    }

    func remove(_ timer: Timer) {
        let position = timer.position
        guard position >= 0 else { return }
        timer.position = -1
        let last = timers.removeLast()
        guard last !== timer else { return }
        timers[position] = last
        last.position = position
        siftUp(from: position)
        siftDown(from: last.position)
    }

    /// Notes that a batch begins: what is scheduled from now on is for the next.
    func beginBatch(at now: MonotonicTime) { batch = (now, scheduled) }

    /// Runs what was due when the batch began and scheduled before, at most once each.
    ///
    /// A repeating timer that fell behind skips the missed times.
    func runDue() {
        let now = batch.start
        while let timer = timers.first, timer.deadline <= now, timer.order <= batch.newest {
            remove(timer)
            guard let body = timer.body else { continue }
            if let period = timer.period {
                let next = timer.deadline + period
                timer.deadline = next > now ? next : now + period
                insert(timer)
            } else {
                timer.body = nil
            }
            body()
        }
    }

    /// Cancels all.
    func removeAll() {
        let all = timers
        timers = []
        for timer in all {
            timer.position = -1
            timer.body = nil
        }
    }

    private func isBefore(_ left: Timer, _ right: Timer) -> Bool {
        left.deadline != right.deadline ? left.deadline < right.deadline : left.order < right.order
    }

    private func siftUp(from start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard isBefore(timers[child], timers[parent]) else { return }
            exchange(child, parent)
            child = parent
        }
    }

    private func siftDown(from start: Int) {
        var parent = start
        while true {
            var first = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < timers.count && isBefore(timers[child], timers[first]) {
                first = child
            }
            guard first != parent else { return }
            exchange(parent, first)
            parent = first
        }
    }

    private func exchange(_ left: Int, _ right: Int) {
        timers.swapAt(left, right)
        timers[left].position = left
        timers[right].position = right
    }
}
