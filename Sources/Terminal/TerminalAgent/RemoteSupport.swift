package import EventLoops
package import SystemCalls
package import TerminalCore
import SSHCrypto
import SSHKeys
import Support
import TerminalBroker
import TerminalStore

/// The terminal's unprivileged half, and everything that can be asked of it: keeps the tunnel, hands logins to the broker, answers
/// commands.
///
/// It lives on its loop; whatever blocks is done on two threads of its own.
package actor RemoteSupport {
    // Fixed after init.
    let configuration: AgentConfiguration
    let loop: EventLoop
    let log: Log
    let store: AgentMemory
    let key: TerminalKey
    /// Starts ssh clients; they die with this thread, that is with the program.
    let starter: BlockingExecutor
    /// Files and small programs.
    let worker: BlockingExecutor
    /// Programs that ask the network and may take long.
    let errands: BlockingExecutor
    /// The ssh client that tells the relay of this terminal, while it runs.
    let reporter = Monitor<Process?>(nil)
    /// The loop is this actor's executor.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    // Owned by the loop.
    var lifecycle = SupportLifecycle(portCount: 1)
    var users: [LoginUser] = []
    /// The setting as it is saved.
    var setting: RemoteSupportSetting?
    /// The setting that support runs with; nil when support is off.
    var settingInEffect: RemoteSupportSetting?
    var isAutoStart = false
    /// Where the relay was found last.
    var lastAddress: AgentMemory.LastAddress?
    /// What the relay was told of this terminal last.
    var reported: (relay: RelayAddress, content: TerminalReport, isUnconfirmed: Bool)?
    /// Where the running attempt has connected to, until it is known whether the relay is there.
    private var connectedAddress: (attempt: TunnelAttempt, address: String)?
    /// The fingerprint of the host key that the attempt was shown.
    private var shownKey: (attempt: TunnelAttempt, fingerprint: String)?
    /// When it was last written down that support is on.
    private var rememberedAt = Uptime(nanoseconds: 0)
    var facts = BrokerFacts(onlyLoginUser: nil, hostKeyFingerprint: nil, hostKey: nil)
    var logins: [LoginID: Login] = [:]
    /// Where those come from whose login server runs, as the relay says; also while they still have to prove who they are.
    private var originators: [LoginID: String] = [:]
    var journal = EventJournal()
    var broker: BrokerLink?
    var clients: [Int: TunnelClient] = [:]
    var trials: [Int: Trial] = [:]
    private var lastClient = 0
    private var currentClient: Int?
    private var awaitingNoClients: [CheckedContinuation<Void, Never>] = []
    private var listener: (raw: Int32, registration: Registration)?
    private var network: (raw: Int32, registration: Registration)?
    private var alarm: Timer?
    private var watchdog: Timer?
    private var isChanging = false
    private var awaitingTurn: [CheckedContinuation<Void, Never>] = []
    private var observers: [Int: @Sendable () -> Void] = [:]
    private var lastObserver = 0
    private var isTellingObservers = false

    /// One login that runs.
    struct Login {
        /// What the status says of it.
        var report: TerminalStatus.Login
        /// Since when.
        let since: Uptime
    }

    /// A service that does nothing yet.
    package init(_ configuration: AgentConfiguration, loop: EventLoop, log: Log) {
        self.configuration = configuration
        self.loop = loop
        self.log = log
        store = AgentMemory(folder: configuration.paths.agentFolder)
        key = TerminalKey(configuration)
        starter = BlockingExecutor(name: "ssh-starter")
        worker = BlockingExecutor(name: "files")
        errands = BlockingExecutor(name: "errands")
    }

    // MARK: Life

    /// Reads what is stored, makes the login users as they should be, and goes on with support that was on when an earlier agent of the
    /// same run died.
    ///
    /// - Parameters:
    ///   - socket: the inherited end of the channel to the broker.
    ///   - brokerGone: called when the broker is gone: there is nothing left to do then.
    /// - Throws: a refusal that a person has to deal with before anything can start. S04
    package func start(broker socket: Int32, brokerGone: @escaping @Sendable () -> Void) async throws(Refusal) {
        do throws(SystemError) {
            broker = try BrokerLink(
                loop: loop, socket: Descriptor(owning: socket),
                event: { [weak self] event in self?.assumeIsolated { $0.take(event) } },
                closed: { _ in brokerGone() })
            try watchNetwork()
        } catch {
            throw Refusal(.system, ["reason": error.description])
        }
        let store = store
        let (number, damaged) = await worker.run { store.log.lastNumber() }
        journal.goOn(after: number)
        note(.serviceStarted)
        if damaged > 0 { note(.logDamaged, ["count": "\(damaged)"]) }
        do throws(StoreError) {
            (users, setting) = try await worker.run { () throws(StoreError) in (try store.loginUsers(), try store.setting()) }
        } catch {
            throw Refusal(.storeUnreadable, ["reason": error.description])
        }
        (isAutoStart, lastAddress) = await worker.run { (store.isAutoStart(), store.lastAddress()) }
        if let setting { lifecycle = SupportLifecycle(portCount: setting.relay.ports.count) }
        if case .applied(let refused) = await ask(.applyLoginUsers(users)) {
            for refusal in refused {
                log.warning("login user not made", ["user": refusal.name, "why": refusal.refusal.message])
                note(
                    .loginUserNotMade, ["user": "\(refusal.name)", "reason": refusal.refusal.message], because: Cause(refusal.refusal))
            }
        }
    }

    /// Tells the broker that commands are answered from now on, and goes on with support that was on.
    package func open() async throws(Refusal) {
        guard case .welcome(let facts) = await ask(.agentIsReady) else {
            throw Refusal(.broker, because: Cause(.noAnswer))
        }
        self.facts = facts
        let store = store
        guard let record = await worker.run({ store.running() }), let setting, !lifecycle.isOn else { return }
        let resumption = record.resumption(
            run: configuration.run, boot: Self.boot, now: now, wall: WallTime.now, autoStart: isAutoStart)
        switch resumption {
        case .stayOff: forget()
        case .expired:
            forget()
            note(.supportNotReopened)
        case .goOn(let end), .reopen(let end):
            log.notice("support goes on after a restart", ["how": "\(resumption)"])
            do throws(SystemError) { try listen() } catch { throw Refusal(.system, ["reason": error.description]) }
            settingInEffect = setting
            if case .goOn = resumption { note(.supportResumed) } else { note(.supportReopened) }
            perform(lifecycle.resume(until: end, at: now))
            remember()
        }
    }

    /// How the kernel names this start of the machine; empty where it does not tell, and then every start looks like another one.
    private static let boot: String = {
        let path = "/proc/sys/kernel/random/boot_id"
        // Without /proc every start of the machine is another one.
        let read = (try? Files.read(path, limit: 256)).map { String(decoding: $0, as: UTF8.self).filter { !$0.isNewline } }
        return read ?? "unknown-\(UInt64.random(in: 0 ... .max))"
    }()

    /// Switches support off and waits until nothing of it runs.
    package func shutDown() async {
        note(.serviceStopped)
        let isToReopen = lifecycle.isOn && isAutoStart
        if isToReopen { remember() }
        _ = await stopSupport(.shutDown, forgets: !isToReopen)
        alarm?.cancel()
        if let network {
            loop.deregister(network.registration)
            Descriptor.close(network.raw)
        }
        network = nil
        broker?.close()
        broker = nil
        starter.stop()
        worker.stop()
        errands.stop()
    }

    // MARK: Asking the broker

    /// Asks the broker and waits for its answer.
    func ask(_ request: BrokerRequest) async -> BrokerReply {
        await withCheckedContinuation { continuation in
            guard let broker else { return continuation.resume(returning: .refused(Reason.brokerGone.english)) }
            broker.ask(request) { continuation.resume(returning: $0) }
        }
    }

    private func take(_ event: BrokerEvent) {
        switch event {
        case .loginAccepted(let id, let user, let fingerprint):
            // The comment says whose key it is; sshd has verified the key.
            let owner = owner(of: fingerprint, user: user)
            let who = owner.flatMap { $0.comment.isEmpty ? nil : $0.comment }
            let report = TerminalStatus.Login(
                id: id.number, user: user, who: who, fingerprint: fingerprint, from: originators[id], since: WallTime.now.description)
            logins[id] = Login(report: report, since: now)
            var values = ["who": report.name, "user": user, "fingerprint": fingerprint]
            values["address"] = report.from
            note(report.from == nil ? .loginBegan : .loginBeganFrom, values, by: staff(report))
            // The key was taken away while sshd was looking at it.
            if owner == nil { broker?.ask(.endLogins(id)) { _ in } }
        case .sessionStarted(let id, let kind):
            guard var login = logins[id] else { return }
            // Other subsystems than sftp are commands.
            let session = TerminalStatus.Login.Session(rawValue: kind) ?? .command
            if !login.report.sessions.contains(session) { login.report.sessions.append(session) }
            logins[id] = login
            note(.sessionBegan, ["who": login.report.name, "session": session.rawValue], by: staff(login.report))
        case .loginEnded(let id):
            originators[id] = nil
            guard let login = logins.removeValue(forKey: id) else { return }
            let length = TerminalText.length(Int((now - login.since).components.seconds))
            note(
                .loginEnded,
                [
                    "who": login.report.name, "user": login.report.user, "length": length,
                    "seconds": "\((now - login.since).components.seconds)",
                ],
                by: staff(login.report))
        }
    }

    private func staff(_ login: TerminalStatus.Login) -> LogEntry.Actor { LogEntry.Actor(role: .staff, name: login.name) }

    // MARK: Telling

    /// Puts something into the log, and tells everybody who watches.
    func note(
        _ code: LogEntry.Code, _ values: [String: String] = [:], by actor: LogEntry.Actor = .system, failure: TunnelFailure? = nil,
        because cause: Cause? = nil
    ) {
        changed()
        guard let entry = journal.add(code, values, by: actor, failure: failure, because: cause) else { return }
        worker.submit { [store, log] in
            // R17: nothing waits for the log, and nothing fails because of it.
            do throws(StoreError) { try store.log.append(entry) } catch { log.warning("log entry not kept", ["why": error]) }
        }
    }

    /// Tells everybody who watches that the status is another one; many changes at once are told once.
    func changed() {
        guard !isTellingObservers, !observers.isEmpty else { return }
        isTellingObservers = true
        loop.submit { [weak self] in
            self?.assumeIsolated { service in
                service.isTellingObservers = false
                for observer in service.observers.values { observer() }
            }
        }
    }

    /// Calls `body` on the agent's loop whenever the status may be another one, until `stopObserving(_:)`. It must not block: it is where a
    /// waiting console is woken, which then asks for the status.
    ///
    /// - Returns: the number for `stopObserving`.
    package func observe(_ body: @escaping @Sendable () -> Void) -> Int {
        lastObserver += 1
        observers[lastObserver] = body
        return lastObserver
    }

    /// Ends what `observe(_:)` began.
    package func stopObserving(_ number: Int) { observers[number] = nil }

    // MARK: The tunnel

    var now: Uptime { Uptime(nanoseconds: MonotonicClock.nowIncludingSuspend.nanoseconds) }

    /// Does what the lifecycle wants, then looks when it wants to be woken.
    func perform(_ actions: [SupportLifecycle.Action]) {
        for action in actions {
            switch action {
            case .connect(let attempt): connect(attempt)
            case .disconnect: disconnect()
            case .pinRelayKey(let attempt, let offered): pin(attempt, offered: offered)
            case .endLogins: broker?.ask(.endLogins(nil)) { _ in }
            case .warn(let left):
                let minutes = Int(left.components.seconds / 60)
                note(.supportEndsSoon, ["minutes": "\(minutes)"])
                broker?.ask(.announceEnd(minutes: minutes)) { _ in }
            }
        }
        if !lifecycle.isOn {
            stopListening()
            settingInEffect = nil
        }
        changed()
        alarm?.cancel()
        alarm = lifecycle.nextWake.map { wake in
            // Timers stand still while the machine is suspended, limits do not: look again every half minute.
            loop.schedule(after: min(max(wake - now, .zero), .seconds(30))) { [weak self] in self?.assumeIsolated { $0.awake() } }
        }
    }

    private func awake() {
        let wasOn = lifecycle.isOn
        let actions = lifecycle.wake(at: now)
        if wasOn, !lifecycle.isOn {
            note(.supportTimeLimit)
            forget()
        }
        if lifecycle.isOn, isAutoStart, lifecycle.deadline != nil, now - rememberedAt >= SupportRecord.interval { remember() }
        perform(actions)
    }

    private func connect(_ attempt: TunnelAttempt) {
        guard let setting = settingInEffect else { return }
        let port = setting.relay.ports[attempt.portIndex]
        let address = attempt.usesLastAddress ? lastAddress?.address : nil
        if let address { note(.lastGoodAddress, ["address": address]) }
        connectedAddress = nil
        let number = reserveClient()
        currentClient = number
        watchdog?.cancel()
        watchdog = loop.schedule(after: configuration.attemptLimit) { [weak self] in
            self?.assumeIsolated { $0.giveUp(attempt, client: number) }
        }
        run(
            TunnelClientArguments.tunnel(setting, port: port, address: address), setting, port: port, number: number,
            observed: { [weak self] observation in self?.assumeIsolated { $0.observe(observation, of: attempt) } },
            ended: { [weak self] failure in self?.assumeIsolated { $0.fail(failure, of: attempt) } })
    }

    private func giveUp(_ attempt: TunnelAttempt, client: Int) {
        guard case .trying(attempt, let stage) = lifecycle.phase else { return }
        end(client: client)
        fail(.stalled(at: stage), of: attempt)
    }

    private func observe(_ observation: SSHOutputReader.Observation, of attempt: TunnelAttempt) {
        switch observation {
        case .connected(let address): connectedAddress = (attempt, address)
        case .relayKey(let fingerprint): shownKey = (attempt, fingerprint)
        case .relayKeysChanged: relayKeysChanged()
        case .reached(let stage): reached(stage, by: attempt)
        case .relaySoftware, .forwarding, .forwardingFailed: break
        }
    }

    private func reached(_ stage: ConnectionStage, by attempt: TunnelAttempt) {
        // It is the relay: its key fits.
        if stage == .authenticating {
            found(by: attempt)
            if let shownKey, shownKey.attempt == attempt { relayKeyAccepted(shownKey.fingerprint) }
        }
        // A key that only came in with a one-time code is accepted for good when it gets its port.
        if stage == .waiting || stage == .requestingPort && settingInEffect?.joinUser == nil { keyWasAccepted() }
        let before = lifecycle.phase
        lifecycle.reached(stage, by: attempt, at: now)
        guard lifecycle.phase != before else { return }
        for code in journal.achieved(by: stage, from: before) {
            // A proxy resolves the relay's name itself.
            if code != .nameResolved || settingInEffect?.proxy == nil { note(code) }
        }
        if stage == .waiting { log.notice("tunnel stands", ["relay": settingInEffect?.relay.description ?? ""]) }
        perform([])
        if stage == .waiting { reportToRelay(attempt) }
    }

    /// Remembers where the relay is, for a time when its name leads nowhere. N05
    private func found(by attempt: TunnelAttempt) {
        guard let setting = settingInEffect, let connected = connectedAddress, connected.attempt == attempt, !attempt.usesLastAddress
        else { return }
        let found = AgentMemory.LastAddress(host: setting.relay.host, address: connected.address)
        guard found != lastAddress, connected.address != setting.relay.host else { return }
        lastAddress = found
        worker.submit { [store, log] in
            // R17: without it everything works as long as names do.
            do throws(StoreError) { try store.save(lastAddress: found) } catch { log.warning("last address not saved", ["why": error]) }
        }
    }

    /// The relay knows the terminal key: a one-time code has done its work.
    private func keyWasAccepted() {
        guard let before = settingInEffect, before.joinUser != nil || before.acceptedAt == nil else { return }
        let moment = before.acceptedAt ?? WallTime.now.description
        settingInEffect?.joinUser = nil
        settingInEffect?.acceptedAt = moment
        keepForRelay(of: before.fingerprint) { accepted in
            accepted.joinUser = nil
            accepted.acceptedAt = moment
        }
    }

    private func fail(_ failure: TunnelFailure, of attempt: TunnelAttempt) {
        guard lifecycle.isOn else { return }
        let before = lifecycle.phase
        let connected = connectedAddress.flatMap { $0.attempt == attempt ? $0.address : nil }
        let knowsLast = lastAddress.map { $0.host == settingInEffect?.relay.host && $0.address != connected } ?? false
        let actions = lifecycle.failed(
            failure, by: attempt, at: now, chance: Double.random(in: 0..<1),
            knowsLastAddress: knowsLast && settingInEffect?.proxy == nil)
        // News of a client that was given up already.
        guard lifecycle.phase != before else { return }
        if case .pinning = lifecycle.phase { return perform(actions) }
        log.warning("tunnel failed", ["stage": failure.stage.rawValue, "why": failure.sentence])
        var values = failure.values
        values["failure"] = failure.sentence
        values["advice"] = failure.advice
        note(.connectionFailed, values, failure: failure)
        perform(actions)
    }

    private func pin(_ attempt: TunnelAttempt, offered: String) {
        Task { [weak self] in await self?.pinRelay(attempt, offered: offered) }
    }

    private func pinRelay(_ attempt: TunnelAttempt, offered: String) async {
        guard let setting = settingInEffect else { return }
        let failure = await pinRelayKey(of: setting, port: setting.relay.ports[attempt.portIndex], offered: offered)
        guard lifecycle.phase == .pinning(attempt, offered: offered) else { return }
        if let failure { return fail(failure, of: attempt) }
        note(.relayPinned, ["fingerprint": offered])
        perform(lifecycle.relayPinned(by: attempt))
    }

    /// Fetches the relay's key and pins it if it is the confirmed one.
    ///
    /// - Returns: why not, or nil.
    func pinRelayKey(of setting: RemoteSupportSetting, port: UInt16, offered: String) async -> TunnelFailure? {
        let key = key
        let fetched: String?
        do throws(TunnelFailure) {
            fetched = try await errands.run { () throws(TunnelFailure) in try key.fetchRelayKey(setting, port: port) }
        } catch {
            return error
        }
        guard let line = fetched else {
            // The relay showed the right key a moment ago and could not be asked again: that is the network.
            if offered == setting.fingerprint { return .closedEarly(relay: "\(setting.relay.host) port \(port)") }
            return .relayKeyMismatch(offered: offered, confirmed: setting.fingerprint)
        }
        if settingInEffect == setting { settingInEffect?.pinnedKey = line }
        guard self.setting == setting else { return nil }
        var pinned = setting
        pinned.pinnedKey = line
        self.setting = pinned
        let store = store
        await worker.run { [pinned, log] in
            do throws(StoreError) { try store.save(setting: pinned) } catch { log.error("setting not saved", ["why": error]) }
        }
        return nil
    }

    /// A number for a client that is about to be started.
    func reserveClient() -> Int {
        lastClient += 1
        return lastClient
    }

    /// Starts an ssh client under a reserved number.
    func run(
        _ arguments: [String], _ setting: RemoteSupportSetting, port: UInt16, number: Int,
        observed: @escaping (SSHOutputReader.Observation) -> Void, ended: @escaping (TunnelFailure) -> Void
    ) {
        let names = SSHOutputReader.RelayNames(
            host: setting.relay.host, endpoint: "\(setting.relay.host) port \(port)", listeningPort: setting.listeningPort.description,
            pinned: setting.pinnedKey == nil ? nil : setting.fingerprint, wasKeyAccepted: setting.acceptedAt != nil,
            isJoining: setting.joinUser != nil,
            proxy: setting.proxy?.description)
        let client = TunnelClient(
            names: names, loop: loop, log: log, observed: observed,
            ended: { [weak self] failure in
                self?.assumeIsolated { $0.forget(client: number) }
                ended(failure)
            })
        clients[number] = client
        let command = TunnelClient.Command(
            executable: configuration.ssh, arguments: configuration.proxyOptions(setting) + arguments,
            environment: configuration.environment(setting, port: port), folder: configuration.paths.agentFolder)
        let keys = setting.acceptableKeys
        starter.submit { [self, key, log] in
            do throws(SystemError) { try key.writeKnownHosts(keys) } catch { log.warning("known_hosts not written", ["why": error]) }
            let started = TunnelClient.spawn(command)
            loop.submit { self.assumeIsolated { $0.clients[number]?.begin(started) } }
        }
    }

    /// Ends an ssh client.
    func end(client number: Int) { clients[number]?.end() }

    private func disconnect() {
        if let currentClient { end(client: currentClient) }
        currentClient = nil
        reporter.withLock { _ = $0?.signal(.kill) }
    }

    private func forget(client number: Int) {
        clients[number] = nil
        guard clients.isEmpty else { return }
        let waiting = awaitingNoClients
        awaitingNoClients = []
        for continuation in waiting { continuation.resume() }
    }

    // MARK: Logins

    /// Takes connections of the tunnel from now on.
    func listen() throws(SystemError) {
        guard listener == nil else { return }
        // Ours, in our own folder: a leftover of an agent that died.
        try Files.remove(configuration.paths.tunnelSocket)
        let raw = try Sockets.listenUnix(at: configuration.paths.tunnelSocket, mode: 0o600).release()
        do throws(SystemError) {
            let registration = try loop.register(
                raw, interest: .read, handler: Callback { [weak self] in self?.assumeIsolated { $0.accept(raw) } })
            listener = (raw, registration)
        } catch {
            Descriptor.close(raw)
            throw error
        }
    }

    private func stopListening() {
        guard let listener else { return }
        loop.deregister(listener.registration)
        Descriptor.close(listener.raw)
        self.listener = nil
        _ = try? Files.remove(configuration.paths.tunnelSocket)  // a leftover refuses connections
    }

    /// How many connections one batch takes: the rest are reported again.
    private static let acceptsPerBatch = 16

    private func accept(_ raw: Int32) {
        for _ in 0..<Self.acceptsPerBatch {
            switch Sockets.acceptUnix(raw) {
            case .connection(let connection, _): admit(connection)
            case .aborted: continue
            case .wouldBlock: return
            case .outOfDescriptors: return pauseAccepting()
            case .failed(let error):
                log.error("logins cannot be taken", ["why": error])
                return pauseAccepting()
            }
        }
    }

    /// R01: running out of descriptors is no reason to spin; who waits is taken a little later.
    private func pauseAccepting() {
        guard let listener else { return }
        loop.update(listener.registration, interest: [])
        _ = loop.schedule(after: .milliseconds(500)) { [weak self] in
            self?.assumeIsolated { service in
                if let listener = service.listener { service.loop.update(listener.registration, interest: .read) }
            }
        }
    }

    private func admit(_ connection: consuming Descriptor) {
        do throws(SystemError) {
            // Only our ssh client comes this way; the folder keeps others out, and the kernel says who it is.
            let peer = try Sockets.peerCredentials(connection.raw)
            // Also of who is turned away: whoever comes next has the next one.
            let originator = originator(of: peer.process)
            guard peer.user == Users.effectiveUser, lifecycle.admitsLogins, let broker else { return }
            let kept = try connection.duplicate().release()
            broker.ask(.startLogin, passing: connection) { [weak self, log] reply in
                let kept = Descriptor(owning: kept)
                // News of the login come after this answer.
                if case .loginStarted(let id) = reply { self?.assumeIsolated { $0.originators[id] = originator } }
                guard case .refused(let reason) = reply else { return }
                log.warning("login refused", ["why": reason])
                // RFC 4253 §4.2: lines may come before the identification; `ssh -v` shows them.
                let line = Array("towline-terminal: \(Printable.escaped(reason))\r\n".utf8)
                _ = line.withUnsafeBytes { Sockets.send(kept.raw, $0) }
            }
        } catch {
            log.warning("login refused", ["why": error])
        }
    }

    /// Where somebody comes from, as the relay says; nil where it says none: what is no address is shown to nobody.
    private func originator(of peer: Int32) -> String? {
        for client in clients.values {
            if let originator = client.takeOriginator(of: peer) { return IPAddress(originator)?.description }
        }
        return nil
    }

    // MARK: The network

    private func watchNetwork() throws(SystemError) {
        let raw = try NetworkChanges.listen().release()
        let registration = try loop.register(
            raw, interest: .read,
            handler: Callback { [weak self] in
                guard NetworkChanges.take(raw) else { return }
                self?.assumeIsolated { $0.perform($0.lifecycle.networkCameUp()) }
            })
        network = (raw, registration)
    }

    // MARK: Switching

    /// Switches support off; returns when the ssh client and all logins are gone.
    func stopSupport(_ reason: OffReason, by actor: LogEntry.Actor = .system, forgets: Bool = true) async -> Bool {
        let wasOn = lifecycle.isOn
        let actions = lifecycle.stop(reason).filter { $0 != .endLogins }
        if wasOn, reason != .shutDown { note(.supportOff, by: actor) }
        perform(actions)
        if forgets { forget() }
        for client in clients.values { client.end() }
        // Also when support was off: nothing may be left of earlier logins.
        _ = await ask(.endLogins(nil))
        await awaitNoReport()
        if !clients.isEmpty { await withCheckedContinuation { awaitingNoClients.append($0) } }
        return wasOn
    }

    /// Remembers on disk that support is on, for an agent that takes over after this one died.
    func remember() {
        rememberedAt = now
        save(
            running: SupportRecord(
                run: configuration.run, boot: Self.boot, deadline: lifecycle.deadline, now: now, wall: WallTime.now))
    }

    private func forget() { save(running: nil) }

    private func save(running record: SupportRecord?) {
        worker.submit { [store, log] in
            // R17: switching works on a full disk; only the restart of a dead agent would not know.
            do throws(StoreError) { try store.save(running: record) } catch { log.warning("state not saved", ["why": error]) }
        }
    }

    // MARK: One change at a time

    /// Runs `body` when no other change is under way.
    func changing<Value: Sendable>(_ body: () async -> Value) async -> Value {
        if isChanging { await withCheckedContinuation { awaitingTurn.append($0) } }
        isChanging = true
        let value = await body()
        if awaitingTurn.isEmpty { isChanging = false } else { awaitingTurn.removeFirst().resume() }
        return value
    }
}

extension WallTime {
    /// Now, by the wall clock.
    static var now: WallTime { WallTime(secondsSince1970: WallClock.seconds) }
}
