import Glibc
import SystemCalls
import Testing

@testable import ServiceManager

/// A Unix datagram socket that a service manager would have.
private final class Ear: Sendable {
    let address: String
    private let raw: Int32

    init(_ address: String) throws {
        self.address = address
        raw = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(address.utf8)
        withUnsafeMutableBytes(of: &name.sun_path) { room in
            room.copyBytes(from: bytes)
            if bytes.first == UInt8(ascii: "@") { room[0] = 0 }
        }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count + (bytes.first == UInt8(ascii: "@") ? 0 : 1))
        let raw = raw
        let status = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(raw, $0, length) }
        }
        try #require(status == 0)
    }

    deinit { close(raw) }

    /// What arrived; `nil` if nothing did.
    func hear() -> String? {
        var room = [UInt8](repeating: 0, count: 4096)
        let count = recv(raw, &room, room.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: room.prefix(count), as: UTF8.self)
    }
}

@Suite struct SupervisorTests {
    @Test(arguments: [false, true]) func itIsToldInSystemdsWords(isAbstract: Bool) throws {
        let folder = try Files.makeTemporaryDirectory()
        // A folder of the test: what stays is in /tmp.
        defer { try? Files.removeTree(folder) }
        let ear = try Ear(isAbstract ? "@\(folder)/notify" : "\(folder)/notify")
        let supervisor = Supervisor(environment: ["NOTIFY_SOCKET": ear.address, "WATCHDOG_USEC": "10000000"], process: 7)
        #expect(supervisor.isPresent)
        #expect(supervisor.watchdogTime == .seconds(10))
        supervisor.tell(.ready, .status("2 tunnels\nREADY=0"))
        #expect(ear.hear() == "READY=1\nSTATUS=2 tunnels\\nREADY=0", "a line end in a status is not another message")
        supervisor.tell(.alive)
        #expect(ear.hear() == "WATCHDOG=1")
        supervisor.tell(.reloading(MonotonicTime(nanoseconds: 5_000_999)))
        #expect(ear.hear() == "RELOADING=1\nMONOTONIC_USEC=5000")
        supervisor.tell(.stopping, .extendTimeout(.seconds(90)))
        #expect(ear.hear() == "STOPPING=1\nEXTEND_TIMEOUT_USEC=90000000")
        supervisor.tell()
        #expect(ear.hear() == nil)
    }

    @Test func withoutOneNobodyIsTold() {
        let supervisor = Supervisor(environment: ["WATCHDOG_USEC": "1000"], process: 7)
        #expect(!supervisor.isPresent)
        #expect(supervisor.watchdogTime == nil)
        supervisor.tell(.ready)
    }

    @Test func aSocketThatIsGoneIsNoError() {
        let supervisor = Supervisor(environment: ["NOTIFY_SOCKET": "/nonexistent/notify"], process: 7)
        supervisor.tell(.ready)
    }

    @Test(arguments: [
        (["WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "7"], Duration.seconds(5)),
        (["WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "8"], nil),
        (["WATCHDOG_USEC": "soon"], nil),
        (["WATCHDOG_USEC": "0"], nil),
        (["WATCHDOG_USEC": "-5"], nil),
    ]) func theWatchdogIsOnlyForTheProcessThatItNames(_ environment: [String: String], _ time: Duration?) {
        let supervisor = Supervisor(environment: environment.merging(["NOTIFY_SOCKET": "@nobody"]) { $1 }, process: 7)
        #expect(supervisor.watchdogTime == time)
    }
}

@Suite struct InheritedListenerTests {
    @Test(arguments: [
        (["LISTEN_PID": "7", "LISTEN_FDS": "2"], [3, 4]),
        (["LISTEN_PID": "8", "LISTEN_FDS": "2"], []),
        (["LISTEN_FDS": "2"], []),
        (["LISTEN_PID": "7", "LISTEN_FDS": "0"], []),
        (["LISTEN_PID": "7", "LISTEN_FDS": "many"], []),
        (["LISTEN_PID": "7", "LISTEN_FDS": "65"], []),
    ]) func socketsAreOursOnlyIfTheyWereMeantForUs(_ environment: [String: String], _ expected: [Int32]) {
        #expect(InheritedListener.descriptors(environment: environment, process: 7) == expected)
    }

    @Test func aListenerIsTakenOverNonblocking() throws {
        let raw = try Sockets.listen(on: .loopback(port: 0)).release()
        try Descriptor.setNonblocking(raw, false)
        let expected = try Sockets.localAddress(raw)
        let listener = try InheritedListener(descriptor: raw)
        #expect(listener.address == expected)
        #expect(fcntl(listener.socket.raw, F_GETFL) & O_NONBLOCK != 0)
        #expect(fcntl(listener.socket.raw, F_GETFD) & FD_CLOEXEC != 0)
    }

    @Test func whatIsNoListenerIsRefused() throws {
        let pipe = try Descriptor.pipe()
        #expect(throws: SystemError.self) { _ = try InheritedListener(descriptor: pipe.reading.raw) }
        let pair = try Sockets.pair()
        #expect(throws: SystemError.self) { _ = try InheritedListener(descriptor: pair.first.raw) }
        #expect(throws: SystemError.self) { _ = try InheritedListener(descriptor: 9_999) }
    }
}
