import SystemCalls
import TerminalBroker
import TerminalCore
import Testing

/// Something that a scenario needed and did not get.
struct ScenarioError: Error, CustomStringConvertible {
    let description: String
}

/// What a program came to.
struct Outcome: Sendable, CustomStringConvertible {
    let status: Int32
    let output: String
    let errors: String

    var succeeded: Bool { status == 0 }
    var description: String { "status \(status)\n--- output\n\(output)--- errors\n\(errors)" }
}

/// Runs `body` on a thread of its own: what blocks must not take the cooperative pool's.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Threads.start(name: "test") { continuation.resume(with: Result { try body() }) }
    }
}

/// Runs a program to its end, at most `limit`.
func run(_ words: [String], limit: Duration = .seconds(40)) async throws -> Outcome {
    try await blocking {
        let path = words[0].hasPrefix("/") ? words[0] : "/usr/bin/\(words[0])"
        let result = try Tool.run(path, Array(words.dropFirst()), limit: limit)
        let status: Int32 = if case .exited(let status) = result.end { status } else { -1 }
        return Outcome(status: status, output: result.output, errors: result.errors)
    }
}

/// Waits until `condition` is true; past the limit that is an error that names `what`.
func eventually(
    within limit: Duration = .seconds(20), _ what: @autoclosure () -> String, _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw ScenarioError(description: "not within \(limit): \(what())") }
        try await Task.sleep(for: .milliseconds(20))
    }
}

/// A program that runs until it is ended, with its output in files.
final class Running: Sendable {
    let process: Process
    private let outputPath: String
    private let errorPath: String

    init(_ words: [String], in folder: String, name: String, credentials: ProcessCredentials? = nil) throws {
        outputPath = "\(folder)/\(name).out"
        errorPath = "\(folder)/\(name).err"
        // O_WRONLY | O_CREAT | O_TRUNC
        let output = try Files.open(outputPath, 0o1 | 0o100 | 0o1000)
        let errors = try Files.open(errorPath, 0o1 | 0o100 | 0o1000)
        process = try Processes.spawn(
            words[0], Array(words.dropFirst()), environment: ["PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no"],
            descriptors: [1: output.raw, 2: errors.raw], credentials: credentials)
    }

    var output: String { Self.text(outputPath) }
    var errors: String { Self.text(errorPath) }
    var isRunning: Bool { process.reap() == nil }

    /// Ends it in good order.
    func end(_ signal: Signal = .terminate) async throws {
        process.signal(signal)
        try await eventually(within: .seconds(10), "the program ends: \(errors)") { process.reap() != nil }
    }

