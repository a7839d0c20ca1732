import SystemCalls
import Testing

@testable import TerminalConsole

@Suite struct SignInBrakeTests {
    private let start = MonotonicTime(nanoseconds: 5_000_000_000)

    @Test func triesOfOneAddressComeBackWithTime() {
        var brake = SignInBrake()
        let guest = SignInBrake.Guest.stranger(.v4(1))
        for _ in 0..<5 { #expect(brake.take(guest, at: start) == nil) }
        #expect(brake.take(guest, at: start) == .seconds(12))
        #expect(brake.take(guest, at: start + .seconds(5)) == .seconds(7))
        #expect(brake.take(guest, at: start + .seconds(12)) == nil)
        #expect(brake.take(guest, at: start + .seconds(12)) != nil)
        for _ in 0..<5 { #expect(brake.take(guest, at: start + .seconds(600)) == nil) }
        #expect(brake.take(guest, at: start + .seconds(600)) != nil, "no more than the burst is saved up")
    }

    @Test func strangersShareTheirTriesAndDevicesHaveTheirOwn() {
        var brake = SignInBrake()
        let passed = (0..<100).count { brake.take(.stranger(.v4(UInt32($0))), at: start) == nil }
        #expect(passed == 20)
        for _ in 0..<10 { #expect(brake.take(.device("a"), at: start) == nil) }
        #expect(brake.take(.device("a"), at: start) == .seconds(6))
        #expect(brake.take(.device("b"), at: start) == nil)
    }

    @Test func rightPasswordCostsNothing() {
        var brake = SignInBrake()
        for _ in 0..<100 {
            #expect(brake.take(.stranger(.v4(7)), at: start) == nil)
            brake.succeeded(.stranger(.v4(7)))
        }
    }

    @Test func memoryIsBounded() {
        var brake = SignInBrake()
        for number in 0..<5000 {
            let now = start + .seconds(number * 10)
            _ = brake.take(.stranger(.v6(prefix: UInt64(number))), at: now)
            _ = brake.take(.device("\(number)"), at: now)
        }
        #expect(brake.count <= SignInBrake.maximum)
    }
}
