import EventLoops
import SSHKeys
import Support
import SystemCalls
import TerminalCore
import Testing

@testable import TerminalBroker

@Suite struct BrokerTests {
    /// A broker without root, with a program of ours in the place of sshd, and the agent's end of its channel.
    private final class Bench: Sendable {
        let folder: String
        let loop: EventLoop
        let agentLoop: EventLoop
        let broker: Broker
        let link: LoopBound<BrokerLink>
        let events = Monitor<[String]>([])
        let isClosed = Monitor(false)

        init(server: String = "#!/bin/sh\nexec sleep 1000\n", limits: (all: Int, unauthenticated: Int) = (2, 2)) async throws {
            folder = try Files.makeTemporaryDirectory()
            let broker = "\(folder)/broker"
            try Files.makeDirectory(broker, mode: 0o711)
            try Files.writeAtomically("\(folder)/sshd", Array(server.utf8), mode: 0o755)
            var configuration = BrokerConfiguration(folder: broker, isRoot: false, endsStrays: false)
            configuration.system.sshd = "\(folder)/sshd"
            configuration.maximumLogins = limits.all
            configuration.maximumUnauthenticated = limits.unauthenticated
            loop = try EventLoop(name: "broker")
            agentLoop = try EventLoop(name: "agent")
            self.broker = Broker(configuration, loop: loop, log: Log(threshold: .error))
            let ends = try Sockets.pair().release()
            let (events, isClosed) = (events, isClosed)
            link = LoopBound(
                try BrokerLink(
                    loop: agentLoop, socket: Descriptor(owning: ends.second),
                    event: { event in events.withLock { $0.append("\(event)") } },
                    closed: { _ in isClosed.withLock { $0 = true } }), on: agentLoop)
            loop.start()
            agentLoop.start()
            try await self.broker.prepare()
            try await self.broker.serve(agent: ends.first, process: nil, ready: {})
        }

        func ask(_ request: BrokerRequest, passing raw: Int32? = nil) async -> BrokerReply {
            await withCheckedContinuation { continuation in
                link.submit { link in
                    link.ask(request, passing: raw.map { Descriptor(owning: $0) }) { continuation.resume(returning: $0) }
                }
            }
        }

        /// Asks for a login on one end of a new pair; the other end stays open with the caller.
        func login() async throws -> (reply: BrokerReply, peer: Int32) {
            let ends = try Sockets.pair().release()
            return (await ask(.startLogin, passing: ends.second), ends.first)
        }

        func close() async throws {
            await broker.endLogins()
            link.submit { $0.close() }
            agentLoop.stop()
            await broker.hangUp()
            loop.stop()
            try Files.removeTree(folder)
        }
    }

    private static let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAoYTzW9WVEk9Yk+ZLYjWhfJX8R6SgZf0NsPnL25VM3M bob@support"

    private func user(_ name: String, _ access: AccessLevel = .standard) throws -> LoginUser {
        LoginUser(name: try LoginName(parsing: name), keys: [try AuthorizedKey(line: Self.key)], access: access)
    }

    private func isRefused(_ reply: BrokerReply) -> Bool { if case .refused = reply { true } else { false } }

    @Test(arguments: [(0, 2, 0), (1, 2, 1), (2, 2, 2), (3, 2, 2), (3, 1, 1)])
    func loginsBeyondTheCapAreRefusedAndTheOthersGoOn(asked: Int, unauthenticated: Int, started: Int) async throws {
        let bench = try await Bench(limits: (2, unauthenticated))
        var refused = 0
        var peers: [Int32] = []
        for _ in 0..<asked {
            let (reply, peer) = try await bench.login()
            peers.append(peer)
            if isRefused(reply) { refused += 1 }
        }
        #expect(asked - refused == started)
        #expect(!isRefused(await bench.ask(.endLogins(nil))))
        if asked > 0 {
            let (reply, peer) = try await bench.login()
            peers.append(peer)
            #expect(!isRefused(reply), "ended logins make room")
        }
        for peer in peers { Descriptor.close(peer) }
        try await bench.close()
    }

    @Test func aServerThatCannotBeStartedRefusesThatLoginOnly_R03() async throws {
        let bench = try await Bench()
        try Files.rename("\(bench.folder)/sshd", to: "\(bench.folder)/away")
        let (reply, peer) = try await bench.login()
        #expect(isRefused(reply))
        Descriptor.close(peer)
        try Files.rename("\(bench.folder)/away", to: "\(bench.folder)/sshd")
        let (next, nextPeer) = try await bench.login()
        #expect(!isRefused(next))
        Descriptor.close(nextPeer)
        try await bench.close()
    }

    @Test func aLoginWithoutAConnectionIsRefused() async throws {
        let bench = try await Bench()
        #expect(isRefused(await bench.ask(.startLogin)))
        try await bench.close()
    }

