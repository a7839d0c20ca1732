import EventLoops
import RelayCore
import RelayStore
import Support
import SystemCalls
import TestFolders
import Testing

@testable import RelayOperation

@Suite struct WebhookSenderTests {
    private let executor = BlockingExecutor(name: "test-store")
    private let began = WallTime(secondsSince1970: 1_800_000_000)

    /// A receiver that never takes anything is given up event by event, in the end; what nobody wants is passed over.
    @Test func whatIsTooOldIsGivenUpAndCounted() async throws {
        let folder = TemporaryFolder()
        let path = folder.file("relay.db")
        try SQLiteLedger.create(path: path, hostname: "relay.example.org", by: .local("root"), at: began)
        let bell = Bell()
        let ledger = try SQLiteLedger(path: path, executor: executor, bell: bell)
        let name = try TerminalName(parsing: "shop-42")
        let registry = try await ledger.perform(.addTerminal(name, nil, key: nil), by: .local("root"), at: began).registry
        let shop = try #require(registry.terminal(named: name)?.id)
        let run = try await ledger.beginRun(at: began).run
        let address = try WebhookAddress(ConfigurationValue("http://127.0.0.1:9/", at: "here"))
        let start = try #require(try await ledger.webhookPositions(of: [address.endpoint]).first)
        func happens(_ seconds: Int64) async throws {
            let at = began.advanced(by: seconds)
            try await ledger.record(
                [
                    .terminalOnline(shop, source: "192.0.2.7:1", clientVersion: "SSH", at: at),
                    .terminalOffline(shop, source: "192.0.2.7:1", reason: .closedByTerminal, lastHeard: at, at: at),
                ], run: run)
        }
        // The first is too old by now, the second is not.
        try await happens(0)
        try await happens(WebhookSender.patience)
        let now = began.advanced(by: WebhookSender.patience + 1)
        let sender = WebhookSender(
            to: address, kinds: [.terminalOnline], ledger: ledger, bell: bell, executor: BlockingExecutor(name: "test-webhook"),
            delivery: WebhookDelivery(program: "/nonexistent/curl", secret: Secret([]), userAgent: "x"),
            log: Log.ofDaemon(threshold: .error),
            body: { Array("\($0.number)".utf8) }, now: { now }, chance: { 0 })
        let task = Task { await sender.run(after: start) }
        let deadline = ContinuousClock.now + .seconds(20)
        while sender.counts.lost < 1 || sender.counts.failed < 5 {
            try #require(ContinuousClock.now < deadline, "\(sender.counts)")
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect((sender.counts.lost, sender.counts.delivered, sender.counts.waiting) == (1, 0, 1))
        task.cancel()
        await task.value
        #expect(try await ledger.webhookPositions(of: [address.endpoint]) == [start + 1], "the second is tried again after a restart")
        await ledger.close()
    }
}
