import RelayCommands
import RelayOperation
import Support

extension Program {
    /// What the command table alone answers; nil for a command that does something.
    static func aboutItself(_ line: ParsedCommand) throws(Failure) -> String? {
        let table = RelayCommandTable.local
        switch line.name {
        case "help": return table.help(about: line.arguments)
        case "manual": return table.manual(section: RelayCommandTable.manualSection)
        case "version": return "\(table.program) \(Version.text)\n"
        case "completion":
            do throws(UsageError) {
                return table.completion(for: try CompletionShell(parsing: line.arguments[0]))
            } catch {
                throw Failure(.usage, error.description)
            }
        default: return nil
        }
    }

    /// What `serve --check-config` prints: the files that were read, and what holds.
    static func checked(_ configuration: RelayConfiguration, from files: [String]) throws(Failure) -> String {
        if let complaint = Daemon.webhookComplaint(configuration) { throw Failure(.usage, complaint) }
        return files.map { "# \(Printable.escaped($0))\n" }.joined() + configuration.text
    }
}
