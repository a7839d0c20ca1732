import SSHKeys
import SystemCalls
import TerminalCore
import Testing

extension TerminalProgramTests {
    /// Ways to the relay that are not straight: proxies, and names that lead nowhere.
    @Suite(.serialized) struct WayTests {
        @Test(arguments: ["http", "socks5"])
        func aProxyWithCredentialsIsPassedAndItsPasswordIsOnNoCommandLine(kind: String) async throws {
            try await withSite { site in
                let proxy = try TestProxy(isSOCKS: kind == "socks5", user: "shop", password: "s3cret-word")
                try await site.setUp()
                let password = try site.folder.write("s3cret-word\n", to: "password")
                try await site.must(
                    "settings", "change", "--proxy", "\(kind)://127.0.0.1:\(proxy.port)", "--proxy-user", "shop", "--proxy-password",
                    password)
                let start = try await site.must("start")
                #expect(start.output.contains("waiting for support"), "\(start)")
                #expect(proxy.connections > 0)
                #expect(try await site.login("id -un").output == "\(site.user)\n")
                for entry in try site.processes {
                    // A process may end while it is looked at.
                    let line = (try? Files.read("/proc/\(entry.pid)/cmdline", limit: 1 << 16)).map { String(decoding: $0, as: UTF8.self) }
                    #expect(line?.contains("s3cret-word") != true)
                }
                let shown = try await site.must("settings", "show")
                #expect(shown.output.contains("as shop, with a password") && !shown.output.contains("s3cret-word"), "\(shown)")
                #expect(!(try await site.must("log").output.contains("s3cret-word")))
                proxy.end()
            }
        }

        @Test func aProxyThatWantsOtherCredentialsOrIsAwaySaysSo() async throws {
            try await withSite { site in
                let proxy = try TestProxy(isSOCKS: false, user: "shop", password: "right")
                try await site.setUp()
                try await site.must("settings", "change", "--proxy", "http://127.0.0.1:\(proxy.port)")
                let refused = try await site.command("start")
                #expect(refused.errors.contains("wants a user name and a password"), "\(refused)")
                #expect(try await site.status().failure?.code == .proxyCredentials)
                try await site.must("stop")
                proxy.end()
                try await site.must("settings", "change", "--proxy", "socks5://127.0.0.1:\(try StockRelay.freePort())")
                let away = try await site.command("test")
                #expect(away.output.contains("cannot be reached: Connection refused"), "\(away)")
                try await site.must("settings", "change", "--proxy", "none")
                try await site.must("start")
            }
        }

        /// The program runs with name files of its own (a mount namespace), so that a name can stop to lead anywhere.
        @Test(.enabled(if: Site.isRoot)) func aNameThatIsLostLeadsToWhereTheRelayWasLast_N05() async throws {
            try await withSite(serving: false) { site in
                let hosts = try site.folder.write("127.0.0.1 localhost relay.test\n", to: "hosts", mode: 0o644)
                let resolver = try site.folder.write("nameserver 127.0.0.1\n", to: "resolv.conf", mode: 0o644)
                let script = "mount --bind \(hosts) /etc/hosts && mount --bind \(resolver) /etc/resolv.conf && exec \"$@\""
                try await site.serve(through: ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", script, "sh"])
                try await site.setUp()
                try await site.must("settings", "change", "--relay", "relay.test:\(site.relay.port)")
                try await site.must("start")
                // In place: the mount shows this very file.
                try await blocking {
                    // O_WRONLY | O_TRUNC
                    let file = try Files.open(hosts, 0o1 | 0o1000)
                    try Files.writeAll(file.raw, Array("127.0.0.1 localhost\n".utf8))
                }
                let begin = ContinuousClock.now
                Processes.signal(try #require(try site.processes.first { $0.name == "ssh" }), .kill)
                try await eventually(within: .seconds(40), "it is back") {
                    let status = try await site.status()
                    return status.state == .waiting && status.events.contains { $0.code == .lastGoodAddress }
                }
                #expect(ContinuousClock.now - begin < .seconds(30), "15 s, and what a loaded machine adds")
                #expect(try await site.login("true").succeeded)
                let events = try await site.status().events
                #expect(events.contains { $0.failure?.code == .nameUnknown || $0.failure?.code == .nameUnresolved })
            }
        }
    }
}

/// A proxy that knows one user, and connects to whatever it is asked for.
final class TestProxy: Sendable {
    let port: UInt16
    private let isOver = Monitor(false)
    private let count = Monitor(0)

