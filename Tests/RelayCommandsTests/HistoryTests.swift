import FoundationEssentials
import RelayCommands
import RelayCore
import RelayStore
import SSHCrypto
import SSHKeys
import Support
import Testing

/// `history`: when a terminal was online, and who was on it.
@Suite struct HistoryTests {
    private static let shop = TerminalID(1)
    private static let begin = SampleDesk.now.advanced(by: -90_000)

    /// shop-42 was online yesterday with sessions of both members of staff, and is online now with one of root-admin's.
    private func sample() async throws -> SampleDesk {
        let sample = try await SampleDesk().filled(at: Self.begin.advanced(by: -1_000))
        let run = try await sample.ledger.beginRun(at: Self.begin).run
        await sample.desk.attach(sample.relay, run: run)
        func opened(_ number: Int64, _ staff: StaffID, _ key: UInt8, _ at: Int64) throws -> RelayEvent {
            .bridgeOpened(
                BridgeID(number), staff, key: try sampleKey(key).fingerprint, Self.shop, source: "203.0.113.\(number):5512",
                at: Self.begin.advanced(by: at))
        }
        func closed(_ number: Int64, _ at: Int64) -> RelayEvent {
            .bridgeClosed(
                BridgeID(number), bytesToTerminal: 1_234, bytesFromTerminal: 3_400_000, reason: .finished, at: Self.begin.advanced(by: at))
        }
        let version = "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7"
        try await sample.ledger.record(
            [
                .terminalOnline(Self.shop, source: "198.51.100.9:40122", clientVersion: version, at: Self.begin),
                opened(1, SampleDesk.alice, 101, 300), closed(1, 1_020), opened(2, SampleDesk.admin, 102, 2_000), closed(2, 2_045),
                .terminalOffline(
                    Self.shop, source: "198.51.100.9:40122", reason: .closedByTerminal, lastHeard: Self.begin.advanced(by: 30_600),
                    at: Self.begin.advanced(by: 30_600)),
                .terminalOnline(Self.shop, source: "198.51.100.9:40200", clientVersion: version, at: Self.begin.advanced(by: 78_480)),
                .terminalOnline(Self.shop, source: "198.51.100.9:40201", clientVersion: version, at: Self.begin.advanced(by: 79_000)),
                opened(3, SampleDesk.admin, 102, 89_000),
            ], run: run)
        sample.relay.set(bridges: [
            LiveBridge(
                id: BridgeID(3), staff: SampleDesk.admin, terminal: Self.shop, source: "203.0.113.3:5512",
                since: Self.begin.advanced(by: 89_000), bytesToTerminal: 77, bytesFromTerminal: 88)
        ])
        return sample
    }

    @Test func anAdminReadsWhenAndWhoAndForHowLong() async throws {
        let sample = try await sample()
        let text = try await sample.run("history shop-42", as: SampleDesk.admin, key: 102).output
        #expect(
            text == """
                shop-42, newest first; times are UTC

                2027-01-15 04:48 to now, 3 h 12 min, from 198.51.100.9:40201
                  online; 1 reconnect; SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7
                  07:43 root-admin for 16 min, open: session 1-3 from 203.0.113.3:5512
                        77 B to the terminal, 88 B from it

                2027-01-14 07:00 to 15:30, 8 h 30 min, from 198.51.100.9:40122
                  closed by the terminal; SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7
                  07:33 root-admin for 45 s, finished: session 1-2 from 203.0.113.2:5512
                        1.2 kB to the terminal, 3.4 MB from it
                  07:05 alice for 12 min, finished: session 1-1 from 203.0.113.1:5512
                        1.2 kB to the terminal, 3.4 MB from it

                """)
        for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    }

    @Test func supportStaffSeeWhoWasThereButNotFromWhere() async throws {
        let sample = try await sample()
        let text = try await sample.run("history shop-42", as: SampleDesk.alice, key: 101).output
        #expect(text.contains("alice for 12 min, finished: session 1-1 from 203.0.113.1:5512\n"), "\(text)")
        #expect(text.contains("root-admin for 45 s, finished: session 1-2\n"), "\(text)")
        let attic = try await sample.run("history attic", as: SampleDesk.alice, key: 101)
        let none = try await sample.run("history nowhere", as: SampleDesk.alice, key: 101)
        #expect(attic.status == .refused)
        #expect(attic.errorOutput == none.errorOutput.replacing("nowhere", with: "attic"))
    }

    @Test func sinceGoesBackSoFar() async throws {
        let sample = try await sample()
        #expect(await sample.run("history shop-42 --since 4h").output.contains("2027-01-15 04:48"))
        #expect(await !sample.run("history shop-42 --since 4h").output.contains("2027-01-14"))
        #expect(await sample.run("history shop-42 --since 2d").output.contains("2027-01-14 07:00"))
        #expect(await sample.run("history attic").output == "attic, newest first; times are UTC\n\nnot online in this time\n")
    }

    @Test func programsReadItAsJSON() async throws {
        struct History: Decodable {
            struct Period: Decodable {
                let began: String
                let ended: String?
                let seconds: Int
                let reconnects: Int
                let sessions: [Session]
            }
            struct Session: Decodable { let id: String }
            let terminal: String
            let periods: [Period]
        }
        let sample = try await sample()
        let history = try JSONDecoder().decode(History.self, from: Data(await sample.run("history shop-42 --json").output.utf8))
        #expect(history.periods.map(\.seconds) == [11_520, 30_600])
        #expect(history.periods.map(\.ended) == [nil, "2027-01-14T15:30:00Z"])
        #expect(history.periods.map(\.reconnects) == [1, 0])
        #expect(history.periods.map { $0.sessions.map(\.id) } == [["1-3"], ["1-2", "1-1"]])
    }
}
