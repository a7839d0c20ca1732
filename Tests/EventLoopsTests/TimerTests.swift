import EventLoops
import SystemCalls
import Testing

@Suite struct TimerTests {
    @Test func timersFireInTheOrderOfTheirDeadlines() throws {
        try withLoop { (loop) throws in
            let seen = Monitor<[Int]>([])
            try on(loop) {
                for number in [5, 3, 9, 1, 7, 2, 8, 4, 6, 0] {
                    _ = loop.schedule(after: .milliseconds(number)) { seen.withLock { $0.append(number) } }
                }
            }
            #expect(seen.wait(until: deadline()) { $0.count == 10 ? $0 : nil } == Array(0..<10))
        }
    }

    @Test func timersOfOneDeadlineKeepTheirOrder() throws {
        try withLoop { (loop) throws in
            let seen = Monitor<[Int]>([])
            try on(loop) {
                let time = loop.now + .milliseconds(2)
                for number in 0..<50 { _ = loop.schedule(at: time) { seen.withLock { $0.append(number) } } }
            }
            #expect(seen.wait(until: deadline()) { $0.count == 50 ? $0 : nil } == Array(0..<50))
        }
    }

    @Test func timerIsNeverEarly() throws {
        try withLoop { (loop) throws in
            let late = Monitor<Duration?>(nil)
            try on(loop) {
                let start = MonotonicClock.now
                _ = loop.schedule(at: start + .microseconds(10_500)) { late.withLock { $0 = MonotonicClock.now - start } }
            }
            let delay = try #require(late.wait(until: deadline()) { $0 })
            #expect(delay >= .microseconds(10_500))
        }
    }

    @Test func cancelledTimerNeverRunsAndLetsGoOfItsBody() throws {
        try withLoop { (loop) throws in
            try on(loop) {
                weak var captured: ClosureHandler?
                var timer: Timer?
                do {
                    let handler = ClosureHandler()
                    captured = handler
                    timer = loop.schedule(after: .zero) {
                        _ = handler; Issue.record("a cancelled timer ran")
                    }
                }
                #expect(captured != nil && timer?.isPending == true)
                timer?.cancel()
                timer?.cancel()
                #expect(captured == nil && timer?.isPending == false && loop.timerCount == 0)
            }
            try on(loop) {}
        }
    }

    @Test func timerCancelledByAnotherOfTheSameBatchDoesNotRun() throws {
        try withLoop { (loop) throws in
            let ran = Monitor(0)
            try on(loop) {
                var timers: [Timer] = []
                final class Box { var timers: [Timer] = [] }
                let box = Box()
                for _ in 0..<2 {
                    timers.append(
                        loop.schedule(at: loop.now) {
                            ran.withLock { $0 += 1 }
                            for timer in box.timers { timer.cancel() }
                            box.timers = []
                        })
                }
                box.timers = timers
            }
            #expect(ran.wait(until: deadline()) { $0 > 0 ? true : nil } == true)
            #expect(try on(loop) { loop.timerCount } == 0)
            #expect(ran.withLock { $0 } == 1)
        }
    }

    @Test func ownerThatHoldsItsTimerIsFreedAfterTheLastRun() throws {
        final class Owner {
            var timer: Timer?
            var runs = 0
        }
        try withLoop { (loop) throws in
            let done = Monitor(false)
            let owner = try on(loop) { () -> Unchecked<Weak<Owner>> in
                let owner = Owner()
                owner.timer = loop.schedule(after: .zero) {
                    owner.runs += 1
                    done.withLock { $0 = true }
                }
                return Unchecked(Weak(owner))
            }
            #expect(done.wait(until: deadline()) { $0 ? true : nil } == true)
            #expect(try on(loop) { owner.value.object == nil })
        }
    }

    @Test func repeatingTimerGoesOnUntilCancelled() throws {
        try withLoop { (loop) throws in
            let runs = Monitor(0)
            let timer = try on(loop) { Unchecked(loop.schedule(every: .milliseconds(1)) { runs.withLock { $0 += 1 } }) }
            #expect(runs.wait(until: deadline()) { $0 >= 5 ? true : nil } == true)
            try on(loop) { timer.value.cancel() }
            let after = runs.withLock { $0 }
            try on(loop) {}
            #expect(try on(loop) { loop.timerCount } == 0)
            #expect(runs.withLock { $0 } == after)
        }
    }

    @Test func repeatingTimerMayCancelItself() throws {
        try withLoop { (loop) throws in
            let runs = Monitor(0)
            try on(loop) {
                final class Box { var timer: Timer? }
                let box = Box()
                box.timer = loop.schedule(every: .milliseconds(1)) {
                    runs.withLock { $0 += 1 }
                    box.timer?.cancel()
                    box.timer = nil
                }
            }
            #expect(runs.wait(until: deadline()) { $0 == 1 ? true : nil } == true)
            #expect(try on(loop) { loop.timerCount } == 0)
        }
    }

