import Testing

extension EndToEnd {
    /// Groups, tags, several keys, host keys and what staff are shown, with stock OpenSSH.
    @Suite(.serialized, .enabled(if: !Relay.isStock)) struct OrganisationTests {
        private func reaches(_ site: Site, key: KeyPair? = nil) async throws -> Bool {
            try await site.staff(site.staffConfig(key: key), "-J", "relay", "shop-42", "echo reached").text == "reached"
        }

        @Test func a07WhatAGroupReachesEndsWithTheMembership() async throws {
            let site = try await Site(granted: false)
            let tunnel = try await site.tunnel()
            #expect(try await !reaches(site))
            for words in [
                ["group", "add", "night"], ["group", "member", "add", "night", "alice"], ["terminal", "tag", "shop-42", "berlin"],
                ["grant", "group:night", "tag:berlin"],
            ] {
                let done = try await site.relay.command(words)
                #expect(done.status == 0, "\(words): \(done)")
            }
            let session = try await site.liveSession()
            try await site.relay.must("group", "member", "remove", "night", "alice")
            try await session.end(within: .seconds(5))
            #expect(try await !reaches(site))
            #expect(tunnel.isRunning)
        }

        @Test func a07AKeyThatIsTakenAwayEndsItsConnectionsAndNoOthers() async throws {
            let site = try await Site()
            let tunnel = try await site.tunnel()
            let spare = try await KeyPair("spare", in: site.folder)
            try site.server.add(spare.line)
            let added = try await site.relay.command(["staff", "key", "add", "alice", "--key", spare.publicPath])
            #expect(added.status == 0, "\(added)")
            #expect(try await reaches(site, key: spare))
            let session = try await site.liveSession()
            let listed = try await site.folder.run(["ssh-keygen", "-l", "-f", site.staffKey.publicPath])
            let fingerprint = try #require(listed.output.split(separator: " ").first { $0.hasPrefix("SHA256:") })
            try await site.relay.must("staff", "key", "remove", "alice", String(fingerprint))
            try await session.end(within: .seconds(5))
            #expect(try await reaches(site, key: spare))
            let staff = try await site.relay.must("staff", "list").output
            #expect(staff.contains("last used"), "\(staff)")
            #expect(tunnel.isRunning)
        }

        @Test func hostKeysThatATerminalReportsSpareStaffTheFirstQuestion() async throws {
            let site = try await Site()
            let tunnel = try await site.tunnel()
            let host = try #require(Folder.text(of: "\(site.folder.path)/terminal-host.pub").split(separator: "\n").first)
            let report = try site.folder.write(
                #"{"version": 1, "software": "stock", "host_keys": ["\#(host)"], "login_users": ["alice"]}"#, to: "report.json")
            let sent = try await site.folder.run(
                ["ssh"] + site.options(key: site.terminalKey) + ["-p", "\(site.relay.port)", "x@127.0.0.1", "report"], input: report)
            #expect(sent.status == 0 && sent.output.contains("staff are told"), "\(sent)")
            let relayConfig = try site.staffConfig()
            let lines = try await site.staff(relayConfig, "relay", "host-keys --known-hosts")
            #expect(lines.output.hasPrefix("shop-42,[localhost]:\(Site.listeningPort) ssh-ed25519 "), "\(lines)")
            // With these lines, and the relay's own, no question is asked and nothing unknown is accepted.
            let known = try site.folder.write(Folder.text(of: "\(site.folder.path)/known_hosts") + lines.output, to: "told")
            let strict = try site.folder.write(
                Folder.text(of: relayConfig).replacing("accept-new", with: "yes").replacing(
                    "UserKnownHostsFile \(site.folder.path)/known_hosts", with: "UserKnownHostsFile \(known)"), to: "strict_config")
            for words in [["shop-42"], ["-p", "\(Site.listeningPort)", "localhost"]] {
                let reached = try await site.folder.run(["ssh", "-F", strict, "-J", "relay"] + words + ["echo reached"])
                #expect(reached.text == "reached", "\(words): \(reached)")
            }
            #expect(tunnel.isRunning)
        }

        @Test func z01TheTerminalsKeyRunsNothingButItsReport() async throws {
            let site = try await Site()
            for command in ["whoami", "terminals", "report; id", ""] {
                let refused = try await site.folder.run(
                    ["ssh"] + site.options(key: site.terminalKey) + ["-p", "\(site.relay.port)", "x@127.0.0.1"]
                        + (command.isEmpty ? [] : [command]))
                #expect(refused.status == 1 && refused.errors.contains("may only ask for its listening port"), "\(command): \(refused)")
                #expect(refused.output.isEmpty, "\(command): \(refused)")
            }
        }

        @Test func staffSeeTheirDeskWithoutACommand() async throws {
            let site = try await Site()
            let tunnel = try await site.tunnel()
            try await site.relay.must("announce", "the relay restarts at ten")
            let desk = try await site.staff(try site.staffConfig(), "-tt", "relay")
            for text in ["you are alice (support)", "terminals: 1 of 1 online", "shop-42", "request new", "*** the relay restarts at ten"] {
                #expect(desk.output.contains(text), "\(text) in \(desk)")
            }
            #expect(!desk.output.contains("staff add"))
            #expect(desk.output.utf8.count { $0 == 0x0A } == desk.output.utf8.count { $0 == 0x0D }, "no stairs on the screen")
            #expect(desk.errors.contains("*** the relay restarts at ten"), "shown at login: \(desk.errors)")
            let through = try await site.staff(try site.staffConfig(), "-J", "relay", "shop-42", "echo reached")
            #expect(through.text == "reached", "and is in nobody's way: \(through)")
            #expect(tunnel.isRunning)
        }

        @Test func aWaitEndsWithItsClient() async throws {
            let site = try await Site()
            let waiting = try Program(["ssh", "-F", site.staffConfig(), "relay", "wait shop-42 --for 1h"], in: site.folder)
            try await eventually("the relay has the command") {
                try await site.relay.must("audit").output.isEmpty == false && waiting.isRunning
            }
            waiting.signal(2)
            _ = try await waiting.end(within: .seconds(5))
            let late = try await site.staff(try site.staffConfig(), "relay", "wait shop-42 --for 1s")
            #expect(late.status == 1 && late.errors.contains("shop-42 did not connect within 1s"), "\(late)")
        }
    }
}
