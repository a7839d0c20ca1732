/// A shell that completion scripts exist for.
package enum CompletionShell: String, CaseIterable, Hashable, Sendable {
    case bash, zsh, fish

    /// By its name.
    package init(parsing name: String) throws(UsageError) {
        guard let shell = Self(rawValue: name) else {
            throw UsageError("\(Printable.quoted(name)) is not a shell that is known here: bash, zsh or fish")
        }
        self = shell
    }
}

extension CommandTable {
    /// The command that prints a completion script.
    package static func completionCommand(of program: String) -> CommandSpec {
        CommandSpec(
            "completion", "Print a completion script, as in: source <(\(program) completion bash)", arguments: [.init("bash|zsh|fish")])
    }

    /// A script that completes commands, options and words that are one of a few.
    ///
    /// - Parameter terminalNames: the shell command that prints what an argument with `TERMINAL` in its name may be, one a line.
    package func completion(for shell: CompletionShell, terminalNames: String? = nil) -> String {
        switch shell {
        case .bash: bash(terminalNames)
        // zsh reads bash's scripts, if it is told to.
        case .zsh: "autoload -U +X bashcompinit && bashcompinit\n" + bash(terminalNames)
        case .fish: fish(terminalNames)
        }
    }

    /// The words that may follow these, in the order of the help.
    private func words(behind path: [String]) -> [String] {
        var words: [String] = []
        for command in commands where command.path.count > path.count && command.path.starts(with: path) {
            if !words.contains(command.path[path.count]) { words.append(command.path[path.count]) }
        }
        return words
    }

    /// The beginnings of commands, longest first, so that the first that fits is the one that is meant.
    private var beginnings: [[String]] {
        let all = Set(commands.flatMap { command in command.path.indices.map { Array(command.path[...$0]) } })
        return all.sorted { ($1.count, $0.joined(separator: " ")) < ($0.count, $1.joined(separator: " ")) }
    }

    private func choices(of command: CommandSpec) -> [String] {
        command.arguments.flatMap { argument in
            if argument.name == "COMMAND" { return words(behind: []) }
            return argument.name.contains("|") ? argument.name.split(separator: "|").map(String.init) : []
        }
    }

    private func takesTerminals(_ command: CommandSpec) -> Bool { command.arguments.contains { $0.name.contains("TERMINAL") } }

    private func bash(_ terminalNames: String?) -> String {
        let function = "_" + program.map { $0 == "-" ? "_" : String($0) }.joined()
        let cases = beginnings.map { path in
            let command = commands.first { $0.path == path }
            let choices = words(behind: path) + (command.map(choices) ?? [])
            let options = ((command?.options ?? []) + everywhere).map(\.name)
            let names = terminalNames != nil && command.map(takesTerminals) == true ? " names=yes" : ""
            return """
                        '\(path.joined(separator: " ")) '*) choices='\(choices.joined(separator: " "))' options='\(options.joined(separator: " "))'\(names) ;;
                """
        }
        let names = terminalNames.map { command in
            """

                if [ -n "$names" ]; then
                    case $word in *@*) login=${word%@*}@ ;; esac
                    COMPREPLY+=($(compgen -P "$login" -W "$(\(command) 2>/dev/null)" -- "${word##*@}"))
                fi
            """
        }
        return """
            # Completion for \(program): source <(\(program) completion bash)
            \(function)() {
                local word=${COMP_WORDS[COMP_CWORD]} said="${COMP_WORDS[*]:1:COMP_CWORD-1} " choices= options= names= login=
                case $said in
            \(cases.joined(separator: "\n"))
                    ' ') choices='\(words(behind: []).joined(separator: " "))' ;;
                esac
                case $word in -*) choices=$options ;; esac
                COMPREPLY=($(compgen -W "$choices" -- "$word"))\(names ?? "")
            }
            complete -o default -F \(function) \(program)

            """
    }

    private func fish(_ terminalNames: String?) -> String {
        var lines = ["# Completion for \(program): \(program) completion fish | source"]
        let seen = { (path: [String]) in path.map { "__fish_seen_subcommand_from \($0)" }.joined(separator: "; and ") }
        for path in [[]] + beginnings.reversed() {
            let next = words(behind: path)
            let isNext =
                path.isEmpty ? "__fish_use_subcommand" : seen(path) + "; and not __fish_seen_subcommand_from \(next.joined(separator: " "))"
            for word in next {
                let meaning = commands.first { $0.path == path + [word] }?.summary ?? words(behind: path + [word]).joined(separator: ", ")
                lines.append("complete -c \(program) -n '\(isNext)' -f -a \(word) -d '\(Self.quotable(meaning))'")
            }
            guard let command = commands.first(where: { $0.path == path }) else { continue }
            for option in command.options + everywhere {
                let takesValue = option.value == nil ? "" : " -r"
                lines.append(
                    "complete -c \(program) -n '\(seen(path))' -l \(option.name.dropFirst(2))\(takesValue) -d '\(Self.quotable(option.meaning))'"
                )
            }
            let choices = choices(of: command)
            if !choices.isEmpty { lines.append("complete -c \(program) -n '\(seen(path))' -f -a '\(choices.joined(separator: " "))'") }
            if let terminalNames, takesTerminals(command) {
                lines.append("complete -c \(program) -n '\(seen(path))' -a '(\(terminalNames) 2>/dev/null)'")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A text as it may stand between single quotation marks.
    private static func quotable(_ text: String) -> String {
        text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "’")
    }
}
