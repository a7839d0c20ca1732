import Testing

extension EndToEnd {
    /// A bridge's two connections meet on one switchboard, wherever they were accepted (DESIGN §4.2).
    @Suite(.serialized, .enabled(if: !Relay.isStock)) struct SwitchboardTests {
        @Test func manyLoginsAtOnceFindTheirTunnelsOnWhicheverSwitchboard() async throws {
            let site = try await Site()
            var tunnels = [try site.startTunnel()]
            for index in 1..<6 {
                let key = try await KeyPair("key-\(index)", in: site.folder)
                try await site.relay.addTerminal("extra-\(index)", port: Site.listeningPort + index, key: key)
                try await site.relay.must("grant", "alice", "extra-\(index)")
                tunnels.append(try site.startTunnel(key: key, port: Site.listeningPort + index))
            }
            for tunnel in tunnels { try await Site.granted(tunnel) }
            let config = try site.staffConfig()
            for round in 1...3 {
                let logins = try tunnels.indices.flatMap { index in
                    try (0..<3).map { _ in
                        try Program(
                            ["ssh", "-F", config, "-J", "relay", "-p", "\(Site.listeningPort + index)", "localhost", "echo reached"],
                            in: site.folder)
                    }
                }
                for login in logins {
                    let outcome = try await login.end(within: .seconds(60))
                    #expect(outcome.text == "reached", "round \(round): \(outcome)")
                }
            }
            for tunnel in tunnels { #expect(tunnel.isRunning) }
        }
    }
}
