import Support
import SystemCalls
import Testing

@testable import RelayOperation

@Suite struct RelayConfigurationTests {
    private func configuration(_ text: String) throws(ConfigurationError) -> RelayConfiguration {
        try RelayConfiguration(try ConfigurationValues(text: text, path: "relay.conf", keys: RelayConfiguration.keys))
    }

    @Test func withoutAnyFileTheDefaultsHold() throws {
        let standard = try configuration("")
        #expect(standard == RelayConfiguration())
        #expect(standard.dataDirectory == "/var/lib/towline-relay")
        #expect(standard.listen.map(\.description) == ["0.0.0.0:2222", "[::]:2222"])
        #expect(standard.metrics == nil)
        #expect(standard.supportLimit == .seconds(604_800))
        #expect(standard.drainTime == .seconds(900))
    }

    @Test func everyKeyCanBeSetAndIsPrintedAgain() throws {
        let text = """
            data-dir = /srv/relay
            listen = 192.0.2.7:22
            listen = [::1]:443
            metrics = 127.0.0.1:9222
            support-limit = none
            drain-time = 30m
            drain-spread = 2m
            log-level = warning
            threads = 3
            webhook = https://chat.example.org/hooks/s3cret?x=%20y
            webhook = http://[::1]:8080/
            webhook-secret-file = /etc/towline-relay/webhook.secret
            webhook-events = terminal.online, session.open

            """
        let configuration = try configuration(text)
        #expect(configuration.text == text)
        #expect(configuration.supportLimit == nil && configuration.threads == 3)
        #expect(RelayConfiguration.keys.allSatisfy { text.contains("\($0.name) =") }, "a key that this test forgets")
    }

    @Test func theDefaultsPrintedAreTheDefaults() throws {
        #expect(try configuration(RelayConfiguration().text) == RelayConfiguration())
    }

    @Test(arguments: [
        ("listen = relay:22", "relay.conf:1: \"relay\" is not an address: write 192.0.2.7 or [2001:db8::1]"),
        ("listen = 127.0.0.1:22\nlisten = 127.0.0.1:22", "relay.conf:2: 127.0.0.1:22 is given twice"),
        (
            "metrics = 0.0.0.0:9222",
            "relay.conf:1: 0.0.0.0:9222 is no loopback address: metrics are served to this machine only, on 127.0.0.1 or [::1]"
        ),
        (
            "support-limit = 0s",
            "relay.conf:1: \"0s\" is not a length of time that is taken here: write for example 8h, 90m, 7d or 1h30m; at most 366 days"
        ),
        ("drain-time = soon", "relay.conf:1: \"soon\" is not a length of time: write for example 8h, 90m, 7d or 1h30m; at most 366 days"),
        ("log-level = loud", "relay.conf:1: \"loud\" is not a level: it is debug, notice, warning, error"),
        ("threads = 0", "relay.conf:1: \"0\" is not a number of threads: use auto, or 1 to 256"),
        ("threads = 257", "relay.conf:1: \"257\" is not a number of threads: use auto, or 1 to 256"),
        ("webhook = ftp://x/", "relay.conf:1: the URL must begin with https:// or http://"),
        ("webhook = https:///x", "relay.conf:1: the URL has no proper host: write for example https://chat.example.org/hook"),
        ("webhook = https://a:0/x", "relay.conf:1: the URL has no proper host: write for example https://chat.example.org/hook"),
        ("webhook = https://[::1/x", "relay.conf:1: the URL has no proper host: write for example https://chat.example.org/hook"),
        ("webhook = https://-o/x", "relay.conf:1: the URL has no proper host: write for example https://chat.example.org/hook"),
        (
            "webhook = https://bob:secret@a/x",
            "relay.conf:1: the URL holds a user name or password: leave it out, requests are signed"
        ),
        ("webhook = https://a/x#y", "relay.conf:1: the URL holds a fragment (#): leave it out"),
        (
            "webhook = https://a/{1,2}",
            "relay.conf:1: the URL holds a character that does not stand in URLs: write it percent-encoded, such as %20 for a blank"
        ),
        (
            "webhook = https://a/",
            "relay.conf:1: webhook needs webhook-secret-file: what is sent is signed with the secret in it"
        ),
        (
            "webhook-secret-file = /s\nwebhook = https://a/\nwebhook = https://a/",
            "relay.conf:3: this URL is given twice"
        ),
        (
            "webhook-events = terminal.online, coffee",
            "relay.conf:1: \"coffee\" is not an event: it is all, or some of terminal.online, terminal.reconnect, terminal.offline, "
                + "terminal.key-waits, terminal.approve, terminal.host-keys-changed, terminal.clone-suspected, session.open, session.close"
        ),
        ("data_dir = /x", "relay.conf:1: there is no key \"data_dir\"; did you mean data-dir?"),
    ]) func aWrongValueIsNamedWithItsLine(_ text: String, _ sentence: String) {
        #expect(throws: ConfigurationError(sentence)) { try configuration(text) }
    }

