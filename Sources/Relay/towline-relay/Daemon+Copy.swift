import EventLoops
import RelayCommands
import RelayCore
import RelayStore
import Support
import SystemCalls

extension Daemon {
    /// Keeps a copy of the store, which was just found undamaged: what an operator puts back if a later start finds damage.
    ///
    /// A copy that cannot be made (disk full) leaves the one before and is no reason to stop.
    func keepCopy(of ledger: SQLiteLedger, on executor: BlockingExecutor, _ log: Log) async {
        let paths = installation.paths
        do {
            try await executor.run { () throws(SystemError) in _ = try Files.remove(paths.newCopy) }
            guard !Task.isCancelled else { return }
            try await ledger.copy(to: paths.newCopy)
            try await executor.run { () throws(SystemError) in
                try Files.rename(paths.newCopy, to: paths.copy)
                try Files.syncDirectory(paths.folder)
            }
        } catch let error as LedgerError {
            log.warning("cannot keep a copy of the store", ["reason": error.sentence(program: "towline-relay")])
        } catch {
            log.warning("cannot keep a copy of the store", ["reason": "\(error)"])
        }
    }
}
