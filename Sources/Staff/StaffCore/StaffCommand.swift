package import Support

/// What a command line of `towline` asks for.
package enum StaffCommand: Hashable, Sendable {
    /// Explain the commands.
    case help([String])
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

/// A program of stock OpenSSH that reaches terminals.
package enum OpenSSHProgram: String, CaseIterable, Hashable, Sendable {
    /// Remote login.
    case ssh
    /// File copy.
    case scp
    /// File transfer, interactive.
    case sftp

    /// As help shows it.
    var synopsis: String {
        switch self {
        case .ssh: "ssh [LOGIN@]TERMINAL [ARGS]"
        case .scp: "scp [ARGS] SOURCE… TARGET"
        case .sftp: "sftp [ARGS] [LOGIN@]TERMINAL"
        }
    }

    /// The terminals that its words speak of, without login names, as far as they could be any.
    ///
    /// For `ssh` the first word is the destination; for `scp` and `sftp` every word that may be one.
    package func terminals(in words: [String]) -> [TerminalName] {
        let candidates: [Substring]
        switch self {
        case .ssh: candidates = words.first.map { [$0[...]] } ?? []
        case .scp: candidates = words.compactMap { word in word.firstIndex(of: ":").map { word[..<$0] } }
        case .sftp: candidates = words.map { word in word.firstIndex(of: ":").map { word[..<$0] } ?? word[...] }
        }
        return candidates.compactMap { candidate in
            let host = candidate.lastIndex(of: "@").map { candidate[candidate.index(after: $0)...] } ?? candidate
            // What is no terminal's name is a file, an option or somebody else's machine.
            return try? TerminalName(parsing: String(host))
        }
    }
}

/// The commands of `towline`, for help and for the parsing of its own ones.
package enum StaffCommandTable {
    /// Words that the relay itself understands and that are passed on with all that follows.
    package static let relayCommands: Set<String> = ["terminals", "request", "approve", "wait", "sessions", "whoami", "end", "announce"]

    /// The table.
    package static let table = CommandTable(
        program: "towline", summary: "reach customers' terminals through the relay, with stock OpenSSH",
        commands: [
            CommandSpec(
                "login", "Set this account up for a relay: pin its host key, and see whether it knows you",
                arguments: [.init("HOST[:PORT]")],
                options: [
                    .init("--fingerprint", value: "SHA256:…", "the fingerprint of the relay's host key (else you are asked)"),
                    .init("--user", value: "NAME", "the user name to tell the relay (else your own; it only stands in its log)"),
                    .init("--identity", value: "FILE", "the private key to show (else as ssh is configured)"),
                ]),
            CommandSpec("terminals", "List the terminals that you may reach", arguments: [.init("ARGS", isOptional: true)]),
            CommandSpec(
                "request", "Open, list or cancel support requests, as in: request new shop-42 --login alice", arguments: [.init("ARGS")]),
            CommandSpec("approve", "Approve a terminal's key: approve shop-42 < key.pub", arguments: [.init("TERMINAL")]),
            CommandSpec("wait", "Wait until a terminal comes online", arguments: [.init("TERMINAL")]),
            CommandSpec("sessions", "List the open sessions", arguments: [.init("ARGS", isOptional: true)]),
            CommandSpec("whoami", "Tell who you are to the relay"),
            CommandSpec(
                "ssh", "Log in to a terminal, or run a command there",
                arguments: [.init("[LOGIN@]TERMINAL"), .init("ARGS", isOptional: true)]),
            CommandSpec(
                "scp", "Copy files from or to terminals", arguments: [.init("[TERMINAL:]SOURCE…"), .init("[TERMINAL:]TARGET")]),
            CommandSpec("sftp", "Transfer files", arguments: [.init("[LOGIN@]TERMINAL")]),
            CommandSpec("relay", "Run any command of the relay, as in: relay help", arguments: [.init("COMMAND")]),
            CommandSpec(
                "ssh-config", "Print how plain ssh, scp, rsync, Ansible and VS Code reach terminals too",
                options: [.init("--install", "put one Include line at the top of ~/.ssh/config")]),
            CommandSpec(
                "trust", "Accept the host keys that the relay tells for a terminal; those it shows, if the relay knows none",
                arguments: [.init("TERMINAL")],
                options: [.init("--fingerprint", value: "SHA256:…", "what the customer told you (else you are asked)")]),
            CommandTable.completionCommand(of: "towline"),
            CommandTable.manualCommand(of: "towline", section: 1),
            CommandSpec(
                "known-hosts", "Print the host keys of a terminal (ssh asks this)",
                arguments: [.init("HOST"), .init("KEY", isOptional: true), .init("FINGERPRINT", isOptional: true)]),
            CommandSpec("terminal-names", "Print the names of your terminals (completion asks this)"),
            CommandSpec("help", "Explain the commands", arguments: [.init("COMMAND", isOptional: true)]),
        ], everywhere: [])

    /// What people type: without the commands that programs ask.
    package static let forPeople = table.limited { !["known-hosts", "terminal-names"].contains($0.path[0]) }

    /// How a shell asks for the names of terminals: those that were there last time, without asking the relay.
    package static let terminalNames = "towline terminal-names"
}
