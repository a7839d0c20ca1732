import LocalControl
import Support
import SystemCalls
import TerminalCore
import TerminalStore

/// Every command but `serve`: asks the daemon and prints what it answers.
enum Asking {
    /// Carries out the line and ends the program.
    static func run(_ words: [String], environmentFolder: String?) -> Never {
        let line: ParsedCommand
        do throws(UsageError) { line = try TerminalCommandLine.table.parse(words) } catch { Output.fail(error.description, .usage) }
        let folder = absolute(line.value("--data-dir") ?? environmentFolder ?? Paths.standardDataFolder)
        do throws(TerminalCommandLine.LineError) {
            switch try TerminalCommandLine.intent(of: line, now: WallTime(secondsSince1970: WallClock.seconds), contents: contents) {
            case .help(let topic):
                Output.say(TerminalCommandLine.table.help(about: topic))
                Output.end(.done)
            case .version:
                Output.say("towline-terminal \(Version.text)\n")
                Output.end(.done)
            case .serve(let isVerbose, let console): ServeRole.run(dataFolder: folder, isVerbose: isVerbose, console: console)
            case .ask(let command):
                let reply = call(command, folder)
                Answer(line: line, folder: folder).conclude(reply)
            }
        } catch {
            if case .usage = error { Output.fail(error.description, .usage) }
            Output.fail(error.description)
        }
    }

    /// Asks the daemon that works with `folder`; ends the program if there is none.
    static func call(_ command: TerminalCommand, _ folder: String) -> TerminalReply {
        do throws(ControlError) {
            let path = Paths(dataFolder: folder).controlSocket
            let bytes = try ControlClient.call(path: path, TerminalWire.encode(command), timeout: .seconds(120))
            guard let reply = TerminalWire.decode(TerminalReply.self, bytes) else {
                Output.fail("the answer is none of this version: is an older towline-terminal still running?")
            }
            return reply
        } catch {
            switch error {
            case .notRunning:
                Output.fail(
                    "towline-terminal does not run with the data in \(Log.escaped(folder)); start it: towline-terminal serve", .notRunning)
            case .notAllowed: Output.fail("only root and the account that runs towline-terminal may do this; try it with sudo")
            default: Output.fail(error.description)
            }
        }
    }

    private static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        // A program without a current folder has bigger troubles; the path is then reported as it is.
        return ((try? Files.resolved(".")) ?? "") + "/" + path
    }

    /// The most that a file of keys may hold.
    private static let maximumKeyFile = 256 * 1024

    private static func contents(_ file: String) throws(TerminalCommandLine.LineError) -> String {
        do throws(SystemError) {
            let bytes = file == "-" ? try Files.readAll(0, limit: maximumKeyFile) : try Files.read(file, limit: maximumKeyFile)
            return String(decoding: bytes, as: UTF8.self)
        } catch {
            throw .refused("\(Printable.quoted(file)) cannot be read: \(error.reason)")
        }
    }
}
