package import SystemCalls

/// Why a daemon could not be asked, or could not offer to be asked.
package enum ControlError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nobody listens at the path.
    case notRunning(path: String)
    /// We may not connect there.
    case notAllowed(path: String)
    /// Somebody listens at the path already.
    case alreadyRunning(path: String)
    /// The path does not fit into a Unix socket's address.
    case pathTooLong(path: String)
    /// Something that is not a socket stands at the path; it was left alone.
    case occupied(path: String)
    /// Request or reply is larger than this many bytes.
    case tooLarge(limit: Int)
    /// The answer did not come in time; whether the request was carried out is unknown.
    case timedOut
    /// The daemon hung up without an answer.
    case noAnswer
    /// The system refused something.
    case failed(SystemError)

    /// One line for a person.
    package var description: String {
        switch self {
        case .notRunning(let path): "nobody answers at \(Log.escaped(path)): the daemon does not run"
        case .notAllowed(let path): "you may not use \(Log.escaped(path)): run this as its owner or as root"
        case .alreadyRunning(let path): "a daemon answers at \(Log.escaped(path)) already"
        case .pathTooLong(let path):
            "\(Log.escaped(path)) is \(path.utf8.count) bytes long, a socket's path at most \(Sockets.maximumUnixPathLength): "
                + "choose a shorter folder"
        case .occupied(let path): "\(Log.escaped(path)) exists and is not a socket: move it away"
        case .tooLarge(let limit): "larger than the limit of \(limit) bytes"
        case .timedOut: "the daemon did not answer in time"
        case .noAnswer: "the daemon hung up without an answer"
        case .failed(let error): error.description
        }
    }
}

/// Limits of local control. The default values are what both sides agree on.
package struct ControlLimits: Sendable {
    /// The largest request, in bytes (1 MiB). At the limit: the connection is closed.
    package var requestSize = 1 << 20
    /// The largest reply that a client accepts, in bytes (16 MiB).
    package var replySize = 16 << 20
    /// Connections at a time. At the limit: more wait in the kernel's queue, unaccepted.
    package var connections = 16
    /// How long a request may take to arrive, and a reply to be taken. At the limit: the connection is closed.
    package var transferTime = Duration.seconds(10)
    /// How long `stop` waits for answers under way.
    package var drainTime = Duration.seconds(2)
    /// How long accepting pauses when descriptors have run out.
    package var pauseTime = Duration.milliseconds(500)

    /// The default limits.
    package init() {}
}
