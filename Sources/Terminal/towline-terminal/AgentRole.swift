import EventLoops
import LocalControl
import Support
import SystemCalls
import TerminalAgent
import TerminalBroker
import TerminalCore
import TerminalStore

/// The unprivileged half: started by `serve` only, with the broker at descriptor 3.
enum AgentRole {
    /// The first word of its command line; not for people.
    static let word = "agent-of-serve"

    /// Runs until it is told to end or the broker is gone.
    static func run(_ words: [String]) -> Never {
        guard words.count == 4 else { Output.fail("this is started by: towline-terminal serve", .usage) }
        // Started from a descriptor, so the kernel knows no name.
        Threads.nameCurrent("towline-agent")
        let paths = Paths(dataFolder: words[0])
        let log = Log(threshold: words[2] == "verbose" ? .debug : .notice)
        do {
            Limits.raiseDescriptors()
            switch try serve(paths, run: words[1], console: words[3], log) {
            case .ended: Output.end(.done)
            case .refused(let reason): Output.fail(reason)
            }
        } catch {
            Output.fail("\(error)")
        }
    }

    /// How long ending in good order may take.
    private static let grace = Duration.seconds(3)

    private static func serve(_ paths: Paths, run: String, console: String, _ log: Log) throws -> Outcome {
        let signals = try Signals([.terminate, .interrupt])
        let raw = signals.raw
        let loop = try EventLoop(name: "agent")
        let outcome = Monitor<Outcome?>(nil)
        let conclude: @Sendable (Outcome) -> Void = { end in outcome.withLock { if $0 == nil { $0 = end } } }
        _ = try loop.register(raw, interest: .read, handler: Callback { while Signals.next(raw) != nil { conclude(.ended) } })
        loop.start()
        let support = RemoteSupport(AgentConfiguration(paths: paths, run: run), loop: loop, log: log)
        let control = ControlServer(
            loop: loop, path: paths.controlSocket, allowedUsers: [0, Users.effectiveUser],
            handler: { request, _ in TerminalWire.encode(await answer(request, support)) })
        let pages = ConsoleRole(paths, support, loop: loop, log: log)
        Task {
            do {
                try await support.start(broker: 3, brokerGone: { conclude(.ended) })
                try await control.start()
                try await pages.start(console)
                try await support.open()
                ResidentText.dropWhatOnlyTheStartNeeded()
            } catch let refusal as Refusal {
                conclude(.refused(refusal.message))
            } catch {
                conclude(.refused("\(error)"))
            }
        }
        let end = outcome.wait { $0 } ?? .ended
        let isDown = Monitor(false)
        Task {
            await control.stop()
            await pages.stop()
            await support.shutDown()
            isDown.withLock { $0 = true }
        }
        _ = isDown.wait(until: MonotonicClock.now + grace) { $0 ? true : nil }
        // What is only held has no other last use that would keep it until here.
        _ = consume signals
        return end
    }

    private enum Outcome: Sendable {
        case ended
        case refused(String)
    }

    private static func answer(_ request: [UInt8], _ support: RemoteSupport) async -> TerminalReply {
        guard let command = TerminalWire.decode(TerminalCommand.self, request) else {
            return .refused(Refusal(.notUnderstood))
        }
        return await support.perform(command, by: LogEntry.Actor(role: .command))
    }
}
