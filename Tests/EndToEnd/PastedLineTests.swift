import Testing

extension EndToEnd {
    /// The customer pastes one line, support approve the key that comes with its code (DESIGN §5): our programs at both ends.
    @Suite(.serialized, .enabled(if: !Relay.isStock)) struct PastedLineTests {
        @Test func aPastedLineLeadsToAPromptOnceSupportApproveTheKey() async throws {
            let site = try await Site(granted: false)
            let config = try site.staffConfig()
            let terminal = try await TerminalEnd(in: site.folder)
            do {
                let sheet = try await site.folder.run(["ssh", "-F", config, "relay", "request new shop-43 --login \(terminal.user)"])
                let line = try #require(
                    sheet.output.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("towline:1:") }, "\(sheet)")
                try await terminal.must("apply", "--yes", String(line))
                // The relay's name in the line is not one that leads anywhere here; its key is what counts.
                try await terminal.must("settings", "change", "--relay", "127.0.0.1:\(site.relay.port)")

                let start = try await terminal.must("start")
                #expect(start.output.contains("have to approve it"), "\(start)")
                try await terminal.status(says: "have to approve it")
                let key = try site.folder.write(try await terminal.must("key").output, to: "issued.pub")
                let listed = try await site.folder.run(["ssh-keygen", "-l", "-f", key])
                let fingerprint = try #require(listed.output.split(separator: " ").first { $0.hasPrefix("SHA256:") })
                #expect(start.output.contains(fingerprint), "what both ends compare")
                let approved = try await site.folder.run(
                    ["ssh", "-F", config, "relay", "approve shop-43 --fingerprint \(fingerprint)"])
                #expect(approved.status == 0, "\(approved)")

                try await terminal.status(says: "waiting for support", within: .seconds(90))
                let reached = try await site.staff(config, "-J", "relay", "\(terminal.user)@shop-43", "echo reached")
                #expect(reached.text == "reached", "\(reached)")

                // The relay was told the key that staff meet.
                let host = Folder.text(of: "\(terminal.dataPath)/broker/host_key.pub").split(separator: " ")[1]
                try await eventually(within: .seconds(30), "the relay knows the terminal's host key") {
                    try await site.folder.run(["ssh", "-F", config, "relay", "host-keys shop-43 --known-hosts"]).output.contains(host)
                }
                #expect(try await terminal.must("log").output.contains("the relay was told this terminal's host key"))
            } catch {
                try await terminal.close()
                throw error
            }
            try await terminal.close()
        }
    }
}
