import RelayCommands
import RelayCore
import SSHCrypto
import Support
import SystemCalls

/// Why the program ends without having done what it was asked to: a status, and one line.
struct Failure: Error {
    let status: ExitStatus
    let sentence: String

    init(_ status: ExitStatus = .refused, _ sentence: String) {
        self.status = status
        self.sentence = sentence
    }

    init(_ error: LedgerError) { self.init(.refused, error.sentence(program: "towline-relay")) }

    /// A file or socket that cannot be used.
    init(_ error: SystemError, doing: String) { self.init(.refused, "\(doing): \(error)") }

    /// The answer of a command that was tried here.
    init(_ error: RelayCommandError) { self.init(error.status, error.sentence(program: "towline-relay")) }
}

/// Does something with the system; a failure ends the program with `doing` and the reason.
func attempt<Value: ~Copyable>(_ doing: String, _ body: () throws(SystemError) -> Value) throws(Failure) -> Value {
    do throws(SystemError) { return try body() } catch { throw Failure(error, doing: doing) }
}
