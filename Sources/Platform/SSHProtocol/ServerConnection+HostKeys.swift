package import SSHCrypto
import SSHKeys

/// Announcing host keys before they are shown, and proving that they are ours (OpenSSH PROTOCOL §2.5).
extension ServerConnection {
    static let proveHostKeys = "hostkeys-prove-00@openssh.com"
    private static let hostKeys = "hostkeys-00@openssh.com"

    /// Tells the peer which host keys there are, the one that new connections are shown among them; a client that keeps known_hosts up to
    /// date (OpenSSH's `UpdateHostKeys`) asks for proof of those that it does not know, and forgets those that are not named.
    ///
    /// Once on a connection, after authentication: OpenSSH's client takes a second announcement for an attack, so that it is left out here.
    /// - Parameter keys: 1...`ProtocolLimits.hostKeys`.
    package func announce(_ keys: [HostKey]) {
        precondition((1...ProtocolLimits.hostKeys).contains(keys.count), "\(keys.count) host keys to announce")
        guard isAuthenticated, announcedKeys.isEmpty else { return }
        announcedKeys = keys
        var request = WireWriter(message: MessageNumber.globalRequest.rawValue)
        request.string(Self.hostKeys)
        request.boolean(false)
        for key in keys { request.string(key.publicKey.blob) }
        emitOrFail(request.bytes)
    }

    /// Answers with a signature for each key that the peer names, in its order; refuses if one was not announced here.
    func proveHostKeys(_ reader: inout WireReader, wantsReply: Bool) throws(ProtocolFailure) -> ServerEvent? {
        hostKeyProofs += 1
        guard hostKeyProofs <= ProtocolLimits.hostKeyProofs else {
            throw ProtocolFailure(.tooManyRequests, "\(hostKeyProofs) requests to prove host keys")
        }
        var reply = WireWriter(message: MessageNumber.requestSuccess.rawValue)
        var proved: [HostKey] = []
        while reader.remaining > 0 {
            let blob: [UInt8]
            do throws(WireError) { blob = try reader.stringBytes() } catch {
                throw ProtocolFailure(.malformedMessage, "\(Self.proveHostKeys): \(error)")
            }
            guard let key = announcedKeys.first(where: { $0.publicKey.blob == blob }), proved.count < ProtocolLimits.hostKeys else {
                if wantsReply { emitOrFail([MessageNumber.requestFailure.rawValue]) }
                return .refused("global request \(Self.proveHostKeys) for a key that is not ours")
            }
            var signed = WireWriter()
            signed.string(Self.proveHostKeys)
            signed.string(sessionID)
            signed.string(blob)
            reply.string(key.sign(signed.bytes))
            proved.append(key)
        }
        guard wantsReply else { return nil }
        emitOrFail(reply.bytes)
        return proved.last.map { .hostKeyProved($0.publicKey) }
    }
}
