import Testing

@testable import HTML

@Suite struct MarkupTests {
    /// Texts that would be markup, close a quote, or begin a reference.
    static let hostile = [
        "<script>alert(1)</script>", "\" onmouseover=\"alert(1)", "'><img src=x onerror=alert(1)>", "&lt;", "</title><svg/onload=1>",
        "`${1}`",
    ]

    @Test(arguments: hostile) func W03_aStringIsInertBetweenTags(text: String) {
        let page: Markup = "<p>\(text)</p>"
        let inside = page.text.dropFirst(3).dropLast(4)
        #expect(!inside.contains("<") && !inside.contains(">") && !inside.contains("\"") && !inside.contains("'"))
        #expect(unescaped(String(inside)) == text)
    }

    @Test(arguments: hostile) func W03_aStringIsInertInAValue(text: String) {
        let page: Markup = "<p title=\"\(text)\"></p>"
        let inside = page.text.dropFirst("<p title=\"".count).dropLast("\"></p>".count)
        #expect(!inside.contains("\"") && !inside.contains("<"))
        #expect(unescaped(String(inside)) == text)
    }

    @Test func markupStandsAsItIs() {
        let name: Markup = "<b>\("A&B")</b>"
        let pieces: [Markup] = ["<i>1</i>", "<i>2</i>"]
        let nothing: Markup? = nil
        let page: Markup = "<p>\(name)\(pieces)\(nothing)\(3)</p>"
        #expect(page.text == "<p><b>A&amp;B</b><i>1</i><i>2</i>3</p>")
        #expect((page + "<hr>").text.hasSuffix("</p><hr>"))
        let less = "<"
        #expect(Markup().isEmpty && Markup(less).text == "&lt;")
    }

    @Test func nulHasNoPlaceInAPage() {
        let text = "a\0b"
        #expect(Markup(text).text == "a\u{FFFD}b")
    }

    @Test func attributesThatMayBeMissing() {
        func box(_ isOn: Bool, _ title: String?) -> Markup { "<input \(Flag("checked", if: isOn)) \(Flag("title", title))>" }
        #expect(box(true, "a\"b").text == "<input checked title=\"a&quot;b\">")
        #expect(box(false, nil).text == "<input  >")
    }

    @Test func addressesAreOurOwn() {
        let address = Address("/login-users").segment("../a b/\"é").query("next", "//evil.test/?a&b")
        #expect(address.text == "/login-users/..%2Fa%20b%2F%22%C3%A9?next=%2F%2Fevil.test%2F%3Fa%26b")
        let link: Markup = "<a href=\"\(address)\">x</a>"
        #expect(link.text == "<a href=\"\(address.text)\">x</a>")
        #expect(Address("/").segment("a").text == "/a")
    }

    @Test func aStringThatIsAWholeAddressTraps() async {
        await #expect(processExitsWith: .failure) { _ = ("<a href=\"\("javascript:alert(1)")\">x</a>" as Markup) }
    }

    @Test func aStringOutsideOfQuotesTraps() async {
        await #expect(processExitsWith: .failure) { _ = ("<a title=\("x onclick=1")>x</a>" as Markup) }
    }

    @Test func markupInAValueTraps() async {
        await #expect(processExitsWith: .failure) { _ = ("<a title=\"\(Markup("x"))\">x</a>" as Markup) }
    }

    @Test func aStringInAHandlerTraps() async {
        await #expect(processExitsWith: .failure) { _ = ("<a onclick=\"\("x")\">x</a>" as Markup) }
    }

    @Test func anOpenTagTraps() async {
        await #expect(processExitsWith: .failure) { _ = ("<a title=\"\("x")\"" as Markup) }
    }

    private func unescaped(_ text: String) -> String {
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")].reduce(text) { text, pair in
            text.split(separator: pair.0, omittingEmptySubsequences: false).joined(separator: pair.1)
        }
    }
}
