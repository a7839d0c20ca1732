import EventLoops
import RelayCommands
import RelayCore
import RelayOperation
import RelayStore
import SSHCrypto
import Support
import SystemCalls

/// A relay's folder: made by `init`, opened by everything else.
struct Installation {
    let paths: Paths

    /// The longest host key file, bytes.
    static let maximumHostKeyBytes = 16 << 10

    /// Creates store and host key, and says what to tell terminals and staff.
    ///
    /// The store gets its name last: a crash before leaves a folder that `init` takes again. A host key that is there is kept: it is the
    /// one that terminals have pinned.
    func create(hostname text: String, by user: String) throws(Failure) -> String {
        let address: RelayAddress
        do throws(ParseError) { address = try RelayAddress(parsing: text) } catch { throw Failure(.usage, error.description) }
        guard [address.host, "[\(address.host)]"].contains(text.lowercased()) else {
            throw Failure(.usage, "\(Printable.quoted(text)) has a port: give the name alone; serve --listen sets the port")
        }
        try attempt("cannot create the folder") { () throws(SystemError) -> Void in try Files.makeDirectory(paths.folder, mode: 0o700) }
        let lock = try takeLock()
        guard lock != nil else { throw Failure(.refused, "a relay is running in \(Printable.escaped(paths.folder)); nothing was changed") }
        if try exists(paths.store) { throw Failure(LedgerError.exists(path: paths.store)) }
        let isKeyKept = try exists(paths.hostKey)
        if !isKeyKept {
            let text = HostKey.generate().openSSHText
            try attempt("cannot write the host key") { () throws(SystemError) -> Void in
                try Files.writeAtomically(paths.hostKey, Array(text.utf8), mode: 0o600)
            }
        }
        let key = try hostKey(paths.hostKey)
        for suffix in ["", "-wal", "-shm"] {
            try attempt("cannot make room for the store") { () throws(SystemError) -> Void in try Files.remove(paths.newStore + suffix) }
        }
        do throws(LedgerError) {
            let now = WallTime.now
            try SQLiteLedger.create(path: paths.newStore, hostname: address.host, by: .local(user), at: now)
        } catch {
            throw Failure(error)
        }
        try attempt("cannot keep the store") { () throws(SystemError) -> Void in
            try Files.rename(paths.newStore, to: paths.store)
            try Files.syncDirectory(paths.folder)
        }
        let identity = RelayIdentity(hostname: address.host, keys: RelayKeys(shown: key), port: RelayIdentity.defaultPort)
        return """
            created the relay \(identity.hostname) in \(Printable.escaped(paths.folder))\(isKeyKept ? ", with the host key that was there" : "")
            host key fingerprint: \(key.publicKey.fingerprint)
            for known_hosts: \(identity.knownHostsLine)
            next: towline-relay serve\(paths.folder == RelayConfiguration().dataDirectory ? "" : " --data-dir \(Printable.escaped(paths.folder))")

            """
    }

    /// The lock on the folder; `nil` if a relay, or another command, has it.
    func takeLock() throws(Failure) -> FileLock? {
        do throws(SystemError) {
            let lock = try FileLock.acquire(paths.lock)
            // Made by root, it would shut the relay's own user out.
            if Users.effectiveUser == 0, let owner = try Files.status(paths.folder), owner.user != 0 {
                try Files.setOwner(paths.lock, user: owner.user, group: owner.group)
            }
            return lock
        } catch {
            if error.kind == .absent { throw Failure(LedgerError.missing(path: paths.store)) }
            throw Failure(error, doing: "cannot use the folder of the relay")
        }
    }

    /// Opens the store, after checking it.
    /// - Parameters:
    ///   - executor: where all work on it is done.
    ///   - audited: told each entry of the audit log that is written.
    ///   - bell: rung when there is something new to tell.
    func open(
        on executor: BlockingExecutor, audited: (@Sendable (AuditEntry) -> Void)? = nil, bell: Bell? = nil
    ) throws(Failure) -> SQLiteLedger {
        do throws(LedgerError) {
            return try SQLiteLedger(path: paths.store, executor: executor, audited: audited, bell: bell)
        } catch {
            throw Failure(error)
        }
    }

    /// Reads the host keys.
    func relayKeys() throws(Failure) -> RelayKeys {
        let shown = try hostKey(paths.hostKey)
        guard try exists(paths.secondHostKey) else { return RelayKeys(shown: shown) }
        let second = try hostKey(paths.secondHostKey)
        guard second.publicKey != shown.publicKey else {
            throw Failure(.refused, "\(Printable.escaped(paths.secondHostKey)) is the same key as host_key: remove it")
        }
        return RelayKeys(shown: shown, announced: second)
    }

    /// Reads a host key, which must belong to nobody but its owner.
    private func hostKey(_ path: String) throws(Failure) -> HostKey {
        let bytes = try attempt("cannot read the host key") { () throws(SystemError) in
            try Files.read(path, limit: Self.maximumHostKeyBytes)
        }
        if let status = try attempt("cannot read the host key", { () throws(SystemError) in try Files.status(path) }),
            status.mode & 0o077 != 0
        {
            throw Failure(.refused, "\(Printable.escaped(path)) may be read by others: chmod 600 it, or replace it if others have read it")
        }
        do throws(HostKeyError) {
            return try HostKey(openSSH: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw Failure(.refused, "the host key \(Printable.escaped(path)) cannot be used: \(error)")
        }
    }

    func exists(_ path: String) throws(Failure) -> Bool {
        try attempt("cannot look into the folder") { () throws(SystemError) in try Files.status(path, followsLinks: false) } != nil
    }

}
