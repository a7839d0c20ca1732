import SSHKeys

/// The client's side of RFC 4252.
extension SSHTestClient {
    /// Asks for the service that authenticates, once.
    package func askForService(_ name: String = "ssh-userauth") {
        guard !hasAskedForService else { return }
        hasAskedForService = true
        var message = WireWriter(message: 5)
        message.string(name)
        send(message.bytes)
    }

    /// Asks for the service, then proves `key`. The key exchange must be over: the proof covers the session identifier.
    package func authenticate(_ user: String, _ key: TestKey, algorithm: String? = nil, hostBound: Bool = false) throws {
        askForService()
        send(try authenticationRequest(user, key, algorithm: algorithm, hostBound: hostBound))
    }

    /// USERAUTH_REQUEST by `publickey`, signed.
    ///
    /// - Parameters:
    ///   - hostBound: the method of OpenSSH PROTOCOL §3.1, with the host key that was seen (or `boundTo`) in what is signed.
    ///   - session: the session identifier that is signed, if not the true one.
    ///   - flags: what a security key adds.
    package func authenticationRequest(
        _ user: String, _ key: TestKey, algorithm: String? = nil, hostBound: Bool = false, boundTo: [UInt8]? = nil,
        session: [UInt8]? = nil, flags: UInt8 = 1, service: String = "ssh-connection"
    ) throws -> [UInt8] {
        let name = algorithm ?? key.signatureAlgorithms[0]
        var message = publicKeyRequest(user, key, name, hostBound: hostBound, boundTo: boundTo, isSigned: true, service: service)
        var signed = WireWriter()
        signed.string(session ?? sessionID)
        signed.raw(message.bytes)
        message.string(try key.sign(signed.bytes, algorithm: name, flags: flags))
        return message.bytes
    }

    /// USERAUTH_REQUEST by `publickey` without a signature: would this key do? (RFC 4252 §7)
    package func probe(_ user: String, _ key: TestKey, hostBound: Bool = false) -> [UInt8] {
        publicKeyRequest(
            user, key, key.signatureAlgorithms[0], hostBound: hostBound, boundTo: nil, isSigned: false, service: "ssh-connection"
        ).bytes
    }

    /// USERAUTH_REQUEST by another method, `rest` being the fields that belong to it.
    package func request(_ user: String, method: String, rest: [UInt8] = [], service: String = "ssh-connection") -> [UInt8] {
        var message = WireWriter(message: 50)
        message.string(user)
        message.string(service)
        message.string(method)
        message.raw(rest)
        return message.bytes
    }

    private func publicKeyRequest(
        _ user: String, _ key: TestKey, _ algorithm: String, hostBound: Bool, boundTo: [UInt8]?, isSigned: Bool, service: String
    ) -> WireWriter {
        var message = WireWriter(message: 50)
        message.string(user)
        message.string(service)
        message.string(hostBound ? "publickey-hostbound-v00@openssh.com" : "publickey")
        message.boolean(isSigned)
        message.string(algorithm)
        message.string(key.publicKey.blob)
        if hostBound { message.string(boundTo ?? hostKey) }
        return message
    }

    /// Whether USERAUTH_SUCCESS came.
    package var isAuthenticated: Bool { !received(52).isEmpty }
}
