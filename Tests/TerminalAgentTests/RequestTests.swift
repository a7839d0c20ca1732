import SSHCrypto
import SSHKeys
import Support
import SystemCalls
import TerminalCore
import Testing

extension TerminalProgramTests {
    /// One pasted line instead of four things typed (DESIGN §5).
    @Suite(.serialized) struct RequestTests {
        /// The line that a relay with this host key would give out.
        private func line(_ site: Site, relayKey: String? = nil, expires: WallTime = WallTime(secondsSince1970: 4_000_000_000)) throws
            -> String
        {
            let host = try HostKey(openSSH: String(decoding: try Files.read(relayKey ?? site.hostKey, limit: 16_384), as: UTF8.self))
            let staff = try AuthorizedKey(line: try site.folder.read("bob.pub")).key
            let request = try SupportRequest(
                terminal: try TerminalName(parsing: "shop-42"), login: try LoginName(parsing: site.user),
                staff: try StaffName(parsing: "bob"), staffKeys: [staff],
                relay: try RelayAddress(parsing: "127.0.0.1:\(site.relay.port)"),
                listeningPort: try ListeningPort(parsing: "\(site.listeningPort)"), relayKey: host.publicKey,
                joinCode: JoinCode(bytes: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), expiresAt: expires)
            return RequestLine(request) { host.sign($0) }.description
        }

        @Test func oneLineMakesLoginUserAndSettingWithTheRelaysKeyPinned() async throws {
            try await withSite { site in
                let line = try line(site)
                let shown = try await site.must("apply", "--preview", line)
                #expect(shown.output.contains("shop-42") && shown.output.contains("is created"), "\(shown)")
                #expect(try await site.must("settings", "show").output.contains("no remote support setting"))
                let unasked = try await site.command("apply", line)
                #expect(unasked.status == 1 && unasked.errors.contains("apply --yes"), "\(unasked)")

                let applied = try await site.must("apply", "--yes", line)
                #expect(applied.output.contains("Start support when you want it"), "\(applied)")
                let setting = try await site.must("settings", "show")
                #expect(setting.output.contains(try await site.folder.fingerprint(of: site.hostKey) + ", seen and pinned"), "\(setting)")
                #expect(try await site.must("login-user", "keys", site.user).output.contains("bob"))

                // This relay knows no such code: that is told as what it is, and an approved key gets in.
                let start = try await site.command("start")
                #expect(start.errors.contains("does not take the join code"), "\(start)")
                let again = try await site.must("apply", "--preview", line)
                #expect(again.output.contains("is there already") && !again.output.contains("is created"), "\(again)")
            }
        }

        @Test func aLineThatWasForgedOrDamagedChangesNothing() async throws {
            try await withSite { site in
                let line = try line(site)
                for bad in [String(line.dropLast(5)), line + "", "towline:2:AAAA", "hello"] where bad != line {
                    let refused = try await site.command("apply", "--yes", bad)
                    #expect(refused.status == 1 && refused.errors.contains("this is not a request line of support"), "\(refused)")
                }
                #expect(try await site.must("login-user", "list").output.contains("no SSH login user"))
            }
        }

        @Test func anotherRelaysLineDoesNotReplaceASetting() async throws {
            try await withSite { site in
                try await site.must("apply", "--yes", try line(site))
                let other = try line(site, relayKey: try await site.folder.key("other-host"))
                let refused = try await site.command("apply", "--yes", other)
                #expect(refused.status == 1 && refused.errors.contains("there is a remote support setting already"), "\(refused)")
            }
        }
    }
}
