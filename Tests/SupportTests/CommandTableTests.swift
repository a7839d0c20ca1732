import Support
import Testing

@Suite("CommandTable")
struct CommandTableTests {
    static let table = CommandTable(
        program: "towline-relay", summary: "the relay",
        commands: [
            CommandSpec(
                "serve", "Runs the relay.",
                options: [CommandSpec.Option("--listen", value: "ADDR:PORT", repeats: true, "where to listen")]),
            CommandSpec(
                "terminal add", "Registers a terminal, which may then connect with its key, and gives it the lowest free listening port.",
                arguments: [CommandSpec.Argument("NAME")],
                options: [
                    CommandSpec.Option("--key", value: "FILE|-", "its public key"),
                    CommandSpec.Option(
                        "--listening-port", value: "N", "its port, the lowest free one if none is given and none was given before"),
                    CommandSpec.Option("--replace-without-asking", "also if it exists"),
                ]),
            CommandSpec("terminal list", "Lists the terminals."),
            CommandSpec(
                "staff add", "Registers a member of staff.", arguments: [CommandSpec.Argument("NAME")],
                options: [CommandSpec.Option("--key", value: "FILE|-", isRequired: true, "the public keys")]),
            CommandSpec("audit", "Shows the log."), CommandSpec("audit verify", "Checks the log."),
            CommandSpec("help", "Shows help.", arguments: [CommandSpec.Argument("COMMAND", isOptional: true)]),
        ],
        everywhere: [
            CommandSpec.Option("--data-dir", value: "DIR", "where the relay keeps its files"), CommandSpec.Option("--json", "print JSON"),
        ])

    // MARK: - What is taken

    @Test(
        arguments: [
            (["terminal", "add", "shop-42", "--key", "k.pub"], "terminal add", ["shop-42"]),
            (["terminal", "add", "--key=k.pub", "shop-42"], "terminal add", ["shop-42"]),
            (["--key", "k.pub", "terminal", "add", "shop-42"], "terminal add", ["shop-42"]),
            (["terminal", "--json", "list"], "terminal list", []),
            (["audit"], "audit", []), (["audit", "verify"], "audit verify", []), (["terminal", "add", "--", "-x"], "terminal add", ["-x"]),
            (["terminal", "add", "-"], "terminal add", ["-"]), (["terminal", "add", ""], "terminal add", [""]),
        ] as [([String], String, [String])])
    func commandsAreFoundWithTheirArguments(words: [String], name: String, arguments: [String]) throws {
        let parsed = try Self.table.parse(words)
        #expect(parsed.name == name)
        #expect(parsed.arguments == arguments)
    }

    @Test func optionsMayStandAnywhereInBothForms() throws {
        let parsed = try Self.table.parse(["--data-dir", "/x y", "serve", "--listen", "a:1", "--json", "--listen=b=c:2"])
        #expect(parsed.value("--data-dir") == "/x y")
        #expect(parsed.values("--listen") == ["a:1", "b=c:2"])
        #expect(parsed.has("--json"))
        #expect(!parsed.has("--key") && parsed.value("--key") == nil && parsed.values("--key") == [])
    }

    /// Over ssh the quotation marks of `--for "Shop 42, ticket 1881"` are gone when the words arrive.
    @Test(
        arguments: [
            (["ask", "shop", "--for", "Shop", "42,", "ticket"], "Shop 42, ticket", ["shop"]),
            (["ask", "--for", "Shop", "42", "--json", "shop"], "Shop 42", ["shop"]),
            (["ask", "shop", "--for=Shop 42"], "Shop 42", ["shop"]),
            (["ask", "shop", "--for", "Shop 42"], "Shop 42", ["shop"]), (["ask", "shop", "--for", "-"], "-", ["shop"]),
            (["ask", "shop", "say", "it", "--for", "x"], "x", ["shop", "say", "it"]),
        ] as [([String], String, [String])])
    func aTextGoesOnUntilTheNextOption(words: [String], text: String, arguments: [String]) throws {
        let table = CommandTable(
            program: "x", summary: "",
            commands: [
                CommandSpec(
                    "ask", "Asks.",
                    arguments: [CommandSpec.Argument("NAME"), CommandSpec.Argument("WORD", isOptional: true, repeats: true)],
                    options: [CommandSpec.Option("--for", value: "TEXT", takesText: true, "what for")])
            ], everywhere: [CommandSpec.Option("--json", "JSON")])
        let parsed = try table.parse(words)
        #expect(parsed.value("--for") == text)
        #expect(parsed.arguments == arguments)
        #expect(throws: UsageError.self) { try table.parse(["ask", "shop", "--for", "--json"]) }
        #expect(table.commands[0].synopsis == "ask NAME [WORD]… [--for TEXT]")
    }

    @Test func aLimitedTableKnowsItsCommandsOnly() throws {
        let limited = Self.table.limited { $0.path != ["audit", "verify"] }
        #expect(try limited.parse(["audit"]).name == "audit")
        #expect(throws: UsageError.self) { try limited.parse(["audit", "verify"]) }
        #expect(!limited.help(about: []).contains("verify"))
    }

    @Test func aHyphenAloneIsAValue() throws {
        #expect(try Self.table.parse(["staff", "add", "bob", "--key", "-"]).value("--key") == "-")
    }

