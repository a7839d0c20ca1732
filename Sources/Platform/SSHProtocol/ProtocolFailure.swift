/// What a peer did, or failed to do, that ends its connection.
///
/// The kind decides the reason code and the sentence the peer reads; `detail` is for the log and never reaches the peer.
package struct ProtocolFailure: Error, Equatable, Sendable {
    /// What rule was broken. Alone decides what the peer is told.
    package enum Kind: Equatable, Sendable, CaseIterable {
        /// The first line is not `SSH-2.0-…`, or too long, or not printable.
        case identification
        /// A packet length, padding or alignment that RFC 4253 §6 does not allow, or over our limit.
        case packetLength
        /// The MAC or authentication tag is wrong.
        case integrity
        /// A message does not parse.
        case malformedMessage
        /// A message that is not allowed in this state.
        case unexpectedMessage
        /// No algorithm in common.
        case noCommonAlgorithm
        /// The peer's key exchange value is not valid.
        case keyExchangeValue
        /// A service other than ssh-userauth and ssh-connection.
        case service
        /// Too many failed attempts, or requests.
        case authenticationAttempts
        /// Not authenticated in time.
        case loginGrace
        /// A rekey that did not finish in time.
        case rekeyDeadline
        /// Nothing heard for too long.
        case silence
        /// Nothing could be sent for too long.
        case stalledWrite
        /// More data than the window, or a bigger piece than the maximum packet size.
        case windowExceeded
        /// WINDOW_ADJUST beyond 2³² − 1 (RFC 4254 §5.2).
        case windowOverflow
        /// A message for a channel that does not exist or is not in the state for it.
        case channelState
        /// More forward requests than a connection may make.
        case tooManyRequests
        /// More held back during a key exchange than we keep.
        case heldTooMuch
    }

    /// The rule.
    package let kind: Kind
    /// What exactly happened, for the log.
    package let detail: String

    /// A failure of this kind.
    package init(_ kind: Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }

    /// The reason code the peer is sent.
    package var code: DisconnectCode {
        switch kind {
        case .identification: .protocolVersionNotSupported
        case .packetLength, .malformedMessage, .unexpectedMessage, .windowExceeded, .windowOverflow, .channelState, .tooManyRequests,
            .heldTooMuch:
            .protocolError
        case .integrity: .macError
        case .noCommonAlgorithm, .keyExchangeValue, .rekeyDeadline: .keyExchangeFailed
        case .service: .serviceNotAvailable
        case .authenticationAttempts: .noMoreAuthMethodsAvailable
        case .loginGrace: .byApplication
        case .silence, .stalledWrite: .connectionLost
        }
    }

    /// The sentence the peer is sent.
    package var sentence: String {
        switch kind {
        case .identification: "this is an SSH 2.0 server; the first line sent to it was not an SSH 2.0 identification"
        case .packetLength: "packet length out of range"
        case .integrity: "message authentication failed: the data was damaged or changed on its way"
        case .malformedMessage: "malformed message"
        case .unexpectedMessage: "message not allowed at this point"
        case .noCommonAlgorithm: "no common algorithm: \(detail)"
        case .keyExchangeValue: "key exchange failed"
        case .service: "service not available"
        case .authenticationAttempts: "too many authentication failures; offer the right key with: ssh -i FILE -o IdentitiesOnly=yes"
        case .loginGrace: "not authenticated within \(ProtocolLimits.loginGrace.components.seconds) s"
        case .rekeyDeadline: "key exchange not finished within \(ProtocolLimits.rekeyDeadline.components.seconds) s"
        case .silence: "no sign of life"
        case .stalledWrite: "nothing could be sent for too long"
        case .windowExceeded: "more data than the channel window allows"
        case .windowOverflow: "channel window above 2^32-1"
        case .channelState: "message for a channel that is not open"
        case .tooManyRequests: "too many forward requests"
        case .heldTooMuch: "too many requests during a key exchange"
        }
    }
}

/// How a connection ended.
package enum ConnectionEnd: Equatable, Sendable {
    /// The peer sent SSH_MSG_DISCONNECT.
    case disconnectedByPeer(code: UInt32, sentence: String)
    /// The peer closed its socket, or the socket failed.
    case connectionLost(String)
    /// The peer broke a rule or a limit.
    case failed(ProtocolFailure)
    /// We ended it, with the sentence that the peer was sent.
    case endedByUs(String)
}
