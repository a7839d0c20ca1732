import Glibc
import Testing

extension EndToEnd {
    /// What happens at the relay, as it happens: FEATURES rows 35 and 45.
    @Suite(.serialized, .enabled(if: !Relay.isStock)) struct EventsTests {
        private func follower(_ config: String, _ words: String..., in folder: Folder) throws -> Program {
            try Program(["ssh", "-F", config] + words, in: folder)
        }

        @Test func staffAreToldWhenTheirTerminalComesAndWhoIsOnIt() async throws {
            let site = try await Site()
            let config = try site.staffConfig()
            let other = try await KeyPair("other", in: site.folder)
            try await site.relay.addTerminal("shop-43", port: 41002, key: other)
            let text = try follower(config, "relay", "events", "--follow", in: site.folder)
            let json = try Program(
                [Relay.program(), "events", "--follow", "--json", "--data-dir", site.relay.dataPath], in: site.folder)
            let stranger = try site.startTunnel(key: other, port: 41002)
            try await Site.granted(stranger)
            let tunnel = try await site.tunnel()
            try await eventually("it came: \(text.errors)") { text.output.contains("terminal.online shop-42: from 127.0.0.1:") }
            let login = try await site.staff(config, "-J", "relay", "shop-42", "echo reached")
            #expect(login.text == "reached", "\(login)")
            try await tunnel.terminate()
            try await eventually("it went: \(text.output)") { text.output.contains("terminal.offline shop-42: ") }
            for word in ["session.open shop-42: by alice, session 1-1, from 127.0.0.1:", "session.close shop-42: by alice, session 1-1"] {
                #expect(text.output.contains(word), "\(text.output)")
            }
            #expect(!text.output.contains("shop-43"), "\(text.output)")
            try await eventually("the operator sees all: \(json.output)") {
                json.output.contains(#""terminal":"shop-43""#) && json.output.contains("terminal.offline")
            }
            for line in json.output.split(separator: "\n") { #expect(line.first == "{" && line.last == "}", "\(line)") }
            // Ctrl-C at both.
            for program in [text, json] { program.signal(SIGINT) }
            for program in [text, json] { try await program.end(within: .seconds(5)) }
            #expect(stranger.isRunning)
        }

        @Test func revocationAndTheEndOfTheRelayEndFollowing() async throws {
            let site = try await Site()
            let bobKey = try await KeyPair("bob-key", in: site.folder)
            try await site.relay.addStaff("bob", key: bobKey, role: "admin")
            let alice = try follower(try site.staffConfig(), "relay", "events", "--follow", in: site.folder)
            let bob = try follower(try site.staffConfig(key: bobKey), "relay", "events", "--follow", in: site.folder)
            let local = try Program([Relay.program(), "events", "--follow", "--data-dir", site.relay.dataPath], in: site.folder)
            let tunnel = try await site.tunnel()
            for program in [alice, bob, local] {
                try await eventually("it came: \(program.errors)") { program.output.contains("terminal.online shop-42") }
            }
            try await site.relay.must("staff", "disable", "alice")
            #expect(try await alice.end(within: .seconds(5)).status == 255)
            try await site.relay.process.terminate()
            let ended = try await bob.end(within: .seconds(5))
            #expect(ended.status == 1 && ended.errors.contains("this goes on without a gap: ssh "), "\(ended)")
            let gone = try await local.end(within: .seconds(5))
            #expect(gone.status == 3 && gone.errors.contains("the relay has ended"), "\(gone)")
            try await tunnel.end()
        }
    }
}
