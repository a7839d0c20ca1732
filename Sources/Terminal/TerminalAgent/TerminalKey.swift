import SSHCrypto
import SSHKeys
import Support
import SystemCalls
import TerminalBroker
import TerminalCore
import TerminalStore

/// The terminal key and the relay's pinned key as files. Blocks: on a thread of its own.
struct TerminalKey: Sendable {
    private let configuration: AgentConfiguration

    init(_ configuration: AgentConfiguration) { self.configuration = configuration }

    /// Issues a new Ed25519 key pair and returns the public half. A half that an interrupted earlier try left is replaced.
    func issue() throws(Refusal) -> AuthorizedKey {
        try remove()
        let result: ToolResult
        do throws(ToolError) {
            result = try Tool.run(
                configuration.sshKeygen,
                ["-q", "-t", "ed25519", "-N", "", "-C", "towline-terminal", "-f", TunnelClientArguments.keyFile],
                workingDirectory: configuration.paths.agentFolder)
        } catch {
            throw Refusal(.keyNotIssued, ["reason": "\(error)"])
        }
        guard result.end.isSuccess else {
            throw Refusal(.keyNotIssued, ["reason": Printable.escaped(result.complaint)])
        }
        return try read()
    }

    /// The public half.
    func read() throws(Refusal) -> AuthorizedKey {
        let path = configuration.paths.terminalKey + ".pub"
        do {
            return try AuthorizedKey(line: String(decoding: try Files.read(path, limit: 16_384), as: UTF8.self))
        } catch {
            throw Refusal(.keyUnreadable, ["path": Printable.escaped(path), "reason": "\(error)"])
        }
    }

    /// Removes both halves and the pinned key; what is not there is not an error.
    func remove() throws(Refusal) {
        do throws(SystemError) {
            for path in [configuration.paths.terminalKey, configuration.paths.terminalKey + ".pub", configuration.paths.knownHosts] {
                try Files.remove(path)
            }
        } catch {
            throw Refusal(.system, ["reason": error.description])
        }
    }

    /// Makes these keys, or none, the only ones that the next ssh client knows. What is there already is not written again. R17
    func writeKnownHosts(_ keys: [String]) throws(SystemError) {
        let path = configuration.paths.knownHosts
        guard !keys.isEmpty else {
            try Files.remove(path)
            return
        }
        let text = Array(keys.map { TunnelClientArguments.knownHostsLine(publicKey: $0) + "\n" }.joined().utf8)
        // What cannot be read is written anew.
        if let current = try? Files.read(path, limit: 16_384, followsLinks: false), current == text { return }
        try Files.writeAtomically(path, text, mode: 0o600)
    }

    /// The keys that the last ssh client left in known_hosts; those of types that cannot be pinned are left out.
    func readKnownHosts() throws(SystemError) -> [PublicKey] {
        let text = String(decoding: try Files.read(configuration.paths.knownHosts, limit: 16_384, followsLinks: false), as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).compactMap(Self.key)
    }

    /// The key of a line `ALIAS TYPE BASE64`; nil if it does not read as one that can be pinned.
    private static func key(_ line: Substring) -> PublicKey? {
        let words = line.split(separator: " ")
        // What does not read as a key of ours is not one that can be pinned.
        return words.count == 3 ? (try? AuthorizedKey(line: "\(words[1]) \(words[2])"))?.key : nil
    }

    /// Fetches the relay's host keys and finds the one with the confirmed fingerprint.
    ///
    /// - Returns: that key's line; nil if the relay has none with that fingerprint.
    /// - Throws: what went wrong on the way.
    func fetchRelayKey(_ setting: RemoteSupportSetting, port: UInt16) throws(TunnelFailure) -> String? {
        // The usual algorithm first: asking for one that a relay does not have looks to it like a failure of ours.
        for algorithms in TunnelClientArguments.hostKeyAlgorithms {
            if let key = try hostKey(setting, port: port, algorithms: algorithms), key.fingerprint.description == setting.fingerprint {
                return AuthorizedKey(key: key).line
            }
        }
        return nil
    }

    /// Longer than ssh's own limits on the way to the key.
    private static let fetchLimit = Duration.seconds(25)

    /// The relay's host key of one of these algorithms; nil if it has none, or does not answer.
    private func hostKey(_ setting: RemoteSupportSetting, port: UInt16, algorithms: String) throws(TunnelFailure) -> PublicKey? {
        let file = "relay_keys.new"
        let path = "\(configuration.paths.agentFolder)/\(file)"
        do {
            try Files.remove(path)
            _ = try Tool.run(
                configuration.ssh,
                configuration.proxyOptions(setting)
                    + TunnelClientArguments.hostKey(setting, port: port, algorithms: algorithms, file: file),
                environment: configuration.environment(setting, port: port), workingDirectory: configuration.paths.agentFolder,
                limit: Self.fetchLimit)
            guard try Files.status(path) != nil else { return nil }
            let line = String(decoding: try Files.read(path, limit: 16_384, followsLinks: false), as: UTF8.self)
            try Files.remove(path)
            return Self.key(line.split(whereSeparator: \.isNewline).first ?? "")
        } catch {
            throw .clientFailed(reason: "\(error)")
        }
    }
}
