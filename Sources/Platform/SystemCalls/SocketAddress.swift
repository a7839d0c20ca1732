import Glibc

/// An IPv4 or IPv6 address.
package enum IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// The four bytes as one number, first byte highest.
    case v4(UInt32)
    /// The sixteen bytes as two numbers, first byte highest.
    case v6(high: UInt64, low: UInt64)

    /// Reads a literal such as `192.0.2.7` or `2001:db8::1` (no brackets, no zone, no names).
    package init?(_ text: String) {
        var four = in_addr()
        var six = in6_addr()
        if text.utf8.contains(0) { return nil }  // C would see only what stands before it
        if inet_pton(AF_INET, text, &four) == 1 {
            self = .v4(UInt32(bigEndian: four.s_addr))
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            self.init(six)
        } else {
            return nil
        }
    }

    init(_ six: in6_addr) {
        self = withUnsafeBytes(of: six) { bytes in
            .v6(
                high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        }
    }

    /// The address as `inet_pton` takes it.
    var six: in6_addr? {
        guard case .v6(let high, let low) = self else { return nil }
        var result = in6_addr()
        withUnsafeMutableBytes(of: &result) { bytes in
            bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
            bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return result
    }

    /// The 4 or 16 bytes in network order.
    package var bytes: [UInt8] {
        switch self {
        case .v4(let bits): withUnsafeBytes(of: bits.bigEndian, Array.init)
        case .v6(let high, let low): withUnsafeBytes(of: high.bigEndian, Array.init) + withUnsafeBytes(of: low.bigEndian, Array.init)
        }
    }

    /// Whether it names this machine itself: 127.0.0.0/8 or ::1.
    package var isLoopback: Bool {
        switch self {
        case .v4(let bits): bits >> 24 == 127
        case .v6(let high, let low): high == 0 && low == 1
        }
    }

    /// The shortest usual form: `192.0.2.7`, `2001:db8::1`.
    package var description: String {
        switch self {
        case .v4(let bits): return "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
        case .v6:
            guard var six else { return "" }
            return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { room in
                guard let base = room.baseAddress, inet_ntop(AF_INET6, &six, base, socklen_t(INET6_ADDRSTRLEN)) != nil else { return "" }
                return String(cString: base)
            }
        }
    }
}

/// Whom a connection is counted against: one IPv4 address, or one IPv6 /64, which is what one customer commonly has.
package enum SourceGroup: Hashable, Sendable, CustomStringConvertible {
    /// An IPv4 address (/32).
    case v4(UInt32)
    /// The first 64 bits of an IPv6 address.
    case v6(prefix: UInt64)

    /// `192.0.2.7` or `2001:db8::/64`.
    package var description: String {
        switch self {
        case .v4(let bits): IPAddress.v4(bits).description
        case .v6(let prefix): "\(IPAddress.v6(high: prefix, low: 0))/64"
        }
    }
}

/// Why a text is not a socket address.
package enum SocketAddressError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no `:PORT` at its end.
    case portMissing(String)
    /// What follows the last colon is not a number 0...65535.
    case portInvalid(String)
    /// What stands before it is no IPv4 address and no IPv6 address in brackets; names are not looked up.
    case addressInvalid(String)

    /// One line that says what is wrong with which text.
    package var description: String {
        switch self {
        case .portMissing(let text): "\"\(Log.escaped(String(text.prefix(80))))\" has no port: write ADDRESS:PORT"
        case .portInvalid(let text): "\"\(Log.escaped(String(text.prefix(80))))\" is not a port: 0 to 65535"
        case .addressInvalid(let text):
            "\"\(Log.escaped(String(text.prefix(80))))\" is not an address: write 192.0.2.7 or [2001:db8::1]"
        }
    }
}

/// An address and a TCP port.
package struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// Which machine or interface.
    package let address: IPAddress
    /// 0 asks the kernel to choose when listening.
    package let port: UInt16
    /// The interface number of a link-local IPv6 address; 0 otherwise.
    package let scope: UInt32

    /// An address with its parts given.
    package init(_ address: IPAddress, port: UInt16, scope: UInt32 = 0) {
        self.address = address
        self.port = port
        self.scope = scope
    }

    /// Reads `192.0.2.7:22` or `[2001:db8::1]:22`.
    ///
    /// Names are refused: nothing is ever looked up here.
    package init(parsing text: String) throws(SocketAddressError) {
        guard let colon = text.utf8.lastIndex(of: 0x3a), !text.hasSuffix("]") else { throw .portMissing(text) }
        let digits = text[text.index(after: colon)...]
        guard !digits.isEmpty, digits.utf8.count <= 5, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let port = UInt16(digits)
        else { throw .portInvalid(String(digits)) }
        var host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = host.dropFirst().dropLast() }
        guard let address = IPAddress(String(host)) else { throw .addressInvalid(String(text[..<colon])) }
        if case .v6 = address, !isBracketed { throw .addressInvalid(String(text[..<colon])) }
        if case .v4 = address, isBracketed { throw .addressInvalid(String(text[..<colon])) }
        self.init(address, port: port)
    }

    /// 127.0.0.1.
    package static func loopback(port: UInt16) -> SocketAddress { SocketAddress(.v4(0x7f00_0001), port: port) }

    /// Whom this peer is counted against.
    package var sourceGroup: SourceGroup {
        switch address {
        case .v4(let bits): .v4(bits)
        case .v6(let high, _): .v6(prefix: high)
        }
    }

    /// `192.0.2.7:22` or `[2001:db8::1]:22`.
    package var description: String {
        switch address {
        case .v4: "\(address):\(port)"
        case .v6: "[\(address)]:\(port)"
        }
    }

    /// `AF_INET` or `AF_INET6`.
    var family: Int32 {
        switch address {
        case .v4: AF_INET
        case .v6: AF_INET6
        }
    }

    /// What the kernel filled in; `nil` for families other than IPv4 and IPv6.
    init?(_ storage: sockaddr_storage) {
        switch Int32(storage.ss_family) {
        case AF_INET:
            let four = withUnsafeBytes(of: storage) { $0.loadUnaligned(as: sockaddr_in.self) }
            self.init(.v4(UInt32(bigEndian: four.sin_addr.s_addr)), port: UInt16(bigEndian: four.sin_port))
        case AF_INET6:
            let six = withUnsafeBytes(of: storage) { $0.loadUnaligned(as: sockaddr_in6.self) }
            self.init(IPAddress(six.sin6_addr), port: UInt16(bigEndian: six.sin6_port), scope: six.sin6_scope_id)
        default: return nil
        }
    }

    /// Passes the address as the kernel takes it.
    func withKernelForm<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        switch address {
        case .v4(let bits):
            var four = sockaddr_in()
            four.sin_family = sa_family_t(AF_INET)
            four.sin_port = port.bigEndian
            four.sin_addr.s_addr = bits.bigEndian
            return withUnsafePointer(to: &four) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
            }
        case .v6:
            var six = sockaddr_in6()
            six.sin6_family = sa_family_t(AF_INET6)
            six.sin6_port = port.bigEndian
            six.sin6_addr = address.six ?? in6_addr()
            six.sin6_scope_id = scope
            return withUnsafePointer(to: &six) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in6>.size)) }
            }
        }
    }
}
