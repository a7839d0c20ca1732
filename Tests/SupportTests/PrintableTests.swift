import Support
import Testing

@Suite("Printable")
struct PrintableTests {
    @Test(arguments: [
        ("shop-42", "shop-42"), ("田中 太郎", "田中 太郎"), ("a\nb", "a\\nb"), ("a\r\nb", "a\\r\\nb"), ("a\tb", "a\\tb"), ("a\\nb", "a\\\\nb"),
        ("\u{1b}[31mred", "\\x1b[31mred"), ("\u{0}", "\\x00"), ("\u{7f}", "\\x7f"), ("\u{9b}2J", "\\x9b2J"), ("\u{85}", "\\x85"),
        ("\u{202e}gpj.exe", "\\u{202e}gpj.exe"), ("\u{2066}x\u{2069}", "\\u{2066}x\\u{2069}"), ("a\u{200b}b", "a\\u{200b}b"),
        ("\u{2028}", "\\u{2028}"), ("\u{feff}", "\\u{feff}"), ("\u{a0}", "\\xa0"), ("\u{3164}", "\\u{3164}"), ("\u{e000}", "\\u{e000}"),
        ("e\u{301}", "e\u{301}"), ("", ""),
    ])
    func onlyWhatIsPlainlyVisibleIsShown(text: String, shown: String) {
        #expect(Printable.escaped(text) == shown)
    }

    @Test(arguments: [63, 64, 65, 10_240])
    func quotedTextIsShortened(length: Int) {
        let shown = Printable.quoted(String(repeating: "a", count: length))
        #expect(shown.count == min(length, Printable.longestQuoted) + 2 + (length > Printable.longestQuoted ? 1 : 0))
        #expect(shown.contains("…") == (length > Printable.longestQuoted))
    }

    @Test func aCharacterOfManyMarksIsShortenedToo() {
        #expect(Printable.quoted("a" + String(repeating: "\u{301}", count: 10_240)).unicodeScalars.count < 70)
    }

    @Test(arguments: [("", 0), ("abc", 3), ("田中", 4), ("ｱｲｳ", 3), ("한국", 4), ("e\u{301}", 1), ("😀", 2), ("Ａ", 2), ("é", 1)])
    func wideCharactersTakeTwoColumns(text: String, columns: Int) {
        #expect(Printable.columns(text) == columns)
    }
}

@Suite("Secret")
struct SecretTests {
    @Test func noWayOfPrintingShowsTheValue() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        for text in [
            "\(secret)", String(describing: secret), String(reflecting: secret), "\([secret])", "\(Optional(secret) as Any)", dumped,
        ] {
            #expect(!text.contains("hunter2"))
            #expect(text.contains("«redacted»"))
        }
        #expect(secret.exposed == "hunter2")
    }
}

@Suite("TextTable")
struct TextTableTests {
    @Test func columnsLineUpAndLinesHaveNoBlanksAtTheirEnds() {
        var table = TextTable(["NAME", "PORT", "NOTE"])
        #expect(table.isEmpty)
        table.add(["shop-42", "40001", ""])
        table.add(["田中", "7", "x\u{1b}y"])
        #expect(!table.isEmpty)
        #expect(table.text == "NAME     PORT   NOTE\nshop-42  40001\n田中     7      x\\x1by\n")
    }

    @Test func theLastColumnIsCutToFitButNotBelowItsTitle() {
        var table = TextTable(["NAME", "NOTES"], fitting: 16)
        for cell in ["1234567", "12345678", "田中田中", "田中田"] { table.add(["shop-42", cell]) }
        #expect(table.text == "NAME     NOTES\nshop-42  1234567\nshop-42  123456…\nshop-42  田中田…\nshop-42  田中田\n")
        var narrow = TextTable(["NAME", "NOTES"], fitting: 3)
        narrow.add(["shop-42", "123456"])
        #expect(narrow.text == "NAME     NOTES\nshop-42  1234…\n")
    }

    @Test func aTableWithoutRowsIsItsHeader() {
        #expect(TextTable(["A", "B"]).text == "A  B\n")
    }
}
