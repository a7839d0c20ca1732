import StaffCore
import Support
import Testing

@Suite struct SSHConfigurationTests {
    private func relay(_ more: String = "") throws -> RelayAccess {
        try RelayAccess(file: "host = relay.example.org\nport = 2222\n\(more)", path: "relay.conf")
    }

    private func configuration(
        _ relay: RelayAccess, _ terminals: String = "", home: String = "/home/bob", program: String = "/usr/bin/towline",
        alias: String = RelayAccess.alias
    ) throws -> SSHConfiguration {
        try SSHConfiguration(
            relay: relay, alias: alias, terminals: TerminalList(text: terminals), knownHosts: "\(home)/.config/towline/known_hosts",
            program: program)
    }

    private let nothing = UsersConfiguration(text: "")

    private func hosts(_ config: String) -> [Substring] { config.split(separator: "\n").filter { $0.hasPrefix("Host ") } }

    @Test func theRelayIsPinnedAndTerminalsAreBehindIt() throws {
        let relay = try relay("user = bob\nidentity = /home/bob/.ssh/work\n")
        let config = try configuration(relay, "shop-42 alice\nattic bob carol\n").included(in: nothing)
        #expect(
            config == """
                # Written by towline; what is changed here is lost.
                Host towline-relay
                    HostName relay.example.org
                    Port 2222
                    ProxyJump none
                    HostKeyAlias towline-relay
                    UserKnownHostsFile "/home/bob/.config/towline/known_hosts"
                    UpdateHostKeys yes
                    StrictHostKeyChecking yes
                    GlobalKnownHostsFile /dev/null
                    CheckHostIP no
                    VerifyHostKeyDNS no
                    ForwardAgent no
                    ServerAliveInterval 30
                    IdentityFile "/home/bob/.ssh/work"
                    IdentitiesOnly yes
                    User "bob"
                Host attic shop-42
                    HostName %h
                    Port 22
                    ProxyJump towline-relay
                    KnownHostsCommand "/usr/bin/towline" known-hosts %H %K %f
                    UserKnownHostsFile /dev/null
                    UpdateHostKeys no
                    StrictHostKeyChecking yes
                    GlobalKnownHostsFile /dev/null
                    CheckHostIP no
                    VerifyHostKeyDNS no
                    ForwardAgent no
                    ServerAliveInterval 30
                    IdentityFile "/home/bob/.ssh/work"
                    IdentitiesOnly yes
                Host shop-42
                    User alice

                """)
    }

    @Test func withoutTerminalsThereIsOnlyTheRelay() throws {
        let config = try configuration(try relay()).included(in: nothing)
        #expect(hosts(config) == ["Host towline-relay"])
        #expect(!config.contains("User ") && !config.contains("Identit"))
    }

    /// With it among them, `ssh` would jump to the relay through the relay, and start itself without end.
    @Test func theRelayIsNoTerminalBehindItself() throws {
        let config = try configuration(try relay(), "towline-relay\nshop-42\n*\ntowline-relay.trial\n")
        for text in [config.included(in: nothing), config.combined(with: "/home/bob/.ssh/config")] {
            #expect(hosts(text).prefix(2) == ["Host towline-relay", "Host shop-42"])
            #expect(text.contains("Host towline-relay\n    HostName relay.example.org\n    Port 2222\n    ProxyJump none\n"))
        }
    }

    @Test func plainSSHLeavesHostsOfTheUserAlone() throws {
        let users = UsersConfiguration(text: "Host github\n    HostName github.com\n")
        let config = try configuration(try relay(), "github git\nshop-42 alice\n")
        #expect(hosts(config.included(in: users)) == ["Host towline-relay", "Host shop-42", "Host shop-42"])
        let combined = config.combined(with: "/home/bob/.ssh/config")
        #expect(hosts(combined) == ["Host towline-relay", "Host github shop-42", "Host github", "Host shop-42", "Host *"])
        #expect(combined.hasSuffix("Host *\nInclude \"/home/bob/.ssh/config\"\nInclude /etc/ssh/ssh_config\n"))
    }

    @Test func aRelayIsTriedUnderAnAliasThatTheUsersFilesDoNotKnow() throws {
        let trial = try configuration(try relay(), alias: RelayAccess.trialAlias).combined(with: "/home/bob/.ssh/config")
        #expect(hosts(trial) == ["Host towline-relay.trial", "Host *"])
        #expect(trial.contains("    HostKeyAlias towline-relay\n"), "its host key is pinned under the name that stays")
        #expect(throws: ParseError.self) { try TerminalName(parsing: RelayAccess.trialAlias) }
    }

    @Test func pathsOfPeopleDoNotBreakTheFile() throws {
        let config = try configuration(try relay(), "shop-42", home: "/home/100% bob", program: "/opt/my tools/towline").included(
            in: nothing)
        #expect(config.contains("UserKnownHostsFile \"/home/100%% bob/.config/towline/known_hosts\"\n"))
        #expect(config.contains("KnownHostsCommand \"/opt/my tools/towline\" known-hosts %H %K %f\n"))
        for path in ["/home/b\"ob", "/home/b\nob"] {
            #expect(throws: ConfigurationError.self) { try configuration(try relay(), home: path) }
        }
        #expect(throws: ConfigurationError.self) { try configuration(try relay("identity = /home/b\"ob/id\n")) }
    }
}

@Suite struct UsersConfigurationTests {
    @Test(
        arguments: [
            ("Host github", ["github"]), ("host attic   github # backup", ["attic", "github"]), ("  HOST = \"github\"\r\n", ["github"]),
            ("Host *.example git* !github", []), ("# Host github\n#Host github\nHostName github\nMatch host github", []),
            ("Host\nHost=github", ["github"]), ("Host GitHub", []),
        ] as [(String, [String])]) func namesakesAreHostsThatTheUserNamesLiterally(_ text: String, _ names: [String])
    {
        let list = TerminalList(text: "github\nattic\nbackup\nshop-42\n")
        #expect(UsersConfiguration(text: text).namesakes(in: list).map(\.description) == names)
    }

    @Test func installingPutsOneLineAtTheTopAndOnlyOnce() throws {
        let line = SSHConfiguration.includeLine("/home/bob/.config/towline/ssh_config")
        #expect(line == "Include \"/home/bob/.config/towline/ssh_config\"")
        let before = "Host github.com\n    User git\n"
        let after = try #require(UsersConfiguration(text: before).beginning(with: line))
        #expect(after == "# towline: how ssh reaches customers' terminals\n\(line)\n\n\(before)")
        #expect(UsersConfiguration(text: after).beginning(with: line) == nil)
        #expect(UsersConfiguration(text: "  \(line)\n").beginning(with: line) == nil)
        #expect(UsersConfiguration(text: "").beginning(with: line)?.hasSuffix("\(line)\n") == true)
    }
}