    var connections: Int { count.withLock { $0 } }

    init(isSOCKS: Bool, user: String, password: String) throws {
        let listener = try Sockets.listen(on: .loopback(port: 0))
        port = try Sockets.localAddress(listener.raw).port
        let raw = listener.release()
        Threads.start(name: "proxy") { [isOver, count] in
            while isOver.wait(until: MonotonicClock.now + .milliseconds(10), for: { $0 ? true : nil }) == nil {
                guard case .connection(let connection, _) = Sockets.accept(raw) else { continue }
                let client = connection.release()
                Threads.start(name: "proxied") {
                    let client = Descriptor(owning: client)
                    let target = isSOCKS ? Self.socks(client.raw, user, password) : Self.http(client.raw, user, password)
                    // Who is gone needs nothing.
                    guard let target, let relay = try? Sockets.connect(to: .loopback(port: target)),
                        Files.waitUntilReady(relay.raw, toRead: false, until: MonotonicClock.now + .seconds(5))
                    else { return }
                    count.withLock { $0 += 1 }
                    let answer = isSOCKS ? [5, 0, 0, 1, 0, 0, 0, 0, 0, 0] : Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
                    // Who is gone needs nothing.
                    try? Files.writeAll(client.raw, answer)
                    Self.pump(client.raw, relay.raw)
                }
            }
            Descriptor.close(raw)
        }
    }

    func end() { isOver.withLock { $0 = true } }

    /// The port of `CONNECT HOST:PORT`; nil if it was refused.
    private static func http(_ raw: Int32, _ user: String, _ password: String) -> UInt16? {
        var head = ""
        while !head.hasSuffix("\r\n\r\n"), let byte = take(1, raw)?.first { head.unicodeScalars.append(Unicode.Scalar(byte)) }
        let credentials = Base64.encode(Array("\(user):\(password)".utf8), isPadded: true)
        guard head.contains("Proxy-Authorization: Basic \(credentials)\r\n") else {
            // Who is gone needs nothing.
            try? Files.writeAll(raw, Array("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n".utf8))
            return nil
        }
        return head.split(separator: " ").dropFirst().first?.split(separator: ":").last.flatMap { UInt16($0) }
    }

    private static func socks(_ raw: Int32, _ user: String, _ password: String) -> UInt16? {
        guard take(4, raw) == [5, 2, 0, 2] else { return nil }
        // Who is gone needs nothing.
        try? Files.writeAll(raw, [5, 2])
        let wanted = [1, UInt8(user.utf8.count)] + Array(user.utf8) + [UInt8(password.utf8.count)] + Array(password.utf8)
        guard take(wanted.count, raw) == wanted else { return nil }
        // Who is gone needs nothing.
        try? Files.writeAll(raw, [1, 0])
        guard let head = take(5, raw), head[3] == 3, let rest = take(Int(head[4]) + 2, raw) else { return nil }
        return UInt16(rest[rest.count - 2]) << 8 | UInt16(rest[rest.count - 1])
    }

    private static func take(_ count: Int, _ raw: Int32) -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard Files.waitUntilReady(raw, toRead: true, until: MonotonicClock.now + .seconds(5)) else { return nil }
            var room = [UInt8](repeating: 0, count: count - bytes.count)
            guard case .bytes(let received) = room.withUnsafeMutableBytes({ Sockets.receive(raw, into: $0) }) else { return nil }
            bytes += room.prefix(received)
        }
        return bytes
    }

    /// Both ways until one side ends: one direction here, the other on a thread of its own.
    private static func pump(_ left: Int32, _ right: Int32) {
        let isDone = Monitor(false)
        Threads.start(name: "pump") {
            copy(from: right, to: left)
            isDone.withLock { $0 = true }
        }
        copy(from: left, to: right)
        // Who is gone needs nothing.
        try? Sockets.finishSending(right)
        _ = isDone.wait { $0 ? true : nil }
    }

    private static func copy(from: Int32, to: Int32) {
        var room = [UInt8](repeating: 0, count: 65_536)
        while true {
            guard Files.waitUntilReady(from, toRead: true, until: MonotonicClock.now + .seconds(600)) else { return }
            switch room.withUnsafeMutableBytes({ Sockets.receive(from, into: $0) }) {
            case .bytes(let count): do { try Files.writeAll(to, Array(room.prefix(count))) } catch { return }
            case .wouldBlock: continue
            case .endOfFile, .failed:
                // Who is gone needs nothing.
                try? Sockets.finishSending(to)
                return
            }
        }
    }
}
