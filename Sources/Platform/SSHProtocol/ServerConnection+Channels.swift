import SSHKeys

/// What a peer says about channels (RFC 4254 §5).
extension ServerConnection {
    // MARK: Opening

    func receiveChannelOpen(_ payload: UnsafeRawBufferPointer) throws(ProtocolFailure) -> ServerEvent? {
        var reader = WireReader(payload)
        let purpose: ChannelPurpose
        let peer: UInt32
        let window: UInt32
        let packet: UInt32
        do throws(WireError) {
            _ = try reader.byte()
            let type = try reader.name()
            peer = try reader.uint32()
            window = try reader.uint32()
            packet = try reader.uint32()
            switch type {
            case "session":
                try reader.end()
                purpose = .session
            case "direct-tcpip":
                let target = ForwardedEndpoint(host: try reader.name(), port: try reader.uint32())
                let originator = ForwardedEndpoint(host: try reader.name(), port: try reader.uint32())
                try reader.end()
                purpose = .directTCPIP(target: target, originator: originator)
            default:
                purpose = .unsupported(type: type)
            }
        } catch {
            throw ProtocolFailure(.malformedMessage, "CHANNEL_OPEN: \(error)")
        }

        if case .unsupported(let type) = purpose {
            try emit(Self.openFailure(peer, .unknownChannelType, "channels of this type are not offered here"))
            return .refused("channel of type \(type)")
        }
        guard packet >= ProtocolLimits.smallestPeerChannelPacket else {
            try emit(Self.openFailure(peer, .resourceShortage, "maximum packet size too small"))
            return .refused("channel with maximum packet size \(packet)")
        }
        guard let id = freeNumber() else {
            try emit(Self.openFailure(peer, .resourceShortage, "at most \(ProtocolLimits.channels) channels at a time"))
            return .refused("more than \(ProtocolLimits.channels) channels")
        }
        channels[Int(id.number)] = Channel(stage: .offered, peerNumber: peer, sendWindow: window, sendPacket: packet)
        return .channelOffered(id, purpose)
    }

    func receiveOpenConfirmation(_ payload: UnsafeRawBufferPointer) throws(ProtocolFailure) -> ServerEvent? {
        var reader = WireReader(payload)
        do throws(WireError) {
            _ = try reader.byte()
            let id = ChannelID(try reader.uint32())
            let peer = try reader.uint32()
            let window = try reader.uint32()
            let packet = try reader.uint32()
            guard var channel = self[id], case .asked(let isAbandoned) = channel.stage else { throw .malformed }
            guard packet >= ProtocolLimits.smallestPeerChannelPacket else { throw .malformed }
            channel.stage = .open(inbound: .flowing, outbound: .flowing)
            channel.peerNumber = peer
            channel.sendWindow = window
            channel.sendPacket = packet
            self[id] = channel
            guard isAbandoned else { return .channelOpened(id) }
            close(id)
            return nil
        } catch {
            throw ProtocolFailure(.channelState, "CHANNEL_OPEN_CONFIRMATION: \(error)")
        }
    }

    func receiveOpenFailure(_ payload: UnsafeRawBufferPointer) throws(ProtocolFailure) -> ServerEvent? {
        var reader = WireReader(payload)
        do throws(WireError) {
            _ = try reader.byte()
            let id = ChannelID(try reader.uint32())
            let code = try reader.uint32()
            let sentence = try reader.name()
            guard let channel = self[id], case .asked(let isAbandoned) = channel.stage else { throw .malformed }
            self[id] = nil
            return isAbandoned ? nil : .channelRefused(id, code: code, sentence: sentence)
        } catch {
            throw ProtocolFailure(.channelState, "CHANNEL_OPEN_FAILURE: \(error)")
        }
    }

    // MARK: Data

    func receiveData(_ payload: UnsafeRawBufferPointer) throws(ProtocolFailure) -> ServerEvent? {
        try receiveBytes(payload, headerSize: 5, isExtended: false)
    }

    /// Extended data (stderr) towards a server means nothing: it counts against the window and is dropped.
    func receiveExtendedData(_ payload: UnsafeRawBufferPointer) throws(ProtocolFailure) -> ServerEvent? {
        try receiveBytes(payload, headerSize: 9, isExtended: true)
    }

    /// - Parameter headerSize: bytes before the data's length field: message number, channel, and the type of extended data.
    private func receiveBytes(
        _ payload: UnsafeRawBufferPointer, headerSize: Int, isExtended: Bool
    ) throws(ProtocolFailure) -> ServerEvent? {
        guard payload.count >= headerSize + 4 else { throw ProtocolFailure(.malformedMessage, "CHANNEL_DATA of \(payload.count) bytes") }
        let number = UInt32(bigEndian: payload.loadUnaligned(fromByteOffset: 1, as: UInt32.self))
        let length = UInt32(bigEndian: payload.loadUnaligned(fromByteOffset: headerSize, as: UInt32.self))
        guard Int(length) == payload.count - headerSize - 4 else {
            throw ProtocolFailure(.malformedMessage, "CHANNEL_DATA length \(length)")
        }
        let id = ChannelID(number)
        let outbound = try takeFromWindow(id, length)
        if isExtended || outbound == .closed || length == 0 {
            consumed(id, Int(length))
            return nil
        }
        return .channelData(id, UnsafeRawBufferPointer(rebasing: payload[(headerSize + 4)...]))
    }

