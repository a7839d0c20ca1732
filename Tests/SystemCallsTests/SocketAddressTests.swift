import SystemCalls
import Testing

@Suite struct SocketAddressTests {
    @Test(arguments: [
        "127.0.0.1:0", "192.0.2.7:22", "255.255.255.255:65535", "[::1]:22", "[2001:db8::1]:443", "[fe80::1]:1", "0.0.0.0:1024", "[::]:80",
    ])
    func textsReadAndPrintTheSame(_ text: String) throws {
        #expect(try SocketAddress(parsing: text).description == text)
    }

    @Test(arguments: [
        ("", SocketAddressError.portMissing("")), ("127.0.0.1", .portMissing("127.0.0.1")), ("[::1]", .portMissing("[::1]")),
        ("127.0.0.1:", .portInvalid("")), ("127.0.0.1:65536", .portInvalid("65536")), ("127.0.0.1:-1", .portInvalid("-1")),
        ("127.0.0.1:+1", .portInvalid("+1")), ("127.0.0.1:000022", .portInvalid("000022")), ("127.0.0.1:22 ", .portInvalid("22 ")),
        ("::1:22", .addressInvalid("::1")), ("[127.0.0.1]:22", .addressInvalid("[127.0.0.1]")),
        ("localhost:22", .addressInvalid("localhost")),
        (":22", .addressInvalid("")), ("127.1:22", .addressInvalid("127.1")), ("256.0.0.1:1", .addressInvalid("256.0.0.1")),
        ("[::1%lo]:22", .addressInvalid("[::1%lo]")), ("127.0.0.1\0:22", .addressInvalid("127.0.0.1\0")),
    ])
    func textsThatAreNoAddressAreRefusedWithTheirReason(_ text: String, _ reason: SocketAddressError) {
        #expect(throws: reason) { _ = try SocketAddress(parsing: text) }
    }

    @Test func refusalIsOneShortPrintableLine() {
        let text = String(repeating: "x\u{1b}\n", count: 1000) + ":22"
        let error = #expect(throws: SocketAddressError.self) { _ = try SocketAddress(parsing: text) }
        let line = error?.description ?? ""
        #expect(!line.isEmpty && line.utf8.count < 1000 && line.unicodeScalars.allSatisfy { $0.value >= 0x20 })
    }

    @Test func sourceIsOneIPv4AddressOrAnIPv6Network() throws {
        func group(_ text: String) throws -> SourceGroup { try SocketAddress(parsing: text).sourceGroup }
        #expect(try group("192.0.2.7:1") == group("192.0.2.7:2"))
        #expect(try group("192.0.2.7:1") != group("192.0.2.8:1"))
        #expect(try group("[2001:db8:0:1::1]:1") == group("[2001:db8:0:1:ffff::2]:2"))
        #expect(try group("[2001:db8:0:1::1]:1") != group("[2001:db8:0:2::1]:1"))
        #expect(try group("[2001:db8:0:1::1]:1").description == "2001:db8:0:1::/64")
        #expect(try group("192.0.2.7:1").description == "192.0.2.7")
    }

    @Test func loopbackIsKnown() {
        #expect(IPAddress("127.9.9.9")?.isLoopback == true)
        #expect(IPAddress("::1")?.isLoopback == true)
        #expect(IPAddress("128.0.0.1")?.isLoopback == false)
        #expect(IPAddress("::2")?.isLoopback == false)
    }
}
