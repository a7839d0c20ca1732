/// The commands of the relay that support staff give from day to day, as `ssh RELAY …` and `towline …` both write them.
///
/// The relay's own table has further ones, and adds the options that are for admins.
package enum SupportCommands {
    /// How long a request's code can be used unless told otherwise.
    package static let requestLife = "7d"
    /// How long `wait` waits unless told otherwise, and at most.
    package static let waiting = (standard: "1h", longest: "24h")
    /// Events of the past that `events` shows unless told otherwise.
    package static let pastEvents = 10
    /// Events that `events` gives at once: they are one reply in memory.
    package static let mostEvents = 1000
    /// Periods online that `history` shows unless told otherwise.
    package static let historyPeriods = 20

    /// What every one of them takes beside its own options.
    package static let json = CommandSpec.Option("--json", "answer as JSON, for programs")

    /// Asking a customer for access, and what comes of it.
    package static let requests = [
        CommandSpec(
            "request new", "Ask a customer for access: print a sheet to send them, with a line that sets up their terminal",
            arguments: [.init("TERMINAL")],
            options: [
                .init("--login", value: "NAME", isRequired: true, "the SSH login user that the customer is to create"),
                .init("--for", value: "TEXT", takesText: true, "what it is for, such as customer and ticket"),
                .init("--expires", value: "WHEN", "until when the line can be used: 8h, 7d, 2026-12-31 … (else \(requestLife))"),
                .init("--auto-approve", "the first key that comes with the line needs no approval"),
                .init("--lang", value: "en|ja", "the language of the sheet (else en)"),
            ]),
        CommandSpec("request list", "List the requests that are not over, and the keys that wait for approval"),
        CommandSpec("request cancel", "End a request: its line can no longer be used", arguments: [.init("TERMINAL")]),
        CommandSpec(
            "approve", "Set the key of a terminal: the one on standard input, or the one that waits; without either, show what waits",
            arguments: [.init("TERMINAL")],
            options: [
                .init("--key", value: "FILE|-", "the key that the customer sent (else standard input)"),
                .init("--fingerprint", value: "SHA256:…", "approve the key that waits, if this is its fingerprint"),
                .init("--yes", "approve the key that waits, whichever it is"),
            ]),
    ]

    /// Which terminals there are.
    package static let terminals = [
        CommandSpec(
            "terminals", "List the terminals that you may reach",
            options: [.init("--online", "those only that are connected"), .init("--tag", value: "TAG", "those only with this tag")]),
        CommandSpec(
            "wait", "Return when a terminal is connected", arguments: [.init("TERMINAL")],
            options: [
                .init(
                    "--for", value: "TIME", takesText: true,
                    "give up after this time (else \(waiting.standard), at most \(waiting.longest))")
            ]),
    ]

    /// Who is on which terminal.
    package static let sessions = [
        CommandSpec("sessions", "List the open sessions", options: [.init("--past", "the newest past ones too")]),
        CommandSpec(
            "history", "Show when a terminal was online, and who was on it, newest first", arguments: [.init("TERMINAL")],
            options: [
                .init("--since", value: "WHEN", "back to when: 8h or 7d ago, or a date (UTC) (else the newest \(historyPeriods) times)")
            ]),
        CommandSpec(
            "events", "Show what happened at the terminals that you may reach: who came, who went, what waits",
            options: [
                .init("--follow", "go on with what happens, until Ctrl-C"),
                .init("--last", value: "N", "how many past ones (else \(pastEvents), at most \(mostEvents))"),
                .init("--after", value: "ID", "begin behind this event instead (at most \(mostEvents) are given at once)"),
            ]),
        CommandSpec("end", "End an open session", arguments: [.init("SESSION")]),
    ]

    /// Who one is.
    package static let whoAmI = CommandSpec("whoami", "Tell who you are to the relay and what you may reach")

    /// All of them, in the order of the help.
    package static let all = requests + terminals + sessions + [whoAmI]
}
