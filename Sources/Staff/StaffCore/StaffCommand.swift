package import Support

/// What a command line of `towline` asks for.
package enum StaffCommand: Hashable, Sendable {
    /// Explain the commands.
    case help([String])
    /// Tell which Towline this is.
    case version
    /// Set up this account for a relay.
    case login(RelayAccess, fingerprint: String?)
    /// A command that the relay itself runs, by `ssh RELAY WORDS`.
    case relay([String])
    /// Stock `ssh`, `scp` or `sftp` with these words behind the options that reach terminals.
    case open(OpenSSHProgram, [String])
    /// Print the configuration for `ssh`, or put it into the user's own.
    case sshConfig(install: Bool)
    /// Print a completion script.
    case completion(CompletionShell)
    /// Print the manual page.
    case manual
    /// Print the terminals that were there last time, for completion.
    case terminalNames
    /// Print the host keys of a terminal, for `ssh` (`KnownHostsCommand`).
    /// - shown: the key that the terminal showed; `nil`: it has not shown one yet.
    case knownHosts(host: String, shown: ShownHostKey?)
    /// Accept the host keys that the relay tells for a terminal, or that the terminal shows where the relay knows none.
    case trust(TerminalName, fingerprint: String?)

    /// Reads the words behind the program's name.
    ///
    /// Commands of the relay and of OpenSSH take their words as they are: what they mean is not known here.
    package init(_ words: [String]) throws(UsageError) {
        if let first = words.first {
            let rest = Array(words.dropFirst())
            if let program = OpenSSHProgram(rawValue: first), rest.first != "--help", rest.first != "-h" {
                guard !rest.isEmpty else { throw UsageError("\(first) of what? usage: towline \(program.synopsis)") }
                self = .open(program, rest)
                return
            }
            if StaffCommandTable.relayCommands.contains(first) {
                self = .relay(words)
                return
            }
            if first == "relay" {
                guard !rest.isEmpty else { throw UsageError("relay needs a command; see: towline relay help") }
                self = .relay(rest)
                return
            }
        }
        let line = try StaffCommandTable.table.parse(words)
        switch line.name {
        case "login": self = .login(try RelayAccess(line), fingerprint: line.value("--fingerprint"))
        case "ssh-config": self = .sshConfig(install: line.has("--install"))
        case "completion":
            self = .completion(try CompletionShell(parsing: line.arguments[0]))
        case "manual": self = .manual
        case "version": self = .version
        case "terminal-names": self = .terminalNames
        case "known-hosts": self = .knownHosts(host: line.arguments[0], shown: ShownHostKey(Array(line.arguments.dropFirst())))
        case "trust":
            do throws(ParseError) {
                self = .trust(try TerminalName(parsing: line.arguments[0]), fingerprint: line.value("--fingerprint"))
            } catch {
                throw UsageError(error.description)
            }
        default: self = .help(line.arguments)
        }
    }
}
