import SSHProtocol
import SystemCalls
import Testing

@testable import SSHServer

@Suite struct SendLimitTests {
    private static let allowed = Duration.milliseconds(150)
    private static let now = MonotonicTime.zero

    /// Sends without end to a peer that takes `bytesPerSecond`, looking every 10 ms. Returns the limit after `seconds`.
    private static func limit(_ bytesPerSecond: Double, seconds: Double, from limit: SendLimit = SendLimit(), at start: Double = 0)
        -> SendLimit
    {
        var limit = limit
        var (given, delivered) = (UInt64(start * 1e6), start * 1e6)
        for step in 0..<Int(seconds * 100) {
            delivered = min(Double(given), delivered + bytesPerSecond / 100)
            let time = now + .milliseconds(Int64(start * 1000) + Int64(step) * 10)
            limit.update(given: given, delivered: UInt64(delivered), now: time, allowed: allowed)
            if limit.isUnlimited { break }
            limit.heldBack()
            given = max(given, UInt64(delivered) + UInt64(limit.bytes))
        }
        return limit
    }

    @Test(arguments: [1000, 8000, 64_000, 400_000])
    func N07_whatIsUnderWayArrivesInAboutTheTimeThatIsAllowed(_ rate: Int) {
        let limit = Self.limit(Double(rate), seconds: 20)
        let seconds = Double(limit.bytes) / Double(rate)
        #expect(seconds > 0.15 && (seconds <= 0.33 || limit.bytes == SendLimit.least), "\(limit.bytes) bytes at \(rate) a second")
    }

    @Test func aFastPeerIsLeftToTheKernelAtOnce() {
        #expect(Self.limit(10e6, seconds: 0.2).isUnlimited)
        #expect(Self.limit(10e6, seconds: 0.2).room == ProtocolLimits.outboundHighWater)
    }

    @Test func aPeerThatBecomesFastIsFoundOut() {
        let slow = Self.limit(8000, seconds: 20)
        #expect(Self.limit(10e6, seconds: 1, from: slow, at: 21).isUnlimited)
    }

    @Test func aTrickleProvesNothing() {
        var limit = SendLimit()
        for step in UInt64(0)..<1000 {
            // Always something under way, never more than is allowed.
            limit.update(
                given: (step + 1) * 50, delivered: step * 50, now: Self.now + .milliseconds(Int64(step) * 100), allowed: Self.allowed)
        }
        #expect(limit.bytes >= SendLimit.start && !limit.isUnlimited)
    }

    @Test(arguments: [(100_000.0, false), (10e6, true)])
    func aStallLimitsOnlyWhatIsSlow(_ rate: Double, _ staysUnlimited: Bool) {
        var limit = Self.limit(1e9, seconds: 1)
        #expect(limit.isUnlimited)
        let before: UInt64 = 100_000_000
        limit.stalled(delivered: before, now: Self.now + .seconds(2), allowed: Self.allowed)
        limit.stalled(delivered: before + UInt64(rate), now: Self.now + .seconds(3), allowed: Self.allowed)
        #expect(limit.isUnlimited == staysUnlimited)
    }

    @Test func idlenessForgets() {
        var limit = Self.limit(1000, seconds: 20)
        limit.idle()
        #expect(limit.bytes == SendLimit.start)
    }
}
