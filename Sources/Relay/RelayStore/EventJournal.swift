package import RelayCore
package import Support
import Synchronization

/// Takes what the switch reports without making it wait, and writes it to the ledger in batches.
///
/// Bound: `maximumWaiting` events; above it only bridges are taken, up to `maximumWaitingBridges`; what is dropped is counted and the
/// number is written to the audit log. A batch that cannot be written (disk full) stays first in the queue and is tried again.
package final class EventJournal: Sendable {
    /// Events that wait at most, of all kinds.
    package static let maximumWaiting = 8_192
    /// Events that wait at most when the rest are bridges opened and closed, which the log should not miss.
    package static let maximumWaitingBridges = 65_536
    /// Events written in one transaction at most.
    package static let maximumBatch = 1_024
    /// Least time between two batches: gathers events of a storm into few transactions.
    package static let pause: Duration = .milliseconds(100)
    /// How long a failed write waits before it is tried again.
    package static let retryPause: Duration = .seconds(1)

    private struct State {
        var waiting: [RelayEvent] = []
        var dropped = 0
        var isEnding = false
    }

    // Static after init.
    private let ledger: any RelayLedger
    private let run: RunID
    private let now: @Sendable () -> WallTime
    private let onFailure: @Sendable (LedgerError) -> Void
    private let bell: AsyncStream<Void>
    private let ring: AsyncStream<Void>.Continuation

    // Guarded by its mutex.
    private let state = Mutex(State())

    /// A journal of one run. Nothing is written before `write()` runs.
    /// - Parameter onFailure: told once for each series of failed writes.
    package init(
        ledger: any RelayLedger, run: RunID, now: @escaping @Sendable () -> WallTime,
        onFailure: @escaping @Sendable (LedgerError) -> Void
    ) {
        self.ledger = ledger
        self.run = run
        self.now = now
        self.onFailure = onFailure
        (bell, ring) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Takes an event; any thread; never waits for the ledger.
    package func report(_ event: RelayEvent) {
        let isTaken = state.withLock { state in
            let limit = event.isAboutBridge ? Self.maximumWaitingBridges : Self.maximumWaiting
            guard !state.isEnding, state.waiting.count < limit else {
                state.dropped += 1
                return false
            }
            state.waiting.append(event)
            return true
        }
        if isTaken { ring.yield() }
    }

    /// Lets `write()` look at the clock; to be called every few seconds, so that gathered refusals are written although nothing follows.
    package func tick() { ring.yield() }

    /// Writes until `end()` was called and everything is written; for one task of the program.
    package func write() async {
        var tally = RefusalTally()
        for await _ in bell { await writeWaiting(&tally, isEnding: false) }
        await writeWaiting(&tally, isEnding: true)
    }

    /// Takes no more events and lets `write()` return when what waits is written.
    package func end() {
        state.withLock { $0.isEnding = true }
        ring.finish()
    }

    // MARK: - Writing

    private func writeWaiting(_ tally: inout RefusalTally, isEnding: Bool) async {
        while true {
            let (batch, dropped) = take()
            if batch.isEmpty && dropped == 0 { break }
            var events: [RelayEvent] = []
            for event in batch {
                if let admitted = tally.admit(event) { events.append(admitted) }
            }
            if dropped > 0 {
                events.append(
                    .refused(
                        source: "the relay", who: nil, what: "\(dropped) events", why: "too many at once: they are not in this log",
                        at: now()))
            }
            await write(events, isEnding: isEnding)
            if !isEnding { await Self.sleep(Self.pause) }
        }
        await write(tally.flush(at: now(), isEnding: isEnding), isEnding: isEnding)
    }

    private func take() -> (batch: [RelayEvent], dropped: Int) {
        state.withLock { state in
            let batch = Array(state.waiting.prefix(Self.maximumBatch))
            state.waiting.removeFirst(batch.count)
            defer { state.dropped = 0 }
            return (batch, state.dropped)
        }
    }

    /// Writes one batch, again and again until it is written; when ending, once.
    private func write(_ events: [RelayEvent], isEnding: Bool) async {
        guard !events.isEmpty else { return }
        var isTold = false
        while true {
            do throws(LedgerError) {
                return try await ledger.record(events, run: run)
            } catch {
                if !isTold { onFailure(error) }
                isTold = true
                // The end of the program waits for nobody; and `end()` may come while a write fails.
                if isEnding || state.withLock({ $0.isEnding }) { return }
                await Self.sleep(Self.retryPause)
            }
        }
    }

    private static func sleep(_ duration: Duration) async {
        // Sleeping throws when the task is cancelled: then there is just no pause.
        try? await Task.sleep(for: duration)
    }
}

extension RelayEvent {
    fileprivate var isAboutBridge: Bool {
        switch self {
        case .bridgeOpened, .bridgeClosed: true
        case .terminalOnline, .terminalOffline, .tookOver, .cloneSuspected, .keyUsed, .servedWithoutStrictKeyExchange, .refused,
            .supportBegan, .supportOver, .learnedHostKey:
            false
        }
    }
}
