import SystemCalls
import TerminalCore
import Testing

extension TerminalProgramTests {
    @Suite(.serialized) struct StageTests {
        @Test func aKeyThatTheRelayDoesNotKnowYetSaysSoAndConnectsOnceApproved() async throws {
            try await withSite { site in
                try await site.setUp()
                let line = try site.folder.read("relay-keys")
                try site.relay.approve("")
                let start = try await site.command("start")
                #expect(start.status == 1)
                #expect(start.errors.contains("the relay does not know this terminal's key yet; send it to support"), "\(start)")
                let status = try await site.status()
                #expect(status.failure?.code == .keyUnknown && status.failure?.stage == .authenticating)
                try site.relay.approve(line)
                try await eventually(within: .seconds(60), "it connects by itself") { try await site.status().state == .waiting }
            }
        }

        @Test func aChangedRelayKeyStopsWithAnExplanation() async throws {
            try await withSite { site in
                try await site.setUp()
                try await site.must("start")
                try await site.must("stop")
                try await site.relay.restart(hostKey: try await site.folder.key("other-host"))
                let start = try await site.command("start")
                #expect(start.status == 1)
                #expect(
                    start.errors.contains("checking the relay's identity failed: the relay shows another host key than before"), "\(start)")
                let status = try await site.status()
                #expect(status.state == .stopped && status.failure?.code == .relayKeyChanged)
            }
        }

