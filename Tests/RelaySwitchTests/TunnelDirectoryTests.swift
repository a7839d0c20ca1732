import RelayCore
import Support
import Testing

@testable import RelaySwitch

@Suite struct TunnelDirectoryTests {
    private let shop = TerminalID(1)
    private let heard = WallTime(secondsSince1970: 1000)

    private func place(_ connection: UInt64, board: Int = 0) -> TunnelPlace {
        TunnelPlace(board: board, connection: connection, source: "192.0.2.1:\(connection)")
    }

    private func isGranted(_ claim: TunnelDirectory.Claim, takenFrom old: UInt64?) -> Bool {
        if case .granted(let place, _) = claim { return place?.connection == old }
        return false
    }

    @Test func theFirstClaimIsGranted() {
        let directory = TunnelDirectory()
        #expect(isGranted(directory.claim(shop, place(1), at: .zero), takenFrom: nil))
        #expect(directory.place(of: shop)?.connection == 1)
    }

    @Test func aNewerConnectionTakesOverAtOnce() {
        let directory = TunnelDirectory()
        _ = directory.claim(shop, place(1), at: .zero)
        #expect(isGranted(directory.claim(shop, place(2), at: .seconds(1)), takenFrom: 1))
        #expect(directory.place(of: shop)?.connection == 2)
    }

    @Test func aLateGoodbyeOfTheOldConnectionChangesNothing() {
        let directory = TunnelDirectory()
        _ = directory.claim(shop, place(1), at: .zero)
        _ = directory.claim(shop, place(2), at: .seconds(1))
        #expect(!directory.release(shop, connection: 1, lastHeard: heard))
        #expect(directory.place(of: shop)?.connection == 2)
        #expect(directory.release(shop, connection: 2, lastHeard: heard))
        #expect(directory.place(of: shop) == nil)
        #expect(directory.lastSeen(shop) == heard)
    }

    @Test func A06_aClonedKeyIsReportedAndSlowedToOneTakeoverInTenSeconds() {
        let directory = TunnelDirectory()
        _ = directory.claim(shop, place(1), at: .zero)
        var cloned = false
        for number in UInt64(2)...4 {
            if case .granted(_, let isCloned) = directory.claim(shop, place(number), at: .seconds(number)) { cloned = isCloned }
        }
        #expect(cloned)
        guard case .wait(let time) = directory.claim(shop, place(5), at: .seconds(5)) else {
            Issue.record("the fourth takeover within seconds was granted")
            return
        }
        #expect(time == TakeoverJudge.minimumInterval - .seconds(1))
        #expect(directory.rival(of: shop, at: place(4).source, now: .seconds(5)) == place(5).source, "also while it waits")
        #expect(directory.rival(of: shop, at: place(4).source, now: .seconds(5) + TunnelDirectory.rivalryIsTold) == nil)
        #expect(directory.place(of: shop)?.connection == 4)
        #expect(isGranted(directory.claim(shop, place(5), at: .seconds(5) + time), takenFrom: 4))
    }

    @Test func aMoveIsNotedOnlyForTheHolder() {
        let directory = TunnelDirectory()
        _ = directory.claim(shop, place(1), at: .zero)
        directory.moved(shop, connection: 9, to: 3)
        #expect(directory.place(of: shop)?.board == 0)
        directory.moved(shop, connection: 1, to: 1)
        #expect(directory.place(of: shop)?.board == 1)
    }
}
