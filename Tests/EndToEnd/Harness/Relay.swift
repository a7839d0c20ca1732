import Glibc
import Synchronization
import Testing

/// The relay under test: ours, or with `TEST_RELAY=sshd` a stock sshd for the scenarios that it can serve.
///
/// Guarded by: `running` by its lock; everything else is static after init.
final class Relay: Sendable {
    /// A stock sshd is under test.
    static let isStock = Programs.environment("TEST_RELAY") == "sshd"

    /// This relay is a stock sshd.
    var isStock: Bool { stock != nil }

    let folder: Folder
    let dataPath: String
    /// What `init` printed: it names the host key's fingerprint.
    let greeting: String
    private let running = Mutex<(program: Program, port: Int)?>(nil)
    private let stock: StockServer?

    /// Makes an empty relay and starts it. `descriptors` limits its open files; `options` are words for `serve`.
    init(in folder: Folder, stock isStock: Bool = Relay.isStock, descriptors: Int? = nil, options: [String] = []) async throws {
        self.folder = folder
        dataPath = "\(folder.path)/relay"
        if isStock {
            stock = try await StockServer("relay", in: folder, keys: [])
            greeting = ""
            return
        }
        stock = nil
        let made = try await folder.run([Relay.program(), "init", "--data-dir", dataPath, "--hostname", "relay.example.org"])
        guard made.succeeded else { throw ScenarioError(description: "towline-relay init: \(made)") }
        greeting = made.output
        try await start(descriptors: descriptors, options: options)
    }

    static func program() throws -> String {
        try Programs.ours("towline-relay", variable: "TEST_RELAY")
    }

    var process: Program {
        get throws {
            if let stock { return stock.program }
            guard let program = running.withLock({ $0?.program }) else { throw ScenarioError(description: "the relay does not run") }
            return program
        }
    }

    /// The loopback port that it listens on.
    var port: Int {
        get throws {
            if let stock { return stock.port }
            guard let port = running.withLock({ $0?.port }) else { throw ScenarioError(description: "the relay does not run") }
            return port
        }
    }

    /// Starts the program; on `port` again where given (0: any that stays free while the relay is down). Returns when it is ready.
    func start(
        port: Int = 0, descriptors: Int? = nil, options: [String] = [], environment: [String: String] = [:], through launcher: [String] = []
    ) async throws {
        let port = port == 0 ? Programs.ownPort() : port
        let serve = try [Relay.program(), "serve", "--data-dir", dataPath, "--listen", "127.0.0.1:\(port)"] + options
        let limited = descriptors.map { ["bash", "-c", "ulimit -n \($0); exec \"$0\" \"$@\""] } ?? launcher
        let program = try Program(limited + serve, in: folder, environment: environment)
        try await eventually("towline-relay is ready; it says: \(program.output) \(program.errors)") {
            guard program.isRunning else { throw ScenarioError(description: "towline-relay ended: \(program.errors)") }
            return program.output.split(whereSeparator: \.isNewline).contains("ready")
        }
        let bound = program.output.split(whereSeparator: \.isNewline).first { $0.hasPrefix("listening on 127.0.0.1:") }
        guard let bound, let found = bound.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw ScenarioError(description: "no 'listening on' line: \(program.output)")
        }
        running.withLock { $0 = (program, found) }
    }

    /// Runs `towline-relay COMMAND…` as the operator.
    @discardableResult
    func command(_ words: String..., input: String = "/dev/null") async throws -> Outcome {
        try await command(words, input: input)
    }

    /// The same with the words in an array.
    func command(_ words: [String], input: String = "/dev/null") async throws -> Outcome {
        try await folder.run([Relay.program()] + words + ["--data-dir", dataPath], input: input)
    }

    /// A command that must succeed.
    @discardableResult
    func must(_ words: String..., sourceLocation: SourceLocation = #_sourceLocation) async throws -> Outcome {
        let outcome = try await folder.run([Relay.program()] + words + ["--data-dir", dataPath])
        try #require(outcome.succeeded, "towline-relay \(words.joined(separator: " ")): \(outcome)", sourceLocation: sourceLocation)
        return outcome
    }

    /// Registers a terminal with a key.
    func addTerminal(_ name: String, port: Int, key: KeyPair) async throws {
        if isStock { return try await addTerminal(name, port: port, line: key.line) }
        try await must("terminal", "add", name, "--listening-port", "\(port)", "--key", key.publicPath)
    }

    /// Registers a terminal's key with a stock relay, as DESIGN §3.3 has it.
    func addTerminal(_: String, port: Int, line: String) async throws {
        try stock?.add("restrict,port-forwarding,permitlisten=\"localhost:\(port)\" \(line)")
    }

    /// Registers a member of staff, with grants for these terminals.
    func addStaff(_ name: String, key: KeyPair, role: String = "support", grants: [String] = []) async throws {
        if let stock { return try stock.add("restrict,port-forwarding \(key.line)") }
        try await must("staff", "add", name, "--key", key.publicPath, "--role", role)
        for terminal in grants { try await must("grant", name, terminal) }
    }
}
