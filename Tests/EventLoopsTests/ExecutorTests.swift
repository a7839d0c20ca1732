import EventLoops
import SystemCalls
import Testing

/// An actor that lives on a loop and is entered from its handlers.
actor Counter {
    private let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    private var count = 0
    private var timer: Timer?

    init(loop: EventLoop) { self.loop = loop }

    func add() -> Int {
        loop.checkIsolated()
        count += 1
        return count
    }

    func startTicking() {
        timer = loop.schedule(every: .milliseconds(1)) { [weak self] in self?.assumeIsolated { $0.tick() } }
    }

    private func tick() {
        count += 1
        if count == 5 {
            timer?.cancel()
            timer = nil
        }
    }

    var value: Int { count }
}

/// Enters an actor from a readiness event.
final class CountingHandler: ReadinessHandler {
    let counter: Counter
    let raw: Int32
    var registration: Registration?
    let loop: EventLoop

    init(counter: Counter, raw: Int32, loop: EventLoop) {
        self.counter = counter
        self.raw = raw
        self.loop = loop
    }

    func ready(_ readiness: Readiness) {
        let bytes = drain(raw)
        for _ in 0..<bytes { counter.assumeIsolated { _ = $0.addNow() } }
        if bytes == 0, let registration { loop.deregister(registration) }
    }
}

extension Counter {
    func addNow() -> Int { add() }
}

@Suite struct ExecutorTests {
    @Test func actorRunsOnItsLoop() async throws {
        let loop = try EventLoop(name: "test")
        loop.start()
        let counter = Counter(loop: loop)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<250 { _ = await counter.add() } } }
        }
        #expect(await counter.value == 2000)
        loop.stop()
    }

    @Test func handlerEntersTheActorWithoutAHop() async throws {
        let loop = try EventLoop(name: "test")
        loop.start()
        let counter = Counter(loop: loop)
        let (mine, other) = try Sockets.pair().release()
        try on(loop) {
            let handler = CountingHandler(counter: counter, raw: mine, loop: loop)
            handler.registration = try loop.register(mine, interest: .read, handler: handler)
        }
        for _ in 0..<10 { poke(other) }
        let end = deadline()
        while await counter.value < 10, MonotonicClock.now < end { await Task.yield() }
        #expect(await counter.value == 10)
        Descriptor.close(other)
        loop.stop()
        Descriptor.close(mine)
    }

    @Test func timerEntersTheActor() async throws {
        let loop = try EventLoop(name: "test")
        loop.start()
        let counter = Counter(loop: loop)
        await counter.startTicking()
        let end = deadline()
        while await counter.value < 5, MonotonicClock.now < end { await Task.yield() }
        #expect(await counter.value == 5)
        loop.stop()
    }

    @Test func enteringTheActorFromElsewhereTraps() async throws {
        await #expect(processExitsWith: .failure) {
            let loop = try EventLoop(name: "test")
            loop.start()
            let counter = Counter(loop: loop)
            Threads.start(name: "stranger") { counter.assumeIsolated { _ = $0.addNow() } }
            _ = Monitor(()).wait(until: MonotonicClock.now + .seconds(20)) { _ in nil as Void? }
        }
    }

    @Test func actorsOnTwoLoopsCallEachOther() async throws {
        let loops = [try EventLoop(name: "one"), try EventLoop(name: "two")]
        for loop in loops { loop.start() }
        let counters = loops.map { Counter(loop: $0) }
        for round in 0..<500 { _ = await counters[round % 2].add() }
        #expect(await counters[0].value == 250)
        #expect(await counters[1].value == 250)
        for loop in loops { loop.stop() }
    }
}

/// An actor on a blocking thread.
actor Store {
    private let executor: BlockingExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private var count = 0
    init(executor: BlockingExecutor) { self.executor = executor }
    func add() -> Bool {
        count += 1
        return executor.isOnThread
    }
    var value: Int { count }
}

@Suite struct BlockingExecutorTests {
    @Test func actorRunsOnTheThread() async {
        let executor = BlockingExecutor(name: "store")
        let store = Store(executor: executor)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { for _ in 0..<100 { #expect(await store.add()) } } }
        }
        #expect(await store.value == 400)
        executor.stop()
    }

    @Test func runReturnsValuesAndErrors() async throws {
        let executor = BlockingExecutor(name: "dns")
        #expect(await executor.run { executor.isOnThread })
        let found = try await executor.run { () throws(ResolverError) in try Resolver.resolve("127.0.0.1", port: 22) }
        #expect(found == [.loopback(port: 22)])
        await #expect(throws: ResolverError.unknown(host: "")) {
            _ = try await executor.run { () throws(ResolverError) in try Resolver.resolve("", port: 22) }
        }
        executor.stop()
    }

    @Test func taskPrefersTheThread() async {
        let executor = BlockingExecutor(name: "task")
        let isOnThread = await withTaskExecutorPreference(executor) { await Self.nobodysFunction(executor) }
        #expect(isOnThread)
        #expect(!executor.isOnThread)
        executor.stop()
    }

    private nonisolated static func nobodysFunction(_ executor: BlockingExecutor) async -> Bool { executor.isOnThread }

    @Test func stopRunsWhatWaitsAndRefusesWhatComesLater() {
        let executor = BlockingExecutor(name: "stop")
        let ran = Monitor(0)
        for _ in 0..<100 { executor.submit { ran.withLock { $0 += 1 } } }
        executor.stop()
        executor.stop()
        #expect(ran.withLock { $0 } == 100)
        #expect(!executor.submit {})
    }
}