    @Test func aRunningRelayTakesWhatItCanAndNamesTheRest() throws {
        var running = RelayConfiguration()
        let other = try configuration("drain-time = 1m\nsupport-limit = 30d\nlisten = 127.0.0.1:22\nthreads = 2")
        let (changed, waiting) = running.take(from: other)
        #expect(changed == ["support-limit", "drain-time"])
        #expect(waiting == ["listen", "threads"])
        #expect(running.drainTime == .seconds(60) && running.supportLimit == .seconds(30 * 86_400))
        #expect(running.listen == RelayConfiguration().listen && running.threads == nil)
        #expect(running.take(from: other).changed == [])
    }
}

@Suite struct ConfigurationReaderTests {
    /// A command line with the options that `serve` has.
    private func line(_ words: String...) throws -> ParsedCommand {
        let options = RelayConfiguration.keys.map { CommandSpec.Option("--\($0.name)", value: "VALUE", repeats: $0.repeats, "sets it") }
        let table = CommandTable(
            program: "relay", summary: "a relay",
            commands: [CommandSpec("serve", "Run", options: options + [CommandSpec.Option("--config", value: "FILE", "where")])],
            everywhere: [])
        return try table.parse(["serve"] + words)
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = try Files.makeTemporaryDirectory()
        // A folder of the test: what stays is in /tmp.
        defer { try? Files.removeTree(folder) }
        try body(folder)
    }

    private func write(_ text: String, to path: String) throws {
        try Files.writeAtomically(path, Array(text.utf8), mode: 0o600)
    }

    @Test func theCommandLineWinsOverTheEnvironmentAndThatOverTheFileAndItsDropIns() throws {
        try withFolder { folder in
            try write(
                "drain-time = 1m\ndrain-spread = 1m\nthreads = 1\nlog-level = debug\nlisten = 127.0.0.1:1", to: "\(folder)/relay.conf")
            try Files.makeDirectory("\(folder)/conf.d", mode: 0o700)
            try write("drain-spread = 2m\nthreads = 2", to: "\(folder)/conf.d/20-b.conf")
            try write("drain-spread = 9m\nlog-level = error\nlisten = 127.0.0.1:2\nlisten = 127.0.0.1:3", to: "\(folder)/conf.d/10-a.conf")
            try write("no configuration", to: "\(folder)/conf.d/README")
            try write("no configuration", to: "\(folder)/conf.d/.30-c.conf.swp.conf")
            let environment = [
                "TOWLINE_RELAY_THREADS": "3", "TOWLINE_RELAY_LOG_LEVEL": "warning", "TOWLINE_RELAY_DATA": "/srv/a",
                "TOWLINE_RELAY_METRICS": "",
            ]
            let reader = ConfigurationReader(line: try line("--config", "\(folder)/relay.conf", "--threads", "4"), environment: environment)
            let (configuration, files) = try reader.read()
            #expect(files == ["\(folder)/relay.conf", "\(folder)/conf.d/10-a.conf", "\(folder)/conf.d/20-b.conf"])
            #expect(configuration.drainTime == .seconds(60), "from the file")
            #expect(configuration.drainSpread == .seconds(120), "from the last drop-in")
            #expect(configuration.listen.map(\.port) == [2, 3], "a drop-in replaces, it does not add")
            #expect(configuration.logLevel == .warning, "from the environment")
            #expect(configuration.dataDirectory == "/srv/a")
            #expect(configuration.threads == 4, "from the command line")
        }
    }

    @Test func severalAddressesStandInOneVariable() throws {
        let environment = ["TOWLINE_RELAY_LISTEN": "127.0.0.1:1, [::1]:2 127.0.0.1:3", "TOWLINE_RELAY_CONFIG": "/dev/null"]
        let (configuration, _) = try ConfigurationReader(line: try line(), environment: environment).read()
        #expect(configuration.listen.map(\.port) == [1, 2, 3])
    }

    @Test func aFileThatWasAskedForMustBeThere() throws {
        let reader = ConfigurationReader(line: try line("--config", "/nonexistent/relay.conf"), environment: [:])
        #expect(throws: ConfigurationError("--config: there is no file /nonexistent/relay.conf")) { try reader.read() }
        let fromEnvironment = ConfigurationReader(line: try line(), environment: ["TOWLINE_RELAY_CONFIG": "/nonexistent/relay.conf"])
        #expect(throws: ConfigurationError("TOWLINE_RELAY_CONFIG: there is no file /nonexistent/relay.conf")) { try fromEnvironment.read() }
    }

    @Test func errorsNameTheDropInAndTheLine() throws {
        try withFolder { folder in
            try write("", to: "\(folder)/relay.conf")
            try Files.makeDirectory("\(folder)/conf.d", mode: 0o700)
            try write("\n\nthreads = many\n", to: "\(folder)/conf.d/local.conf")
            let reader = ConfigurationReader(line: try line("--config", "\(folder)/relay.conf"), environment: [:])
            let error = #expect(throws: ConfigurationError.self) { try reader.read() }
            #expect(error?.description.hasPrefix("\(folder)/conf.d/local.conf:3: \"many\"") == true)
            try Files.writeAtomically("\(folder)/relay.conf", [0xff, 0xfe], mode: 0o600)
            #expect(throws: ConfigurationError("\(folder)/relay.conf: this is not text (UTF-8)")) { try reader.read() }
        }
    }
}
