import RelayCore
import Testing

@Suite struct DrainScheduleTests {
    /// How many go in each second until none is left.
    private func steps(_ tunnels: Int, over time: Duration) -> [Int] {
        var schedule = DrainSchedule(over: time)
        var (left, steps) = (tunnels, [Int]())
        while left > 0, steps.count < 1000 {
            let step = schedule.next(of: left)
            steps.append(step)
            left -= step
        }
        return steps
    }

    @Test(arguments: [(0, 60), (1, 60), (59, 60), (60, 60), (61, 60), (10_000, 60), (3, 1), (7, 2)])
    func r11TunnelsAreLetGoEvenlyAndWithinTheTime(_ tunnels: Int, _ seconds: Int) {
        let steps = steps(tunnels, over: .seconds(seconds))
        #expect(steps.reduce(0, +) == tunnels)
        #expect(steps.count <= seconds + 1)
        #expect((steps.max() ?? 0) - (steps.dropLast().min() ?? steps.max() ?? 0) <= 1, "\(steps)")
    }

    @Test func withoutTimeAllGoAtOnce() {
        #expect(steps(5, over: .zero) == [5])
        #expect(steps(5, over: .seconds(-3)) == [5])
    }

    @Test func aTunnelThatBecomesFreeAfterTheTimeGoesAtOnce() {
        var schedule = DrainSchedule(over: .seconds(2))
        for _ in 0..<5 { _ = schedule.next(of: 0) }
        #expect(schedule.next(of: 3) == 3)
    }
}
