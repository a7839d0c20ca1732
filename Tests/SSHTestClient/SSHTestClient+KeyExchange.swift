import SSHCrypto
import SSHKeys

/// Key exchange by X25519 (RFC 4253 §7, RFC 8731), from the client's side.
extension SSHTestClient {
    /// Sends KEXINIT: begins a key exchange, or answers the server's.
    package func sendKexInit() {
        let payload = proposal.payload(isFirst: sessionID.isEmpty, cookie: randomBytes(16))
        sendNow(payload)
        ourInit = payload
    }

    /// Sends our value (KEX_ECDH_INIT): a guess, if the server's KEXINIT has not come.
    package func sendKexValue() {
        let fresh = Curve25519Exchange()
        var message = WireWriter(message: 30)
        message.string(fresh.publicKey)
        exchange = consume fresh
        hasGuessed = serverInit == nil
        sendNow(message.bytes)
    }

    func receiveKexInit(_ payload: [UInt8]) throws {
        guard serverInit == nil else { throw TestClientError("a second KEXINIT of the server") }
        serverInit = payload
        if sessionID.isEmpty { isServerStrict = serverProposal?.methods.contains("kex-strict-s-v00@openssh.com") == true }
        guard runsKeyExchange else { return }
        if ourInit == nil { sendKexInit() }
        if hasGuessed, isGuessRight { return }
        sendKexValue()
    }

    /// Whether both sides like the same method and host key algorithm best (RFC 4253 §7).
    private var isGuessRight: Bool {
        proposal.methods.first == serverProposal?.methods.first && proposal.hostKeys.first == serverProposal?.hostKeys.first
    }

    func receiveKexReply(_ payload: [UInt8]) throws {
        guard let ourInit, let serverInit, exchange != nil, let serverVersion, let server = serverProposal else {
            throw TestClientError("KEX_ECDH_REPLY without a key exchange")
        }
        var fields = Fields(payload, skipping: 1)
        let key = try fields.string()
        let value = try fields.string()
        let signature = try fields.string()
        guard fields.isAtEnd, sessionID.isEmpty || key == hostKey else { throw TestClientError("KEX_ECDH_REPLY") }
        guard let ourValue = exchange?.publicKey, let shared = try exchange?.sharedSecret(with: value) else {
            throw TestClientError("the server's value")
        }
        var secret = WireWriter()
        secret.mpint(shared)
        var hashed = WireWriter()
        hashed.string(version)
        hashed.string(serverVersion)
        for part in [ourInit, serverInit, key, ourValue, value] { hashed.string(part) }
        hashed.raw(secret.bytes)
        let hash = digest(.sha256, of: hashed.bytes)
        guard try TestKey.isEd25519(signature, by: key, over: hash) else { throw TestClientError("the host key's signature") }
        hostKey = key
        if sessionID.isEmpty { sessionID = hash }

        let cipherOut = try common(proposal.ciphersToServer, server.ciphersToServer)
        let cipherIn = try common(proposal.ciphersToClient, server.ciphersToClient)
        let macOut = try? common(proposal.macsToServer, server.macsToServer)  // Not every cipher needs one.
        let macIn = try? common(proposal.macsToClient, server.macsToClient)  // Not every cipher needs one.
        nextSendCipher = try protection(cipherOut, macOut, letters: "ACE", secret.bytes, hash)
        nextReceiveCipher = try protection(cipherIn, macIn, letters: "BDF", secret.bytes, hash)
        if !withholdsNewKeys { sendNewKeys() }
    }

    private func common(_ ours: [String], _ theirs: [String]) throws -> String {
        guard let name = ours.first(where: theirs.contains) else { throw TestClientError("nothing in common: \(ours)") }
        return name
    }

    /// RFC 4253 §7.2. `letters`: of the IV, the key, the MAC key.
    private func protection(_ cipher: String, _ mac: String?, letters: String, _ secret: [UInt8], _ hash: [UInt8]) throws -> TestCipher {
        guard let sizes = TestCipher.ciphers[cipher] else { throw TestClientError("cipher \(cipher)") }
        let macLength = mac.flatMap { TestCipher.macs[$0]?.length } ?? 0
        let parts = zip(letters.utf8, [sizes.iv, sizes.key, macLength]).map { letter, length in
            var bytes = digest(.sha256, of: secret + hash + [letter] + sessionID)
            while bytes.count < length { bytes += digest(.sha256, of: secret + hash + bytes) }
            return Array(bytes.prefix(length))
        }
        return try TestCipher(cipher: cipher, mac: mac, key: parts[1], iv: parts[0], macKey: parts[2])
    }
}
