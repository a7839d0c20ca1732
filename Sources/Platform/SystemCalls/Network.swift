import CLinux
import Glibc

/// Why a name has no address.
package enum ResolverError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nobody knows that name: asking again soon will not help.
    case unknown(host: String)
    /// The name servers did not answer: asking again may help.
    case unreachable(host: String)
    /// Something else, in the library's words.
    case failed(host: String, reason: String)

    /// One line that says which name and why.
    package var description: String {
        switch self {
        case .unknown(let host): "\(Log.escaped(host)): there is no such name"
        case .unreachable(let host): "\(Log.escaped(host)): the name servers do not answer"
        case .failed(let host, let reason): "\(Log.escaped(host)): \(reason)"
        }
    }
}

/// Looks names up. Blocks for seconds where the network is bad: on a `BlockingExecutor` only.
package enum Resolver {
    /// The addresses of `host` (a name or a literal, without brackets), in the order in which to try them, each once; at least one.
    package static func resolve(_ host: String, port: UInt16) throws(ResolverError) -> [SocketAddress] {
        if let literal = IPAddress(host) { return [SocketAddress(literal, port: port)] }
        guard !host.isEmpty, host.utf8.count <= 253, !host.utf8.contains(0) else { throw .unknown(host: String(host.prefix(80))) }
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, nil, &hints, &first)
        defer { if first != nil { freeaddrinfo(first) } }
        switch status {
        case 0: break
        case EAI_NONAME, -5: throw .unknown(host: host)  // -5: EAI_NODATA, a name without addresses
        case EAI_AGAIN: throw .unreachable(host: host)
        case EAI_SYSTEM: throw .failed(host: host, reason: SystemError(errno: errno, call: "getaddrinfo").reason)
        default: throw .failed(host: host, reason: gai_strerror(status).map { String(cString: $0) } ?? "error \(status)")
        }
        var found: [SocketAddress] = []
        var next = first
        while let item = next?.pointee {
            next = item.ai_next
            guard let address = item.ai_addr, Int(item.ai_addrlen) <= MemoryLayout<sockaddr_storage>.size else { continue }
            var storage = sockaddr_storage()
            withUnsafeMutableBytes(of: &storage) {
                $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(item.ai_addrlen)))
            }
            guard let plain = SocketAddress(storage) else { continue }
            let wanted = SocketAddress(plain.address, port: port, scope: plain.scope)
            if !found.contains(wanted) { found.append(wanted) }
        }
        if found.isEmpty { throw .unknown(host: host) }
        return found
    }
}

/// Tells when network interfaces and addresses come and go.
package enum NetworkChanges {
    /// A nonblocking descriptor that becomes readable when something changed; pass it to `take`.
    package static func listen() throws(SystemError) -> Descriptor {
        Descriptor(owning: try retrying("netlink") { clinux_netlink_addresses() })
    }

    /// Takes all that waits on a descriptor of `listen`.
    ///
    /// - Returns: whether something came: an address was added, a link started running, or so much happened that the kernel lost
    ///   count. Only departures: false.
    package static func take(_ raw: Int32) -> Bool {
        var hasNews = false
        withUnsafeTemporaryAllocation(byteCount: 32_768, alignment: 8) { room in
            while true {
                switch Sockets.receive(raw, into: room) {
                case .bytes(let count): hasNews = isArrival(UnsafeRawBufferPointer(rebasing: room[..<count])) || hasNews
                case .failed(let error) where error.errno == ENOBUFS: hasNews = true
                case .wouldBlock, .endOfFile, .failed: return
                }
            }
        }
        return hasNews
    }

    /// netlink(7): messages of length (4 bytes), type (2), flags (2), sequence (4), port (4), body; each at a multiple of 4.
    static func isArrival(_ messages: UnsafeRawBufferPointer) -> Bool {
        let header = 16
        var offset = 0
        while offset + header <= messages.count {
            let length = Int(messages.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            guard length >= header, length <= messages.count - offset else { return false }
            switch messages.loadUnaligned(fromByteOffset: offset + 4, as: UInt16.self) {
            case 20: return true  // RTM_NEWADDR
            case 16 where length >= header + 12:  // RTM_NEWLINK: ifinfomsg has its flags at byte 8
                let flags = messages.loadUnaligned(fromByteOffset: offset + header + 8, as: UInt32.self)
                if flags & 0x40 != 0 { return true }  // IFF_RUNNING
            default: break
            }
            offset += (length + 3) & ~3
        }
        return false
    }
}

/// A pair of descriptors of which one behaves like a terminal for the program at the other.
package struct PseudoTerminal: ~Copyable, Sendable {
    /// Our side: what the program prints is read here, what is written here the program reads as typed.
    package let leader: Descriptor
    /// The program's side.
    package let follower: Descriptor

    /// Opens a new one of the given size.
    package static func open(rows: UInt16 = 24, columns: UInt16 = 80) throws(SystemError) -> PseudoTerminal {
        var raw: Int32 = -1
        let path = try withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { room throws(SystemError) in
            _ = try retrying("openpt") { clinux_open_pty(&raw, room.baseAddress, room.count) }
            return room.baseAddress.map { String(cString: $0) } ?? ""
        }
        let leader = Descriptor(owning: raw)
        let pair = PseudoTerminal(leader: leader, follower: try Files.open(path, O_RDWR | O_NOCTTY))
        try pair.setSize(rows: rows, columns: columns)
        return pair
    }

    private init(leader: consuming Descriptor, follower: consuming Descriptor) {
        self.leader = leader
        self.follower = follower
    }

    /// Tells the program that its window has another size.
    package borrowing func setSize(rows: UInt16, columns: UInt16) throws(SystemError) {
        let raw = leader.raw
        _ = try retrying("ioctl") { clinux_set_window_size(raw, rows, columns) }
    }
}

/// The environment of this process. For `main`, which passes values down.
package enum Environment {
    /// The value of `name`; `nil` if it is not set.
    package static func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
