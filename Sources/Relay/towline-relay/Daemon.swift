import EventLoops
import FoundationEssentials
import HTTPServer
import LocalControl
import RelayCommands
import RelayCore
import RelayOperation
import RelayStore
import RelaySwitch
import ServiceManager
import Support
import SystemCalls

/// `towline-relay serve`: lock, store, switch, control socket, signals.
struct Daemon {
    let installation: Installation
    let configuration: RelayConfiguration
    /// Reads the configuration again.
    let reader: ConfigurationReader
    let supervisor: Supervisor
    /// Listeners that the service manager opened for us; they take the place of the configuration's addresses.
    let inherited: [Int32]

    /// Runs until SIGTERM or SIGINT.
    func run(until signals: EndSignals) async throws(Failure) {
        Files.setModeMask(0o077)
        Signals.ignoreBrokenPipes()
        Limits.raiseDescriptors()
        let log = Log.ofDaemon(threshold: configuration.logLevel)
        let state = DaemonState(configuration)
        guard let lock = try installation.takeLock() else {
            throw Failure(.refused, "a relay is running in \(Printable.escaped(installation.paths.folder)) already")
        }
        let keys = try installation.relayKeys()
        let executor = BlockingExecutor(name: "store")
        let bell = Bell()
        let ledger = try installation.open(on: executor, audited: Self.audited(in: log), bell: bell)
        let now: @Sendable () -> WallTime = { WallTime.now }
        let (run, recovered) = try await stored { () async throws(LedgerError) in try await ledger.beginRun(at: now()) }
        if recovered > 0 { log.notice("sessions of an earlier run closed", ["count": recovered]) }
        let journal = EventJournal(ledger: ledger, run: run, now: now) { error in
            log.error("cannot write to the store; it is tried again", ["reason": error.sentence(program: "towline-relay")])
        }
        let desk = Desk(ledger: ledger, identity: ledger.identity(keys), now: now, bell: bell)
        let registry = try await stored { () async throws(LedgerError) in try await ledger.registry() }
        let tally = EventTally()
        let relay = try relay(keys: keys, hostname: ledger.hostname, registry: registry, desk: desk) { event in
            tally.count(event)
            journal.report(event)
        }
        let webhooks = try await startWebhooks(ledger, bell, log)
        // Before the first peer can come: from here on every change reaches the switch.
        await desk.attach(relay, keeper: KeyFolder(paths: installation.paths, executor: executor, relay: relay), run: run)
        let bound = try listen(relay)
        if let port = bound.first?.port {
            await desk.listens(on: port)
            try await stored { () async throws(LedgerError) in try await ledger.remember(port: port) }
        }
        let loop = try attempt("cannot start the control loop") { () throws(SystemError) in try EventLoop(name: "control") }
        let inbox = try watch(signals, on: loop)
        loop.start()
        let control = server(on: loop, desk: desk, executor: executor)
        do { try await control.start() } catch { throw Failure(.refused, "cannot take commands: \(error)") }
        let metrics = try await serveMetrics(of: relay, tally, webhooks, state, on: loop)
        let writer = Task { await journal.write() }
        let clock = Task { await tick(journal, relay, ledger, log) }
        let copy = Task { await keepCopy(of: ledger, on: executor, log) }
        let life = Task { await giveSignsOfLife(relay, state) }
        for address in bound { say("listening on \(address)") }
        say("ready")
        supervisor.tell(.ready)
        log.notice("relay started", ["run": run.rawValue, "hostname": ledger.hostname, "terminals": registry.terminals.count])

        var ending = Signal.terminate
        // A relay started by hand lives on when its terminal is closed: SIGHUP only asks to read the configuration again.
        for await signal in inbox.signals {
            ending = signal
            if signal != .hangUp { break }
            await reload(relay, state, ledger, on: executor, log)
        }
        log.notice("relay stops", ["signal": ending.rawValue])
        copy.cancel()
        await desk.endFollowing()
        if ending == .terminate { await drain(relay, inbox, state, log) }
        supervisor.tell(.stopping, .status("ending"))
        clock.cancel()
        life.cancel()
        async let commandsEnd: Void = control.stop()
        await relay.stop(within: partingTime(inbox))
        await commandsEnd
        await metrics?.stop()
        journal.end()
        await writer.value
        webhooks.stop()
        // A full disk keeps nobody from stopping. R17
        try? await ledger.note("stop", subject: "run \(run.rawValue)", by: .relay, at: now())
        await ledger.close()
        // The executor goes on until the program ends: a late command may still be asking it something.
        loop.stop()
        _ = consume lock
        log.notice("relay stopped")
    }

    // MARK: - Parts

    private func relay(
        keys: RelayKeys, hostname: String, registry: Registry, desk: Desk, report: @escaping @Sendable (RelayEvent) -> Void
    ) throws(Failure) -> SwitchboardGroup {
        let settings = SwitchConfiguration(
            listen: inherited.isEmpty ? configuration.listen : [], hostKeys: keys.all, hostname: hostname,
            switchboards: configuration.threads ?? max(1, ProcessInfo.processInfo.activeProcessorCount),
            supportLimit: configuration.supportLimit)
        return try attempt("cannot start the switch") { () throws(SystemError) in
            try SwitchboardGroup(configuration: settings, registry: registry, report: report, commands: desk, enroller: desk)
        }
    }

    private func listen(_ relay: SwitchboardGroup) throws(Failure) -> [SocketAddress] {
        try attempt("cannot listen") { () throws(SystemError) in
            var listeners: [Int32] = []
            for raw in inherited { listeners.append(try InheritedListener(descriptor: raw).release()) }
            return try relay.start(inherited: listeners)
        }
    }

    private func server(on loop: EventLoop, desk: Desk, executor: BlockingExecutor) -> ControlServer {
        // Root, and whoever the relay runs as: both may do everything with the store anyway.
        let allowed: Set<UInt32> = [0, Users.effectiveUser]
        return ControlServer(loop: loop, path: installation.paths.socket, allowedUsers: allowed) { bytes, peer in
            await ControlExchange.answer(bytes, from: peer, by: desk, lookingUpOn: executor)
        }
    }

    /// One line on standard output, at once: scripts wait for it.
    func say(_ line: String) {
        // Nobody may be reading; that is no reason to stop serving.
        try? Files.writeAll(1, Array((line + "\n").utf8))
    }

    func stored<Value: Sendable>(_ body: () async throws(LedgerError) -> Value) async throws(Failure) -> Value {
        do throws(LedgerError) { return try await body() } catch { throw Failure(error) }
    }
}
