import RelayCore
import SSHKeys
import Support

extension RelayReply {
    /// What staff should know about a request that they just made; the sheet itself is for the customer.
    static func remarks(on request: RequestView, program: String) -> String {
        var lines = ["this sheet is for the customer of \(request.terminal), who can use its line once, until \(request.expiresAt)"]
        if let earlier = request.endsRequestOf {
            lines.append("the request that \(earlier) made for it before is over: its line no longer works")
        }
        if let remark = request.remark { lines.append(remark) }
        if request.approvesItself {
            lines.append("whoever uses the line first becomes \(request.terminal): send it on a way that you trust")
        } else if request.line != nil {
            let replacing = request.replacesKey ? ", which then replaces the key that it has" : ""
            lines.append("when its key has come\(replacing): \(program) approve \(request.terminal)")
        }
        if request.line == nil || !request.approvesItself {
            lines.append("if the customer sends the key instead: \(program) approve \(request.terminal) < key.pub")
        }
        return lines.map { "towline-relay: \($0)\n" }.joined()
    }

    static func text(of requests: [OpenRequestView], program: String, now: WallTime) -> String {
        guard !requests.isEmpty else { return "no requests; ask a customer with: \(program) request new TERMINAL --login NAME\n" }
        var table = TextTable(["TERMINAL", "STATE", "LOGIN", "BY", "UNTIL", "FOR"])
        for request in requests {
            table.add([
                request.terminal, request.state.rawValue, request.login, request.requestedBy, request.expiresAt.description,
                request.purpose ?? "",
            ])
        }
        let waiting = requests.filter { $0.state == .waiting }.map { "\n" + block(of: $0, program: program, now: now) }
        return table.text + waiting.joined()
    }

    /// A key that waits, and what to do about it: the answer of `approve` without a key.
    static func text(of request: OpenRequestView, program: String, now: WallTime) -> String {
        var lines = ["A key waits to become the key of \(request.terminal):", field("  key", request.key.map { words($0) } ?? "")]
        lines.append(field("  came from", "\(request.from ?? "?"), \(request.keyAt.map { TimeAgo.text(since: $0, now: now) } ?? "")"))
        if let old = request.replaces { lines.append(field("  replaces", words(old))) }
        lines += [
            field("  asked for by", request.requestedBy + (request.purpose.map { ", for \($0)" } ?? "")), "",
            "Nothing was approved yet. Compare the fingerprint with the one that the", "terminal shows the customer, then:",
            "  \(program) approve \(request.terminal) --fingerprint \(request.key?.fingerprint ?? "")",
            "If it is another one: \(program) request cancel \(request.terminal)",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func block(of request: OpenRequestView, program: String, now: WallTime) -> String {
        """
        \(request.terminal): key \(request.key?.fingerprint ?? ""), \(request.keyAt.map { TimeAgo.text(since: $0, now: now) } ?? "")
          see: \(program) approve \(request.terminal)

        """
    }

    static func text(of keys: [HostKeysView], program: String, now: WallTime) -> String {
        guard !keys.isEmpty else { return "no terminals\n" }
        return keys.map { terminal in
            guard let reportedAt = terminal.reportedAt else {
                return "\(terminal.terminal): has not reported its host keys; a terminal without our program never does\n"
            }
            var lines = ["\(terminal.terminal): reported \(TimeAgo.text(since: reportedAt, now: now)) by \(terminal.software ?? "?")"]
            lines += terminal.hostKeys.map { "  \($0.fingerprint) \($0.type)" }
            if !terminal.loginUsers.isEmpty { lines.append("  login users: \(terminal.loginUsers.joined(separator: ", "))") }
            if !terminal.changed.isEmpty {
                lines.append("  CHANGED: it now reports other host keys, which staff are not told:")
                lines += terminal.changed.map { "  \($0.fingerprint) \($0.type)" }
                lines.append("  ask the customer whether the machine was replaced; then: \(program) host-keys accept \(terminal.terminal)")
            }
            return lines.joined(separator: "\n") + "\n"
        }.joined()
    }

    /// Changed host keys, and what to do about them: the answer of `host-keys accept` without saying which.
    static func text(ofChanged terminal: HostKeysView, program: String, now: WallTime) -> String {
        let name = terminal.terminal
        let ago = terminal.reportedAt.map { ", \(TimeAgo.text(since: $0, now: now))" } ?? ""
        var lines = ["\(name) reports other host keys than those that staff are told:"]
        lines += terminal.hostKeys.map { field("  told", "\($0.type) \($0.fingerprint)") }
        lines += terminal.changed.map { field("  reported", "\($0.type) \($0.fingerprint)\(ago)") }
        lines += [
            "", "Nothing was accepted yet. Ask the customer why, and compare the fingerprint",
            "with the one that the terminal shows them, then:",
            "  \(program) host-keys accept \(name) --fingerprint \(terminal.new.first?.fingerprint ?? "")",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// Lines of known_hosts (sshd(8)): by name, and by listening port as `ssh -p PORT localhost` looks it up.
    static func knownHosts(_ keys: [HostKeysView]) -> String {
        keys.flatMap { terminal in
            terminal.hostKeys.map { "\(terminal.terminal),[localhost]:\(terminal.listeningPort) \($0.line)\n" }
        }.joined()
    }

    static func text(of outcome: TerminalReport.Outcome) -> String {
        switch outcome {
        case .first: "thank you; staff are told these host keys\n"
        case .same: "thank you; nothing has changed\n"
        case .changed: "thank you; these host keys are not the ones from before: support must accept them\n"
        }
    }

    static func text(of overview: OverviewView, program: String, now: WallTime) -> String {
        var text = text(of: overview.identity)
        if let announcement = overview.announcement { text += "\n*** \(Printable.escaped(announcement))\n" }
        if !overview.waiting.isEmpty {
            text += "\nwaiting for your approval\n"
            for request in overview.waiting {
                let when = request.keyAt.map { TimeAgo.text(since: $0, now: now) } ?? ""
                text += "  \(request.terminal): \(request.key?.fingerprint ?? ""), \(when); see: \(program) approve \(request.terminal)\n"
            }
        }
        if !overview.changedHostKeys.isEmpty {
            text += "\nother host keys than before\n"
            text += overview.changedHostKeys.map { "  \($0); see: \(program) host-keys \($0)\n" }.joined()
        }
        if !overview.open.isEmpty {
            text += "\nasked, and not answered yet\n"
            for request in overview.open {
                text += "  \(request.terminal), until \(request.expiresAt)" + (request.purpose.map { ": \($0)" } ?? "") + "\n"
            }
        }
        text += "\nterminals: \(overview.onlineCount) of \(overview.terminalCount) online\n"
        if !overview.terminals.isEmpty { text += Self.text(of: overview.terminals, program: program, now: now) }
        if overview.terminalCount > overview.terminals.count { text += "all of them: \(program) terminals\n" }
        return text
    }
}

/// The commands by name, for who knows them and forgot one.
enum TextOfCommands {
    private static let columns = 78

    static func list(_ names: [String], program: String) -> String {
        var lines = ["commands, explained by \(program) help COMMAND:"]
        var line = " "
        for (index, name) in names.enumerated() {
            let word = " \(name)" + (index == names.count - 1 ? "" : ",")
            if line.count + word.count > columns {
                lines.append(line)
                line = " "
            }
            line += word
        }
        return "\n" + (lines + [line]).joined(separator: "\n") + "\n"
    }
}
