import EventLoops
import Glibc
import SystemCalls
import Testing

/// A deadline far enough for a loaded machine.
func deadline(_ seconds: Int = 20) -> MonotonicTime { MonotonicClock.now + .seconds(seconds) }

/// Runs `body` on `loop` and waits for its result.
func on<Value: Sendable>(_ loop: EventLoop, _ body: @escaping @Sendable () throws -> Value) throws -> Value {
    let answer = Monitor<Result<Value, any Error>?>(nil)
    loop.submit {
        let result = Result { try body() }
        answer.withLock { $0 = result }
    }
    return try #require(answer.wait(until: deadline()) { $0 }, "the loop is stuck").get()
}

/// A started loop for the time of `body`.
func withLoop(_ body: (EventLoop) throws -> Void) throws {
    let loop = try EventLoop(name: "test")
    loop.start()
    defer { loop.stop() }
    try body(loop)
}

/// A handler that runs a closure; used on one loop only.
final class ClosureHandler: ReadinessHandler, BatchObserver {
    var onReady: (Readiness) -> Void = { _ in }
    var onBatchEnd: () -> Void = {}
    func ready(_ readiness: Readiness) { onReady(readiness) }
    func batchEnded() { onBatchEnd() }
}

/// Puts one byte into a socket or pipe.
func poke(_ raw: Int32) {
    var byte: UInt8 = 1
    _ = withUnsafeBytes(of: &byte) { Descriptor.write(raw, $0) }
}

/// Takes what waits, at most 16 bytes; how many there were.
@discardableResult
func drain(_ raw: Int32) -> Int {
    withUnsafeTemporaryAllocation(byteCount: 16, alignment: 1) { room in
        if case .bytes(let count) = Descriptor.read(raw, into: room) { count } else { 0 }
    }
}

@Suite struct EventLoopTests {
    @Test func submittedBodiesRunInOrderOnTheLoopThread() throws {
        try withLoop { (loop) throws in
            let seen = Monitor<[Int]>([])
            for number in 0..<1000 {
                loop.submit {
                    #expect(loop.isOnLoop)
                    seen.withLock { $0.append(number) }
                }
            }
            #expect(!loop.isOnLoop)
            #expect(seen.wait(until: deadline()) { $0.count == 1000 ? $0 : nil } == Array(0..<1000))
        }
    }

    @Test func bodiesOfManyThreadsAllRun() throws {
        try withLoop { (loop) throws in
            let seen = Monitor(0)
            for thread in 0..<4 {
                Threads.start(name: "sender \(thread)") {
                    for _ in 0..<5000 { loop.submit { seen.withLock { $0 += 1 } } }
                }
            }
            #expect(seen.wait(until: deadline()) { $0 == 20_000 ? true : nil } == true)
        }
    }

    @Test func stopRunsWhatWaitsAndRefusesWhatComesLater() throws {
        let loop = try EventLoop(name: "test")
        let ran = Monitor(0)
        for _ in 0..<10 { loop.submit { ran.withLock { $0 += 1 } } }
        loop.start()
        loop.stop()
        loop.stop()
        #expect(ran.withLock { $0 } == 10)
        #expect(!loop.submit { Issue.record("runs after the stop") })
        #expect(!loop.isOnLoop)
    }

    @Test func loopThatNeverStartedStopsToo() throws {
        let loop = try EventLoop(name: "test")
        loop.stop()
        #expect(!loop.submit {})
    }

    @Test func loopMayStopItself() throws {
        let loop = try EventLoop(name: "test")
        loop.start()
        loop.submit { loop.stop() }
        loop.stop()
        #expect(!loop.submit {})
    }

