import StaffCore
import Support
import Testing

@Suite struct StaffCommandTests {
    private func terminal(_ name: String) throws -> TerminalName { try TerminalName(parsing: name) }

    @Test func wordsOfTheRelayAndOfOpenSSHArePassedAsTheyAre() throws {
        #expect(try StaffCommand(["terminals", "--json"]) == .relay(["terminals", "--json"]))
        #expect(
            try StaffCommand(["request", "new", "shop-42", "--for", "Shop 42"])
                == .relay(["request", "new", "shop-42", "--for", "Shop 42"]))
        #expect(try StaffCommand(["end", "1-1"]) == .relay(["end", "1-1"]))
        #expect(try StaffCommand(["relay", "audit", "verify"]) == .relay(["audit", "verify"]))
        #expect(
            try StaffCommand(["ssh", "alice@shop-42", "-v", "uname", "--all"]) == .open(.ssh, ["alice@shop-42", "-v", "uname", "--all"]))
        #expect(try StaffCommand(["scp", "-r", "a", "shop-42:b"]) == .open(.scp, ["-r", "a", "shop-42:b"]))
    }

    @Test func ownCommandsAreParsed() throws {
        #expect(try StaffCommand(["ssh-config", "--install"]) == .sshConfig(install: true))
        #expect(try StaffCommand(["ssh-config"]) == .sshConfig(install: false))
        #expect(try StaffCommand(["completion", "zsh"]) == .completion(.zsh))
        #expect(try StaffCommand(["trust", "shop-42"]) == .trust(try terminal("shop-42"), fingerprint: nil))
        #expect(
            try StaffCommand(["trust", "shop-42", "--fingerprint", "SHA256:x"])
                == .trust(try terminal("shop-42"), fingerprint: "SHA256:x"))
        #expect(try StaffCommand([]) == .help([]))
        #expect(try StaffCommand(["ssh", "--help"]) == .help(["ssh"]))
        #expect(try StaffCommand(["login", "--help"]) == .help(["login"]))
        #expect(try StaffCommand(["--version"]) == .version)
        #expect(try StaffCommand(["help", "request"]) == .help(["request"]))
        #expect(try StaffCommand(["known-hosts", "shop-42", "NONE", "NONE"]) == .knownHosts(host: "shop-42", shown: nil))
        #expect(try StaffCommand(["known-hosts", "shop-42", "AAAA", "SHA256:x"]) != .knownHosts(host: "shop-42", shown: nil))
    }

    @Test(arguments: [
        (["ssh"], "ssh of what? usage: towline ssh [LOGIN@]TERMINAL [ARGS]"),
        (["relay"], "relay needs a command; see: towline relay help"),
        (["completion", "csh"], "\"csh\" is not a shell that is known here: bash, zsh or fish"),
        (["trust", "Shop_42"], "\"Shop_42\" is not a terminal name: use 1 to 63 of a-z, 0-9 and -, with no - first or last"),
        (["logn", "relay"], "there is no command \"logn\"; did you mean login?; see: towline help"),
        (["login", "relay", "--user", "a\"b"], "--user: \"a\"b\" has a character that ssh's files cannot hold"),
        (["login", "relay", "--user=-oProxyCommand"], "--user: a user name does not begin with -"),
    ]) func wrongWordsAreOneLineThatHelps(_ words: [String], _ sentence: String) {
        #expect(throws: UsageError(sentence)) { try StaffCommand(words) }
    }

    @Test(
        arguments: [
            ("relay.example.org", "relay.example.org", [2222, 22]), ("Relay:2200", "relay", [2200]), ("relay:22", "relay", [22]),
            ("[2001:db8::1]", "2001:db8::1", [2222, 22]), ("[2001:db8::1]:22,443", "2001:db8::1", [22, 443]),
        ] as [(String, String, [UInt16])]) func theRelayIsAHostAndPortsToTry(_ text: String, _ host: String, _ ports: [UInt16]) throws
    {
        guard case .login(let access, nil) = try StaffCommand(["login", text]) else {
            Issue.record("no login")
            return
        }
        #expect(access.host == host && access.ports == ports)
    }

    @Test func whatLoginLearntIsReadAgain() throws {
        guard
            case .login(let access, let fingerprint) = try StaffCommand([
                "login", "[2001:db8::1]:443", "--user", "bob", "--identity", "/home/b ob/id", "--fingerprint", "SHA256:abc",
            ])
        else {
            Issue.record("no login")
            return
        }
        #expect(fingerprint == "SHA256:abc")
        #expect(access.shown == "[2001:db8::1]:443")
        #expect(try RelayAccess(file: access.text, path: "relay.conf") == access)
        #expect(throws: ConfigurationError("relay.conf: host or port is missing: run towline login again")) {
            try RelayAccess(file: "host = a\n", path: "relay.conf")
        }
        #expect(throws: ConfigurationError("relay.conf:2: \"0\" is not a port")) {
            try RelayAccess(file: "host = a\nport = 0\n", path: "relay.conf")
        }
    }

    @Test func aFurtherLoginKeepsWhatItDoesNotSay() throws {
        func login(_ words: String...) throws -> RelayAccess {
            guard case .login(let access, _) = try StaffCommand(["login"] + words) else { throw UsageError("no login") }
            return access
        }
        let earlier = try RelayAccess(file: "host = relay\nport = 2200\nuser = bob\nidentity = /id\n", path: "relay.conf")
        let again = try login("relay").keeping(earlier)
        #expect(again.user == "bob" && again.identity == "/id" && again.ports == [2200, 2222, 22])
        let changed = try login("relay:22", "--user", "carol", "--identity", "/new").keeping(earlier)
        #expect(changed.user == "carol" && changed.identity == "/new" && changed.ports == [22])
        for access in [try login("other").keeping(earlier), try login("other").keeping(nil)] {
            #expect(access.user == nil && access.identity == nil && access.ports == RelayAccess.standardPorts)
        }
    }

    @Test func helpOfEveryCommandFitsATerminal() {
        let help = StaffCommandTable.table.help(about: [])
        #expect(help.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(help)")
        for command in StaffCommandTable.relayCommands {
            #expect(help.contains("towline \(command)"), "\(command)")
        }
    }
}

@Suite struct RelayWordsTests {
    @Test(arguments: [
        (["terminals", "--json"], "terminals --json"), (["request", "new", "--for", "Shop 42"], "request new --for 'Shop 42'"),
        (["a", ""], "a ''"), (["it's"], "'it'\\''s'"), (["$(reboot)", "a\nb", "\"x\"", "\\"], "'$(reboot)' 'a\nb' '\"x\"' '\\'"),
        (["--until=2026-12-31T18:00"], "--until=2026-12-31T18:00"), (["ü"], "'ü'"),
    ]) func wordsAreQuotedAsForAShell(_ words: [String], _ line: String) {
        #expect(RelayWords.line(words) == line)
    }

    @Test(arguments: [
        (["approve", "shop-42", "--key", "k.pub"], ["approve", "shop-42", "--key", "-"], "k.pub"),
        (["approve", "--key=k.pub", "shop-42"], ["approve", "--key=-", "shop-42"], "k.pub"),
        (["approve", "shop-42", "--key", "-"], ["approve", "shop-42", "--key", "-"], nil),
        (["approve", "shop-42"], ["approve", "shop-42"], nil), (["approve", "--key"], ["approve", "--key"], nil),
    ]) func aKeyFileBecomesStandardInput(_ words: [String], _ passed: [String], _ file: String?) {
        let taken = RelayWords.takingKeyFile(words)
        #expect(taken.words == passed && taken.file == file)
    }
}
