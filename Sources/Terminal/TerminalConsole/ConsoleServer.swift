package import EventLoops
import HTTPServer
import Support
package import SystemCalls
package import TerminalCore

/// The console as a running server: started with its settings, and anew when they change.
///
/// Isolation: an actor of its own; the HTTP server runs on the loop that is given, files are read on the worker.
package actor ConsoleServer {
    /// What the server works with.
    package struct Configuration: Sendable {
        /// The folder for its certificate and password: the agent's own.
        package var folder: String
        /// The machine's name.
        package var machine: String
        /// Where the command line says to listen; nil: as the settings say.
        package var address: String?
        /// Reads the settings; says why not, in one line.
        package var load: @Sendable () -> Result<ConsoleSettings?, ConsoleFailure>
        /// Saves the settings; says why not, in one line, or nil.
        package var save: @Sendable (ConsoleSettings) -> String?
        /// Asks the terminal.
        package var ask: @Sendable (TerminalCommand) async -> TerminalReply
        /// A stream that says something whenever the status may be another one.
        package var changes: @Sendable () -> AsyncStream<Void>

        /// A configuration with its parts given.
        package init(
            folder: String, machine: String, address: String?, load: @escaping @Sendable () -> Result<ConsoleSettings?, ConsoleFailure>,
            save: @escaping @Sendable (ConsoleSettings) -> String?, ask: @escaping @Sendable (TerminalCommand) async -> TerminalReply,
            changes: @escaping @Sendable () -> AsyncStream<Void>
        ) {
            self.folder = folder
            self.machine = machine
            self.address = address
            self.load = load
            self.save = save
            self.ask = ask
            self.changes = changes
        }
    }

    /// What a person is told of a console that runs.
    package struct Introduction: Hashable, Sendable {
        /// Where browsers find it, such as `http://127.0.0.1:8090/`.
        package let url: String
        /// The certificate's fingerprint; nil without TLS.
        package let fingerprint: String?
        /// The code for the first-run set-up; nil once a password is set.
        package let setupCode: String?
    }

    private let configuration: Configuration
    private let loop: EventLoop
    private let worker: BlockingExecutor
    private let log: Log
    private let certificate: ConsoleCertificate
    private let access: Access
    private var server: WebServer?
    /// Where it listens.
    private var bound: [SocketAddress] = []
    private var isRestarting = false
    /// What a person is told of the server that runs now; nil if none does.
    private(set) var introduction: Introduction?

    /// A console that does not run yet.
    package init(_ configuration: Configuration, loop: EventLoop, worker: BlockingExecutor, log: Log) {
        self.configuration = configuration
        self.loop = loop
        self.worker = worker
        self.log = log
        certificate = ConsoleCertificate(folder: configuration.folder)
        access = Access(folder: configuration.folder)
    }

    /// Starts it with the saved settings.
    ///
    /// - Throws: why not, in one line. Nothing runs then.
    package func start() async throws(ConsoleFailure) -> Introduction {
        var settings = try await load()
        if let address = configuration.address { settings.address = address }
        return try await start(settings)
    }

    /// Stops it; open answers have two seconds.
    package func stop() async {
        guard let server else { return }
        self.server = nil
        introduction = nil
        await server.stop()
    }

    private func load() async throws(ConsoleFailure) -> ConsoleSettings {
        let load = configuration.load
        return try await worker.run { load() }.get() ?? ConsoleSettings()
    }

    private func start(_ settings: ConsoleSettings) async throws(ConsoleFailure) -> Introduction {
        let address = try Self.address(settings)
        let (certificate, machine) = (certificate, configuration.machine)
        let identity = try await worker.run { () throws(ConsoleFailure) in
            try certificate.identity(for: settings, address: address, machine: machine)
        }
        let environment = environment(settings, identity)
        let access = access
        let console = await worker.run { Console(environment, access: access) }
        let gate = ConsoleGate(
            names: [machine, String(machine.prefix { $0 != "." })] + settings.hosts, access: access, isChange: Console.isAnswered)
        let server = WebServer(
            loop: loop, configuration: HTTPServerConfiguration(addresses: [address], identity: identity),
            handler: { request in await gate.answer(request) { await console.answer($0) } })
        let bound: [SocketAddress]
        do throws(HTTPServerError) {
            bound = try await server.start()
        } catch {
            throw ConsoleFailure("the console cannot be reached at \(address): \(error)")
        }
        self.server = server
        self.bound = bound
        if let fault = await access.fault() { log.error("nobody can sign in to the console", ["why": fault]) }
        let introduction = await introduction(bound.first ?? address, identity)
        self.introduction = introduction
        return introduction
    }

    private static func address(_ settings: ConsoleSettings) throws(ConsoleFailure) -> SocketAddress {
        do throws(SocketAddressError) {
            return try SocketAddress(parsing: settings.address)
        } catch {
            throw ConsoleFailure("the console's address: \(error)")
        }
    }

    private func introduction(_ address: SocketAddress, _ identity: TLSIdentity?) async -> Introduction {
        let isEverywhere = ["0.0.0.0", "::"].contains(address.address.description)
        let shown = isEverywhere ? "\(configuration.machine):\(address.port)" : address.description
        return Introduction(
            url: "\(identity == nil ? "http" : "https")://\(shown)/", fingerprint: identity?.fingerprint,
            setupCode: await access.setupCode())
    }

    private func environment(_ settings: ConsoleSettings, _ identity: TLSIdentity?) -> Console.Environment {
        let (configuration, worker) = (configuration, worker)
        return Console.Environment(
            ask: configuration.ask, changes: configuration.changes, machine: configuration.machine, settings: settings,
            isAddressFixed: configuration.address != nil, certificateFingerprint: identity?.fingerprint,
            certificateExpiry: identity.map { WallTime(secondsSince1970: $0.expiry) },
            save: { settings in await worker.run { configuration.save(settings) } },
            check: { [weak self] settings in await self?.obstacle(settings) },
            restartConsole: { [weak self] in Task { await self?.restart() } })
    }

    /// Why a console could not be started with these settings, by what is wrong with them; nil if it could.
    func obstacle(_ settings: ConsoleSettings) async -> Console.Obstacle? {
        // What is no address of numbers is none of this machine's.
        guard let address = try? Self.address(settings) else { return .addressNotHere }
        // The port that this console has is free once it is restarted, whatever address it belongs to.
        let isOwnPort = bound.contains { $0.port == address.port }
        do throws(SystemError) {
            _ = try Sockets.listen(on: SocketAddress(address.address, port: isOwnPort ? 0 : address.port))
        } catch {
            return error.kind == .inUse ? .addressInUse : error.kind == .forbidden ? .portForbidden : .addressNotHere
        }
        guard let file = settings.certificate, let key = settings.privateKey else { return nil }
        let certificate = certificate
        do throws(CertificateFault) {
            try await worker.run { () throws(CertificateFault) in _ = try certificate.read(file, key) }
            return nil
        } catch {
            return .certificate(error)
        }
    }

    /// How long answers that are under way have before the console is started anew: the one that says so is among them.
    private static let farewell = Duration.milliseconds(300)

    /// Starts it with what is saved now; where that fails, where it always can be.
    func restart() async {
        guard !isRestarting else { return }
        isRestarting = true
        defer { isRestarting = false }
        // Nobody cancels this.
        try? await Task.sleep(for: Self.farewell)
        await stop()
        do throws(ConsoleFailure) {
            let introduction = try await start()
            log.notice("console restarted", ["url": introduction.url])
        } catch {
            log.error("console not restarted with its new settings", ["why": error])
            await fallBack()
        }
    }

    /// A console that cannot be started as it is set is started where it always can be, so that the setting can be put right.
    private func fallBack() async {
        do throws(ConsoleFailure) {
            let introduction = try await start(ConsoleSettings())
            log.notice("console restarted with standard settings", ["url": introduction.url])
        } catch {
            log.error("there is no console now", ["why": error])
        }
    }
}
