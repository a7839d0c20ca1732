/// The running switch in numbers: for metrics and health checks.
package struct RelayCounts: Hashable, Sendable {
    // What there is now.
    /// Connections that have not authenticated.
    package var strangers = 0
    /// Connections of terminals that hold no tunnel.
    package var terminalsWithoutTunnel = 0
    /// Connections of terminals that hold their listening port.
    package var tunnels = 0
    /// Connections of staff.
    package var staff = 0
    /// Bridges that are open.
    package var bridges = 0
    /// Bridges that wait for the terminal's answer.
    package var openingBridges = 0

    /// Terminals that are registered, and members of staff.
    package var registered = Registered()

    /// Who is in the registry.
    package struct Registered: Hashable, Sendable {
        /// Terminals, with a key or without.
        package var terminals = 0
        /// Members of staff, enabled or not.
        package var staff = 0

        /// Nobody.
        package init() {}
    }

    // What there was since the relay started.
    /// Connections that were accepted.
    package var accepted: UInt64 = 0
    /// Connections that were closed at once, by reason.
    package var turnedAway: [String: UInt64] = [:]
    /// Connections that authenticated.
    package var authenticated: UInt64 = 0
    /// Connections that ended before they authenticated, by reason.
    package var handshakeFailures: [String: UInt64] = [:]
    /// Connections that ended by breaking a rule or a limit after they authenticated, by reason.
    package var failures: [String: UInt64] = [:]
    /// Data bytes carried from staff to terminals, over open and past bridges.
    package var bytesToTerminals: UInt64 = 0
    /// The same the other way.
    package var bytesFromTerminals: UInt64 = 0

    /// For each switchboard, by index: how long a question waited until its loop answered.
    package var lags: [Duration] = []

    /// All zero.
    package init() {}

    /// Adds another part of the same switch, for example another switchboard; all have the same registry.
    package mutating func add(_ other: RelayCounts) {
        strangers += other.strangers
        terminalsWithoutTunnel += other.terminalsWithoutTunnel
        tunnels += other.tunnels
        staff += other.staff
        bridges += other.bridges
        openingBridges += other.openingBridges
        registered = other.registered
        accepted += other.accepted
        turnedAway.merge(other.turnedAway, uniquingKeysWith: +)
        authenticated += other.authenticated
        handshakeFailures.merge(other.handshakeFailures, uniquingKeysWith: +)
        failures.merge(other.failures, uniquingKeysWith: +)
        bytesToTerminals += other.bytesToTerminals
        bytesFromTerminals += other.bytesFromTerminals
        lags += other.lags
    }
}
