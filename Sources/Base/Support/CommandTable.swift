/// One command of a program: what it is called, what it takes, and what it does. The only source for parsing and help.
package struct CommandSpec: Hashable, Sendable {
    /// A word that is not an option.
    package struct Argument: Hashable, Sendable {
        /// How help shows it, for example `TERMINAL`.
        package let name: String
        /// Whether it may be left out.
        package let isOptional: Bool
        /// Whether it may be several words; only the last argument.
        package let repeats: Bool

        /// A word called `name` in the help.
        package init(_ name: String, isOptional: Bool = false, repeats: Bool = false) {
            self.name = name
            self.isOptional = isOptional
            self.repeats = repeats
        }

        /// How the synopsis shows it.
        fileprivate var shown: String { (isOptional ? "[\(name)]" : name) + (repeats ? "…" : "") }
    }

    /// A word that begins with `--`.
    package struct Option: Hashable, Sendable {
        /// With its hyphens, for example `--key`.
        package let name: String
        /// How help shows its value, for example `FILE|-`; `nil` if it takes none.
        package let value: String?
        /// Whether the command is refused without it.
        package let isRequired: Bool
        /// Whether it may be given several times.
        package let repeats: Bool
        /// Whether its value is all words up to the next option: ssh has taken the quotation marks away from a text.
        package let takesText: Bool
        /// What it means, a few words.
        package let meaning: String

        /// An option called `name`, hyphens included; without `value` it takes none.
        package init(
            _ name: String, value: String? = nil, isRequired: Bool = false, repeats: Bool = false, takesText: Bool = false,
            _ meaning: String
        ) {
            self.name = name
            self.value = value
            self.isRequired = isRequired
            self.repeats = repeats
            self.takesText = takesText
            self.meaning = meaning
        }
    }

    /// The words that name it, for example `["terminal", "add"]`.
    package let path: [String]
    /// What it does: one line that begins with a verb.
    package let summary: String
    /// Words that it takes, in order; optional ones come last.
    package let arguments: [Argument]
    /// Options of its own, beside those that every command takes.
    package let options: [Option]

    /// A command whose words are those of `path`, split at blanks.
    package init(_ path: String, _ summary: String, arguments: [Argument] = [], options: [Option] = []) {
        self.path = path.split(separator: " ").map(String.init)
        self.summary = summary
        self.arguments = arguments
        self.options = options
    }

    fileprivate func without(_ names: Set<String>) -> CommandSpec {
        CommandSpec(
            path.joined(separator: " "), summary, arguments: arguments, options: options.filter { !names.contains($0.name) })
    }

    /// The same command with further options behind its own.
    package func with(options further: [Option]) -> CommandSpec {
        CommandSpec(path.joined(separator: " "), summary, arguments: arguments, options: options + further)
    }

    /// Name, arguments and options in one line, as in `terminal add NAME [--key FILE|-]`.
    package var synopsis: String { synopsisParts.joined(separator: " ") }

    /// The synopsis in parts that stand on one line each: an option with its value is one.
    fileprivate var synopsisParts: [String] {
        let shownArguments = arguments.map(\.shown)
        let shownOptions = options.map { option in
            let text = option.value.map { "\(option.name) \($0)" } ?? option.name
            return (option.isRequired ? text : "[\(text)]") + (option.repeats ? "…" : "")
        }
        return path + shownArguments + shownOptions
    }
}

/// A command line that its table has accepted.
package struct ParsedCommand: Hashable, Sendable {
    /// Which command it is.
    package let command: CommandSpec
    /// Words that are not options, in order: at least the required ones, at most all, and any number of one that repeats.
    package let arguments: [String]
    /// Values of the options that were given, in order; an option without a value has an empty one.
    private let options: [String: [String]]

    fileprivate init(command: CommandSpec, arguments: [String], options: [String: [String]]) {
        self.command = command
        self.arguments = arguments
        self.options = options
    }

    /// The command's words, joined by blanks: what a program switches on.
    package var name: String { command.path.joined(separator: " ") }

    /// Whether the option `name` was given.
    package func has(_ name: String) -> Bool { options[name] != nil }

    /// The last value of the option `name`; `nil` if it was not given.
    package func value(_ name: String) -> String? { options[name]?.last }

    /// All values of the option `name`, in order.
    package func values(_ name: String) -> [String] { options[name] ?? [] }
}

/// A command line that is wrong: one line, with what to do.
package struct UsageError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// An error that says `description`, one line that is safe to print.
    package init(_ description: String) {
        self.description = description
    }
}

