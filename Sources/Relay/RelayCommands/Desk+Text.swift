package import RelayCore
package import Support

extension Desk: CommandRunner {
    /// How a command uses its standard input; words that make no command use none.
    package nonisolated func inputUse(_ arguments: [String]) -> InputUse {
        // What is wrong with the words is told when the command is run.
        guard let line = try? RelayCommandTable.remote.parse(arguments) else {
            // A terminal's commands are in a table of their own.
            guard let line = try? RelayCommandTable.terminal.parse(arguments) else { return .none }
            return KeySource(of: line) == .standardInput ? .required : .none
        }
        switch KeySource(of: line) {
        case .standardInput: return .required
        case .standardInputIfAny: return .optional
        case .none, .file: return .none
        }
    }

    /// Runs a command line: the whole way from words to words.
    ///
    /// No words at all, which is what `ssh RELAY` without a command sends, tell who the caller is and what there is.
    package func run(
        _ arguments: [String], standardInput: [UInt8], as caller: Caller, output: (any CommandOutput)? = nil
    ) async -> ControlReply {
        let table: CommandTable
        switch caller {
        case .localOperator: table = RelayCommandTable.local
        case .principal(.staff, _, _): table = RelayCommandTable.remote
        case .principal(.terminal, _, _): table = RelayCommandTable.terminal
        }
        let program = caller.isRemote ? identity.command : table.program
        do throws(RelayCommandError) {
            if arguments.isEmpty, case .principal(.staff, _, _) = caller {
                let overview = try await perform(.overview, as: caller)
                let names = await commandTable(for: caller).commands.map { $0.path.joined(separator: " ") }
                return ControlReply(
                    status: .done,
                    output: overview.text(program: program, now: now()) + TextOfCommands.list(names, program: program))
            }
            let line: ParsedCommand
            do throws(UsageError) {
                line = try table.parse(arguments)
            } catch {
                // In the words of the caller's own help, which names nothing that they may not do.
                do throws(UsageError) { _ = try await commandTable(for: caller).parse(arguments) } catch { throw .usage(error) }
                throw .usage(error)
            }
            if line.name == "help" { return ControlReply(status: .done, output: try await help(line.arguments, for: caller)) }
            if caller.isRemote, case .file = KeySource(of: line) { throw .keyFromFileOverSSH(command: line.name) }
            let command = try RelayCommand(line, standardInput: standardInput, now: now())
            if case .events(let wish) = command, wish.isFollowing, let output {
                try await follow(wish, as: caller, isForPrograms: line.has("--json"), to: output)
            }
            let reply = try await perform(command, as: caller)
            let text = line.has("--json") ? reply.json : reply.text(program: program, now: now())
            return ControlReply(
                status: reply.status, output: text, errorOutput: line.has("--json") ? "" : reply.remarks(program: program),
                next: reply.next)
        } catch {
            return error.reply(program: program)
        }
    }

    /// The commands that this caller may give.
    private func commandTable(for caller: Caller) async -> CommandTable {
        switch caller {
        case .localOperator: return RelayCommandTable.local
        case .principal(.terminal, _, _): return RelayCommandTable.terminal
        case .principal(.staff(let id), _, _):
            // Without the store, the shorter help: what is not there can still be typed.
            let registry = try? await currentRegistry()
            return registry?.staff(id)?.role == .admin ? RelayCommandTable.remote : RelayCommandTable.support
        }
    }

    private func help(_ topic: [String], for caller: Caller) async throws(RelayCommandError) -> String {
        let table = await commandTable(for: caller)
        guard topic.isEmpty || table.commands.contains(where: { $0.path.starts(with: topic) }) else {
            throw .notAllowed(command: topic.joined(separator: " "))
        }
        return table.help(about: topic)
    }
}

extension RelayCommandError {
    /// The reply that tells it: one line on standard error behind the program's name.
    package func reply(program: String) -> ControlReply {
        ControlReply(status: status, errorOutput: "towline-relay: \(sentence(program: program))\n")
    }
}
