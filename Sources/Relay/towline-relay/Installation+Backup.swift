import EventLoops
import RelayCommands
import RelayCore
import RelayStore
import SSHCrypto
import Support
import SystemCalls

extension Installation {
    /// Writes a backup of store and host key to `file`, which must not exist; while the relay runs or not. Only its owner may read it.
    func backUp(to file: String, by user: String) async throws(Failure) -> String {
        if try exists(file) {
            throw Failure(.refused, "\(Printable.escaped(file)) exists already; nothing was changed: choose another name")
        }
        _ = try relayKeys()  // one that cannot be used is no backup
        let key = try attempt("cannot read the host key") { () throws(SystemError) in
            try Files.read(paths.hostKey, limit: Self.maximumHostKeyBytes)
        }
        // First, so that the backup tells of itself: whoever has it has the host key.
        let ledger = try open(on: BlockingExecutor(name: "store"))
        do throws(LedgerError) {
            let now = WallTime.now
            try await ledger.note("store.backup", subject: Printable.escaped(file), by: .local(user), at: now)
        } catch {
            throw Failure(error)
        }
        await ledger.close()
        let temporary = file + ".new"
        try removeStore(temporary)
        let backup: RelayBackup
        do throws(LedgerError) {
            backup = try RelayBackup.make(of: paths.store, hostKey: key, to: temporary, at: WallTime.now)
        } catch {
            try removeStore(temporary)
            throw Failure(error)
        }
        let size = try attempt("cannot keep the backup") { () throws(SystemError) in
            try Files.setMode(temporary, 0o600)
            try Files.rename(temporary, to: file)
            try Files.syncDirectory(Files.parent(of: file))
            return try Files.status(file)?.size ?? 0
        }
        return """
            backed up \(backup.hostname) to \(Printable.escaped(file)), \(size) bytes
            it holds the relay's private host key: keep it where nobody else can read it

            """
    }

    /// Puts a backup in the place of store and host key. The relay must not run. What was there is kept beside them, under another name.
    /// - Parameter isReplacing: whether there may be a store already.
    func restore(from file: String, isReplacing: Bool, by user: String) async throws(Failure) -> String {
        try attempt("cannot create the folder") { () throws(SystemError) -> Void in try Files.makeDirectory(paths.folder, mode: 0o700) }
        let lock = try takeLock()
        guard lock != nil else {
            throw Failure(.refused, "a relay is running in \(Printable.escaped(paths.folder)): stop it first; nothing was changed")
        }
        let (hasStore, hasKey) = (try exists(paths.store), try exists(paths.hostKey))
        let isOccupied = hasStore || hasKey
        guard !isOccupied || isReplacing else {
            throw Failure(
                .refused,
                "there is a relay in \(Printable.escaped(paths.folder)) already; nothing was changed: give --replace to put it aside")
        }
        try removeStore(paths.newStore)
        try copy(file, to: paths.newStore)
        let backup: RelayBackup
        let key: HostKey
        let note: String
        do {
            backup = try RelayBackup.unpack(paths.newStore)
            key = try HostKey(openSSH: String(decoding: backup.hostKey.exposed, as: UTF8.self))
            note = try await check(backup, by: user)
        } catch {
            try removeStore(paths.newStore)
            let reason =
                switch error {
                case let error as LedgerError: Self.reason(error)
                case let error as HostKeyError: "its host key cannot be used: \(error)"
                default: preconditionFailure("no other error is thrown above")
                }
            throw Failure(.refused, "\(Printable.escaped(file)) cannot be restored: \(reason); nothing was changed")
        }
        let aside = isOccupied ? try putAside() : ""
        try attempt("cannot keep the restored relay") { () throws(SystemError) -> Void in
            let folder = try Files.status(paths.folder)
            let owner = folder.map { ($0.user, $0.group) }
            try Files.writeAtomically(paths.hostKey, backup.hostKey.exposed, mode: 0o600, owner: owner)
            try Files.setMode(paths.newStore, 0o600)
            if let owner { try Files.setOwner(paths.newStore, user: owner.0, group: owner.1) }
            try Files.rename(paths.newStore, to: paths.store)
            try Files.syncDirectory(paths.folder)
        }
        _ = consume lock
        return """
            restored \(backup.hostname) as it was at \(backup.madeAt): \(note)
            host key fingerprint: \(key.publicKey.fingerprint)
            \(aside)
            """
    }

    /// Opens the new store as the relay would, follows its audit log, and notes there where it comes from.
    private func check(_ backup: RelayBackup, by user: String) async throws(LedgerError) -> String {
        let ledger = try SQLiteLedger(path: paths.newStore, executor: BlockingExecutor(name: "store"))
        let verdict = try await ledger.verifyAudit()
        guard case .intact(let entries, _) = verdict else {
            await ledger.close()
            throw .damaged(path: paths.newStore, detail: "its audit log is broken")
        }
        let registry = try await ledger.registry()
        let now = WallTime.now
        try await ledger.note("store.restore", subject: "backup of \(backup.madeAt)", by: .local(user), at: now)
        await ledger.close()
        return "\(registry.terminals.count) terminals, \(registry.staff.count) staff, \(entries) audit entries"
    }

    private static func reason(_ error: LedgerError) -> String {
        switch error {
        case .damaged(_, let detail): detail
        case .tooNew(_, let version, let known): "it was made by a newer towline-relay (schema \(version), this one knows \(known))"
        default: error.sentence(program: "towline-relay")
        }
    }

    /// Renames what is there, and says how.
    private func putAside() throws(Failure) -> String {
        let suffix = ".replaced-\(WallClock.seconds)"
        try attempt("cannot put the present store aside") { () throws(SystemError) -> Void in
            for path in [paths.store, paths.store + "-wal", paths.store + "-shm", paths.hostKey, paths.secondHostKey]
            where try Files.status(path) != nil {
                try Files.rename(path, to: path + suffix)
            }
        }
        return "what was there is kept as \(Printable.escaped(paths.store))\(suffix) and \(Printable.escaped(paths.hostKey))\(suffix)\n"
    }

    private func removeStore(_ path: String) throws(Failure) {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            try attempt("cannot make room") { () throws(SystemError) -> Void in try Files.remove(path + suffix) }
        }
    }

    private func copy(_ file: String, to path: String) throws(Failure) {
        try attempt("cannot copy the backup") { () throws(SystemError) -> Void in try Files.copy(file, to: path, mode: 0o600) }
    }
}
