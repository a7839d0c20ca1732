import SSHProtocol
import SystemCalls

/// Strangers that have said nothing for a while, to be ended when their place is wanted.
///
/// A list of one moment, made at most once a sweep: in a flood every new connection asks for one, and looking through all strangers
/// each time would stop the loop.
struct SilentStrangers {
    // Numbers of connections, oldest last. Who has gone or spoken meanwhile is still listed.
    private var all: [UInt64]
    private var ofSource: [SourceGroup: [UInt64]] = [:]

    /// Those of `strangers` that are silent at `now`.
    init(_ strangers: some Sequence<SocketConnection>, at now: MonotonicTime, _ limits: ServerLimits) {
        let silent = strangers.filter { !$0.ssh.hasAskedForKeys && now - $0.acceptedAt >= limits.silence }.sorted { $0.id > $1.id }
        all = silent.map(\.id)
        for connection in silent { ofSource[connection.source.sourceGroup, default: []].append(connection.id) }
    }

    /// Takes the oldest one off the list: of one source, or of all.
    mutating func takeOldest(of source: SourceGroup?) -> UInt64? {
        guard let source else { return all.popLast() }
        return ofSource[source]?.popLast()
    }
}
