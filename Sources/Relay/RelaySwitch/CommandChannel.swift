import EventLoops
import RelayCore
import SSHProtocol
import SSHServer
import Support
import Synchronization

/// A command of a member of staff on a session channel: collects what it reads, runs it, and sends what it says.
final class CommandChannel: ChannelEndObserver {
    /// Where a command's words are put, from any thread, for the switchboard that has the connection by then.
    final class Box: CommandOutput {
        private struct State {
            var text: String?
            /// Who waits until `text` has been sent.
            var writer: CheckedContinuation<Bool, Never>?
            var reply: ControlReply?
            var isClosed = false
        }

        private let state = Mutex(State())
        private let boards: [LoopBound<Switchboard>]
        private let connection: UInt64

        init(boards: [LoopBound<Switchboard>], connection: UInt64) {
            self.boards = boards
            self.connection = connection
        }

        func write(_ text: String) async -> Bool {
            await withCheckedContinuation { writer in
                let isClosed = state.withLock { state in
                    if state.isClosed { return true }
                    precondition(state.writer == nil, "a command writes one text after another")
                    (state.text, state.writer) = (text, writer)
                    return false
                }
                if isClosed { writer.resume(returning: false) } else { tellBoards() }
            }
        }

        func put(_ reply: ControlReply) {
            state.withLock { $0.reply = reply }
            tellBoards()
        }

        private func tellBoards() {
            let connection = connection
            for board in boards { board.submit { $0.repliesArrived(for: connection) } }
        }

        /// What is there to be sent.
        func take() -> (text: String?, reply: ControlReply?) {
            state.withLock { state in
                defer { (state.text, state.reply) = (nil, nil) }
                return (state.text, state.reply)
            }
        }

        /// Lets the command go on: its text has been sent.
        func sent() {
            let writer = state.withLock { state in
                defer { if state.text == nil { state.writer = nil } }
                return state.text == nil ? state.writer : nil
            }
            writer?.resume(returning: true)
        }

        /// Nobody reads any more.
        func close() {
            let writer = state.withLock { state in
                state.isClosed = true
                defer { state.writer = nil }
                return state.writer
            }
            writer?.resume(returning: false)
        }
    }

    /// What Ctrl-C sends from a far terminal in raw mode.
    private static let interrupt: UInt8 = 0x03
    /// The exit status of a program that SIGINT ended, as shells have it.
    private static let interruptedStatus: UInt32 = 130

    private unowned let session: PeerSession
    private let channel: ChannelID
    private let arguments: [String]
    private let caller: Caller
    /// Whether a pty was asked for: then the far terminal is in raw mode, and a line ends in CR LF.
    private let isOnScreen: Bool
    private let box: Box
    private var input: [UInt8] = []
    private var isStarted = false
    private var task: Task<Void, Never>?
    /// Where it writes, from its first words on; the channel lets it go at its end.
    private var end: ChannelEnd?

    /// Begins a command; one that reads its standard input runs when that has ended, any other at once.
    init(_ arguments: [String], caller: Caller, session: PeerSession, channel: ChannelID, isOnScreen: Bool) {
        self.isOnScreen = isOnScreen
        self.arguments = arguments
        self.caller = caller
        self.session = session
        self.channel = channel
        box = Box(boards: session.board.all, connection: session.connection.id)
        switch session.board.commands.inputUse(arguments) {
        case .none: run()
        case .required: break
        case .optional: runUnlessInputComes()
        }
    }

    deinit {
        abandon()
    }

    /// Whoever waited for it has gone.
    private func abandon() {
        task?.cancel()
        box.close()
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
        // Once there is an end, the connection itself grants what nobody listens to.
        if end == nil { session.connection.ssh.consumed(channel, bytes.count) }
        guard !isStarted || !isOnScreen || !bytes.contains(Self.interrupt) else { return interrupted() }
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
        // One task per command, not per event: commands are decisions that may wait for the store.
        task = Task {
            box.put(await runner.run(arguments, standardInput: input, as: caller, output: box))
        }
    }

    /// Sends what is there of its words and its reply.
    func collect() {
        let (text, reply) = box.take()
        if let text {
            let end = makeEnd()
            withBytes(text) { end.write($0) }
            // The task goes on when the peer has taken it: what it takes slowly waits in the store.
            if !end.isWaiting { box.sent() }
        }
        if let reply { finish(reply) }
    }

    func channelEndEmptied(_ end: ChannelEnd) { box.sent() }

    private func makeEnd() -> ChannelEnd {
        if let end { return end }
        let end = session.connection.makeEnd(channel, observer: self)
        self.end = end
        return end
    }

    private func finish(_ reply: ControlReply) {
        let end = makeEnd()
        withBytes(reply.output) { end.write($0) }
        withBytes(reply.errorOutput) { end.writeError($0) }
        end.close(exitStatus: UInt32(bitPattern: reply.status.rawValue))
    }

    private func interrupted() {
        abandon()
        makeEnd().close(exitStatus: Self.interruptedStatus)
    }

    private func withBytes(_ text: String, _ body: (UnsafeRawBufferPointer) -> Void) {
        Array((isOnScreen ? text.replacing("\n", with: "\r\n") : text).utf8).withUnsafeBytes(body)
    }

    func channelEndClosed(_ end: ChannelEnd) {
        self.end = nil
        session.sessionOver(channel)
    }
}
