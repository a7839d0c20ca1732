import Glibc
import Testing

extension EndToEnd {
    /// A new connection of a terminal's key takes its port at once (DESIGN §4.3).
    @Suite(.serialized, .enabled(if: !Relay.isStock)) struct TakeoverTests {
        @Test func aNewConnectionOfTheSameKeyTakesThePortAndTheOldOneIsToldWhy() async throws {
            let site = try await Site()
            let old = try await site.tunnel()
            let new = try await site.tunnel()
            let ended = try await old.end(within: .seconds(5))
            #expect(ended.errors.contains("Received disconnect"), "\(ended.errors)")
            let login = try await site.staff(try site.staffConfig(), "-J", "relay", "shop-42", "echo reached")
            #expect(login.text == "reached", "\(login)")
            #expect(new.isRunning)
        }

        @Test func aTunnelThatHangsDoesNotKeepItsPort() async throws {
            let site = try await Site()
            let old = try await site.tunnel()
            old.signal(SIGSTOP)
            let clock = ContinuousClock.now
            let new = try await site.tunnel()
            #expect(ContinuousClock.now - clock < .seconds(5), "the port is taken over at once")
            let login = try await site.staff(try site.staffConfig(), "-J", "relay", "shop-42", "echo reached")
            #expect(login.text == "reached", "\(login)")
            #expect(new.isRunning)
            old.signal(SIGCONT)
            try await old.end(within: .seconds(10))
        }

        @Test func twoTerminalsKeepTheirOwnPorts() async throws {
            let site = try await Site()
            let key = try await KeyPair("second", in: site.folder)
            try await site.relay.addTerminal("shop-43", port: Site.listeningPort + 1, key: key)
            try await site.relay.must("grant", "alice", "shop-43")
            let first = try await site.tunnel()
            let second = try site.startTunnel(key: key, port: Site.listeningPort + 1)
            try await Site.granted(second)
            for name in ["shop-42", "shop-43"] {
                let login = try await site.staff(try site.staffConfig(), "-J", "relay", name, "echo reached")
                #expect(login.text == "reached", "\(login)")
            }
            #expect(first.isRunning && second.isRunning)
        }
    }
}
