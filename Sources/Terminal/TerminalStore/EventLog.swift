import FoundationEssentials
import SystemCalls
package import TerminalCore

/// The log on disk: one JSON object a line, in two files of bounded size, `log.jsonl` and the older `log.1.jsonl`.
///
/// It is for people; nothing is decided by it. So a line that cannot be read is left out, and a full disk loses entries but stops nothing.
/// All of it may block: not on a loop, and from one thread.
package struct EventLog: Sendable {
    /// A file that has grown to this is put aside, and the one put aside before is dropped: together some thousand entries.
    package static let maximumFile = 512 * 1024
    /// The most bytes that the entries of one page have together: with room for the rest of a local answer, which has 1 MiB.
    static let maximumPage = 640 * 1024

    private let current: String
    private let older: String
    private let fileLimit: Int

    /// The log in `folder`, which exists.
    ///
    /// - Parameter fileLimit: when a file is put aside, in bytes; tests make it small.
    package init(folder: String, fileLimit: Int = maximumFile) {
        current = "\(folder)/log.jsonl"
        older = "\(folder)/log.1.jsonl"
        self.fileLimit = fileLimit
    }

    /// The highest number in use, 0 if there is none.
    ///
    /// - Returns: also how many lines there are that cannot be read.
    package func lastNumber() -> (number: Int, damaged: Int) {
        var last = 0
        var damaged = 0
        for path in [older, current] {
            for line in lines(of: path) {
                if let entry = Self.decode(line) { last = max(last, entry.number) } else { damaged += 1 }
            }
        }
        return (last, damaged)
    }

    /// Puts an entry at the end.
    package func append(_ entry: LogEntry) throws(StoreError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let line: [UInt8]
        do {
            // The line end comes first: what a full disk or a power cut tore off does not take the next entry with it.
            line = [0x0a] + [UInt8](try encoder.encode(entry))
        } catch {
            preconditionFailure("values of ours can be written as JSON: \(error)")
        }
        do throws(SystemError) {
            try Files.append(line, to: current, mode: 0o600)
            if let size = try Files.status(current)?.size, size >= fileLimit { try Files.rename(current, to: older) }
        } catch {
            throw .system(error)
        }
    }

    /// The latest entries that `filter` admits.
    package func page(_ filter: LogFilter) -> LogPage {
        var page = LogPage(entries: [], hasOlder: false)
        var bytes = 0
        for path in [current, older] {
            for line in lines(of: path).reversed() {
                guard let entry = Self.decode(line), filter.admits(entry) else { continue }
                // Printed with indentation, an entry takes about half as much again.
                bytes += line.count * 3 / 2
                guard page.entries.count < filter.count, bytes <= Self.maximumPage else {
                    page.hasOlder = true
                    return page
                }
                page.entries.append(entry)
            }
        }
        return page
    }

    private func lines(of path: String) -> [ArraySlice<UInt8>] {
        // A file that is not there or cannot be read has no lines. One that somebody made larger is not ours.
        guard let content = try? Files.read(path, limit: fileLimit + Self.maximumLine, followsLinks: false) else { return [] }
        return content.split(separator: 0x0a)
    }

    /// More than a line ever has: values are cut before they get here.
    private static let maximumLine = 64 * 1024

    private static func decode(_ line: ArraySlice<UInt8>) -> LogEntry? {
        // What an older or later version wrote and this one does not know is left out too.
        try? JSONDecoder().decode(LogEntry.self, from: Data(line))
    }
}
