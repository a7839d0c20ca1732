import RelayCore
import Support
import Testing

@Suite struct SupportPeriodTests {
    private func moment(_ seconds: Int64) -> WallTime { WallTime(secondsSince1970: 1_000_000 + seconds) }

    @Test func theFirstConnectionBeginsOne() {
        let period = SupportPeriod(at: moment(0), began: nil, lastSeen: nil)
        #expect(period.began == moment(0) && period.isNew)
        #expect(SupportPeriod(at: moment(9), began: nil, lastSeen: moment(8)).isNew)
    }

    @Test(arguments: [(0, false), (SupportPeriod.away - 1, false), (SupportPeriod.away, true), (SupportPeriod.away + 1, true)])
    func aReconnectGoesOnWithItUnlessTheTerminalWasAway(_ gap: Int64, _ isNew: Bool) {
        let period = SupportPeriod(at: moment(500_000 + gap), began: moment(0), lastSeen: moment(500_000))
        #expect(period.isNew == isNew)
        #expect(period.began == (isNew ? moment(500_000 + gap) : moment(0)))
    }

    @Test func staffWhoRenewItBeginAnotherThatTheNextConnectionGoesOnWith() {
        // Away for days; renewed half an hour before it comes.
        let period = SupportPeriod(at: moment(900_000), began: moment(898_200), lastSeen: moment(500_000))
        #expect(!period.isNew && period.began == moment(898_200))
    }

    @Test(arguments: [(0, 604_800), (1, 604_799), (604_799, 1), (604_800, 0), (604_801, -1)])
    func whatIsLeftEndsAtTheLimit(_ age: Int64, _ left: Int64) {
        let period = SupportPeriod(at: moment(age), began: moment(0), lastSeen: moment(age))
        #expect(period.left(of: .seconds(604_800), at: moment(age)) == .seconds(left))
    }

    @Test func x04AClockThatJumpsShutsNobodyOut() {
        let tenYears: Int64 = 10 * 366 * 86_400
        #expect(SupportPeriod(at: moment(tenYears), began: moment(0), lastSeen: moment(60)).isNew, "the gap looks like an absence")
        let back = SupportPeriod(at: moment(-tenYears), began: moment(0), lastSeen: moment(60))
        #expect(back.left(of: .seconds(604_800), at: moment(-tenYears)) == .seconds(604_800))
    }
}
