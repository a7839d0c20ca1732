import Glibc
import Synchronization
import Testing

/// A terminal under test: `towline-terminal`, with one login user for staff's key.
///
/// Started as root it makes an account for the login user, which `close()` removes; as an ordinary user the login user is oneself.
///
/// Guarded by: `running` by its lock; everything else is static after init.
final class TerminalEnd: Sendable {
    let folder: Folder
    let dataPath: String
    /// The account that staff log in to.
    let user: String
    /// Where its console listens: `ADDRESS:PORT` or `none`.
    private let console: String
    private let running = Mutex<Program?>(nil)

    /// Whether an sshd of this user can hand out a pty: it gives them to the group tty, which takes root, or a /dev/pts that does so
    /// by itself, as Debian mounts it (gid=5). Some containers and virtual machines do not.
    static let canHavePTY =
        geteuid() == 0
        || Folder.text(of: "/proc/mounts").split(whereSeparator: \.isNewline).contains {
            $0.hasPrefix("devpts /dev/pts ") && $0.split(whereSeparator: { $0 == " " || $0 == "," }).contains("gid=5")
        }

    /// Starts the program in `folder`; returns when it answers.
    init(in folder: Folder, console: String = "none") async throws {
        self.folder = folder
        self.console = console
        dataPath = "\(folder.path)/terminal"
        user = geteuid() == 0 ? "towline-e2e-\(getpid())" : StockServer.user
        try await start()
    }

    private static func program() throws -> String {
        try Programs.ours("towline-terminal", variable: "TEST_TERMINAL")
    }

    var process: Program {
        get throws {
            guard let program = running.withLock(\.self) else { throw ScenarioError(description: "the terminal does not run") }
            return program
        }
    }

    func start() async throws {
        let program = try Program([TerminalEnd.program(), "serve", "--data-dir", dataPath, "--console", console], in: folder)
        try await eventually("towline-terminal is ready; it says: \(program.output) \(program.errors)") {
            guard program.isRunning else { throw ScenarioError(description: "towline-terminal ended: \(program.errors)") }
            return program.output.split(whereSeparator: \.isNewline).contains("ready")
        }
        running.withLock { $0 = program }
    }

    /// Runs `towline-terminal COMMAND…`.
    @discardableResult
    func command(_ words: String..., input: String = "/dev/null") async throws -> Outcome {
        try await folder.run([TerminalEnd.program()] + words + ["--data-dir", dataPath], input: input)
    }

    /// A command that must succeed.
    @discardableResult
    func must(_ words: String..., sourceLocation: SourceLocation = #_sourceLocation) async throws -> Outcome {
        let outcome = try await folder.run([TerminalEnd.program()] + words + ["--data-dir", dataPath])
        try #require(outcome.succeeded, "towline-terminal \(words.joined(separator: " ")): \(outcome)", sourceLocation: sourceLocation)
        return outcome
    }

    /// Waits until `status` says `text`.
    func status(says text: String, within limit: Duration = .seconds(30)) async throws {
        let last = Mutex("")
        try await eventually(within: limit, "the status says '\(text)'; it says: \(last.withLock(\.self))") {
            let now = try await command("status").output
            last.withLock { $0 = now }
            return now.contains(text)
        }
    }

    /// Removes the login user and ends the program.
    func close() async throws {
        guard try process.isRunning else { return }
        try await command("login-user", "remove", user)
        try await process.terminate()
    }

    /// Ports that the program and all that it started listen on over TCP.
    func listeningPorts() throws -> [String] {
        var listening: [String: String] = [:]
        for table in ["tcp", "tcp6"] {
            for line in Folder.text(of: "/proc/net/\(table)").split(whereSeparator: \.isNewline).dropFirst() {
                let fields = line.split(separator: " ")
                if fields.count > 9, fields[3] == "0A" { listening["socket:[\(fields[9])]"] = String(fields[1]) }
            }
        }
        return try Processes.tree(of: process.pid).flatMap { pid in Processes.descriptors(of: pid).compactMap { listening[$0] } }
    }
}

/// What /proc tells of processes.
enum Processes {
    /// `root` and all its living descendants.
    static func tree(of root: pid_t) -> [pid_t] {
        var children: [pid_t: [pid_t]] = [:]
        for name in entries(of: "/proc") {
            guard let pid = pid_t(name), let rest = Folder.text(of: "/proc/\(name)/stat").split(separator: ")").last else { continue }
            let fields = rest.split(separator: " ")
            if fields.count > 1, let parent = pid_t(fields[1]) { children[parent, default: []].append(pid) }
        }
        var found: [pid_t] = []
        var left = [root]
        while let pid = left.popLast() {
            found.append(pid)
            left += children[pid] ?? []
        }
        return found
    }

    /// What the open descriptors of a process point to.
    static func descriptors(of pid: pid_t) -> [String] {
        entries(of: "/proc/\(pid)/fd").compactMap { name in
            var buffer = [UInt8](repeating: 0, count: 256)
            let length = buffer.withUnsafeMutableBytes { readlink("/proc/\(pid)/fd/\(name)", $0.baseAddress!, $0.count) }
            return length > 0 ? String(decoding: buffer.prefix(length), as: UTF8.self) : nil
        }
    }

    private static func entries(of path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            names.append(withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names.filter { $0 != "." && $0 != ".." }
    }
}
