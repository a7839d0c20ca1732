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

    /// With the option that stands everywhere in the relay's own table.
    private static let relay = SupportCommands.all.map { $0.with(options: [SupportCommands.json]) }

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