    private static func text(_ path: String) -> String {
        // No file yet is no output yet.
        (try? Files.read(path, limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

/// A folder for one scenario, which other accounts may pass through.
final class Folder: Sendable {
    let path: String

    init() throws {
        path = try Files.makeTemporaryDirectory(prefix: "tl-")
        try Files.setMode(path, 0o711)
    }

    func write(_ text: String, to name: String, mode: UInt32 = 0o600) throws -> String {
        let file = "\(path)/\(name)"
        try Files.writeAtomically(file, Array(text.utf8), mode: mode)
        return file
    }

    func read(_ name: String) throws -> String { String(decoding: try Files.read("\(path)/\(name)", limit: 1 << 22), as: UTF8.self) }

    /// Makes an Ed25519 key pair and returns its path.
    func key(_ name: String) async throws -> String {
        let file = "\(path)/\(name)"
        let made = try await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "\(name)@support", "-f", file])
        guard made.succeeded else { throw ScenarioError(description: "\(made)") }
        return file
    }

    func fingerprint(of key: String) async throws -> String {
        let outcome = try await run(["ssh-keygen", "-l", "-f", "\(key).pub"])
        guard let fingerprint = outcome.output.split(separator: " ").first(where: { $0.hasPrefix("SHA256:") }) else {
            throw ScenarioError(description: "\(outcome)")
        }
        return String(fingerprint)
    }
}

/// A stock sshd that is the relay (DESIGN §3.3).
final class StockRelay: Sendable {
    // An account without a name is root enough here.
    static let user = (try? Users.lookup(user: Users.effectiveUser))?.name ?? "root"

    let folder: Folder
    let port: UInt16
    private let server: Monitor<Running?> = Monitor(nil)

    init(_ folder: Folder, hostKey: String) async throws {
        self.folder = folder
        _ = try folder.write("", to: "relay-keys")
        if Users.effectiveUser == 0 { try Files.makeDirectory("/run/sshd", mode: 0o755) }
        for _ in 0..<5 {
            let port = try Self.freePort()
            if let running = try await Self.start(folder, port, hostKey) {
                self.port = port
                server.withLock { $0 = running }
                return
            }
        }
        throw ScenarioError(description: "no free port for the relay in five tries")
    }

    /// A loopback port that was free a moment ago.
    static func freePort() throws -> UInt16 {
        let listener = try Sockets.listen(on: .loopback(port: 0))
        return try Sockets.localAddress(listener.raw).port
    }

    func approve(_ line: String) throws { _ = try folder.write(line + "\n", to: "relay-keys") }

    /// Runs again on the same port with another host key.
    func restart(hostKey: String) async throws {
        try await end()
        guard let running = try await Self.start(folder, port, hostKey) else { throw ScenarioError(description: "the port is taken") }
        server.withLock { $0 = running }
    }

    func end() async throws { try await server.withLock { $0 }?.end() }

    private static func start(_ folder: Folder, _ port: UInt16, _ hostKey: String) async throws -> Running? {
        let text = """
            ListenAddress 127.0.0.1:\(port)
            HostKey \(hostKey)
            PidFile none
            UsePAM no
            StrictModes no
            AuthorizedKeysFile \(folder.path)/relay-keys
            PermitRootLogin prohibit-password
            LogLevel VERBOSE

            """
        let file = try folder.write(text, to: "relay-config-\(port)")
        let running = try Running(["/usr/sbin/sshd", "-D", "-e", "-f", file], in: folder.path, name: "relay")
        try await eventually("sshd listens or ends") { !running.isRunning || running.errors.contains("Server listening on") }
        return running.isRunning ? running : nil
    }
}

/// Our terminal as a program, in front of a stock relay.
final class Site: Sendable {
    static let isRoot = Users.effectiveUser == 0
    /// Whether sshd can open pseudo terminals: without root only where the machine gives them the group `tty` by itself, as Debian does
    /// (`gid=5` in the mount options of /dev/pts) and bare containers do not.
    static let givesTerminals: Bool = {
        if isRoot { return true }
        // Without /proc the answer is no.
        let mounts = (try? Files.read("/proc/mounts", limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return mounts.split(separator: "\n").contains { $0.contains(" /dev/pts devpts ") && $0.contains("gid=") }
    }()
    static let program: String = {
        // Then the other places are tried.
        let beside = (try? Files.ownExecutable()).map { Files.parent(of: $0) } ?? ""
        let folders = [beside, CommandLine.arguments.first.map { Files.parent(of: $0) } ?? "", ".build/debug"]
        return folders.map { "\($0)/towline-terminal" }.first(where: Files.isExecutable) ?? "towline-terminal is not built"
    }()

    let folder: Folder
    let relay: StockRelay
    let staffKey: String
    let hostKey: String
    /// The SSH login user of the scenario.
    let user: String
    let listeningPort: UInt16
    private let daemon: Monitor<Running?> = Monitor(nil)

    /// A relay and a terminal that does not run yet.
    init() async throws {
        folder = try Folder()
        hostKey = try await folder.key("relay-host")
        staffKey = try await folder.key("bob")
        relay = try await StockRelay(folder, hostKey: hostKey)
        user = Self.isRoot ? "tltest\(UInt32.random(in: 0...99_999))" : StockRelay.user
        listeningPort = try StockRelay.freePort()
    }

    var dataFolder: String { "\(folder.path)/data" }
    var running: Running {
        get throws {
            guard let running = daemon.withLock({ $0 }) else { throw ScenarioError(description: "the terminal does not run") }
            return running
        }
    }

    /// Living processes below the terminal's.
    var processes: [ProcessEntry] {
        get throws { Processes.descendants(of: try running.process.pid).filter { !$0.isZombie } }
    }

    /// Starts the terminal; returns when it answers.
    ///
    /// - Parameter prefix: a program that starts the rest of its line.
    func serve(through prefix: [String] = []) async throws {
        let running = try Running(
            prefix + [Self.program, "serve", "--data-dir", dataFolder, "--console", "none"], in: folder.path, name: "terminal")
        daemon.withLock { $0 = running }
        try await eventually("the terminal is ready: \(running.errors)") {
            guard running.isRunning else { throw ScenarioError(description: "it ended: \(running.errors)") }
            return running.output.split(separator: "\n").contains("ready")
        }
    }

    /// Runs `towline-terminal COMMAND…`.
    func command(_ words: String...) async throws -> Outcome { try await run([Self.program] + words + ["--data-dir", dataFolder]) }

    /// A command that must succeed.
    @discardableResult
    func must(_ words: String..., sourceLocation: SourceLocation = #_sourceLocation) async throws -> Outcome {
        let outcome = try await run([Self.program] + words + ["--data-dir", dataFolder])
        try #require(outcome.succeeded, "\(words): \(outcome)", sourceLocation: sourceLocation)
        return outcome
    }

    /// What the daemon says of itself.
    func status() async throws -> TerminalStatus {
        let outcome = try await must("status", "--json")
        guard let status = TerminalWire.decode(TerminalStatus.self, Array(outcome.output.utf8)) else {
            throw ScenarioError(description: "\(outcome)")
        }
        return status
    }

    /// Login user, setting, and approval on the relay.
    func setUp(access: String = "standard", permitted: UInt16? = nil) async throws {
        try await must("login-user", "add", user, "--key", "\(staffKey).pub", "--access", access)
        try await create()
        let line = try await must("key", "--stock-relay").output
        try relay.approve(line.replacing("localhost:\(listeningPort)", with: "localhost:\(permitted ?? listeningPort)"))
    }

    func create(ports: String? = nil, fingerprint: String? = nil) async throws {
        let fingerprint = if let fingerprint { fingerprint } else { try await folder.fingerprint(of: hostKey) }
        try await must(
            "settings", "create", "--relay", "127.0.0.1:\(ports ?? "\(relay.port)")", "--listening-port", "\(listeningPort)",
            "--fingerprint", fingerprint, "--user", StockRelay.user)
    }

    /// What precedes `LOGIN@localhost` in a line of staff's.
    func staff(_ program: String, key: String? = nil, _ options: String...) -> [String] {
        ["/usr/bin/\(program)", "-F", "none", "-i", key ?? staffKey, program == "scp" ? "-P" : "-p", "\(listeningPort)"]
            + [
                "IdentitiesOnly=yes", "IdentityAgent=none", "StrictHostKeyChecking=accept-new",
                "UserKnownHostsFile=\(folder.path)/staff-hosts",
                "BatchMode=yes", "LogLevel=ERROR",
            ].flatMap { ["-o", $0] } + options
    }

    /// Staff log in and run `command`.
    func login(_ command: String, key: String? = nil, as login: String? = nil) async throws -> Outcome {
        try await run(staff("ssh", key: key) + ["\(login ?? user)@localhost", command])
    }

    /// Staff log in and stay; returns when `command` has printed `in`.
    func session(_ command: String) async throws -> Running {
        let session = try Running(staff("ssh") + ["\(user)@localhost", command], in: folder.path, name: "session")
        try await eventually("the session is up: \(session.errors)") { session.output.contains("in") }
        return session
    }

    /// Ends everything, and removes what was made.
    func close() async throws {
        if let running = daemon.withLock({ $0 }), running.isRunning {
            if Self.isRoot { _ = try await command("login-user", "remove", user) }
            try await running.end()
        }
        if Self.isRoot, try Users.lookup(name: user) != nil { _ = try await run(["/usr/sbin/userdel", "--remove", user]) }
        try await relay.end()
        try Files.removeTree(folder.path)
    }
}

/// A scenario around a terminal that runs; everything is ended and removed after it.
func withSite(serving: Bool = true, _ scenario: (Site) async throws -> Void) async throws {
    let site = try await Site()
    do {
        if serving { try await site.serve() }
        try await scenario(site)
    } catch {
        // Without a program there is no log.
        let log = (try? site.running.errors) ?? ""
        Issue.record("\(error)\nthe terminal's log:\n\(log)")
    }
    try await site.close()
}
