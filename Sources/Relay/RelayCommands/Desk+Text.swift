package import RelayCore
package import Support

extension Desk: CommandRunner {
    /// Whether a command takes a key from its standard input; words that make no command read nothing.
    package nonisolated func readsInput(_ arguments: [String]) -> Bool {
        // What is wrong with the words is told when the command is run.
        guard let line = try? RelayCommandTable.remote.parse(arguments) else { return false }
        return KeySource(of: line) == .standardInput
    }

    /// Runs a command line: the whole way from words to words.
    ///
    /// No words at all, which is what `ssh RELAY` without a command sends, tell who the caller is and what there is.
    package func run(_ arguments: [String], standardInput: [UInt8], as caller: Caller) async -> ControlReply {
        let table = caller.isRemote ? RelayCommandTable.remote : RelayCommandTable.local
        let program = caller.isRemote ? "ssh \(identity.hostname)" : table.program
        do throws(RelayCommandError) {
            let line: ParsedCommand
            do throws(UsageError) { line = try table.parse(arguments) } catch { throw .usage(error) }
            if line.name == "help" {
                let greeting = arguments.isEmpty && caller.isRemote ? try await greeting(caller, program: program) : ""
                return ControlReply(status: .done, output: greeting + table.help(about: line.arguments))
            }
            if caller.isRemote, case .file = KeySource(of: line) { throw .keyFromFileOverSSH(command: line.name) }
            let command = try RelayCommand(line, standardInput: standardInput, now: now())
            let reply = try await perform(command, as: caller)
            let output = line.has("--json") ? reply.json : reply.text(program: program, now: now())
            return ControlReply(status: reply.status, output: output)
        } catch {
            return error.reply(program: program)
        }
    }

    private func greeting(_ caller: Caller, program: String) async throws(RelayCommandError) -> String {
        try await perform(.whoAmI, as: caller).text(program: program, now: now()) + "\n"
    }
}

extension RelayCommandError {
    /// The reply that tells it: one line on standard error behind the program's name.
    package func reply(program: String) -> ControlReply {
        ControlReply(status: status, errorOutput: "towline-relay: \(sentence(program: program))\n")
    }
}
