package import SystemCalls

/// What a program of the system came to.
package struct ToolResult: Sendable {
    /// How it ended.
    package let end: ProcessEnd
    /// Its standard output, at most 64 KiB.
    package let output: String
    /// Its standard error, at most 64 KiB.
    package let errors: String

    /// The last line it wrote to standard error, or how it ended.
    package var complaint: String { errors.split(separator: "\n").last.map(String.init) ?? "it ended with \(end)" }
}

/// Why a program of the system has no result.
package enum ToolError: Error, Sendable, CustomStringConvertible {
    /// It could not be started.
    case notStarted(String)
    /// It took longer than allowed and was killed.
    case tookTooLong(String)

    /// One line.
    package var description: String {
        switch self {
        case .notStarted(let reason): reason
        case .tookTooLong(let name): "\(name) did not finish and was ended"
        }
    }
}

/// Runs small programs of the system to their end, by path and argument list: no shell ever sees a value.
///
/// Blocks: on a thread of its own, or the broker's.
package enum Tool {
    /// The environment that they get.
    package static let environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"]

    /// Runs `executable` and returns what it said.
    ///
    /// - Parameters:
    ///   - input: what it reads from standard input, at most 64 KiB.
    ///   - limit: after this time it is killed.
    ///   - started: is given the process, for somebody who may want to end it earlier.
    /// - Throws: when there is no result. A status other than 0 is a result.
    package static func run(
        _ executable: String, _ arguments: [String], environment: [String: String] = environment, input: [UInt8] = [],
        workingDirectory: String? = nil, limit: Duration = .seconds(30), started: (Process) -> Void = { _ in }
    ) throws(ToolError) -> ToolResult {
        do {
            let output = try Descriptor.pipe()
            let errors = try Descriptor.pipe()
            let process = try start(
                executable, arguments, environment, input, [1: output.writing.raw, 2: errors.writing.raw], workingDirectory)
            started(process)
            return try result(of: process, executable, output: output.reading.raw, errors: errors.reading.raw, limit)
        } catch let error as ToolError {
            throw error
        } catch {
            throw .notStarted("\(error)")
        }
    }

    private static func start(
        _ executable: String, _ arguments: [String], _ environment: [String: String], _ input: [UInt8], _ outputs: [Int32: Int32],
        _ workingDirectory: String?
    ) throws -> Process {
        var descriptors = outputs
        // What is in the pipe stays there when this end is closed; it is closed before the program can wait for more.
        let pipe = try Descriptor.pipe()
        precondition(input.count <= 65_536, "a pipe holds 64 KiB")
        if !input.isEmpty {
            try Files.writeAll(pipe.writing.raw, input)
            descriptors[0] = pipe.reading.raw
        }
        return try Processes.spawn(
            executable, arguments, environment: environment, descriptors: descriptors, workingDirectory: workingDirectory,
            fileModeMask: 0o077)
    }

    private static func result(
        of process: Process, _ executable: String, output: Int32, errors: Int32, _ limit: Duration
    ) throws(ToolError) -> ToolResult {
        // What does not fit into a pipe (64 KiB) makes it wait, and so run into the limit.
        guard let end = process.wait(until: MonotonicClock.now + limit) else {
            process.signal(.kill)
            _ = process.wait()
            throw .tookTooLong(executable)
        }
        return ToolResult(end: end, output: contents(of: output), errors: contents(of: errors))
    }

    /// What is in a pipe now.
    private static func contents(of raw: Int32) -> String {
        var content: [UInt8] = []
        do throws(SystemError) { try Descriptor.setNonblocking(raw, true) } catch { return "" }
        withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 1) { room in
            while content.count < 65_536, case .bytes(let count) = Descriptor.read(raw, into: room) { content += room[..<count] }
        }
        return String(decoding: content, as: UTF8.self)
    }
}
