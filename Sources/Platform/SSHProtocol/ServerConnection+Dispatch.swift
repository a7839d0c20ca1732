import SSHKeys

extension ServerConnection {
    /// Handles one payload. Returns an event if the driver has to know.
    func process(_ payload: UnsafeRawBufferPointer) throws(ProtocolFailure) -> ServerEvent? {
        heardAt = now
        keepalivesSent = 0
        countTraffic(payload.count)
        if dropsWrongGuess(payload[0]) { return nil }
        guard let message = MessageNumber(rawValue: payload[0]) else { return try answerUnknown(payload[0]) }
        guard isAllowed(message) else { throw ProtocolFailure(.unexpectedMessage, "\(message) in \(phaseName)") }
        switch message {
        case .channelData: return try receiveData(payload)
        case .channelWindowAdjust: return try receiveWindowAdjust(payload)
        case .ignore, .debug, .unimplemented, .extInfo: return nil
        case .disconnect: return receiveDisconnect(payload)
        case .kexInit: return try receiveKexInit(payload)
        case .kexECDHInit: return try receiveKexValue(payload)
        case .newKeys: return try receiveNewKeys(payload)
        case .serviceRequest: return try receiveServiceRequest(payload)
        case .userAuthRequest: return try receiveUserAuthRequest(payload)
        case .globalRequest: return try receiveGlobalRequest(payload)
        case .requestSuccess, .requestFailure:
            unansweredRequests -= 1
            return nil
        case .channelOpen: return try receiveChannelOpen(payload)
        case .channelOpenConfirmation: return try receiveOpenConfirmation(payload)
        case .channelOpenFailure: return try receiveOpenFailure(payload)
        case .channelExtendedData: return try receiveExtendedData(payload)
        case .channelEOF: return try receiveEOF(payload)
        case .channelClose: return try receiveClose(payload)
        case .channelRequest: return try receiveChannelRequest(payload)
        case .ping: return try receivePing(payload)
        case .serviceAccept, .kexECDHReply, .userAuthFailure, .userAuthSuccess, .userAuthBanner, .userAuthPublicKeyOK, .channelSuccess,
            .channelFailure, .pong:
            preconditionFailure("\(message) is never allowed from a client")
        }
    }

    /// The gate: which messages a client may send now. What is not allowed ends the connection.
    ///
    /// Everything of the connection protocol needs an authenticated peer. In the first key exchange only its own next message is allowed
    /// (RFC 4253 §7.1), when strict nothing else at all (OpenSSH PROTOCOL §1.10). In a later one a client should hold its other messages
    /// back too, but asyncssh 2.10 sends what it was about to send when the rekey came due; OpenSSH takes that, and so do we: it is
    /// still under the old keys.
    func isAllowed(_ message: MessageNumber) -> Bool {
        switch message {
        case .disconnect:
            return true
        case .ignore, .debug, .unimplemented:
            if case .keyExchange = phase, isStrict { return false }
            return true
        case .kexInit:
            switch (phase, keyExchange) {
            case (.keyExchange, .proposed), (.connection, .idle), (.connection, .proposed): return true
            default: return false
            }
        case .kexECDHInit:
            if case .agreed = keyExchange { return true }
            return false
        case .newKeys:
            if case .replied = keyExchange { return true }
            return false
        case .extInfo, .serviceRequest:
            if case .service = phase { return true }
            return false
        case .userAuthRequest:
            if case .authentication = phase { return true }
            return allowsConnectionMessages
        case .requestSuccess, .requestFailure:
            return allowsConnectionMessages && unansweredRequests > 0
        case .globalRequest, .channelOpen, .channelOpenConfirmation, .channelOpenFailure, .channelWindowAdjust, .channelData,
            .channelExtendedData, .channelEOF, .channelClose, .channelRequest, .ping:
            return allowsConnectionMessages
        case .serviceAccept, .kexECDHReply, .userAuthFailure, .userAuthSuccess, .userAuthBanner, .userAuthPublicKeyOK, .channelSuccess,
            .channelFailure, .pong:
            return false
        }
    }

    /// Whether the peer may send connection messages: it has authenticated.
    private var allowsConnectionMessages: Bool {
        if case .connection = phase { true } else { false }
    }

    /// An unknown number is answered by UNIMPLEMENTED (RFC 4253 §11.4) where other messages are allowed at all.
    private func answerUnknown(_ number: UInt8) throws(ProtocolFailure) -> ServerEvent? {
        let isAnswered =
            switch phase {
            case .service, .authentication: number < MessageNumber.globalRequest.rawValue
            case .connection: true
            case .identification, .keyExchange, .closed: false
            }
        guard isAnswered else { throw ProtocolFailure(.unexpectedMessage, "number \(number) in \(phaseName)") }
        var reply = WireWriter(message: MessageNumber.unimplemented.rawValue)
        reply.uint32(decoder.sequence &- 1)
        try emit(reply.bytes)
        return nil
    }

    /// For the log.
    private var phaseName: String {
        switch phase {
        case .identification: "identification"
        case .keyExchange: "first key exchange"
        case .service: "service request"
        case .authentication: "authentication"
        case .connection: isKeyExchangeRunning ? "key exchange" : "connection"
        case .closed: "closed"
        }
    }
}
