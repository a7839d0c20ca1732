import FoundationEssentials
import Glibc
import Synchronization

/// A scenario's temporary folder, removed with the object. Everything that a scenario makes is below it.
final class Folder: Sendable {
    let path: String
    private let count = Mutex(0)

    /// Below /tmp, whatever TMPDIR says: a Unix socket's path may have 107 bytes only.
    init() throws {
        var template = Array("/tmp/towline-e2e-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw ScenarioError(description: "mkdtemp: \(String(cString: strerror(errno)))") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        chmod(path, 0o755)  // sshd's unprivileged side reads authorized_keys below it
    }

    deinit {
        if Programs.environment("TEST_KEEP") != nil { return }
        // Nobody to tell in a deinit, and what stays lies in /tmp.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// A path in this folder that nothing uses yet, with `label` in it.
    func newName(_ label: String) -> String {
        let number = count.withLock { count in
            count += 1
            return count
        }
        return "\(path)/\(number)-\(label)"
    }

    /// Writes `text` to a file of this folder, readable by its owner only, and returns the file's path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let file = name.hasPrefix("/") ? name : "\(path)/\(name)"
        try Folder.write(Array(text.utf8), to: file)
        return file
    }

    /// Writes a file of `size` bytes that do not compress and differ from one `seed` to the next.
    func writeNoise(_ size: Int, seed: UInt64 = 1, to name: String) throws -> String {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            for index in 0..<size {
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                buffer[index] = UInt8(truncatingIfNeeded: state >> 24)
            }
            count = size
        }
        try Folder.write(bytes, to: "\(path)/\(name)")
        return "\(path)/\(name)"
    }

    private static func write(_ bytes: [UInt8], to file: String) throws {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ScenarioError(description: "\(file): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var done = 0
        while done < bytes.count {
            let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + done, bytes.count - done) }
            guard written > 0 else { throw ScenarioError(description: "\(file): \(String(cString: strerror(errno)))") }
            done += written
        }
    }

    /// What a file holds now; empty where there is none.
    static func text(of file: String) -> String {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let length = read(descriptor, &chunk, chunk.count)
            guard length > 0 else { break }
            bytes += chunk.prefix(length)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A key pair made by ssh-keygen.
struct KeyPair: Sendable {
    /// The private key's file; the public one is beside it with `.pub`.
    let path: String
    /// The public line: type, base64, comment.
    let line: String

    var publicPath: String { "\(path).pub" }

    /// - Parameter options: more words for ssh-keygen.
    init(_ name: String, in folder: Folder, type: String = "ed25519", bits: Int? = nil, options: [String] = []) async throws {
        path = "\(folder.path)/\(name)"
        let size = bits.map { ["-b", "\($0)"] } ?? []
        let made = try await folder.run(["ssh-keygen", "-q", "-t", type] + size + options + ["-N", "", "-C", name, "-f", path])
        guard made.succeeded else { throw ScenarioError(description: "ssh-keygen: \(made)") }
        line = trimmed(Folder.text(of: "\(path).pub"))
    }
}

extension Folder {
    /// Runs a command to its end.
    func run(
        _ command: [String], input: String = "/dev/null", environment: [String: String] = [:], within limit: Duration = .seconds(30)
    ) async throws -> Outcome {
        try await Program(command, in: self, input: input, environment: environment).end(within: limit)
    }

    /// SHA-256 of a file, as hexadecimal digits, by sha256sum.
    func sum(of file: String) async throws -> String {
        let outcome = try await run(["sha256sum", file])
        guard outcome.succeeded else { throw ScenarioError(description: "sha256sum: \(outcome)") }
        return String(outcome.output.prefix(64))
    }
}
