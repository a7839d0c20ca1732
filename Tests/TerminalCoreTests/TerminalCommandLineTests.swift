import SSHKeys
import Support
import Testing

@testable import TerminalCore

@Suite struct TerminalCommandLineTests {
    private static let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAoYTzW9WVEk9Yk+ZLYjWhfJX8R6SgZf0NsPnL25VM3M bob@support"

    private func intent(_ line: String, files: [String: String] = [:]) throws -> TerminalCommandLine.Intent {
        let parsed = try TerminalCommandLine.table.parse(line.split(separator: " ").map(String.init))
        return try TerminalCommandLine.intent(of: parsed) { (path: String) throws(TerminalCommandLine.LineError) -> String in
            guard let text = files[path] else { throw .refused("\(path) cannot be read") }
            return text
        }
    }

    private func command(_ line: String, files: [String: String] = [:]) throws -> TerminalCommand? {
        if case .ask(let command) = try intent(line, files: files) { command } else { nil }
    }

    @Test func startTakesALimitAndSaysEightHoursOtherwise() throws {
        #expect(try command("start") == .start(.duration(.seconds(8 * 3600))))
        #expect(try command("start --for 90m") == .start(.duration(.seconds(5400))))
        #expect(try command("start --until-stopped") == .start(.untilStopped))
        #expect(throws: TerminalCommandLine.LineError.self) { try command("start --for 1h --until-stopped") }
        #expect(throws: (any Error).self) { try command("start --for soon") }
    }

    @Test func aLoginUserIsReadFromTheFileOfItsKeys() throws {
        let added = try command("login-user add alice --key k.pub", files: ["k.pub": Self.key + "\n"])
        #expect(added == .addLoginUser(LoginUserForm(name: "alice", keys: Self.key + "\n")))
    }

    @Test(arguments: [
        "root", "--root=/", "Alice", "a/b", "../x", "a\u{0}b", "аlice", "-oProxyCommand=x", "a b",
    ]) func namesThatAreNoAccountNamesAreRefused_A05(name: String) {
        #expect(throws: (any Error).self) {
            let parsed = try TerminalCommandLine.table.parse(["login-user", "add", name, "--key", "k"])
            _ = try TerminalCommandLine.intent(of: parsed) { (_: String) throws(TerminalCommandLine.LineError) -> String in Self.key }
        }
    }

    @Test(arguments: [
        "", "-----BEGIN OPENSSH PRIVATE KEY-----\nabc", "command=\"rm -rf /\" \(key)", "ssh-rsa AAAA",
        String(repeating: "x", count: 10_000),
    ]) func contentThatIsNoPublicKeyIsRefusedInOneLine_A05(text: String) throws {
        do {
            _ = try command("login-user add alice --key k.pub", files: ["k.pub": text])
            Issue.record("taken")
        } catch let error as TerminalCommandLine.LineError {
            #expect(!error.description.contains("\n") && error.description.hasPrefix("\"k.pub\": "), "\(error)")
        }
    }

    @Test func everyCommandOfTheTableIsUnderstood() throws {
        for spec in TerminalCommandLine.table.commands {
            var words = spec.path.joined(separator: " ")
            let values = ["TIME": "2h", "NAME": "alice", "on|off": "on", "ID": "7", "COMMAND": "help"]
            for argument in spec.arguments { words += " " + (values[argument.name] ?? "x") }
            if spec.path == ["login-user", "change"] { words += " --access standard" }
            if spec.path == ["settings", "change"] { words += " --user towline" }
            for option in spec.options where option.isRequired {
                let value = ["--key": "k", "--relay": "relay.example.org", "--listening-port": "41999"][option.name] ?? ""
                words += " \(option.name) \(value)"
            }
            _ = try intent(words, files: ["k": Self.key])
        }
    }

    @Test func aRelayWithSeveralPortsAndAFingerprintMakesASetting() throws {
        var form = SettingForm()
        form.relay = "relay.example.org:22,443"
        form.listeningPort = "41999"
        form.fingerprint = "SHA256:x"
        #expect(
            try command("settings create --relay relay.example.org:22,443 --listening-port 41999 --fingerprint SHA256:x")
                == .createSetting(form))
        #expect(throws: (any Error).self) { try command("settings create --relay -oProxyCommand=x --listening-port 41999") }
        #expect(throws: (any Error).self) { try command("settings create --relay r --listening-port 80") }
    }

    @Test func aProxyAndItsUserAreTakenAwayByTheWordNone() throws {
        guard case .changeSetting(let form, nil) = try command("settings change --proxy none --proxy-user none") else {
            Issue.record("another command")
            return
        }
        #expect(form.proxy == "" && form.proxyUser == "" && form.relay == nil)
    }

    @Test func thePasswordOfAProxyComesFromAFileAndEndsWithItsLine() throws {
        let command = try command("settings change --proxy-password p", files: ["p": "s3cret word\nrest\n"])
        guard case .changeSetting(let form, nil) = command else {
            Issue.record("another command")
            return
        }
        #expect(form.proxyPassword == "s3cret word")
    }

    @Test func theLogIsFilteredByKindWhoTextAndTime() throws {
        let parsed = try TerminalCommandLine.table.parse(
            ["log", "--kind", "login", "--kind", "support", "--by", "staff", "--text", "bob", "--since", "2h", "--count", "7"])
        let intent = try TerminalCommandLine.intent(of: parsed, now: try WallTime(parsing: "2026-11-27T10:00:00Z")) {
            (_: String) throws(TerminalCommandLine.LineError) -> String in ""
        }
        var filter = LogFilter(count: 7)
        filter.kinds = [.login, .support]
        filter.roles = [.staff]
        filter.text = "bob"
        filter.since = "2026-11-27T08:00:00Z"
        guard case .ask(.log(filter)) = intent else {
            Issue.record("\(intent)")
            return
        }
    }

    @Test(arguments: ["log --kind x", "log --by me", "log --count 0", "log --count 1001", "log --since soon"])
    func aFilterThatIsNoneIsWrongUsage(line: String) {
        #expect(throws: TerminalCommandLine.LineError.self) { try command(line) }
    }

    @Test(arguments: [
        "auto-start maybe", "sessions end x", "login-user change alice", "settings change", "settings change --proxy ftp://x",
    ])
    func wordsThatMeanNothingAreWrongUsage(line: String) {
        #expect(throws: TerminalCommandLine.LineError.self) { try command(line) }
    }
}
