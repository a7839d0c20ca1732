import Glibc
import SystemCalls
import Testing

/// Sends or receives a whole array, waiting as long as it takes (20 s at most).
func sendAll(_ raw: Int32, _ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
        switch bytes.withUnsafeBytes({ Sockets.send(raw, UnsafeRawBufferPointer(rebasing: $0[sent...])) }) {
        case .bytes(let count): sent += count
        case .wouldBlock: try #require(Files.waitUntilReady(raw, toRead: false, until: deadline()))
        case .endOfFile: return
        case .failed(let error): throw error
        }
    }
}

func receiveAll(_ raw: Int32) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 4096)
    while true {
        switch room.withUnsafeMutableBytes({ Sockets.receive(raw, into: $0) }) {
        case .bytes(let count): bytes += room[..<count]
        case .wouldBlock: try #require(Files.waitUntilReady(raw, toRead: true, until: deadline()))
        case .endOfFile: return bytes
        case .failed(let error): throw error
        }
    }
}

/// Waits for a connection and takes it.
func acceptOne(_ listener: Int32) throws -> (socket: Int32, peer: SocketAddress) {
    try #require(Files.waitUntilReady(listener, toRead: true, until: deadline()))
    switch Sockets.accept(listener) {
    case .connection(let socket, let peer): return (socket.release(), peer)
    default: throw SystemError(errno: EPROTO, call: "accept")
    }
}

@Suite struct SocketsTests {
    @Test(arguments: ["127.0.0.1:0", "[::1]:0"]) func connectionCarriesBytesBothWays(_ text: String) throws {
        let listener = try Sockets.listen(on: SocketAddress(parsing: text))
        let address = try Sockets.localAddress(listener.raw)
        #expect(address.port != 0)
        let client = try Sockets.connect(to: address)
        let accepted = try acceptOne(listener.raw)
        let server = Descriptor(owning: accepted.socket)
        try #require(Files.waitUntilReady(client.raw, toRead: false, until: deadline()))
        #expect(Sockets.pendingError(client.raw) == nil)
        #expect(try Sockets.localAddress(client.raw) == accepted.peer)
        #expect(try Sockets.peerAddress(client.raw) == address)
        try Sockets.setNoDelay(client.raw)
        try Sockets.setUserTimeout(client.raw, .seconds(30))
        try Sockets.setBufferSizes(client.raw, receive: 65_536, send: 65_536)
        for raw in [client.raw, server.raw] {
            #expect(fcntl(raw, F_GETFL) & O_NONBLOCK != 0 && fcntl(raw, F_GETFD) & FD_CLOEXEC != 0)
        }
        guard case .wouldBlock = Sockets.accept(listener.raw) else {
            Issue.record("nobody else connected")
            return
        }
        var byte: UInt8 = 0
        guard case .wouldBlock = withUnsafeMutableBytes(of: &byte, { Sockets.receive(server.raw, into: $0) }) else {
            Issue.record("nothing was sent")
            return
        }
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        try sendAll(client.raw, bytes)
        try Sockets.finishSending(client.raw)
        #expect(try receiveAll(server.raw) == bytes)
        try sendAll(server.raw, [1, 2, 3])
        try Sockets.finishSending(server.raw)
        #expect(try receiveAll(client.raw) == [1, 2, 3])
        #expect(eventually { Sockets.unacknowledgedBytes(server.raw) <= 1 })
    }

    @Test func takenPortIsReportedWithItsAddress() throws {
        let listener = try Sockets.listen(on: .loopback(port: 0))
        let address = try Sockets.localAddress(listener.raw)
        let error = #expect(throws: SystemError.self) { _ = try Sockets.listen(on: address) }
        #expect(error?.kind == .inUse)
        #expect(error?.description == "bind \(address): Address already in use")
    }

    @Test func refusedConnectionIsReported() throws {
        let listener = try Sockets.listen(on: .loopback(port: 0))
        let address = try Sockets.localAddress(listener.raw)
        _ = consume listener
        do {
            let client = try Sockets.connect(to: address)
            try #require(Files.waitUntilReady(client.raw, toRead: false, until: deadline()))
            #expect(Sockets.pendingError(client.raw)?.kind == .refused)
        } catch let error as SystemError {
            #expect(error.kind == .refused)
        }
    }

