import HTML
import Localization

/// What stands before sign-in: the first-run set-up, and sign-in itself.
struct SignInPages: Sendable {
    /// How things are said.
    let speak: Speech

    /// The first-run set-up: the code that the service printed, and the administrator's password.
    ///
    /// - Parameter minimum: the fewest characters of a password.
    func setUp(_ state: FormState, minimum: Int) -> Page {
        let form = FormParts(speak: speak, state: state)
        return page(
            .setUpTitle,
            """
            <p class="lead">\(speak(.setUpExplained))</p>
            \(form.problem(.errorEntrance))
            <form method="post" action="/set-up">
            \(form.text("code", .setupCode, isRequired: true, autocomplete: "one-time-code", isCode: true))
            \(form.text(
                "new_password", .newPassword, help: speak(.passwordHelp, speak.language.number(minimum)), type: "password", isRequired: true,
                autocomplete: "new-password"))
            \(form.text("repeat_password", .repeatPassword, type: "password", isRequired: true, autocomplete: "new-password"))
            <p class="buttons"><button class="btn btn-primary">\(speak(.setUp))</button></p>
            <p class="help">\(speak(.setUpLost))</p>
            </form>
            """)
    }

    /// Sign-in.
    ///
    /// - Parameter next: where to go then, a path of ours.
    func signIn(_ state: FormState, next: String?) -> Page {
        let form = FormParts(speak: speak, state: state)
        return page(
            .signInTitle,
            """
            <p class="lead">\(speak(.signInExplained))</p>
            \(form.problem(.errorEntrance))
            <form method="post" action="/sign-in">
            \(next.map { "<input type=\"hidden\" name=\"next\" value=\"\($0)\">" as Markup })
            \(form.text("password", .password, type: "password", isRequired: true, autocomplete: "current-password"))
            <p class="buttons"><button class="btn btn-primary">\(speak(.signIn))</button></p>
            </form>
            """)
    }

    private func page(_ title: Words, _ content: Markup) -> Page {
        Page(speak(title), nil, hasStrip: false, hasHeading: false, "<div class=\"entrance\"><h1>\(speak(title))</h1>\(content)</div>")
    }
}
