import Glibc
import Synchronization
import Testing

extension EndToEnd {
    /// The relay goes over to another host key, and nobody is asked anything (SECURITY U03).
    @Suite(.serialized, .enabled(if: !Relay.isStock)) struct HostKeyRenewalTests {
        private static let port = Site.listeningPort + 1

        /// A stock terminal, one of ours, and the relay; both terminals are online.
        private func withSite(_ scenario: (Site, TerminalEnd, Program) async throws -> Void) async throws {
            let site = try await Site()
            let terminal = try await TerminalEnd(in: site.folder)
            do {
                try await terminal.must("login-user", "add", terminal.user, "--key", site.staffKey.publicPath)
                try await terminal.must(
                    "settings", "create", "--relay", "127.0.0.1:\(site.relay.port)", "--listening-port", "\(Self.port)", "--fingerprint",
                    try await site.relayFingerprint())
                let key = try site.folder.write(try await terminal.must("key").output, to: "issued.pub")
                try await site.relay.must("terminal", "add", "shop-43", "--listening-port", "\(Self.port)", "--key", key)
                try await site.relay.must("grant", "alice", "shop-43")
                try await terminal.must("start")
                try await terminal.status(says: "waiting for support")
                // Under a key that it has just accepted without a question, ssh learns no others.
                try await site.tunnel().terminate()
                let tunnel = try await site.tunnel("-o", "UpdateHostKeys=yes")
                try await scenario(site, terminal, tunnel)
            } catch {
                try await terminal.close()
                throw error
            }
            try await terminal.close()
        }

        /// The key that `relay-key` shows after `label`.
        private func key(_ label: String, of site: Site) async throws -> String {
            let lines = try await site.relay.must("relay-key").output.split(whereSeparator: \.isNewline)
            let line = try #require(lines.first { $0.hasPrefix(label) })
            return String(try #require(line.split(separator: " ").last))
        }

        /// A command on the relay by staff's stock ssh; `isKnown`: it takes no key that it does not know.
        private func staff(_ site: Site, isKnown: Bool = true) async throws -> Outcome {
            let hosts = "UserKnownHostsFile \(Self.staffHosts(site))"
            let strict = isKnown ? "StrictHostKeyChecking yes" : nil
            return try await site.staff(try site.staffConfig("UpdateHostKeys yes", hosts, toRelay: strict), "relay", "whoami")
        }

        private static func staffHosts(_ site: Site) -> String { "\(site.folder.path)/staff_hosts" }

        @Test func everybodyWhoWasToldComesBackUnderTheNextKey_U03() async throws {
            try await withSite { site, terminal, tunnel in
                #expect(try await staff(site, isKnown: false).succeeded, "the relay's key is accepted")
                let first = try await key("shown", of: site)
                try await site.relay.must("relay-key", "prepare")
                let next = try await key("beside it", of: site)
                let seen = try await site.relayFingerprint()
                #expect(first != next && first == seen)
                // Both terminals are told where they are; staff when they come the next time.
                let text = Mutex("")
                try await eventually("only staff have not been told; it says \(text.withLock(\.self))") {
                    let told = try await site.relay.must("relay-key").output
                    text.withLock { $0 = told }
                    return !told.contains("terminal shop-") && told.contains("staff alice, last seen")
                }
                #expect(try await site.relay.command("relay-key", "switch").errors.contains("staff alice was not told of \(next)"))
                #expect(try await staff(site).succeeded)
                try await eventually("everybody was told") { try await site.relay.must("relay-key").output.contains("everybody") }
                try await eventually("the terminal has taken note") {
                    try await terminal.must("log").output.contains("announced another host key and proved that it holds it: \(next)")
                }

                let switched = try await site.relay.must("relay-key", "switch")
                #expect(switched.output.contains("shown               ssh-ed25519 \(next)"), "\(switched)")
                #expect(try await site.relayFingerprint() == next, "at once, without a restart")
                #expect(tunnel.isRunning, "who is connected stays so")
                // Everybody comes anew.
                let port = try site.relay.port
                try site.relay.process.signal(SIGKILL)
                try await site.relay.process.end()
                try await tunnel.end()
                try await site.relay.start(port: port)
                try await Site.granted(try site.startTunnel(options: ["-o", "UpdateHostKeys=yes", "-o", "StrictHostKeyChecking=yes"]))
                #expect(try await staff(site).succeeded)
                try await eventually(within: .seconds(90), "our terminal is back") {
                    try await terminal.must("log").output.contains("shows the host key that it had announced: \(next), before \(first)")
                }
                try await terminal.status(says: "waiting for support")
                #expect(try await terminal.must("settings", "show").output.contains(next))

                // Back again while both are announced: the same keys, the other way round.
                try await site.relay.must("relay-key", "switch")
                try await terminal.must("restart")
                try await terminal.status(says: "waiting for support")
                #expect(try await terminal.must("settings", "show").output.contains(first))
                try await site.relay.must("relay-key", "switch")
                try await terminal.must("restart")
                try await terminal.status(says: "waiting for support")

                // And the former key is forgotten everywhere.
                try await site.relay.must("relay-key", "retire")
                try await terminal.must("restart")
                #expect(try await staff(site).succeeded)
                let known = "\(terminal.dataPath)/agent/known_hosts"
                try await eventually("one key is left: \(Folder.text(of: known))") {
                    Folder.text(of: known).split(whereSeparator: \.isNewline).count == 1
                }
                let listed = try await site.folder.run(["ssh-keygen", "-l", "-F", "[127.0.0.1]:\(port)", "-f", Self.staffHosts(site)])
                #expect(listed.output.contains(next) && !listed.output.contains(first), "\(listed)")
            }
        }

        /// A relay that shows a key which it never announced is not followed, whatever it says later.
        @Test func aKeyThatWasNotAnnouncedStopsTheTerminal_U03() async throws {
            try await withSite { site, terminal, _ in
                let port = try site.relay.port
                try await site.relay.process.terminate()
                let made = try await site.folder.run([
                    "bash", "-ec",
                    "cd \(site.relay.dataPath); rm host_key; ssh-keygen -q -t ed25519 -N '' -f host_key; rm host_key.pub",
                ])
                #expect(made.succeeded, "\(made)")
                try await site.relay.start(port: port)
                try await terminal.status(says: "the relay shows another host key than before", within: .seconds(90))
            }
        }
    }
}
