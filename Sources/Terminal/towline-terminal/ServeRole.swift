import EventLoops
import Support
import SystemCalls
import TerminalBroker
import TerminalStore

/// `serve`: the broker, and the agent as its child.
enum ServeRole {
    /// Runs until it is told to end.
    ///
    /// - Parameter console: where the console listens, `none`, or nil for where its settings say.
    static func run(dataFolder: String, isVerbose: Bool, console: String?) -> Never {
        let log = Log(threshold: isVerbose ? .debug : .notice)
        do {
            Limits.raiseDescriptors()
            switch try serve(dataFolder, isVerbose, console, log) {
            case .asked: Output.end(.done)
            // It has said why.
            case .agentRefused: Output.end(.refused)
            case .failed(let reason): Output.fail(reason)
            }
        } catch {
            Output.fail("\(error)")
        }
    }

    private static func serve(
        _ folder: String, _ isVerbose: Bool, _ console: String?, _ log: Log
    ) throws -> AgentSupervisor.End {
        // Before any thread starts, so that all of them leave these signals to this descriptor.
        let signals = try Signals([.terminate, .interrupt, .hangUp, .child])
        let raw = signals.raw
        let isRoot = Users.effectiveUser == 0
        do throws(SystemError) {
            try Files.makeDirectory(folder, mode: 0o755)
        } catch {
            let hint = isRoot ? "" : "; without root choose a folder of your own: --data-dir DIR"
            return .failed("the data folder cannot be made: \(error)\(hint)")
        }
        let paths = Paths(dataFolder: try Files.resolved(folder))
        try Files.makeDirectory(paths.brokerFolder, mode: 0o711)
        guard let lock = try FileLock.acquire(paths.lock) else {
            return .failed("towline-terminal runs already with the data in \(Log.escaped(paths.dataFolder))")
        }
        try Processes.becomeSubreaper()
        let configuration = BrokerConfiguration(folder: paths.brokerFolder, isRoot: isRoot, endsStrays: true)
        let credentials = try AgentAccount.prepare(configuration, folder: paths.agentFolder)
        // The program is opened now and started from its descriptor: the agent's account need not reach the folder it lies in.
        let program = try Files.open(try Files.ownExecutable(), 0)
        let command = AgentSupervisor.Command(
            executable: "/proc/self/fd/\(program.raw)",
            arguments: [AgentRole.word, paths.dataFolder, runName(), isVerbose ? "verbose" : "quiet", console ?? ""],
            credentials: credentials)

        let loop = try EventLoop(name: "broker")
        let outcome = Monitor<AgentSupervisor.End?>(nil)
        let broker = Broker(configuration, loop: loop, log: log)
        let supervisor = AgentSupervisor(
            command, broker: broker, loop: loop, log: log,
            ready: {
                Output.say(introduction(paths, isRoot: isRoot) + "ready\n")
                ResidentText.dropWhatOnlyTheStartNeeded()
            },
            ended: { end in outcome.withLock { if $0 == nil { $0 = end } } })
        _ = try loop.register(
            raw, interest: .read,
            handler: Callback {
                while let signal = Signals.next(raw) {
                    if signal == .child { Processes.reapOrphans() } else { Task { await supervisor.stop() } }
                }
            })
        loop.start()
        Task {
            do {
                try await broker.prepare()
                await supervisor.start()
            } catch {
                outcome.withLock { $0 = .failed("\(error)") }
            }
        }
        let end = outcome.wait { $0 }
        loop.stop()
        // What is only held has no other last use that would keep it until here.
        _ = consume lock
        _ = consume program
        _ = consume signals
        return end ?? .asked
    }

    private static func introduction(_ paths: Paths, isRoot: Bool) -> String {
        let who =
            isRoot
            ? "as root: SSH login users get accounts of their own"
            : "not as root: the only possible SSH login user is the account it runs as"
        return "towline-terminal runs \(who); data in \(Log.escaped(paths.dataFolder))\n"
    }

    /// A name that no other run has.
    private static func runName() -> String {
        "\(Processes.current)-\(MonotonicClock.nowIncludingSuspend.nanoseconds)-\(UInt64.random(in: 0 ... .max))"
    }
}
