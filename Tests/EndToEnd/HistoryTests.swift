import Glibc
import Testing

extension EndToEnd {
    /// What the relay remembers of terminals that came and went: FEATURES row 35.
    @Suite(.serialized, .enabled(if: !Relay.isStock)) struct HistoryTests {
        @Test func staffReadWhenTheirTerminalWasOnlineAndWhoWasOnIt() async throws {
            let site = try await Site()
            let config = try site.staffConfig()
            let tunnel = try await site.tunnel()
            let login = try await site.staff(config, "-J", "relay", "shop-42", "echo reached")
            #expect(login.text == "reached", "\(login)")
            try await eventually("the session is noted") {
                try await site.staff(config, "relay", "history", "shop-42").output.contains(": session 1-1 from 127.0.0.1:")
            }
            let open = try await site.staff(config, "relay", "history", "shop-42").output
            #expect(open.contains(" to now, ") && open.contains("\n  online; SSH-2.0-OpenSSH"), "\(open)")
            try await tunnel.terminate()
            try await eventually("the end of the tunnel is noted") {
                try await site.relay.must("history", "shop-42", "--since", "1h").output.contains("\n  closed by the terminal; SSH-2.0")
            }
            let refused = try await site.staff(config, "relay", "history", "shop-43")
            #expect(refused.status == 1, "\(refused)")
        }

        @Test func aKilledRelayTellsHowLongATerminalWasThere() async throws {
            let site = try await Site()
            let tunnel = try await site.tunnel()
            try await eventually("it is noted") { try await site.relay.must("history", "shop-42").output.contains("to now") }
            try site.relay.process.signal(SIGKILL)
            try await site.relay.process.end()
            try await tunnel.end()
            try await site.relay.start()
            let history = try await site.relay.must("history", "shop-42").output
            #expect(history.contains("\n  recovered; SSH-2.0"), "\(history)")
        }
    }
}
