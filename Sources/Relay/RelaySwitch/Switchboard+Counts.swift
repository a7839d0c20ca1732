import RelayCore
import SSHProtocol
import SSHServer

extension Switchboard {
    /// This switchboard in numbers; without `lags`, which is asked from outside.
    var counts: RelayCounts {
        var counts = RelayCounts()
        for session in sessions.values {
            switch session.role {
            case .stranger, .joining: counts.strangers += 1
            case .terminal(_, _, nil): counts.terminalsWithoutTunnel += 1
            case .terminal(_, _, .some): counts.tunnels += 1
            case .staff: counts.staff += 1
            }
        }
        counts.bytesToTerminals = pastBytesToTerminals
        counts.bytesFromTerminals = pastBytesFromTerminals
        for bridge in bridges.values {
            guard let live = bridge.live else {
                counts.openingBridges += 1
                continue
            }
            counts.bridges += 1
            counts.bytesToTerminals += live.bytesToTerminal
            counts.bytesFromTerminals += live.bytesFromTerminal
        }
        (counts.registered.terminals, counts.registered.staff) = registry.count
        let connections = loop.counts
        counts.accepted = connections.accepted
        counts.authenticated = connections.authenticated
        for (verdict, count) in connections.turnedAway { counts.turnedAway[verdict.label] = count }
        for (kind, count) in connections.handshakeFailures { counts.handshakeFailures[kind.label] = count }
        if connections.abandonedHandshakes > 0 { counts.handshakeFailures["abandoned"] = connections.abandonedHandshakes }
        for (kind, count) in connections.failures { counts.failures[kind.label] = count }
        return counts
    }
}

extension AdmissionVerdict {
    /// As a metric's label has it.
    fileprivate var label: String {
        switch self {
        case .admitted: "admitted"
        case .sourceFull: "source_full"
        case .penalised: "penalised"
        }
    }
}

extension ProtocolFailure.Kind {
    /// As a metric's label has it.
    fileprivate var label: String {
        switch self {
        case .identification: "identification"
        case .packetLength: "packet_length"
        case .integrity: "integrity"
        case .malformedMessage: "malformed_message"
        case .unexpectedMessage: "unexpected_message"
        case .noCommonAlgorithm: "no_common_algorithm"
        case .keyExchangeValue: "key_exchange_value"
        case .service: "service"
        case .authenticationAttempts: "authentication_attempts"
        case .loginGrace: "login_grace"
        case .rekeyDeadline: "rekey_deadline"
        case .silence: "silence"
        case .stalledWrite: "stalled_write"
        case .windowExceeded: "window_exceeded"
        case .windowOverflow: "window_overflow"
        case .channelState: "channel_state"
        case .tooManyRequests: "too_many_requests"
        case .heldTooMuch: "held_too_much"
        }
    }
}
