import Testing

extension EndToEnd {
    /// Keys are renewed while data flows, by either side, and no byte is lost (RFC 4253 §9). scripts/interop does the same with 64 MiB.
    @Suite(.serialized) struct RekeyTests {
        static let size = 16 << 20

        @Test func sixteenMebibytesArriveWholeAtTheTerminalWhileKeysChange() async throws {
            let site = try await Site()
            let tunnel = try await site.tunnel("-o", "RekeyLimit=256K", "-o", "KexAlgorithms=curve25519-sha256")
            let file = try site.folder.writeNoise(RekeyTests.size, to: "noise")
            let config = try site.staffConfig(toRelay: "RekeyLimit 256K\n  KexAlgorithms curve25519-sha256")
            let login = try await site.staff(
                config, "-v", "-J", "relay", "-p", "\(Site.listeningPort)", "localhost", "sha256sum", input: file, within: .seconds(180))
            #expect(login.output.prefix(64) == (try await site.folder.sum(of: file)), "status \(login.status), \(login.output)")
            #expect(rekeys(in: tunnel.errors) > 50, "the tunnel's keys were renewed")
            #expect(tunnel.isRunning)
        }

        @Test func sixteenMebibytesArriveWholeAtStaffWhileKeysChange() async throws {
            let site = try await Site()
            let tunnel = try await site.tunnel("-o", "RekeyLimit=256K", "-o", "KexAlgorithms=curve25519-sha256")
            let file = try site.folder.writeNoise(RekeyTests.size, seed: 2, to: "noise")
            let config = try site.staffConfig(toRelay: "RekeyLimit 256K\n  KexAlgorithms curve25519-sha256")
            let login = try await site.folder.run(
                [
                    "bash", "-c", "set -o pipefail; ssh -F \"$0\" -J relay -p \"$1\" localhost \"exec cat $2\" | sha256sum",
                    config, "\(Site.listeningPort)", file,
                ], within: .seconds(180))
            #expect(login.succeeded, "\(login)")
            #expect(login.output.prefix(64) == (try await site.folder.sum(of: file)), "\(login)")
            #expect(rekeys(in: tunnel.errors) > 50, "the tunnel's keys were renewed")
            #expect(tunnel.isRunning)
        }

        /// How often the stock client's log says that new keys came into use, the first time left out.
        func rekeys(in log: String) -> Int {
            log.split(whereSeparator: \.isNewline).count { $0.contains("SSH2_MSG_NEWKEYS received") } - 1
        }
    }
}
