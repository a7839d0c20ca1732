import Localization
import Testing

@Suite struct LanguageTests {
    @Test(arguments: [
        ("ja", Language.japanese), ("ja-JP,ja;q=0.9,en-US;q=0.8,en;q=0.7", .japanese), ("en-GB,en;q=0.9,ja;q=0.8", .english),
        ("de-DE,de;q=0.9,ja;q=0.5,en;q=0.4", .japanese), ("JA", .japanese), ("en;q=0.5, ja;q=0.51", .japanese), ("ja;q=0, en", .english),
        ("ja ; q=0.2 , en ; q=0.1", .japanese), ("en,ja", .english), ("*", .english), ("ja;q=1.000,en", .japanese),
        ("x;;,,;q=,ja", .japanese),
    ])
    func theBrowsersFirstChoiceOfOursIsTaken(field: String, expected: Language) {
        #expect(Language(acceptLanguage: field) == expected)
    }

    @Test(arguments: ["", "de", "fr-FR,fr", "ja;q=0", "en;q=nan", "en;q=-1", "jax", "\u{0}", ";q=1", "日本"])
    func whatAsksForNoneOfOursGetsNone(field: String) {
        #expect(Language(acceptLanguage: field) == nil)
    }

    @Test func anEndlessFieldIsNotReadToItsEnd() {
        #expect(Language(acceptLanguage: String(repeating: "de,", count: 10_000) + "ja") == nil)
    }

    @Test(arguments: [
        (0, "0 seconds", "0秒"), (1, "1 second", "1秒"), (59, "59 seconds", "59秒"), (60, "1 minute", "1分"),
        (89, "1 minute 29 seconds", "1分29秒"),
        (90, "2 minutes", "2分"), (3599, "1 hour", "1時間"), (3600, "1 hour", "1時間"), (28_080, "7 hours 48 minutes", "7時間48分"),
        (86_399, "1 day", "1日"), (86_400, "1 day", "1日"), (90_000, "1 day 1 hour", "1日1時間"), (-5, "0 seconds", "0秒"),
        (2_592_000, "30 days", "30日"), (100_000_000, "1,157 days 10 hours", "1,157日10時間"),
    ])
    func lengthsOfTimeReadWell(seconds: Int, english: String, japanese: String) {
        #expect(Language.english.length(seconds: seconds) == english)
        #expect(Language.japanese.length(seconds: seconds) == japanese)
    }

    @Test func momentsReadWell() {
        #expect(Language.english.moment("2026-11-04T09:30:59Z") == "4 Nov 2026, 09:30 UTC")
        #expect(Language.japanese.moment("2026-11-04T09:30:59Z") == "2026年11月4日 09:30 (UTC)")
        for text in ["", "yesterday", "2026-13-04T09:30:59Z", "2026-11-04"] { #expect(Language.english.moment(text) == text) }
    }

    @Test func numbersHaveGroups() {
        let written = [0, 7, 999, 1000, 65_535, 1_234_567, -1000].map(Language.english.number)
        #expect(written == ["0", "7", "999", "1,000", "65,535", "1,234,567", "-1,000"])
    }

    @Test func severalThingsInARow() {
        #expect(
            Language.english.list([]) == "" && Language.english.list(["a"]) == "a"
                && Language.english.list(["a", "b", "c"]) == "a, b and c")
        #expect(Language.japanese.list(["a", "b", "c"]) == "a、b、c")
    }

    @Test func eachLanguageNamesItself() {
        #expect(Set(Language.allCases.map(\.ownName)).count == Language.allCases.count)
    }
}
