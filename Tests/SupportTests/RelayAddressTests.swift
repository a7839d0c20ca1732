import Support
import Testing

@Suite("RelayAddress")
struct RelayAddressTests {
    @Test(
        arguments: [
            ("relay.example.com", "relay.example.com", [22], "relay.example.com"),
            ("Relay.Example.COM:2222", "relay.example.com", [2222], "relay.example.com:2222"),
            ("relay:22", "relay", [22], "relay"), ("relay:22,443,22", "relay", [22, 443], "relay:22,443"),
            ("relay:1,65535", "relay", [1, 65535], "relay:1,65535"), ("192.0.2.1", "192.0.2.1", [22], "192.0.2.1"),
            ("255.255.255.255:443", "255.255.255.255", [443], "255.255.255.255:443"),
            ("[2001:DB8::1]", "2001:db8::1", [22], "[2001:db8::1]"),
            ("[::]:2222", "::", [2222], "[::]:2222"), ("[1:2:3:4:5:6:7:8]:9", "1:2:3:4:5:6:7:8", [9], "[1:2:3:4:5:6:7:8]:9"),
            ("[::1]", "::1", [22], "[::1]"), ("[fe80::]", "fe80::", [22], "[fe80::]"), ("1a.2b", "1a.2b", [22], "1a.2b"),
            ("7up", "7up", [22], "7up"),
            ("relay:1,2,3,4,5,6,7,8", "relay", [1, 2, 3, 4, 5, 6, 7, 8], "relay:1,2,3,4,5,6,7,8"),
        ] as [(String, String, [UInt16], String)])
    func hostAndPortsAreRead(text: String, host: String, ports: [UInt16], printed: String) throws {
        let address = try RelayAddress(parsing: text)
        #expect(address.host == host)
        #expect(address.ports == ports)
        #expect(address.description == printed)
        #expect(try RelayAddress(parsing: printed) == address)
    }

    @Test(
        arguments: [
            ":22", "relay:", "relay:0", "relay:65536", "relay:99999999999999999999", "relay:-1", "relay:+22", "relay:22,", "relay:,22",
            "relay:ssh",
            "relay:22:23", "relay:1,2,3,4,5,6,7,8,9", "2001:db8::1", "[2001:db8::1", "2001:db8::1]", "[relay]", "[1.2.3.4]", "[::1]22",
            "[::1]:",
            "[]", "[:]", "[:::]", "[1::2::3]", "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]", "[12345::]", "[::g]", "[fe80::1%eth0]", "[::+1]",
            "[::-1]",
            "256.1.1.1", "1.2.3", "1.2.3.4.5", "010.0.0.1", "1.2.3.4.", "127", "0x7f.1.1.1.1.9", "a..b", ".a", "-a.b", "a-.b", "a_b",
            "user@relay",
            "ssh://relay", "relay/", "relay;id", String(repeating: "a", count: 64) + ".b",
            Array(repeating: "abcdefg", count: 32).joined(separator: "."), "relay:" + String(repeating: "1", count: 10_240),
        ] + HostileNames.all.filter { $0 != "a.b" })
    func A05_whatIsNoAddressIsRefusedWithOneHarmlessLine(text: String) {
        #expect {
            try RelayAddress(parsing: text)
        } throws: { error in
            let line = "\(error)"
            return line.count < 300 && line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        }
    }

    @Test(arguments: [252, 253, 254])
    func hostsHaveABound(length: Int) {
        let name = String(String(repeating: "abcdefghi.", count: 26).prefix(length - 1)) + "z"
        if length <= 253 {
            #expect(throws: Never.self) { try RelayAddress(parsing: name) }
        } else {
            #expect(throws: ParseError.self) { try RelayAddress(parsing: name) }
        }
    }
}
