import Glibc
import Testing

extension EndToEnd {
    /// How the relay ends and comes back.
    @Suite(.serialized, .enabled(if: !Relay.isStock)) struct RelayLifeTests {
        @Test func sigtermEndsARelayWithoutSessionsWithinTenSecondsAndTellsItsPeers() async throws {
            let site = try await Site()
            let tunnel = try await site.tunnel()
            let ended = try await site.relay.process.terminate(within: .seconds(10))
            #expect(ended.status == 0, "\(ended)")
            let told = try await tunnel.end(within: .seconds(5))
            #expect(told.errors.contains("Received disconnect"), "\(told.errors)")
        }

        /// The store is on a disk of its own without a free byte: who is in stays in, who may come comes, and what cannot be kept is refused.
        @Test(.enabled(if: geteuid() == 0, "only root can mount a small disk")) func r17AFullDiskStopsChangesAndNothingElse() async throws {
            let site = try await Site()
            let (port, data) = (try site.relay.port, site.relay.dataPath)
            try await site.relay.process.terminate()
            let script = """
                cp -a \(data) \(data).kept
                mount -t tmpfs -o size=3m,mode=700 tmpfs \(data)
                cp -a \(data).kept/. \(data)/
                """
            let moved = try await site.folder.run(["bash", "-ec", script])
            try #require(moved.succeeded, "\(moved)")
            do {
                try await site.relay.start(port: port)
                let tunnel = try await site.tunnel()
                let session = try await site.liveSession()
                _ = try await site.folder.run(["dd", "if=/dev/zero", "of=\(data)/filler", "bs=4k"])
                // What the store had reserved is used up first.
                var refused: Outcome?
                for index in 0..<200 where refused == nil {
                    let added = try await site.relay.command("terminal", "add", "more-\(index)")
                    if !added.succeeded { refused = added }
                }
                #expect(refused?.errors.contains("the store cannot be used now") == true, "\(String(describing: refused))")
                #expect(refused?.errors.contains("nothing was changed") == true)
                let login = try await site.staff(try site.staffConfig(), "-J", "relay", "shop-42", "echo reached")
                #expect(login.text == "reached", "\(login)")
                #expect(try await site.relay.must("sessions").output.contains("shop-42"))
                try await tunnel.terminate()
                let back = try await site.tunnel()
                #expect(back.isRunning)
                #expect(try site.relay.process.isRunning)

                _ = try await site.folder.run(["rm", "\(data)/filler"])
                try await site.relay.must("terminal", "add", "later")
                try await eventually("what happened meanwhile is noted after all") {
                    try await site.relay.must("audit").output.contains("bridge.open")
                }
                try await site.relay.must("audit", "verify")
                try await session.end(within: .seconds(5))
            } catch {
                _ = try await site.folder.run(["umount", "--lazy", data])
                throw error
            }
            try await site.relay.process.terminate()
            _ = try await site.folder.run(["umount", data])
        }

        @Test func sigkillLosesNothingThatWasAcknowledged() async throws {
            let site = try await Site()
            let tunnel = try await site.tunnel()
            let port = try site.relay.port
            var acknowledged: [String] = []
            for index in 1...12 { acknowledged.append(try await added("more-\(index)", at: site)) }
            // One command is under way when the relay is killed: it may be done or not, but the rest is.
            let key = try await KeyPair("last", in: site.folder)
            let relay = try Programs.ours("towline-relay", variable: "TEST_RELAY")
            let last = try Program(
                [relay, "terminal", "add", "last", "--key", key.publicPath, "--data-dir", site.relay.dataPath], in: site.folder)
            try site.relay.process.signal(SIGKILL)
            try await site.relay.process.end()
            try await last.end()
            try await tunnel.end()

            try await site.relay.start(port: port)
            let list = try await site.relay.must("terminal", "list")
            for name in acknowledged + ["shop-42"] { #expect(list.output.contains(name), "\(list.output)") }
            try await site.relay.must("audit", "verify")
            // The port is the key's, not the dead connection's: nothing has to be waited for.
            let back = try await site.tunnel()
            let login = try await site.staff(try site.staffConfig(), "-J", "relay", "shop-42", "echo reached")
            #expect(login.text == "reached", "\(login)")
            #expect(back.isRunning)
        }

        private func added(_ name: String, at site: Site) async throws -> String {
            let key = try await KeyPair(name, in: site.folder)
            try await site.relay.must("terminal", "add", name, "--key", key.publicPath)
            return name
        }

        @Test func aSecondRelayOnTheSameFolderIsRefused() async throws {
            let site = try await Site()
            let second = try await site.relay.command("serve", "--listen", "127.0.0.1:0")
            #expect(second.status == 1, "\(second)")
            #expect(try site.relay.process.isRunning)
        }

        @Test func commandsWorkOnTheStoreWhileTheRelayIsDown() async throws {
            let site = try await Site()
            try await site.relay.process.terminate()
            let key = try await KeyPair("second", in: site.folder)
            try await site.relay.must("terminal", "add", "shop-43", "--key", key.publicPath)
            #expect(try await site.relay.must("terminal", "list").output.contains("shop-43"))
        }

        @Test func commandsGivenAtOnceAllHoldWithAndWithoutARelay() async throws {
            let site = try await Site()
            let relay = site.relay
            func addTwenty(_ prefix: String) async throws {
                try await withThrowingTaskGroup { group in
                    for number in 0..<20 { group.addTask { _ = try await relay.must("terminal", "add", "\(prefix)-\(number)") } }
                    try await group.waitForAll()
                }
            }
            try await addTwenty("up")
            try await relay.process.terminate()
            try await addTwenty("down")
            let names = try await relay.must("terminal", "list").output.split(whereSeparator: \.isNewline).map { $0.prefix { $0 != " " } }
            for prefix in ["up", "down"] {
                for number in 0..<20 { #expect(names.contains("\(prefix)-\(number)")) }
            }
            let ports = try await relay.must("terminal", "list").output.split(whereSeparator: \.isNewline).dropFirst()
                .map { $0.split(separator: " ")[1] }
            #expect(Set(ports).count == ports.count, "every terminal has its own port")
            try await relay.must("audit", "verify")
        }

        @Test func s04ADamagedStoreIsRefusedWithInstructionsAndKept() async throws {
            let site = try await Site()
            let relay = site.relay
            for number in 0..<30 { try await relay.must("terminal", "add", "bulk-\(number)") }
            try await relay.process.terminate()
            let store = "\(relay.dataPath)/relay.db"
            _ = try await site.folder.run(["dd", "if=/dev/urandom", "of=\(store)", "bs=4096", "seek=5", "count=2", "conv=notrunc"])
            let before = try await site.folder.run(["sha256sum", store]).output
            for words in [["serve", "--listen", "127.0.0.1:0"], ["terminal", "list"], ["terminal", "add", "new"]] {
                let refused = try await relay.command(words)
                #expect(refused.status == 1, "\(refused)")
                #expect(refused.errors.contains("is damaged") && refused.errors.contains("put back a copy"), "\(refused)")
                #expect(refused.errors.split(whereSeparator: \.isNewline).count == 1, "\(refused)")
            }
            let again = try await relay.command(["init", "--hostname", "relay.example.org"])
            #expect(again.status == 1, "\(again)")
            #expect(try await site.folder.run(["sha256sum", store]).output == before)
        }
    }
}