    @Test func stoppedLoopLetsGoOfHandlersTimersAndObservers() throws {
        let loop = try EventLoop(name: "test")
        let pair = try Sockets.pair()
        weak var handler: ClosureHandler?
        do {
            let strong = ClosureHandler()
            handler = strong
            _ = try loop.register(pair.first.raw, interest: .read, handler: strong)
            loop.addBatchObserver(strong)
            _ = loop.schedule(after: .seconds(3600)) { _ = strong }
            _ = loop.schedule(every: .seconds(3600)) { _ = strong }
        }
        #expect(handler != nil, "the loop keeps what is registered")
        loop.start()
        loop.stop()
        #expect(handler == nil)
    }

    @Test func readinessIsLevelTriggered() throws {
        try withLoop { (loop) throws in
            let (mine, other) = try Sockets.pair().release()
            defer { Descriptor.close(other) }
            let calls = Monitor(0)
            poke(other)
            try on(loop) {
                let handler = ClosureHandler()
                let registration = try loop.register(mine, interest: .read, handler: handler)
                handler.onReady = { [unowned handler] readiness in
                    #expect(readiness == .readable)
                    let count = calls.withLock {
                        $0 += 1; return $0
                    }
                    guard count == 3 else { return }
                    // Unread twice, reported three times; read and ended now.
                    handler.onReady = { _ in Issue.record("called after deregistering") }
                    drain(mine)
                    loop.deregister(registration)
                    Descriptor.close(mine)
                }
            }
            #expect(calls.wait(until: deadline()) { $0 == 3 ? true : nil } == true)
            #expect(try on(loop) { loop.registrationCount } == 0)
        }
    }

    @Test func handlerDeregisteredInTheSameBatchIsNeverCalled() throws {
        try withLoop { (loop) throws in
            let one = try Sockets.pair().release()
            let two = try Sockets.pair().release()
            defer { for raw in [one.first, one.second, two.first, two.second] { Descriptor.close(raw) } }
            let calls = Monitor(0)
            try on(loop) {
                // Both are ready before the loop looks: one batch reports both, and whoever is first ends the other.
                poke(one.second)
                poke(two.second)
                let handlers = [ClosureHandler(), ClosureHandler()]
                let registrations = [
                    try loop.register(one.first, interest: .read, handler: handlers[0]),
                    try loop.register(two.first, interest: .read, handler: handlers[1]),
                ]
                for handler in handlers {
                    handler.onReady = { _ in
                        calls.withLock { $0 += 1 }
                        for registration in registrations { loop.deregister(registration) }
                    }
                }
            }
            #expect(calls.wait(until: deadline()) { $0 > 0 ? true : nil } == true)
            #expect(try on(loop) { loop.registrationCount } == 0)
            #expect(calls.withLock { $0 } == 1)
        }
    }

    @Test func staleEventDoesNotReachWhoGotTheNumberAnew() throws {
        try withLoop { (loop) throws in
            let trigger = try Sockets.pair().release()
            let victim = try Sockets.pair().release()
            let quiet = try Sockets.pair().release()
            let done = Monitor(false)
            try on(loop) {
                poke(trigger.second)
                poke(victim.second)
                let first = ClosureHandler()
                let second = ClosureHandler()
                // The one that comes first in the batch replaces the other's descriptor by a silent one of the same number.
                func replace(_ mine: Registration, _ theirs: Registration, _ newHandler: ClosureHandler) {
                    loop.deregister(mine)
                    loop.deregister(theirs)
                    #expect(dup2(quiet.first, theirs.descriptor) >= 0)
                    newHandler.onReady = { _ in Issue.record("an event of the closed descriptor arrived") }
                    do {
                        let registration = try loop.register(theirs.descriptor, interest: .read, handler: newHandler)
                        _ = loop.schedule(after: .milliseconds(5)) {
                            loop.deregister(registration)
                            done.withLock { $0 = true }
                        }
                    } catch { Issue.record(error) }
                }
                let one = try loop.register(trigger.first, interest: .read, handler: first)
                let two = try loop.register(victim.first, interest: .read, handler: second)
                first.onReady = { _ in replace(one, two, ClosureHandler()) }
                second.onReady = { _ in replace(two, one, ClosureHandler()) }
            }
            #expect(done.wait(until: deadline()) { $0 ? true : nil } == true)
            for raw in [trigger.first, trigger.second, victim.first, victim.second, quiet.first, quiet.second] { Descriptor.close(raw) }
        }
    }

