import SSHCrypto
import SSHKeys

extension ServerConnection {
    /// The service that authenticates (RFC 4252).
    private static let authenticationService = "ssh-userauth"
    /// The service that follows (RFC 4254).
    private static let connectionService = "ssh-connection"

    func receiveServiceRequest(_ payload: UnsafeRawBufferPointer) throws(ProtocolFailure) -> ServerEvent? {
        var reader = WireReader(payload)
        let service: String
        do throws(WireError) {
            _ = try reader.byte()
            service = try reader.name()
            try reader.end()
        } catch {
            throw ProtocolFailure(.malformedMessage, "SERVICE_REQUEST: \(error)")
        }
        guard service == Self.authenticationService else { throw ProtocolFailure(.service, service) }
        var reply = WireWriter(message: MessageNumber.serviceAccept.rawValue)
        reply.string(service)
        try emit(reply.bytes)
        phase = .authentication
        return nil
    }

    func receiveUserAuthRequest(_ payload: UnsafeRawBufferPointer) throws(ProtocolFailure) -> ServerEvent? {
        if case .connection = phase { return nil }  // Ignored after success (RFC 4252 §5.1).
        authenticationRequests += 1
        guard authenticationRequests <= ProtocolLimits.authenticationRequests else {
            throw ProtocolFailure(.authenticationAttempts, "\(authenticationRequests) requests")
        }
        let request = try UserAuthRequest(payload, sessionID: sessionID, hostKey: identity.hostKey.publicKey.blob)
        guard request.service == Self.connectionService else { throw ProtocolFailure(.service, request.service) }
        switch request.method {
        case .publicKey(let offer):
            decision = .key(offer)
            return .keyOffered(user: offer.user, key: offer.key)
        case .none where authenticationRequests == 1:
            // The first `none` asks which methods there are and costs nothing, as in OpenSSH.
            try emit(Self.failureReply)
            return nil
        case .none:
            return try refuseAttempt("none again")
        case .unacceptable(let what):
            return try refuseAttempt(what)
        }
    }

    /// Answers `keyOffered`. A known key is not an identity yet: a probe is told that a signature would do; a signature is verified.
    ///
    /// - Parameter banner: a line, CR LF included, that the peer is shown if it proves the key, or when the key is refused as not known
    ///   (RFC 4252 §5.4); `nil`: none.
    package func answerKey(isKnown: Bool, banner: String? = nil) {
        guard case .key(let offer)? = decision else { return }
        decision = nil
        do throws(ProtocolFailure) {
            nextUp = try answer(offer, isKnown: isKnown, banner: banner)
        } catch {
            fail(error)
        }
    }

    private func answer(_ offer: PublicKeyOffer, isKnown: Bool, banner: String?) throws(ProtocolFailure) -> ServerEvent? {
        guard isKnown else {
            try show(banner)
            return try refuseAttempt("key not known")
        }
        guard let proof = offer.proof else {
            var reply = WireWriter(message: MessageNumber.userAuthPublicKeyOK.rawValue)
            reply.string(offer.algorithm.rawValue)
            reply.string(offer.key.blob)
            try emit(reply.bytes)
            return nil
        }
        guard offer.key.verifies(signature: proof.signature, algorithm: offer.algorithm, over: proof.signed) else {
            return try refuseAttempt("signature does not verify")
        }
        try show(banner)
        try emit([MessageNumber.userAuthSuccess.rawValue])
        phase = .connection
        decoder.longestPacket = ProtocolLimits.packetLength
        keysSince = now
        return .authenticated(user: offer.user, key: offer.key)
    }

    private func show(_ banner: String?) throws(ProtocolFailure) {
        guard let banner else { return }
        var message = WireWriter(message: MessageNumber.userAuthBanner.rawValue)
        message.string(banner)
        message.string("")
        try emit(message.bytes)
    }

    private func refuseAttempt(_ what: String) throws(ProtocolFailure) -> ServerEvent? {
        failures += 1
        guard failures < ProtocolLimits.authenticationFailures else { throw ProtocolFailure(.authenticationAttempts, what) }
        try emit(Self.failureReply)
        return .refused("authentication: \(what)")
    }

    /// USERAUTH_FAILURE: only `publickey` can continue (RFC 4252 §5.1).
    private static let failureReply: [UInt8] = {
        var reply = WireWriter(message: MessageNumber.userAuthFailure.rawValue)
        reply.nameList([PublicKeyOffer.method])
        reply.boolean(false)
        return reply.bytes
    }()
}