    /// Takes `length` bytes from the window the peer has on `id`, in place. Returns the state of the other direction.
    private func takeFromWindow(_ id: ChannelID, _ length: UInt32) throws(ProtocolFailure) -> Channel.Direction {
        let index = Int(id.number)
        guard index < channels.count, case .open(.flowing, let outbound)? = channels[index]?.stage else {
            throw ProtocolFailure(.channelState, "data on \(id)")
        }
        guard length <= ProtocolLimits.channelPacket, length <= channels[index]!.receiveWindow else {
            throw ProtocolFailure(.windowExceeded, "\(length) bytes on \(id)")
        }
        channels[index]!.receiveWindow -= length
        return outbound
    }

    func receiveWindowAdjust(_ payload: UnsafeRawBufferPointer) throws(ProtocolFailure) -> ServerEvent? {
        guard payload.count == 9 else { throw ProtocolFailure(.malformedMessage, "WINDOW_ADJUST of \(payload.count) bytes") }
        let number = UInt32(bigEndian: payload.loadUnaligned(fromByteOffset: 1, as: UInt32.self))
        let growth = UInt32(bigEndian: payload.loadUnaligned(fromByteOffset: 5, as: UInt32.self))
        let id = ChannelID(number)
        let index = Int(number)
        guard index < channels.count, case .open(let inbound, let outbound)? = channels[index]?.stage, inbound != .closed else {
            throw ProtocolFailure(.channelState, "WINDOW_ADJUST on \(id)")
        }
        let (window, overflow) = channels[index]!.sendWindow.addingReportingOverflow(growth)
        guard !overflow else { throw ProtocolFailure(.windowOverflow, "by \(growth) on \(id)") }
        channels[index]!.sendWindow = window
        return outbound == .flowing ? .channelWritable(id) : nil
    }

    // MARK: Ending

    func receiveEOF(_ payload: UnsafeRawBufferPointer) throws(ProtocolFailure) -> ServerEvent? {
        let id = try channelNumber(payload, "CHANNEL_EOF")
        guard var channel = self[id], case .open(.flowing, let outbound) = channel.stage else {
            throw ProtocolFailure(.channelState, "EOF on \(id)")
        }
        channel.stage = .open(inbound: .ended, outbound: outbound)
        self[id] = channel
        return outbound == .closed ? nil : .channelEnded(id)
    }

    func receiveClose(_ payload: UnsafeRawBufferPointer) throws(ProtocolFailure) -> ServerEvent? {
        let id = try channelNumber(payload, "CHANNEL_CLOSE")
        guard let channel = self[id], case .open(_, let outbound) = channel.stage else {
            throw ProtocolFailure(.channelState, "CLOSE on \(id)")
        }
        self[id] = nil
        if outbound == .closed { return nil }
        var reply = WireWriter(message: MessageNumber.channelClose.rawValue)
        reply.uint32(channel.peerNumber)
        try emit(reply.bytes)
        return .channelClosed(id)
    }

    private func channelNumber(_ payload: UnsafeRawBufferPointer, _ name: String) throws(ProtocolFailure) -> ChannelID {
        guard payload.count == 5 else { throw ProtocolFailure(.malformedMessage, "\(name) of \(payload.count) bytes") }
        return ChannelID(UInt32(bigEndian: payload.loadUnaligned(fromByteOffset: 1, as: UInt32.self)))
    }

    // MARK: The table

    /// The channel with our number `id`; `nil` if there is none.
    subscript(_ id: ChannelID) -> Channel? {
        get { Int(id.number) < channels.count ? channels[Int(id.number)] : nil }
        set {
            channels[Int(id.number)] = newValue
            while case .some(nil) = channels.last { channels.removeLast() }
        }
    }

    /// The lowest number that is free, with its place in the table; `nil` at the limit.
    func freeNumber() -> ChannelID? {
        if let index = channels.firstIndex(where: { $0 == nil }) { return ChannelID(UInt32(index)) }
        guard channels.count < ProtocolLimits.channels else { return nil }
        channels.append(nil)
        return ChannelID(UInt32(channels.count - 1))
    }

    static func openFailure(_ peer: UInt32, _ reason: ChannelOpenFailure, _ sentence: String) -> [UInt8] {
        var message = WireWriter(message: MessageNumber.channelOpenFailure.rawValue)
        message.uint32(peer)
        message.uint32(reason.rawValue)
        message.string(sentence)
        message.string("en")
        return message.bytes
    }
}
