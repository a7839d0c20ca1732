import RelayCommands
import RelayCore
import RelayStore
import RelaySwitch
import Support
import SystemCalls

extension Daemon {
    /// How often the journal looks at the clock.
    private static let journalInterval: Duration = .seconds(5)
    /// How often the store learns when terminals were last alive, in journal intervals.
    private static let intervalsBetweenSeen = 12

    /// Lets the journal see the time, and notes in the store when terminals were last alive, until the task is cancelled.
    func tick(_ journal: EventJournal, _ relay: SwitchboardGroup, _ ledger: SQLiteLedger, _ log: Log) async {
        var intervals = 0
        while !Task.isCancelled {
            // Cancelled: the loop ends.
            do { try await Task.sleep(for: Self.journalInterval) } catch { return }
            journal.tick()
            intervals += 1
            guard intervals % Self.intervalsBetweenSeen == 0 else { continue }
            var seen: [TerminalID: WallTime] = [:]
            for tunnel in await relay.tunnels() { seen[tunnel.terminal] = tunnel.lastHeard }
            do throws(LedgerError) {
                try await ledger.noteSeen(seen)
            } catch {
                log.error("cannot note when terminals were seen", ["reason": error.sentence(program: "towline-relay")])
            }
        }
    }
}
