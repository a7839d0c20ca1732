import SSHCrypto
import SSHKeys

extension ServerConnection {
    // MARK: Sending

    /// Queues a message, or holds it back while a key exchange runs (RFC 4253 §7.1).
    func emit(_ payload: [UInt8]) throws(ProtocolFailure) {
        guard isKeyExchangeRunning, case .connection = phase else {
            encoder.write(payload)
            countTraffic(payload.count)
            return
        }
        heldBytes += payload.count + ProtocolLimits.heldMessageOverhead
        guard heldBytes <= ProtocolLimits.heldDuringKeyExchange else { throw ProtocolFailure(.heldTooMuch, "\(heldBytes) bytes") }
        held.append(payload)
    }

    /// The same for what the driver asks for: a failure ends the connection, and the driver hears of it by the next event.
    func emitOrFail(_ payload: [UInt8]) {
        if isClosed { return }
        do throws(ProtocolFailure) { try emit(payload) } catch { fail(error) }
    }

    /// Whether a key exchange runs, so that only its own messages may be sent.
    var isKeyExchangeRunning: Bool {
        if case .idle = keyExchange { return false }
        return true
    }

    /// Counts bytes and packets, and asks for new keys when they are due.
    func countTraffic(_ bytes: Int) {
        bytesSinceRekey += bytes
        packetsSinceRekey &+= 1
        let isDue = bytesSinceRekey >= ProtocolLimits.bytesBeforeRekey || packetsSinceRekey >= ProtocolLimits.packetsBeforeRekey
        if isDue { rekey() }
    }

    /// Asks for new keys if the peer has authenticated and no key exchange runs.
    package func rekey() {
        guard case .connection = phase, !isKeyExchangeRunning else { return }
        propose()
    }

    /// Sends our KEXINIT.
    func propose() {
        let cookie = randomBytes(16)
        encoder.write(Proposal.serverPayload(cookie: cookie))
        keyExchange = .proposed(cookie: cookie)
        keyExchangeSince = now
    }

    // MARK: Ending

    /// Ends the connection with a sentence for the peer.
    package func disconnect(_ code: DisconnectCode, _ sentence: String) {
        end(code, sentence, .endedByUs(sentence))
    }

    /// Says that the socket is gone.
    package func connectionLost(_ why: String) {
        if isClosed { return }
        phase = .closed(.connectionLost(why), isReported: false)
    }

    /// Ends the connection for something the peer did or failed to do.
    package func fail(_ failure: ProtocolFailure) {
        end(failure.code, failure.sentence, .failed(failure))
    }

    private func end(_ code: DisconnectCode, _ sentence: String, _ end: ConnectionEnd) {
        if isClosed { return }
        var message = WireWriter(message: MessageNumber.disconnect.rawValue)
        message.uint32(code.rawValue)
        message.string(sentence)
        message.string("en")
        encoder.write(message.bytes)
        phase = .closed(end, isReported: false)
        decision = nil
    }

    func receiveDisconnect(_ payload: UnsafeRawBufferPointer) -> ServerEvent? {
        var reader = WireReader(payload)
        var code: UInt32 = 0
        var sentence = ""
        do throws(WireError) {
            _ = try reader.byte()
            code = try reader.uint32()
            sentence = try reader.name()
        } catch {
            // A disconnect that does not parse is a disconnect all the same.
        }
        phase = .closed(.disconnectedByPeer(code: code, sentence: sentence), isReported: false)
        return nil
    }

    // MARK: Key exchange

    func receiveKexInit(_ payload: UnsafeRawBufferPointer) throws(ProtocolFailure) -> ServerEvent? {
        let proposal = try Proposal(clientPayload: payload)
        if case .keyExchange = phase {
            isStrict = proposal.methods.contains(Proposal.strictClientMarker)
            wantsExtInfo = proposal.methods.contains(Proposal.extInfoMarker)
            guard !isStrict || decoder.sequence == 1 else {
                throw ProtocolFailure(.unexpectedMessage, "strict key exchange: KEXINIT is not the first packet")
            }
        }
        let agreement = try proposal.agreement()
        if case .idle = keyExchange { propose() }
        guard case .proposed(let cookie) = keyExchange else { preconditionFailure("the gate let a second KEXINIT through") }
        let transcript = Transcript(clientInit: [UInt8](payload), serverInit: Proposal.serverPayload(cookie: cookie))
        keyExchange = .agreed(agreement, transcript)
        return nil
    }

    /// Drops the packet that a client sent on a wrong guess (RFC 4253 §7): whatever its method, a number of 30 to 49 (RFC 4250 §4.1.2).
    func dropsWrongGuess(_ number: UInt8) -> Bool {
        guard case .agreed(let agreement, let transcript) = keyExchange, agreement.ignoresNextPacket, (30...49).contains(number) else {
            return false
        }
        var rest = agreement
        rest.ignoresNextPacket = false
        keyExchange = .agreed(rest, transcript)
        return true
    }

    func receiveKexValue(_ payload: UnsafeRawBufferPointer) throws(ProtocolFailure) -> ServerEvent? {
        guard case .agreed(let agreement, let transcript) = keyExchange else { preconditionFailure("the gate let a value through") }
        var reader = WireReader(payload)
        let value: [UInt8]
        do throws(WireError) {
            _ = try reader.byte()
            value = try reader.stringBytes()
            try reader.end()
        } catch {
            throw ProtocolFailure(.malformedMessage, "KEX_ECDH_INIT: \(error)")
        }
        keyExchange = .valueReceived(agreement, transcript, value: value)
        if case .connection = phase {
            try completeKeyExchange()
            return nil
        }
        decision = .keyExchange
        return .keyExchangeWanted
    }

