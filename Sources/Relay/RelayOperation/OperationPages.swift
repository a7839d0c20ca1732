package import RelayCore
import SystemCalls

/// What is served to the machine's own monitoring.
package struct OperationPages: Sendable {
    /// An answer.
    package struct Answer: Hashable, Sendable {
        /// HTTP's.
        package let status: Int
        /// Its media type.
        package let mediaType: String
        /// Text in UTF-8.
        package let body: String
    }

    private let tally: EventTally
    private let startedAt: Int64

    /// Pages of a relay that started now.
    package init(tally: EventTally) {
        self.tally = tally
        startedAt = WallClock.seconds
    }

    /// The page at `path`; `nil`: there is none.
    /// - Parameters:
    ///   - counts: asked of the switch just now: that it answers is what health means here.
    ///   - webhooks: what was sent to each receiver, in the order of the configuration.
    ///   - isDraining: whether the relay is about to restart; a balancer then sends new peers elsewhere.
    package func page(at path: String, _ counts: RelayCounts, webhooks: [WebhookCounts] = [], isDraining: Bool) -> Answer? {
        switch path {
        case "/healthz":
            let words = isDraining ? "draining" : "ok"
            return Answer(status: isDraining ? 503 : 200, mediaType: "text/plain; charset=utf-8", body: words + "\n")
        case "/metrics":
            return Answer(status: 200, mediaType: MetricsText.mediaType, body: metrics(counts, webhooks, isDraining: isDraining))
        case "/":
            let body = "towline-relay: see /healthz and /metrics\n"
            return Answer(status: 200, mediaType: "text/plain; charset=utf-8", body: body)
        default: return nil
        }
    }

    private func metrics(_ counts: RelayCounts, _ webhooks: [WebhookCounts], isDraining: Bool) -> String {
        var text = MetricsText()
        let events = tally.current
        text.add(
            "towline_relay_connections", .gauge, "SSH connections by what they are.", by: "state",
            [
                "handshake": Double(counts.strangers), "terminal": Double(counts.terminalsWithoutTunnel), "tunnel": Double(counts.tunnels),
                "staff": Double(counts.staff),
            ])
        text.add("towline_relay_connections_accepted_total", .counter, "Connections taken from the listeners.", Double(counts.accepted))
        text.add(
            "towline_relay_connections_turned_away_total", .counter, "Connections closed at once, by why.", by: "reason",
            Self.numbers(counts.turnedAway, always: ["penalised", "source_full"]))
        text.add("towline_relay_authentications_total", .counter, "Connections that proved a key.", Double(counts.authenticated))
        text.add(
            "towline_relay_handshake_failures_total", .counter, "Connections that ended before they proved a key, by why.", by: "reason",
            Self.numbers(counts.handshakeFailures, always: ["abandoned", "authentication_attempts", "identification", "login_grace"]))
        text.add(
            "towline_relay_connection_failures_total", .counter, "Authenticated connections that broke a rule or a limit, by which.",
            by: "reason", Self.numbers(counts.failures, always: ["silence", "stalled_write"]))
        text.add("towline_relay_tunnels_opened_total", .counter, "Tunnels that were granted their port.", Double(events.tunnels))
        text.add(
            "towline_relay_tunnel_ends_total", .counter, "Tunnels that ended, by why.", by: "reason",
            Self.numbers(events.tunnelEnds, all: TunnelEnd.allCases))
        text.add("towline_relay_takeovers_total", .counter, "Tunnels taken over by a newer connection.", Double(events.takeovers))
        text.add("towline_relay_clones_suspected_total", .counter, "Times that two places used one terminal's key.", Double(events.clones))
        text.add("towline_relay_bridges", .gauge, "Open bridges between staff and terminals.", Double(counts.bridges))
        text.add("towline_relay_bridges_opening", .gauge, "Bridges that wait for the terminal.", Double(counts.openingBridges))
        text.add("towline_relay_bridges_opened_total", .counter, "Bridges that were opened.", Double(events.bridges))
        text.add(
            "towline_relay_bridge_ends_total", .counter, "Bridges that ended, by why.", by: "reason",
            Self.numbers(events.bridgeEnds, all: BridgeEnd.allCases))
        text.add(
            "towline_relay_bridged_bytes_total", .counter, "Data bytes carried over bridges.", by: "direction",
            ["to_terminal": Double(counts.bytesToTerminals), "from_terminal": Double(counts.bytesFromTerminals)])
        text.add(
            "towline_relay_refusals_total", .counter, "Connections that asked for something they may not, by who they are.", by: "who",
            Self.numbers(events.refusals, always: ["staff", "stranger", "terminal"]))
        text.add(
            "towline_relay_registered", .gauge, "Who is registered, by kind.", by: "kind",
            ["terminals": Double(counts.registered.terminals), "staff": Double(counts.registered.staff)])
        text.add(
            "towline_relay_loop_lag_seconds", .gauge, "How long this scrape's question waited for each event loop.", by: "switchboard",
            Dictionary(uniqueKeysWithValues: counts.lags.enumerated().map { ("\($0)", Self.seconds($1)) }))
        text.add("towline_relay_draining", .gauge, "1 while the relay lets open sessions end before it restarts.", isDraining ? 1 : 0)
        if !webhooks.isEmpty { add(webhooks, to: &text) }
        add(ProcessFacts.own, to: &text)
        return text.text
    }

    private func add(_ webhooks: [WebhookCounts], to text: inout MetricsText) {
        func add(_ name: String, _ kind: MetricsText.Kind, _ help: String, _ value: (WebhookCounts) -> Double) {
            let values = Dictionary(uniqueKeysWithValues: webhooks.enumerated().map { ("\($0 + 1)", value($1)) })
            text.add("towline_relay_webhook_\(name)", kind, help, by: "webhook", values)
        }
        add("delivered_total", .counter, "Events that the receiver took.") { Double($0.delivered) }
        add("failed_total", .counter, "Attempts to deliver an event that failed.") { Double($0.failed) }
        add("lost_total", .counter, "Events that were given up.") { Double($0.lost) }
        add("waiting", .gauge, "Events that wait for the receiver.") { Double($0.waiting) }
    }

    private func add(_ facts: ProcessFacts, to text: inout MetricsText) {
        text.add("process_start_time_seconds", .gauge, "When the relay started, seconds since 1970.", Double(startedAt))
        text.add("process_cpu_seconds_total", .counter, "User and system CPU time.", Self.seconds(facts.processorTime))
        text.add("process_resident_memory_bytes", .gauge, "Resident memory.", Double(facts.residentBytes))
        text.add("process_open_fds", .gauge, "Open descriptors.", Double(facts.openDescriptors))
        text.add("process_max_fds", .gauge, "How many may be open.", Double(facts.mostDescriptors))
    }

    private static func seconds(_ time: Duration) -> Double { Double(time.wholeNanoseconds) / 1e9 }

    /// Counts by label, also those that are known and still zero: a rate needs a first value.
    private static func numbers(_ counts: [String: UInt64], always: [String]) -> [String: Double] {
        var numbers = Dictionary(uniqueKeysWithValues: always.map { ($0, 0.0) })
        for (label, count) in counts { numbers[label] = Double(count) }
        return numbers
    }

    private static func numbers<Reason: RawRepresentable<String> & Hashable>(
        _ counts: [Reason: UInt64], all: [Reason]
    ) -> [String: Double] {
        Dictionary(uniqueKeysWithValues: all.map { (label($0.rawValue), Double(counts[$0] ?? 0)) })
    }

    /// Words as a label: `the terminal's tunnel ended` is `the_terminals_tunnel_ended`.
    private static func label(_ words: String) -> String {
        words.split(separator: " ").map { $0.filter { $0 != "'" } }.joined(separator: "_")
    }
}
