/// Why a tunnel did not come to stand, or did not stay. A closed list: whether to try again is a property of the case.
///
/// Text inside comes from the network or from `ssh` and is escaped before it is shown.
package enum TunnelFailure: Error, Hashable, Codable, Sendable {
    /// Nobody knows the relay's name.
    case nameUnknown(host: String)
    /// The name servers did not answer, or something else went wrong with the name.
    case nameUnresolved(host: String, reason: String)
    /// The relay's machine answers, but nothing listens there.
    case connectionRefused(relay: String)
    /// Nothing answers there.
    case connectionTimedOut(relay: String)
    /// This machine has no way there.
    case unreachable(relay: String, reason: String)
    /// Something that is not SSH answered: a captive portal, a proxy, a web server. R14.
    case networkBlocked(relay: String, answer: String)
    /// The proxy of the setting cannot be reached.
    case proxyUnreachable(proxy: String, reason: String)
    /// The proxy does not connect us to the relay.
    case proxyRefused(proxy: String, reason: String)
    /// The proxy wants to know who we are, or does not like who we say we are.
    case proxyCredentials(proxy: String)
    /// It took the connection and said nothing.
    case silent(relay: String)
    /// It closed the connection before any key was exchanged.
    case closedEarly(relay: String)
    /// It answered, and then stopped in the middle of this stage. N01
    case stalled(at: ConnectionStage)
    /// The two ends have no algorithm in common.
    case incompatible(reason: String)
    /// The relay's host key is not the pinned one.
    case relayKeyChanged(offered: String, pinned: String)
    /// No host key is pinned yet; `offered` is the fingerprint that was seen.
    case relayKeyNotPinned(offered: String)
    /// The host key seen at the first connection is not the one the customer confirmed.
    case relayKeyMismatch(offered: String, confirmed: String)
    /// The relay does not accept the terminal key.
    case keyUnknown
    /// The relay accepted the terminal key before, and does not any more.
    case keyWithdrawn
    /// The relay has noted the terminal key that came with a join code; staff have to approve it.
    case awaitingApproval(fingerprint: String)
    /// The relay does not take the join code, or took it before.
    case joinRefused(reason: String)
    /// The relay does not give the listening port.
    case portRefused(port: String, reason: String?)
    /// The relay ended the connection with these words while it was at this stage.
    case endedByRelay(at: ConnectionStage, reason: String)
    /// The tunnel stood and broke.
    case lost(reason: String)
    /// The `ssh` client could not be started, or ended without a word that we know.
    case clientFailed(reason: String)

    /// Whether another attempt can help without anybody deciding something here.
    package var isWorthRetrying: Bool {
        switch self {
        case .relayKeyChanged, .relayKeyMismatch: false
        default: true
        }
    }

    /// Whether another port of the same relay may do better at once.
    package var isWorthAnotherPort: Bool {
        switch self {
        case .connectionRefused, .connectionTimedOut, .unreachable, .networkBlocked, .proxyRefused, .silent, .closedEarly: true
        case .stalled(let stage): stage <= .checkingRelay
        default: false
        }
    }

    /// The longest pause before the next try.
    package var longestPause: Duration {
        switch self {
        case .awaitingApproval: Backoff.approvalCap
        default: Backoff.cap
        }
    }

    /// The stage that failed.
    package var stage: ConnectionStage {
        switch self {
        case .nameUnknown, .nameUnresolved: .resolving
        case .connectionRefused, .connectionTimedOut, .unreachable, .proxyUnreachable, .proxyRefused, .proxyCredentials, .clientFailed:
            .connecting
        case .networkBlocked, .silent, .closedEarly, .incompatible, .relayKeyChanged, .relayKeyNotPinned, .relayKeyMismatch:
            .checkingRelay
        case .keyUnknown, .keyWithdrawn, .awaitingApproval, .joinRefused: .authenticating
        case .portRefused: .requestingPort
        case .endedByRelay(let stage, _), .stalled(let stage): stage
        case .lost: .waiting
        }
    }

    /// A name for programs, the same for ever.
    package var code: Code {
        switch self {
        case .nameUnknown: .nameUnknown
        case .nameUnresolved: .nameUnresolved
        case .connectionRefused: .connectionRefused
        case .connectionTimedOut: .connectionTimedOut
        case .unreachable: .unreachable
        case .networkBlocked: .networkBlocked
        case .proxyUnreachable: .proxyUnreachable
        case .proxyRefused: .proxyRefused
        case .proxyCredentials: .proxyCredentials
        case .silent: .silent
        case .closedEarly: .closedEarly
        case .stalled: .stalled
        case .incompatible: .incompatible
        case .relayKeyChanged: .relayKeyChanged
        case .relayKeyNotPinned: .relayKeyNotPinned
        case .relayKeyMismatch: .relayKeyMismatch
        case .keyUnknown: .keyUnknown
        case .keyWithdrawn: .keyWithdrawn
        case .awaitingApproval: .awaitingApproval
        case .joinRefused: .joinRefused
        case .portRefused: .portRefused
        case .endedByRelay: .endedByRelay
        case .lost: .lost
        case .clientFailed: .clientFailed
        }
    }
}
