import Glibc
import Synchronization

/// What a program left behind when it ended.
struct Outcome: Sendable, CustomStringConvertible {
    /// Exit status, or 128 + the signal that ended it.
    let status: Int32
    let output: String
    let errors: String

    var succeeded: Bool { status == 0 }
    /// Standard output without the white space around it.
    var text: String { trimmed(output) }
    var description: String { "status \(status)\nstdout: \(output)\nstderr: \(errors)" }
}

/// Something in the surroundings of a scenario went wrong: its text says what.
struct ScenarioError: Error, CustomStringConvertible {
    let description: String
}

/// A program that was started, its output going to two files of the scenario's folder. Ended, if need be, with the object.
///
/// Guarded by: `ending` by its lock; everything else is static after init.
final class Program: Sendable {
    let name: String
    let outputPath: String
    let errorsPath: String
    let pid: pid_t
    private let ending = Mutex<Int32?>(nil)

    /// Starts `command` (a path, or a name looked up in `Programs.path`) with standard input from `input`, by default empty.
    ///
    /// The child has its own process group, no descriptors but the three, and default signals.
    init(_ command: [String], in folder: Folder, input: String = "/dev/null", environment: [String: String] = [:]) throws {
        name = command.joined(separator: " ")
        let label = folder.newName(command[0].split(separator: "/").last.map(String.init) ?? "program")
        outputPath = "\(label).out"
        errorsPath = "\(label).err"
        let executable = try Programs.find(command[0])

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errorsPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        // What other tests of this process have open; one that is not open is no error here.
        for descriptor: Int32 in 3..<256 { posix_spawn_file_actions_addclose(&actions, descriptor) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))

        let standard = ["PATH": Programs.path, "HOME": folder.path, "TERM": "dumb", "LC_ALL": "C.UTF-8"]
        var arguments: [UnsafeMutablePointer<CChar>?] = ([executable] + command.dropFirst()).map { strdup($0) } + [nil]
        let pairs = standard.merging(environment) { $1 }.map { name, value in "\(name)=\(value)" }
        var variables: [UnsafeMutablePointer<CChar>?] = pairs.map { strdup($0) } + [nil]
        defer { (arguments + variables).forEach { free($0) } }
        var child: pid_t = 0
        let failure = posix_spawn(&child, executable, &actions, &attributes, &arguments, &variables)
        guard failure == 0 else { throw ScenarioError(description: "cannot start \(name): \(String(cString: strerror(failure)))") }
        pid = child
    }

    deinit {
        if exitStatus == nil {
            killGroup()
            var status: Int32 = 0
            waitpid(pid, &status, 0)
        }
    }

    /// Exit status (or 128 + signal), nil while it runs. Reaps it.
    var exitStatus: Int32? {
        ending.withLock { known in
            if known == nil {
                var status: Int32 = 0
                if waitpid(pid, &status, WNOHANG) == pid {
                    known = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
                }
            }
            return known
        }
    }

    var isRunning: Bool { exitStatus == nil }
    var output: String { Folder.text(of: outputPath) }
    var errors: String { Folder.text(of: errorsPath) }

    /// Sends `signal` to the program itself, if it still runs.
    func signal(_ signal: Int32) {
        if isRunning { kill(pid, signal) }
    }

    /// Ends the program and what it started in its process group.
    func killGroup() {
        kill(-pid, SIGKILL)
    }

    /// Waits for its end; past the deadline it is killed and that is an error.
    @discardableResult
    func end(within limit: Duration = .seconds(30)) async throws -> Outcome {
        do {
            try await eventually(within: limit, "end of \(name)") { !isRunning }
        } catch {
            killGroup()
            throw ScenarioError(description: "\(error)\nstdout: \(output)\nstderr: \(errors)")
        }
        return Outcome(status: exitStatus ?? -1, output: output, errors: errors)
    }

    /// Asks it to end (SIGTERM) and waits for that.
    @discardableResult
    func terminate(within limit: Duration = .seconds(15)) async throws -> Outcome {
        signal(SIGTERM)
        return try await end(within: limit)
    }
}

/// Where programs are found.
enum Programs {
    /// The tests' own search path: sshd is in /usr/sbin, which an ordinary user's PATH may lack.
    static let path = [environment("PATH"), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"].compactMap(\.self).joined(
        separator: ":")

    /// A free TCP port of loopback below those that Linux gives to whoever asks for any (net.ipv4.ip_local_port_range): other tests run
    /// beside these, and a program that is started again wants its port back.
    static func ownPort() -> Int {
        while true {
            let port = UInt16.random(in: 12_000..<32_768)
            let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(probe) }
            var address = sockaddr_in(
                sin_family: sa_family_t(AF_INET), sin_port: port.bigEndian, sin_addr: in_addr(s_addr: UInt32(0x7f00_0001).bigEndian),
                sin_zero: (0, 0, 0, 0, 0, 0, 0, 0))
            let bound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(probe, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
            }
            if bound == 0 { return Int(port) }
        }
    }

    static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    /// The path of `name`: itself if it holds a slash, else the first in `path`.
    static func find(_ name: String) throws -> String {
        if name.contains("/") { return name }
        for folder in path.split(separator: ":") where access("\(folder)/\(name)", X_OK) == 0 {
            return "\(folder)/\(name)"
        }
        throw ScenarioError(description: "there is no \(name) here: scripts/setup")
    }

    /// A program of ours: where `variable` points, else beside the running tests (the build's folder).
    static func ours(_ name: String, variable: String) throws -> String {
        if let path = environment(variable) { return path }
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let runner = length > 0 ? String(decoding: buffer.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self) : ""
        let candidates = [runner, CommandLine.arguments.first ?? ""].map { $0.split(separator: "/").dropLast().joined(separator: "/") }
        for folder in candidates.map({ "/\($0)" }) + [".build/debug"] where access("\(folder)/\(name)", X_OK) == 0 {
            return "\(folder)/\(name)"
        }
        throw ScenarioError(description: "\(name) is not built: swift build")
    }
}

/// Waits until `condition` is true; past the limit that is an error that names `what`.
func eventually(within limit: Duration = .seconds(20), _ what: @autoclosure () -> String, _ condition: () async throws -> Bool) async throws
{
    let deadline = ContinuousClock.now + limit
    // Asking often is a program started often: what takes long is asked more seldom.
    var pause = Duration.milliseconds(10)
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw ScenarioError(description: "not within \(limit): \(what())") }
        try await Task.sleep(for: pause)
        pause = min(pause * 1.25, .milliseconds(60))
    }
}

/// Text without the white space around it.
func trimmed(_ text: String) -> String {
    var slice = Substring(text)
    while slice.first?.isWhitespace == true { slice.removeFirst() }
    while slice.last?.isWhitespace == true { slice.removeLast() }
    return String(slice)
}
