import EventLoops
import FoundationEssentials
import LocalControl
import RelayCommands
import RelayCore
import RelayStore
import RelaySwitch
import SSHCrypto
import Support
import SystemCalls

/// `towline-relay serve`: lock, store, switch, control socket, signals.
struct Daemon {
    let installation: Installation
    /// Where to listen; empty: the standard addresses.
    let listen: [SocketAddress]

    /// Ports and addresses unless told otherwise (DESIGN §9).
    private static let standardAddresses = ["0.0.0.0:2222", "[::]:2222"]
    /// How long peers have to go away after SIGTERM; all must be over within 10 s (issue 2 §3).
    private static let drainTime: Duration = .seconds(6)

    /// Runs until SIGTERM or SIGINT.
    func run(until signals: EndSignals) async throws(Failure) {
        Files.setModeMask(0o077)
        Signals.ignoreBrokenPipes()
        Limits.raiseDescriptors()
        let log = Log()
        guard let lock = try installation.takeLock() else {
            throw Failure(.refused, "a relay is running in \(Printable.escaped(installation.paths.folder)) already")
        }
        let hostKey = try installation.hostKey()
        let executor = BlockingExecutor(name: "store")
        let ledger = try installation.open(on: executor)
        let now: @Sendable () -> WallTime = { WallTime(secondsSince1970: WallClock.seconds) }
        let (run, recovered) = try await stored { () async throws(LedgerError) in try await ledger.beginRun(at: now()) }
        if recovered > 0 { log.notice("sessions of an earlier run closed", ["count": recovered]) }
        let journal = EventJournal(ledger: ledger, run: run, now: now) { error in
            log.error("cannot write to the store; it is tried again", ["reason": error.sentence(program: "towline-relay")])
        }
        let desk = Desk(ledger: ledger, identity: ledger.identity(hostKey), now: now)
        let registry = try await stored { () async throws(LedgerError) in try await ledger.registry() }
        let relay = try relay(hostKey: hostKey, hostname: ledger.hostname, registry: registry, journal: journal, desk: desk)
        // Before the first peer can come: from here on every change reaches the switch.
        await desk.attach(relay)
        let bound = try attempt("cannot listen") { () throws(SystemError) in try relay.start() }
        if let port = bound.first?.port {
            await desk.listens(on: port)
            try await stored { () async throws(LedgerError) in try await ledger.remember(port: port) }
        }
        let loop = try attempt("cannot start the control loop") { () throws(SystemError) in try EventLoop(name: "control") }
        let ends = try watch(signals, on: loop)
        loop.start()
        let control = server(on: loop, desk: desk, executor: executor)
        do { try await control.start() } catch { throw Failure(.refused, "cannot take commands: \(error)") }
        let writer = Task { await journal.write() }
        let clock = Task { await tick(journal, relay, ledger, log) }
        let copy = Task { await keepCopy(of: ledger, on: executor, log) }
        for address in bound { say("listening on \(address)") }
        say("ready")
        log.notice("relay started", ["run": run.rawValue, "hostname": ledger.hostname, "terminals": registry.terminals.count])

        // A relay started by hand lives on when its terminal is closed.
        let signal = await ends.first { $0 != .hangUp }
        log.notice("relay stops", ["signal": signal?.rawValue ?? 0])
        clock.cancel()
        copy.cancel()
        async let commandsEnd: Void = control.stop()
        await relay.stop(within: Self.drainTime)
        await commandsEnd
        journal.end()
        await writer.value
        await ledger.close()
        // The executor goes on until the program ends: a late command may still be asking it something.
        loop.stop()
        _ = consume lock
        log.notice("relay stopped")
    }

    // MARK: - Parts

    private func relay(
        hostKey: HostKey, hostname: String, registry: Registry, journal: EventJournal, desk: Desk
    ) throws(Failure) -> SwitchboardGroup {
        let configuration = SwitchConfiguration(
            listen: try listen.isEmpty ? Self.standardAddresses.map(Self.address) : listen, hostKey: hostKey, hostname: hostname,
            switchboards: max(1, ProcessInfo.processInfo.activeProcessorCount))
        return try attempt("cannot start the switch") { () throws(SystemError) in
            try SwitchboardGroup(
                configuration: configuration, registry: registry, report: { journal.report($0) }, commands: desk, enroller: desk)
        }
    }

    private func server(on loop: EventLoop, desk: Desk, executor: BlockingExecutor) -> ControlServer {
        // Root, and whoever the relay runs as: both may do everything with the store anyway.
        let allowed: Set<UInt32> = [0, Users.effectiveUser]
        return ControlServer(loop: loop, path: installation.paths.socket, allowedUsers: allowed) { bytes, peer in
            await ControlExchange.answer(bytes, from: peer, by: desk, lookingUpOn: executor)
        }
    }

    /// The signals that end the program, as they come.
    private func watch(_ signals: EndSignals, on loop: EventLoop) throws(Failure) -> AsyncStream<Signal> {
        let (stream, continuation) = AsyncStream<Signal>.makeStream()
        signals.report = { continuation.yield($0) }
        _ = try attempt("cannot wait for signals") { () throws(SystemError) in
            try loop.register(signals.raw, interest: .read, handler: signals)
        }
        return stream
    }

    /// One line on standard output, at once: scripts wait for it.
    private func say(_ line: String) {
        // Nobody may be reading; that is no reason to stop serving.
        try? Files.writeAll(1, Array((line + "\n").utf8))
    }

    private static func address(_ text: String) throws(Failure) -> SocketAddress {
        do throws(SocketAddressError) { return try SocketAddress(parsing: text) } catch { throw Failure(.usage, error.description) }
    }

    private func stored<Value: Sendable>(_ body: () async throws(LedgerError) -> Value) async throws(Failure) -> Value {
        do throws(LedgerError) { return try await body() } catch { throw Failure(error) }
    }
}
