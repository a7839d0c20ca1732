import Glibc
import Testing

@testable import SystemCalls

@Suite struct JournalTests {
    @Test func anEventIsOneEntryWithAFieldForEachValue() {
        let entry = Journal.entry(.warning, "tunnel ended", ["terminal": "shop-42", "reason": "no\nsign \"x\"", "port": 22])
        #expect(
            entry == """
                MESSAGE=tunnel ended terminal=shop-42 reason="no\\nsign \\"x\\"" port=22
                PRIORITY=4
                TOWLINE_EVENT=tunnel ended
                TOWLINE_TERMINAL=shop-42
                TOWLINE_REASON=no\\nsign \\"x\\"
                TOWLINE_PORT=22

                """)
    }

    @Test func levelsAreSyslogs() {
        #expect(LogLevel.allCases.map(\.priority) == [7, 5, 4, 3])
    }

    @Test func whatTheJournalDoesNotTakeGoesToStandardError() throws {
        let pipe = try Descriptor.pipe()
        let log = Log(threshold: .notice, descriptor: pipe.writing.raw, journal: Journal(at: "/nonexistent/journal"))
        log.notice("event", ["a": 1])
        let line = withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { room in
            guard case .bytes(let count) = Descriptor.read(pipe.reading.raw, into: room) else { return "" }
            return String(decoding: room.prefix(count), as: UTF8.self)
        }
        #expect(line.hasSuffix("level=notice event=event a=1\n"))
    }

    @Test func onlyTheStreamThatTheEnvironmentNamesIsTheJournals() throws {
        let one = try Descriptor.pipe()
        let other = try Descriptor.pipe()
        var facts = stat()
        #expect(fstat(one.writing.raw, &facts) == 0)
        let name = "\(facts.st_dev):\(facts.st_ino)"
        #expect(Journal.isBehind(descriptor: one.writing.raw, named: name))
        #expect(!Journal.isBehind(descriptor: other.writing.raw, named: name))
        #expect(!Journal.isBehind(descriptor: one.writing.raw, named: nil))
    }
}
