import HTML
import Localization
import TerminalCore

/// What [System] shows, apart from what its forms hold.
struct SystemView: Sendable {
    /// The certificate's fingerprint; nil without TLS.
    var certificateFingerprint: String?
    /// Until when it is valid, ISO 8601.
    var certificateExpiry: String?
    /// What the language switch is set to; nil: as the browser asks.
    var chosenLanguage: Language?
    /// The machine's name.
    var machine: String
    /// The fewest characters of a password.
    var minimumPassword: Int
    /// What is saved of the console's settings.
    var saved: ConsoleSettings
    /// Whether the command line says where to listen.
    var isAddressFixed = false
}

/// [System]: the console itself.
struct SystemPage: Sendable {
    /// How things are said.
    let speak: Speech

    /// The page.
    ///
    /// - Parameters:
    ///   - console: what the form for address, names and certificate holds.
    ///   - password: what the form for the password has wrong.
    func page(_ view: SystemView, console: FormState, password: FormState = FormState()) -> Page {
        Page(
            speak(.system), .system,
            """
            \(language(view))
            \(passwordForm(view, password))
            \(consoleForm(view, console))
            \(certificate(view))
            <section aria-labelledby="about">
            <h2 id="about">\(speak(.about))</h2>
            <dl class="facts">
            <div><dt>\(speak(.machineName))</dt><dd>\(view.machine)</dd></div>
            <div><dt>\(speak(.forPrograms))</dt><dd><a href="/api/openapi.json">\(speak(.apiDocument))</a></dd></div>
            </dl>
            </section>
            """)
    }

    private func language(_ view: SystemView) -> Markup {
        let options = Language.allCases.map { language -> Markup in
            """
            <option value="\(language.rawValue)" lang="\(language.rawValue)" \
            \(Flag("selected", if: view.chosenLanguage == language))>\(language.ownName)</option>
            """
        }
        return """
            <section aria-labelledby="language-title">
            <h2 id="language-title">\(speak(.languageSwitch))</h2>
            <form method="post" action="/language" class="inline-form">
            <input type="hidden" name="back" value="/system">
            <label class="visually-hidden" for="language">\(speak(.languageSwitch))</label>
            <select class="form-select narrow" id="language" name="language">
            <option value="browser" \(Flag("selected", if: view.chosenLanguage == nil))>\(speak(.followBrowser))</option>
            \(options)
            </select>
            <button class="btn btn-plain">\(speak(.saveChanges))</button>
            </form>
            </section>
            """
    }

    private func passwordForm(_ view: SystemView, _ state: FormState) -> Markup {
        let form = FormParts(speak: speak, state: state)
        return """
            <section aria-labelledby="password-title">
            <h2 id="password-title">\(speak(.changePassword))</h2>
            \(form.problem(.errorEntrance))
            <form method="post" action="/system/password">
            \(form.text("password", .currentPassword, type: "password", isRequired: true, autocomplete: "current-password", isWide: false))
            \(form.text(
                "new_password", .newPassword, help: speak(.passwordHelp, speak.language.number(view.minimumPassword)), type: "password",
                isRequired: true, autocomplete: "new-password", isWide: false))
            \(form.text("repeat_password", .repeatPassword, type: "password", isRequired: true, autocomplete: "new-password", isWide: false))
            <p class="help">\(speak(.passwordOthers))</p>
            <p class="buttons"><button class="btn btn-plain">\(speak(.changePassword))</button></p>
            </form>
            </section>
            """
    }

    private func consoleForm(_ view: SystemView, _ state: FormState) -> Markup {
        let form = FormParts(speak: speak, state: state)
        return """
            <section aria-labelledby="console-title">
            <h2 id="console-title">\(speak(.consoleSettings))</h2>
            \(form.problem())
            <form method="post" action="/system" data-unsaved \(Flag("data-changed", if: !state.errors.isEmpty))>
            \(form.revision(Revision(of: view.saved)))
            \(view.isAddressFixed ? fixedAddress(state) : form.text("address", .consoleAddress, help: speak(.consoleAddressHelp), isRequired: true, isWide: false, isCode: true))
            \(form.lines("hosts", .allowedHosts, help: speak(.allowedHostsHelp), rows: 3))
            <details \(Flag("open", if: !state["certificate"].isEmpty || state.errors["certificate"] != nil || state.errors["private_key"] != nil))>
            <summary>\(speak(.advanced))</summary>
            \(form.text("certificate", .certificateFile, help: speak(.certificateFileHelp), isOptional: true, isCode: true))
            \(form.text("private_key", .certificateKeyFile, isOptional: true, isCode: true))
            </details>
            <div class="buttons">
            <button class="btn btn-primary">\(speak(state.isStale ? .saveAnyway : .saveChanges))</button>
            <p class="unsaved" role="status">\(speak(.unsaved))</p>
            </div>
            </form>
            \(state.isStale ? savedNow(view.saved) : nil)
            </section>
            """
    }

    private func savedNow(_ saved: ConsoleSettings) -> Markup {
        """
        <section aria-labelledby="saved-now">
        <h3 id="saved-now">\(speak(.savedNow))</h3>
        <dl class="facts">
        <div><dt>\(speak(.consoleAddress))</dt><dd>\(saved.address)</dd></div>
        <div><dt>\(speak(.allowedHosts))</dt><dd>\(saved.hosts.isEmpty ? "–" : speak.language.list(saved.hosts))</dd></div>
        <div><dt>\(speak(.certificateFile))</dt><dd>\(saved.certificate ?? "–")</dd></div>
        <div><dt>\(speak(.certificateKeyFile))</dt><dd>\(saved.privateKey ?? "–")</dd></div>
        </dl>
        </section>
        """
    }

    private func fixedAddress(_ state: FormState) -> Markup {
        """
        <dl class="facts"><div><dt>\(speak(.consoleAddress))</dt><dd>\(state["address"])</dd></div></dl>
        <p class="help">\(speak(.consoleAddressFixed))</p>
        <input type="hidden" name="address" value="\(state["address"])">
        """
    }

    /// A fingerprint of `AB:CD:…` that is broken between its pairs only.
    private func inPairs(_ fingerprint: String) -> Markup {
        let pairs = fingerprint.split(separator: ":")
        return Markup(pairs.dropLast().map { "\(String($0)):<wbr>" as Markup }) + Markup(String(pairs.last ?? ""))
    }

    private func certificate(_ view: SystemView) -> Markup {
        let content: Markup =
            if let fingerprint = view.certificateFingerprint {
                """
                <p>\(speak(.certificateExplained))</p>
                <p>\(speak(.certificateFingerprint))</p>
                <p class="big-code pairs"><code>\(inPairs(fingerprint))</code></p>
                \(view.certificateExpiry.map { "<p class=\"muted\">\(speak.html(.certificateExpires, speak.moment($0)))</p>" as Markup })
                """
            } else {
                "<p>\(speak(.certificateNone))</p>"
            }
        return """
            <section aria-labelledby="certificate-title">
            <h2 id="certificate-title">\(speak(.certificate))</h2>
            \(content)
            </section>
            """
    }
}
