extension CommandTable {
    /// The command that prints the manual page.
    package static func manualCommand(of program: String, section: Int) -> CommandSpec {
        CommandSpec("manual", "Print the manual page, as in: \(program) manual > \(program).\(section)")
    }

    /// The manual page, in man(7) form: what help says, for `man`.
    ///
    /// - Parameter section: 1 for everybody's programs, 8 for those of administrators.
    package func manual(section: Int) -> String {
        var lines = [
            ".TH \(program.uppercased()) \(section) \"\" Towline", ".SH NAME", Self.text("\(program) - \(summary)"), ".SH SYNOPSIS",
            ".B \(Self.text(program))", ".I COMMAND", "[\\fIARGUMENTS\\fR] [\\fIOPTIONS\\fR]", ".SH COMMANDS",
        ]
        for command in commands {
            lines += [".TP", ".B \(Self.text(command.synopsis))", Self.text(command.summary)]
            if !command.options.isEmpty { lines += [".RS"] + command.options.flatMap(Self.option) + [".RE"] }
        }
        if !everywhere.isEmpty { lines += [".SH OPTIONS", "Every command takes these."] + everywhere.flatMap(Self.option) }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func option(_ option: CommandSpec.Option) -> [String] {
        let value = option.value.map { " \\fI\(text($0))\\fR" } ?? ""
        return [".TP", "\\fB\(text(option.name))\\fR\(value)", text(option.meaning)]
    }

    /// A text as roff shows it: no command of it, and hyphens that can be copied.
    private static func text(_ text: String) -> String {
        let escaped = text.map { character in
            switch character {
            case "\\": "\\e"
            case "-": "\\-"
            case "…": "..."
            default: String(character)
            }
        }.joined()
        return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
    }
}
