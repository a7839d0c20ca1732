import SSHKeys

/// What the driver does with channels. Each call is void on a connection that is over, so that the driver need not ask first.
extension ServerConnection {
    // MARK: Opening

    /// Grants a channel that the peer asked for.
    package func accept(_ id: ChannelID) {
        guard var channel = self[id], case .offered = channel.stage else { return }
        channel.stage = .open(inbound: .flowing, outbound: .flowing)
        self[id] = channel
        var message = WireWriter(message: MessageNumber.channelOpenConfirmation.rawValue)
        message.uint32(channel.peerNumber)
        message.uint32(id.number)
        message.uint32(ProtocolLimits.window)
        message.uint32(ProtocolLimits.channelPacket)
        emitOrFail(message.bytes)
    }

    /// Refuses a channel that the peer asked for; `sentence` is what its user reads.
    package func refuse(_ id: ChannelID, _ reason: ChannelOpenFailure, _ sentence: String) {
        guard let channel = self[id], case .offered = channel.stage else { return }
        self[id] = nil
        emitOrFail(Self.openFailure(channel.peerNumber, reason, sentence))
    }

    /// Asks the peer for a `forwarded-tcpip` channel (RFC 4254 §7.2).
    ///
    /// - Parameters:
    ///   - listener: address and port exactly as the peer's `tcpip-forward` gave them: stock clients compare the strings.
    ///   - originator: where the connection comes from, for the peer's log.
    /// - Returns: the channel; `channelOpened` or `channelRefused` follows. `nil` if the connection has as many as it may.
    package func openForwarded(listener: ForwardedEndpoint, originator: ForwardedEndpoint) -> ChannelID? {
        guard isAuthenticated, let id = freeNumber() else { return nil }
        channels[Int(id.number)] = Channel(stage: .asked(isAbandoned: false), peerNumber: 0, sendWindow: 0, sendPacket: 0)
        var message = WireWriter(message: MessageNumber.channelOpen.rawValue)
        message.string("forwarded-tcpip")
        message.uint32(id.number)
        message.uint32(ProtocolLimits.window)
        message.uint32(ProtocolLimits.channelPacket)
        message.string(listener.host)
        message.uint32(listener.port)
        message.string(originator.host)
        message.uint32(originator.port)
        emitOrFail(message.bytes)
        return id
    }

    // MARK: Data

    /// The number of data bytes that `send` would take on `id` now: 0 while the window is used up, the socket is behind, a key
    /// exchange runs, or the channel is not open. `channelWritable`, `keysRenewed` or a drained socket are the times to ask again.
    package func sendCapacity(_ id: ChannelID) -> Int {
        let index = Int(id.number)
        guard index < channels.count, case .open(_, .flowing)? = channels[index]?.stage, !isKeyExchangeRunning, !isClosed,
            encoder.queue.count < outboundRoom
        else { return 0 }
        let most = min(channels[index]!.sendWindow, channels[index]!.sendPacket, ProtocolLimits.channelPacket)
        return min(Int(most), outboundRoom / 2)
    }

    /// Sends data: one copy, from `bytes` into the packet that is encrypted in place. At most `sendCapacity(id)` bytes.
    package func send(_ id: ChannelID, _ bytes: UnsafeRawBufferPointer) {
        sendBytes(id, bytes, extendedType: nil)
    }

    /// Sends what a command wrote to its standard error (RFC 4254 §5.2). At most `sendCapacity(id)` bytes.
    package func sendStandardError(_ id: ChannelID, _ bytes: UnsafeRawBufferPointer) {
        sendBytes(id, bytes, extendedType: 1)
    }

    private func sendBytes(_ id: ChannelID, _ bytes: UnsafeRawBufferPointer, extendedType: UInt32?) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return }
        precondition(bytes.count <= sendCapacity(id), "more than sendCapacity")
        let index = Int(id.number)
        channels[index]!.sendWindow -= UInt32(bytes.count)
        let peer = channels[index]!.peerNumber
        let number = extendedType == nil ? MessageNumber.channelData : .channelExtendedData
        let header = extendedType == nil ? 9 : 13
        encoder.write(header + bytes.count) { packet in
            packet.storeBytes(of: number.rawValue, as: UInt8.self)
            packet.storeBytes(of: peer.bigEndian, toByteOffset: 1, as: UInt32.self)
            if let extendedType { packet.storeBytes(of: extendedType.bigEndian, toByteOffset: 5, as: UInt32.self) }
            packet.storeBytes(of: UInt32(bytes.count).bigEndian, toByteOffset: header - 4, as: UInt32.self)
            (packet + header).copyMemory(from: start, byteCount: bytes.count)
        }
        countTraffic(bytes.count)
    }

    /// Says that `count` bytes received on `id` have left on the other side: the peer may send as many again.
    package func consumed(_ id: ChannelID, _ count: Int) {
        let index = Int(id.number)
        // Nothing follows our CLOSE on a channel (RFC 4254 §5.3).
        guard index < channels.count, case .open(.flowing, let outbound)? = channels[index]?.stage, outbound != .closed else { return }
        channels[index]!.credit += UInt32(count)
        let credit = channels[index]!.credit
        guard credit >= Channel.worthwhileCredit, !isKeyExchangeRunning, !isClosed else { return }
        channels[index]!.credit = 0
        channels[index]!.receiveWindow += credit
        let peer = channels[index]!.peerNumber
        encoder.write(9) { packet in
            packet.storeBytes(of: MessageNumber.channelWindowAdjust.rawValue, as: UInt8.self)
            packet.storeBytes(of: peer.bigEndian, toByteOffset: 1, as: UInt32.self)
            packet.storeBytes(of: credit.bigEndian, toByteOffset: 5, as: UInt32.self)
        }
    }

    // MARK: Ending

    /// Sends EOF: we send no more data on `id`.
    package func sendEOF(_ id: ChannelID) {
        guard var channel = self[id], case .open(let inbound, .flowing) = channel.stage else { return }
        channel.stage = .open(inbound: inbound, outbound: .ended)
        self[id] = channel
        emitNumbered(.channelEOF, channel.peerNumber)
    }

    /// Closes `id` from our side; a channel that is not confirmed yet is closed when it is.
    package func close(_ id: ChannelID) {
        guard var channel = self[id] else { return }
        switch channel.stage {
        case .offered:
            refuse(id, .connectFailed, "closed")
        case .asked:
            channel.stage = .asked(isAbandoned: true)
            self[id] = channel
        case .open(_, .closed):
            break
        case .open(let inbound, _):
            channel.stage = .open(inbound: inbound, outbound: .closed)
            self[id] = channel
            emitNumbered(.channelClose, channel.peerNumber)
        }
    }

    private func emitNumbered(_ message: MessageNumber, _ peer: UInt32) {
        var writer = WireWriter(message: message.rawValue)
        writer.uint32(peer)
        emitOrFail(writer.bytes)
    }

    /// The peer's number of an open channel that we have not closed.
    func openPeerNumber(_ id: ChannelID) -> UInt32? {
        guard let channel = self[id], case .open(_, let outbound) = channel.stage, outbound != .closed else { return nil }
        return channel.peerNumber
    }
}
