import EventLoops
import Support
import TerminalBroker
import TerminalCore

extension RemoteSupport {
    /// How far one try of an ssh client came.
    struct Outcome: Sendable {
        /// Every stage that it reached, in order.
        var stages: [ConnectionStage]
        /// Why it ended; nil if everything stood.
        var failure: TunnelFailure?
    }

    /// Where things stand.
    func status() -> TerminalStatus {
        var status = TerminalStatus(state: state)
        let now = now
        if case .off(let reason) = lifecycle.phase { status.offReason = reason }
        if case .waiting(_, let since) = lifecycle.phase { status.waitingForSeconds = seconds(now - since) }
        switch lifecycle.phase {
        case .pausing(let until, let failure):
            status.failure = TerminalStatus.Failure(failure)
            status.retryInSeconds = seconds(until - now)
        case .stopped(let failure): status.failure = TerminalStatus.Failure(failure)
        default: status.failure = lifecycle.lastFailure.map(TerminalStatus.Failure.init)
        }
        status.relay = setting?.relay.description
        status.listeningPort = setting?.listeningPort.rawValue
        status.endsInSeconds = lifecycle.deadline.map { seconds($0 - now) }
        if lifecycle.isOn, let setting, let settingInEffect { status.pendingChanges = setting.differences(from: settingInEffect) }
        if let settingInEffect, let reported, reported.isUnconfirmed, reported.relay == settingInEffect.relay {
            status.unconfirmedHostKey = facts.hostKeyFingerprint
        }
        status.autoStart = isAutoStart
        status.isKeyAccepted = setting?.acceptedAt != nil
        status.loginUserCount = users.count
        status.logins = logins.sorted { $0.key.number < $1.key.number }.map { _, login in
            var report = login.report
            report.openForSeconds = Int((now - login.since).components.seconds)
            return report
        }
        status.events = journal.events
        status.onlyLoginUser = facts.onlyLoginUser
        return status
    }

    private var state: TerminalStatus.State {
        switch lifecycle.phase {
        case .off: .off
        case .trying(_, .resolving): .resolving
        case .trying(_, .connecting): .connecting
        case .trying(_, .checkingRelay), .pinning: .checkingRelay
        case .trying(_, .authenticating): .authenticating
        case .trying(_, .requestingPort): .requestingPort
        case .trying(_, .waiting), .waiting: logins.isEmpty ? .waiting : .inUse
        case .pausing(_, .networkBlocked): .blocked
        case .pausing(_, .awaitingApproval): .awaitingApproval
        case .pausing: .retrying
        case .stopped: .stopped
        }
    }

    /// Whole seconds, rounded up, at least 0.
    private func seconds(_ duration: Duration) -> Int {
        let (whole, rest) = duration.components
        return max(0, Int(whole) + (rest > 0 ? 1 : 0))
    }

    // MARK: Trying once

    /// Walks the way to the relay once. While support is on, tells how far it is instead: the relay would take the port from one for the
    /// other.
    func test() async -> TestReport {
        guard let setting else {
            return TestReport(
                achieved: [], failure: TerminalStatus.Failure(.clientFailed(reason: "there is no remote support setting")))
        }
        if lifecycle.isOn { return reportOfRunning() }
        var last: TestReport?
        for port in setting.relay.ports {
            var outcome = await attempt(TunnelClientArguments.tunnel(setting, port: port), setting, port: port)
            if case .relayKeyNotPinned(let offered) = outcome.failure {
                if let failure = await pinRelayKey(of: setting, port: port, offered: offered) {
                    outcome.failure = failure
                } else if let pinned = self.setting, !lifecycle.isOn {
                    outcome = await attempt(TunnelClientArguments.tunnel(pinned, port: port), pinned, port: port)
                }
            }
            last = report(outcome)
            if outcome.failure?.isWorthAnotherPort != true { break }
        }
        return last ?? TestReport(achieved: [], failure: nil)
    }

    private func reportOfRunning() -> TestReport {
        switch lifecycle.phase {
        case .trying(_, let stage):
            report(Outcome(stages: ConnectionStage.allCases.filter { $0 <= stage }, failure: lifecycle.lastFailure))
        case .pausing(_, let failure), .stopped(let failure):
            report(Outcome(stages: ConnectionStage.allCases.filter { $0 <= failure.stage }, failure: failure))
        case .off, .pinning, .waiting: report(Outcome(stages: ConnectionStage.allCases, failure: nil))
        }
    }

    private func report(_ outcome: Outcome) -> TestReport {
        let furthest = outcome.stages.max() ?? .resolving
        let done = ConnectionStage.allCases.filter { $0 < furthest }
        return TestReport(achieved: done, failure: outcome.failure.map(TerminalStatus.Failure.init))
    }

    /// One run of an ssh client that is only to show how far it comes.
    struct Trial {
        /// What came so far.
        var outcome = Outcome(stages: [.resolving], failure: nil)
        /// Ends it if it takes too long.
        let limit: Timer
        /// Who waits for it.
        let asker: CheckedContinuation<Outcome, Never>
    }

    /// How long one port may take.
    private static let trialLimit = Duration.seconds(25)

    /// Runs an ssh client until everything stands or it ends, then ends it.
    func attempt(_ arguments: [String], _ setting: RemoteSupportSetting, port: UInt16) async -> Outcome {
        await withCheckedContinuation { continuation in
            let number = reserveClient()
            let limit = loop.schedule(after: Self.trialLimit) { [weak self] in self?.assumeIsolated { $0.end(client: number) } }
            trials[number] = Trial(limit: limit, asker: continuation)
            run(
                arguments, setting, port: port, number: number,
                observed: { [weak self] observation in self?.assumeIsolated { $0.observe(observation, trial: number) } },
                ended: { [weak self] failure in self?.assumeIsolated { $0.finish(trial: number, failure) } })
        }
    }

    private func observe(_ observation: SSHOutputReader.Observation, trial number: Int) {
        guard case .reached(let stage) = observation else { return }
        trials[number]?.outcome.stages.append(stage)
        if stage == .waiting { end(client: number) }
    }

    private func finish(trial number: Int, _ failure: TunnelFailure) {
        guard var trial = trials.removeValue(forKey: number) else { return }
        trial.limit.cancel()
        if trial.outcome.stages.last != .waiting { trial.outcome.failure = failure }
        trial.asker.resume(returning: trial.outcome)
    }
}