    /// Lets a peer's first key exchange go on (after `keyExchangeWanted`); its grace begins here, so that waiting its turn costs it nothing.
    package func admitKeyExchange() {
        guard case .keyExchange? = decision else { return }
        decision = nil
        graceSince = now
        do throws(ProtocolFailure) { try completeKeyExchange() } catch { fail(error) }
    }

    private func completeKeyExchange() throws(ProtocolFailure) {
        guard case .valueReceived(let agreement, let transcript, let value) = keyExchange else {
            preconditionFailure("no key exchange value")
        }
        let result = try KeyExchange.respond(
            to: value, method: agreement.method, transcript: transcript, clientVersion: clientVersion, serverVersion: identity.version,
            hostKey: identity.hostKey)
        if sessionID.isEmpty { sessionID = result.exchangeHash }
        encoder.write(result.reply)
        encoder.write([MessageNumber.newKeys.rawValue])
        encoder.use(
            KeyExchange.cipher(
                agreement.cipherOut, mac: agreement.macOut, letters: ("B", "D", "F"), result: result, sessionID: sessionID, direction: .seal
            ),
            resetsSequence: isStrict)
        let opening = KeyExchange.cipher(
            agreement.cipherIn, mac: agreement.macIn, letters: ("A", "C", "E"), result: result, sessionID: sessionID, direction: .open)
        keyExchange = .replied(opening: opening)
        // At once, not when the peer's NEWKEYS has come: libssh decides about an RSA key by what it knows as soon as it has ours.
        if wantsExtInfo, case .keyExchange = phase { encoder.write(Self.extInfo) }
    }

    func receiveNewKeys(_ payload: UnsafeRawBufferPointer) throws(ProtocolFailure) -> ServerEvent? {
        guard payload.count == 1 else { throw ProtocolFailure(.malformedMessage, "NEWKEYS") }
        guard case .replied(let opening) = keyExchange else { preconditionFailure("the gate let NEWKEYS through") }
        decoder.use(opening, resetsSequence: isStrict)
        keyExchange = .idle
        keysSince = now
        bytesSinceRekey = 0
        packetsSinceRekey = 0
        if case .keyExchange = phase {
            phase = .service
            return nil
        }
        for payload in held { encoder.write(payload) }
        held = []
        heldBytes = 0
        // Credit that came together meanwhile is granted now: nothing else may ever ask again.
        for number in channels.indices { consumed(ChannelID(UInt32(number)), 0) }
        return .keysRenewed
    }

    /// EXT_INFO (RFC 8308 §2.3): which signatures we take, and two extensions of OpenSSH's PROTOCOL file.
    private static let extInfo: [UInt8] = {
        let extensions = [
            ("server-sig-algs", SignatureAlgorithm.allCases.map(\.rawValue).joined(separator: ",")),
            ("publickey-hostbound@openssh.com", "0"),
            ("ping@openssh.com", "0"),
        ]
        var message = WireWriter(message: MessageNumber.extInfo.rawValue)
        message.uint32(UInt32(extensions.count))
        for (name, value) in extensions {
            message.string(name)
            message.string(value)
        }
        return message.bytes
    }()

    // MARK: Liveness

    func receivePing(_ payload: UnsafeRawBufferPointer) throws(ProtocolFailure) -> ServerEvent? {
        var reader = WireReader(payload)
        do throws(WireError) {
            _ = try reader.byte()
            let echo = try reader.stringView()
            try reader.end()
            guard echo.count <= ProtocolLimits.pingPayload else { throw .malformed }
            var reply = WireWriter(message: MessageNumber.pong.rawValue)
            reply.string(echo)
            emitOrFail(reply.bytes)
        } catch {
            throw ProtocolFailure(.malformedMessage, "PING: \(error)")
        }
        return nil
    }

    /// Checks the deadlines at `now`: grace, rekey, silence. Call about once a second; take events afterwards.
    package func checkDeadlines() {
        switch phase {
        case .closed: return
        case .identification, .keyExchange, .service, .authentication:
            if case .keyExchange? = decision { return }
            if now - graceSince >= ProtocolLimits.loginGrace { fail(ProtocolFailure(.loginGrace, "")) }
        case .connection:
            if isKeyExchangeRunning {
                if now - keyExchangeSince >= ProtocolLimits.rekeyDeadline { fail(ProtocolFailure(.rekeyDeadline, "")) }
            } else if now - keysSince >= ProtocolLimits.timeBeforeRekey {
                rekey()
            }
            checkSilence()
        }
    }

    private func checkSilence() {
        if decision != nil {
            // Nothing is read while an answer is owed to the peer: its silence is ours.
            heardAt = now
            return
        }
        let silence = now - heardAt
        if silence >= ProtocolLimits.keepaliveInterval * ProtocolLimits.keepaliveMisses {
            fail(ProtocolFailure(.silence, "\(silence.components.seconds) s"))
        } else if silence >= ProtocolLimits.keepaliveInterval * (keepalivesSent + 1) {
            keepalivesSent += 1
            unansweredRequests += 1
            var request = WireWriter(message: MessageNumber.globalRequest.rawValue)
            request.string("keepalive@openssh.com")
            request.boolean(true)
            emitOrFail(request.bytes)
        }
    }
}