    @Test func interestDecidesWhatIsReported() throws {
        try withLoop { (loop) throws in
            let (mine, other) = try Sockets.pair().release()
            defer { for raw in [mine, other] { Descriptor.close(raw) } }
            let seen = Monitor<[Readiness]>([])
            let registration = try on(loop) {
                let handler = ClosureHandler()
                let registration = try loop.register(mine, interest: [], handler: handler)
                handler.onReady = { readiness in
                    seen.withLock { $0.append(readiness) }
                    loop.update(registration, interest: [])
                }
                return registration
            }
            poke(other)
            #expect(try on(loop) { loop.registrationCount } == 1)
            #expect(seen.withLock { $0 } == [], "nothing was asked")
            try on(loop) { loop.update(registration, interest: .write) }
            #expect(seen.wait(until: deadline()) { $0.count == 1 ? $0 : nil } == [.writable])
            try on(loop) { loop.update(registration, interest: [.read, .write]) }
            #expect(seen.wait(until: deadline()) { $0.count == 2 ? $0.last : nil } == [.readable, .writable])
            try on(loop) { loop.deregister(registration) }
        }
    }

    @Test func endOfThePeerIsAHangUp() throws {
        try withLoop { (loop) throws in
            let (mine, other) = try Sockets.pair().release()
            let seen = Monitor<Readiness?>(nil)
            try on(loop) {
                let handler = ClosureHandler()
                let registration = try loop.register(mine, interest: .read, handler: handler)
                handler.onReady = { readiness in
                    seen.withLock { $0 = readiness }
                    loop.deregister(registration)
                    Descriptor.close(mine)
                }
            }
            Descriptor.close(other)
            let readiness = try #require(seen.wait(until: deadline()) { $0 })
            #expect(readiness.contains(.readable) && !readiness.isDisjoint(with: .hangUp))
        }
    }