/// All commands of a program.
package struct CommandTable: Sendable {
    /// The program's name as people type it.
    package let program: String
    /// What the program is: one line.
    package let summary: String
    /// The commands, in the order of the help.
    package let commands: [CommandSpec]
    /// Options that every command takes, anywhere on the line.
    package let everywhere: [CommandSpec.Option]

    /// A table of its parts.
    package init(program: String, summary: String, commands: [CommandSpec], everywhere: [CommandSpec.Option]) {
        self.program = program
        self.summary = summary
        self.commands = commands
        self.everywhere = everywhere
    }

    /// The same program with the commands only that `isIncluded` names, for callers who may not give the others.
    package func limited(to isIncluded: (CommandSpec) -> Bool) -> CommandTable {
        CommandTable(program: program, summary: summary, commands: commands.filter(isIncluded), everywhere: everywhere)
    }

    /// The same program without the commands' options of these names.
    package func without(options names: Set<String>) -> CommandTable {
        CommandTable(program: program, summary: summary, commands: commands.map { $0.without(names) }, everywhere: everywhere)
    }

    /// The command that prints which version of the program this is; `--version` anywhere on the line is the same.
    package static let versionCommand = CommandSpec("version", "Tell which version this is")

    // MARK: Parsing

    /// Parses the words behind the program's name.
    ///
    /// Options may stand anywhere, as `--option VALUE` or `--option=VALUE`; `--` ends them. `--help` and `-h` turn any command into
    /// `help` of it. No words at all are `help`.
    package func parse(_ words: [String]) throws(UsageError) -> ParsedCommand {
        var plain: [String] = []
        var given: [(name: String, value: String?)] = []
        var isBehindOptions = false
        var index = 0
        // Which options take a value is known once the command is; until then every command's options are.
        let known = commands.flatMap(\.options) + everywhere
        while index < words.count {
            let word = words[index]
            index += 1
            if isBehindOptions || !word.hasPrefix("-") || word == "-" {
                plain.append(word)
            } else if word == "--" {
                isBehindOptions = true
            } else if word == "--help" || word == "-h" {
                return try help(plain)
            } else if word == "--version", let version = commands.first(where: { $0.path == Self.versionCommand.path }) {
                return ParsedCommand(command: version, arguments: [], options: [:])
            } else {
                let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                let takesValue = known.contains { $0.name == parts[0] && $0.value != nil }
                if parts.count == 1, known.contains(where: { $0.name == parts[0] && $0.takesText }) {
                    let text = words[index...].prefix { !$0.hasPrefix("--") }
                    index += text.count
                    given.append((parts[0], text.isEmpty ? nil : text.joined(separator: " ")))
                } else if parts.count > 1 {
                    given.append((parts[0], parts[1]))
                } else if takesValue, index < words.count, words[index] == "-" || !words[index].hasPrefix("-") {
                    given.append((parts[0], words[index]))
                    index += 1
                } else {
                    given.append((parts[0], nil))
                }
            }
        }
        guard !plain.isEmpty || !given.isEmpty else { return try help([]) }
        let command = try self.command(plain)
        if command.path == ["help"] { return try help(Array(plain.dropFirst())) }
        let options = try options(given, of: command)  // first: a name that looks like an option is no missing name
        let arguments = Array(plain.dropFirst(command.path.count))
        try check(arguments, of: command)
        return ParsedCommand(command: command, arguments: arguments, options: options)
    }

    /// `help` about the command that `topic` begins with, or about all that begin with `topic`.
    private func help(_ topic: [String]) throws(UsageError) -> ParsedCommand {
        guard let help = commands.first(where: { $0.path == ["help"] }) else { throw UsageError("see: \(program) help") }
        let isGroup = commands.contains { $0.path.starts(with: topic) }
        return ParsedCommand(command: help, arguments: isGroup ? topic : try command(topic).path, options: [:])
    }

    private func command(_ words: [String]) throws(UsageError) -> CommandSpec {
        let candidates = commands.filter { words.starts(with: $0.path) }
        if let command = candidates.max(by: { $0.path.count < $1.path.count }) { return command }
        guard let first = words.first else { throw UsageError("no command; see: \(program) help") }
        let group = commands.filter { $0.path.count > 1 && $0.path[0] == first }
        if !group.isEmpty {
            let choices = group.map { $0.path.dropFirst().joined(separator: " ") }.joined(separator: ", ")
            if words.count > 1 { throw UsageError("\(first) has no command \(Printable.quoted(words[1])); it has: \(choices)") }
            throw UsageError("\(first) needs one of: \(choices)")
        }
        let names = Set(commands.map { $0.path[0] })
        throw UsageError("there is no command \(Printable.quoted(first))\(Suggestion.text(for: first, among: names)); see: \(program) help")
    }

    private func check(_ arguments: [String], of command: CommandSpec) throws(UsageError) {
        let required = command.arguments.filter { !$0.isOptional }.count
        if arguments.count < required {
            throw UsageError("\(command.arguments[arguments.count].name) is missing; usage: \(program) \(command.synopsis)")
        }
        if arguments.count > command.arguments.count, command.arguments.last?.repeats != true {
            let extra = Printable.quoted(arguments[command.arguments.count])
            throw UsageError("\(extra) is one word too many; usage: \(program) \(command.synopsis)")
        }
    }

    private func options(_ given: [(name: String, value: String?)], of command: CommandSpec) throws(UsageError) -> [String: [String]] {
        let allowed = command.options + everywhere
        var options: [String: [String]] = [:]
        for (name, value) in given {
            guard let option = allowed.first(where: { $0.name == name }) else {
                let hint = Suggestion.text(for: name, among: Set(allowed.map(\.name)))
                throw UsageError(
                    "\(command.path.joined(separator: " ")) has no option \(Printable.quoted(name))\(hint); usage: \(program) \(command.synopsis)"
                )
            }
            if let shown = option.value, value?.isEmpty != false { throw UsageError("\(name) needs a value: \(name) \(shown)") }
            if option.value == nil, value != nil { throw UsageError("\(name) takes no value") }
            if options[name] != nil, !option.repeats { throw UsageError("\(name) is given twice") }
            options[name, default: []].append(value ?? "")
        }
        for option in command.options where option.isRequired && options[option.name] == nil {
            throw UsageError("\(option.name) is missing; usage: \(program) \(command.synopsis)")
        }
        return options
    }

    // MARK: Help

    /// Help about all commands, or about those whose words begin with `topic`; 80 columns where names allow.
    package func help(about topic: [String]) -> String {
        let chosen = commands.filter { $0.path.starts(with: topic) }
        if !topic.isEmpty, !chosen.isEmpty { return chosen.map(details).joined(separator: "\n") }
        var text = "\(program): \(summary)\n\n"
        for command in commands { text += synopsis(command, indent: 2) + Self.wrapped(command.summary, indent: 6) }
        return text + "\n" + optionLines(everywhere, title: "Everywhere:\n") + "More about one command: \(program) help COMMAND\n"
    }

    private func details(_ command: CommandSpec) -> String {
        synopsis(command, indent: 0) + Self.wrapped(command.summary, indent: 4) + optionLines(command.options + everywhere, title: "")
    }

    private func synopsis(_ command: CommandSpec, indent: Int) -> String {
        Self.wrapped([program] + command.synopsisParts, indent: indent, further: indent + 8)
    }

    private func optionLines(_ options: [CommandSpec.Option], title: String) -> String {
        let shown = options.map { option in option.value.map { "\(option.name) \($0)" } ?? option.name }
        let column = 2 + min(shown.map(\.count).max() ?? 0, Self.widestOption) + 2
        let lines = zip(shown, options).map { name, option in
            let padding = String(repeating: " ", count: max(0, column - 4 - name.count))
            return "  \(name)\(padding)  " + Self.wrapped(option.meaning, indent: 0, further: column, from: max(column, name.count + 4))
        }
        return options.isEmpty ? "" : title + lines.joined()
    }

    /// Columns of help: what a terminal has at least.
    private static let columns = 80
    /// Columns for the names of options; longer ones push their meaning to the right.
    private static let widestOption = 32

    private static func wrapped(_ text: String, indent: Int, further: Int? = nil, from: Int = 0) -> String {
        wrapped(text.split(separator: " ").map(String.init), indent: indent, further: further, from: from)
    }

    /// `words` in lines of at most `columns`; the first begins after `from` columns that are there already.
    private static func wrapped(_ words: [String], indent: Int, further: Int? = nil, from: Int = 0) -> String {
        let further = String(repeating: " ", count: further ?? indent)
        var lines: [String] = []
        var line = String(repeating: " ", count: indent)
        var isEmpty = true
        for word in words {
            if !isEmpty, (lines.isEmpty ? from : 0) + line.count + 1 + word.count > columns {
                lines.append(line)
                line = further + word
            } else {
                line += (isEmpty ? "" : " ") + word
            }
            isEmpty = false
        }
        return (lines + [line]).joined(separator: "\n") + "\n"
    }
}
