import Glibc
import Testing

@testable import SystemCalls

@Suite struct ClockTests {
    @Test func monotonicTimeGoesForward() {
        let first = MonotonicClock.now
        let second = MonotonicClock.now
        #expect(first <= second && second - first < .seconds(60))
        #expect(MonotonicClock.nowIncludingSuspend >= first)
        #expect(abs(WallClock.seconds - Int64(time(nil))) <= 1)
    }

    @Test func arithmeticStaysInRange() {
        let time = MonotonicTime(nanoseconds: 1000)
        #expect(time + .nanoseconds(5) == MonotonicTime(nanoseconds: 1005))
        #expect(time + .nanoseconds(-5) == MonotonicTime(nanoseconds: 995))
        #expect(time + .nanoseconds(-1000) == .zero)
        #expect(time + .nanoseconds(-1001) == .zero)
        #expect(MonotonicTime(nanoseconds: .max) + .nanoseconds(1) == MonotonicTime(nanoseconds: .max))
        #expect(time + .seconds(Int64.max) > time)
        #expect(time - MonotonicTime(nanoseconds: 3000) == .nanoseconds(-2000))
        #expect(Duration.seconds(Int64.max).wholeNanoseconds == .max)
        #expect(Duration.seconds(Int64.min).wholeNanoseconds == .min)
        #expect(Duration.milliseconds(1500).wholeNanoseconds == 1_500_000_000)
        #expect(Duration.milliseconds(-1500).wholeNanoseconds == -1_500_000_000)
    }

    @Test(arguments: [(0, "1970-01-01T00:00:00Z"), (1_795_485_858, "2026-11-24T02:04:18Z"), (951_827_696, "2000-02-29T12:34:56Z")])
    func wallClockPrintsISO8601(_ seconds: Int64, _ text: String) {
        #expect(WallClock.text(seconds) == text)
    }
}

@Suite struct LogTests {
    @Test(arguments: [
        ("plain-1.2:3/4", "plain-1.2:3/4"), ("", "\"\""), ("two words", "\"two words\""), ("a=b", "\"a=b\""), ("\"", "\"\\\"\""),
        ("a\\b", "\"a\\\\b\""), ("x\nlevel=error", "\"x\\nlevel=error\""), ("\u{1b}[2J", "\"\\u{1b}[2J\""),
        ("\u{202e}evil", "\"\\u{202e}evil\""),
        ("Zoë", "Zoë"), ("\u{0}\u{7f}\u{85}\t\r", "\"\\u{0}\\u{7f}\\u{85}\\t\\r\""),
    ])
    func valuesCannotBreakOut(_ value: String, _ shown: String) {
        let line = Log.line(.warning, "event here", ["name": value, "port": 22], at: 0)
        #expect(line == "time=1970-01-01T00:00:00Z level=warning event=\"event here\" name=\(shown) port=22\n")
    }

    @Test func linesBelowTheThresholdAreNotWritten() throws {
        let (reading, writing) = try Descriptor.pipe().release()
        let log = Log(threshold: .notice, descriptor: writing)
        log.debug("quiet")
        log.notice("one", ["n": 1])
        log.warning("two")
        log.error("three")
        Descriptor.close(writing)
        let lines = String(decoding: try Files.readAll(reading, limit: 4096), as: UTF8.self).split(separator: "\n")
        Descriptor.close(reading)
        #expect(
            lines.map { $0.drop { $0 != " " } } == [" level=notice event=one n=1", " level=warning event=two", " level=error event=three"])
    }

    @Test func linesOfManyThreadsDoNotMix() throws {
        let (reading, writing) = try Descriptor.pipe().release()
        let done = Monitor(0)
        for thread in 0..<4 {
            Threads.start(name: "log") {
                for _ in 0..<50 {
                    Log(descriptor: writing).notice("event", ["thread": thread, "fill": String(repeating: "x", count: 200)])
                }
                if done.withLock({
                    $0 += 1; return $0
                }) == 4 {
                    Descriptor.close(writing)
                }
            }
        }
        let lines = String(decoding: try Files.readAll(reading, limit: 1 << 20), as: UTF8.self).split(separator: "\n")
        Descriptor.close(reading)
        #expect(
            lines.count == 200 && lines.allSatisfy { $0.hasPrefix("time=") && $0.hasSuffix("xxx") && $0.utf8.count == lines[0].utf8.count })
    }
}

