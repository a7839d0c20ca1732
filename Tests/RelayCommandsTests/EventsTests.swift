import FoundationEssentials
import RelayCommands
import RelayCore
import RelayStore
import SSHCrypto
import SSHKeys
import Support
import Synchronization
import Testing

/// `events`: what happened, and what happens.
@Suite struct EventsTests {
    private static let (shop, attic) = (TerminalID(1), TerminalID(2))

    /// Takes texts, until it is told to be slow or gone.
    private final class Reader: CommandOutput {
        private let state = Mutex<(text: String, writes: Int, isGone: Bool)>(("", 0, false))

        var text: String { state.withLock { $0.text } }
        var writes: Int { state.withLock { $0.writes } }

        func go() { state.withLock { $0.isGone = true } }

        func write(_ text: String) async -> Bool {
            state.withLock { state in
                if state.isGone { return false }
                state.text += text
                state.writes += 1
                return true
            }
        }

        func wait(for text: String) async throws {
            let deadline = ContinuousClock.now + .seconds(20)
            while !self.text.contains(text) {
                try #require(ContinuousClock.now < deadline, "waited for \(text), have: \(self.text)")
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    private struct Scene {
        let sample: SampleDesk
        let run: RunID

        init() async throws {
            sample = try await SampleDesk().filled()
            run = try await sample.ledger.beginRun(at: SampleDesk.now).run
            await sample.desk.attach(sample.relay, run: run)
        }

        func online(_ terminal: TerminalID, _ second: Int64 = 0, port: Int = 1) async throws {
            try await sample.ledger.record(
                [.terminalOnline(terminal, source: "192.0.2.9:\(port)", clientVersion: "SSH", at: SampleDesk.now.advanced(by: second))],
                run: run)
        }

        /// Follows as a member of staff; the task ends with the command.
        func follow(_ line: String = "events --follow", as staff: StaffID, key: UInt8, _ reader: Reader) throws -> Task<ControlReply, Never>
        {
            let caller = Caller.principal(.staff(staff), key: try sampleKey(key), source: "192.0.2.7:50000")
            let words = line.split(separator: " ").map(String.init)
            return Task { await sample.desk.run(words, standardInput: [], as: caller, output: reader) }
        }
    }

    @Test func thePastReadsOneLineAnEvent() async throws {
        let scene = try await Scene()
        try await scene.online(Self.shop)
        try await scene.sample.ledger.record(
            [
                .bridgeOpened(
                    BridgeID(1), SampleDesk.admin, key: try sampleKey(102).fingerprint, Self.shop, source: "203.0.113.5:9",
                    at: SampleDesk.now),
                .bridgeClosed(
                    BridgeID(1), bytesToTerminal: 1, bytesFromTerminal: 2, reason: .finished, at: SampleDesk.now.advanced(by: 75)),
            ], run: scene.run)
        try await scene.online(Self.attic)
        let admin = try await scene.sample.run("events", as: SampleDesk.admin, key: 102).output
        #expect(
            admin == """
                1 2027-01-15T08:00:00Z terminal.online shop-42: from 192.0.2.9:1
                2 2027-01-15T08:00:00Z session.open shop-42: by root-admin, session 1-1, from 203.0.113.5:9
                3 2027-01-15T08:01:15Z session.close shop-42: by root-admin, session 1-1, from 203.0.113.5:9, for 1 min, finished
                4 2027-01-15T08:00:00Z terminal.online attic: from 192.0.2.9:1

                """)
        // Of terminals that they may reach; where a colleague was, is not theirs to know.
        let support = try await scene.sample.run("events", as: SampleDesk.alice, key: 101).output
        #expect(support == admin.split(separator: "\n").prefix(3).map { $0.replacing(", from 203.0.113.5:9", with: "") + "\n" }.joined())
        #expect(await scene.sample.run("events --last 1").output.hasPrefix("4 "))
        #expect(await scene.sample.run("events --after 3").output.hasPrefix("4 "))
        #expect(await scene.sample.run("events --last 0").output == "")
        #expect(await scene.sample.run("events --last 1 --after 1").status == .usage)
        #expect(await scene.sample.run("events --last 1001").status == .usage)
        let reply = await scene.sample.run("events --json")
        #expect(
            reply.output.split(separator: "\n").first
                == #"{"at":"2027-01-15T08:00:00Z","clientVersion":"SSH","event":"terminal.online","from":"192.0.2.9:1","id":1,"relay":"relay.example.com","terminal":"shop-42"}"#
        )
        #expect(reply.next == 4)
    }

    @Test func whoFollowsHearsWhatHappensAtTheirTerminalsUntilTheirGrantEnds() async throws {
        let scene = try await Scene()
        let (alice, admin) = (Reader(), Reader())
        let tasks = [
            try scene.follow(as: SampleDesk.alice, key: 101, alice),
            try scene.follow("events --follow --json", as: SampleDesk.admin, key: 102, admin),
        ]
        try await scene.online(Self.attic)
        try await scene.online(Self.shop)
        scene.sample.desk.bell.ring()
        try await alice.wait(for: "terminal.online shop-42")
        try await admin.wait(for: #""terminal":"shop-42""#)
        #expect(!alice.text.contains("attic") && admin.text.contains(#""terminal":"attic""#))
        await scene.sample.run("revoke alice shop-42")
        try await scene.online(Self.shop, 5_000, port: 2)
        try await scene.sample.ledger.record(
            [.cloneSuspected(Self.shop, sources: ["192.0.2.9:1", "192.0.2.9:2"], at: SampleDesk.now)], run: scene.run)
        scene.sample.desk.bell.ring()
        try await admin.wait(for: "clone-suspected")
        #expect(!alice.text.contains("clone-suspected"))
        await scene.sample.run("staff disable alice")
        scene.sample.desk.bell.ring()
        let shutOut = await tasks[0].value
        #expect(shutOut.status == .refused && !shutOut.errorOutput.isEmpty)
        tasks[1].cancel()
        #expect(await tasks[1].value.status == .refused)
    }

    @Test func theEndOfTheRelayTellsWhereToGoOn() async throws {
        let scene = try await Scene()
        let reader = Reader()
        try await scene.online(Self.shop)
        let task = try scene.follow(as: SampleDesk.admin, key: 102, reader)
        try await reader.wait(for: "shop-42")
        await scene.sample.desk.endFollowing()
        let reply = await task.value
        #expect(reply.errorOutput.hasSuffix("events --follow --after 1\n"), "\(reply)")
    }

    @Test func whoHasGoneIsNotFollowedOn() async throws {
        let scene = try await Scene()
        let reader = Reader()
        reader.go()
        try await scene.online(Self.shop)
        let task = try scene.follow(as: SampleDesk.admin, key: 102, reader)
        #expect(await task.value.status == .refused)
        #expect(reader.writes == 0)
    }

    @Test func withoutARelayNothingIsFollowed() async throws {
        let sample = try await SampleDesk().filled()
        let caller = Caller.principal(.staff(SampleDesk.admin), key: try sampleKey(102), source: "192.0.2.7:50000")
        let reply = await sample.desk.run(["events", "--follow"], standardInput: [], as: caller, output: Reader())
        #expect(reply.status == .notRunning)
    }
}
