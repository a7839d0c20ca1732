import EventLoops
import RelayCore
import RelayOperation
import RelayStore
import RelaySwitch
import ServiceManager
import Support
import SystemCalls

extension Daemon {
    /// How often the status line is renewed where nobody watches.
    private static let statusInterval = Duration.seconds(10)

    /// Tells the service manager that the relay lives, and what it does, until the task is cancelled.
    ///
    /// A loop that hangs does not answer: then no sign of life is given, and the service manager starts the relay anew. The store is not
    /// asked: a slow disk is no reason to cut tunnels (SECURITY R17).
    func giveSignsOfLife(_ relay: SwitchboardGroup, _ state: DaemonState) async {
        guard supervisor.isPresent else { return }
        let interval = min(supervisor.watchdogTime.map { $0 / 2 } ?? Self.statusInterval, Self.statusInterval)
        while !Task.isCancelled {
            let counts = await relay.counts()
            supervisor.tell(.alive)
            if !state.isDraining { supervisor.tell(.status("\(counts.tunnels) terminals online, \(counts.bridges) sessions open")) }
            // Cancelled: the loop ends.
            do { try await Task.sleep(for: interval) } catch { return }
        }
    }

    /// Reads the configuration again and takes what can change while the relay runs; one that is wrong changes nothing.
    func reload(
        _ relay: SwitchboardGroup, _ state: DaemonState, _ ledger: SQLiteLedger, on executor: BlockingExecutor, _ log: Log
    ) async {
        supervisor.tell(.reloading(MonotonicClock.now))
        defer { supervisor.tell(.ready) }
        do throws(ConfigurationError) {
            let reader = reader
            let (configuration, files) = try await executor.run { () throws(ConfigurationError) in try reader.read() }
            let (changed, waiting) = state.take(configuration)
            await relay.limitSupport(to: configuration.supportLimit)
            log.notice("configuration read again", ["files": files.joined(separator: " "), "changed": changed.joined(separator: " ")])
            let now = WallTime.now
            // The configuration is in effect, whether it can be noted or not.
            try? await ledger.note("configuration.reload", subject: changed.joined(separator: " "), by: .relay, at: now)
            if !waiting.isEmpty { log.warning("these wait for a restart", ["keys": waiting.joined(separator: " ")]) }
        } catch {
            log.error("the configuration is wrong: nothing was changed", ["reason": error])
        }
    }
}