    @Test func regularFileCannotBeWatched() throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        let file = try Files.open("/etc/passwd", O_RDONLY)
        let error = #expect(throws: SystemError.self) { _ = try loop.register(file.raw, interest: .read, handler: ClosureHandler()) }
        #expect(error?.errno == EPERM)
        #expect(loop.registrationCount == 0)
    }

    @Test func moreDescriptorsThanOneBatchAreAllServed() throws {
        try withLoop { (loop) throws in
            let count = 400
            let served = Monitor<Set<Int32>>([])
            var ends: [(first: Int32, second: Int32)] = []
            for _ in 0..<count { ends.append(try Sockets.pair().release()) }
            for end in ends { poke(end.second) }
            let numbers = ends.map(\.first)
            try on(loop) {
                for raw in numbers {
                    let handler = ClosureHandler()
                    let registration = try loop.register(raw, interest: .read, handler: handler)
                    handler.onReady = { _ in
                        loop.deregister(registration)
                        served.withLock { _ = $0.insert(raw) }
                    }
                }
            }
            #expect(served.wait(until: deadline()) { $0.count == count ? true : nil } == true)
            for end in ends {
                Descriptor.close(end.first)
                Descriptor.close(end.second)
            }
        }
    }

    /// Two hundred patient descriptors always have something to say; one that is not is heard at once all the same.
    @Test func R04_patientOnesLetOthersGoFirst() throws {
        try withLoop { (loop) throws in
            let heard = Monitor<[Int]>([])
            var ends: [(first: Int32, second: Int32)] = []
            for _ in 0...200 { ends.append(try Sockets.pair().release()) }
            for end in ends { poke(end.second) }
            let numbers = ends.map(\.first)
            let last = try on(loop) { () -> Registration in
                var registrations: [Registration] = []
                for (number, raw) in numbers.enumerated() {
                    let handler = ClosureHandler()
                    handler.onReady = { _ in heard.withLock { $0.append(number) } }
                    registrations.append(try loop.register(raw, interest: [.read, .patient], handler: handler))
                }
                return registrations[200]
            }
            // Each is heard in its turn.
            _ = heard.wait(until: deadline()) { Set($0).count == 201 ? true : nil }
            let before = try on(loop) { () -> Int in
                try loop.endPatience(of: last)
                return heard.withLock { $0.count }
            }
            let after = try #require(heard.wait(until: deadline()) { $0.count >= before + 100 ? $0[before...] : nil })
            #expect(after.filter { $0 == 200 }.count >= 10, "in each batch")
            try on(loop) { loop.deregister(last) }
            for end in ends {
                Descriptor.close(end.first)
                Descriptor.close(end.second)
            }
        }
    }

    @Test func observersRunOnceAfterTheWholeBatch() throws {
        try withLoop { (loop) throws in
            let log = Monitor<[String]>([])
            let observer = try on(loop) { () -> Unchecked<ClosureHandler> in
                let observer = ClosureHandler()
                observer.onBatchEnd = { log.withLock { $0.append("end") } }
                loop.addBatchObserver(observer)
                log.withLock { $0 = [] }
                _ = loop.schedule(after: .zero) { log.withLock { $0.append("timer") } }
                loop.submit { log.withLock { $0.append("job") } }
                loop.submit { log.withLock { $0.append("job") } }
                return Unchecked(observer)
            }
            let seen = log.wait(until: deadline()) { log in log.filter { $0 == "end" }.count >= 2 ? log : nil } ?? []
            #expect(Array(seen.prefix(5)) == ["end", "job", "job", "timer", "end"])
            try on(loop) { loop.removeBatchObserver(observer.value) }
            log.withLock { $0 = [] }
            try on(loop) {}
            #expect(try on(loop) { log.withLock { $0 } } == [])
        }
    }

    @Test func idleLoopSleeps() throws {
        try withLoop { (loop) throws in
            let batches = Monitor(0)
            try on(loop) {
                let observer = ClosureHandler()
                observer.onBatchEnd = { batches.withLock { $0 += 1 } }
                loop.addBatchObserver(observer)
            }
            let before = batches.withLock { $0 }
            let nobody = Monitor(())
            _ = nobody.wait(until: MonotonicClock.now + .milliseconds(100)) { _ in nil as Void? }
            #expect(batches.withLock { $0 } - before <= 2, "only the end of the registering batch")
        }
    }

    @Test func lagIsHowLongABatchTook() throws {
        try withLoop { (loop) throws in
            #expect(
                try on(loop) {
                    let end = MonotonicClock.now + .milliseconds(20)
                    while MonotonicClock.now < end {}
                } == ())
            // The next batch sees the lag of that one, unless it was collected in one batch with it.
            let lag = try on(loop) { loop.lag }
            #expect(lag >= .milliseconds(20))
        }
    }

    @Test func loopOnlyCallsTrapElsewhere() async throws {
        await #expect(processExitsWith: .failure) {
            let loop = try EventLoop(name: "test")
            loop.start()
            _ = loop.schedule(after: .zero) {}
        }
        await #expect(processExitsWith: .failure) {
            let loop = try EventLoop(name: "test")
            loop.start()
            loop.checkIsolated()
        }
    }

    @Test func descriptorClosedBeforeDeregisteringTraps() async throws {
        await #expect(processExitsWith: .failure) {
            let loop = try EventLoop(name: "test")
            let (mine, _) = try Sockets.pair().release()
            let registration = try loop.register(mine, interest: .read, handler: ClosureHandler())
            Descriptor.close(mine)
            loop.deregister(registration)
        }
    }

    @Test func registrationThatEndedIsRefused() async throws {
        await #expect(processExitsWith: .failure) {
            let loop = try EventLoop(name: "test")
            let (mine, _) = try Sockets.pair().release()
            let registration = try loop.register(mine, interest: .read, handler: ClosureHandler())
            loop.deregister(registration)
            loop.deregister(registration)
        }
    }
}

