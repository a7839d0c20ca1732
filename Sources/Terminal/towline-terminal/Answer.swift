import Support
import SystemCalls
import TerminalCore

/// Prints a reply as the command line wants it, and ends the program with the status that fits.
struct Answer {
    /// What was asked.
    let line: ParsedCommand
    /// Whose daemon answered.
    let folder: String

    var isJSON: Bool { line.has("--json") }

    /// Whether support runs with something else than what is saved.
    private var isPending: Bool {
        if case .status(let status) = Asking.call(.status, folder) { !status.pendingChanges.isEmpty } else { false }
    }

    /// Prints and ends.
    func conclude(_ reply: TerminalReply) -> Never {
        switch reply {
        case .refused(let refusal):
            if isJSON { Output.say(json(refusal)) }
            Output.fail(refusal.message)
        case .done(let text): show(["message": text], text + "\n")
        case .status(let status):
            switch line.name {
            case "start": watch(from: status)
            case "stop": show(status, "Remote support is off. Every login has ended.\n")
            case "extend", "shorten":
                show(status, "Remote support ends in \(TerminalText.length(status.endsInSeconds ?? 0)).\n")
            case "restart": watch(from: status)
            case "auto-start": show(status, TerminalText.autoStart(status))
            case "sessions list": show(status.logins, TerminalText.logins(status.logins))
            case "sessions end": show(status.logins, "Login \(line.arguments[0]) has ended.\n" + TerminalText.logins(status.logins))
            default: show(status, TerminalText.status(status))
            }
        case .loginUsers(let users): conclude(users)
        case .setting(let setting):
            if line.name == "settings change", let setting {
                show(setting, TerminalText.changed(setting, isPending: isPending))
            } else if line.name == "settings create", let setting {
                show(setting, TerminalText.created(setting))
            } else {
                show(setting, TerminalText.setting(setting))
            }
        case .unconfirmed(let fingerprint):
            let text = TerminalText.unconfirmed(
                fingerprint, relay: line.value("--relay") ?? "", listeningPort: line.value("--listening-port") ?? "",
                user: line.value("--user"))
            Output.say(isJSON ? json(["fingerprint": fingerprint]) : text)
            Output.fail("nothing was saved: the relay's fingerprint has to be confirmed")
        case .key(let key):
            if isJSON { show(key, "") }
            // Only the line itself, so that it can be piped; what is for people goes beside it.
            Output.say((line.has("--stock-relay") ? key.stockRelayLine : key.publicKey) + "\n")
            if Files.isTerminal(1) { Output.say("\n" + TerminalText.besideKey(key)) }
            Output.end(.done)
        case .log(let page): show(page, TerminalText.log(page))
        case .request(let report): conclude(report)
        case .test(let report):
            Output.say(isJSON ? json(report) : TerminalText.test(report))
            Output.end(report.failure == nil ? .done : .refused)
        }
    }

    private func conclude(_ users: [LoginUserReport]) -> Never {
        switch line.name {
        case "login-user keys":
            guard let user = users.first(where: { $0.name == line.arguments[0] }) else {
                Output.fail("there is no SSH login user \(Printable.quoted(line.arguments[0])); see: towline-terminal login-user list")
            }
            show(user, TerminalText.keys(of: user))
        case "login-user add", "login-user change":
            let user = users.first
            let verb = line.name == "login-user add" ? "added" : "changed"
            show(user, "SSH login user \(user?.name ?? "") is \(verb).\n" + (user.map(TerminalText.keys) ?? ""))
        default: show(users, TerminalText.loginUsers(users))
        }
    }

    // `any`, not `some`: Swift 6.3's optimizer crashes on the specialized function that never returns.
    func show(_ value: any Encodable, _ text: String) -> Never {
        Output.say(isJSON ? json(value) : text)
        Output.end(.done)
    }

    func json(_ value: any Encodable) -> String { String(decoding: TerminalWire.encode(value), as: UTF8.self) }
}
