import SSHProtocol
import SSHServer
import SSHTestClient
import Testing

/// Who gets in, seen from the sockets.
@Suite(.serialized) struct LiveAdmissionTests {
    private func server(_ change: (inout ServerLimits) -> Void) throws -> TestServer {
        var limits = ServerLimits.standard
        change(&limits)
        return try TestServer(limits: limits)
    }

    @Test func knownKeyLogsIn() throws {
        let server = try TestServer()
        let connection = try server.logIn()
        #expect(connection.client.isStrict)
        #expect(connection.client.serverVersion == "SSH-2.0-TestServer")
    }

    @Test func oldestSilentPeerMakesRoomAtTheLimit() throws {
        let server = try server {
            $0.unauthenticated = 3
            $0.silence = .zero
        }
        let silent = try (0..<3).map { _ in try server.connect() }
        // Each has been served: its identification line is here.
        for connection in silent { try connection.introduceItself() }
        let newcomer = try server.logIn()
        #expect(newcomer.client.isAuthenticated)
        #expect(try silent[0].waitForEnd()?.code == DisconnectCode.tooManyConnections.rawValue)
        #expect(!silent[1].isEnded && !silent[2].isEnded)
    }

    @Test func withNobodySilentAcceptingPausesAndGoesOn() throws {
        let server = try server {
            $0.unauthenticated = 2
            $0.silence = .seconds(3600)
        }
        let first = try server.connect()
        let second = try server.connect()
        for connection in [first, second] { try connection.introduceItself() }
        let third = try server.connect()
        third.client.start()
        try third.linger(.milliseconds(200))
        #expect(third.client.serverVersion == nil, "it waits in the kernel's queue")
        #expect(!third.isEnded)
        try first.goOn(server.key)
        try third.wait("its turn") { third.client.keyExchanges == 1 }
    }

    @Test func sourceBeyondItsLimitIsClosedAtOnceAndOthersLive() throws {
        let server = try server {
            $0.unauthenticatedPerSource = 2
            $0.silence = .seconds(3600)
        }
        let held = try (0..<2).map { _ in try server.connect() }
        for connection in held { try connection.introduceItself() }
        let refused = try server.connect()
        #expect(try refused.waitForEnd() == nil)
        #expect(refused.client.serverVersion == nil)
        try held[0].goOn(server.key)
        let next = try server.logIn()
        #expect(next.client.isAuthenticated, "an authenticated connection counts no more")
        #expect(!held[1].isEnded)
    }

    @Test func handshakesWaitTheirTurn() throws {
        let server = try server {
            $0.handshakes = 1
            $0.handshakePatience = .seconds(3600)
        }
        let first = try server.connect()
        try first.handshake()
        let second = try server.connect()
        second.client.start()
        try second.linger(.milliseconds(200))
        #expect(second.client.keyExchanges == 0, "the only place is taken")
        try first.logInAfterHandshake(server.key)
        try second.wait("its turn") { second.client.keyExchanges == 1 }
    }

    /// Whoever waits for its turn and sends on fills its own kernel, not our memory.
    @Test func strangerWhoWaitsIsKeptLittleFor() throws {
        let server = try server {
            $0.handshakes = 1
            $0.handshakePatience = .seconds(3600)
        }
        let first = try server.connect()
        try first.handshake()
        let second = try server.connect()
        second.client.runsKeyExchange = false
        second.client.start()
        try second.wait("the server's KEXINIT") { second.client.serverProposal != nil }
        // The value and all the rest in one piece.
        second.client.sendKexValue()
        for _ in 0..<300 { second.client.sendNow([2] + [UInt8](repeating: 0, count: 1000)) }
        try second.linger(.milliseconds(300))
        let kept = server.onLoop { board in board.connections.values.map(\.ssh.leftoverCount).max() ?? 0 }
        #expect(kept ?? .max <= ServerLimits.standard.bytesPerReadOfStranger)
        #expect(second.client.keyExchanges == 0 && !second.isEnded)
    }

    @Test func slowHandshakeLosesItsPlace() throws {
        let server = try server {
            $0.handshakes = 1
            $0.handshakePatience = .milliseconds(10)
        }
        let slow = try server.connect()
        try slow.handshake()
        let second = try server.logIn()
        #expect(second.client.isAuthenticated)
        #expect(!slow.isEnded, "it may still go on")
        try slow.logInAfterHandshake(server.key)
    }

    @Test func peerThatLeavesGivesItsPlaceToTheNext() throws {
        let server = try server {
            $0.handshakes = 1
            $0.handshakePatience = .seconds(3600)
        }
        do {
            let first = try server.connect()
            try first.handshake()
        }
        let second = try server.logIn()
        #expect(second.client.isAuthenticated)
    }

    @Test func sourceThatKeepsFailingIsClosedAtOnce() throws {
        let server = try server {
            $0.penalty = .seconds(100)
            $0.penaltyThreshold = .seconds(150)
        }
        for _ in 0..<2 {
            let scanner = try server.connect()
            try scanner.sendRaw(Array("GET / HTTP/1.1\r\n".utf8))
            #expect(try scanner.waitForEnd()?.code == DisconnectCode.protocolVersionNotSupported.rawValue)
        }
        let third = try server.connect()
        #expect(try third.waitForEnd() == nil)
        #expect(third.client.serverVersion == nil)
    }

    @Test func R04_sourceThatExchangesKeysForNothingIsClosedAtOnce() throws {
        let server = try server {
            $0.penalty = .seconds(100)
            $0.penaltyThreshold = .seconds(150)
        }
        for count in 1...2 {
            try server.connect().handshake()
            try server.waitForEnds(count)
        }
        let third = try server.connect()
        #expect(try third.waitForEnd() == nil)
        #expect(third.client.serverVersion == nil)
    }

    @Test func A02_sourceWithAGoodKeyIsNotLockedOut() throws {
        let server = try server {
            $0.penalty = .seconds(100)
            $0.penaltyThreshold = .seconds(50)
        }
        _ = try server.logIn()
        for _ in 0..<3 {
            let scanner = try server.connect()
            try scanner.sendRaw(Array("GET / HTTP/1.1\r\n".utf8))
            try scanner.waitForEnd()
        }
        #expect(try server.logIn().client.isAuthenticated)
    }
}

extension SSHTestConnection {
    /// Both identification lines cross, and nothing more is said: the server has taken the connection.
    func introduceItself() throws {
        client.runsKeyExchange = false
        client.sendIdentification()
        try wait("the server's KEXINIT") { client.serverProposal != nil }
    }

    /// What should have followed `introduceItself`, up to a good key.
    func goOn(_ key: TestKey) throws {
        client.runsKeyExchange = true
        client.sendKexInit()
        client.sendKexValue()
        try wait("the first key exchange") { client.keyExchanges == 1 }
        try logInAfterHandshake(key)
    }

    /// Authentication, when the handshake is over.
    func logInAfterHandshake(_ key: TestKey) throws {
        try client.authenticate("someone", key)
        try wait("authentication") { client.isAuthenticated }
    }
}