    @Test func sendingToAClosedPeerFailsWithoutASignal() throws {
        let (mine, other) = try Sockets.pair().release()
        defer { Descriptor.close(mine) }
        Descriptor.close(other)
        var byte: UInt8 = 1
        guard case .failed(let error) = withUnsafeBytes(of: &byte, { Sockets.send(mine, $0) }) else {
            Issue.record("the peer is gone")
            return
        }
        #expect(error.kind == .disconnected && error.description == "send: Broken pipe")
    }

    @Test func resetReachesThePeerAsAnError() throws {
        let listener = try Sockets.listen(on: .loopback(port: 0))
        let client = try Sockets.connect(to: Sockets.localAddress(listener.raw))
        let server = try acceptOne(listener.raw).socket
        try Sockets.resetOnClose(server)
        Descriptor.close(server)
        let error = #expect(throws: SystemError.self) { _ = try receiveAll(client.raw) }
        #expect(error?.kind == .disconnected)
        try Sockets.finishSending(client.raw)  // gone already: not an error
    }

    @Test func exhaustedDescriptorsAreToldFromFailure() async throws {
        // In a process of its own: the limit is for a whole process.
        await #expect(processExitsWith: .success) {
            let listener = try Sockets.listen(on: .loopback(port: 0))
            let client = try Sockets.connect(to: Sockets.localAddress(listener.raw))
            try #require(Files.waitUntilReady(listener.raw, toRead: true, until: deadline()))
            let before = Limits.descriptors
            try Limits.setDescriptors(3)
            for _ in 0..<3 {
                guard case .outOfDescriptors = Sockets.accept(listener.raw) else { throw SystemError(errno: EPROTO, call: "accept") }
            }
            try Limits.setDescriptors(before.soft)
            Descriptor.close(try acceptOne(listener.raw).socket)
            _ = consume client
        }
    }

    @Test func usingAClosedDescriptorEndsTheProgram() async {
        await #expect(processExitsWith: .failure) {
            var byte: UInt8 = 0
            _ = withUnsafeMutableBytes(of: &byte) { Sockets.receive(999, into: $0) }
        }
        await #expect(processExitsWith: .failure) { Descriptor.close(999) }
    }

    @Test func duplicateOutlivesItsOriginal() throws {
        let (mine, other) = try Sockets.pair().release()
        defer { Descriptor.close(other) }
        var original: Descriptor? = Descriptor(owning: mine)
        let copy = try original?.duplicate().release() ?? -1
        try #require(copy >= 0)
        original = nil
        _ = consume original
        try sendAll(copy, [7])
        Descriptor.close(copy)
        #expect(try receiveAll(other) == [7])
    }
}

@Suite struct UnixSocketsTests {
    @Test func socketFileHasItsModeAndPeersAreKnown() throws {
        try withFolder { (folder) throws in
            let listener = try Sockets.listenUnix(at: "\(folder)/s", mode: 0o660)
            let status = try #require(try Files.status("\(folder)/s"))
            #expect(status.kind == .socket && status.mode == 0o660)
            let client = try Sockets.connectUnix(to: "\(folder)/s")
            guard case .connection(let server, _) = Sockets.acceptUnix(listener.raw) else {
                Issue.record("a client waits")
                return
            }
            let peer = try Sockets.peerCredentials(server.raw)
            #expect(peer == PeerCredentials(process: getpid(), user: geteuid(), group: getegid()))
            let error = #expect(throws: SystemError.self) { _ = try Sockets.listenUnix(at: "\(folder)/s", mode: 0o600) }
            #expect(error?.kind == .inUse)
            _ = consume client
        }
    }

    @Test(arguments: [(0, EINVAL), (1, 0), (106, 0), (107, 0), (108, ENAMETOOLONG), (5000, ENAMETOOLONG)])
    func pathLengthHasItsLimit(_ length: Int, _ code: Int32) throws {
        try withFolder { (folder) throws in
            // Short paths stand in the current folder of the test: only refusals are tried there.
            let path =
                length > 60
                ? "\(folder)/" + String(repeating: "x", count: length - folder.utf8.count - 1) : String(repeating: "/", count: length)
            do throws(SystemError) {
                _ = try Sockets.listenUnix(at: path, mode: 0o600)
                #expect(code == 0)
            } catch {
                #expect(length == 1 ? error.kind == .inUse : error.errno == code)
            }
        }
    }

