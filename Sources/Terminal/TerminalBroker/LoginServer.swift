import EventLoops
import SystemCalls
import TerminalCore

/// The logins that run: one stock `sshd -i` for each connection, and what they started.
///
/// Owned by the broker's thread, which is its loop.
final class LoginServer {
    /// How long sshd may take to end in good order before it is killed; the whole has to be over within a second.
    static let grace = Duration.milliseconds(250)
    /// How often those that still live are looked for and killed.
    static let sweep = Duration.milliseconds(40)
    /// After so many sweeps what is left cannot be killed (stuck in the kernel); it is reported, and not waited for.
    static let maximumSweeps = 50

    private final class Login {
        let id: LoginID
        let process: Process
        var reader: LineReader?
        var registration: Registration?
        var user: String?
        /// The pseudo terminals that its sessions were given, such as `pts/3`.
        var terminals: Set<String> = []

        init(id: LoginID, process: Process) {
            self.id = id
            self.process = process
        }
    }

    private let configuration: BrokerConfiguration
    private let loop: EventLoop
    private let log: Log
    private let accounts: Accounts
    private let report: (BrokerEvent) -> Void

    private var logins: [LoginID: Login] = [:]
    private var lastID: UInt64 = 0
    /// How many endings of all logins are under way: meanwhile none begins.
    private var endings = 0
    /// Children of the broker that are no logins, such as the agent: they and theirs are left alone.
    var bystanders: Set<Int32> = []

    init(_ configuration: BrokerConfiguration, loop: EventLoop, log: Log, accounts: Accounts, report: @escaping (BrokerEvent) -> Void) {
        self.configuration = configuration
        self.loop = loop
        self.log = log
        self.accounts = accounts
        self.report = report
    }

    /// How many logins run.
    var count: Int { logins.count }

    /// Starts sshd on `connection`.
    ///
    /// - Throws: why not, in one line; the connection is closed then. R03: a fork that fails refuses this login and nothing else.
    func start(_ connection: consuming Descriptor) throws(LoginRefusal) -> LoginID {
        guard endings == 0 else { throw LoginRefusal(reason: "logins are being ended") }
        guard logins.count < configuration.maximumLogins else { throw LoginRefusal(reason: "too many logins at once") }
        guard logins.values.count(where: { $0.user == nil }) < configuration.maximumUnauthenticated else {
            throw LoginRefusal(reason: "too many logins wait for their key")
        }
        lastID += 1
        let id = LoginID(number: lastID)
        let login: Login
        do {
            // sshd blocks on its connection; the flag belongs to the open file, which the sender shares.
            try Descriptor.setNonblocking(connection.raw, false)
            let errors = try Descriptor.pipe()
            let process = try Processes.spawn(
                configuration.system.sshd, ["-i", "-e", "-f", configuration.loginServerConfiguration],
                environment: ["PATH": "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"],
                descriptors: [0: connection.raw, 1: connection.raw, 2: errors.writing.raw], workingDirectory: "/",
                fileModeMask: 0o022, grouping: .ownSession, deathSignal: .kill)
            login = Login(id: id, process: process)
            try watch(login, errors: errors)
        } catch {
            log.warning("login not started", ["why": "\(error)"])
            throw LoginRefusal(reason: "\(error)")
        }
        logins[id] = login
        return id
    }

    /// Ends one login, or all, with everything that runs in them; `done` is called when they are gone.
    func end(_ id: LoginID?, done: @escaping () -> Void) {
        let ending = logins.values.filter { id == nil || $0.id == id }
        guard !ending.isEmpty || id == nil else { return done() }
        if id == nil { endings += 1 }
        var users = Set(ending.compactMap { login in login.user.flatMap { accounts.user(named: $0) } })
        if id == nil {
            users.formUnion(accounts.createdUsers)
        } else {
            // Others may be logged in to the same account.
            for other in logins.values where other.id != id {
                if let user = other.user.flatMap({ accounts.user(named: $0) }) { users.remove(user) }
            }
        }
        let snapshot = Processes.all()
        let doomed = Self.descendants(of: Set(ending.map { $0.process.pid }), in: snapshot)
        for login in ending { login.process.signal(.terminate) }
        let task = Ending(
            ids: ending.map(\.id), users: users, isAll: id == nil, doomed: Set(doomed), killsAt: loop.now + Self.grace, done: done)
        _ = loop.schedule(after: ending.isEmpty ? .zero : Self.sweep) { [self] in sweep(task) }
    }

    /// Ends the logins of users that are no longer among `admitted`.
    func endWithdrawn(admitted: Set<String>) {
        for login in logins.values { if let user = login.user, !admitted.contains(user) { end(login.id) {} } }
    }

    /// Ends all processes of `user` now; for an account that is about to go. Blocks for up to a second.
    func endProcesses(of user: UInt32) {
        guard user != 0 else { return }
        let pause = Monitor(())
        for _ in 0..<Self.maximumSweeps {
            let left = Processes.owned(by: user).filter { !$0.isZombie }
            if left.isEmpty { return }
            for entry in left { Processes.signal(entry, .kill) }
            if configuration.endsStrays { Processes.reapOrphans() }
            _ = pause.wait(until: MonotonicClock.now + .milliseconds(20)) { _ in Optional<Void>.none }
        }
    }

    // MARK: Watching

    private func watch(_ login: Login, errors: consuming Pipe) throws(SystemError) {
        let ends = errors.release()
        Descriptor.close(ends.writing)
        login.reader = try LineReader(
            loop: loop, pipe: Descriptor(owning: ends.reading),
            line: { [weak self, weak login] in
                if let self, let login { self.read($0, of: login) }
            }, ended: {})
        login.registration = try loop.register(
            login.process.pidfd, interest: .read,
            handler: Callback { [weak self, weak login] in if let self, let login { self.reap(login) } })
    }

