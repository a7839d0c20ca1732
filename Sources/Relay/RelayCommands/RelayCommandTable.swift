package import Support

/// How the relay's commands are written: the one table for `towline-relay …` and for `ssh RELAY …`.
package enum RelayCommandTable {
    /// All commands of the program on the relay itself.
    package static let local = CommandTable(
        program: "towline-relay",
        summary: "the relay that staff reach customers' terminals through",
        commands: installation + everywhere,
        everywhere: [dataDirectory, json])

    /// The commands that are given over ssh, by `ssh RELAY COMMAND`.
    package static let remote = CommandTable(
        program: "ssh RELAY", summary: "the relay that staff reach customers' terminals through", commands: everywhere, everywhere: [json])

    /// Entries of `audit` that are shown unless told otherwise.
    package static let auditEntries = 50
    /// Entries of `audit` that are shown at most: they are one reply in memory.
    package static let mostAuditEntries = 10_000

    private static let dataDirectory = CommandSpec.Option(
        "--data-dir", value: "DIR", "where the relay keeps its store (or TOWLINE_RELAY_DATA; else /var/lib/towline-relay)")
    private static let json = CommandSpec.Option("--json", "answer as JSON, for programs")

    private static let installation = [
        CommandSpec(
            "init", "Create the store and the host key of a new relay; print its fingerprint",
            options: [.init("--hostname", value: "FQDN", isRequired: true, "the name by which terminals and staff reach this relay")]),
        CommandSpec(
            "serve", "Run the relay until SIGTERM",
            options: [
                .init("--listen", value: "ADDR:PORT", repeats: true, "where to accept SSH (else 0.0.0.0:2222 and [::]:2222; port 0: any)")
            ]),
    ]

    private static let everywhere = [
        CommandSpec(
            "terminal add", "Add a terminal; it gets a listening port",
            arguments: [.init("NAME")],
            options: [
                .init("--listening-port", value: "N", "the port to give (else the lowest free one from 20000 on)"),
                .init("--key", value: "FILE|-", "the key that the terminal issued; without it, approve it later"),
            ]),
        CommandSpec("terminal list", "List the terminals"),
        CommandSpec("terminal show", "Show a terminal, and what to give to the customer and to staff", arguments: [.init("NAME")]),
        CommandSpec("terminal disable", "Shut a terminal out; its connections end now", arguments: [.init("NAME")]),
        CommandSpec("terminal enable", "Let a terminal in again", arguments: [.init("NAME")]),
        CommandSpec("terminal remove", "Forget a terminal with its key and grants", arguments: [.init("NAME")]),
        CommandSpec(
            "approve", "Set or replace the key of a terminal, from a file or from standard input",
            arguments: [.init("TERMINAL")],
            options: [.init("--key", value: "FILE|-", "the key that the terminal issued (else standard input)")]),
        CommandSpec(
            "staff add", "Add a member of the support staff",
            arguments: [.init("NAME")],
            options: [
                .init("--key", value: "FILE|-", isRequired: true, "their public keys, one a line"),
                .init("--role", value: "support|admin", "support reaches what it has a grant for, admin everything (else support)"),
            ]),
        CommandSpec("staff list", "List the staff with their keys and grants"),
        CommandSpec("staff disable", "Shut a member of staff out; their connections end now", arguments: [.init("NAME")]),
        CommandSpec("staff enable", "Let a member of staff in again", arguments: [.init("NAME")]),
        CommandSpec("staff remove", "Forget a member of staff with keys and grants", arguments: [.init("NAME")]),
        CommandSpec(
            "grant", "Let a member of staff reach a terminal; again: set another end",
            arguments: [.init("STAFF"), .init("TERMINAL")],
            options: [.init("--until", value: "WHEN", "when it ends: 8h, 7d, 2026-12-31 or 2026-12-31T18:00 (UTC)")]),
        CommandSpec(
            "revoke", "Take a grant back; open sessions end now", arguments: [.init("STAFF"), .init("TERMINAL")]),
        CommandSpec("terminals", "List the terminals that you may reach"),
        CommandSpec(
            "sessions", "List the open sessions", options: [.init("--past", "the newest past ones too")]),
        CommandSpec("sessions end", "End an open session", arguments: [.init("ID")]),
        CommandSpec(
            "audit", "Show the newest entries of the audit log",
            options: [.init("--last", value: "N", "how many (else \(auditEntries))")]),
        CommandSpec("audit verify", "Prove that no entry of the audit log was changed or removed"),
        CommandSpec("whoami", "Tell who you are to the relay and what you may reach"),
        CommandSpec("help", "Explain the commands", arguments: [.init("COMMAND", isOptional: true)]),
    ]
}
