import EventLoops
import LocalControl
import SystemCalls
import Testing

/// A running server in a fresh folder, for the time of `body`, which gets the socket's path.
func withServer(
    allowedUsers: Set<UInt32> = [Users.effectiveUser], limits: ControlLimits = ControlLimits(),
    handler: @escaping ControlServer.Handler = { request, _ in request + [0x21] },
    _ body: (String, ControlServer) async throws -> Void
) async throws {
    let loop = try EventLoop(name: "control")
    loop.start()
    let folder = try Files.makeTemporaryDirectory()
    let path = "\(folder)/control.sock"
    let server = ControlServer(loop: loop, path: path, allowedUsers: allowedUsers, limits: limits, handler: handler)
    try await server.start()
    do {
        try await body(path, server)
    } catch { Issue.record(error) }
    await server.stop()
    loop.stop()
    #expect(try Files.list(folder).isEmpty, "the socket file is gone after the stop")
    try Files.removeTree(folder)
}

/// Asks without blocking the cooperative pool.
func call(
    _ path: String, _ request: [UInt8], timeout: Duration = .seconds(20), limits: ControlLimits = ControlLimits()
) async throws(ControlError) -> [UInt8] {
    let executor = BlockingExecutor(name: "client")
    defer { executor.submit { executor.stop() } }
    return try await executor.run { () throws(ControlError) in
        try ControlClient.call(path: path, request, timeout: timeout, limits: limits)
    }
}

@Suite struct LocalControlTests {
    @Test(arguments: [1, 65_535, 65_536, 65_537, 1 << 20]) func requestOfAnySizeIsAnswered(_ size: Int) async throws {
        try await withServer { (path, _) async throws in
            let request = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            #expect(try await call(path, request) == request + [0x21])
        }
    }

    @Test func requestBeyondTheLimitIsRefusedOnBothSides() async throws {
        var generous = ControlLimits()
        generous.requestSize = 2 << 20
        try await withServer { [generous] (path, _) async throws in
            let request = [UInt8](repeating: 1, count: (1 << 20) + 1)
            await #expect(throws: ControlError.tooLarge(limit: 1 << 20)) { _ = try await call(path, request) }
            await #expect(throws: ControlError.noAnswer) { _ = try await call(path, request, limits: generous) }
            #expect(try await call(path, [1]) == [1, 0x21], "the server goes on")
        }
    }

    @Test func replyBeyondTheLimitIsRefused() async throws {
        var limits = ControlLimits()
        limits.replySize = 100
        try await withServer(handler: { request, _ in [UInt8](repeating: 2, count: Int(request[0])) }) { [limits] (path, _) async throws in
            #expect(try await call(path, [100], limits: limits).count == 100)
            await #expect(throws: ControlError.tooLarge(limit: 100)) { _ = try await call(path, [101], limits: limits) }
        }
    }

    @Test func largeReplyArrivesWhole() async throws {
        try await withServer(handler: { _, _ in [UInt8](repeating: 3, count: 5 << 20) }) { (path, _) async throws in
            #expect(try await call(path, [1]) == [UInt8](repeating: 3, count: 5 << 20))
        }
    }

    @Test func handlerLearnsWhoAsks() async throws {
        let seen = Monitor<PeerCredentials?>(nil)
        try await withServer(handler: { request, peer in
            seen.withLock { $0 = peer }
            return request
        }) { (path, _) async throws in
            _ = try await call(path, [1])
        }
        let peer = seen.withLock { $0 }
        #expect(peer?.user == Users.effectiveUser && peer?.process == Processes.current)
    }

    @Test func userWhoIsNotAllowedGetsNoAnswer() async throws {
        try await withServer(
            allowedUsers: [Users.effectiveUser + 1],
            handler: { _, _ in
                Issue.record("a stranger's request was answered")
                return [1]
            }
        ) { (path, _) async throws in
            await #expect(throws: ControlError.noAnswer) { _ = try await call(path, [1]) }
        }
    }

    @Test func nobodyListeningIsSaidPlainly() async throws {
        let folder = try Files.makeTemporaryDirectory()
        let path = "\(folder)/control.sock"
        await #expect(throws: ControlError.notRunning(path: path)) { _ = try await call(path, [1]) }
        // A file that a killed daemon left.
        _ = try Sockets.listenUnix(at: path, mode: 0o600)
        #expect(try Files.status(path)?.kind == .socket)
        await #expect(throws: ControlError.notRunning(path: path)) { _ = try await call(path, [1]) }
        try Files.removeTree(folder)
    }

    @Test func fileOfADeadDaemonIsReplacedAndOfALivingOneNot() async throws {
        let loop = try EventLoop(name: "control")
        loop.start()
        let folder = try Files.makeTemporaryDirectory()
        let path = "\(folder)/control.sock"
        _ = try Sockets.listenUnix(at: path, mode: 0o600)
        let users: Set<UInt32> = [Users.effectiveUser]
        let first = ControlServer(loop: loop, path: path, mode: 0o660, allowedUsers: users) { request, _ in request }
        try await first.start()
        #expect(try Files.status(path)?.mode == 0o660)
        let second = ControlServer(loop: loop, path: path, allowedUsers: users) { _, _ in [0] }
        await #expect(throws: ControlError.alreadyRunning(path: path)) { try await second.start() }
        #expect(try await call(path, [5]) == [5])
        await first.stop()
        try Files.writeAtomically(path, [1, 2], mode: 0o600)
        await #expect(throws: ControlError.occupied(path: path)) { try await second.start() }
        #expect(try Files.read(path, limit: 2) == [1, 2], "what is no socket is left alone")
        loop.stop()
        try Files.removeTree(folder)
    }

