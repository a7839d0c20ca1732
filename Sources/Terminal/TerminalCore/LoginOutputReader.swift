import Support

/// What one line of `sshd -i -e` revealed about a login.
package enum LoginObservation: Hashable, Sendable {
    /// Somebody proved to hold a key of a login user.
    case accepted(user: String, fingerprint: String)
    /// A key or a user was refused: words for the log, not yet escaped.
    case refused(String)
    /// What the member of staff runs: `shell`, `command`, `sftp`.
    ///
    /// - Parameter terminal: the pseudo terminal it has, such as `pts/3`; nil if it has none.
    case sessionStarted(kind: String, terminal: String?)
}

/// Understands what the stock `sshd -i -e` writes at log level VERBOSE. Known to read OpenSSH 9.2; other lines are skipped.
///
/// Lines come from root's part of sshd, which escapes what a peer sent; still nothing of them decides who may log in.
package enum LoginOutputReader {
    /// What `line` (without its line end) revealed, or nil for most lines.
    package static func read(_ line: String) -> LoginObservation? {
        let words = line.split(separator: " ")
        // `Accepted publickey for alice from UNKNOWN port 65535 ssh2: ED25519 SHA256:…`
        if words.count >= 9, words[0] == "Accepted", words[1] == "publickey", words[2] == "for",
            let fingerprint = words.last(where: { $0.hasPrefix("SHA256:") })
        {
            return .accepted(user: String(words[3]), fingerprint: String(fingerprint))
        }
        // `Starting session: shell on pts/0 for alice from …`, `Starting session: command for …`, `Starting session: subsystem 'sftp' for …`
        if words.count >= 5, words[0] == "Starting", words[1] == "session:" {
            let terminal = words[3] == "on" ? pseudoTerminal(words[4]) : nil
            switch words[2] {
            case "shell": return .sessionStarted(kind: "shell", terminal: terminal)
            case "subsystem": return .sessionStarted(kind: words[3].filter { $0 != "'" }, terminal: nil)
            default: return .sessionStarted(kind: "command", terminal: terminal)
            }
        }
        if line.hasPrefix("Failed publickey for ") || line.hasPrefix("Invalid user ") || line.contains(" not allowed because ") {
            return .refused(line)
        }
        return nil
    }

    /// `pts/3`, and nothing that could name another file.
    private static func pseudoTerminal(_ word: Substring) -> String? {
        let parts = word.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "pts", (1...6).contains(parts[1].utf8.count),
            parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return String(word)
    }
}
