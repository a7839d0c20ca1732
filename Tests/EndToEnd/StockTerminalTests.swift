import Testing

extension EndToEnd {
    /// A terminal that is nothing but the stock client, reached with nothing but the stock client (DESIGN §3).
    @Suite(.serialized) struct StockTerminalTests {
        @Test func staffReachATerminalByItsListeningPort() async throws {
            let site = try await Site()
            let tunnel = try await site.tunnel()
            let config = try site.staffConfig()
            for host in Relay.isStock ? ["localhost"] : ["localhost", "127.0.0.1", "::1", "relay.example.org"] {
                let login = try await site.staff(config, "-J", "relay", "-p", "\(Site.listeningPort)", host, "echo reached-$((40 + 2))")
                #expect(login.text == "reached-42", "by \(host): \(login)")
            }
            #expect(tunnel.isRunning)
        }

        @Test(.enabled(if: !Relay.isStock)) func staffReachATerminalByItsName() async throws {
            let site = try await Site()
            let tunnel = try await site.tunnel()
            let login = try await site.staff(try site.staffConfig(), "-J", "relay", "shop-42", "echo reached; exit 7")
            #expect(login.text == "reached", "\(login)")
            #expect(login.status == 7, "the exit status of the terminal's command comes through")
            #expect(tunnel.isRunning)
        }

        @Test(.enabled(if: !Relay.isStock)) func withoutAGrantATerminalLooksLikeAnUnknownName() async throws {
            let site = try await Site(granted: false)
            let tunnel = try await site.tunnel()
            let config = try site.staffConfig()
            let known = try await site.staff(config, "-J", "relay", "shop-42", "true")
            let unknown = try await site.staff(config, "-J", "relay", "shop-43", "true")
            let byPort = try await site.staff(config, "-J", "relay", "-p", "\(Site.listeningPort)", "localhost", "true")
            #expect(known.status == 255)
            #expect(byPort.status == 255)
            #expect(known.errors.contains("open failed"), "\(known)")
            #expect(known.errors.replacing("shop-42", with: "NAME") == unknown.errors.replacing("shop-43", with: "NAME"))
            try await site.relay.must("grant", "alice", "shop-42")
            let granted = try await site.staff(config, "-J", "relay", "shop-42", "echo reached")
            #expect(granted.text == "reached", "a grant takes effect at once: \(granted)")
            #expect(tunnel.isRunning)
        }

        @Test(.enabled(if: !Relay.isStock)) func aGrantThatHasRunOutLetsNobodyIn() async throws {
            let site = try await Site(granted: false)
            let tunnel = try await site.tunnel()
            try await site.relay.must("grant", "alice", "shop-42", "--until", "1s")
            let config = try site.staffConfig()
            try await eventually("the grant runs out") {
                try await site.staff(config, "-J", "relay", "shop-42", "true").status == 255
            }
            #expect(tunnel.isRunning)
        }

        @Test(.enabled(if: !Relay.isStock)) func adminsReachEveryTerminalWithoutAGrant() async throws {
            let site = try await Site(granted: false)
            let tunnel = try await site.tunnel()
            let key = try await KeyPair("admin-key", in: site.folder)
            try site.server.add(key.line)
            try await site.relay.addStaff("root-of-support", key: key, role: "admin")
            let login = try await site.staff(try site.staffConfig(key: key), "-J", "relay", "shop-42", "echo reached")
            #expect(login.text == "reached", "\(login)")
            #expect(tunnel.isRunning)
        }

        @Test(.enabled(if: !Relay.isStock)) func aTerminalThatIsOfflineAnswersWithASentence() async throws {
            let site = try await Site()
            let config = try site.staffConfig()
            let never = try await site.staff(config, "-J", "relay", "shop-42", "true")
            #expect(never.status == 255)
            #expect(never.errors.contains("shop-42 is not connected"), "\(never)")
            try await site.tunnel().terminate()
            try await eventually("the relay says when it was last seen") {
                let gone = try await site.staff(config, "-J", "relay", "-p", "\(Site.listeningPort)", "localhost", "true")
                return gone.errors.contains("shop-42 is not connected (last seen ")
            }
        }

        @Test func aKeyThatNobodyRegisteredIsRefused() async throws {
            let site = try await Site()
            let stranger = try await KeyPair("stranger", in: site.folder)
            let tunnel = try await site.startTunnel(key: stranger).end()
            #expect(tunnel.status == 255)
            #expect(tunnel.errors.contains("Permission denied (publickey)"), "\(tunnel.errors)")
            let staff = try await site.staff(try site.staffConfig(key: stranger), "relay", "whoami")
            #expect(staff.status == 255)
            #expect(staff.errors.contains("Permission denied (publickey)"), "\(staff)")
        }

        @Test(.enabled(if: !Relay.isStock)) func theHostKeyIsTheOneThatInitPrinted() async throws {
            let site = try await Site()
            let tunnel = try await site.tunnel()
            let seen = tunnel.errors.split(whereSeparator: \.isNewline).first { $0.contains("Server host key: ssh-ed25519 SHA256:") }
            let fingerprint = try #require(seen?.split(separator: " ").last)
            #expect(site.relay.greeting.contains(fingerprint), "\(site.relay.greeting)")
        }
    }
}
