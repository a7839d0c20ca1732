package import EventLoops
package import SystemCalls
import Support
import TerminalCore

/// The only part that runs as root: makes accounts, starts logins, ends them. It reads messages of its agent and lines of sshd, and
/// nothing from the network.
///
/// Everything happens on one thread, one thing after the other, blocking calls included: its loop serves nobody else.
package actor Broker {
    private let configuration: BrokerConfiguration
    private let loop: EventLoop
    private let log: Log
    /// The loop is this actor's executor.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private var accounts: Accounts?
    private var logins: LoginServer?
    private var channel: MessageChannel?
    private var facts = BrokerFacts(onlyLoginUser: nil, hostKeyFingerprint: nil, hostKey: nil)
    private var agentIsReady: (@Sendable () -> Void)?

    /// A broker that serves nobody yet. `loop` is its own.
    package init(_ configuration: BrokerConfiguration, loop: EventLoop, log: Log) {
        self.configuration = configuration
        self.loop = loop
        self.log = log
    }

    /// Looks that everything is there that logins need, and makes what is missing.
    package func prepare() throws(BrokerError) {
        facts = try BrokerFolder.prepare(configuration)
        let accounts = try Accounts(configuration, log: log)
        self.accounts = accounts
        logins = LoginServer(configuration, loop: loop, log: log, accounts: accounts) { [weak self] event in
            self?.assumeIsolated { $0.channel?.send(ToAgent.event(event)) }
        }
        try writeConfiguration()
        // What an earlier run that was killed left behind.
        if configuration.isRoot { for user in accounts.createdUsers { logins?.endProcesses(of: user) } }
    }

    /// Serves the agent at the other end of `socket`, which is taken over, until one side hangs up.
    ///
    /// - Parameters:
    ///   - process: the agent: it and what it starts are no logins.
    ///   - ready: called when the agent says that it answers people.
    package func serve(agent socket: Int32, process: Int32?, ready: @escaping @Sendable () -> Void) throws(SystemError) {
        precondition(channel == nil, "one agent at a time")
        agentIsReady = ready
        logins?.bystanders = process.map { [$0] } ?? []
        channel = try MessageChannel(
            loop: loop, socket: Descriptor(owning: socket),
            received: { [weak self] channel, body in
                let message = MessageChannel.decode(ToBroker.self, body)
                var passed: Int32?
                if let request = message?.request, case .startLogin = request { passed = channel.takeDescriptor()?.release() }
                self?.assumeIsolated { $0.take(message, passed) }
            },
            closed: { [weak self] _ in self?.assumeIsolated { $0.channel = nil } })
    }

    /// Ends all logins with everything that runs in them; returns when they are gone.
    package func endLogins() async {
        await withCheckedContinuation { continuation in
            guard let logins else { return continuation.resume() }
            logins.end(nil) { continuation.resume() }
        }
    }

    /// Collects orphans that ended; for `SIGCHLD`.
    package func reapOrphans() { Processes.reapOrphans() }

    /// Hangs up on the agent.
    package func hangUp() {
        channel?.close()
        channel = nil
    }

    // MARK: Requests

    private func take(_ message: ToBroker?, _ passed: Int32?) {
        let descriptor = passed.map { Descriptor(owning: $0) }
        guard let message else {
            log.error("the agent sent something that is no request; hung up")
            return hangUp()
        }
        let number = message.number
        switch message.request {
        case .agentIsReady:
            reply(number, .welcome(facts))
            agentIsReady?()
            agentIsReady = nil
        case .applyLoginUsers(let users): reply(number, apply(users))
        case .startLogin:
            guard let descriptor else { return reply(number, .refused("no connection came with the request")) }
            reply(number, start(descriptor))
        case .announceEnd(let minutes):
            logins?.announceEnd(minutes: min(max(minutes, 1), 60))
            reply(number, .done)
        case .endLogins(let id):
            logins?.end(id) { [weak self] in self?.assumeIsolated { $0.reply(number, .done) } }
        }
    }

    private func reply(_ number: UInt64, _ reply: BrokerReply) { channel?.send(ToAgent.reply(number, reply)) }

    private func start(_ connection: consuming Descriptor) -> BrokerReply {
        guard let logins else { return .refused("the broker is not ready") }
        do throws(LoginRefusal) {
            return .loginStarted(try logins.start(connection))
        } catch {
            return .refused(error.reason)
        }
    }

    private func apply(_ users: [LoginUser]) -> BrokerReply {
        guard let accounts, let logins else { return .refused("the broker is not ready") }
        // The agent has checked all this; root checks again.
        guard users.count <= LoginUser.maximumCount, Set(users.map(\.name)).count == users.count,
            users.allSatisfy({ !$0.keys.isEmpty && $0.keys.count <= LoginUser.maximumKeys })
        else { return .refused("the list of login users is not well-formed") }
        let before = Set(accounts.admitted)
        let refusals = accounts.apply(users) { logins.endProcesses(of: $0) }
        do throws(BrokerError) {
            try writeConfiguration()
        } catch {
            return .refused(error.description)
        }
        if !before.subtracting(accounts.admitted).isEmpty { logins.endWithdrawn(admitted: Set(accounts.admitted.map(\.description))) }
        return .applied(refused: refusals)
    }

    private func writeConfiguration() throws(BrokerError) {
        let text = LoginServerConfiguration(
            users: accounts?.admitted ?? [], hostKeyFile: configuration.hostKey, keyFolder: configuration.keyFolder,
            usesPAM: configuration.isRoot && BrokerFolder.exists(configuration.system.pamRules),
            isStrict: BrokerFolder.isStrictlySafe(configuration.keyFolder)
        ).text
        do throws(SystemError) {
            try Files.writeAtomically(configuration.loginServerConfiguration, Array(text.utf8), mode: 0o600)
        } catch {
            throw .system(error)
        }
    }
}
