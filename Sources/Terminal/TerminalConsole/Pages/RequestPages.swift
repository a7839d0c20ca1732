import HTML
import Localization
import TerminalCore

/// Paste a request: what support sent, in one box; seen before it is done.
struct RequestPages: Sendable {
    /// How things are said.
    let speak: Speech

    /// The box.
    func paste(_ state: FormState) -> Page {
        let form = FormParts(speak: speak, state: state)
        return Page(
            speak(.pasteRequest), .request,
            """
            <p class="lead">\(speak.html(.requestExplained, "<code>towline:</code>"))</p>
            \(form.problem())
            <form method="post" action="/request">
            \(form.lines("request", .requestLine, rows: 8, isRequired: true))
            <p class="buttons"><button class="btn btn-primary">\(speak(.show))</button></p>
            </form>
            """)
    }

    /// What the request would do.
    ///
    /// - Parameters:
    ///   - current: the setting that there is; nil if there is none.
    ///   - status: where support stands.
    func preview(_ report: RequestReport, current: SettingReport?, status: TerminalStatus, request: String) -> Page {
        let users = LoginUserPages(speak: speak)
        return Page(
            speak(.requestTitle), .request,
            """
            \(report.obstacle.map { "<div class=\"problem\" role=\"alert\"><p><strong>\(speak.sentence(speak(.problem)))</strong> \(speak.refusal($0))</p></div>" as Markup })
            <section aria-labelledby="request-about">
            <h2 id="request-about">\(speak(.requestAbout))</h2>
            <dl class="facts">
            <div><dt>\(speak(.requestFor))</dt><dd><b>\(report.terminal)</b></dd></div>
            <div><dt>\(speak(.requestBy))</dt><dd>\(report.staff)</dd></div>
            <div><dt>\(speak(.requestExpires))</dt><dd>\(speak.moment(report.expires))</dd></div>
            </dl>
            </section>
            <section aria-labelledby="request-user">
            <h2 id="request-user">\(speak(.loginUser)) \(effect(report.loginUserEffect))</h2>
            <dl class="facts">
            <div><dt>\(speak(.name))</dt><dd><b>\(report.loginUser.name)</b></dd></div>
            <div><dt>\(speak(.accessLevel))</dt><dd>\(speak(report.loginUser.access.words))</dd></div>
            </dl>
            <ul class="keys">\(report.loginUser.keys.map(users.key))</ul>
            </section>
            <section aria-labelledby="request-setting">
            <h2 id="request-setting">\(speak(.settings)) \(effect(report.settingEffect))</h2>
            <dl class="facts">
            <div><dt>\(speak(.relayHost))</dt><dd><b>\(report.relay)</b>\(instead(current?.relay, report.relay))</dd></div>
            <div><dt>\(speak(.listeningPort))</dt><dd>\(String(report.listeningPort))\
            \(instead(current.map { String($0.listeningPort) }, String(report.listeningPort)))</dd></div>
            <div><dt>\(speak(.relayFingerprint))</dt><dd><code>\(report.relayFingerprint)</code>\
            \(instead(current?.fingerprint, report.relayFingerprint))</dd></div>
            </dl>
            \(report.settingEffect == .changes && status.state != .off ? ends(status) : nil)
            </section>
            <p class="warning">\(speak(.requestCompare))</p>
            <form method="post" action="/request/create" class="buttons">
            <input type="hidden" name="request" value="\(request)">
            \(report.obstacle == nil ? "<button class=\"btn btn-primary\">\(speak(.create))</button>" as Markup : nil)
            <a class="btn btn-plain" href="/request">\(speak(.cancel))</a>
            </form>
            """)
    }

    /// What stands there now, if it is something else.
    private func instead(_ current: String?, _ wanted: String) -> Markup? {
        current.flatMap { $0 == wanted ? nil : " <span class=\"muted\">(\(speak(.insteadOf, $0)))</span>" }
    }

    /// That the change is not in effect at once, and what it will end.
    private func ends(_ status: TerminalStatus) -> Markup {
        let count = status.logins.count
        return """
            <p class="warning">\(speak(.requestRestart)) \
            \(count == 0 ? "" : speak(.restartExplained, speak.language.number(count)))</p>
            """
    }

    private func effect(_ effect: RequestReport.Effect) -> Markup {
        let words: Words =
            switch effect {
            case .creates: .effectCreates
            case .changes: .effectChanges
            case .unchanged: .effectUnchanged
            }
        return "<span class=\"badge-level effect-\(effect.rawValue)\">\(speak(words))</span>"
    }
}
