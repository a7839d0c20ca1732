import Glibc
import SystemCalls

/// The real `ssh-keygen`, an independent reader and writer of what we read and write, in a folder of its own.
final class SSHKeygen {
    /// A fresh folder, removed with the object.
    let folder: String

    init() throws {
        folder = try Files.makeTemporaryDirectory()
    }

    deinit {
        try? Files.removeTree(folder)  // A left-over temporary folder fails no test.
    }

    /// The path of `name` in the folder.
    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Writes a file that only its owner can read, as ssh-keygen demands.
    func write(_ name: String, _ bytes: some Collection<UInt8>) throws {
        try Files.writeAtomically(path(name), Array(bytes), mode: 0o600)
    }

    /// The bytes of a file in the folder.
    func read(_ name: String) throws -> [UInt8] {
        try Files.read(path(name), limit: 1 << 20)
    }

    /// Runs it in the folder. Returns everything it printed, and how it ended.
    @discardableResult
    func run(_ arguments: [String]) throws -> (text: String, end: ProcessEnd) {
        let (reading, writing) = try Descriptor.pipe().release()
        let reader = Descriptor(owning: reading)
        defer { _ = reader.raw }
        let process: SystemCalls.Process
        do {
            defer { Descriptor.close(writing) }
            process = try Processes.spawn(
                "/usr/bin/ssh-keygen", arguments, environment: ["LC_ALL": "C"], descriptors: [1: writing, 2: writing],
                workingDirectory: folder)
        }
        let bytes = try Files.readAll(reader.raw, limit: 1 << 20)
        return (String(decoding: bytes, as: UTF8.self), process.wait())
    }
}
