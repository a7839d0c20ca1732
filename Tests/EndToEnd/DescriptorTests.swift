import Glibc
import Testing

extension EndToEnd {
    /// Case R01: the relay runs out of descriptors.
    @Suite(.serialized, .enabled(if: !Relay.isStock)) struct DescriptorTests {
        @Test func r01AcceptingPausesWithoutSpinningTunnelsLiveOnAndItRecovers() async throws {
            let site = try await Site(descriptors: 48)
            let tunnel = try await site.tunnel()
            let ticking = try Program(
                [
                    "ssh", "-F", try site.staffConfig(), "-J", "relay", "-p", "\(Site.listeningPort)", "localhost",
                    "tick=0; while sleep 0.1; do tick=$((tick + 1)); echo $tick; done",
                ], in: site.folder)
            try await eventually("the session ticks: \(ticking.errors)") { ticks(ticking) > 0 }

            // Staff who stay connected, more of them than there are descriptors.
            let config = try site.staffConfig("LogLevel DEBUG1")
            let crowd = try (0..<60).map { _ in try Program(["ssh", "-F", config, "-N", "relay"], in: site.folder) }
            func inside() -> Int { crowd.count { $0.errors.contains("Authenticated to") } }
            let descriptors = "/proc/\(try site.relay.process.pid)/fd"
            try await eventually(within: .seconds(60), "the relay has no descriptor left; \(inside()) are in") {
                try await site.folder.run(["ls", descriptors]).output.split(whereSeparator: \.isNewline).count >= 46
            }
            #expect(inside() < crowd.count)

            let before = ticks(ticking)
            let cpu = try cpuTime()
            let clock = ContinuousClock.now
            try await eventually("the session goes on ticking") { ticks(ticking) >= before + 20 }
            let wall = ContinuousClock.now - clock
            #expect(try cpuTime() - cpu < wall / 2, "a full relay does not spin")
            #expect(tunnel.isRunning)
            #expect(ticking.isRunning)

            for member in crowd { member.signal(SIGTERM) }
            try await eventually("the relay lets people in again") {
                try await site.staff(config, "-J", "relay", "shop-42", "echo reached").text == "reached"
            }
            #expect(tunnel.isRunning)

            /// CPU time of the relay.
            func cpuTime() throws -> Duration {
                var clock: clockid_t = 0
                var time = timespec()
                guard clock_getcpuclockid(try site.relay.process.pid, &clock) == 0, clock_gettime(clock, &time) == 0 else {
                    throw ScenarioError(description: "no CPU clock of the relay")
                }
                return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
            }
        }

        private func ticks(_ session: Program) -> Int {
            session.output.split(whereSeparator: \.isNewline).count
        }
    }
}