@Suite struct MonitorTests {
    @Test func waiterSeesTheChangeOfAnotherThread() {
        let monitor = Monitor(0)
        for _ in 0..<3 { Threads.start(name: "adder") { monitor.withLock { $0 += 1 } } }
        #expect(monitor.wait(until: deadline()) { $0 == 3 ? "three" : nil } == "three")
    }

    @Test func waitingEndsAtTheDeadline() {
        let start = MonotonicClock.now
        let result: Int? = Monitor(0).wait(until: start + .milliseconds(20)) { _ in nil }
        #expect(result == nil && MonotonicClock.now - start >= .milliseconds(20))
    }

    @Test func errorReleasesTheLock() throws {
        let monitor = Monitor(0)
        #expect(throws: SystemError.self) { try monitor.withLock { _ throws(SystemError) in throw SystemError(errno: EIO, call: "x") } }
        #expect(monitor.withLock { $0 } == 0)
    }
}

@Suite struct UsersTests {
    @Test func rootIsKnownByNameAndNumber() throws {
        let root = try #require(try Users.lookup(name: "root"))
        #expect(root.user == 0 && root.group == 0 && root.home == "/root")
        #expect(try Users.lookup(user: 0) == root)
        #expect(try Users.group(name: "root") == 0)
        #expect(Users.groups(of: root).contains(0))
    }

    @Test func strangersAreNoError() throws {
        #expect(try Users.lookup(name: "no-such-user-here") == nil)
        #expect(try Users.lookup(user: 3_999_999_999) == nil)
        #expect(try Users.group(name: "no-such-group-here") == nil)
        #expect(try Users.lookup(name: "") == nil)
        #expect(try Users.lookup(name: "root\0x") == nil, "C would see root")
        #expect(try Users.group(name: "root\0x") == nil)
    }
}

@Suite struct SignalsTests {
    @Test func blockedSignalsArriveAtTheDescriptor() async throws {
        await #expect(processExitsWith: .success) {
            // Its own thread: a signal for the thread, not for whichever of the process.
            let outcome = Monitor<Bool?>(nil)
            Threads.start(name: "signals") {
                do {
                    let signals = try Signals([.user1, .terminate])
                    guard signals.next() == nil else { return outcome.withLock { $0 = false } }
                    pthread_kill(pthread_self(), SIGUSR1)
                    pthread_kill(pthread_self(), SIGTERM)
                    let isReady = Files.waitUntilReady(signals.raw, toRead: true, until: deadline())
                    let seen: Set<Signal?> = [signals.next(), signals.next()]
                    outcome.withLock { $0 = isReady && seen == [.user1, .terminate] && signals.next() == nil }
                } catch { outcome.withLock { $0 = false } }
            }
            try #require(outcome.wait(until: deadline()) { $0 } == true)
        }
    }

    @Test func brokenPipeIsAnErrorOnceIgnored() async throws {
        await #expect(processExitsWith: .success) {
            Signals.ignoreBrokenPipes()
            let (reading, writing) = try Descriptor.pipe().release()
            Descriptor.close(reading)
            var byte: UInt8 = 0
            guard case .failed(let error) = withUnsafeBytes(of: &byte, { Descriptor.write(writing, $0) }), error.errno == EPIPE else {
                throw SystemError(errno: EPROTO, call: "write")
            }
        }
    }
}

@Suite struct LimitsTests {
    @Test func descriptorLimitIsRaisedToTheHardOne() async throws {
        await #expect(processExitsWith: .success) {
            let hard = Limits.descriptors.hard
            try Limits.setDescriptors(64)
            try #require(Limits.descriptors.soft == 64)
            try #require(Limits.raiseDescriptors() == hard)
            try #require(Limits.raiseDescriptors() == hard)
        }
    }
}

