import Testing

@testable import TerminalCore

@Suite struct SupportLifecycleTests {
    private func at(_ seconds: UInt64) -> Uptime { Uptime(nanoseconds: seconds * 1_000_000_000) }

    /// The attempt that an action starts.
    private func attempt(_ actions: [SupportLifecycle.Action]) throws -> TunnelAttempt {
        let attempts = actions.compactMap { if case .connect(let attempt) = $0 { attempt } else { nil } }
        return try #require(attempts.first)
    }

    /// A lifecycle whose tunnel stands since second `since`.
    private func standing(since: UInt64 = 0, limit: SupportLimit = .untilStopped) throws -> (SupportLifecycle, TunnelAttempt) {
        var lifecycle = SupportLifecycle(portCount: 1)
        let attempt = try attempt(lifecycle.start(limit, at: at(since)))
        lifecycle.reached(.waiting, by: attempt, at: at(since))
        return (lifecycle, attempt)
    }

    @Test func offDoesNothingByItself() {
        var lifecycle = SupportLifecycle(portCount: 1)
        #expect(!lifecycle.isOn && lifecycle.nextWake == nil && !lifecycle.admitsLogins)
        #expect(lifecycle.wake(at: at(1_000_000)).isEmpty)
        #expect(lifecycle.networkCameUp().isEmpty)
        #expect(lifecycle.stop(.stopped).isEmpty)
    }

    @Test func startConnectsAndLoginsAreAdmittedOnlyWhenTheTunnelStands() throws {
        var lifecycle = SupportLifecycle(portCount: 1)
        let attempt = try attempt(lifecycle.start(.standard, at: at(0)))
        for stage in ConnectionStage.allCases.dropFirst().dropLast() {
            lifecycle.reached(stage, by: attempt, at: at(1))
            #expect(lifecycle.phase == .trying(attempt, stage))
            #expect(!lifecycle.admitsLogins)
        }
        lifecycle.reached(.waiting, by: attempt, at: at(2))
        #expect(lifecycle.phase == .waiting(attempt, since: at(2)))
        #expect(lifecycle.admitsLogins)
    }

    @Test func stopEndsClientAndLoginsWhateverItWasDoing() throws {
        var lifecycle = SupportLifecycle(portCount: 1)
        _ = lifecycle.start(.standard, at: at(0))
        #expect(lifecycle.stop(.stopped) == [.disconnect, .endLogins])
        #expect(lifecycle.phase == .off(.stopped) && lifecycle.deadline == nil)
    }

    @Test func newsOfAnEarlierClientChangeNothing() throws {
        var lifecycle = SupportLifecycle(portCount: 1)
        let first = try attempt(lifecycle.start(.standard, at: at(0)))
        _ = lifecycle.stop(.stopped)
        let second = try attempt(lifecycle.start(.standard, at: at(1)))
        lifecycle.reached(.waiting, by: first, at: at(2))
        #expect(lifecycle.failed(.keyUnknown, by: first, at: at(2), chance: 0.5).isEmpty)
        #expect(lifecycle.phase == .trying(second, .resolving))
    }

