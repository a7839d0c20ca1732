import SSHCrypto

/// Wraps payloads in packets (RFC 4253 §6) and queues them, encrypted, for the socket.
struct PacketEncoder: ~Copyable {
    /// Encrypted bytes for the socket.
    var queue = ByteQueue()
    /// The cipher of this direction; none until the first NEWKEYS.
    private var cipher: PacketCipher?
    /// The sequence number of the next packet, wrapping.
    private(set) var sequence: UInt32 = 0

    /// Switches to new keys after our NEWKEYS.
    mutating func use(_ cipher: PacketCipher, resetsSequence: Bool) {
        self.cipher = cipher
        if resetsSequence { sequence = 0 }
    }

    /// Queues one packet of `count` payload bytes that `fill` writes in place: one copy from where they are, no allocation.
    ///
    /// Padding is zero: every cipher we offer hides it whatever it holds (RFC 4253 §6 wants it random for CBC's sake).
    mutating func write(_ count: Int, _ fill: (UnsafeMutableRawPointer) -> Void) {
        let unit = cipher?.blockSize ?? 8
        let framed = 1 + count + (cipher == nil ? 4 : 0)
        var padding = unit - framed % unit
        if padding < 4 { padding += unit }
        let length = 1 + count + padding
        let size = 4 + length + (cipher?.tagLength ?? 0)

        let packet = queue.reserve(size)
        packet.storeBytes(of: UInt32(length).bigEndian, as: UInt32.self)
        packet.storeBytes(of: UInt8(padding), toByteOffset: 4, as: UInt8.self)
        fill(packet + 5)
        (packet + 5 + count).initializeMemory(as: UInt8.self, repeating: 0, count: padding)
        cipher?.seal(packet, length: length, sequence: sequence)
        queue.commit(size)
        sequence &+= 1
    }

    /// Queues one packet that holds `payload`.
    mutating func write(_ payload: [UInt8]) {
        payload.withUnsafeBytes { bytes in
            write(bytes.count) { $0.copyMemory(from: bytes.baseAddress!, byteCount: bytes.count) }
        }
    }
}
