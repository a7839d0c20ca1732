/// How far a connection to the relay has come. Each stage names what is being done, not what is done.
package enum ConnectionStage: String, Codable, CaseIterable, Comparable, Sendable {
    /// Asking the name servers for the relay's address.
    case resolving
    /// Opening a TCP connection to it.
    case connecting
    /// Exchanging keys; comparing the relay's host key with the pinned one.
    case checkingRelay
    /// Proving that we hold the terminal key.
    case authenticating
    /// Asking for the listening port.
    case requestingPort
    /// Everything stands: support can come.
    case waiting

    package static func < (left: ConnectionStage, right: ConnectionStage) -> Bool { left.order < right.order }

    /// What a person reads while it lasts.
    package var title: String {
        switch self {
        case .resolving: "resolving the relay's name"
        case .connecting: "connecting to the relay"
        case .checkingRelay: "checking the relay's identity"
        case .authenticating: "presenting this terminal's key"
        case .requestingPort: "asking for the listening port"
        case .waiting: "waiting for support"
        }
    }

    /// What a person reads when the stage lies behind; `waiting` has nothing behind it and keeps its title.
    package var achievement: String {
        switch self {
        case .resolving: "name resolved"
        case .connecting: "connected to the relay"
        case .checkingRelay: "relay identity checked"
        case .authenticating: "key accepted"
        case .requestingPort: "listening port granted"
        case .waiting: "waiting for support"
        }
    }

    private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
