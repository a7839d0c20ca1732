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
            throw Refusal("key-not-issued", "the terminal key could not be made: \(error)")
        }
        guard result.end.isSuccess else {
            throw Refusal("key-not-issued", "the terminal key could not be made: \(Printable.escaped(result.complaint))")
        }
        return try read()
    }

    /// The public half.
    func read() throws(Refusal) -> AuthorizedKey {
        let path = configuration.paths.terminalKey + ".pub"
        do {
            return try AuthorizedKey(line: String(decoding: try Files.read(path, limit: 16_384), as: UTF8.self))
        } catch {
            throw Refusal(
                "key-unreadable",
                "the terminal key in \(Printable.escaped(path)) cannot be read (\(error)); delete the setting and create it again, "
                    + "which issues a new key")
        }
    }

    /// Removes both halves and the pinned key; what is not there is not an error.
    func remove() throws(Refusal) {
        do throws(SystemError) {
            for path in [configuration.paths.terminalKey, configuration.paths.terminalKey + ".pub", configuration.paths.knownHosts] {
                try Files.remove(path)
            }
        } catch {
            throw Refusal("system", error.description)
        }
    }

    /// Fetches the relay's host keys and pins the one with `fingerprint`.
    ///
    /// - Returns: the pinned key's line; nil if the relay has none with that fingerprint.
    /// - Throws: what went wrong on the way.
    func pin(_ setting: RemoteSupportSetting, port: UInt16) throws(TunnelFailure) -> String? {
        // The usual type first: asking for types that a relay does not have looks to it like a failure of ours.
        for types in ["ed25519", "ecdsa,rsa"] {
            for key in try scan(setting, port: port, types: types) where key.fingerprint.description == setting.fingerprint {
                let line = AuthorizedKey(key: key).line
                let text = TunnelClientArguments.knownHostsLine(publicKey: line) + "\n"
                do throws(SystemError) {
                    try Files.writeAtomically(configuration.paths.knownHosts, Array(text.utf8), mode: 0o600)
                } catch {
                    throw .clientFailed(reason: error.description)
                }
                return line
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
