import Glibc
import HTTPServer
import SystemCalls
import Testing

/// W07, W08: what peers can make the server hold, and for how long. One after the other: they measure this process.
@Suite(.serialized) struct LoadTests {
    /// Resident memory of this process, in bytes.
    private static func residentMemory() throws -> Int {
        let fields = String(decoding: try Files.read("/proc/self/statm", limit: 1000), as: UTF8.self).split(separator: " ")
        return try #require(Int(fields[1])) * sysconf(Int32(_SC_PAGESIZE))
    }

    // MARK: W07

    @Test func W07_bodyAboveTheLimitIsRefusedUnread() async throws {
        try await withServer { address, _ in
            let before = try Self.residentMemory()
            for length in [
                "262145", "1073741824", "9223372036854775807", "18446744073709551615", "18446744073709551616", "99999999999999999999999",
            ] {
                let answer = try await onThread {
                    let client = try RawClient(address)
                    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\r\n")
                    // It goes on sending, whatever it is told.
                    let block = [UInt8](repeating: 0x61, count: 65_536)
                    for _ in 0..<1000 where client.send(block) {}
                    client.read()
                    return client.text
                }
                // The kernel may drop the answer when it resets a connection that is still being sent to.
                #expect(answer == "" || status(answer) == 413, "\(length): \(answer)")
            }
            let polite = try await ask(address, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1073741824\r\n\r\n")
            #expect(status(polite) == 413)
            #expect(try Self.residentMemory() - before < 8 << 20)
        }
    }

    @Test func W07_endlessChunksAreRefused() async throws {
        try await withServer { address, _ in
            let before = try Self.residentMemory()
            let sent = try await onThread {
                let client = try RawClient(address)
                client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
                let chunk = Array("10000\r\n".utf8) + [UInt8](repeating: 0x61, count: 65_536) + Array("\r\n".utf8)
                var count = 0
                while count < 10_000, client.send(chunk) { count += 1 }
                return count
            }
            #expect(sent < 1000, "it was hung up on")
            #expect(try Self.residentMemory() - before < 8 << 20)
        }
    }

    @Test(arguments: [
        ("100,000 fields", "GET / HTTP/1.1\r\nHost: x\r\n", "A: b\r\n", 100_000, 431),
        ("a field of 1 MB", "GET / HTTP/1.1\r\nHost: x\r\nA: ", "a", 1 << 20, 431),
        ("an address of 1 MB", "GET /", "a", 1 << 20, 414), ("a method of 1 MB", "", "A", 1 << 20, 414),
        ("a name of 1 MB", "GET / HTTP/1.1\r\nHost: x\r\n", "a", 1 << 20, 431),
        ("70 kB", "GET / HTTP/1.1\r\nHost: x\r\nA: ", "a", 70_000, 431),
    ])
    func W07_headerAboveTheLimitIsRefused(_ name: String, _ start: String, _ part: String, _ count: Int, _ expected: Int) async throws {
        let rest = String(repeating: part, count: count)
        try await withServer { address, _ in
            let before = try Self.residentMemory()
            for _ in 0..<20 {
                let answer = try await onThread {
                    let client = try RawClient(address)
                    client.send(start)
                    client.send(rest)
                    client.read()
                    return client.text
                }
                #expect(answer == "" || status(answer) == expected, "\(name): \(answer.prefix(100))")
            }
            #expect(try Self.residentMemory() - before < 8 << 20)
        }
    }

    @Test func W07_headerWithinTheLimitPasses() async throws {
        try await withServer { address, _ in
            let answer = try await ask(address, get("/", "X-Test: \(String(repeating: "a", count: 8000))\r\n"))
            #expect(status(answer) == 200)
            let fields = try await ask(address, get("/", String(repeating: "A: b\r\n", count: 100)))
            #expect(status(fields) == 200)
        }
    }

    // MARK: W08

    /// Connects `count` times and starts a request on each.
    private func crowd(_ address: SocketAddress, _ count: Int, sending text: String, from source: @escaping @Sendable (Int) -> String)
        async throws -> Crowd
    {
        try await onThread {
            let crowd = Crowd()
            for number in 0..<count {
                let client = try RawClient(address, from: source(number), receiveBuffer: 4096)
                client.send(text)
                crowd.clients.append(client)
            }
            return crowd
        }
    }

    @Test(arguments: [false, true]) func W08_slowHeadersKeepNobodyOut(_ isOneSource: Bool) async throws {
        var limits = HTTPLimits()
        limits.headerTime = .seconds(3)
        try await withServer(limits: limits) { address, server in
            let crowd = try await crowd(address, 2000, sending: "GET / HTTP/1.1\r\nHost: x\r\nA: ") { number in
                isOneSource ? "127.0.0.1" : "127.0.\(1 + number / 200).\(1 + number % 200)"
            }
            #expect(await server.connectionCount <= limits.connections + 32)
            // Somebody else, while 2,000 go on byte by byte.
            try await onThread {
                for round in 0..<40 {
                    crowd.sendAll("a")
                    let client = try RawClient(address, from: "127.0.0.77")
                    client.send(get("/"))
                    #expect(client.read(.seconds(5)), "round \(round)")
                    #expect(status(client.text) == 200, "round \(round)")
                }
            }
            // They are ended although they never stop sending.
            #expect(
                await eventually(limits.headerTime * 3) {
                    crowd.sendAll("a")
                    return await server.connectionCount == 0
                })
        }
    }

