import SSHKeys
import Support
import Testing

@testable import TerminalCore

@Suite struct GeneratedTextTests {
    private func setting(_ relay: String = "relay.example.org:22,443") throws -> RemoteSupportSetting {
        RemoteSupportSetting(
            relay: try RelayAddress(parsing: relay), listeningPort: try ListeningPort(parsing: "41999"), user: "towline",
            fingerprint: Fingerprint(digest: [UInt8](repeating: 7, count: 32)))
    }

    @Test func theClientReadsNoConfigurationAndShowsOneKeyToOneHost() throws {
        let arguments = TunnelClientArguments.tunnel(try setting(), port: 443)
        for option in [
            "BatchMode=yes", "StrictHostKeyChecking=yes", "UserKnownHostsFile=known_hosts", "GlobalKnownHostsFile=/dev/null",
            "IdentitiesOnly=yes", "IdentityAgent=none", "IdentityFile=terminal_key", "ExitOnForwardFailure=yes", "ServerAliveInterval=20",
            "ServerAliveCountMax=3", "ConnectTimeout=10", "UpdateHostKeys=yes", "ControlPath=none", "ProxyCommand=none",
        ] {
            #expect(arguments.contains(option))
        }
        #expect(arguments.starts(with: ["-F", "none", "-N", "-T", "-v", "-a", "-x", "-p", "443", "-l", "towline"]))
        #expect(arguments.suffix(4) == ["-R", "41999:./tunnel.sock", "--", "relay.example.org"])
    }

    @Test func theProbePresentsNoKey() throws {
        let arguments = TunnelClientArguments.probe(try setting(), port: 22)
        #expect(arguments.contains("PubkeyAuthentication=no") && !arguments.contains("-R"))
        #expect(!arguments.contains { $0.contains("terminal_key") })
    }

    /// Two at once would write known_hosts at once, and what a probe hears is nobody's yet.
    @Test func onlyTheTunnelLearnsHostKeys_U03() throws {
        let setting = try setting()
        for arguments in [TunnelClientArguments.probe(setting, port: 22), TunnelClientArguments.report(setting, port: 22)] {
            #expect(arguments.contains("UpdateHostKeys=no") && !arguments.contains("UpdateHostKeys=yes"))
        }
    }

    private func configuration(_ users: [String]) throws -> String {
        LoginServerConfiguration(
            users: try users.map { try LoginName(parsing: $0) }, hostKeyFile: "/var/lib/t/host_key", keyFolder: "/var/lib/t/keys",
            usesPAM: true, isStrict: true
        ).text
    }

    @Test func onlyLoginUsersWithKeysOfOurStoreGetIn_Z05() throws {
        let text = try configuration(["alice", "bob"])
        for line in [
            "AllowUsers alice bob", "AuthorizedKeysFile /var/lib/t/keys/%u", "AuthenticationMethods publickey", "PasswordAuthentication no",
            "KbdInteractiveAuthentication no", "PermitRootLogin no", "DisableForwarding yes", "PermitUserRC no", "PermitUserEnvironment no",
            "TrustedUserCAKeys none", "AuthorizedKeysCommand none", "X11Forwarding no", "AllowAgentForwarding no", "StrictModes yes",
        ] {
            #expect(text.split(separator: "\n").contains(Substring(line)), "\(line)")
        }
        #expect(!text.contains("AcceptEnv"))
    }

    @Test func withoutLoginUsersNobodyGetsIn() throws {
        let text = try configuration([])
        #expect(text.contains("DenyUsers *") && !text.contains("AllowUsers"))
    }

    @Test(arguments: [
        ("/var/lib/towline-terminal", true), ("/tmp/a b", false), ("/tmp/%u", false), ("/tmp/\"", false), ("relative", false),
        ("/tmp/a#b", false),
        ("/tmp/ä", false), ("/tmp/a\nb", false), ("/tmp/a\\b", false),
    ]) func onlyPathsThatSSHDUnderstandsAreUsed(path: String, isFine: Bool) {
        #expect(LoginServerConfiguration.canName(path) == isFine)
    }

