import SystemCalls
import TerminalCore

/// The broker's own folder, and what must be true of it before root trusts it.
enum BrokerFolder {
    /// Makes the folder's content: host key, key folder; checks what login servers need.
    static func prepare(_ configuration: BrokerConfiguration) throws(BrokerError) -> BrokerFacts {
        guard LoginServerConfiguration.canName(configuration.folder) else { throw .unusableFolder(path: configuration.folder) }
        guard Files.isExecutable(configuration.system.sshd) else {
            throw .missing(program: configuration.system.sshd, package: "openssh-server")
        }
        guard Files.isExecutable(configuration.system.sshKeygen) else {
            throw .missing(program: configuration.system.sshKeygen, package: "openssh-client")
        }
        try checkSafe(configuration.folder)
        do throws(SystemError) {
            try Files.makeDirectory(configuration.keyFolder, mode: 0o711)
            // sshd's unprivileged part is locked into it; Debian's service makes it, and there may be no such service running.
            if configuration.isRoot { try Files.makeDirectory(configuration.system.sshdFolder, mode: 0o755) }
        } catch {
            throw .system(error)
        }
        if !exists(configuration.hostKey) { try makeHostKey(configuration) }
        return BrokerFacts(
            onlyLoginUser: configuration.isRoot ? nil : Accounts.ownName(), hostKeyFingerprint: fingerprint(configuration),
            hostKey: publicHostKey(configuration))
    }

    /// Whether there is anything at `path`.
    static func exists(_ path: String) -> Bool { (try? Files.status(path)) != nil }  // what cannot be looked at is of no use either

    /// Whether sshd's own check of `path` will be content: nobody but root and us may write to it or to any folder above it.
    static func isStrictlySafe(_ path: String) -> Bool { flaw(of: path, isStickyAllowed: false) == nil }

    /// Nobody else may be able to replace the folder or anything above it. A sticky folder such as /tmp is good enough: what is in it
    /// belongs to its owner.
    static func checkSafe(_ path: String) throws(BrokerError) {
        if let flaw = flaw(of: path, isStickyAllowed: true) { throw .unsafeFolder(path: flaw.path, reason: flaw.reason) }
    }

    private static func flaw(of path: String, isStickyAllowed: Bool) -> (path: String, reason: String)? {
        var current = path
        while true {
            // What cannot be looked at cannot be trusted.
            guard let status = try? Files.status(current, followsLinks: false) else { return (current, "it cannot be looked at") }
            guard status.kind == .directory else { return (current, "it is not a folder") }
            guard status.user == 0 || status.user == Users.effectiveUser else { return (current, "it belongs to another user") }
            let isOpen = status.mode & 0o022 != 0
            let isSticky = status.mode & 0o1000 != 0
            if isOpen, !(isSticky && isStickyAllowed && current != path) {
                return (current, "others may write to it; take that away: chmod go-w \(current)")
            }
            if current == "/" { return nil }
            current = Files.parent(of: current)
        }
    }

    private static func makeHostKey(_ configuration: BrokerConfiguration) throws(BrokerError) {
        let result: ToolResult
        do throws(ToolError) {
            result = try Tool.run(
                configuration.system.sshKeygen, ["-q", "-t", "ed25519", "-N", "", "-C", "towline-terminal", "-f", configuration.hostKey])
        } catch {
            throw .failed("the host key could not be made: \(error)")
        }
        guard result.end.isSuccess else { throw .failed("the host key could not be made: \(Log.escaped(result.complaint))") }
    }

    private static func publicHostKey(_ configuration: BrokerConfiguration) -> String? {
        // Only told to the relay: without it everything works.
        (try? Files.read(configuration.hostKey + ".pub", limit: 16_384)).map { bytes in
            String(decoding: bytes, as: UTF8.self).filter { !$0.isNewline }
        }
    }

    /// `256 SHA256:… comment (ED25519)`.
    private static func fingerprint(_ configuration: BrokerConfiguration) -> String? {
        // Only shown to people: without it everything works.
        let result = try? Tool.run(configuration.system.sshKeygen, ["-l", "-f", configuration.hostKey + ".pub"])
        return result?.output.split(separator: " ").first { $0.hasPrefix("SHA256:") }.map(String.init)
    }
}
