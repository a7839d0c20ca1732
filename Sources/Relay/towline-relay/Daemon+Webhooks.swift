import EventLoops
import RelayCommands
import RelayCore
import RelayOperation
import RelayStore
import Support
import SystemCalls

/// What sends events away while the relay runs.
struct Webhooks {
    let senders: [WebhookSender]
    let tasks: [Task<Void, Never>]

    /// Ends sending; what was not taken is sent after the next start. One that is under way is not waited for.
    func stop() {
        for task in tasks { task.cancel() }
    }
}

extension Daemon {
    /// Why the webhooks of a configuration cannot work; `nil`: they can, as far as can be seen from here.
    static func webhookComplaint(_ configuration: RelayConfiguration) -> String? {
        guard !configuration.webhooks.isEmpty, let file = configuration.webhookSecretFile else { return nil }
        do throws(ConfigurationError) { _ = try WebhookSecret.read(file) } catch { return error.description }
        return WebhookDelivery.complaint()
    }

    /// Begins to send what happens from now on, and what was not taken before, to the receivers of the configuration.
    func startWebhooks(_ ledger: SQLiteLedger, _ bell: Bell, _ log: Log) async throws(Failure) -> Webhooks {
        let addresses = configuration.webhooks
        let positions = try await stored { () async throws(LedgerError) in
            try await ledger.webhookPositions(of: addresses.map(\.endpoint))
        }
        guard let file = configuration.webhookSecretFile, !addresses.isEmpty else { return Webhooks(senders: [], tasks: []) }
        let secret: Secret<[UInt8]>
        do throws(ConfigurationError) { secret = try WebhookSecret.read(file) } catch { throw Failure(.usage, error.description) }
        // Events wait in the store until it is there.
        if let complaint = WebhookDelivery.complaint() { log.error("webhooks wait", ["reason": complaint]) }
        let delivery = WebhookDelivery(secret: secret, userAgent: "towline-relay/\(Version.text)")
        let hostname = ledger.hostname
        let senders = addresses.map { address in
            WebhookSender(
                to: address, kinds: configuration.webhookEvents, ledger: ledger, bell: bell, executor: BlockingExecutor(name: "webhook"),
                delivery: delivery, log: log, body: { Array(EventView($0, relay: hostname).json.utf8.dropLast()) },
                now: { WallTime.now })
        }
        let tasks = zip(senders, positions).map { sender, position in Task { await sender.run(after: position) } }
        return Webhooks(senders: senders, tasks: tasks)
    }
}
