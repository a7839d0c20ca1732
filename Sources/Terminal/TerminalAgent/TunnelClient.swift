import EventLoops
import SystemCalls
import TerminalBroker
import TerminalCore

/// One run of the stock `ssh` client, from its start until its end was collected. Lives on the agent's loop.
final class TunnelClient {
    /// How long it may take to end in good order.
    static let grace = Duration.milliseconds(300)

    /// Where it runs and what it runs.
    struct Command: Sendable {
        /// The client's path.
        var executable: String
        /// What follows it.
        var arguments: [String]
        /// Its environment, complete.
        var environment: [String: String]
        /// The folder in which it runs: file names in `arguments` are relative to it.
        var folder: String
    }

    private let loop: EventLoop
    private let observed: (SSHOutputReader.Observation) -> Void
    private let ended: (TunnelFailure) -> Void
    private let log: Log

    private enum State {
        case starting
        case running(Process, Registration)
        case over
    }

    private var state = State.starting
    private var output: SSHOutputReader
    private var lines: LineReader?
    private var isUnwanted = false
    /// Where those come from whose connections to the agent's socket wait there, as the relay says; in the order in which they connected.
    private var originators: [String] = []

    /// A client that waits for `begin`.
    ///
    /// - Parameters:
    ///   - observed: gets what the client's words reveal, as it comes.
    ///   - ended: called exactly once, when nothing of the client is left; also when it could not be started.
    init(
        names: SSHOutputReader.RelayNames, loop: EventLoop, log: Log,
        observed: @escaping (SSHOutputReader.Observation) -> Void, ended: @escaping (TunnelFailure) -> Void
    ) {
        self.loop = loop
        self.log = log
        self.observed = observed
        self.ended = ended
        output = SSHOutputReader(relay: names)
    }

    /// Ends the client; `ended` follows within `grace`. Ending twice is not an error.
    func end() {
        guard !isUnwanted else { return }
        isUnwanted = true
        guard case .running(let process, _) = state else { return }
        process.signal(.terminate)
        _ = loop.schedule(after: Self.grace) { process.signal(.kill) }
    }

    /// What starting came to; travels from the starting thread to the loop.
    enum Started: Sendable {
        case running(Process, errors: Int32)
        case failed(String)
    }

    /// Starts the process. Blocks: on a thread that lives as long as the program, because the client dies with it.
    static func spawn(_ command: Command) -> Started {
        do {
            let errors = try Descriptor.pipe()
            let process = try Processes.spawn(
                command.executable, command.arguments, environment: command.environment,
                descriptors: [2: errors.writing.raw], workingDirectory: command.folder, fileModeMask: 0o077, grouping: .ownGroup,
                deathSignal: .kill, gainsNoPrivileges: true)
            let ends = errors.release()
            Descriptor.close(ends.writing)
            return .running(process, errors: ends.reading)
        } catch {
            return .failed("\(error)")
        }
    }

    /// Takes over what `spawn` started; once.
    func begin(_ started: Started) {
        switch started {
        case .failed(let reason): finish(.clientFailed(reason: reason))
        case .running(let process, let errors):
            do throws(SystemError) {
                lines = try LineReader(
                    loop: loop, pipe: Descriptor(owning: errors), line: { [weak self] in self?.read($0) }, ended: {})
                let registration = try loop.register(
                    process.pidfd, interest: .read, handler: Callback { [weak self] in self?.collect() })
                state = .running(process, registration)
            } catch {
                lines?.close()
                // Dropping the process kills and collects it.
                return finish(.clientFailed(reason: error.description))
            }
            if isUnwanted { process.signal(.kill) }
        }
    }

    /// Where somebody comes from, as the relay says: who made the connection that the agent has just taken from its socket, if `peer` is
    /// this client's process.
    ///
    /// The client has one thread. It writes down where somebody comes from, then connects for them, so that their line is in the pipe by
    /// the time their connection is taken; and the kernel hands connections over in the order in which they were made.
    func takeOriginator(of peer: Int32) -> String? {
        guard case .running(let process, _) = state, process.pid == peer else { return nil }
        lines?.catchUp()
        return originators.isEmpty ? nil : originators.removeFirst()
    }

    /// More than ever wait: the socket's own queue is shorter, and beyond it the client's connections fail. A relay that makes such lines
    /// up spoils what it says itself.
    private static let maximumOriginators = 128

    private func read(_ line: String) {
        log.debug("ssh", ["says": line])
        switch output.read(line) {
        case .forwarding(let originator): if originators.count < Self.maximumOriginators { originators.append(originator) }
        case .forwardingFailed: _ = originators.popLast()
        case let observation?: if !isUnwanted { observed(observation) }
        case nil: break
        }
    }

    private func collect() {
        guard case .running(let process, let registration) = state, let end = process.reap() else { return }
        loop.deregister(registration)
        lines?.drain()
        lines = nil
        finish(output.failure(end: end.description))
    }

    private func finish(_ failure: TunnelFailure) {
        state = .over
        ended(failure)
    }
}
