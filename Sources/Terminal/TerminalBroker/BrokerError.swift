package import SystemCalls

/// Why the broker cannot start.
package enum BrokerError: Error, Sendable, CustomStringConvertible {
    /// Its list of accounts is not what was written. S04
    case damaged(path: String)
    /// Others could change what root relies on.
    case unsafeFolder(path: String, reason: String)
    /// sshd's configuration cannot name this folder.
    case unusableFolder(path: String)
    /// A program of the system that logins need is missing.
    case missing(program: String, package: String)
    /// Something of the system's refused.
    case failed(String)
    /// The system refused.
    case system(SystemError)

    /// One line that says what to do.
    package var description: String {
        switch self {
        case .damaged(let path):
            "\(Log.escaped(path)) is damaged; it lists the accounts that towline-terminal created, so nothing was started. "
                + "Restore it from a backup, or remove it together with those accounts"
        case .unsafeFolder(let path, let reason): "\(Log.escaped(path)) is not safe for the data of a login server: \(reason)"
        case .unusableFolder(let path):
            "the data folder \(Log.escaped(path)) cannot be used: sshd does not understand blanks, quotes, percent signs and the like in its path"
        case .missing(let program, let package): "\(program) is missing; install it: apt install \(package)"
        case .failed(let reason): reason
        case .system(let error): error.description
        }
    }
}
