import RelayCore
import SSHKeys
import Support
import SystemCalls
import Testing

@testable import RelayOperation

@Suite struct OperationPagesTests {
    private let now = WallTime(secondsSince1970: 0)

    private func page(_ path: String, isDraining: Bool = false, counts: RelayCounts = RelayCounts(), tally: EventTally = EventTally())
        -> OperationPages.Answer?
    {
        OperationPages(tally: tally).page(at: path, counts, isDraining: isDraining)
    }

    @Test func healthIsOkUntilTheRelayDrains() {
        #expect(page("/healthz")?.status == 200)
        #expect(page("/healthz")?.body == "ok\n")
        #expect(page("/healthz", isDraining: true)?.status == 503)
        #expect(page("/healthz", isDraining: true)?.body == "draining\n")
        #expect(page("/metrics")?.mediaType == "text/plain; version=0.0.4; charset=utf-8")
        #expect(page("/metrics/") == nil)
        #expect(page("/../etc/passwd") == nil)
    }

    @Test func whatHappenedIsCounted() throws {
        let tally = EventTally()
        let key = Fingerprint(digest: [UInt8](repeating: 0, count: Fingerprint.length))
        for _ in 0..<2 { tally.count(.terminalOnline(TerminalID(1), source: "a:1", clientVersion: "x", at: now)) }
        tally.count(.terminalOffline(TerminalID(1), source: "a:1", reason: .connectionLost, lastHeard: now, at: now))
        tally.count(.tookOver(TerminalID(1), oldSource: "a", newSource: "b", at: now))
        tally.count(.cloneSuspected(TerminalID(1), sources: [], at: now))
        tally.count(.bridgeOpened(BridgeID(1), StaffID(1), key: key, TerminalID(1), source: "c", at: now))
        tally.count(.bridgeClosed(BridgeID(1), bytesToTerminal: 1, bytesFromTerminal: 2, reason: .finished, at: now))
        tally.count(.refused(source: "a", who: .staff(StaffID(1)), what: "a", why: "b", at: now))
        tally.count(.refused(source: "a", who: nil, what: "a", why: "b", at: now))
        var counts = RelayCounts()
        counts.tunnels = 7
        counts.registered.terminals = 3
        counts.accepted = 9_007_199_254
        counts.bytesFromTerminals = 3 << 40
        counts.turnedAway["source_full"] = 4
        counts.lags = [.milliseconds(2), .zero]
        let lines = try #require(page("/metrics", isDraining: true, counts: counts, tally: tally)).body.split(separator: "\n").map(
            String.init)
        for expected in [
            "towline_relay_connections{state=\"tunnel\"} 7", "towline_relay_connections_accepted_total 9007199254",
            "towline_relay_connections_turned_away_total{reason=\"source_full\"} 4",
            "towline_relay_connections_turned_away_total{reason=\"penalised\"} 0",
            "towline_relay_tunnels_opened_total 2", "towline_relay_tunnel_ends_total{reason=\"connection_lost\"} 1",
            "towline_relay_tunnel_ends_total{reason=\"taken_over\"} 0", "towline_relay_takeovers_total 1",
            "towline_relay_clones_suspected_total 1", "towline_relay_bridges_opened_total 1",
            "towline_relay_bridge_ends_total{reason=\"finished\"} 1", "towline_relay_refusals_total{who=\"staff\"} 1",
            "towline_relay_refusals_total{who=\"stranger\"} 1", "towline_relay_refusals_total{who=\"terminal\"} 0",
            "towline_relay_bridged_bytes_total{direction=\"from_terminal\"} 3298534883328",
            "towline_relay_registered{kind=\"terminals\"} 3",
            "towline_relay_loop_lag_seconds{switchboard=\"0\"} 0.002", "towline_relay_loop_lag_seconds{switchboard=\"1\"} 0",
            "towline_relay_draining 1",
        ] { #expect(lines.contains(expected), "\(expected)") }
        let open = lines.first { $0.hasPrefix("process_open_fds ") }
        #expect(open.flatMap { Double($0.dropFirst("process_open_fds ".count)) }.map { $0 >= 3 } == true, "\(open ?? "missing")")
        let resident = lines.first { $0.hasPrefix("process_resident_memory_bytes ") }
        #expect(resident.flatMap { Double($0.dropFirst("process_resident_memory_bytes ".count)) }.map { $0 > 1_000_000 } == true)
    }
}
