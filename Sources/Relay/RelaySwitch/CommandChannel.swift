import EventLoops
import RelayCore
import SSHProtocol
import SSHServer
import Support
import Synchronization

/// A command of a member of staff on a session channel: collects what it reads, runs it, and sends the reply.
final class CommandChannel: ChannelEndObserver {
    /// Where the reply is put, from any thread, for the switchboard that has the connection by then.
    final class Box: Sendable {
        private let reply = Mutex<ControlReply?>(nil)

        func put(_ reply: ControlReply) {
            self.reply.withLock { $0 = reply }
        }

        func take() -> ControlReply? {
            reply.withLock { reply in
                defer { reply = nil }
                return reply
            }
        }
    }

    private unowned let session: PeerSession
    private let channel: ChannelID
    private let arguments: [String]
    private let caller: Caller
    /// Whether a pty was asked for: then the far terminal is in raw mode, and a line ends in CR LF.
    private let isOnScreen: Bool
    private let box = Box()
    private var input: [UInt8] = []
    private var isStarted = false
    private var task: Task<Void, Never>?

    /// Begins a command; one that reads its standard input runs when that has ended, any other at once.
    init(_ arguments: [String], caller: Caller, session: PeerSession, channel: ChannelID, isOnScreen: Bool) {
        self.isOnScreen = isOnScreen
        self.arguments = arguments
        self.caller = caller
        self.session = session
        self.channel = channel
        switch session.board.commands.inputUse(arguments) {
        case .none: run()
        case .required: break
        case .optional: runUnlessInputComes()
        }
    }

    deinit {
        // Whoever waited for it has gone.
        task?.cancel()
    }

    private func runUnlessInputComes() {
        let (boards, connection, channel) = (session.board.all, session.connection.id, channel)
        task = Task {
            // Cancelled: the channel has gone.
            guard (try? await Task.sleep(for: SwitchLimits.inputPatience)) != nil else { return }
            for board in boards { board.submit { $0.inputPatienceEnded(connection, channel) } }
        }
    }

    /// Nothing came on standard input for a while: if nothing came at all, nobody is going to send anything.
    func patienceEnded() {
        if !isStarted, input.isEmpty { run() }
    }

    func received(_ bytes: UnsafeRawBufferPointer) {
        session.connection.ssh.consumed(channel, bytes.count)
        guard !isStarted else { return }
        guard input.count + bytes.count <= SwitchLimits.commandInput else {
            isStarted = true
            let sentence = "standard input is longer than \(SwitchLimits.commandInput / 1024) KiB; nothing was changed\n"
            return finish(ControlReply(status: .refused, output: "", errorOutput: sentence))
        }
        input.append(contentsOf: bytes)
    }

    func inputEnded() {
        if !isStarted { run() }
    }

    private func run() {
        isStarted = true
        let (runner, arguments, input, caller, box) = (session.board.commands, arguments, input, caller, box)
        let (boards, connection) = (session.board.all, session.connection.id)
        // One task per command, not per event: commands are decisions that may wait for the store.
        task = Task {
            box.put(await runner.run(arguments, standardInput: input, as: caller))
            for board in boards { board.submit { $0.repliesArrived(for: connection) } }
        }
    }

    /// Sends the reply if it is there.
    func collect() {
        if let reply = box.take() { finish(reply) }
    }

    private func finish(_ reply: ControlReply) {
        let end = session.connection.makeEnd(channel, observer: self)
        withBytes(reply.output) { end.write($0) }
        withBytes(reply.errorOutput) { end.writeError($0) }
        end.close(exitStatus: UInt32(bitPattern: reply.status.rawValue))
    }

    private func withBytes(_ text: String, _ body: (UnsafeRawBufferPointer) -> Void) {
        Array((isOnScreen ? text.replacing("\n", with: "\r\n") : text).utf8).withUnsafeBytes(body)
    }

    func channelEndClosed(_ end: ChannelEnd) { session.sessionOver(channel) }
}