    @Test(arguments: [107, 108]) func pathHasItsLimit(_ length: Int) async throws {
        let folder = try Files.makeTemporaryDirectory()
        let path = "\(folder)/" + String(repeating: "x", count: length - folder.utf8.count - 1)
        let loop = try EventLoop(name: "control")
        loop.start()
        let server = ControlServer(loop: loop, path: path, allowedUsers: [Users.effectiveUser]) { request, _ in request }
        if length <= 107 {
            try await server.start()
            #expect(try await call(path, [1]) == [1])
            await server.stop()
        } else {
            await #expect(throws: ControlError.pathTooLong(path: path)) { try await server.start() }
            await #expect(throws: ControlError.pathTooLong(path: path)) { _ = try await call(path, [1]) }
        }
        loop.stop()
        try Files.removeTree(folder)
    }

    @Test func silentClientIsClosedAtTheDeadline() async throws {
        var limits = ControlLimits()
        limits.transferTime = .milliseconds(50)
        try await withServer(limits: limits) { (path, _) async throws in
            let silent = try Sockets.connectUnix(to: path)
            var byte: UInt8 = 0
            let result = withUnsafeMutableBytes(of: &byte) { Sockets.receive(silent.raw, into: $0) }
            guard case .endOfFile = result else {
                Issue.record("\(result)")
                return
            }
        }
    }

    @Test func silentClientsHoldNobodyUpForLong() async throws {
        var limits = ControlLimits()
        limits.transferTime = .milliseconds(100)
        limits.connections = 2
        try await withServer(limits: limits) { (path, _) async throws in
            let first = try Sockets.connectUnix(to: path)
            let second = try Sockets.connectUnix(to: path)
            #expect(try await call(path, [1]) == [1, 0x21], "it is accepted once the silent ones are closed")
            _ = consume first
            _ = consume second
        }
    }

    @Test func moreClientsThanTheLimitAreAllAnswered() async throws {
        var limits = ControlLimits()
        limits.connections = 3
        let most = Monitor((now: 0, peak: 0))
        try await withServer(
            limits: limits,
            handler: { request, _ in
                most.withLock {
                    $0.now += 1
                    $0.peak = max($0.peak, $0.now)
                }
                for _ in 0..<100 { await Task.yield() }
                most.withLock { $0.now -= 1 }
                return request
            }
        ) { (path, _) async throws in
            try await withThrowingTaskGroup(of: [UInt8].self) { group in
                for number in 0..<20 { group.addTask { try await call(path, [UInt8(number)]) } }
                var seen: Set<UInt8> = []
                for try await reply in group { seen.formUnion(reply) }
                #expect(seen == Set(0..<20))
            }
        }
        #expect(most.withLock { $0.peak } <= 3)
    }

    @Test func clientThatGoesAwayWhileTheHandlerWorksHurtsNobody() async throws {
        let mayAnswer = Monitor(false)
        let waiter = BlockingExecutor(name: "handler")
        try await withServer(handler: { request, _ in
            await waiter.run { _ = mayAnswer.wait(until: MonotonicClock.now + .seconds(20)) { $0 ? true : nil } }
            return request
        }) { (path, _) async throws in
            await #expect(throws: ControlError.timedOut) { _ = try await call(path, [1], timeout: .milliseconds(50)) }
            mayAnswer.withLock { $0 = true }
            #expect(try await call(path, [2]) == [2])
        }
        waiter.stop()
    }

    @Test func stopDeliversAnswersUnderWay() async throws {
        let entered = Monitor(false)
        let mayAnswer = Monitor(false)
        let waiter = BlockingExecutor(name: "handler")
        try await withServer(handler: { request, _ in
            entered.withLock { $0 = true }
            await waiter.run { _ = mayAnswer.wait(until: MonotonicClock.now + .seconds(20)) { $0 ? true : nil } }
            return request
        }) { (path, server) async throws in
            async let answer = call(path, [9])
            await waiter.run { _ = entered.wait(until: MonotonicClock.now + .seconds(20)) { $0 ? true : nil } }
            async let stopped: Void = server.stop()
            let end = MonotonicClock.now + .seconds(20)
            while try Files.status(path) != nil, MonotonicClock.now < end { await Task.yield() }
            mayAnswer.withLock { $0 = true }
            #expect(try await answer == [9])
            await stopped
            await #expect(throws: ControlError.notRunning(path: path)) { _ = try await call(path, [1]) }
        }
        waiter.stop()
    }

    @Test func stopDoesNotWaitForeverForAHandler() async throws {
        var limits = ControlLimits()
        limits.drainTime = .milliseconds(20)
        let mayAnswer = Monitor(false)
        let waiter = BlockingExecutor(name: "handler")
        try await withServer(
            limits: limits,
            handler: { request, _ in
                await waiter.run { _ = mayAnswer.wait(until: MonotonicClock.now + .seconds(20)) { $0 ? true : nil } }
                return request
            }
        ) { (path, server) async throws in
            let entered = try Sockets.connectUnix(to: path)
            try Files.writeAll(entered.raw, [1])
            try Sockets.finishSending(entered.raw)
            await server.stop()
            mayAnswer.withLock { $0 = true }
        }
        waiter.stop()
    }

    @Test func eachErrorIsOneLineForAPerson() {
        let errors: [ControlError] = [
            .notRunning(path: "/a\n\u{1b}"), .notAllowed(path: "/a"), .alreadyRunning(path: "/a"), .pathTooLong(path: "/a"),
            .occupied(path: "/a"), .tooLarge(limit: 1), .timedOut, .noAnswer, .failed(SystemError(errno: 5, call: "read")),
        ]
        for error in errors {
            #expect(!error.description.isEmpty && error.description.unicodeScalars.allSatisfy { $0.value >= 0x20 })
        }
    }
}
