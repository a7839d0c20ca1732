import EventLoops
import SSHKeys
import Support
import SystemCalls
import TerminalBroker
import TerminalCore
import TerminalStore
import Testing

@testable import TerminalAgent

/// The agent and the broker in this process, with limits of our own.
@Suite struct StallTests {
    @Test func aRelayThatFallsSilentInTheMiddleIsNotWaitedForForEver_N01() async throws {
        let folder = try Folder()
        let relay = try Mute()
        let paths = Paths(dataFolder: folder.path)
        for path in [paths.agentFolder, paths.brokerFolder] { try Files.makeDirectory(path, mode: 0o700) }
        let memory = AgentMemory(folder: paths.agentFolder)
        let key = try AuthorizedKey(
            line: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAoYTzW9WVEk9Yk+ZLYjWhfJX8R6SgZf0NsPnL25VM3M bob@support")
        try memory.save(loginUsers: [LoginUser(name: try LoginName(parsing: "alice"), keys: [key], access: .standard)])
        try memory.save(
            setting: RemoteSupportSetting(
                relay: try RelayAddress(parsing: "127.0.0.1:\(relay.port)"), listeningPort: try ListeningPort(parsing: "41999"),
                user: "towline", fingerprint: Fingerprint(digest: [UInt8](repeating: 1, count: 32))))

        let (brokerLoop, agentLoop) = (try EventLoop(name: "broker"), try EventLoop(name: "agent"))
        brokerLoop.start()
        agentLoop.start()
        let log = Log(threshold: .error)
        let broker = Broker(BrokerConfiguration(folder: paths.brokerFolder, isRoot: false, endsStrays: false), loop: brokerLoop, log: log)
        try await broker.prepare()
        let ends = try Sockets.pair().release()
        try await broker.serve(agent: ends.first, process: nil, ready: {})
        var configuration = AgentConfiguration(paths: paths, run: "test")
        configuration.attemptLimit = .seconds(1)
        let support = RemoteSupport(configuration, loop: agentLoop, log: log)
        try await support.start(broker: ends.second, brokerGone: {})
        try await support.open()

        guard case .status = await support.perform(.start(.standard), by: .system) else {
            Issue.record("support did not start")
            return
        }
        try await eventually("the attempt is given up") {
            guard case .status(let status) = await support.perform(.status, by: .system) else { return false }
            return status.failure?.code == .stalled && status.failure?.stage == .checkingRelay
        }
        await support.shutDown()
        await broker.hangUp()
        agentLoop.stop()
        brokerLoop.stop()
        relay.end()
        try Files.removeTree(folder.path)
    }
}

/// A relay that says who it is and then nothing more.
private final class Mute: Sendable {
    let port: UInt16
    private let isOver = Monitor(false)

    init() throws {
        let listener = try Sockets.listen(on: .loopback(port: 0))
        port = try Sockets.localAddress(listener.raw).port
        let raw = listener.release()
        Threads.start(name: "mute") { [isOver] in
            var open: [Int32] = []
            while isOver.wait(until: MonotonicClock.now + .milliseconds(10), for: { $0 ? true : nil }) == nil {
                guard case .connection(let connection, _) = Sockets.accept(raw) else { continue }
                let words = Array("SSH-2.0-mute\r\n".utf8)
                _ = words.withUnsafeBytes { Sockets.send(connection.raw, $0) }
                open.append(connection.release())
            }
            for connection in open + [raw] { Descriptor.close(connection) }
        }
    }

    func end() { isOver.withLock { $0 = true } }
}