@Suite struct ResolverTests {
    @Test func literalsNeedNoServer() throws {
        #expect(try Resolver.resolve("192.0.2.7", port: 22) == [SocketAddress(parsing: "192.0.2.7:22")])
        #expect(try Resolver.resolve("2001:db8::1", port: 443) == [SocketAddress(parsing: "[2001:db8::1]:443")])
    }

    @Test func localhostIsThisMachineOnce() throws {
        let addresses = try Resolver.resolve("localhost", port: 22)
        #expect(!addresses.isEmpty && Set(addresses).count == addresses.count)
        #expect(addresses.allSatisfy { $0.address.isLoopback && $0.port == 22 })
    }

    @Test(arguments: ["", "a\0b", "-x.invalid", "no such name", String(repeating: "a", count: 254)])
    func nonsenseIsUnknownInOneLine(_ host: String) {
        let error = #expect(throws: ResolverError.self) { _ = try Resolver.resolve(host, port: 22) }
        let line = error?.description ?? ""
        #expect(!line.isEmpty && line.unicodeScalars.allSatisfy { $0.value >= 0x20 } && line.utf8.count < 400)
    }
}

@Suite struct NetworkChangesTests {
    /// One netlink message.
    private func message(_ type: UInt16, body: [UInt8], length: UInt32? = nil) -> [UInt8] {
        var bytes: [UInt8] = []
        withUnsafeBytes(of: length ?? UInt32(16 + body.count)) { bytes += $0 }
        withUnsafeBytes(of: type) { bytes += $0 }
        return bytes + [UInt8](repeating: 0, count: 10) + body
    }

    @Test func arrivalsAreToldFromDepartures() {
        let running: [UInt8] = [0, 0, 0, 0, 1, 0, 0, 0, 0x41, 0, 0, 0, 0, 0, 0, 0]
        let down: [UInt8] = [0, 0, 0, 0, 1, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0]
        func isArrival(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes { NetworkChanges.isArrival($0) } }
        #expect(isArrival(message(20, body: [0, 0, 0, 0, 0, 0, 0, 0])))
        #expect(isArrival(message(16, body: running)))
        #expect(!isArrival(message(16, body: down)))
        #expect(!isArrival(message(17, body: running)))
        #expect(!isArrival(message(21, body: running)))
        #expect(isArrival(message(21, body: down) + message(16, body: down) + message(20, body: [])))
        #expect(isArrival(message(21, body: [1]) + [0, 0, 0] + message(20, body: [])), "messages stand at multiples of four")
        #expect(!isArrival([]))
        #expect(!isArrival(Array(message(20, body: []).dropLast())))
        #expect(!isArrival(message(21, body: [], length: 0) + message(20, body: [])), "a length of nothing does not loop")
        #expect(!isArrival(message(16, body: [0, 0])))
        #expect(!isArrival(message(20, body: [], length: 1000)))
    }

    @Test func quietNetworkHasNoNews() throws {
        let listener = try NetworkChanges.listen()
        _ = NetworkChanges.take(listener.raw)
        guard case .wouldBlock = withUnsafeTemporaryAllocation(byteCount: 16, alignment: 4, { Sockets.receive(listener.raw, into: $0) })
        else { return }  // something real happened meanwhile
    }
}

@Suite struct ProcessListTests {
    @Test func namesWithParenthesesAndSpacesAreRead() {
        let stat = "7 (a) b (c) S 3 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4242 0 0"
        let entry = Processes.parse(7, stat: stat, status: "Name:\ta) b (c\nUid:\t1000\t1001\t1002\t1003\n")
        #expect(entry == ProcessEntry(pid: 7, parent: 3, user: 1000, name: "a) b (c", started: 4242, isZombie: false))
        #expect(Processes.parse(7, stat: stat.replacing(" S ", with: " Z "), status: "Uid:\t0\t0\t0\t0\n")?.isZombie == true)
    }

    @Test(arguments: ["", "7", "7 (a", "7 (a)", "7 a) S 1", ")(", "7 (a) S x 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4242"])
    func cutLinesAreNoProcess(_ stat: String) {
        #expect(Processes.parse(7, stat: stat, status: "Uid:\t0\t0\t0\t0\n") == nil)
    }
}
