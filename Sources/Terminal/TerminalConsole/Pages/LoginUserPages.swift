import HTML
import Localization
import TerminalCore

/// [SSH Login Users]: the list, the page of one user, and the question before one is deleted.
struct LoginUserPages: Sendable {
    /// How things are said.
    let speak: Speech

    /// The list, and the way to a new one.
    func list(_ users: [LoginUserReport], onlyUser: String?, state: FormState = FormState()) -> Page {
        var state = state
        if state.values["name"] == nil, let onlyUser, users.isEmpty { state.values["name"] = onlyUser }
        let form = FormParts(speak: speak, state: state)
        return Page(
            speak(.loginUsers), .loginUsers,
            """
            <p class="lead">\(speak(.loginUsersExplained))</p>
            \(users.isEmpty ? "<p class=\"empty\">\(speak(.noLoginUsers))</p>" as Markup : "<ul class=\"cards\">\(users.map(card))</ul>" as Markup)
            <section aria-labelledby="create">
            <h2 id="create">\(speak(.createLoginUser))</h2>
            \(form.problem())
            <form method="get" action="/create-login-user">
            \(form.text("name", .name, help: onlyUser.map { speak(.onlyYou, $0) } ?? speak(.nameHelp), isRequired: true, isWide: false, isCode: true))
            <p class="buttons"><button class="btn btn-primary">\(speak(.createLoginUser))</button></p>
            </form>
            </section>
            """)
    }

    private func card(_ user: LoginUserReport) -> Markup {
        let owners = user.keys.map { $0.comment.isEmpty ? $0.fingerprint : $0.comment }
        return """
            <li class="card-line"><a class="card-link" href="\(Address("/login-users").segment(user.name))">
            <b>\(user.name)</b> <span class="badge-level level-\(user.access.rawValue)">\(speak(user.access.words))</span>
            <span class="muted">\(speak.labelled(speak(.keysCount, speak.language.number(user.keys.count)), speak.language.list(owners)))</span>
            </a></li>
            """
    }

    /// The page of one user.
    ///
    /// - Parameters:
    ///   - saved: what is saved; nil for a user that does not exist yet.
    ///   - state: what the form holds.
    func user(_ name: String, saved: LoginUserReport?, state: FormState) -> Page {
        let form = FormParts(speak: speak, state: state)
        let isNew = saved == nil
        let action = isNew ? Address("/login-users") : Address("/login-users").segment(name)
        return Page(
            isNew ? speak(.createTitle) : name, .loginUsers,
            """
            \(form.problem())
            <form method="post" action="\(action)" data-unsaved \(Flag("data-changed", if: isNew || !state.errors.isEmpty))>
            \(isNew ? form.text("name", .name, isRequired: true, isWide: false, isCode: true) : nil)
            \(saved.map { form.revision($0.revision) })
            \(form.lines("keys", .publicKeys, help: speak(.keysHelp), rows: 5, isRequired: true))
            \(form.choice("access", .accessLevel, AccessLevel.allCases.map { ($0.rawValue, speak($0.words), speak($0.help)) }))
            <div class="buttons">
            <button class="btn btn-primary">\(speak(state.isStale ? .saveAnyway : .saveChanges))</button>
            <a class="btn btn-plain" href="/login-users">\(speak(isNew ? .cancel : .back))</a>
            <p class="unsaved" role="status">\(isNew ? speak(.notSavedYet) : speak(.unsaved))</p>
            </div>
            </form>
            \(saved.map { keys($0, isStale: state.isStale) })
            \(isNew ? nil : remove(name))
            """)
    }

    private func keys(_ user: LoginUserReport, isStale: Bool) -> Markup {
        """
        <section aria-labelledby="keys-now">
        <h2 id="keys-now">\(isStale ? speak(.savedNow) : speak(.keysNow))</h2>
        \(isStale ? "<p>\(speak.labelled(speak(.accessLevel), speak(user.access.words)))</p>" as Markup : nil)
        <ul class="keys">\(user.keys.map(key))</ul>
        </section>
        """
    }

    /// One key: whose, of which kind, and what people compare.
    func key(_ key: LoginUserReport.Key) -> Markup {
        """
        <li class="key">
        <p class="key-comment">\(key.comment.isEmpty ? "–" : key.comment)</p>
        <dl class="facts">
        <div><dt>\(speak(.keyType))</dt><dd>\(key.algorithm)</dd></div>
        <div><dt>\(speak(.keyLength))</dt><dd>\(speak(.bits, speak.language.number(key.bits)))</dd></div>
        <div><dt>\(speak(.keyFingerprint))</dt><dd><code>\(key.fingerprint)</code></dd></div>
        </dl>
        </li>
        """
    }

    private func remove(_ name: String) -> Markup {
        """
        <p class="danger-zone"><a class="btn btn-outline-stop" href="\(Address("/login-users").segment(name).segment("delete"))">\
        \(speak(.delete))</a></p>
        """
    }

    /// The question before a user is deleted.
    func deletion(_ name: String, isOwn: Bool) -> Page {
        Page(
            speak(.deleteUserTitle, name), .loginUsers,
            """
            <p class="lead">\(speak(isOwn ? .deleteOwnExplained : .deleteUserExplained, name))</p>
            <form method="post" action="\(Address("/login-users").segment(name).segment("delete"))" class="buttons">
            <button class="btn btn-stop">\(speak(.delete))</button>
            <a class="btn btn-plain" href="\(Address("/login-users").segment(name))">\(speak(.cancel))</a>
            </form>
            """)
    }
}

extension AccessLevel {
    /// What it is called.
    var words: Words {
        switch self {
        case .standard: .standard
        case .administrator: .administrator
        }
    }

    /// What it means.
    var help: Words {
        switch self {
        case .standard: .standardHelp
        case .administrator: .administratorHelp
        }
    }
}
