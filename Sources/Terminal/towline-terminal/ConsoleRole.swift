import EventLoops
import Support
import SystemCalls
import TerminalAgent
import TerminalConsole
import TerminalCore
import TerminalStore

/// The console, put together: the agent, its settings on disk, and the server.
struct ConsoleRole: Sendable {
    /// The word of the command line for no console.
    static let none = "none"

    private let server: @Sendable (_ address: String?) -> ConsoleServer
    private let started = Monitor<ConsoleServer?>(nil)
    private let log: Log

    init(_ paths: Paths, _ support: RemoteSupport, loop: EventLoop, log: Log) {
        self.log = log
        let settings = Document<ConsoleSettings>(path: paths.consoleSettings)
        server = { address in
            let configuration = ConsoleServer.Configuration(
                folder: paths.agentFolder, machine: Self.machine, address: address,
                load: {
                    do throws(StoreError) { return .success(try settings.load()) } catch {
                        return .failure(ConsoleFailure(error.description))
                    }
                },
                save: { changed in
                    do throws(StoreError) { try settings.save(changed) } catch { return error.description }
                    return nil
                },
                ask: { command in await support.perform(command, by: LogEntry.Actor(role: .console)) },
                changes: { Self.changes(of: support) })
            return ConsoleServer(configuration, loop: loop, worker: BlockingExecutor(name: "console"), log: log)
        }
    }

    /// Starts the console and says where it is.
    ///
    /// - Parameter console: where the command line wants it, `none`, or empty for where the settings say.
    /// - Throws: where it was asked for by command line and cannot be had. Otherwise the terminal is of use without it.
    func start(_ console: String) async throws {
        guard console != Self.none else { return }
        let server = server(console.isEmpty ? nil : console)
        do throws(ConsoleFailure) {
            let introduction = try await server.start()
            started.withLock { $0 = server }
            Output.say(text(introduction))
        } catch {
            guard console.isEmpty else { throw error }
            log.warning("there is no console; the command line does all that it does", ["why": error])
        }
    }

    /// Stops it.
    func stop() async { await started.withLock { $0 }?.stop() }

    private func text(_ introduction: ConsoleServer.Introduction) -> String {
        var text = "console     \(introduction.url)\n"
        if let fingerprint = introduction.fingerprint { text += "certificate SHA-256 \(fingerprint)\n" }
        if let code = introduction.setupCode { text += "setup code  \(code)\n" }
        return text
    }

    private static func changes(of support: RemoteSupport) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let watching = Task {
            let number = await support.observe { continuation.yield() }
            // Until the reader of the stream is gone.
            let (end, ending) = AsyncStream.makeStream(of: Void.self)
            await withTaskCancellationHandler {
                for await _ in end {}
            } onCancel: {
                ending.finish()
            }
            await support.stopObserving(number)
        }
        continuation.onTermination = { _ in watching.cancel() }
        return stream
    }

    /// The most that a host name has.
    private static let longestName = 256

    /// The machine's name, as the kernel has it.
    private static var machine: String {
        // Without one it is called what it is.
        let bytes = (try? Files.read("/proc/sys/kernel/hostname", limit: longestName)) ?? []
        let name = String(decoding: bytes.prefix { $0 > 0x20 }, as: UTF8.self)
        return name.isEmpty ? "localhost" : name
    }
}
