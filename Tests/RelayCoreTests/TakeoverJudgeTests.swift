import RelayCore
import Testing

@Suite struct TakeoverJudgeTests {
    @Test func staleConnectionsAreTakenOverAtOnceForEver() {
        var judge = TakeoverJudge()
        for second in 0..<100 {
            #expect(judge.judge(oldIsAlive: false, at: .seconds(second)) == .takeOver)
        }
    }

    @Test func a06TwoLiveConnectionsOfOneKeyAreReportedAndSlowedDown() {
        var judge = TakeoverJudge()
        #expect(judge.judge(oldIsAlive: true, at: .seconds(0)) == .takeOver)
        #expect(judge.judge(oldIsAlive: true, at: .seconds(1)) == .takeOver)
        #expect(judge.judge(oldIsAlive: true, at: .seconds(2)) == .cloned)
        #expect(judge.judge(oldIsAlive: true, at: .seconds(3)) == .wait(.seconds(9)))
        #expect(judge.judge(oldIsAlive: true, at: .milliseconds(11_999)) == .wait(.milliseconds(1)))
        #expect(judge.judge(oldIsAlive: true, at: .seconds(12)) == .cloned)
        // At most one takeover in 10 s for as long as it goes on.
        var takeovers = 0
        for second in 13..<1_013 where judge.judge(oldIsAlive: true, at: .seconds(second)) == .cloned { takeovers += 1 }
        #expect(takeovers <= 100)
        #expect(takeovers >= 90)
    }

    @Test func waitingIsForgottenAfterTheWindow() {
        var judge = TakeoverJudge()
        for second in 0..<3 { _ = judge.judge(oldIsAlive: true, at: .seconds(second)) }
        #expect(judge.judge(oldIsAlive: true, at: .seconds(62)) == .takeOver)
    }

    @Test func threeTakeoversSpreadOverMoreThanTheWindowAreNotSuspicious() {
        var judge = TakeoverJudge()
        for round in 0..<20 { #expect(judge.judge(oldIsAlive: true, at: .seconds(round * 31)) == .takeOver) }
    }
}
