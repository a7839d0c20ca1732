import HTTPServer
import TerminalCore

extension Route {
    private static let filter = [
        Field("kind", .choice(LogEntry.Kind.allCases.map(\.rawValue)), "only this part"),
        Field("by", .choice(LogEntry.Actor.Role.allCases.map(\.rawValue)), "only by these"),
        Field("text", .text(most: 200), "only where this text stands, in any case"),
    ]
    private static let before = Field("before", .number(1...Int(Int32.max)), "only entries with lower numbers: the next page")

    /// What happened.
    static let log: [Route] = [
        Route(
            method: .get, path: "/log", name: "showLog", summary: "What happened, when, by whom; the latest first",
            query: filter + [before],
            reply: Reply(schema: "Log"), refusals: [422, 503], perform: { visit, fields in await visit.log(fields) }),
        Route(
            method: .get, path: "/log/download", name: "downloadLog", summary: "All that is kept of the log, as a file",
            query: filter + [Field("format", .choice(["csv", "json"]), "csv if it is left out")],
            reply: Reply(schema: "Log", mediaType: "text/csv", hasPage: false), refusals: [422, 503],
            perform: { visit, fields in await visit.downloadLog(fields) }),
    ]
}

extension Visit {
    private func entries(_ fields: Fields, count: Int, before: Int?) async -> Result<LogPage, Refusal> {
        var filter = LogFilter(count: count)
        filter.kinds = fields["kind"].flatMap(LogEntry.Kind.init(rawValue:)).map { [$0] }
        filter.roles = fields["by"].flatMap(LogEntry.Actor.Role.init(rawValue:)).map { [$0] }
        filter.text = fields["text"]
        filter.before = before
        switch await ask(.log(filter)) {
        case .log(let page): return .success(page)
        case .refused(let refusal): return .failure(refusal)
        default: return .failure(Refusal(.notUnderstood))
        }
    }

    fileprivate func log(_ fields: Fields) async -> Answer {
        switch await entries(fields, count: LogFilter.standardCount, before: fields["before"].flatMap { Int($0) }) {
        case .failure(let refusal): refused(refusal)
        case .success(let page): .page(LogView.page(page, fields.state, speak), page)
        }
    }

    /// Page after page, to the first entry that is kept: the log on disk is bounded.
    private func allEntries(_ fields: Fields) async -> Result<LogPage, Refusal> {
        var all = LogPage(entries: [], hasOlder: true)
        while all.hasOlder {
            switch await entries(fields, count: LogFilter.maximumCount, before: all.entries.last?.number) {
            case .failure(let refusal): return .failure(refusal)
            case .success(let page):
                all.entries += page.entries
                all.hasOlder = page.hasOlder && !page.entries.isEmpty
            }
        }
        return .success(all)
    }

    fileprivate func downloadLog(_ fields: Fields) async -> Answer {
        switch await allEntries(fields) {
        case .failure(let refusal): return refused(refusal)
        case .success(let page):
            if fields["format"] == "json" {
                return Answer(sight: .response(.download(page.json, type: "application/json", name: "towline-log.json")))
            }
            let file = HTTPResponse.download(Array(table(page).utf8), type: "text/csv; charset=utf-8", name: "towline-log.csv")
            return Answer(sight: .response(file))
        }
    }

    /// The entries as CSV (RFC 4180) in the reader's language.
    private func table(_ page: LogPage) -> String {
        let rows = page.entries.map { entry in
            [entry.at, speak(entry.kind.words), speak.entry(entry), LogView.by(entry.by, speak)]
        }
        let header = [speak(.when), speak(.kind), speak(.what), speak(.byWhom)]
        // With a byte order mark, without which spreadsheets take UTF-8 for something else.
        return "\u{FEFF}" + ([header] + rows).map { $0.map(Self.cell).joined(separator: ",") + "\r\n" }.joined()
    }

    /// A cell between quotes. One that a spreadsheet would take for a formula begins with an apostrophe: names come from outside.
    static func cell(_ text: String) -> String {
        let isFormula = text.first.map { "=+-@\t\r".contains($0) } == true
        return "\"\(isFormula ? "'" : "")\(text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\""
    }
}
