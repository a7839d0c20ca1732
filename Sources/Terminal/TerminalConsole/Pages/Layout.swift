import HTML
import Localization
import TerminalCore

/// What a page has of its own.
struct Page: Sendable {
    /// Its title, also the browser's.
    var title: String
    /// Where in the navigation it stands.
    var place: Place?
    /// What stands below the title.
    var content: Markup
    /// Whether the strip with the state and [Stop] stands above: everywhere but where the same stands large.
    var hasStrip = true
    /// Whether the title is shown as the page's heading.
    var hasHeading = true
    /// What did not work when somebody asked for something on this page.
    var problem: String?
    /// Where it can be got again, if it is the answer to something.
    var source: Address?

    /// A page with its parts given.
    init(_ title: String, _ place: Place?, hasStrip: Bool = true, hasHeading: Bool = true, _ content: Markup) {
        self.title = title
        self.place = place
        self.hasStrip = hasStrip
        self.hasHeading = hasHeading
        self.content = content
    }

    /// The pages of the navigation.
    enum Place: Hashable, Sendable, CaseIterable {
        case home, loginUsers, remoteSupport, request, log, system
    }
}

/// What stands around every page.
struct Layout: Sendable {
    /// What is said, and in which language.
    let speak: Speech
    /// The address of the page, for the language switch to come back to.
    let address: Address
    /// Where the page can be got again, for its live parts.
    let source: Address
    /// What the terminal says of itself; nil before sign-in.
    let status: TerminalStatus?
    /// Saved changes of the console that are not in effect.
    let isConsolePending: Bool
    /// Whether somebody is signed in.
    let isSignedIn: Bool
    /// The machine's name.
    let machine: String
    /// What was done just now, said once.
    let notice: String?
    /// Styles, script and icon.
    let assets: Assets

    /// The whole document.
    func document(_ page: Page) -> Markup {
        let other = Language.allCases.first { $0 != speak.language } ?? .standard
        return """
            <!doctype html>
            <html lang="\(speak.language.rawValue)">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(page.title) – \(machine) – \(speak(.brand))</title>
            <link rel="icon" href="\(assets.icon)" type="image/svg+xml">
            \(assets.styles.map { "<link rel=\"stylesheet\" href=\"\($0)\">\n" as Markup })\
            <script type="module" src="\(assets.script)"></script>
            </head>
            <body data-copied="\(speak(.copied))" data-copy-failed="\(speak(.copyFailed))" \(Flag("data-source", isSignedIn ? source.text : nil))>
            <a class="skip" href="#content">\(speak(.skip))</a>
            <header class="masthead">
            <div class="masthead-inner">
            <a class="brand" href="/">\(Self.logo)<span><b>\(speak(.brand))</b><small>\(machine)</small></span></a>
            <div class="masthead-tools">
            <form method="post" action="/language">
            <input type="hidden" name="back" value="\(address.text)">
            <button class="btn btn-quiet" name="language" value="\(other.rawValue)" lang="\(other.rawValue)">\(other.ownName)</button>
            </form>
            \(isSignedIn ? signOut : nil)
            </div>
            </div>
            </header>
            <p class="connection-lost" id="connection-lost" role="alert" hidden>\(speak(.liveLost))</p>
            <div id="restart-bar" data-live>\(restartBar)</div>
            <div class="frame">
            \(isSignedIn ? navigation(page.place) : nil)
            <main id="content" tabindex="-1">
            \(page.hasStrip && isSignedIn ? strip : nil)
            \(notice.map { "<p class=\"notice\" role=\"status\">\($0)</p>" as Markup })
            \(page.problem.map { FormParts.problem($0, speak) })
            \(page.hasHeading ? "<h1>\(page.title)</h1>" as Markup : nil)
            \(page.content)
            </main>
            </div>
            </body>
            </html>

            """
    }

    private var signOut: Markup {
        "<form method=\"post\" action=\"/sign-out\"><button class=\"btn btn-quiet\">\(speak(.signOut))</button></form>"
    }

    /// A line that is thrown and holds: the mark of Towline.
    private static let logo: Markup = """
        <svg class="logo" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false">\
        <circle cx="7" cy="23" r="4"></circle><circle cx="25" cy="9" r="4"></circle><path d="M10 20c5-1 2-8 12-9"></path></svg>
        """

    private func navigation(_ current: Page.Place?) -> Markup {
        """
        <nav class="pages" aria-label="\(speak(.pages))">
        <ul>
        \(item(.home, .home, Address("/"), current))
        \(item(.loginUsers, .loginUsers, Address("/login-users"), current))
        <li class="group"><span class="group-title" id="other-services">\(speak(.otherServices))</span>
        <ul aria-labelledby="other-services">
        \(item(.remoteSupport, .remoteSupport, Address("/remote-support"), current))
        \(item(.request, .pasteRequest, Address("/request"), current))
        </ul></li>
        \(item(.log, .log, Address("/log"), current))
        \(item(.system, .system, Address("/system"), current))
        </ul>
        </nav>
        """
    }

    private func item(_ place: Page.Place, _ words: Words, _ address: Address, _ current: Page.Place?) -> Markup {
        "<li><a href=\"\(address)\" \(Flag("aria-current", place == current ? "page" : nil))>\(speak(words))</a></li>"
    }

    /// The state in one line, and [Stop], on every page.
    private var strip: Markup? {
        guard let status else { return nil }
        let view = StatusView(status: status, speak: speak)
        return """
            <div class="strip tone-\(view.tone.rawValue)" id="strip" data-live>
            <span class="dot" aria-hidden="true"></span>
            <p role="status">\(view.headline)</p>
            \(status.state == .off ? nil : view.timeLeft(isShort: true))
            \(status.state == .off ? nil : view.stopButton(back: nil, isSmall: true))
            </div>
            """
    }

    /// Exactly when a saved change is not in effect.
    private var restartBar: Markup? {
        var fields = (status?.pendingChanges ?? []).map { speak($0.words) }
        let isRelay = !fields.isEmpty
        let count = status?.logins.count ?? 0
        if isConsolePending { fields.append(speak(.fieldConsole)) }
        guard isSignedIn, !fields.isEmpty else { return nil }
        return """
            <section class="restart" role="status">
            <div class="restart-inner">
            <p><strong>\(speak(.restartNeeded, speak.language.list(fields)))</strong> \(isRelay && count > 0 ? speak(.restartExplained, speak.language.number(count)) : "")</p>
            <form method="post" action="/restart"><button class="btn btn-restart">\(speak(.restart))</button></form>
            </div>
            </section>
            """
    }
}

extension TerminalStatus.SettingField {
    /// What the restart bar calls it.
    var words: Words {
        switch self {
        case .relay: .fieldRelay
        case .listeningPort: .fieldListeningPort
        case .user: .fieldUser
        case .fingerprint: .fieldFingerprint
        case .proxy: .fieldProxy
        }
    }
}
