import EventLoops
import HTTPServer
import SystemCalls
import TerminalCore
import TestFolders
import Testing

@testable import TerminalConsole

@Suite struct ConsoleServerTests {
    private func running(_ settings: ConsoleSettings, _ body: (ConsoleServer, TemporaryFolder) async throws -> Void) async throws {
        let folder = TemporaryFolder()
        let loop = try EventLoop(name: "console-test")
        loop.start()
        let worker = BlockingExecutor(name: "console-files")
        let terminal = FakeTerminal()
        let server = ConsoleServer(
            ConsoleServer.Configuration(
                folder: folder.path, machine: "shop-42", address: nil, load: { .success(settings) }, save: { _ in nil },
                ask: { await terminal.perform($0) }, changes: { AsyncStream { $0.finish() } }),
            loop: loop, worker: worker, log: Log(threshold: .error))
        try await body(server, folder)
        await server.stop()
        worker.stop()
        loop.stop()
    }

    @Test func onThisMachineItNeedsNoCertificateAndSaysWhereItIs() async throws {
        try await running(ConsoleSettings(address: "127.0.0.1:0")) { server, _ in
            let introduction = try await server.start()
            #expect(introduction.url.hasPrefix("http://127.0.0.1:") && !introduction.url.hasSuffix(":0/"))
            #expect(introduction.fingerprint == nil && introduction.setupCode?.isEmpty == false)
        }
    }

    @Test func overANetworkItIsAlwaysEncryptedAndKeepsItsCertificate() async throws {
        try await running(ConsoleSettings(address: "0.0.0.0:0")) { server, folder in
            let first = try await server.start()
            #expect(first.url.hasPrefix("https://shop-42:") && first.fingerprint?.count == 95)
            let key = try #require(try Files.status(folder.file("console_key.pem")))
            #expect(key.mode & 0o077 == 0)
            await server.restart()
            #expect(await server.introduction?.fingerprint == first.fingerprint)
        }
    }

    @Test func aRestartNeverLeavesItDown() async throws {
        try await running(ConsoleSettings(address: "127.0.0.1:0")) { server, _ in
            let first = try await server.start()
            await server.restart()
            let second = try #require(await server.introduction)
            #expect(second.url.hasPrefix("http://127.0.0.1:") && second.setupCode == first.setupCode)
        }
    }

    @Test func whereAConsoleCouldNotBeStartedIsKnownBeforeItIsSaved() async throws {
        try await running(ConsoleSettings(address: "127.0.0.1:0")) { server, _ in
            let introduction = try await server.start()
            let other = try Sockets.listen(on: .loopback(port: 0))
            let taken = try Sockets.localAddress(other.raw).port
            #expect(await server.obstacle(ConsoleSettings(address: "127.0.0.1:\(taken)")) == .addressInUse)
            #expect(await server.obstacle(ConsoleSettings(address: "192.0.2.1:8090")) == .addressNotHere)
            // Its own port is free for it, at every address of this machine.
            let own = introduction.url.split(separator: ":").last.map { $0.dropLast() } ?? ""
            #expect(await server.obstacle(ConsoleSettings(address: "127.0.0.1:\(own)")) == nil)
            #expect(await server.obstacle(ConsoleSettings(address: "0.0.0.0:\(own)")) == nil)
            #expect(await server.obstacle(ConsoleSettings(address: "192.0.2.1:\(own)")) == .addressNotHere)
            var settings = ConsoleSettings(address: "127.0.0.1:\(own)", certificate: "/etc/hostname", privateKey: "/etc/hostname")
            guard case .certificate(.unusable) = await server.obstacle(settings) else {
                return #expect(Bool(false), "a file without a certificate was taken")
            }
            settings.certificate = "/nothing/here"
            guard case .certificate(.unreadable) = await server.obstacle(settings) else {
                return #expect(Bool(false), "a file that is not there was taken")
            }
            withExtendedLifetime(introduction) {}
        }
    }

    @Test func aCertificateThatIsNoneIsRefusedByItsName() async throws {
        let settings = ConsoleSettings(address: "127.0.0.1:0", certificate: "/etc/hostname", privateKey: "/etc/hostname")
        try await running(settings) { server, _ in
            let failure = await #expect(throws: ConsoleFailure.self) { _ = try await server.start() }
            #expect(failure?.description.contains("/etc/hostname") == true)
        }
    }
}
