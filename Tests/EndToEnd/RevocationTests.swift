import Testing

extension EndToEnd {
    /// What is taken away ends live connections within 5 s (DESIGN §4.3, case A07).
    @Suite(.serialized, .enabled(if: !Relay.isStock)) struct RevocationTests {
        @Test func a07RevokingAGrantEndsTheLiveSession() async throws {
            let site = try await Site()
            let tunnel = try await site.tunnel()
            let session = try await site.liveSession()
            try await site.relay.must("revoke", "alice", "shop-42")
            try await session.end(within: .seconds(5))
            let again = try await site.staff(try site.staffConfig(), "-J", "relay", "shop-42", "true")
            #expect(again.status == 255)
            #expect(tunnel.isRunning, "the terminal has done nothing wrong")
            let audit = try await site.relay.must("audit")
            #expect(audit.output.contains("revoke"), "\(audit.output)")
        }

        @Test func a07DisablingATerminalEndsItsTunnelAndKeepsItOut() async throws {
            let site = try await Site()
            let tunnel = try await site.tunnel()
            let session = try await site.liveSession()
            try await site.relay.must("terminal", "disable", "shop-42")
            try await tunnel.end(within: .seconds(5))
            try await session.end(within: .seconds(5))
            let refused = try await site.startTunnel().end()
            #expect(refused.status == 255)
            try await site.relay.must("terminal", "enable", "shop-42")
            let back = try await site.tunnel()
            #expect(back.isRunning)
        }

        @Test func a07DisablingAMemberOfStaffEndsTheirSessionsAndKeepsThemOut() async throws {
            let site = try await Site()
            let tunnel = try await site.tunnel()
            let session = try await site.liveSession()
            try await site.relay.must("staff", "disable", "alice")
            try await session.end(within: .seconds(5))
            let refused = try await site.staff(try site.staffConfig(), "relay", "whoami")
            #expect(refused.status == 255)
            #expect(refused.errors.contains("Permission denied"), "\(refused)")
            #expect(tunnel.isRunning)
            try await site.relay.must("staff", "enable", "alice")
            let back = try await site.staff(try site.staffConfig(), "-J", "relay", "shop-42", "echo reached")
            #expect(back.text == "reached", "\(back)")
        }

        @Test func a07AKeyThatIsOverEndsItsSessionsAndSaysSo() async throws {
            let site = try await Site()
            let tunnel = try await site.tunnel()
            let session = try await site.liveSession()
            let own = try await site.folder.run(["ssh-keygen", "-l", "-f", site.staffKey.publicPath])
            let fingerprint = String(try #require(own.output.split(separator: " ").dropFirst().first))
            try await site.relay.must("staff", "key", "limit", "alice", fingerprint, "--until", "2s")
            try await session.end(within: .seconds(7))
            let refused = try await site.staff(try site.staffConfig(), "relay", "whoami")
            #expect(refused.status == 255 && refused.errors.contains("this key was good until 2"), "\(refused)")
            let bridge = try await site.staff(try site.staffConfig(), "-J", "relay", "shop-42", "echo reached")
            #expect(bridge.status == 255 && !bridge.output.contains("reached"), "\(bridge)")
            #expect(tunnel.isRunning)
            try await site.relay.must("staff", "key", "limit", "alice", fingerprint)
            let back = try await site.staff(try site.staffConfig(), "-J", "relay", "shop-42", "echo reached")
            #expect(back.text == "reached", "\(back)")
        }

        @Test func removingATerminalEndsItsTunnel() async throws {
            let site = try await Site()
            let tunnel = try await site.tunnel()
            try await site.relay.must("terminal", "remove", "shop-42")
            try await tunnel.end(within: .seconds(5))
            let refused = try await site.startTunnel().end()
            #expect(refused.errors.contains("Permission denied"), "\(refused.errors)")
        }
    }
}
