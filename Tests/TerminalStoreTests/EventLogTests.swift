import Glibc
import SystemCalls
import TerminalCore
import Testing

@testable import TerminalStore

@Suite struct EventLogTests {
    /// A folder that is gone when the test is over.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = try Files.makeTemporaryDirectory()
        // A folder that stays is no reason to fail.
        defer { try? Files.removeTree(folder) }
        try body(folder)
    }

    private func entry(
        _ number: Int, _ code: LogEntry.Code = .loginBegan, by actor: LogEntry.Actor = .system, at: String = "2026-11-27T10:00:00Z",
        who: String = "bob@support"
    ) -> LogEntry {
        LogEntry(
            number: number, at: at, code: code, values: ["who": who, "user": "alice", "length": "1 h", "seconds": "3600"], by: actor)
    }

    @Test func whatIsWrittenIsReadLatestFirstAlsoByAnotherRun() throws {
        try withFolder { folder in
            let log = EventLog(folder: folder)
            for number in 1...5 { try log.append(entry(number)) }
            #expect(log.lastNumber() == (5, 0))
            let page = EventLog(folder: folder).page(LogFilter(count: 3))
            #expect(page.entries.map(\.number) == [5, 4, 3] && page.hasOlder)
            var rest = LogFilter(count: 3)
            rest.before = 3
            #expect(log.page(rest) == LogPage(entries: [entry(2), entry(1)], hasOlder: false))
            #expect(try Files.status("\(folder)/log.jsonl")?.mode == 0o600)
        }
    }

    @Test func nothingWrittenIsAnEmptyPage() throws {
        try withFolder { folder in
            let log = EventLog(folder: folder)
            #expect(log.lastNumber() == (0, 0))
            #expect(log.page(LogFilter()) == LogPage(entries: [], hasOlder: false))
        }
    }

    @Test func itsSizeIsBoundedAndTheLatestEntriesStay() throws {
        try withFolder { folder in
            let limit = 4096
            let log = EventLog(folder: folder, fileLimit: limit)
            for number in 1...200 { try log.append(entry(number)) }
            let line = 1024
            for name in ["log.jsonl", "log.1.jsonl"] {
                #expect(try Files.status("\(folder)/\(name)").map { $0.size < limit + line } ?? true, "\(name)")
            }
            let page = log.page(LogFilter(count: LogFilter.maximumCount))
            #expect(page.entries.first?.number == 200 && page.entries.count >= 5)
            #expect(page.entries.map(\.number) == Array((201 - page.entries.count...200).reversed()))
            #expect(log.lastNumber().number == 200)
        }
    }

    @Test func aLineThatWasTornOffTakesNoOtherWithIt() throws {
        try withFolder { folder in
            let log = EventLog(folder: folder)
            try log.append(entry(1))
            let file = try Files.open("\(folder)/log.jsonl", O_WRONLY | O_APPEND)
            try Files.writeAll(file.raw, Array("\n{\"number\":2,\"at\":\"20".utf8))
            try log.append(entry(3))
            #expect(log.page(LogFilter()).entries.map(\.number) == [3, 1])
            #expect(log.lastNumber() == (3, 1))
        }
    }

    @Test func entriesAreFoundByKindWhoTextAndTime() throws {
        try withFolder { folder in
            let log = EventLog(folder: folder)
            try log.append(entry(1, .supportOff, by: LogEntry.Actor(role: .console), at: "2026-11-27T08:00:00Z"))
            try log.append(entry(2, by: LogEntry.Actor(role: .staff, name: "bob@support"), at: "2026-11-27T09:00:00Z"))
            try log.append(entry(3, .loginEnded, by: LogEntry.Actor(role: .staff, name: "eve@x"), at: "2026-11-27T10:00:00Z", who: "eve@x"))
            func found(_ change: (inout LogFilter) -> Void) -> [Int] {
                var filter = LogFilter()
                change(&filter)
                return log.page(filter).entries.map(\.number)
            }
            #expect(found { $0.kinds = [.login] } == [3, 2])
            #expect(found { $0.roles = [.console] } == [1])
            #expect(found { $0.text = "BOB" } == [2])
            #expect(found { $0.since = "2026-11-27T09:00:00Z" } == [3, 2])
            #expect(found { $0.until = "2026-11-27T09:00:00Z" } == [1])
            #expect(found { $0.kinds = [] } == [])
        }
    }
}
