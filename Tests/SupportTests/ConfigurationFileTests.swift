import Testing

@testable import Support

@Suite struct ConfigurationFileTests {
    private static let keys = [ConfigurationKey("listen", repeats: true), ConfigurationKey("drain-time"), ConfigurationKey("metrics")]

    private func read(_ text: String) throws(ConfigurationError) -> ConfigurationValues {
        try ConfigurationValues(text: text, path: "/etc/relay.conf", keys: Self.keys)
    }

    @Test func linesAreKeysAndValuesAndKnowWhereTheyStand() throws {
        let values = try read("# a comment\n\n listen = 0.0.0.0:22 \nlisten=[::]:22\r\n\tdrain-time =  15m\n")
        #expect(values.all("listen").map(\.text) == ["0.0.0.0:22", "[::]:22"])
        #expect(values.all("listen").map(\.place) == ["/etc/relay.conf:3", "/etc/relay.conf:4"])
        #expect(values["drain-time"] == ConfigurationValue("15m", at: "/etc/relay.conf:5"))
        #expect(values["metrics"] == nil)
        #expect(try read("") == ConfigurationValues())
    }

    @Test func whatStandsBehindTheFirstEqualsSignIsTheValue() throws {
        #expect(try read("metrics = a = b # c")["metrics"]?.text == "a = b # c")
    }

    @Test(arguments: [
        ("listen 0.0.0.0:22", "/etc/relay.conf:1: \"listen 0.0.0.0:22\" is no setting: write KEY = VALUE"),
        ("\n[relay]", "/etc/relay.conf:2: there are no sections here: remove \"[relay]\""),
        ("drain-tme = 1s", "/etc/relay.conf:1: there is no key \"drain-tme\"; did you mean drain-time?"),
        ("colour = red", "/etc/relay.conf:1: there is no key \"colour\""),
        ("= red", "/etc/relay.conf:1: there is no key \"\""),
        ("metrics =  ", "/etc/relay.conf:1: metrics has no value"),
        ("metrics = off\nmetrics = off", "/etc/relay.conf:2: metrics is given twice; the first time at /etc/relay.conf:1"),
        ("\u{1b}[31m = 1", "/etc/relay.conf:1: there is no key \"\\x1b[31m\""),
    ]) func aWrongLineIsNamedByItsNumber(_ text: String, _ sentence: String) {
        #expect(throws: ConfigurationError(sentence)) { try read(text) }
    }

    @Test func aLaterFileReplacesTheKeysThatItNames() throws {
        var values = try read("listen = 0.0.0.0:22\nlisten = [::]:22\ndrain-time = 15m")
        values.override(by: try read("listen = 192.0.2.7:22\nmetrics = off"))
        #expect(values.all("listen").map(\.text) == ["192.0.2.7:22"])
        #expect(values["drain-time"]?.text == "15m")
        #expect(values["metrics"]?.text == "off")
    }

    @Test func aValueThatIsNotWhatItShouldBeIsNamedWithItsPlace() {
        let value = ConfigurationValue("soon", at: "relay.conf:7")
        #expect(
            throws: ConfigurationError(
                "relay.conf:7: \"soon\" is not a length of time: write for example 8h, 90m, 7d or 1h30m; at most 366 days")
        ) {
            try value.parsed(as: SupportDuration.self)
        }
    }
}