    @Test func loopThatFellBehindSkipsMissedTimes() throws {
        try withLoop { (loop) throws in
            let runs = Monitor(0)
            let timer = try on(loop) { () -> Unchecked<Timer> in
                let timer = loop.schedule(every: .milliseconds(10)) { runs.withLock { $0 += 1 } }
                let end = MonotonicClock.now + .milliseconds(100)
                while MonotonicClock.now < end {}
                return Unchecked(timer)
            }
            #expect(runs.wait(until: deadline()) { $0 >= 1 ? true : nil } == true)
            let count = try on(loop) { () -> Int in
                timer.value.cancel()
                return runs.withLock { $0 }
            }
            #expect(count < 10)
        }
    }

    @Test func movedTimerRunsAtItsNewTimeOnly() throws {
        try withLoop { (loop) throws in
            let seen = Monitor<[String]>([])
            try on(loop) {
                let moved = loop.schedule(after: .milliseconds(1)) { seen.withLock { $0.append("moved") } }
                _ = loop.schedule(after: .milliseconds(5)) { seen.withLock { $0.append("other") } }
                #expect(moved.move(to: loop.now + .milliseconds(10)))
                #expect(moved.deadline == loop.now + .milliseconds(10))
            }
            #expect(seen.wait(until: deadline()) { $0.count == 2 ? $0 : nil } == ["other", "moved"])
            try on(loop) {
                let timer = loop.schedule(after: .zero) {}
                timer.cancel()
                #expect(!timer.move(to: loop.now))
                #expect(!timer.isPending)
            }
        }
    }

    @Test func zeroDelayDoesNotStarveTheLoop() throws {
        try withLoop { (loop) throws in
            final class Again {
                var runs = 0
                var isOver = false
            }
            let state = try on(loop) { () -> Unchecked<Again> in
                let state = Again()
                func again() {
                    state.runs += 1
                    if !state.isOver { _ = loop.schedule(at: .zero) { again() } }
                }
                again()
                return Unchecked(state)
            }
            for _ in 0..<100 { try on(loop) {} }
            let runs = try on(loop) { () -> Int in
                state.value.isOver = true
                return state.value.runs
            }
            #expect(runs >= 100)
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5]) func anyMixOfChangesKeepsTheOrder(_ seed: UInt64) throws {
        // Random inserts, cancels and moves against a sorted list.
        var state = seed &* 0x9e37_79b9_7f4a_7c15
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let loop = try EventLoop(name: "test")
        let fired = Monitor<[Int]>([])
        let start = loop.now
        var pending: [(number: Int, timer: Timer)] = []
        for number in 0..<500 {
            switch random(4) {
            case 0 where !pending.isEmpty: pending.remove(at: random(pending.count)).timer.cancel()
            case 1 where !pending.isEmpty: pending[random(pending.count)].timer.move(to: start + .microseconds(random(3000)))
            default:
                pending.append((number, loop.schedule(at: start + .microseconds(random(3000))) { fired.withLock { $0.append(number) } }))
            }
        }
        #expect(loop.timerCount == pending.count)
        let expected = pending.map { ($0.timer.deadline, $0.number) }
        loop.start()
        let numbers = fired.wait(until: deadline()) { $0.count == expected.count ? $0 : nil } ?? []
        loop.stop()
        let deadlines = Dictionary(uniqueKeysWithValues: expected.map { ($0.1, $0.0) })
        #expect(Set(numbers) == Set(deadlines.keys))
        // The tests cannot see one batch from the next, but within all that fired no earlier deadline comes after a later one.
        #expect(zip(numbers, numbers.dropFirst()).allSatisfy { (deadlines[$0] ?? .zero) <= (deadlines[$1] ?? .zero) })
    }
}

/// Looks at an object without keeping it.
final class Weak<Object: AnyObject> {
    weak var object: Object?
    init(_ object: Object) { self.object = object }
}

extension TimerTests {
    @Test func timerThatKeepsComingBackInThePastStarvesNoOther() throws {
        try withLoop { (loop) throws in
            final class Again { var isOver = false }
            let done = Monitor(false)
            let state = try on(loop) { () -> Unchecked<Again> in
                let state = Again()
                func again() { if !state.isOver { _ = loop.schedule(at: .zero) { again() } } }
                again()
                _ = loop.schedule(after: .milliseconds(1)) { done.withLock { $0 = true } }
                return Unchecked(state)
            }
            #expect(done.wait(until: deadline()) { $0 ? true : nil } == true)
            try on(loop) { state.value.isOver = true }
        }
    }
}