    private func read(_ line: String, of login: Login) {
        switch LoginOutputReader.read(line) {
        case .accepted(let user, let fingerprint):
            login.user = user
            log.notice("login", ["user": user, "key": fingerprint, "login": login.id.number])
            report(.loginAccepted(login.id, user: user, fingerprint: fingerprint))
        case .sessionStarted(let kind, let terminal):
            if let terminal { login.terminals.insert(terminal) }
            log.notice("session", ["login": login.id.number, "kind": kind])
            report(.sessionStarted(login.id, kind: kind))
        case .refused(let words): log.warning("login refused", ["login": login.id.number, "why": words])
        case nil: log.debug("sshd", ["login": login.id.number, "says": line])
        }
    }

    private func reap(_ login: Login) {
        guard let end = login.process.reap() else { return }
        if let registration = login.registration { loop.deregister(registration) }
        login.registration = nil
        login.reader?.drain()
        login.reader = nil
        logins[login.id] = nil
        log.debug("login ended", ["login": login.id.number, "end": end])
        report(.loginEnded(login.id))
    }

    // MARK: Telling

    /// Writes to every prompt that support ends in so many minutes. A terminal that takes no byte now, or that somebody else has by
    /// now, gets none.
    func announceEnd(minutes: Int) {
        let text = Array("\r\nRemote support ends in \(minutes) minutes. Save your work, or ask the customer to extend it.\r\n".utf8)
        for login in logins.values {
            for terminal in login.terminals {
                do throws(SystemError) {
                    let path = "/dev/\(terminal)"
                    let owner = login.user.flatMap { accounts.user(named: $0) } ?? Users.effectiveUser
                    guard try Files.status(path, followsLinks: false)?.user == owner else { continue }
                    let descriptor = try Files.openTerminal(path)
                    _ = text.withUnsafeBytes { Descriptor.write(descriptor.raw, $0) }
                } catch {
                    log.debug("nobody told of the end", ["terminal": terminal, "why": error])
                }
            }
        }
    }

    // MARK: Ending

    /// One ending that is under way.
    private final class Ending {
        let ids: [LoginID]
        let users: Set<UInt32>
        let isAll: Bool
        let done: () -> Void
        /// Until then servers that are asked to end are waited for.
        let killsAt: MonotonicTime
        /// What belonged to these logins when it was last looked at.
        var doomed: Set<ProcessEntry>
        var sweepsLeft = LoginServer.maximumSweeps

        init(ids: [LoginID], users: Set<UInt32>, isAll: Bool, doomed: Set<ProcessEntry>, killsAt: MonotonicTime, done: @escaping () -> Void)
        {
            self.ids = ids
            self.users = users
            self.isAll = isAll
            self.doomed = doomed
            self.killsAt = killsAt
            self.done = done
        }
    }

    /// Kills what is left until nothing is, looking again and again because a process may fork while it is looked at.
    private func sweep(_ ending: Ending) {
        let running = ending.ids.compactMap { logins[$0]?.process }
        if !running.isEmpty, loop.now < ending.killsAt {
            _ = loop.schedule(after: Self.sweep) { [self] in sweep(ending) }
            return
        }
        for process in running { process.signal(.kill) }
        let snapshot = Processes.all().filter { !$0.isZombie }
        // Number and start name a process; its parent changes when that one dies.
        let starts = Dictionary(uniqueKeysWithValues: snapshot.map { ($0.pid, $0.started) })
        ending.doomed = ending.doomed.filter { starts[$0.pid] == $0.started }
        ending.doomed.formUnion(Self.descendants(of: Set(ending.doomed.map(\.pid) + running.map(\.pid)), in: snapshot))
        if ending.isAll, configuration.endsStrays { ending.doomed.formUnion(strays(in: snapshot)) }
        for entry in snapshot where entry.user != 0 && ending.users.contains(entry.user) { ending.doomed.insert(entry) }
        for entry in ending.doomed { Processes.signal(entry, .kill) }
        if configuration.endsStrays { Processes.reapOrphans() }
        let isOver = ending.doomed.isEmpty && running.isEmpty
        ending.sweepsLeft -= 1
        if isOver || ending.sweepsLeft == 0 {
            if !isOver { log.error("processes of a login could not be ended", ["count": ending.doomed.count]) }
            if ending.isAll { endings -= 1 }
            return ending.done()
        }
        _ = loop.schedule(after: Self.sweep) { [self] in sweep(ending) }
    }

    /// What logins left behind and the kernel gave to us, with all its descendants.
    private func strays(in snapshot: [ProcessEntry]) -> [ProcessEntry] {
        let kept = bystanders.union(logins.values.map { $0.process.pid })
        let own = Processes.current
        let roots = snapshot.filter { $0.parent == own && !kept.contains($0.pid) }
        return roots + Self.descendants(of: Set(roots.map(\.pid)), in: snapshot)
    }

    private static func descendants(of roots: Set<Int32>, in snapshot: [ProcessEntry]) -> [ProcessEntry] {
        let children = Dictionary(grouping: snapshot, by: \.parent)
        var found: [ProcessEntry] = []
        var next = roots.flatMap { children[$0] ?? [] }
        while !next.isEmpty {
            found += next
            next = next.flatMap { children[$0.pid] ?? [] }
        }
        return found
    }
}

/// Why a login was not started.
struct LoginRefusal: Error {
    let reason: String
}