    @Test func aValueThatLooksLikeAnOptionIsTakenOnlyBehindAnEqualsSign() throws {
        #expect(try Self.table.parse(["staff", "add", "bob", "--key=-k"]).value("--key") == "-k")
        #expect(throws: UsageError("--key needs a value: --key FILE|-")) {
            try Self.table.parse(["staff", "add", "bob", "--key", "--json"])
        }
    }

    // MARK: - What is refused

    @Test(arguments: [
        (["terminal", "ad", "x"], "terminal has no command \"ad\"; it has: add, list"),
        (["terminal"], "terminal needs one of: add, list"),
        (["sevre"], "there is no command \"sevre\"; did you mean serve?; see: towline-relay help"),
        (["frobnicate"], "there is no command \"frobnicate\"; see: towline-relay help"),
        (["--json"], "no command; see: towline-relay help"),
        (
            ["terminal", "add"],
            "NAME is missing; usage: towline-relay terminal add NAME [--key FILE|-] [--listening-port N] [--replace-without-asking]"
        ),
        (
            ["terminal", "add", "-oProxyCommand"],
            "terminal add has no option \"-oProxyCommand\"; "
                + "usage: towline-relay terminal add NAME [--key FILE|-] [--listening-port N] [--replace-without-asking]"
        ),
        (["terminal", "list", "x"], "\"x\" is one word too many; usage: towline-relay terminal list"),
        (["terminal", "list", "--jsn"], "terminal list has no option \"--jsn\"; did you mean --json?; usage: towline-relay terminal list"),
        (["terminal", "list", "--key", "x"], "terminal list has no option \"--key\"; usage: towline-relay terminal list"),
        (["terminal", "list", "--json=1"], "--json takes no value"), (["terminal", "list", "--json", "--json"], "--json is given twice"),
        (["serve", "--data-dir"], "--data-dir needs a value: --data-dir DIR"),
        (["serve", "--data-dir="], "--data-dir needs a value: --data-dir DIR"),
        (["serve", "--data-dir", ""], "--data-dir needs a value: --data-dir DIR"),
        (["staff", "add", "bob"], "--key is missing; usage: towline-relay staff add NAME --key FILE|-"),
        (["help", "frobnicate"], "there is no command \"frobnicate\"; see: towline-relay help"),
    ])
    func mistakesAreAnsweredInOneLine(words: [String], answer: String) {
        #expect(throws: UsageError(answer)) { try Self.table.parse(words) }
    }

    /// `--` is the one of them that means something: the end of the options.
    @Test(arguments: HostileNames.all.filter { $0 != "--" })
    func A05_hostileWordsNeverReachACommandAsOptionsOrBreakTheLine(word: String) {
        for words in [[word], ["terminal", word], ["terminal", "list", word], ["serve", "--listen", "a", word]] {
            do {
                let parsed = try Self.table.parse(words)
                Issue.record("taken as \(parsed.name)")
            } catch {
                #expect(error.description.count < 300)
                #expect(error.description.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.properties.generalCategory != .format })
            }
        }
    }

    @Test func A05_optionLikeNamesAreNoOptionsOfOurs() {
        #expect(throws: UsageError.self) { try Self.table.parse(["terminal", "add", "-oProxyCommand=x"]) }
        #expect(throws: UsageError.self) { try Self.table.parse(["terminal", "add", "--root=/"]) }
    }

    // MARK: - Help

    @Test(
        arguments: [
            ([], []), (["help"], []), (["--help"], []), (["-h"], []), (["terminal", "--help"], ["terminal"]),
            (["help", "terminal"], ["terminal"]),
            (["help", "terminal", "add"], ["terminal", "add"]), (["terminal", "add", "--help"], ["terminal", "add"]),
            (["terminal", "add", "shop-42", "-h"], ["terminal", "add"]),
            (["--json", "terminal", "add", "--help", "--bad"], ["terminal", "add"]),
            (["help", "audit"], ["audit"]), (["help", "--json"], []),
        ] as [([String], [String])])
    func everyWayOfAskingForHelpIsTheHelpCommand(words: [String], topic: [String]) throws {
        let parsed = try Self.table.parse(words)
        #expect(parsed.name == "help")
        #expect(parsed.arguments == topic)
    }

    @Test(arguments: [[], ["terminal"], ["terminal", "add"], ["audit"], ["serve"]])
    func helpFitsEightyColumns(topic: [String]) {
        for line in Self.table.help(about: topic).split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    }

    @Test func helpOfOneCommandSaysEverythingAboutIt() {
        #expect(
            Self.table.help(about: ["terminal", "add"]) == """
                towline-relay terminal add NAME [--key FILE|-] [--listening-port N]
                        [--replace-without-asking]
                    Registers a terminal, which may then connect with its key, and gives it the
                    lowest free listening port.
                  --key FILE|-              its public key
                  --listening-port N        its port, the lowest free one if none is given and
                                            none was given before
                  --replace-without-asking  also if it exists
                  --data-dir DIR            where the relay keeps its files
                  --json                    print JSON

                """)
    }

    @Test func helpOfAllNamesEveryCommand() {
        let help = Self.table.help(about: [])
        for command in Self.table.commands {
            #expect(help.contains("towline-relay \(command.path.joined(separator: " "))"))
            #expect(help.contains(command.summary.prefix(20)))
        }
        #expect(help.contains("--data-dir DIR"))
    }

    @Test func helpOfAGroupHasItsCommandsOnly() {
        let help = Self.table.help(about: ["terminal"])
        #expect(help.contains("terminal add") && help.contains("terminal list") && !help.contains("staff"))
    }
}
