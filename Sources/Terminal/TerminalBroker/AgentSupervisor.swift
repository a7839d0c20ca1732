package import EventLoops
package import SystemCalls

/// Keeps one agent running beside the broker: starts it, starts it anew when it dies (X03), ends it.
///
/// Lives on the broker's loop.
package actor AgentSupervisor {
    /// What an agent is started with.
    package struct Command: Sendable {
        /// The program: our own.
        package var executable: String
        /// What follows its name.
        package var arguments: [String]
        /// The account it runs as; nil: our own.
        package var credentials: ProcessCredentials?

        /// A command with its parts given.
        package init(executable: String, arguments: [String], credentials: ProcessCredentials?) {
            self.executable = executable
            self.arguments = arguments
            self.credentials = credentials
        }
    }

    /// Why everything ends.
    package enum End: Sendable, Hashable {
        /// It was asked for.
        case asked
        /// The agent refused to start and has said why.
        case agentRefused
        /// The agent could not be started.
        case failed(String)
    }

    /// How long after its death an agent is started anew.
    static let restartDelay = Duration.seconds(1)
    /// How long an agent may take to end in good order.
    static let grace = Duration.seconds(3)

    /// An agent's environment. One arena for all of its threads: they allocate little and seldom at once, and each more would keep a
    /// megabyte that was used once.
    private static let environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C", "SWIFT_BACKTRACE": "enable=no", "MALLOC_ARENA_MAX": "1"]

    private let command: Command
    private let broker: Broker
    private let loop: EventLoop
    private let log: Log
    private let ready: @Sendable () -> Void
    private let ended: @Sendable (End) -> Void
    /// The loop is this actor's executor.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private var agent: (process: Process, registration: Registration)?
    private var isStopping = false

    /// A supervisor that has started nothing yet.
    ///
    /// - Parameters:
    ///   - ready: called whenever an agent says that it answers people.
    ///   - ended: called once, when neither agent nor logins are left.
    package init(
        _ command: Command, broker: Broker, loop: EventLoop, log: Log, ready: @escaping @Sendable () -> Void,
        ended: @escaping @Sendable (End) -> Void
    ) {
        self.command = command
        self.broker = broker
        self.loop = loop
        self.log = log
        self.ready = ready
        self.ended = ended
    }

    /// Starts an agent.
    package func start() async {
        guard !isStopping, agent == nil else { return }
        do {
            let (ours, theirs) = try Sockets.pair().release()
            let process: Process
            do {
                // On this thread, which lives as long as the program: the agent dies with it.
                process = try Processes.spawn(
                    command.executable, command.arguments, name: "towline-terminal",
                    environment: Self.environment,
                    descriptors: [1: 1, 2: 2, 3: theirs], workingDirectory: "/", fileModeMask: 0o077, credentials: command.credentials,
                    grouping: .ownGroup, deathSignal: .kill, gainsNoPrivileges: true)
            } catch {
                Descriptor.close(ours)
                Descriptor.close(theirs)
                throw error
            }
            Descriptor.close(theirs)
            let registration = try loop.register(
                process.pidfd, interest: .read,
                handler: Callback { [weak self] in
                    guard let self else { return }
                    self.assumeIsolated { $0.collect() }
                })
            agent = (process, registration)
            try await broker.serve(agent: ours, process: process.pid, ready: ready)
        } catch {
            log.error("the agent could not be started", ["why": "\(error)"])
            if agent == nil { ended(.failed("\(error)")) }
        }
    }

    /// Ends agent and logins in good order; `ended` follows.
    package func stop() {
        guard !isStopping else { return }
        isStopping = true
        guard let agent else { return finish(.asked) }
        agent.process.signal(.terminate)
        _ = loop.schedule(after: Self.grace) { agent.process.signal(.kill) }
    }

    private func collect() {
        guard let agent, let end = agent.process.reap() else { return }
        loop.deregister(agent.registration)
        self.agent = nil
        if isStopping { return finish(.asked) }
        if end == .exited(1) { return finish(.agentRefused) }
        log.error("the agent died and is started anew", ["end": end])
        Task {
            await broker.hangUp()
            // Its tunnel died with it; the logins that came through end here.
            await broker.endLogins()
        }
        _ = loop.schedule(after: Self.restartDelay) { [weak self] in
            guard let self else { return }
            Task { await self.start() }
        }
    }

    private func finish(_ end: End) {
        isStopping = true
        Task {
            await broker.hangUp()
            await broker.endLogins()
            ended(end)
        }
    }
}
