import FoundationEssentials
import RelayCore
import SSHKeys
package import Support

extension RelayReply {
    /// The exit status: a broken audit log is a failure, and what still waits is not approved or accepted.
    package var status: ExitStatus {
        switch self {
        case .auditVerdict(.broken), .waiting, .changedHostKeys: .refused
        default: .done
        }
    }

    /// What goes to standard error beside the text: for who asked, not for whom the text is sent to. Empty for most.
    package func remarks(program: String) -> String {
        switch self {
        case .request(let request): Self.remarks(on: request, program: program)
        case .hostKeys(let terminals, asKnownHosts: true) where terminals.allSatisfy(\.hostKeys.isEmpty):
            "towline-relay: no host keys: \(terminals.count == 1 ? "the terminal has" : "the terminals have") not reported any\n"
        case .auditExport(let entries, hasMore: true):
            "towline-relay: there is more; go on with: \(program) audit export --after \(entries.last?.number ?? 0)\n"
        default: ""
        }
    }

    /// The number behind which `events --after` goes on.
    package var next: Int64? {
        if case .events(let page) = self { page.next } else { nil }
    }

    /// Plain text that reads well in 80 columns, ending in a line feed.
    /// - Parameters:
    ///   - program: how the reader calls commands.
    ///   - now: for "12 min ago".
    package func text(program: String, now: WallTime) -> String {
        switch self {
        case .changed(let change, let terminal, let replaced): Self.text(of: change, terminal, replaced, program: program)
        case .terminals(let terminals, let filter): Self.text(of: terminals, filter, program: program, now: now)
        case .terminal(let terminal, let sheet): Self.text(of: terminal, sheet, program: program, now: now)
        case .request(let request): request.sheet
        case .requests(let requests): Self.text(of: requests, program: program, now: now)
        case .waiting(let request): Self.text(of: request, program: program, now: now)
        case .online(let terminal): "\(terminal.name) is online, from \(terminal.from ?? "?")\n"
        case .hostKeys(let keys, let asKnownHosts): asKnownHosts ? Self.knownHosts(keys) : Self.text(of: keys, program: program, now: now)
        case .changedHostKeys(let keys): Self.text(ofChanged: keys, program: program, now: now)
        case .reported(let outcome): Self.text(of: outcome)
        case .staff(let staff): Self.text(of: staff, program: program, now: now)
        case .groups(let groups): Self.text(of: groups, program: program)
        case .auditExport(let entries, _): entries.map { Self.encode($0, isPretty: false) }.joined()
        case .overview(let overview): Self.text(of: overview, program: program, now: now)
        case .sessions(let sessions): Self.text(of: sessions, now: now)
        case .history(let history): Self.text(of: history, now: now)
        case .events(let page): page.text
        case .sessionEnded(let session): "session \(session) ended\n"
        case .audit(let entries): Self.text(of: entries)
        case .auditVerdict(.intact(let entries, let head)):
            "the audit log is intact: \(entries) entries, the last digest is \(Hexadecimal.text(head))\n"
        case .auditVerdict(.broken(let number, let why)): "the audit log is broken at entry \(number): \(why)\n"
        case .relayKeys(let keys, let step): Self.text(of: keys, after: step, program: program, now: now)
        case .identity(let identity): Self.text(of: identity)
        }
    }

    /// One JSON value and a line feed: keys in alphabetical order, times in ISO 8601.
    package var json: String {
        switch self {
        case .changed(let change, let terminal, let replaced):
            Self.encode(ChangeResult(done: change.command, terminal: terminal, replacedKey: replaced))
        case .terminals(let terminals, _): Self.encode(terminals)
        case .terminal(let terminal, let sheet): Self.encode(TerminalResult(terminal: terminal, sheet: sheet))
        case .request(let request): Self.encode(request)
        case .requests(let requests): Self.encode(requests)
        case .waiting(let request): Self.encode(request)
        case .online(let terminal): Self.encode(terminal)
        case .hostKeys(let keys, _): Self.encode(keys)
        case .changedHostKeys(let keys): Self.encode(keys)
        case .reported(let outcome): Self.encode(TerminalReport.Answer(outcome: outcome))
        case .staff(let staff): Self.encode(staff)
        case .groups(let groups): Self.encode(groups)
        case .auditExport(let entries, _): entries.map { Self.encode($0, isPretty: false) }.joined()
        case .overview(let overview): Self.encode(overview)
        case .sessions(let sessions): Self.encode(sessions)
        case .history(let history): Self.encode(history)
        case .events(let page): page.json
        case .sessionEnded(let session): Self.encode(ChangeResult(done: "end \(session)"))
        case .audit(let entries): Self.encode(entries)
        case .auditVerdict(.intact(let entries, let head)):
            Self.encode(VerdictResult(intact: true, entries: entries, head: Hexadecimal.text(head), brokenAt: nil, why: nil))
        case .auditVerdict(.broken(let number, let why)):
            Self.encode(VerdictResult(intact: false, entries: nil, head: nil, brokenAt: number, why: why))
        case .relayKeys(let keys, _): Self.encode(keys)
        case .identity(let identity): Self.encode(identity)
        }
    }

    private struct ChangeResult: Encodable {
        let done: String
        var terminal: TerminalView?
        var replacedKey: KeyView?
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

    static func encode(_ value: some Encodable, isPretty: Bool = true) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting =
            isPretty ? [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes] : [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
        } catch {
            preconditionFailure("views are always JSON: \(error)")
        }
    }
}