    @Test func W08_slowBodiesKeepNobodyOut() async throws {
        var limits = HTTPLimits()
        limits.bodyTime = .seconds(3)
        try await withServer(limits: limits) { address, server in
            let crowd = try await crowd(address, 500, sending: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n") { number in
                "127.0.\(1 + number / 200).\(1 + number % 200)"
            }
            for _ in 0..<20 {
                let answer = try await ask(address, get("/"))
                #expect(status(answer) == 200)
            }
            #expect(
                await eventually(limits.bodyTime * 3) {
                    crowd.sendAll("a")
                    return await server.connectionCount == 0
                })
        }
    }

    @Test func W08_slowReadersKeepNobodyOutAndAreEnded() async throws {
        var limits = HTTPLimits()
        limits.replyTime = .seconds(2)
        limits.slowestReader = 4 << 20
        let large = [UInt8](repeating: 0x61, count: 4 << 20)
        try await withServer(limits: limits, handler: { $0.path == "/large" ? .file(large, type: "text/plain") : .text("small") }) {
            address, server in
            // Fewer than the limit: none has to make room.
            let crowd = try await crowd(address, 60, sending: get("/large")) { "127.0.1.\(1 + $0)" }
            for _ in 0..<20 {
                let answer = try await ask(address, get("/"))
                #expect(content(answer) == "small")
            }
            #expect(await eventually { await server.connectionCount == 0 }, "closed although they never hung up")
            #expect(crowd.clients.count == 60)
        }
    }

    @Test func idleConnectionsAreEnded() async throws {
        var limits = HTTPLimits()
        limits.idleTime = .seconds(1)
        try await withServer(limits: limits) { address, server in
            let client = try await onThread {
                let crowd = Crowd()
                crowd.clients.append(try RawClient(address))
                crowd.clients[0].send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                crowd.clients[0].read { $0.hasSuffix("test:") }
                return crowd
            }
            #expect(await server.connectionCount == 1)
            #expect(await eventually { await server.connectionCount == 0 })
            #expect(client.clients.count == 1)
        }
    }
}

/// Clients that a test holds open.
// @unchecked: used by one thread at a time; the test waits for each before it goes on.
final class Crowd: @unchecked Sendable {
    var clients: [RawClient] = []

    /// One that was hung up on is passed over.
    func sendAll(_ text: String) {
        let bytes = Array(text.utf8)
        for client in clients { client.send(bytes) }
    }
}