    @Test func endingKillsWhatIgnoresSignalsAndWhatItStarted() async throws {
        let bench = try await Bench(server: "#!/bin/sh\ntrap '' TERM HUP\n(trap '' TERM; sleep 1000; :) &\nsleep 1000\n:\n")
        let (reply, peer) = try await bench.login()
        #expect(!isRefused(reply))
        let pause = Monitor(())
        let deadline = MonotonicClock.now + .seconds(10)
        while Self.sleepers(of: bench.folder).count < 2, MonotonicClock.now < deadline {
            _ = pause.wait(until: MonotonicClock.now + .milliseconds(20)) { _ in nil as Void? }
        }
        let sleepers = Self.sleepers(of: bench.folder)
        #expect(sleepers.count == 2)
        let begin = ContinuousClock.now
        #expect(!isRefused(await bench.ask(.endLogins(nil))))
        #expect(ContinuousClock.now - begin < .seconds(5), "one second, and what a loaded machine adds")
        for sleeper in sleepers { #expect(Processes.entry(sleeper.pid).map { $0.started == sleeper.started && !$0.isZombie } != true) }
        Descriptor.close(peer)
        try await bench.close()
    }

    /// What the bench's server runs: children of a shell whose command line names the bench's folder.
    private static func sleepers(of folder: String) -> [ProcessEntry] {
        Processes.all().filter { entry in
            guard entry.name == "sleep", !entry.isZombie else { return false }
            // A process may end while it is looked at.
            let parent = (try? Files.read("/proc/\(entry.parent)/cmdline", limit: 4096)).map { String(decoding: $0, as: UTF8.self) }
            return parent?.contains(folder) == true
        }
    }

    @Test func withoutRootOnlyOneselfCanBeALoginUser() async throws {
        let bench = try await Bench()
        for user in [try user("alice"), try user("daemon", .administrator)] {
            guard case .applied(let refused) = await bench.ask(.applyLoginUsers([user])) else {
                Issue.record("no answer that fits")
                continue
            }
            #expect(refused.map(\.name) == [user.name] && refused.first?.refusal.code == .notRoot)
        }
        #expect(try Files.list("\(bench.folder)/broker/keys").isEmpty)
        #expect(
            try String(decoding: Files.read("\(bench.folder)/broker/sshd_config", limit: 1 << 16), as: UTF8.self).contains("DenyUsers *"))
        try await bench.close()
    }

    @Test func aListThatIsNotWellFormedIsRefusedByRootItself() async throws {
        let bench = try await Bench()
        let alice = try user("alice")
        var keyless = alice
        keyless.keys = []
        for list in [[alice, alice], [keyless]] { #expect(isRefused(await bench.ask(.applyLoginUsers(list)))) }
        try await bench.close()
    }

    @Test(arguments: [
        [UInt8](repeating: 0xff, count: 8), [0, 0, 0, 2] + Array("{}".utf8), [0, 0, 0, 0], [0, 0x10, 0, 1],
        [0, 0, 0, 40] + Array("{\"number\":1,\"request\":{\"becomeRoot\":{}}}x".utf8),
    ]) func whatIsNoRequestIsHungUpOn(bytes: [UInt8]) async throws {
        let bench = try await Bench()
        let ends = try Sockets.pair().release()
        await bench.broker.hangUp()
        try await bench.broker.serve(agent: ends.first, process: nil, ready: {})
        let theirs = Descriptor(owning: ends.second)
        _ = bytes.withUnsafeBytes { Sockets.send(theirs.raw, $0) }
        var room = [UInt8](repeating: 0, count: 64)
        #expect(Files.waitUntilReady(theirs.raw, toRead: true, until: MonotonicClock.now + .seconds(10)))
        let result = room.withUnsafeMutableBytes { Sockets.receive(theirs.raw, into: $0) }
        if case .endOfFile = result {} else { Issue.record("\(result)") }
        try await bench.close()
    }

    @Test func aDamagedListOfAccountsStopsTheStart_S04() async throws {
        let folder = try Files.makeTemporaryDirectory()
        try Files.writeAtomically("\(folder)/accounts.json", Array("{".utf8), mode: 0o600)
        let loop = try EventLoop(name: "broker")
        loop.start()
        let broker = Broker(BrokerConfiguration(folder: folder, isRoot: false, endsStrays: false), loop: loop, log: Log(threshold: .error))
        await #expect(throws: BrokerError.self) { try await broker.prepare() }
        loop.stop()
        try Files.removeTree(folder)
    }

    @Test func aFolderThatOthersMayWriteToIsRefused() async throws {
        let folder = try Files.makeTemporaryDirectory()
        try Files.setMode(folder, 0o777)
        let loop = try EventLoop(name: "broker")
        loop.start()
        let broker = Broker(BrokerConfiguration(folder: folder, isRoot: false, endsStrays: false), loop: loop, log: Log(threshold: .error))
        await #expect(throws: BrokerError.self) { try await broker.prepare() }
        loop.stop()
        try Files.removeTree(folder)
    }
}
