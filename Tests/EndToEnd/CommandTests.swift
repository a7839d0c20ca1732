import Testing

/// Input that must be refused, and a word that the one-line explanation must hold.
struct BadInput: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let value: String
}

extension EndToEnd {
    /// The relay's commands: locally, over SSH, and with input that is wrong (case A05).
    @Suite(.serialized, .enabled(if: !Relay.isStock)) struct CommandTests {
        static let badNames = [
            BadInput(testDescription: "option", value: "-oProxyCommand=touch /tmp/x"),
            BadInput(testDescription: "long option", value: "--root=/"),
            BadInput(testDescription: "line feed", value: "a\nroot ssh-ed25519 AAAA"),
            BadInput(testDescription: "path", value: "../x"),
            BadInput(testDescription: "upper case", value: "Shop"),
            BadInput(testDescription: "look-alike letter", value: "shоp"),
            BadInput(testDescription: "empty", value: ""),
            BadInput(testDescription: "64 letters", value: String(repeating: "a", count: 64)),
            BadInput(testDescription: "ten thousand letters", value: String(repeating: "a", count: 10_000)),
            BadInput(testDescription: "escape sequence", value: "\u{1b}]0;x\u{07}"),
        ]

        @Test(arguments: badNames) func a05AWrongNameIsRefusedInOneLineAndChangesNothing(input: BadInput) async throws {
            let site = try await Site()
            let before = try await site.relay.must("terminal", "list").output
            for words in [
                ["terminal", "add", input.value, "--key", site.staffKey.publicPath],
                ["staff", "add", input.value, "--key", site.terminalKey.publicPath],
            ] {
                let refused = try await site.relay.command(words[0], words[1], words[2], words[3], words[4])
                expectOneLine(refused)
            }
            #expect(try await site.relay.must("terminal", "list").output == before)
        }

        @Test func a05AWrongKeyFileIsRefusedInOneLineAndChangesNothing() async throws {
            let site = try await Site()
            let spare = try await KeyPair("spare", in: site.folder)
            let weak = try await KeyPair("weak", in: site.folder, type: "rsa", bits: 1024)
            let before = try await site.relay.must("terminal", "list").output
            let bad = [
                Folder.text(of: spare.path), "command=\"/bin/sh\" \(spare.line)\n", "\(spare.line)\r\nssh-ed25519 AAAA\r\n",
                "\(spare.line)\n\(site.staffKey.line)\n", spare.line.replacing("ssh-ed25519", with: "ssh-rsa"), "ssh-ed25519 AAAA\n",
                "\u{0}\n", "",
                "ssh-ed25519 " + String(repeating: "A", count: 10_000), weak.line, "hello",
            ]
            for (index, text) in bad.enumerated() {
                let file = try site.folder.write(text, to: "bad-\(index)")
                expectOneLine(try await site.relay.command("terminal", "add", "new", "--key", file))
                expectOneLine(try await site.relay.command("terminal", "add", "new", "--key", "-", input: file))
                expectOneLine(try await site.relay.command("staff", "add", "new", "--key", file))
            }
            expectOneLine(try await site.relay.command("terminal", "add", "new", "--key", "/does/not/exist"))
            expectOneLine(try await site.relay.command("terminal", "add", "new", "--key", spare.publicPath, "--listening-port", "80"))
            expectOneLine(try await site.relay.command("terminal", "add", "new", "--key", spare.publicPath, "--listening-port", "65536"))
            expectOneLine(
                try await site.relay.command(
                    "terminal", "add", "new", "--key", spare.publicPath, "--listening-port", "\(Site.listeningPort)"))
            expectOneLine(try await site.relay.command("terminal", "add", "new", "--key", site.terminalKey.publicPath))
            expectOneLine(try await site.relay.command("terminal", "add", "shop-42", "--key", spare.publicPath))
            #expect(try await site.relay.must("terminal", "list").output == before)
        }

        @Test func aWrongCommandIsStatusTwoAndOneLine() async throws {
            let site = try await Site()
            for words in ["terminl", "--nonsense", ""] {
                let wrong = try await site.relay.command(words)
                #expect(wrong.status == 2, "\(words): \(wrong)")
            }
            let help = try await site.relay.must("help")
            #expect(help.output.contains("terminal add"), "\(help.output)")
        }

        @Test func initTakesANameAlone() async throws {
            let site = try await Site()
            for name in ["relay.example.org:22", "relay.example.org:2222", "[::1]:22", "-oProxyCommand=x", "a\nb", "../x", ""] {
                let refused = try await site.relay.command("init", "--hostname=\(name)")
                expectOneLine(refused)
                #expect(refused.status == 2, "\(refused)")
            }
        }

        @Test func staffAskTheRelayOverSSH() async throws {
            let site = try await Site()
            let tunnel = try await site.tunnel()
            let config = try site.staffConfig()
            let who = try await site.staff(config, "relay", "whoami")
            #expect(who.output.contains("alice"), "\(who)")
            let help = try await site.staff(config, "relay", "help")
            #expect(help.output.contains("whoami"), "\(help)")
            let wrong = try await site.staff(config, "relay", "nonsense")
            #expect(wrong.status == 2, "\(wrong)")
            let notTheirs = try await site.staff(config, "relay", "grant", "alice", "shop-42")
            #expect(notTheirs.status == 1, "\(notTheirs)")
            #expect(tunnel.isRunning)
        }

        @Test func theOperatorSeesWhoIsConnected() async throws {
            let site = try await Site()
            let tunnel = try await site.tunnel()
            let session = try await site.liveSession()
            let sessions = try await site.relay.must("sessions")
            #expect(sessions.output.contains("alice") && sessions.output.contains("shop-42"), "\(sessions.output)")
            let json = try await site.relay.must("sessions", "--json")
            #expect(json.text.first == "[" || json.text.first == "{", "\(json.output)")
            #expect(tunnel.isRunning)
            #expect(session.isRunning)
        }

        private func expectOneLine(_ refused: Outcome, sourceLocation: SourceLocation = #_sourceLocation) {
            #expect(refused.status == 1 || refused.status == 2, "\(refused)", sourceLocation: sourceLocation)
            #expect(refused.errors.hasPrefix("towline-relay: "), "\(refused)", sourceLocation: sourceLocation)
            #expect(refused.errors.filter { $0 == "\n" }.count == 1, "\(refused)", sourceLocation: sourceLocation)
            #expect(refused.errors.utf8.count < 400, "\(refused)", sourceLocation: sourceLocation)
            #expect(!refused.errors.contains("\u{1b}"), sourceLocation: sourceLocation)
        }
    }
}
