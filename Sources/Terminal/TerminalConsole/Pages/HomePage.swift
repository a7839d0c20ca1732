import HTML
import TerminalCore

/// Home: is support on, who is in, how to end it; and what is missing before support can come.
enum HomePage {
    /// The page.
    static func page(_ status: TerminalStatus, _ speak: Speech) -> Page {
        let view = StatusView(status: status, speak: speak)
        let content: Markup = """
            <div id="home" data-live>
            <section class="hero tone-\(view.tone.rawValue)" aria-labelledby="headline">
            <h1 id="headline"><span class="dot" aria-hidden="true"></span><span role="status">\(view.headline)</span></h1>
            \(view.offReason.map { "<p>\($0)</p>" as Markup })
            \(view.connected())
            \(status.state == .off ? offActions(view) : onActions(view))
            \(view.failure())
            \(view.unconfirmedHostKey())
            </section>
            \(status.state == .off ? nil : who(view))
            \(status.state == .off && !isReady(status) ? checklist(status, speak) : nil)
            \(lately(status, speak))
            </div>
            """
        return Page(speak(.home), .home, hasStrip: false, hasHeading: false, content)
    }

    /// Whether support has come this way before, so that [Start] is all there is to do. Where there is no setting, no key of it was accepted.
    private static func isReady(_ status: TerminalStatus) -> Bool { status.isKeyAccepted && status.loginUserCount > 0 }

    private static func offActions(_ view: StatusView) -> Markup? {
        view.status.relay == nil || view.status.loginUserCount == 0 ? nil : view.startForm(back: "/")
    }

    private static func onActions(_ view: StatusView) -> Markup {
        """
        <div class="actions">\(view.stopButton(back: "/"))\(view.timeLeft())</div>
        \(view.limitForm(back: "/"))
        """
    }

    private static func who(_ view: StatusView) -> Markup {
        """
        <section aria-labelledby="who">
        <h2 id="who">\(view.speak(.whoIsIn))</h2>
        \(view.logins(back: "/"))
        </section>
        """
    }

    /// The way to the first support, step by step.
    static func checklist(_ status: TerminalStatus, _ speak: Speech) -> Markup {
        func step(_ words: Words, _ address: Address, _ isDone: Bool?) -> Markup {
            """
            <li class="step\(isDone == true ? " done" : "")"><a href="\(address)">\(speak(words))</a> \
            \(isDone.map { "<span class=\"step-word\">\(speak($0 ? .stepDone : .stepToDo))</span>" as Markup })</li>
            """
        }
        let hasSetting = status.relay != nil
        let hasBoth = hasSetting && status.loginUserCount > 0
        return """
            <section aria-labelledby="ready">
            <h2 id="ready">\(speak(.ready))</h2>
            <p>\(speak(.readyExplained))</p>
            <ol class="steps">
            \(step(.stepUser, Address("/login-users"), status.loginUserCount > 0))
            \(step(.stepSetting, Address("/remote-support"), hasSetting))
            \(hasSetting ? step(.stepKey, Address("/remote-support#issued"), nil) : "<li class=\"step\">\(speak(.stepKey))</li>")
            <li class="step">\(speak(.stepStart))</li>
            </ol>
            \(hasBoth ? nil : speak.orPaste())
            </section>
            """
    }

    /// How many entries of the log stand here.
    private static let latelyCount = 6

    /// The latest entries, latest first. A failure that comes again and again, with the steps of each try between, is told once.
    static func latest(_ events: [LogEntry]) -> [LogEntry] {
        var latest: [LogEntry] = []
        var told: TerminalStatus.Failure?
        for entry in events.reversed() where latest.count < latelyCount {
            let failed = entry.code == .connectionFailed
            if let told, failed ? entry.failure == told : entry.code.isStep { continue }
            told = failed ? entry.failure : nil
            latest.append(entry)
        }
        return latest
    }

    private static func lately(_ status: TerminalStatus, _ speak: Speech) -> Markup? {
        guard !status.events.isEmpty else { return nil }
        let items = latest(status.events).map { entry -> Markup in
            "<li \(Flag("class", entry.isFailure ? "bad" : nil))>\(speak.moment(entry.at)) <span>\(speak.marked(speak.entry(entry)))</span></li>"
        }
        return """
            <section aria-labelledby="lately">
            <h2 id="lately">\(speak(.recently))</h2>
            <ul class="events">\(items)</ul>
            <p><a href="/log">\(speak(.allOfLog))</a></p>
            </section>
            """
    }
}
