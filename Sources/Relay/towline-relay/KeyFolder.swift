import EventLoops
import RelayCommands
import RelayCore
import RelaySwitch
import SSHCrypto
import Support
import SystemCalls

/// Keeps the relay's host keys in its folder, and has the running switch show and announce them.
struct KeyFolder: RelayKeyKeeper {
    let paths: Paths
    /// Where files are written.
    let executor: BlockingExecutor
    /// The running switch; `nil`: none runs.
    let relay: SwitchboardGroup?

    func keep(_ keys: RelayKeys, after step: RelayKeyStep) async throws(RelayKeyError) {
        do throws(SystemError) {
            try await executor.run { () throws(SystemError) in
                switch step {
                case .prepare: try write(keys.announced)
                // In one step: there is no moment in which a crash leaves only one of the keys.
                case .switchOver: try Files.exchange(paths.hostKey, paths.secondHostKey)
                case .retire: try Files.remove(paths.secondHostKey)
                }
                try Files.syncDirectory(paths.folder)
            }
        } catch {
            throw RelayKeyError("\(error)")
        }
        await relay?.show(keys.all)
    }

    private func write(_ key: HostKey?) throws(SystemError) {
        guard let key else { return }
        // A command that root gives while no relay runs: the file is its owner's, as the first one.
        let owner = try Files.status(paths.folder).map { ($0.user, $0.group) }
        try Files.writeAtomically(paths.secondHostKey, Array(key.openSSHText.utf8), mode: 0o600, owner: owner)
    }
}
