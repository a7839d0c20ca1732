package import Support

/// The commands of `towline`, for help and for the parsing of its own ones.
package enum StaffCommandTable {
    /// Words that the relay itself understands and that are passed on with all that follows.
    package static let relayCommands = Set(relay.map { $0.path[0] })

    /// The table.
    package static let table = CommandTable(
        program: "towline", summary: "reach customers' terminals through the relay, with stock OpenSSH",
        commands: [login] + relay + openSSH + own, everywhere: [])

    /// What people type: without the commands that programs ask.
    package static let forPeople = table.limited { !["known-hosts", "terminal-names"].contains($0.path[0]) }

    /// How a shell asks for the names of terminals: those that were there last time, without asking the relay.
    package static let terminalNames = "towline terminal-names"

    private static let login = CommandSpec(
        "login", "Set this account up for a relay: pin its host key, and see whether it knows you",
        arguments: [.init("HOST[:PORT]")],
        options: [
            .init("--fingerprint", value: "SHA256:…", "the fingerprint of the relay's host key (else you are asked)"),
            .init("--user", value: "NAME", "the user name to tell the relay (else your own; it only stands in its log)"),
            .init("--identity", value: "FILE", "the private key to show (else as ssh is configured)"),
        ])

    /// In the words of the relay's own help for support staff, which a test compares with these.
    private static let relay = [
        CommandSpec(
            "terminals", "List the terminals that you may reach",
            options: [.init("--online", "those only that are connected"), .init("--tag", value: "TAG", "those only with this tag"), json]),
        CommandSpec(
            "request new", "Ask a customer for access: print a sheet to send them, with a line that sets up their terminal",
            arguments: [.init("TERMINAL")],
            options: [
                .init("--login", value: "NAME", isRequired: true, "the SSH login user that the customer is to create"),
                .init("--for", value: "TEXT", "what it is for, such as customer and ticket"),
                .init("--expires", value: "WHEN", "until when the line can be used (else 7d)"),
                .init("--auto-approve", "the first key that comes with the line needs no approval"),
                .init("--lang", value: "en|ja", "the language of the sheet (else en)"),
                json,
            ]),
        CommandSpec("request list", "List the requests that are not over, and the keys that wait for approval", options: [json]),
        CommandSpec(
            "request cancel", "End a request: its line can no longer be used", arguments: [.init("TERMINAL")], options: [json]),
        CommandSpec(
            "approve", "Set or replace the key of a terminal: the one on standard input, or the one that waits for approval",
            arguments: [.init("TERMINAL")],
            options: [
                .init("--key", value: "FILE|-", "the key that the customer sent (else standard input)"),
                .init("--fingerprint", value: "SHA256:…", "approve the key that waits, if this is its fingerprint"),
                .init("--yes", "approve the key that waits, whichever it is"),
                json,
            ]),
        CommandSpec(
            "wait", "Return when a terminal is connected", arguments: [.init("TERMINAL")],
            options: [.init("--for", value: "TIME", "give up after this time (else 1h, at most 24h)"), json]),
        CommandSpec("sessions", "List the open sessions", options: [.init("--past", "the newest past ones too"), json]),
        CommandSpec(
            "history", "Show when a terminal was online, and who was on it, newest first", arguments: [.init("TERMINAL")],
            options: [.init("--since", value: "WHEN", "back to when: 8h or 7d ago, or a date (UTC) (else the newest 20 times)"), json]),
        CommandSpec(
            "events", "Show what happened at the terminals that you may reach: who came, who went, what waits",
            options: [
                .init("--follow", "go on with what happens, until Ctrl-C"),
                .init("--last", value: "N", "how many past ones (else 10, at most 1000)"),
                .init("--after", value: "ID", "begin behind this event instead (at most 1000 are given at once)"), json,
            ]),
        CommandSpec("end", "End an open session", arguments: [.init("SESSION")], options: [json]),
        CommandSpec("whoami", "Tell who you are to the relay and what you may reach", options: [json]),
    ]

    private static let json = CommandSpec.Option("--json", "answer as JSON, for programs")

    private static let openSSH = [
        CommandSpec(
            "ssh", "Log in to a terminal, or run a command there",
            arguments: [.init("[LOGIN@]TERMINAL"), .init("ARGS", isOptional: true)]),
        CommandSpec(
            "scp", "Copy files from or to terminals", arguments: [.init("[TERMINAL:]SOURCE…"), .init("[TERMINAL:]TARGET")]),
        CommandSpec("sftp", "Transfer files", arguments: [.init("[LOGIN@]TERMINAL")]),
    ]

    private static let own = [
        CommandSpec("relay", "Run any command of the relay; which it has for you says: towline relay help", arguments: [.init("WORDS")]),
        CommandSpec(
            "ssh-config", "Print how plain ssh, scp, rsync, Ansible and VS Code reach terminals too",
            options: [.init("--install", "put one Include line at the top of ~/.ssh/config")]),
        CommandSpec(
            "trust", "Accept the host keys that the relay tells for a terminal; those it shows, if the relay knows none",
            arguments: [.init("TERMINAL")],
            options: [.init("--fingerprint", value: "SHA256:…", "what the customer told you (else you are asked)")]),
        CommandTable.completionCommand(of: "towline"),
        CommandTable.manualCommand(of: "towline", section: 1),
        CommandTable.versionCommand,
        CommandSpec(
            "known-hosts", "Print the host keys of a terminal (ssh asks this)",
            arguments: [.init("HOST"), .init("KEY", isOptional: true), .init("FINGERPRINT", isOptional: true)]),
        CommandSpec("terminal-names", "Print the names of your terminals (completion asks this)"),
        CommandSpec("help", "Explain the commands", arguments: [.init("COMMAND", isOptional: true)]),
    ]
}
