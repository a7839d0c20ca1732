import Glibc
import Testing

extension EndToEnd {
    /// P11: keys renewed every 256 KiB on both hops while eight channels of one connection carry data both ways.
    @Suite(.serialized) struct ManyChannelsRekeyTests {
        private static let channels = 8
        /// Bytes over all channels: 32 MiB, or the whole gigabyte of SECURITY.md where `TEST_FULL` is set.
        private static let total = Programs.environment("TEST_FULL") == nil ? 32 << 20 : 1 << 30
        /// The longest time in which nothing may arrive.
        private static let longestStall = Duration.seconds(2)

        @Test func P11_eightChannelsArriveWholeAndNeverStallWhileBothHopsRenewTheirKeys() async throws {
            let site = try await Site()
            let options = ["RekeyLimit=256K", "KexAlgorithms=curve25519-sha256"]
            let tunnel = try await site.tunnel("-o", options[0], "-o", options[1])
            // One connection to the relay for all: -J takes it from the control socket.
            let config = try site.staffConfig(
                toRelay: """
                    RekeyLimit 256K
                      KexAlgorithms curve25519-sha256
                      ControlMaster auto
                      ControlPath \(site.folder.path)/control
                    """)
            let master = try Program(["ssh", "-F", config, "-v", "-N", "relay"], in: site.folder)
            try await eventually("staff's one connection: \(master.errors)") { access("\(site.folder.path)/control", F_OK) == 0 }

            let size = Self.total / Self.channels
            let files = try (0..<Self.channels).map { try site.folder.writeNoise(size, seed: UInt64($0 + 1), to: "noise-\($0)") }
            // Half of them up, half of them down; what arrives lies in a file.
            let transfers = try files.enumerated().map { index, file in
                let arrived = "\(site.folder.path)/arrived-\(index)"
                let isUp = index % 2 == 0
                let words = ["ssh", "-F", config, "-J", "relay", "-p", "\(Site.listeningPort)", "localhost"]
                let command =
                    isUp ? words + ["cat > \(arrived)"] : ["bash", "-c", "exec \"$0\" \"$@\" > \(arrived)"] + words + ["cat \(file)"]
                return (program: try Program(command, in: site.folder, input: isUp ? file : "/dev/null"), arrived: arrived)
            }
            var before = 0
            var last = ContinuousClock.now
            var stall = Duration.zero
            try await eventually(within: .seconds(Self.total >> 20) + .seconds(60), "all of it arrives; \(before) bytes did") {
                let now = transfers.reduce(0) { $0 + Self.size(of: $1.arrived) }
                if before > 0 { stall = max(stall, ContinuousClock.now - last) }
                if now != before { last = ContinuousClock.now }
                before = now
                return transfers.allSatisfy { !$0.program.isRunning }
            }
            for (file, transfer) in zip(files, transfers) {
                #expect(transfer.program.exitStatus == 0, "\(transfer.program.errors)")
                #expect(try await site.folder.sum(of: transfer.arrived) == site.folder.sum(of: file))
            }
            #expect(stall <= Self.longestStall, "nothing came for \(stall)")
            for log in [tunnel.errors, master.errors] {
                let renewals = log.split(whereSeparator: \.isNewline).count { $0.contains("SSH2_MSG_NEWKEYS received") }
                #expect(renewals > Self.total / (2 << 20), "keys were renewed \(renewals) times")
            }
            #expect(tunnel.isRunning && master.isRunning)
        }

        private static func size(of file: String) -> Int {
            var status = stat()
            return stat(file, &status) == 0 ? Int(status.st_size) : 0
        }
    }
}
