import Testing

extension EndToEnd {
    /// From an empty relay to a prompt on a terminal, by each of the two ways, with stock OpenSSH at both ends.
    @Suite(.serialized, .enabled(if: !Relay.isStock)) struct EnrolmentTests {
        /// Runs a command of staff over ssh and expects it to succeed.
        private func staff(_ site: Site, _ config: String, _ words: String..., input: String = "/dev/null") async throws -> Outcome {
            let outcome = try await site.folder.run(["ssh", "-F", config, "relay"] + words, input: input)
            #expect(outcome.status == 0, "\(words): \(outcome)")
            return outcome
        }

        /// The value behind a label of `--json`: good enough for the flat objects here.
        private func value(_ name: String, in json: String) throws -> String {
            let line = try #require(json.split(separator: "\n").first { $0.contains("\"\(name)\" : ") }, "\(name) in \(json)")
            let text = trimmed(String(line.split(separator: " : ", maxSplits: 1)[1]))
            return text.filter { $0 != "\"" && $0 != "," }
        }

        private func reach(_ site: Site, _ config: String, _ name: String) async throws {
            let reached = try await site.staff(config, "-J", "relay", name, "echo reached")
            #expect(reached.text == "reached", "\(reached)")
        }

        /// Starts a stock `ssh -N -R` of a new terminal, with any user name.
        private func startTerminal(_ site: Site, key: KeyPair, user: String, port: String) throws -> Program {
            try Program(
                ["ssh"] + site.options(key: key) + [
                    "-v", "-N", "-T", "-o", "ExitOnForwardFailure=yes", "-R", "\(port):127.0.0.1:\(site.server.port)", "-p",
                    "\(site.relay.port)", "\(user)@127.0.0.1",
                ], in: site.folder)
        }

        @Test func aMailedKeyLeadsToAPrompt() async throws {
            let site = try await Site(granted: false)
            let config = try site.staffConfig()
            let sheet = try await staff(site, config, "request new shop-43 --login alice --for Shop 43's new till").output
            #expect(sheet.contains("Shop 43's new till") && sheet.contains("towline:1:") && sheet.contains(site.staffKey.line), "\(sheet)")
            #expect(try await sheet.contains(site.relayFingerprint()), "\(sheet)")
            let key = try await KeyPair("new-terminal", in: site.folder)
            let approved = try await staff(site, config, "approve shop-43", input: key.publicPath)
            #expect(approved.output.contains("approved the key of terminal shop-43"))
            let shown = try await staff(site, config, "terminal show shop-43 --json").output
            let tunnel = try startTerminal(site, key: key, user: "anything", port: try value("listeningPort", in: shown))
            try await Site.granted(tunnel)
            try await reach(site, config, "shop-43")
        }

        @Test func aJoinCodeLeadsToAPromptOnceTheFingerprintIsConfirmed() async throws {
            let site = try await Site(granted: false)
            let config = try site.staffConfig()
            let made = try await staff(site, config, "request new shop-43 --login alice --json").output
            let (user, port) = (try value("joinUser", in: made), try value("listeningPort", in: made))
            let key = try await KeyPair("new-terminal", in: site.folder)
            // The stock client prints the relay's sentence and ends; so does every attempt before the approval.
            for _ in 0..<2 {
                let early = try await startTerminal(site, key: key, user: user, port: port).end(within: .seconds(20))
                #expect(early.status == 255)
                #expect(early.errors.contains("waiting for approval: support has received the key SHA256:"), "\(early.errors)")
            }
            // Somebody else with the same code is nobody.
            let thief = try await KeyPair("thief", in: site.folder)
            let refused = try await startTerminal(site, key: thief, user: user, port: port).end(within: .seconds(20))
            #expect(refused.errors.contains("Permission denied (publickey)"), "\(refused.errors)")
            #expect(refused.errors.contains("towline-relay: this join code was used already"), "\(refused.errors)")

            let listed = try await site.folder.run(["ssh-keygen", "-l", "-f", key.publicPath])
            let fingerprint = try #require(listed.output.split(separator: " ").first { $0.hasPrefix("SHA256:") })
            // Typed at an open terminal, approve shows what waits instead of waiting for a key; here a pipe that nothing comes from.
            let silent = "mkfifo silent; exec 3<>silent; ssh -F \(config) relay approve shop-43 <&3"
            let shown = try await site.folder.run(["bash", "-c", silent])
            #expect(shown.status == 1 && shown.output.contains("--fingerprint \(fingerprint)"), "\(shown)")
            _ = try await staff(site, config, "approve shop-43 --fingerprint \(fingerprint)")
            let tunnel = try startTerminal(site, key: key, user: user, port: port)
            try await Site.granted(tunnel)
            try await reach(site, config, "shop-43")
            let audit = try await site.relay.must("audit").output
            for action in ["request shop-43", "terminal.key-waits shop-43", "terminal.approve shop-43"] {
                #expect(audit.contains(action), "\(action) in \(audit)")
            }
            #expect(try await site.relay.must("audit", "verify").output.contains("intact"))
        }

        @Test func anAutoApprovedTerminalIsThereAtItsFirstConnection() async throws {
            let site = try await Site(granted: false)
            let config = try site.staffConfig()
            let made = try await staff(site, config, "request new shop-43 --login alice --auto-approve --json").output
            let key = try await KeyPair("new-terminal", in: site.folder)
            let waiting = try Program(["ssh", "-F", config, "relay", "wait shop-43 --for 1m"], in: site.folder)
            let tunnel = try startTerminal(
                site, key: key, user: try value("joinUser", in: made), port: try value("listeningPort", in: made))
            try await Site.granted(tunnel)
            let waited = try await waiting.end(within: .seconds(20))
            #expect(waited.status == 0 && waited.output.contains("shop-43 is online"), "\(waited)")
            try await reach(site, config, "shop-43")
        }

        @Test func fiftyClientsWithOneCodeMakeOneTerminal() async throws {
            let site = try await Site(granted: false)
            let config = try site.staffConfig()
            let made = try await staff(site, config, "request new shop-43 --login alice --json").output
            let (user, port) = (try value("joinUser", in: made), try value("listeningPort", in: made))
            // Eight at a time: one address may only try so often.
            var keys: [KeyPair] = []
            for number in 0..<8 { keys.append(try await KeyPair("clone-\(number)", in: site.folder)) }
            let clients = try keys.map { try startTerminal(site, key: $0, user: user, port: port) }
            var waiting = 0
            for client in clients where try await client.end(within: .seconds(30)).errors.contains("waiting for approval") { waiting += 1 }
            #expect(waiting == 1)
        }

        /// The stock client prints why, above its own "Permission denied"; a code that never was gets nothing but that.
        @Test func aCodeThatIsOverIsToldItsEnd() async throws {
            let site = try await Site(granted: false)
            let config = try site.staffConfig()
            func join(_ options: String) async throws -> String {
                let made = try await staff(site, config, "request new shop-43 --login alice --json\(options)").output
                return try value("joinUser", in: made)
            }
            let (cancelled, expired) = (try await join(""), try await join(" --expires 1s"))
            let key = try await KeyPair("new-terminal", in: site.folder)
            func answer(_ user: String) async throws -> String {
                let refused = try await startTerminal(site, key: key, user: user, port: "0").end(within: .seconds(20))
                #expect(refused.status == 255 && refused.errors.contains("Permission denied (publickey)"), "\(refused.errors)")
                return refused.errors
            }
            #expect(try await answer(cancelled).contains("was cancelled by support, or a newer request took its place"))
            try await eventually("the second request expires") {
                try await staff(site, config, "request list --json").output.contains("\"expired\"")
            }
            #expect(try await answer(expired).contains("towline-relay: this join code has expired: ask support for a new request"))
            #expect(try await !answer("join-aaaaaaaaaaaaaaaa").contains("join code"))
        }

        /// Re-keying: the same terminal, port and history, after its key was lost.
        @Test func aReplacedTerminalKeepsItsPort() async throws {
            let site = try await Site()
            let config = try site.staffConfig()
            let tunnel = try await site.tunnel()
            let made = try await staff(site, config, "request new shop-42 --login alice --json").output
            #expect(try value("listeningPort", in: made) == "\(Site.listeningPort)")
            let key = try await KeyPair("second-machine", in: site.folder)
            let user = try value("joinUser", in: made)
            let early = try await startTerminal(site, key: key, user: user, port: "\(Site.listeningPort)").end(within: .seconds(20))
            #expect(early.errors.contains("waiting for approval"), "\(early.errors)")
            #expect(tunnel.isRunning, "nothing changes before the approval")
            _ = try await staff(site, config, "approve shop-42 --yes")
            try await tunnel.end(within: .seconds(5))
            let second = try startTerminal(site, key: key, user: "anything", port: "\(Site.listeningPort)")
            try await Site.granted(second)
            try await reach(site, config, "shop-42")
        }
    }
}
