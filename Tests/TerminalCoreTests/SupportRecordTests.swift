import Support
import Testing

@testable import TerminalCore

/// Whether support comes on again with the service, and until when.
@Suite struct SupportRecordTests {
    private func at(_ seconds: UInt64) -> Uptime { Uptime(nanoseconds: seconds * 1_000_000_000) }
    private func wall(_ seconds: Int64) -> WallTime { WallTime(secondsSince1970: 1_800_000_000 + seconds) }

    /// Written at second 1000 of the first start of the machine, with an hour left.
    private func record(limit: UInt64? = 3600) -> SupportRecord {
        SupportRecord(run: "a", boot: "1", deadline: limit.map { at(1000 + $0) }, now: at(1000), wall: wall(0))
    }

    @Test func anAgentThatDiedInTheSameRunGoesOnWhateverAutoStartSays() {
        for auto in [true, false] {
            let resumption = record().resumption(run: "a", boot: "1", now: at(2000), wall: wall(1000), autoStart: auto)
            #expect(resumption == .goOn(until: at(4600)))
        }
    }

    @Test func withoutAutoStartSupportStaysOffAfterARestart() {
        #expect(record().resumption(run: "b", boot: "1", now: at(2000), wall: wall(1000), autoStart: false) == .stayOff)
        #expect(record(limit: nil).resumption(run: "b", boot: "2", now: at(5), wall: wall(9), autoStart: false) == .stayOff)
    }

    @Test func withAutoStartTheLimitGoesOnToRun() {
        let record = record()
        #expect(record.resumption(run: "b", boot: "1", now: at(2000), wall: wall(1000), autoStart: true) == .reopen(until: at(4600)))
        #expect(record.resumption(run: "b", boot: "1", now: at(4600), wall: wall(3600), autoStart: true) == .expired)
        // The machine was off for half an hour.
        #expect(record.resumption(run: "b", boot: "2", now: at(60), wall: wall(1800), autoStart: true) == .reopen(until: at(1860)))
        #expect(record.resumption(run: "b", boot: "2", now: at(60), wall: wall(3600), autoStart: true) == .expired)
    }

    @Test func supportWithoutALimitComesOnAgain() {
        #expect(record(limit: nil).resumption(run: "b", boot: "2", now: at(5), wall: wall(9), autoStart: true) == .reopen(until: nil))
    }

    @Test(arguments: [-3600, 3600, 315_360_000, -1_800_000_000])
    func aJumpOfTheWallClockChangesNothingWhileTheMachineRuns_X04(jump: Int64) {
        let resumption = record().resumption(run: "b", boot: "1", now: at(2000), wall: wall(1000 + jump), autoStart: true)
        #expect(resumption == .reopen(until: at(4600)))
    }

    @Test(arguments: [-3600, -1_800_000_000, 0, 3599, 315_360_000])
    func acrossARebootAWrongWallClockNeverMakesSupportLonger_X04(jump: Int64) {
        switch record().resumption(run: "b", boot: "2", now: at(10), wall: wall(jump), autoStart: true) {
        case .reopen(let end?): #expect(end <= at(3610))
        case .expired: #expect(jump >= 3600)
        case let other: Issue.record("\(other)")
        }
    }

    @Test func aRecordSurvivesJSON() throws {
        #expect(TerminalWire.decode(SupportRecord.self, TerminalWire.encode(record())) == record())
    }
}