/// Carries a value that only the loop's thread uses through the test's thread.
// @unchecked: the test hands it back to the loop and does not look inside.
struct Unchecked<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}

extension EventLoopTests {
    /// Case A: no descriptor is left. The caller pauses its listener; the loop must sleep meanwhile and the waiting peer get in later.
    @Test func acceptingPausesWhenDescriptorsRunOutAndTheLoopDoesNotSpin() async throws {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop(name: "test")
            let listener = try Sockets.listen(on: .loopback(port: 0)).release()
            let client = try Sockets.connect(to: Sockets.localAddress(listener)).release()
            let counts = Monitor((refusals: 0, batches: 0, accepted: false))
            let before = Limits.descriptors
            try #require(Files.waitUntilReady(listener, toRead: true, until: deadline()))
            try Limits.setDescriptors(3)
            let handler = ClosureHandler()
            let registration = try loop.register(listener, interest: .read, handler: handler)
            handler.onBatchEnd = { counts.withLock { $0.batches += 1 } }
            loop.addBatchObserver(handler)
            handler.onReady = { _ in
                switch Sockets.accept(listener) {
                case .outOfDescriptors:
                    counts.withLock { $0.refusals += 1 }
                    loop.update(registration, interest: [])
                    _ = loop.schedule(after: .milliseconds(20)) { loop.update(registration, interest: .read) }
                case .connection: counts.withLock { $0.accepted = true }
                case .wouldBlock: break
                case .aborted: break
                case .failed: preconditionFailure("a listener that merely waits")
                }
            }
            loop.start()
            _ = counts.wait(until: deadline()) { $0.refusals >= 3 ? true : nil }
            try #require(counts.withLock { $0.batches <= 2 * $0.refusals + 2 }, "one batch to see it, one to go on")
            try Limits.setDescriptors(before.soft)
            try #require(counts.wait(until: deadline()) { $0.accepted ? true : nil } == true)
            loop.stop()
            Descriptor.close(client)
        }
    }

    @Test func sharedListenerPausesAndIsServedByOneOfManyLoops() throws {
        let loops = try (0..<3).map { _ in try EventLoop(name: "shared") }
        let listener = try Sockets.listen(on: .loopback(port: 0))
        let raw = listener.raw
        let accepted = Monitor(0)
        for loop in loops {
            let handler = ClosureHandler()
            let registration = try loop.register(raw, interest: .sharedListener, handler: handler)
            // Pausing and going on, as at the limit of descriptors.
            loop.update(registration, interest: [])
            loop.update(registration, interest: .read)
            handler.onReady = { _ in
                while case .connection = Sockets.accept(raw) { accepted.withLock { $0 += 1 } }
            }
            loop.start()
        }
        let address = try Sockets.localAddress(raw)
        for _ in 0..<30 { _ = try Sockets.connect(to: address) }
        #expect(accepted.wait(until: deadline()) { $0 == 30 ? true : nil } == true)
        for loop in loops { loop.stop() }
    }

    @Test func endOfAChildIsReported() throws {
        try withLoop { (loop) throws in
            let process = try Processes.spawn("/bin/sleep", ["60"])
            let ended = Monitor<ProcessEnd?>(nil)
            try on(loop) {
                let handler = ClosureHandler()
                let registration = try loop.register(process.pidfd, interest: .read, handler: handler)
                handler.onReady = { _ in
                    loop.deregister(registration)
                    let end = process.reap()
                    ended.withLock { $0 = end }
                }
            }
            process.signal(.terminate)
            #expect(ended.wait(until: deadline()) { $0 } == .signalled(Signal.terminate.rawValue))
        }
    }
}
