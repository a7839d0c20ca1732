import FuzzInput
import Glibc
import RelayCommands
import Support

@testable import RelaySwitch

/// A command line that came over ssh: words, then the table, then the command; standard input behind the first line feed.
private func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    var input = FuzzInput(start, count)
    let parts = input.text().split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
    guard let words = CommandWords.split(String(parts.first ?? "")) else { return 0 }
    for table in [RelayCommandTable.remote, RelayCommandTable.local] {
        do throws(UsageError) {
            let line = try table.parse(words)
            // Answered by the table itself.
            if line.name == "help" {
                _ = table.help(about: line.arguments)
                continue
            }
            let standardInput = Array((parts.count > 1 ? parts[1] : "").utf8)
            // Refusals are what this is about as much as commands.
            _ = try? RelayCommand(line, standardInput: standardInput, now: WallTime(secondsSince1970: 1_800_000_000))
        } catch {
            precondition(error.description.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && $0.value != 0x7F }, "printable")
        }
    }
    return 0
}

@main enum Program {
    static func main() { exit(fuzz(testOneInput)) }
}
