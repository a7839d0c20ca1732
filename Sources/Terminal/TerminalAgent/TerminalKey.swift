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

    /// Makes the pinned key, or none, the only one that the next ssh client knows. What is there already is not written again. R17
    func writeKnownHosts(_ pinned: String?) throws(SystemError) {
        let path = configuration.paths.knownHosts
        guard let pinned else {
            try Files.remove(path)
            return
        }
        let text = Array((TunnelClientArguments.knownHostsLine(publicKey: pinned) + "\n").utf8)
        // What cannot be read is written anew.
        if let current = try? Files.read(path, limit: 16_384, followsLinks: false), current == text { return }
        try Files.writeAtomically(path, text, mode: 0o600)
    }

    /// Fetches the relay's host keys and finds the one with the confirmed fingerprint.
    ///
    /// - Returns: that key's line; nil if the relay has none with that fingerprint.
    /// - Throws: what went wrong on the way.
    func fetchRelayKey(_ setting: RemoteSupportSetting, port: UInt16) throws(TunnelFailure) -> String? {
        // The usual type first: asking for types that a relay does not have looks to it like a failure of ours.
        for types in ["ed25519", "ecdsa,rsa"] {
            for key in try scan(setting, port: port, types: types) where key.fingerprint.description == setting.fingerprint {
                return AuthorizedKey(key: key).line
            }
        }
        return nil
    }

    private func scan(_ setting: RemoteSupportSetting, port: UInt16, types: String) throws(TunnelFailure) -> [PublicKey] {
        let result: ToolResult
        do throws(ToolError) {
            result = try Tool.run(
                configuration.sshKeyscan, TunnelClientArguments.keyScan(setting.relay, port: port, types: types), limit: .seconds(15))
        } catch {
            throw .clientFailed(reason: error.description)
        }
        // `HOST TYPE BASE64`.
        return result.output.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
            let words = line.split(separator: " ")
            // What does not read as a key of ours is not one that can be pinned.
            return words.count == 3 ? (try? AuthorizedKey(line: "\(words[1]) \(words[2])"))?.key : nil
        }
    }
}