    /// Staff who approve a key find the terminal within 8 s.
    @Test(arguments: [
        (TunnelFailure.keyUnknown, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]),
        (.awaitingApproval(fingerprint: "SHA256:x"), [1, 2, 4, 8, 8, 8, 8, 8]),
    ])
    func pausesGrowWithFullJitterAndGoOnForEver(after failure: TunnelFailure, ceilings: [Int]) throws {
        var lifecycle = SupportLifecycle(portCount: 1)
        var now = at(0)
        var current = try attempt(lifecycle.start(.untilStopped, at: now))
        for ceiling in ceilings {
            _ = lifecycle.failed(failure, by: current, at: now, chance: 0.5)
            #expect(lifecycle.phase == .pausing(until: now + .milliseconds(ceiling * 500), after: failure))
            #expect(lifecycle.wake(at: now).isEmpty)
            now = try #require(lifecycle.nextWake)
            current = try attempt(lifecycle.wake(at: now))
        }
    }

    @Test func chanceSpreadsThePauseFromNothingToTheCeiling() {
        var backoff = Backoff()
        #expect(backoff.pause(chance: 0) == .zero)
        #expect(backoff.pause(chance: 0.999) < .seconds(2))
        #expect(backoff.pause(chance: 7) == .seconds(4), "chance out of range is clamped")
        for _ in 0..<100 { #expect(backoff.pause(chance: 1) <= .seconds(60)) }
    }

    @Test(arguments: [(59, 4), (60, 1), (61, 1)]) func onlyAMinuteOfStabilityForgetsEarlierFailures(stood: UInt64, ceiling: Int) throws {
        var lifecycle = SupportLifecycle(portCount: 1)
        var current = try attempt(lifecycle.start(.untilStopped, at: at(0)))
        for _ in 0..<2 {
            _ = lifecycle.failed(.keyUnknown, by: current, at: at(0), chance: 0)
            current = try attempt(lifecycle.wake(at: at(0)))
        }
        lifecycle.reached(.waiting, by: current, at: at(100))
        let now = at(100 + stood)
        #expect(
            lifecycle.failed(.lost(reason: "x"), by: current, at: now, chance: 1).isEmpty, "what staff left running survives a lost tunnel")
        #expect(lifecycle.phase == .pausing(until: now + .seconds(ceiling), after: .lost(reason: "x")))
    }

    @Test func aNetworkThatComesUpEndsThePauseAtOnce() throws {
        var lifecycle = SupportLifecycle(portCount: 1)
        let first = try attempt(lifecycle.start(.untilStopped, at: at(0)))
        _ = lifecycle.failed(.connectionTimedOut(relay: "r"), by: first, at: at(0), chance: 1)
        #expect(try attempt(lifecycle.networkCameUp()).number == 2)
        #expect(lifecycle.networkCameUp().isEmpty, "it is trying already")
    }

    @Test func portsAreTriedInTurnBeforeAnyPauseAndTheOneThatWorkedComesFirstLater() throws {
        var lifecycle = SupportLifecycle(portCount: 3)
        var current = try attempt(lifecycle.start(.untilStopped, at: at(0)))
        #expect(current.portIndex == 0)
        current = try attempt(lifecycle.failed(.connectionRefused(relay: "r"), by: current, at: at(0), chance: 1))
        #expect(current.portIndex == 1)
        lifecycle.reached(.waiting, by: current, at: at(1))
        _ = lifecycle.failed(.lost(reason: "x"), by: current, at: at(2), chance: 0)
        current = try attempt(lifecycle.wake(at: at(2)))
        #expect(current.portIndex == 1)
        for index in [2, 0] {
            current = try attempt(lifecycle.failed(.silent(relay: "r"), by: current, at: at(3), chance: 1))
            #expect(current.portIndex == index)
        }
        #expect(lifecycle.failed(.silent(relay: "r"), by: current, at: at(3), chance: 1).isEmpty, "a whole round failed: now a pause")
        guard case .pausing = lifecycle.phase else {
            Issue.record("\(lifecycle.phase)")
            return
        }
    }

    @Test func aChangedRelayKeyStopsForGoodUntilSomebodyStartsAgain() throws {
        var lifecycle = SupportLifecycle(portCount: 2)
        let first = try attempt(lifecycle.start(.standard, at: at(0)))
        let failure = TunnelFailure.relayKeyChanged(offered: "a", pinned: "b")
        #expect(lifecycle.failed(failure, by: first, at: at(0), chance: 0).isEmpty)
        #expect(lifecycle.phase == .stopped(failure))
        #expect(lifecycle.networkCameUp().isEmpty && lifecycle.wake(at: at(100)).isEmpty)
        #expect(try attempt(lifecycle.start(.standard, at: at(200))).number == 2)
    }

    @Test func aRelayThatIsNotPinnedYetIsPinnedAndThenTriedAtOnce() throws {
        var lifecycle = SupportLifecycle(portCount: 1)
        let first = try attempt(lifecycle.start(.standard, at: at(0)))
        lifecycle.reached(.checkingRelay, by: first, at: at(0))
        let actions = lifecycle.failed(.relayKeyNotPinned(offered: "o"), by: first, at: at(1), chance: 0)
        #expect(actions == [.pinRelayKey(first, offered: "o")])
        #expect(try attempt(lifecycle.relayPinned(by: first)).number == 2)
        #expect(lifecycle.relayPinned(by: first).isEmpty)
    }

    @Test func aRelayWithAnotherKeyThanTheConfirmedOneStops() throws {
        var lifecycle = SupportLifecycle(portCount: 1)
        let first = try attempt(lifecycle.start(.standard, at: at(0)))
        _ = lifecycle.failed(.relayKeyNotPinned(offered: "o"), by: first, at: at(1), chance: 0)
        let failure = TunnelFailure.relayKeyMismatch(offered: "o", confirmed: "c")
        _ = lifecycle.failed(failure, by: first, at: at(2), chance: 0)
        #expect(lifecycle.phase == .stopped(failure))
    }

    @Test func theLimitEndsEverythingAndCountsFromTheStart() throws {
        var (lifecycle, _) = try standing(since: 10, limit: .duration(.seconds(3600)))
        #expect(lifecycle.deadline == at(3610))
        #expect(lifecycle.wake(at: at(3609)) == [.warn(.seconds(300))] && lifecycle.nextWake == at(3610))
        #expect(lifecycle.wake(at: at(3610)) == [.disconnect, .endLogins])
        #expect(lifecycle.phase == .off(.timeLimit))
    }

    @Test func aLimitAlsoEndsAPauseThatIsLonger() throws {
        var lifecycle = SupportLifecycle(portCount: 1)
        let first = try attempt(lifecycle.start(.duration(.milliseconds(500)), at: at(0)))
        _ = lifecycle.failed(.keyUnknown, by: first, at: at(0), chance: 1)
        #expect(lifecycle.nextWake == at(0) + .milliseconds(500))
        _ = lifecycle.wake(at: at(1))
        #expect(lifecycle.phase == .off(.timeLimit))
    }

    @Test func extendingCountsFromTheEndAndHasALongest() throws {
        var (lifecycle, _) = try standing(limit: .duration(.seconds(3600)))
        #expect(lifecycle.extend(by: .seconds(7200), at: at(60)) == at(10_800))
        #expect(lifecycle.extend(by: .seconds(86_400 * 366), at: at(60)) == nil && lifecycle.deadline == at(10_800))
        #expect(lifecycle.extend(by: SupportLimit.maximum - .seconds(10_740), at: at(60)) == at(60) + SupportLimit.maximum)
        #expect(lifecycle.extend(by: .seconds(1), at: at(60)) == nil)
        var (endless, _) = try standing()
        #expect(endless.extend(by: .seconds(60), at: at(0)) == nil)
        var off = SupportLifecycle(portCount: 1)
        #expect(off.extend(by: .seconds(60), at: at(0)) == nil)
    }

    @Test func startingAgainWhileWaitingOnlySetsTheLimit() throws {
        var (lifecycle, attempt) = try standing()
        #expect(lifecycle.start(.duration(.seconds(60)), at: at(5)).isEmpty)
        #expect(lifecycle.phase == .waiting(attempt, since: at(0)) && lifecycle.deadline == at(65))
    }

    @Test func resumingKeepsTheEndThatWasSetAndDoesNotResumePastIt_X03() throws {
        var lifecycle = SupportLifecycle(portCount: 1)
        _ = lifecycle.resume(until: at(100), at: at(50))
        #expect(lifecycle.isOn && lifecycle.deadline == at(100))
        var late = SupportLifecycle(portCount: 1)
        _ = late.resume(until: at(100), at: at(100))
        #expect(!late.isOn)
    }

    @Test func uptimeStaysWithinItsRange_X04() {
        #expect(Uptime(nanoseconds: 5) + .nanoseconds(-10) == Uptime(nanoseconds: 0))
        #expect(Uptime(nanoseconds: .max) + .seconds(1) == Uptime(nanoseconds: .max))
        #expect(Uptime(nanoseconds: 0) + .seconds(Int64.max) == Uptime(nanoseconds: .max))
        #expect(at(10) - at(12) == .seconds(-2))
    }

    @Test func theEndIsWarnedOfAtFifteenAndFiveMinutesOnceEach() throws {
        var (lifecycle, _) = try standing(limit: .duration(.seconds(3600)))
        #expect(lifecycle.nextWake == at(2700))
        #expect(lifecycle.wake(at: at(2699)).isEmpty)
        #expect(lifecycle.wake(at: at(2700)) == [.warn(.seconds(900))])
        #expect(lifecycle.wake(at: at(2701)).isEmpty)
        #expect(lifecycle.nextWake == at(3300))
        #expect(lifecycle.wake(at: at(3301)) == [.warn(.seconds(300))])
        #expect(lifecycle.nextWake == at(3600))
        #expect(lifecycle.wake(at: at(3600)) == [.disconnect, .endLogins])
    }

    @Test func aMachineThatSleptThroughBothWarningsGetsTheLaterOne() throws {
        var (lifecycle, _) = try standing(limit: .duration(.seconds(3600)))
        #expect(lifecycle.wake(at: at(3400)) == [.warn(.seconds(300))])
    }

    @Test func aShortLimitHasNoWarningsThatLieBehind() throws {
        var (lifecycle, _) = try standing(limit: .duration(.seconds(900)))
        #expect(lifecycle.nextWake == at(600))
        #expect(lifecycle.wake(at: at(1)).isEmpty)
        #expect(lifecycle.extend(by: .seconds(3600), at: at(700)) == at(4500))
        #expect(lifecycle.nextWake == at(3600), "what comes anew is warned of anew")
    }

    @Test func timeIsTakenAwayButNeverAllOfIt() throws {
        var (lifecycle, _) = try standing(limit: .duration(.seconds(3600)))
        #expect(lifecycle.shorten(by: .seconds(3000), at: at(0)) == at(600))
        #expect(lifecycle.shorten(by: .seconds(600), at: at(0)) == nil)
        #expect(lifecycle.deadline == at(600))
        lifecycle.setLimit(.untilStopped, at: at(0))
        #expect(lifecycle.deadline == nil && lifecycle.isOn)
        #expect(lifecycle.shorten(by: .seconds(1), at: at(0)) == nil)
    }

    @Test func restartConnectsAnewAndKeepsTheLimit() throws {
        var (lifecycle, first) = try standing(limit: .duration(.seconds(3600)))
        let actions = lifecycle.restart(portCount: 3)
        #expect(actions.first == .disconnect)
        let second = try attempt(actions)
        #expect(second.number > first.number && second.portIndex == 0)
        #expect(lifecycle.deadline == at(3600))
        #expect(!lifecycle.admitsLogins)
        _ = lifecycle.stop(.stopped)
        #expect(lifecycle.restart(portCount: 1).isEmpty, "what is off stays off")
    }

    @Test(arguments: [
        TunnelFailure.nameUnknown(host: "h"), .nameUnresolved(host: "h", reason: "r"), .connectionTimedOut(relay: "r"),
        .networkBlocked(relay: "r", answer: "HTTP/1.1 302"),
    ])
    func aNameThatLeadsNowhereIsPassedByOnceARound_N05(failure: TunnelFailure) throws {
        var lifecycle = SupportLifecycle(portCount: 1)
        let first = try attempt(lifecycle.start(.untilStopped, at: at(0)))
        #expect(!first.usesLastAddress)
        let second = try attempt(lifecycle.failed(failure, by: first, at: at(1), chance: 0, knowsLastAddress: true))
        #expect(second.usesLastAddress)
        #expect(lifecycle.failed(failure, by: second, at: at(2), chance: 0.5, knowsLastAddress: true).isEmpty)
        guard case .pausing(let until, _) = lifecycle.phase else {
            Issue.record("\(lifecycle.phase)")
            return
        }
        #expect(try !attempt(lifecycle.wake(at: until)).usesLastAddress, "the next round begins with the name")
    }

    @Test func whereTheRelayWasIsOfNoUseWhenItsKeyIsWrong() throws {
        var lifecycle = SupportLifecycle(portCount: 1)
        let first = try attempt(lifecycle.start(.untilStopped, at: at(0)))
        let failure = TunnelFailure.relayKeyChanged(offered: "a", pinned: "b")
        #expect(lifecycle.failed(failure, by: first, at: at(1), chance: 0, knowsLastAddress: true).isEmpty)
        #expect(lifecycle.phase == .stopped(failure))
    }
}
