import Support

/// A shell that completion scripts exist for.
package enum CompletionShell: String, CaseIterable, Hashable, Sendable {
    case bash, zsh, fish

    /// Commands whose next words are terminals.
    private static let takingTerminals = ["approve", "scp", "sftp", "ssh", "trust", "wait"]

    private static var commands: [(name: String, summary: String)] {
        StaffCommandTable.table.commands.filter { !["known-hosts", "terminal-names"].contains($0.path[0]) }.map { ($0.path[0], $0.summary) }
    }

    /// The script: completes the commands, and names of terminals from the list that `towline` last saw, without asking the relay.
    package var script: String {
        let names = Self.commands.map(\.name).joined(separator: " ")
        let terminals = Self.takingTerminals
        switch self {
        case .bash:
            return """
                # towline completion: source <(towline completion bash)
                _towline() {
                    local word=${COMP_WORDS[COMP_CWORD]} login=
                    if [ "$COMP_CWORD" = 1 ]; then
                        COMPREPLY=($(compgen -W '\(names)' -- "$word"))
                        return
                    fi
                    case ${COMP_WORDS[1]} in
                        \(terminals.joined(separator: "|")))
                            case $word in *@*) login=${word%@*}@ ;; esac
                            COMPREPLY=($(compgen -P "$login" -W "$(towline terminal-names 2>/dev/null)" -- "${word##*@}"))
                            ;;
                        completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- "$word")) ;;
                        help) COMPREPLY=($(compgen -W '\(names)' -- "$word")) ;;
                    esac
                }
                complete -o default -F _towline towline

                """
        case .zsh:
            let lines = Self.commands.map { "        '\($0.name):\($0.summary.split(separator: "'").joined())'" }.joined(separator: "\n")
            return """
                #compdef towline
                # towline completion: source <(towline completion zsh)
                _towline() {
                    local -a commands terminals
                    commands=(
                \(lines)
                    )
                    if (( CURRENT == 2 )); then
                        _describe command commands
                        return
                    fi
                    case $words[2] in
                        \(terminals.joined(separator: "|")))
                            terminals=(${(f)"$(towline terminal-names 2>/dev/null)"})
                            compset -P '*@'
                            _describe terminal terminals || _files
                            ;;
                        completion) _values shell bash zsh fish ;;
                        help) _describe command commands ;;
                        *) _files ;;
                    esac
                }
                compdef _towline towline

                """
        case .fish:
            let lines = Self.commands.map {
                "complete -c towline -n __fish_use_subcommand -f -a \($0.name) -d '\($0.summary.split(separator: "'").joined())'"
            }
            return """
                # towline completion: towline completion fish | source
                \(lines.joined(separator: "\n"))
                complete -c towline -n '__fish_seen_subcommand_from \(terminals.joined(separator: " "))' -a '(towline terminal-names 2>/dev/null)'
                complete -c towline -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'

                """
        }
    }
}