    @Test func connectingWhereNobodyListensIsToldApart() throws {
        try withFolder { (folder) throws in
            let path = "\(folder)/s"
            var error = #expect(throws: SystemError.self) { _ = try Sockets.connectUnix(to: path) }
            #expect(error?.kind == .absent)
            _ = try Sockets.listenUnix(at: path, mode: 0o600)
            error = #expect(throws: SystemError.self) { _ = try Sockets.connectUnix(to: path) }
            #expect(error?.kind == .refused)
        }
    }

    @Test(arguments: [1, 2, 15, 16]) func descriptorsTravelInOrder(_ count: Int) throws {
        let (mine, other) = try Sockets.pair().release()
        defer { for raw in [mine, other] { Descriptor.close(raw) } }
        var pipes: [(reading: Int32, writing: Int32)] = []
        for _ in 0..<count { pipes.append(try Descriptor.pipe().release()) }
        let text = Array("hello".utf8)
        guard case .bytes(5) = text.withUnsafeBytes({ Sockets.send(mine, $0, passing: pipes.map(\.writing)) }) else {
            Issue.record("five bytes fit")
            return
        }
        for pipe in pipes { Descriptor.close(pipe.writing) }
        var passed = PassedDescriptors()
        var room = [UInt8](repeating: 0, count: 100)
        guard case .bytes(5) = room.withUnsafeMutableBytes({ Sockets.receive(other, into: $0, passing: &passed) }) else {
            Issue.record("five bytes came")
            return
        }
        #expect(Array(room[..<5]) == text && passed.count == count)
        for (index, pipe) in pipes.enumerated() {
            let arrived = passed.takeFirst()?.release() ?? -1
            try #require(arrived >= 0)
            #expect(fcntl(arrived, F_GETFD) & FD_CLOEXEC != 0)
            try Files.writeAll(arrived, [UInt8(index)])
            Descriptor.close(arrived)
            #expect(try Files.readAll(pipe.reading, limit: 10) == [UInt8(index)])
            Descriptor.close(pipe.reading)
        }
        #expect(passed.count == 0)
    }

    @Test func descriptorsNobodyTakesAreClosed() throws {
        let (mine, other) = try Sockets.pair().release()
        defer { for raw in [mine, other] { Descriptor.close(raw) } }
        let (reading, writing) = try Descriptor.pipe().release()
        defer { Descriptor.close(reading) }
        var byte: UInt8 = 1
        _ = withUnsafeBytes(of: &byte) { Sockets.send(mine, $0, passing: [writing]) }
        Descriptor.close(writing)
        do {
            var passed = PassedDescriptors()
            _ = withUnsafeMutableBytes(of: &byte) { Sockets.receive(other, into: $0, passing: &passed) }
            #expect(passed.count == 1)
        }
        #expect(try Files.readAll(reading, limit: 1).isEmpty, "no writer is left")
    }

    @Test func descriptorsThatDoNotFitAreAnErrorAndNoneLeaks() async throws {
        await #expect(processExitsWith: .success) {
            let (mine, other) = try Sockets.pair().release()
            let (reading, writing) = try Descriptor.pipe().release()
            var byte: UInt8 = 1
            _ = withUnsafeBytes(of: &byte) { Sockets.send(mine, $0, passing: [writing, writing, writing]) }
            Descriptor.close(writing)
            let before = Limits.descriptors
            // Room for one of three.
            let next = dup(0)
            Descriptor.close(next)
            try Limits.setDescriptors(UInt64(next) + 1)
            var passed = PassedDescriptors()
            let result = withUnsafeMutableBytes(of: &byte) { Sockets.receive(other, into: $0, passing: &passed) }
            try Limits.setDescriptors(before.soft)
            guard case .failed(let error) = result, error.errno == EMFILE, passed.count == 0 else {
                throw SystemError(errno: EPROTO, call: "recvmsg")
            }
            try #require(Files.readAll(reading, limit: 1).isEmpty, "no writer is left")
        }
    }

    @Test func plainBytesCarryNoDescriptors() throws {
        let (mine, other) = try Sockets.pair().release()
        try sendAll(mine, [1, 2])
        Descriptor.close(mine)
        var passed = PassedDescriptors()
        var room = [UInt8](repeating: 0, count: 10)
        guard case .bytes(2) = room.withUnsafeMutableBytes({ Sockets.receive(other, into: $0, passing: &passed) }),
            case .endOfFile = room.withUnsafeMutableBytes({ Sockets.receive(other, into: $0, passing: &passed) })
        else {
            Issue.record("two bytes and the end")
            return
        }
        #expect(passed.count == 0)
        Descriptor.close(other)
    }
}
