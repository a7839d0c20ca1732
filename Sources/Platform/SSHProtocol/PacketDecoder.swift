import SSHCrypto

/// Takes packets (RFC 4253 §6) off the front of received bytes, decrypting in place.
struct PacketDecoder {
    /// One packet's payload, inside the memory given to `next`, and the bytes the whole packet took.
    struct Packet {
        let payload: UnsafeMutableRawBufferPointer
        let size: Int
    }

    /// The cipher of this direction; none until the first NEWKEYS.
    private var cipher: PacketCipher?
    /// The sequence number of the next packet (RFC 4253 §6.4), wrapping.
    private(set) var sequence: UInt32 = 0
    /// The length of the packet that is arriving: `nil` until its header has been read.
    private var length: Int?
    /// Longest `packet_length` taken; grows when the peer has authenticated.
    var longestPacket = ProtocolLimits.packetLengthBeforeAuthentication

    /// Switches to new keys after NEWKEYS; strict key exchange starts counting anew (OpenSSH PROTOCOL §1.10).
    mutating func use(_ cipher: PacketCipher, resetsSequence: Bool) {
        self.cipher = cipher
        if resetsSequence { sequence = 0 }
    }

    /// Takes the next whole packet at the front of `bytes`.
    ///
    /// - Returns: the packet, or `nil` if it has not arrived whole; then call again with the same bytes and more.
    /// - Throws: `.packetLength` or `.integrity`; the stream is then worthless.
    mutating func next(_ bytes: UnsafeMutableRawBufferPointer) throws(ProtocolFailure) -> Packet? {
        guard let start = bytes.baseAddress, bytes.count >= 4 else { return nil }
        if length == nil { length = try readLength(start) }
        guard let length else { return nil }
        let size = 4 + length + (cipher?.tagLength ?? 0)
        guard bytes.count >= size else { return nil }
        self.length = nil
        if let cipher, !cipher.open(start, length: length, sequence: sequence) {
            throw ProtocolFailure(.integrity, "packet \(sequence)")
        }
        sequence &+= 1
        let padding = Int(start.load(fromByteOffset: 4, as: UInt8.self))
        guard padding >= 4, padding + 1 < length else { throw ProtocolFailure(.packetLength, "padding \(padding) of \(length)") }
        let payload = UnsafeMutableRawBufferPointer(start: start + 5, count: length - padding - 1)
        return Packet(payload: payload, size: size)
    }

    private func readLength(_ header: UnsafeMutableRawPointer) throws(ProtocolFailure) -> Int {
        let length: UInt32
        let aligned: Bool
        if let cipher {
            length = cipher.packetLength(header, sequence: sequence)
            aligned = Int(length) % cipher.blockSize == 0
        } else {
            length = UInt32(bigEndian: header.loadUnaligned(as: UInt32.self))
            aligned = (Int(length) + 4) % 8 == 0
        }
        guard length >= UInt32(ProtocolLimits.shortestPacketLength), length <= UInt32(longestPacket), aligned else {
            throw ProtocolFailure(.packetLength, "length \(length)")
        }
        return Int(length)
    }
}
