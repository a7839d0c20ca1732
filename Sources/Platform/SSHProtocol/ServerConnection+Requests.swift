import SSHKeys

/// Global requests (RFC 4254 §4, §7.1) and requests on session channels (§6).
extension ServerConnection {
    func receiveGlobalRequest(_ payload: UnsafeRawBufferPointer) throws(ProtocolFailure) -> ServerEvent? {
        var reader = WireReader(payload)
        let name: String
        let wantsReply: Bool
        var endpoint: ForwardedEndpoint?
        do throws(WireError) {
            _ = try reader.byte()
            name = try reader.name()
            wantsReply = try reader.boolean()
            if name == Self.forward || name == Self.cancelForward {
                endpoint = ForwardedEndpoint(host: try reader.name(), port: try reader.uint32())
                try reader.end()
            }
        } catch {
            throw ProtocolFailure(.malformedMessage, "GLOBAL_REQUEST: \(error)")
        }
        if name == Self.proveHostKeys, !announcedKeys.isEmpty { return try proveHostKeys(&reader, wantsReply: wantsReply) }
        guard let endpoint else {
            // Among the others is keepalive@openssh.com, which wants any answer (OpenSSH's ServerAliveInterval).
            if wantsReply { answerGlobalRequest(nil) }
            // A socket file is no listening port: said in the log, as what else a peer may not have.
            return name == Self.socketFileForward ? .refused("global request \(name)") : nil
        }
        forwardRequests += 1
        guard forwardRequests <= ProtocolLimits.forwardRequests else {
            throw ProtocolFailure(.tooManyRequests, "\(forwardRequests) forward requests")
        }
        if name == Self.cancelForward {
            decision = .cancel(wantsReply: wantsReply)
            return .forwardCancelled(endpoint)
        }
        decision = .forward(wantsReply: wantsReply, chosenByUs: endpoint.port == 0)
        return .forwardRequested(endpoint)
    }

    private static let forward = "tcpip-forward"
    private static let socketFileForward = "streamlocal-forward@openssh.com"
    private static let cancelForward = "cancel-tcpip-forward"

    /// Answers `forwardRequested`: with the port that is now the peer's, or `nil` to refuse.
    package func answerForward(port: UInt32?) {
        guard case .forward(let wantsReply, let chosenByUs)? = decision else { return }
        decision = nil
        guard wantsReply else { return }
        // The port is told only to a peer that asked for port 0 (RFC 4254 §7.1).
        answerGlobalRequest(port.map { chosenByUs ? [$0] : [] })
    }

    /// Answers `forwardCancelled`.
    package func answerCancel(wasHeld: Bool) {
        guard case .cancel(let wantsReply)? = decision else { return }
        decision = nil
        if wantsReply { answerGlobalRequest(wasHeld ? [] : nil) }
    }

    private func answerGlobalRequest(_ success: [UInt32]?) {
        guard let success else { return emitOrFail([MessageNumber.requestFailure.rawValue]) }
        var reply = WireWriter(message: MessageNumber.requestSuccess.rawValue)
        for number in success { reply.uint32(number) }
        emitOrFail(reply.bytes)
    }

    func receiveChannelRequest(_ payload: UnsafeRawBufferPointer) throws(ProtocolFailure) -> ServerEvent? {
        var reader = WireReader(payload)
        let id: ChannelID
        let request: ChannelRequest
        let wantsReply: Bool
        do throws(WireError) {
            _ = try reader.byte()
            id = ChannelID(try reader.uint32())
            let name = try reader.name()
            wantsReply = try reader.boolean()
            switch name {
            case "exec":
                let command = try reader.stringView()
                try reader.end()
                request = command.count <= ProtocolLimits.commandLine ? .exec(command: [UInt8](command)) : .other("exec, too long")
            case "shell":
                try reader.end()
                request = .shell
            case "pty-req": request = .pty
            case "env": request = .environment
            case "window-change": request = .windowChange
            default: request = .other(name)
            }
        } catch {
            throw ProtocolFailure(.malformedMessage, "CHANNEL_REQUEST: \(error)")
        }
        guard let channel = self[id], case .open(let inbound, let outbound) = channel.stage, inbound != .closed else {
            throw ProtocolFailure(.channelState, "request on \(id)")
        }
        return outbound == .closed ? nil : .channelRequested(id, request, wantsReply: wantsReply)
    }

    /// Answers `channelRequested` where a reply is wanted.
    package func answerRequest(_ id: ChannelID, isGranted: Bool) {
        guard let peer = openPeerNumber(id) else { return }
        var reply = WireWriter(message: (isGranted ? MessageNumber.channelSuccess : .channelFailure).rawValue)
        reply.uint32(peer)
        emitOrFail(reply.bytes)
    }

    /// Tells the exit status of a command (RFC 4254 §6.10).
    package func sendExitStatus(_ id: ChannelID, _ status: UInt32) {
        guard let peer = openPeerNumber(id) else { return }
        var message = WireWriter(message: MessageNumber.channelRequest.rawValue)
        message.uint32(peer)
        message.string("exit-status")
        message.boolean(false)
        message.uint32(status)
        emitOrFail(message.bytes)
    }
}
