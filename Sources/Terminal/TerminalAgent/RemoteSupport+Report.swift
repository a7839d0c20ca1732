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
        guard reported?.relay != setting.relay || reported?.content != content else { return }
        let port = setting.relay.ports[attempt.portIndex]
        let address = attempt.usesLastAddress ? lastAddress?.address : nil
        let (configuration, reporter) = (configuration, reporter)
        Task { [weak self] in
            let isTaken = await self?.errands.run {
                // What the relay answers is for nobody; how it ended is enough.
                let result = try? Tool.run(
                    configuration.ssh,
                    configuration.proxyOptions(setting) + TunnelClientArguments.report(setting, port: port, address: address),
                    environment: configuration.environment(setting, port: port), input: TerminalWire.encode(content),
                    workingDirectory: configuration.paths.agentFolder, limit: Self.reportLimit,
                    started: { process in reporter.withLock { $0 = process } })
                reporter.withLock { $0 = nil }
                return result?.end.isSuccess == true
            }
            if isTaken == true { await self?.tookReport(content, relay: setting.relay) }
        }
    }

    /// Waits until the client that was telling the relay has gone; `disconnect` has ended it.
    func awaitNoReport() async {
        // Errands are run one after another: when this one's turn comes, the report is over.
        if reporter.withLock({ $0 != nil }) { await errands.run {} }
    }

    private func tookReport(_ content: TerminalReport, relay: RelayAddress) {
        reported = (relay, content)
        note(.terminalReported)
    }

    /// Name and version, as the relay is told them.
    private static let software = "towline-terminal"
    /// How long telling may take.
    private static let reportLimit = Duration.seconds(20)
}
