import EventLoops
import LocalControl
import FoundationEssentials
import RelayCommands
import RelayCore
import RelayOperation
import RelayStore
import ServiceManager
import Support
import SystemCalls

/// One run of `towline-relay`.
struct Program {
    /// The words behind the program's name.
    let arguments: [String]
    /// Variables of the environment that matter.
    let environment: [String: String]

    /// Whether this is to be the relay itself, which ends by signals in good order.
    var isDaemon: Bool {
        // What is wrong with the words is told by `run`.
        (try? RelayCommandTable.local.parse(arguments))?.name == "serve"
    }

    /// Does what the words ask for.
    /// - Parameter signals: what ends the daemon; only it has them.
    /// - Returns: what to print, and the exit status.
    func run(endedBy signals: EndSignals?) async -> ControlReply {
        do throws(Failure) {
            let line: ParsedCommand
            do throws(UsageError) { line = try RelayCommandTable.local.parse(arguments) } catch { throw Failure(.usage, error.description) }
            if let text = try Self.aboutItself(line) { return ControlReply(status: .done, output: text) }
            let reader = ConfigurationReader(line: line, environment: environment)
            let read: (configuration: RelayConfiguration, files: [String])
            do throws(ConfigurationError) { read = try reader.read() } catch { throw Failure(.usage, error.description) }
            let configuration = read.configuration
            let installation = Installation(paths: Paths(folder: configuration.dataDirectory))
            switch line.name {
            case "init":
                Files.setModeMask(0o077)
                let hostname = line.value("--hostname") ?? ""
                return ControlReply(status: .done, output: try installation.create(hostname: hostname, by: ownName))
            case "backup": return ControlReply(status: .done, output: try await installation.backUp(to: line.arguments[0], by: ownName))
            case "restore":
                Files.setModeMask(0o077)
                let text = try await installation.restore(from: line.arguments[0], isReplacing: line.has("--replace"), by: ownName)
                return ControlReply(status: .done, output: text)
            case "serve" where line.has("--check-config"):
                return ControlReply(status: .done, output: try Self.checked(configuration, from: read.files))
            case "serve":
                guard let signals else { throw Failure(.refused, "cannot wait for signals") }
                let process = ProcessInfo.processInfo.processIdentifier
                let daemon = Daemon(
                    installation: installation, configuration: configuration, reader: reader,
                    supervisor: Supervisor(environment: environment, process: process),
                    inherited: InheritedListener.descriptors(environment: environment, process: process))
                try await daemon.run(until: signals)
                return ControlReply(status: .done)
            case "events" where line.has("--follow"): return try follow(line, in: installation)
            default: return try await command(line, in: installation)
            }
        } catch {
            return ControlReply(status: error.status, errorOutput: "towline-relay: \(error.sentence)\n")
        }
    }

    private var ownName: String { ControlExchange.userName(Users.effectiveUser) }

    // MARK: - Commands

    /// How long a command waits for a relay that starts or stops, or for another command, on the same folder.
    private static let patience: Duration = .seconds(15)
    /// How often it looks.
    private static let pause: Duration = .milliseconds(25)

    /// Runs a command in the running relay, or on the store if none runs.
    private func command(_ line: ParsedCommand, in installation: Installation) async throws(Failure) -> ControlReply {
        let input = try key(of: line)
        // Values are checked before anything is opened: a wrong word is told in the same way with and without a relay.
        do throws(RelayCommandError) {
            _ = try RelayCommand(line, standardInput: input ?? [], now: WallTime.now)
        } catch {
            throw Failure(error)
        }
        let deadline = MonotonicClock.now + Self.patience
        while true {
            do throws(ControlError) {
                return try ControlExchange.send(line, arguments, standardInput: input, to: installation.paths.socket)
            } catch .notRunning {
                // Nobody takes commands: then the store is free, or its holder is just starting, stopping, or another command.
            } catch {
                throw Failure(.refused, "\(error)")
            }
            if let lock = try installation.takeLock() {
                let reply = try await alone(input ?? [], in: installation)
                _ = consume lock
                return reply
            }
            guard MonotonicClock.now < deadline else {
                throw Failure(.notRunning, "something holds \(Printable.escaped(installation.paths.lock)), but no relay answers; try again")
            }
            // Sleeping throws when the task is cancelled, which nobody does here.
            try? await Task.sleep(for: Self.pause)
        }
    }

    /// Runs a command on the store, which is locked by us.
    private func alone(_ input: [UInt8], in installation: Installation) async throws(Failure) -> ControlReply {
        Files.setModeMask(0o077)
        let executor = BlockingExecutor(name: "store")
        let ledger = try installation.open(on: executor)
        let keeper = KeyFolder(paths: installation.paths, executor: executor, relay: nil)
        let desk = Desk(
            ledger: ledger, identity: ledger.identity(try installation.relayKeys()), keeper: keeper, now: { WallTime.now })
        let reply = await desk.run(arguments, standardInput: input, as: .localOperator(name: ownName))
        await ledger.close()
        return reply
    }

    /// Reads the key that a command takes: here, because the relay may run as a user who may not.
    private func key(of line: ParsedCommand) throws(Failure) -> [UInt8]? {
        let source = KeySource(of: line)
        let limit = RelayCommand.maximumKeyBytes
        do throws(SystemError) {
            switch source {
            case .none: return nil
            case .standardInputIfAny where Files.isTerminal(0): return nil
            case .standardInput, .standardInputIfAny:
                if Files.isTerminal(0) { complain("paste the public key, then press Enter and Ctrl-D") }
                return try Files.readAll(0, limit: limit, subject: "standard input")
            case .file(let path): return try Files.read(path, limit: limit)
            }
        } catch {
            let name = if case .file(let path) = source { Printable.escaped(path) } else { "standard input" }
            throw Failure(.refused, "cannot read the key from \(name): \(error.reason)")
        }
    }

    private func complain(_ text: String) {
        // A hint that cannot be shown is no reason to stop.
        try? Files.writeAll(2, Array("towline-relay: \(text)\n".utf8))
    }
}

extension SQLiteLedger {
    /// The relay as its peers see it, with the port that it last listened on.
    nonisolated func identity(_ keys: RelayKeys) -> RelayIdentity {
        RelayIdentity(hostname: hostname, keys: keys, port: rememberedPort ?? RelayIdentity.defaultPort)
    }
}
