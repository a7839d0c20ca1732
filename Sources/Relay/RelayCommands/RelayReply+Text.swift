import FoundationEssentials
import RelayCore
import SSHKeys
package import Support

extension RelayReply {
    /// The exit status: a broken audit log is a failure.
    package var status: ExitStatus {
        if case .auditVerdict(.broken) = self { .refused } else { .done }
    }

    /// Plain text that reads well in 80 columns, ending in a line feed.
    /// - Parameters:
    ///   - program: how the reader calls commands.
    ///   - now: for "12 min ago".
    package func text(program: String, now: WallTime) -> String {
        switch self {
        case .changed(let change, let terminal): Self.text(of: change, terminal, program: program)
        case .terminals(let terminals): Self.text(of: terminals, program: program, now: now)
        case .terminal(let terminal, let sheet): Self.text(of: terminal, sheet, program: program, now: now)
        case .staff(let staff): Self.text(of: staff, program: program)
        case .sessions(let sessions): Self.text(of: sessions, now: now)
        case .sessionEnded(let bridge): "session \(bridge) ended\n"
        case .audit(let entries): Self.text(of: entries)
        case .auditVerdict(.intact(let entries, let head)):
            "the audit log is intact: \(entries) entries, the last digest is \(Self.hexadecimal(head))\n"
        case .auditVerdict(.broken(let number, let why)): "the audit log is broken at entry \(number): \(why)\n"
        case .identity(let identity): Self.text(of: identity)
        }
    }

    /// One JSON value and a line feed: keys in alphabetical order, times in ISO 8601.
    package var json: String {
        switch self {
        case .changed(let change, let terminal): Self.encode(ChangeResult(done: change.command, terminal: terminal))
        case .terminals(let terminals): Self.encode(terminals)
        case .terminal(let terminal, let sheet): Self.encode(TerminalResult(terminal: terminal, sheet: sheet))
        case .staff(let staff): Self.encode(staff)
        case .sessions(let sessions): Self.encode(sessions)
        case .sessionEnded(let bridge): Self.encode(ChangeResult(done: "sessions end \(bridge)", terminal: nil))
        case .audit(let entries): Self.encode(entries)
        case .auditVerdict(.intact(let entries, let head)):
            Self.encode(VerdictResult(intact: true, entries: entries, head: Self.hexadecimal(head), brokenAt: nil, why: nil))
        case .auditVerdict(.broken(let number, let why)):
            Self.encode(VerdictResult(intact: false, entries: nil, head: nil, brokenAt: number, why: why))
        case .identity(let identity): Self.encode(identity)
        }
    }

    private struct ChangeResult: Encodable {
        let done: String
        let terminal: TerminalView?
    }

    private struct TerminalResult: Encodable {
        let terminal: TerminalView
        let sheet: TerminalSheet
    }

    private struct VerdictResult: Encodable {
        let intact: Bool
        let entries: Int64?
        let head: String?
        let brokenAt: Int64?
        let why: String?
    }

    private static func encode(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
        } catch {
            preconditionFailure("views are always JSON: \(error)")
        }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
