package import Support

/// How the relay's commands are written: the one table for `towline-relay …` and for `ssh RELAY …`.
package enum RelayCommandTable {
    /// All commands of the program on the relay itself.
    package static let local = CommandTable(
        program: "towline-relay",
        summary: "the relay that staff reach customers' terminals through",
        commands: installation + everywhere,
        everywhere: [dataDirectory, configurationFile, SupportCommands.json])

    /// The commands that are given over ssh, by `ssh RELAY COMMAND`.
    package static let remote = CommandTable(
        program: "ssh RELAY", summary: "the relay that staff reach customers' terminals through", commands: everywhere,
        everywhere: [SupportCommands.json])

    /// Those of them that support staff may give.
    package static let support = remote.limited { command in
        SupportCommands.all.contains { $0.path == command.path } || furtherSupportCommands.contains(command.path.joined(separator: " "))
    }.without(options: adminOptions)

    /// The commands that a terminal's key may give.
    package static let terminal = CommandTable(
        program: "ssh RELAY", summary: "the relay that this terminal is reached through",
        commands: [
            CommandSpec("report", "Tell the relay your host keys and login users, as JSON on standard input"),
            SupportCommands.whoAmI, help,
        ], everywhere: [SupportCommands.json])

    /// Beside `SupportCommands`.
    private static let furtherSupportCommands: Set<String> = ["terminal list", "terminal show", "host-keys", "help"]

    private static let adminOptions: Set<String> = ["--staff", "--replace"]

    /// Entries of `audit` that are shown unless told otherwise.
    package static let auditEntries = 50
    /// Entries of `audit` that are shown at most: they are one reply in memory.
    package static let mostAuditEntries = 10_000
    /// Entries that `audit export` gives at once: some 10 MB. More are asked for with `--after`.
    package static let exportedEntries = 20_000

    /// Sessions that `history` shows at most: they are one reply in memory.
    package static let historySessions = 1000

    /// Of the manual page: that of administrators' programs.
    package static let manualSection = 8

    private static let dataDirectory = CommandSpec.Option(
        "--data-dir", value: "DIR", "where the relay keeps its store (or TOWLINE_RELAY_DATA; else /var/lib/towline-relay)")
    private static let configurationFile = CommandSpec.Option(
        "--config", value: "FILE", "the configuration (or TOWLINE_RELAY_CONFIG; else /etc/towline-relay/relay.conf, if it is there)")

    private static let installation = [
        CommandSpec(
            "init", "Create the store and the host key of a new relay; print its fingerprint",
            options: [.init("--hostname", value: "FQDN", isRequired: true, "the name by which terminals and staff reach this relay")]),
        CommandSpec(
            "serve", "Run the relay until SIGTERM",
            options: [
                .init("--check-config", "only check the configuration, and print it"),
                .init("--listen", value: "ADDR:PORT", repeats: true, "where to accept SSH (else 0.0.0.0:2222 and [::]:2222; port 0: any)"),
                .init("--metrics", value: "ADDR:PORT|off", "where to serve /metrics and /healthz, on loopback (else off)"),
                .init("--support-limit", value: "7d|none", "how long support may stay open before it has to be renewed (else 7d)"),
                .init("--drain-time", value: "15m|none", "how long open sessions may go on after SIGTERM (else 15m)"),
                .init("--drain-spread", value: "1m|none", "over how much of it idle terminals are sent away (else 1m)"),
                .init("--log-level", value: "LEVEL", "debug, notice, warning or error (else notice)"),
                .init("--threads", value: "N|auto", "event loops (else one for each processor)"),
            ]),
        CommandSpec(
            "backup", "Write store and host key to one file, while the relay runs or not", arguments: [.init("FILE")]),
        CommandSpec(
            "restore", "Put a backup in place; the relay must not run", arguments: [.init("FILE")],
            options: [.init("--replace", "put the store and the host key that are there aside")]),
        CommandTable.completionCommand(of: "towline-relay"),
        CommandTable.manualCommand(of: "towline-relay", section: manualSection),
        CommandTable.versionCommand,
    ]

    private static let help = CommandSpec("help", "Explain the commands", arguments: [.init("COMMAND", isOptional: true)])
    private static let until = CommandSpec.Option(
        "--until", value: "WHEN", "when it ends: 8h, 7d, 2026-12-31 or 2026-12-31T18:00 (UTC)")

    private static let keysUntil = CommandSpec.Option(
        "--until", value: "WHEN", "from when on the keys open nothing: 90d, 2026-12-31 or 2026-12-31T18:00 (UTC)")

    private static let everywhere =
        requests + SupportCommands.terminals + terminals + people + SupportCommands.sessions + sessions + hostKeys
        + [SupportCommands.whoAmI, help]

    private static let requests = SupportCommands.requests.map { command in
        switch command.path {
        case ["request", "new"]: command.with(options: [.init("--staff", value: "NAME", "whose public keys go on the sheet (else yours)")])
        case ["approve"]: command.with(options: [.init("--replace", "even if the terminal has another key, which is shut out then")])
        default: command
        }
    }

    private static let terminals = [
        CommandSpec(
            "host-keys", "Show the SSH host keys of terminals, for your known_hosts", arguments: [.init("TERMINAL", isOptional: true)],
            options: [.init("--known-hosts", "as lines of known_hosts, under the terminal's name and its listening port")]),
        CommandSpec(
            "host-keys accept", "Accept the changed host keys of a terminal, after asking the customer why; without an option, show them",
            arguments: [.init("TERMINAL")],
            options: [
                .init("--fingerprint", value: "SHA256:…", "accept them, if one of them has this fingerprint"),
                .init("--yes", "accept them, whichever they are"),
            ]),
        CommandSpec(
            "terminal add", "Add a terminal; it gets a listening port",
            arguments: [.init("NAME")],
            options: [
                .init("--listening-port", value: "N", "the port to give (else the lowest free one from 20000 on)"),
                .init("--key", value: "FILE|-", "the key that the terminal issued; without it, approve it later"),
            ]),
        CommandSpec("terminal list", "List the terminals"),
        CommandSpec("terminal show", "Show a terminal, and what to give to the customer and to staff", arguments: [.init("NAME")]),
        CommandSpec(
            "terminal set", "Note whose a terminal is, and what staff should know about it", arguments: [.init("NAME")],
            options: [
                .init("--organisation", value: "TEXT", takesText: true, "the customer; - for none"),
                .init("--notes", value: "TEXT", takesText: true, "anything, one line; - for none"),
            ]),
        CommandSpec(
            "terminal tag", "Mark a terminal with tags, which grants can name", arguments: [.init("NAME"), .init("TAG")]),
        CommandSpec("terminal untag", "Take a tag off a terminal", arguments: [.init("NAME"), .init("TAG")]),
        CommandSpec("terminal disable", "Shut a terminal out; its connections end now", arguments: [.init("NAME")]),
        CommandSpec("terminal enable", "Let a terminal in again", arguments: [.init("NAME")]),
        CommandSpec(
            "terminal renew", "Let a terminal's support stay open for another period; the relay's own limit ends it",
            arguments: [.init("NAME")]),
        CommandSpec("terminal remove", "Forget a terminal with its key and grants", arguments: [.init("NAME")]),
    ]

    private static let people = [
        CommandSpec(
            "staff add", "Add a member of the support staff",
            arguments: [.init("NAME")],
            options: [
                .init("--key", value: "FILE|-", isRequired: true, "their public keys, one a line"),
                .init("--role", value: "support|admin", "support reaches what it has a grant for, admin everything (else support)"),
                keysUntil,
            ]),
        CommandSpec("staff list", "List the staff with their keys, groups and grants"),
        CommandSpec(
            "staff key add", "Give a member of staff further public keys", arguments: [.init("NAME")],
            options: [.init("--key", value: "FILE|-", "the keys, one a line (else standard input)"), keysUntil]),
        CommandSpec(
            "staff key limit", "Set from when on a public key opens nothing; without --until, that it has no end",
            arguments: [.init("NAME"), .init("FINGERPRINT")], options: [keysUntil]),
        CommandSpec(
            "staff key remove", "Take a public key from a member of staff; connections with it end now",
            arguments: [.init("NAME"), .init("FINGERPRINT")]),
        CommandSpec("staff role", "Give a member of staff another role", arguments: [.init("NAME"), .init("ROLE")]),
        CommandSpec("staff disable", "Shut a member of staff out; their connections end now", arguments: [.init("NAME")]),
        CommandSpec("staff enable", "Let a member of staff in again", arguments: [.init("NAME")]),
        CommandSpec("staff remove", "Forget a member of staff with keys and grants", arguments: [.init("NAME")]),
        CommandSpec("group add", "Add a group of staff, which grants can name", arguments: [.init("GROUP")]),
        CommandSpec("group list", "List the groups with their members and grants"),
        CommandSpec("group remove", "Forget a group with its grants", arguments: [.init("GROUP")]),
        CommandSpec("group member add", "Put a member of staff into a group", arguments: [.init("GROUP"), .init("STAFF")]),
        CommandSpec("group member remove", "Take a member of staff out of a group", arguments: [.init("GROUP"), .init("STAFF")]),
        CommandSpec(
            "grant", "Let staff (NAME or group:NAME) reach a terminal (NAME or tag:TAG); again: set another end",
            arguments: [.init("WHO"), .init("WHAT")], options: [until]),
        CommandSpec("revoke", "Take a grant back; open sessions end now", arguments: [.init("WHO"), .init("WHAT")]),
        CommandSpec(
            "announce", "Show staff a line when they connect, until another one or none is set",
            arguments: [.init("TEXT", isOptional: true, repeats: true)], options: [until, .init("--off", "show nothing any more")]),
    ]

    private static let hostKeys = [
        CommandSpec("relay-key", "Show the relay's own host keys, and who has not been told of them"),
        CommandSpec("relay-key prepare", "Make a second host key, and announce it to everybody who is connected or connects"),
        CommandSpec(
            "relay-key switch", "Show the second host key from now on, and announce the first; again: back",
            options: [.init("--anyway", "although some have not been told of it, and will be shut out")]),
        CommandSpec("relay-key retire", "Forget the host key that is not shown"),
    ]

    private static let sessions = [
        CommandSpec(
            "audit", "Show the newest entries of the audit log",
            options: [
                .init("--last", value: "N", "how many (else \(auditEntries), or with --since all, at most \(mostAuditEntries))"),
                .init("--since", value: "WHEN", "none older: 8h or 7d ago, or a date (UTC)"),
            ]),
        CommandSpec(
            "audit export", "Give the audit log as JSON Lines, with the digests of its chain",
            options: [
                .init("--after", value: "N", "begin behind this entry (at most \(exportedEntries) are given at once)"),
                .init("--since", value: "WHEN", "none older: 8h or 7d ago, or a date (UTC)"),
            ]),
        CommandSpec("audit verify", "Prove that no entry of the audit log was changed or removed"),
    ]
}
