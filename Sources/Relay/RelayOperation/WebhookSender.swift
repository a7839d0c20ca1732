package import EventLoops
package import RelayCore
import SSHCrypto
package import Support
package import SystemCalls
import Synchronization

/// Sends what happens to one receiver, in order and at least once: from the place that the store remembers, until the receiver took it.
///
/// The store is the queue, so nothing waits in memory and a restart loses nothing. While a receiver does not answer, its events wait for
/// `patience` at most, and as long as the store keeps them; those that fall out are counted. curl runs on a thread of this sender's own: a
/// receiver that is slow makes nobody wait but itself.
package final class WebhookSender: Sendable {
    /// Events that are read at once.
    static let batch = 100
    /// How long an event is tried, seconds: over a long weekend.
    static let patience: Int64 = 3 * 86_400
    /// The longest pause between two attempts: a receiver that is back is told within a minute.
    static let longestPause = 60.0

    // Static after init.
    private let address: WebhookAddress
    private let endpoint: String
    private let kinds: Set<Occurrence.Kind>
    private let ledger: any RelayLedger
    private let bell: Bell
    private let executor: BlockingExecutor
    private let delivery: WebhookDelivery
    private let body: @Sendable (Occurrence) -> [UInt8]
    private let now: @Sendable () -> WallTime
    private let chance: @Sendable () -> Double
    private let log: Log

    // Guarded by its mutex.
    private let state: Mutex<WebhookCounts>

    /// A sender that has not begun.
    /// - Parameters:
    ///   - kinds: what is sent.
    ///   - executor: its own; used for curl alone.
    ///   - body: an occurrence as JSON.
    ///   - chance: a number from 0 to 1, for pauses.
    package init(
        to address: WebhookAddress, kinds: Set<Occurrence.Kind>, ledger: any RelayLedger, bell: Bell, executor: BlockingExecutor,
        delivery: WebhookDelivery, log: Log, body: @escaping @Sendable (Occurrence) -> [UInt8],
        now: @escaping @Sendable () -> WallTime, chance: @escaping @Sendable () -> Double = { .random(in: 0...1) }
    ) {
        self.address = address
        endpoint = address.endpoint
        self.kinds = kinds
        self.ledger = ledger
        self.bell = bell
        self.executor = executor
        self.delivery = delivery
        self.log = log
        self.body = body
        self.now = now
        self.chance = chance
        state = Mutex(WebhookCounts())
    }

    /// What was sent so far.
    package var counts: WebhookCounts { state.withLock { $0 } }

    /// Sends until its task is cancelled or the bell ends.
    /// - Parameter start: the number of the last event that the receiver has taken.
    package func run(after start: Int64) async {
        var rings = bell.listen().makeAsyncIterator()
        var position = start
        while !Task.isCancelled {
            guard let page = await page(after: position) else {
                guard await pause(attempt: 4) else { return }
                continue
            }
            if page.lost > 0 { lose(page.lost, "the store keeps the newest \(Occurrence.kept) events only") }
            guard !page.occurrences.isEmpty else {
                guard await rings.next() != nil else { return }
                continue
            }
            await count(waitingAfter: position)
            for occurrence in page.occurrences {
                if kinds.contains(occurrence.kind) {
                    guard await send(occurrence) else { return }
                    await note(occurrence.number)
                }
                position = occurrence.number
            }
            // Those that nobody wants are noted together: each note is a transaction that waits for the disk.
            await note(position)
        }
    }

    private func note(_ number: Int64) async {
        // A full disk: it is sent again after a restart, which receivers are told to expect.
        try? await ledger.noteDelivered(number, to: endpoint)
    }

    /// Tries until it is taken or too old; false if the relay ends meanwhile.
    private func send(_ occurrence: Occurrence) async -> Bool {
        let (bytes, address, delivery) = (body(occurrence), address, delivery)
        var attempt = 0
        while !Task.isCancelled {
            let moment = now()
            switch await executor.run({ delivery.send(bytes, to: address, at: moment) }) {
            case .delivered:
                state.withLock { state in
                    state.delivered += 1
                    state.waiting = max(0, state.waiting - 1)
                }
                if attempt > 0 { log.notice("webhook is answered again", ["receiver": address.origin, "event": occurrence.number]) }
                return true
            case .failed(let reason):
                state.withLock { $0.failed += 1 }
                if attempt == 0 {
                    log.warning(
                        "webhook failed; it is tried again", ["receiver": address.origin, "event": occurrence.number, "reason": reason])
                }
            }
            guard moment.secondsSince1970 - occurrence.at.secondsSince1970 < Self.patience else {
                lose(1, "it was tried for \(Self.patience / 86_400) days")
                return true
            }
            attempt += 1
            await count(waitingAfter: occurrence.number - 1)
            guard await pause(attempt: attempt) else { return false }
        }
        return false
    }

    /// Full jitter: anything up to 1 s, 2 s, 4 s … `longestPause`. False if the relay ends.
    private func pause(attempt: Int) async -> Bool {
        let longest = min(Self.longestPause, Double(1 << min(attempt - 1, 6)))
        do { try await Task.sleep(for: .seconds(longest * chance())) } catch { return false }
        return true
    }

    private func lose(_ count: Int64, _ why: String) {
        state.withLock { state in
            state.lost += UInt64(count)
            state.waiting = max(0, state.waiting - Int(count))
        }
        log.error("events are lost for a webhook", ["receiver": address.origin, "count": count, "reason": why])
    }

    private func page(after number: Int64) async -> OccurrencePage? {
        // The store cannot be read now: it is tried again, and whoever writes to it complains.
        try? await ledger.occurrences(after: number, limit: Self.batch)
    }

    private func count(waitingAfter number: Int64) async {
        // The number before stands for a store that cannot be read now.
        guard let waiting = try? await ledger.occurrenceCount(after: number, of: kinds) else { return }
        state.withLock { $0.waiting = waiting }
    }
}

/// A webhook in numbers, for metrics.
package struct WebhookCounts: Hashable, Sendable {
    /// Events that the receiver took.
    package var delivered: UInt64 = 0
    /// Attempts that failed.
    package var failed: UInt64 = 0
    /// Events that were given up.
    package var lost: UInt64 = 0
    /// Events that wait now.
    package var waiting = 0

    /// All zero.
    package init() {}
}

extension WebhookAddress {
    /// What the store knows it by: not the URL, which may hold a secret.
    package var endpoint: String { Hexadecimal.text(digest(.sha256, of: Array(url.utf8))) }
}
