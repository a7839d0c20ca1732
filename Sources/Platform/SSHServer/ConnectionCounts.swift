package import SSHProtocol

/// What became of the connections of one loop since it started.
package struct ConnectionCounts: Hashable, Sendable {
    /// Connections that were taken from a listener.
    package var accepted: UInt64 = 0
    /// Those of them that were closed at once, by reason; `.admitted` is never among them.
    package var turnedAway: [AdmissionVerdict: UInt64] = [:]
    /// Connections that authenticated.
    package var authenticated: UInt64 = 0
    /// Connections that broke a rule or a limit before they authenticated.
    package var handshakeFailures: [ProtocolFailure.Kind: UInt64] = [:]
    /// Connections that went away, or that we sent away, before they authenticated.
    package var abandonedHandshakes: UInt64 = 0
    /// Connections that broke a rule or a limit after they authenticated.
    package var failures: [ProtocolFailure.Kind: UInt64] = [:]

    /// Nothing has happened yet.
    package init() {}

    mutating func ended(_ end: ConnectionEnd, isStranger: Bool) {
        switch (end, isStranger) {
        case (.failed(let failure), true): handshakeFailures[failure.kind, default: 0] += 1
        case (.failed(let failure), false): failures[failure.kind, default: 0] += 1
        case (_, true): abandonedHandshakes += 1
        case (_, false): break
        }
    }
}
