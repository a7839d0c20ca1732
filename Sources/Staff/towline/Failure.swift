import Support
import SystemCalls

/// Why the program ends without having done what it was asked to: a status, and one line.
struct Failure: Error {
    let status: ExitStatus
    let sentence: String

    init(_ sentence: String, status: ExitStatus = .refused) {
        self.status = status
        self.sentence = sentence
    }
}

/// Does something with the system; a failure ends the program with `doing` and the reason.
func attempt<Value: ~Copyable>(_ doing: String, _ body: () throws(SystemError) -> Value) throws(Failure) -> Value {
    do throws(SystemError) { return try body() } catch { throw Failure("\(doing): \(error)") }
}

/// Writes to standard output or standard error. That nobody reads it any more is no reason to stop.
func say(_ text: String, toStandardError isError: Bool = false) {
    // See above.
    try? Files.writeAll(isError ? 2 : 1, Array(text.utf8))
}

/// One line on standard error, after the program's name.
func complain(_ sentence: String) { say("towline: \(sentence)\n", toStandardError: true) }