        @Test func aRelayThatIsNotTheConfirmedOneIsNeverPinned() async throws {
            try await withSite { site in
                try await site.must("login-user", "add", site.user, "--key", "\(site.staffKey).pub")
                try await site.create(fingerprint: "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
                let start = try await site.command("start")
                #expect(start.status == 1 && start.errors.contains("another host key than the one that was confirmed"), "\(start)")
                #expect(try await site.status().failure?.code == .relayKeyMismatch)
                #expect(try Files.status("\(site.dataFolder)/agent/known_hosts") == nil)
            }
        }

        @Test func withoutAFingerprintTheRelaysIsShownAndNothingIsSaved() async throws {
            try await withSite { site in
                let shown = try await site.command(
                    "settings", "create", "--relay", "127.0.0.1:\(site.relay.port)", "--listening-port", "\(site.listeningPort)")
                #expect(shown.status == 1)
                #expect(shown.output.contains(try await site.folder.fingerprint(of: site.hostKey)), "\(shown)")
                #expect(try await site.must("settings", "show").output.contains("no remote support setting"))
            }
        }

        @Test func aRefusedPortIsNamed() async throws {
            try await withSite { site in
                try await site.setUp(permitted: 1)
                let start = try await site.command("start")
                #expect(start.status == 1)
                #expect(start.errors.contains("the relay refuses listening port \(site.listeningPort) to this terminal"), "\(start)")
                #expect(try await site.status().failure?.stage == .requestingPort)
            }
        }

        @Test func aRelayThatIsAwayAndANameThatNobodyKnowsAreToldApart() async throws {
            try await withSite { site in
                try await site.must("login-user", "add", site.user, "--key", "\(site.staffKey).pub")
                try await site.create(ports: "\(try StockRelay.freePort())")
                #expect(try await site.command("start").errors.contains("refuses connections"))
                #expect(try await site.status().failure?.code == .connectionRefused)
                try await site.must("settings", "delete")
                try await site.must(
                    "settings", "create", "--relay", "relay.invalid", "--listening-port", "\(site.listeningPort)", "--fingerprint",
                    try await site.folder.fingerprint(of: site.hostKey))
                let start = try await site.command("start")
                #expect(start.errors.contains("resolving the relay's name failed"), "\(start)")
            }
        }

        @Test func anHTTPServerInsteadOfTheRelayMeansABlockedNetwork_N04() async throws {
            try await withSite { site in
                let portal = try Portal()
                try await site.must("login-user", "add", site.user, "--key", "\(site.staffKey).pub")
                try await site.create(ports: "\(portal.port)")
                let start = try await site.command("start")
                #expect(start.errors.contains("the network blocks or redirects the connection"), "\(start)")
                try await eventually("between its tries the status says that the network blocks") {
                    let status = try await site.status()
                    #expect(status.failure?.message.contains("HTTP/1.1 302 Found") == true)
                    return status.state == .blocked && status.retryInSeconds.map { $0 <= 60 } == true
                }
                portal.end()
            }
        }

        @Test func portsAreTriedInTurn() async throws {
            try await withSite { site in
                try await site.setUp()
                try await site.must("settings", "delete")
                try await site.create(ports: "\(try StockRelay.freePort()),\(site.relay.port)")
                try site.relay.approve(try await site.must("key", "--stock-relay").output)
                let start = try await site.must("start")
                #expect(start.output.contains("waiting for support"))
            }
        }

        @Test func theWayIsTestedWithoutSwitchingSupportOn() async throws {
            try await withSite { site in
                try await site.setUp(permitted: 1)
                let refused = try await site.command("test")
                #expect(refused.status == 1)
                #expect(refused.output.contains("ok      key accepted\n  FAILED  asking for the listening port"), "\(refused)")
                try site.relay.approve(try await site.must("key", "--stock-relay").output)
                let fine = try await site.must("test")
                #expect(fine.output.contains("support could reach this terminal"), "\(fine)")
                #expect(try await site.status().state == .off)
            }
        }

        @Test func theTimeLimitEndsSupport() async throws {
            try await withSite { site in
                try await site.setUp()
                try await site.must("start", "--for", "10s")
                try await eventually("it is off") {
                    let status = try await site.status()
                    return status.state == .off && status.offReason == .timeLimit
                }
                try await eventually("the client is gone") { try !site.processes.contains { $0.name == "ssh" } }
            }
        }

        @Test func aKeyThatIsWithdrawnIsNotCalledUnknown() async throws {
            try await withSite { site in
                try await site.setUp()
                try await site.must("start")
                try site.relay.approve("")
                Processes.signal(try #require(try site.processes.first { $0.name == "ssh" }), .kill)
                try await eventually("the status tells") { try await site.status().failure?.code == .keyWithdrawn }
                #expect(try await site.must("status").output.contains("does not accept this terminal's key any more"))
            }
        }

        @Test func theTunnelComesBackWhenItsClientDies() async throws {
            try await withSite { site in
                try await site.setUp()
                try await site.must("start")
                let client = try #require(try site.processes.first { $0.name == "ssh" })
                Processes.signal(client, .kill)
                try await eventually("the client is another one") {
                    try site.processes.contains { $0.name == "ssh" && $0.pid != client.pid }
                }
                try await eventually("it is back") { try await site.status().state == .waiting }
                #expect(try await site.login("true").succeeded)
            }
        }
    }
}

/// An HTTP server that answers whatever comes, as captive portals do.
final class Portal: Sendable {
    let port: UInt16
    private let isOver = Monitor(false)

    init() throws {
        let listener = try Sockets.listen(on: .loopback(port: 0))
        port = try Sockets.localAddress(listener.raw).port
        let raw = listener.release()
        Threads.start(name: "portal") { [isOver] in
            while isOver.wait(until: MonotonicClock.now + .milliseconds(10), for: { $0 ? true : nil }) == nil {
                guard case .connection(let connection, _) = Sockets.accept(raw) else { continue }
                let answer = Array("HTTP/1.1 302 Found\r\nLocation: http://portal.invalid/\r\n\r\n".utf8)
                _ = answer.withUnsafeBytes { Sockets.send(connection.raw, $0) }
                // As servers do: first the answer, then the end, then whatever the client still says is read away.
                try? Sockets.finishSending(connection.raw)
                _ = try? Files.readAll(connection.raw, limit: 4096)
            }
            Descriptor.close(raw)
        }
    }

    func end() { isOver.withLock { $0 = true } }
}
