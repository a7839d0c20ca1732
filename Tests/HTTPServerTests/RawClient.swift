import EventLoops
import Glibc
import HTTPServer
import SystemCalls
import Testing

/// A peer that sends whatever bytes a test wants, over a blocking socket. Used on a thread of its own (`onThread`).
final class RawClient {
    private let raw: Int32
    private(set) var received: [UInt8] = []
    private(set) var isClosed = false

    /// Connects to a port of 127.0.0.1, from the loopback address `source`.
    init(_ address: SocketAddress, from source: String = "127.0.0.1", receiveBuffer: Int32? = nil) throws {
        raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        try #require(raw >= 0)
        if var size = receiveBuffer { setsockopt(raw, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size)) }
        var local = Self.kernelForm(source, 0)
        try #require(bind(raw, &local, socklen_t(MemoryLayout<sockaddr>.size)) == 0)
        var remote = Self.kernelForm("127.0.0.1", address.port)
        try #require(connect(raw, &remote, socklen_t(MemoryLayout<sockaddr>.size)) == 0)
    }

    deinit { close(raw) }

    private static func kernelForm(_ text: String, _ port: UInt16) -> sockaddr {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, text, &address.sin_addr)
        return withUnsafeBytes(of: address) { $0.loadUnaligned(as: sockaddr.self) }
    }

    /// Sends all of it; false if the other side has closed.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.send(raw, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// What has come so far.
    var text: String { String(decoding: received, as: UTF8.self) }

    /// Reads until `isEnough` holds or the other side closes; false when neither happens within `deadline`.
    @discardableResult
    func read(_ deadline: Duration = .seconds(30), until isEnough: ((String) -> Bool)? = nil) -> Bool {
        let end = MonotonicClock.now + deadline
        var room = [UInt8](repeating: 0, count: 65_536)
        while !isClosed, isEnough?(text) != true {
            let left = (end - MonotonicClock.now).wholeNanoseconds / 1_000_000
            guard left > 0 else { return false }
            var watched = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
            guard poll(&watched, 1, Int32(left)) > 0 else { continue }
            let count = recv(raw, &room, room.count, 0)
            if count > 0 { received += room[..<count] } else { isClosed = true }
        }
        return true
    }

    /// Sends and reads until the other side closes.
    func ask(_ text: String) -> String {
        send(text)
        read()
        return self.text
    }

    /// Forgets what has come.
    func clear() { received = [] }
}

/// Runs `body` on a thread of its own, where it may block.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    let executor = BlockingExecutor(name: "client")
    defer { executor.submit { executor.stop() } }
    return try await executor.run { () throws(any Error) in try body() }
}

/// One exchange on a connection of its own: all that comes until the server closes.
func ask(_ address: SocketAddress, _ text: String) async throws -> String {
    try await onThread { try RawClient(address).ask(text) }
}

/// A GET that ends the connection, as text.
func get(_ path: String, _ fields: String = "") -> String { "GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(fields)\r\n" }

/// The number in the first line.
func status(_ answer: String) -> Int? { answer.split(separator: " ").dropFirst().first.flatMap { Int($0) } }

/// What follows the header.
func content(_ answer: String) -> String {
    guard let end = answer.range(of: "\r\n\r\n") else { return "" }
    return String(answer[end.upperBound...])
}

extension String {
    /// Where `text` stands first.
    func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text), let end = index(start, offsetBy: text.count, limitedBy: endIndex) { return start..<end }
            start = index(after: start)
        }
        return nil
    }
}

/// Says what came: method, path, query, form, body length and the `X-Test` field.
let echo: HTTPHandler = { request in
    let query = request.query.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
    let form = request.form()?.map { "\($0.name)=\($0.value)" }.joined(separator: ",") ?? "none"
    return .text(
        "\(request.method) \(request.path) [\(query)] form:[\(form)] body:\(request.body.count) test:\(request.header("x-test") ?? "")")
}

/// A running server for the time of `body`, which gets its address. When it has stopped no connection may be left.
func withServer(
    limits: HTTPLimits = HTTPLimits(), identity: TLSIdentity? = nil, handler: @escaping HTTPHandler = echo,
    _ body: (SocketAddress, WebServer) async throws -> Void
) async throws {
    let loop = try EventLoop(name: "http")
    loop.start()
    let configuration = HTTPServerConfiguration(addresses: [.loopback(port: 0)], identity: identity, limits: limits)
    let server = WebServer(loop: loop, configuration: configuration, handler: handler)
    let bound = try await server.start()
    do { try await body(bound[0], server) } catch { Issue.record(error) }
    await server.stop()
    #expect(await server.connectionCount == 0)
    loop.stop()
    #expect(loop.registrationCountAfterStop == 0)
}

extension EventLoop {
    /// A stopped loop has forgotten its registrations; the server must have ended its own before.
    fileprivate var registrationCountAfterStop: Int { registrationCount }
}

/// Waits until `condition` holds; false if it does not within `deadline`.
func eventually(_ deadline: Duration = .seconds(30), _ condition: () async -> Bool) async -> Bool {
    let end = MonotonicClock.now + deadline
    while MonotonicClock.now < end {
        if await condition() { return true }
        try? await Task.sleep(for: .milliseconds(10))  // nobody cancels tests
    }
    return await condition()
}
