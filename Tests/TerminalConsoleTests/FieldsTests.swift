import HTTPServer
import Localization
import Testing

@testable import TerminalConsole

@Suite struct FieldsTests {
    private let fields = [
        Field("name", .text(most: 4), isRequired: true, ""), Field("level", .choice(["a", "b"]), ""), Field("port", .number(1...9), ""),
        Field("flag", .flag, ""),
    ]

    private func request(_ body: String, _ type: String) -> HTTPRequest {
        HTTPRequest(method: .post, path: "/", headers: [("Content-Type", type)], body: Array(body.utf8))
    }

    @Test(arguments: [
        ("application/json", #"{"name":"bob","level":"a","port":3,"flag":true}"#),
        ("application/json; charset=utf-8", #"{"name":"bob","level":"a","port":3.0,"flag":true}"#),
        ("application/x-www-form-urlencoded", "name=bob&level=a&port=3&flag=on"),
    ]) func formsAndJSONSayTheSame(type: String, body: String) throws {
        let read = try Fields(body: request(body, type), fields)
        #expect(read["name"] == "bob" && read["level"] == "a" && read["port"] == "3" && read.isSet("flag"))
    }

    @Test(arguments: [
        ("application/json", "[]", Fields.Fault.notAForm), ("application/json", "{", .notAForm), ("application/json", "", .notAForm),
        ("application/json", "{}", .missing("name")), ("application/json", #"{"name":"bob","other":1}"#, .unknown("other")),
        ("application/json", #"{"name":null}"#, .wrong("name")), ("application/json", #"{"name":7}"#, .wrong("name")),
        ("application/json", #"{"name":"12345"}"#, .tooLong("name", most: 4)),
        ("application/json", #"{"name":"b","port":"3"}"#, .wrong("port")), ("application/json", #"{"name":"b","port":0}"#, .wrong("port")),
        ("application/json", #"{"name":"b","port":3.5}"#, .wrong("port")),
        ("application/json", #"{"name":"b","flag":"on"}"#, .wrong("flag")),
        ("application/json", #"{"name":"b","level":"c"}"#, .wrong("level")),
        ("application/x-www-form-urlencoded", "name=12345", .tooLong("name", most: 4)),
        ("application/x-www-form-urlencoded", "name=b&port=+3", .wrong("port")),
        ("application/x-www-form-urlencoded", "level=a", .missing("name")),
        ("application/x-www-form-urlencoded", "name=b&x=1", .unknown("x")), ("text/plain", #"{"name":"bob"}"#, .notAForm),
        ("multipart/form-data", "name=bob", .notAForm), ("", "name=bob", .notAForm),
    ]) func whatIsWrongIsNamed(type: String, body: String, expected: Fields.Fault) {
        #expect(throws: expected) { try Fields(body: request(body, type), fields) }
    }

    @Test func charactersAreCountedNotBytes() throws {
        #expect(try Fields(body: request(#"{"name":"日本語四"}"#, "application/json"), fields)["name"] == "日本語四")
    }

    @Test func linesFromABrowserEndAsLinesDo() throws {
        let read = try Fields(body: request("name=a%0D%0Ab", "application/x-www-form-urlencoded"), fields)
        #expect(read["name"] == "a\nb")
    }

    @Test func whatNobodyChoseInAQueryCountsAsNotSent() throws {
        let request = HTTPRequest(path: "/", query: [("level", ""), ("port", "2")])
        let read = try Fields(query: request, Array(fields.dropFirst()))
        #expect(read["level"] == nil && read["port"] == "2")
    }

    @Test(arguments: Language.allCases) func everyFaultHasItsWords(language: Language) {
        let speak = Speech(language: language)
        let faults: [Fields.Fault] = [.notAForm, .unknown("<x>"), .missing("x"), .tooLong("x", most: 4), .wrong("x")]
        #expect(Set(faults.map { $0.text(speak) }).count == faults.count)
    }

    @Test(arguments: [("=1+1", "\"'=1+1\""), ("a\"b", "\"a\"\"b\""), ("a,b\nc", "\"a,b\nc\""), ("-2", "\"'-2\""), ("", "\"\"")])
    func aSpreadsheetTakesNoNameForAFormula(text: String, cell: String) {
        #expect(Visit.cell(text) == cell)
    }
}
