import Testing

/// Something that a key may not do: what it is, and the words after `ssh` that ask for it.
struct ForbiddenRequest: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let words: [String]
    /// What the stock client prints when it is refused.
    let sign: String
}

extension EndToEnd {
    /// Cases Z01 and Z02: what a key may not do is refused with a reason.
    @Suite(.serialized, .enabled(if: !Relay.isStock)) struct RefusalTests {
        /// The sentence for whatever a terminal's key asks of a session.
        private static let session = "towline-relay: a terminal's key may only ask for its listening port, not for a "
        static let ofTerminals = [
            ForbiddenRequest(testDescription: "shell", words: ["relay"], sign: session),
            ForbiddenRequest(testDescription: "pty and shell", words: ["-tt", "relay"], sign: "PTY allocation request failed"),
            ForbiddenRequest(testDescription: "exec", words: ["relay", "id"], sign: session),
            ForbiddenRequest(testDescription: "staff command", words: ["relay", "terminals"], sign: session),
            ForbiddenRequest(testDescription: "sftp", words: ["-s", "relay", "sftp"], sign: "subsystem request failed"),
            ForbiddenRequest(testDescription: "agent", words: ["-A", "relay"], sign: session),
            ForbiddenRequest(
                testDescription: "direct-tcpip to the relay's network", words: ["-W", "127.0.0.1:22", "relay"], sign: "open failed"),
            ForbiddenRequest(testDescription: "direct-tcpip to itself", words: ["-W", "shop-42:22", "relay"], sign: "open failed"),
            ForbiddenRequest(
                testDescription: "another listening port", words: ["-N", "-R", "41002:127.0.0.1:1", "relay"],
                sign: "remote port forwarding failed for listen port 41002"),
            ForbiddenRequest(
                testDescription: "a privileged port on all addresses", words: ["-N", "-R", "0.0.0.0:22:127.0.0.1:1", "relay"],
                sign: "remote port forwarding failed for listen port 22"),
            ForbiddenRequest(
                testDescription: "a socket file", words: ["-N", "-R", "/tmp/towline-refused.sock:127.0.0.1:1", "relay"],
                sign: "remote port forwarding failed"),
        ]

        @Test(arguments: ofTerminals) func z01ATerminalKeyGetsItsPortAndNothingElse(request: ForbiddenRequest) async throws {
            let site = try await Site()
            let config = try site.staffConfig(key: site.terminalKey, "ExitOnForwardFailure yes", "LogLevel VERBOSE")
            let refused = try await site.folder.run(["ssh", "-F", config] + request.words)
            #expect(refused.status != 0, "\(refused)")
            #expect(refused.errors.contains(request.sign), "\(refused)")
            let audit = try await site.relay.must("audit")
            #expect(audit.output.contains("refused"), "\(audit.output)")
        }

        @Test func z01PortZeroIsAnsweredWithTheTerminalsOwnPort() async throws {
            let site = try await Site()
            let tunnel = try site.startTunnel(port: 0)
            try await eventually("a port is granted: \(tunnel.errors)") { tunnel.errors.contains("Allocated port ") }
            #expect(tunnel.errors.contains("Allocated port \(Site.listeningPort) "), "\(tunnel.errors)")
            let login = try await site.staff(try site.staffConfig(), "-J", "relay", "shop-42", "echo reached")
            #expect(login.text == "reached", "\(login)")
        }

        @Test(arguments: [
            "127.0.0.1:5432", "[::1]:5432", "169.254.169.254:80", "relay.example.org:22", "shop-42%00:22", "shop-42:23", "-oX=y:22",
        ])
        func z02StaffReachTerminalsAndNothingElse(destination: String) async throws {
            let site = try await Site()
            let tunnel = try await site.tunnel()
            let refused = try await site.staff(try site.staffConfig(), "-W", destination, "relay")
            #expect(refused.status == 255, "\(refused)")
            #expect(refused.errors.contains("open failed"), "\(refused)")
            #expect(tunnel.isRunning)
        }

        @Test func z02TheRelaysOwnPortIsNotReached() async throws {
            let site = try await Site()
            let refused = try await site.staff(try site.staffConfig(), "-W", "127.0.0.1:\(site.relay.port)", "relay")
            #expect(refused.status == 255, "\(refused)")
            #expect(!refused.output.contains("SSH-2.0"), "\(refused)")
        }

        @Test func z02StaffGetNoListeningPort() async throws {
            let site = try await Site()
            let config = try site.staffConfig("ExitOnForwardFailure yes")
            let refused = try await site.staff(config, "-N", "-R", "\(Site.listeningPort):127.0.0.1:1", "relay")
            #expect(refused.status == 255, "\(refused)")
            #expect(refused.errors.contains("remote port forwarding failed"), "\(refused)")
        }

        @Test func passwordsAndOtherMethodsAreNotEvenOffered() async throws {
            let site = try await Site()
            let config = try site.staffConfig("PubkeyAuthentication no", "BatchMode no", "NumberOfPasswordPrompts 0")
            let refused = try await site.staff(config, "relay", "whoami")
            #expect(refused.errors.contains("Permission denied (publickey)"), "\(refused)")
        }
    }
}
