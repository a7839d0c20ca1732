import Glibc
import Support
import SystemCalls

/// What the program prints, and how it ends.
enum Output {
    /// Prints to standard output. A reader that is gone does not matter.
    static func say(_ text: String) {
        // nobody reads
        _ = try? Files.writeAll(1, Array(text.utf8))
    }

    /// Prints one line to standard error, after the program's name.
    static func complain(_ line: String) {
        // nobody reads
        _ = try? Files.writeAll(2, Array("towline-terminal: \(line)\n".utf8))
    }

    /// Ends the program.
    static func end(_ status: ExitStatus) -> Never { exit(status.rawValue) }

    /// Complains and ends the program.
    static func fail(_ line: String, _ status: ExitStatus = .refused) -> Never {
        complain(line)
        end(status)
    }
}
