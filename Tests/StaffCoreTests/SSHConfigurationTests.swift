import StaffCore
import Support
import Testing

@Suite struct SSHConfigurationTests {
    private func relay(_ more: String = "") throws -> RelayAccess {
        try RelayAccess(file: "host = relay.example.org\nport = 2222\n\(more)", path: "relay.conf")
    }

    private func text(_ relay: RelayAccess, _ names: [String], home: String = "/home/bob", program: String = "/usr/bin/towline") throws
        -> String
    {
        try SSHConfiguration(
            relay: relay, terminals: names.map { try TerminalName(parsing: $0) }, knownHosts: "\(home)/.config/towline/known_hosts",
            program: program
        ).text
    }

    @Test func theRelayIsPinnedAndTerminalsAreBehindIt() throws {
        let config = try text(try relay("user = bob\nidentity = /home/bob/.ssh/work\n"), ["shop-42", "attic"])
        #expect(
            config == """
                # Written by towline; what is changed here is lost.
                Host towline-relay
                    HostName relay.example.org
                    Port 2222
                    HostKeyAlias towline-relay
                    UserKnownHostsFile "/home/bob/.config/towline/known_hosts"
                    StrictHostKeyChecking yes
                    GlobalKnownHostsFile /dev/null
                    UpdateHostKeys no
                    CheckHostIP no
                    VerifyHostKeyDNS no
                    ForwardAgent no
                    ServerAliveInterval 30
                    User "bob"
                    IdentityFile "/home/bob/.ssh/work"
                    IdentitiesOnly yes
                Host attic shop-42
                    ProxyJump towline-relay
                    KnownHostsCommand "/usr/bin/towline" known-hosts %H %K %f
                    UserKnownHostsFile /dev/null
                    StrictHostKeyChecking yes
                    GlobalKnownHostsFile /dev/null
                    UpdateHostKeys no
                    CheckHostIP no
                    VerifyHostKeyDNS no
                    ForwardAgent no
                    ServerAliveInterval 30
                    IdentityFile "/home/bob/.ssh/work"
                    IdentitiesOnly yes

                """)
    }

    @Test func withoutTerminalsThereIsOnlyTheRelay() throws {
        let config = try text(try relay(), [])
        #expect(config.split(separator: "\n").filter { $0.hasPrefix("Host ") } == ["Host towline-relay"])
        #expect(!config.contains("User ") && !config.contains("Identit"))
    }

    @Test func pathsOfPeopleDoNotBreakTheFile() throws {
        let config = try text(try relay(), ["shop-42"], home: "/home/100% bob", program: "/opt/my tools/towline")
        #expect(config.contains("UserKnownHostsFile \"/home/100%% bob/.config/towline/known_hosts\"\n"))
        #expect(config.contains("KnownHostsCommand \"/opt/my tools/towline\" known-hosts %H %K %f\n"))
        for path in ["/home/b\"ob", "/home/b\nob"] {
            #expect(throws: ConfigurationError.self) { try text(try relay(), [], home: path) }
        }
    }

    @Test func installingPutsOneLineAtTheTopAndOnlyOnce() throws {
        let line = SSHConfiguration.includeLine("/home/bob/.config/towline/ssh_config")
        #expect(line == "Include \"/home/bob/.config/towline/ssh_config\"")
        let before = "Host github.com\n    User git\n"
        let after = try #require(SSHConfiguration.installing(line, into: before))
        #expect(after == "# towline: how ssh reaches customers' terminals\n\(line)\n\n\(before)")
        #expect(SSHConfiguration.installing(line, into: after) == nil)
        #expect(SSHConfiguration.installing(line, into: "  \(line)\n") == nil)
        #expect(SSHConfiguration.installing(line, into: "")?.hasSuffix("\(line)\n") == true)
    }
}

@Suite struct TerminalListTests {
    @Test func namesAreKeptInOrderAndOnce() throws {
        let list = TerminalList(text: "shop-42\nattic\nshop-42\nNot A Name\n*\n")
        #expect(list.names.map(\.description) == ["attic", "shop-42"])
        #expect(TerminalList(text: list.text) == list)
        #expect(TerminalList(text: "").text == "")
    }
}
