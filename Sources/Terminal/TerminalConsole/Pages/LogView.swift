import HTML
import Localization
import TerminalCore

/// The log: what happened, when, by whom.
enum LogView {
    /// The page.
    ///
    /// - Parameter state: what the filter is set to.
    static func page(_ page: LogPage, _ state: FormState, _ speak: Speech) -> Page {
        let rows = page.entries.map { entry -> Markup in
            """
            <tr \(Flag("class", entry.isFailure ? "bad" : nil))>
            <td data-label="\(speak(.when))">\(speak.moment(entry.at))</td>
            <td data-label="\(speak(.what))">\(speak.marked(speak.entry(entry)))</td>
            <td data-label="\(speak(.byWhom))">\(by(entry.by, speak))</td>
            </tr>
            """
        }
        let table: Markup = """
            <table class="log">
            <thead><tr><th scope="col">\(speak(.when))</th><th scope="col">\(speak(.what))</th><th scope="col">\(speak(.byWhom))</th></tr></thead>
            <tbody>\(rows)</tbody>
            </table>
            """
        return Page(
            speak(.log), .log,
            """
            <p class="lead">\(speak(.logExplained))</p>
            <form method="get" action="/log" class="filter" role="search">
            \(select("kind", .kind, LogEntry.Kind.allCases.map { ($0.rawValue, speak($0.words)) }, state, speak))
            \(select("by", .byWhom, LogEntry.Actor.Role.allCases.map { ($0.rawValue, speak($0.words)) }, state, speak))
            <div><label class="form-label" for="text">\(speak(.search))</label>
            <input class="form-control" type="search" id="text" name="text" value="\(state["text"])" maxlength="200"></div>
            <button class="btn btn-plain">\(speak(.filter))</button>
            </form>
            \(rows.isEmpty ? "<p class=\"empty\">\(speak(.noEntries))</p>" as Markup : table)
            <p class="buttons">
            \(older(page, state, speak))
            <a class="btn btn-plain" href="\(filtered(Address("/log/download"), state).query("format", "csv"))" download>\(speak(.downloadCSV))</a>
            <a class="btn btn-plain" href="\(filtered(Address("/log/download"), state).query("format", "json"))" download>\(speak(.downloadJSON))</a>
            </p>
            """)
    }

    private static func older(_ page: LogPage, _ state: FormState, _ speak: Speech) -> Markup? {
        guard page.hasOlder, let last = page.entries.last else { return nil }
        return """
            <a class="btn btn-plain" href="\(filtered(Address("/log"), state).query("before", String(last.number)))">\(speak(.older))</a>
            """
    }

    private static func filtered(_ address: Address, _ state: FormState) -> Address {
        var address = address
        if !state["kind"].isEmpty { address = address.query("kind", state["kind"]) }
        if !state["by"].isEmpty { address = address.query("by", state["by"]) }
        if !state["text"].isEmpty { address = address.query("text", state["text"]) }
        return address
    }

    private static func select(
        _ name: String, _ label: Words, _ options: [(value: String, label: String)], _ state: FormState, _ speak: Speech
    ) -> Markup {
        """
        <div><label class="form-label" for="\(name)">\(speak(label))</label>
        <select class="form-select" id="\(name)" name="\(name)">
        <option value="">\(speak(.all))</option>
        \(options.map { "<option value=\"\($0.value)\" \(Flag("selected", if: state[name] == $0.value))>\($0.label)</option>" as Markup })
        </select></div>
        """
    }

    /// Who did it: the part, and the name where there is one.
    static func by(_ actor: LogEntry.Actor, _ speak: Speech) -> String {
        guard let name = actor.name, !name.isEmpty else { return speak(actor.role.words) }
        if actor.role == .unknown { return speak(.somebodyAt, name) }
        return speak.language == .english ? "\(name) (\(speak(actor.role.words)))" : "\(name)（\(speak(actor.role.words))）"
    }
}

extension LogEntry.Kind {
    /// What the filter calls it.
    var words: Words {
        switch self {
        case .support: .kindSupport
        case .connection: .kindConnection
        case .login: .kindLogin
        case .loginUser: .kindLoginUser
        case .setting: .kindSetting
        case .console: .kindConsole
        case .system: .kindSystem
        }
    }
}

extension LogEntry.Actor.Role {
    /// What the page calls it.
    var words: Words {
        switch self {
        case .console: .roleConsole
        case .command: .roleCommand
        case .staff: .roleStaff
        case .system: .roleSystem
        case .unknown: .roleUnknown
        }
    }
}
