import EventLoops
import SSHKeys
import Support
import SystemCalls
import TerminalBroker
import TerminalCore
import TerminalStore

extension RemoteSupport {
    /// Tells the relay this terminal's host key and login users once its tunnel stands, so that staff can compare. A relay that does not
    /// take it is none of ours, and that is no error (DESIGN §3.4).
    func reportToRelay(_ attempt: TunnelAttempt) {
        // A key that is none of ours to read is not told.
        guard let setting = settingInEffect, let line = facts.hostKey, let hostKey = try? AuthorizedKey(line: line).key else { return }
        let content = TerminalReport(software: Self.software, hostKeys: [hostKey], loginUsers: users.map(\.name))
        guard reported?.relay != setting.relay || reported?.content != content || reported?.isUnconfirmed == true else { return }
        let port = setting.relay.ports[attempt.portIndex]
        let address = attempt.usesLastAddress ? lastAddress?.address : nil
        let (configuration, reporter) = (configuration, reporter)
        Task { [weak self] in
            let answer = await self?.errands.run { () -> TerminalReport.Answer? in
                // A relay that does not take it is none of ours: how it refuses is for nobody.
                let result = try? Tool.run(
                    configuration.ssh,
                    configuration.proxyOptions(setting) + TunnelClientArguments.report(setting, port: port, address: address),
                    environment: configuration.environment(setting, port: port), input: TerminalWire.encode(content),
                    workingDirectory: configuration.paths.agentFolder, limit: Self.reportLimit,
                    started: { process in reporter.withLock { $0 = process } })
                reporter.withLock { $0 = nil }
                guard let result, result.end.isSuccess else { return nil }
                return TerminalWire.decode(TerminalReport.Answer.self, [UInt8](result.output.utf8))
            }
            if let answer { await self?.take(answer, to: content, of: attempt, relay: setting.relay) }
        }
    }

    /// Waits until the client that was telling the relay has gone; `disconnect` has ended it.
    func awaitNoReport() async {
        // Errands are run one after another: when this one's turn comes, the report is over.
        if reporter.withLock({ $0 != nil }) { await errands.run {} }
    }

    private func take(_ answer: TerminalReport.Answer, to content: TerminalReport, of attempt: TunnelAttempt, relay: RelayAddress) {
        let isUnconfirmed = answer.outcome == .changed
        let isNews = reported?.isUnconfirmed != isUnconfirmed || reported?.content != content || reported?.relay != relay
        reported = (relay, content, isUnconfirmed)
        if isNews {
            note(.terminalReported)
            if isUnconfirmed { note(.hostKeyUnconfirmed, ["fingerprint": facts.hostKeyFingerprint ?? ""]) }
        }
        // Nobody tells this terminal that staff have accepted its key: it asks again while this tunnel stands.
        guard isUnconfirmed else { return }
        _ = loop.schedule(after: Self.confirmationInterval) { [weak self] in
            self?.assumeIsolated { service in
                if case .waiting(attempt, _) = service.lifecycle.phase { service.reportToRelay(attempt) }
            }
        }
    }

    /// How often the relay is asked whether a changed host key has been accepted: soon enough for somebody who is on the phone about it.
    private static let confirmationInterval = Duration.seconds(15)
    /// Name and version, as the relay is told them.
    private static let software = "towline-terminal \(Version.text)"
    /// How long telling may take.
    private static let reportLimit = Duration.seconds(20)
}
