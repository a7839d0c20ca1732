import Glibc
import SSHKeys
import StaffCore
import Support
import SystemCalls

/// Runs stock OpenSSH.
struct OpenSSH {
    let folder: StaffFolder
    let environment: [String: String]

    /// The most that a program may print where its output is read here, bytes.
    private static let maximumOutput = 16 << 20

    /// What a program came to.
    struct Outcome {
        let status: Int32
        let output: String
    }

    /// What `ssh` itself ends with when it did not get through (ssh(1)).
    static let notConnected: Int32 = 255

    /// Becomes a program; returns only by throwing.
    func become(_ name: String, _ arguments: [String]) throws(Failure) -> Never {
        let path = try find(name)
        var vector: [UnsafeMutablePointer<CChar>?] = ([name] + arguments).map { strdup($0) } + [nil]
        defer { for text in vector { free(text) } }
        execv(path, &vector)
        throw Failure("cannot run \(Printable.escaped(path)): \(SystemError(errno: errno, call: "execv").reason)")
    }

    /// Runs a program in the foreground and waits for its end; it has our terminal.
    /// - Parameter input: a file for its standard input; `nil`: ours.
    func run(_ name: String, _ arguments: [String], input: String? = nil) throws(Failure) -> Int32 {
        let path = try find(name)
        let file = try input.map { (input) throws(Failure) in
            try attempt("cannot read the key") { () throws(SystemError) in try Files.open(input, O_RDONLY).release() }
        }
        defer { if let file { Descriptor.close(file) } }
        return status(of: try spawn(path, name, arguments, [0: file ?? 0, 1: 1, 2: 2]))
    }

    /// Runs a program and reads what it prints; it cannot ask anybody.
    func ask(_ name: String, _ arguments: [String], input: String = "", isQuiet: Bool = false) throws(Failure) -> Outcome {
        let path = try find(name)
        let output = try attempt("cannot run \(name)") { () throws(SystemError) in try Descriptor.pipe() }
        let toChild = try attempt("cannot run \(name)") { () throws(SystemError) in try Descriptor.pipe() }
        var descriptors: [Int32: Int32] = [0: toChild.reading.raw, 1: output.writing.raw]
        if !isQuiet { descriptors[2] = 2 }
        let process = try spawn(path, name, arguments, descriptors)
        let (reading, writing) = output.release()
        Descriptor.close(writing)
        defer { Descriptor.close(reading) }
        let (childEnd, writingInput) = toChild.release()
        Descriptor.close(childEnd)
        // One line or nothing: it fits into the pipe. A program that does not read it is no error.
        try? Files.writeAll(writingInput, Array(input.utf8))
        Descriptor.close(writingInput)
        let bytes = try attempt("cannot read what \(name) says") { () throws(SystemError) in
            try Files.readAll(reading, limit: Self.maximumOutput)
        }
        return Outcome(status: status(of: process), output: String(decoding: bytes, as: UTF8.self))
    }

    // MARK: The relay

    /// The words in front of a command for the relay.
    func toRelay(_ words: [String], options: [String] = []) -> [String] {
        ["-F", folder.combinedConfig] + options + ["-T", RelayAccess.alias, "--", RelayWords.line(words)]
    }

    /// Asks the relay something, without anybody being asked.
    func askRelay(_ words: [String], isQuiet: Bool = false) throws(Failure) -> Outcome {
        try ask("ssh", toRelay(words, options: ["-o", "BatchMode=yes", "-o", "ConnectTimeout=20"]), isQuiet: isQuiet)
    }

    /// The host key that an SSH server shows; `nil`: none answers there.
    func hostKey(of host: String, port: UInt16) throws(Failure) -> PublicKey? {
        let scan = try ask("ssh-keyscan", ["-T", "10", "-t", "ed25519", "-p", "\(port)", "--", host], isQuiet: true)
        return HostKeyPins(text: scan.output).keys.first
    }

    /// Why `ssh` ended with `notConnected`: nobody is there, or what it said itself.
    func unreached(_ access: RelayAccess) throws(Failure) -> Failure {
        guard try hostKey(of: access.host, port: access.ports[0]) != nil else {
            return Failure("the relay \(access.shown) was not reached (see above)", status: .notRunning)
        }
        return Failure("the relay \(access.shown) answers, but ssh did not get through to it (see above)")
    }

    // MARK: Own

    private func find(_ name: String) throws(Failure) -> String {
        for folder in (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":") where Files.isExecutable("\(folder)/\(name)") {
            return "\(folder)/\(name)"
        }
        throw Failure("there is no \(name) here: install OpenSSH's client")
    }

    private func spawn(_ path: String, _ name: String, _ arguments: [String], _ descriptors: [Int32: Int32]) throws(Failure) -> Process {
        do throws(SpawnError) {
            return try Processes.spawn(path, arguments, name: name, environment: environment, descriptors: descriptors)
        } catch {
            throw Failure("\(error)")
        }
    }

    private func status(of process: Process) -> Int32 {
        switch process.wait() {
        case .exited(let status): status
        case .signalled(let signal): 128 + signal
        }
    }
}