    @Test(arguments: [
        (
            "Accepted publickey for alice from UNKNOWN port 65535 ssh2: ED25519 SHA256:SxfqHgK4UncTacZ2w6ZVbs+tOI7OQQNlJu7dgxXNV20",
            LoginObservation.accepted(user: "alice", fingerprint: "SHA256:SxfqHgK4UncTacZ2w6ZVbs+tOI7OQQNlJu7dgxXNV20")
        ),
        ("Starting session: shell on pts/0 for alice from UNKNOWN port 65535 id 0", .sessionStarted(kind: "shell", terminal: "pts/0")),
        (
            "Starting session: command on pts/12 for alice from UNKNOWN port 65535 id 0",
            .sessionStarted(kind: "command", terminal: "pts/12")
        ),
        ("Starting session: shell on pts/../x for alice from UNKNOWN port 65535 id 0", .sessionStarted(kind: "shell", terminal: nil)),
        ("Starting session: command for alice from UNKNOWN port 65535 id 0", .sessionStarted(kind: "command", terminal: nil)),
        ("Starting session: subsystem 'sftp' for alice from UNKNOWN port 65535 id 0", .sessionStarted(kind: "sftp", terminal: nil)),
        (
            "User root not allowed because account is locked",
            .refused("User root not allowed because account is locked")
        ),
        ("Invalid user x from UNKNOWN port 65535", .refused("Invalid user x from UNKNOWN port 65535")),
        ("Disconnected from user alice UNKNOWN port 65535", nil), ("Accepted publickey for", nil), ("", nil),
    ]) func wordsOfSSHDAreUnderstood(line: String, expected: LoginObservation?) {
        #expect(LoginOutputReader.read(line) == expected)
    }

    @Test func aLoginUserSurvivesJSONAndOptionsCannotComeInThatWay_A05() throws {
        let line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAoYTzW9WVEk9Yk+ZLYjWhfJX8R6SgZf0NsPnL25VM3M bob@support"
        let user = LoginUser(name: try LoginName(parsing: "alice"), keys: [try AuthorizedKey(line: line)], access: .administrator)
        let text = String(decoding: TerminalWire.encode(user), as: UTF8.self)
        #expect(TerminalWire.decode(LoginUser.self, Array(text.utf8)) == user)
        for bad in [
            text.replacing("ssh-ed25519", with: "command=\\\"x\\\" ssh-ed25519"), text.replacing("\"alice\"", with: "\"root\""),
            text.replacing("bob@support", with: "bob\\nssh-ed25519 AAAA"), text.replacing("\"alice\"", with: "\"--root=/\""),
        ] {
            #expect(TerminalWire.decode(LoginUser.self, Array(bad.utf8)) == nil, "\(bad)")
        }
    }

    @Test(arguments: [
        (0, "0 s"), (59, "59 s"), (60, "1 min"), (3500, "58 min"), (3569, "59 min"), (3570, "1 h"), (28_799, "8 h"), (3600, "1 h"),
        (28_080, "7 h 48 min"), (86_400, "1 d"),
        (97_200, "1 d 3 h"),
    ]) func lengthsReadWell(seconds: Int, text: String) {
        #expect(TerminalText.length(seconds) == text)
    }

    @Test func statusSaysWhoIsInAndNeverCarriesControlCharacters_W03() {
        var status = TerminalStatus(state: .inUse)
        status.logins = [
            .init(id: 1, user: "alice", who: "bob\u{1b}[2J", fingerprint: "SHA256:x", from: "198.51.100.7", since: "2026-11-24T03:00:00Z")
        ]
        let text = TerminalText.status(status)
        #expect(text.contains("in use by bob"))
        #expect(text.contains("    from     198.51.100.7, as the relay says\n"))
        #expect(!text.contains("\u{1b}"))
    }
}
