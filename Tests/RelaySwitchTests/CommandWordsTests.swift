import Testing

@testable import RelaySwitch

@Suite struct CommandWordsTests {
    @Test(arguments: [
        ("", []),
        ("  ", []),
        ("whoami", ["whoami"]),
        ("  terminals   --online\t--json ", ["terminals", "--online", "--json"]),
        ("request new shop-42 --for 'Shop 42, ticket 1881'", ["request", "new", "shop-42", "--for", "Shop 42, ticket 1881"]),
        (#"a "b \"c\" \\ \d" e"#, ["a", #"b "c" \ \d"#, "e"]),
        (#"a\ b c"#, ["a b", "c"]),
        ("''", [""]),
        ("a''b", ["ab"]),
    ])
    func splitsAsAShellWould(_ line: String, _ words: [String]) {
        #expect(CommandWords.split(line) == words)
    }

    @Test(arguments: ["'open", "\"open", "a \\", "\"a\\"])
    func anOpenQuoteIsNotALine(_ line: String) {
        #expect(CommandWords.split(line) == nil)
    }
}
