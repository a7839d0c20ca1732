import HTML
import HTTPServer
import Localization
import Support
import SystemCalls
import TerminalCore

extension Route {
    /// The longest password that is taken.
    static let longestPassword = 1024
    private static let password = Field("password", .text(most: longestPassword), isRequired: true, "the administrator's password")
    private static let newPassword = Field("new_password", .text(most: longestPassword), isRequired: true, "the new password")
    private static let repeated = Field(
        "repeat_password", .text(most: longestPassword), "the new password again, for people; programs leave it out")

    /// Set-up, sign-in and sign-out.
    static let entrance: [Route] = [
        Route(
            method: .get, path: "/set-up", name: "setUpPage", summary: "The form of the first-run set-up", admission: .beforeSetUp,
            perform: { visit, _ in visit.setUpPage() }),
        Route(
            method: .post, path: "/set-up", name: "setUp",
            summary: "Sets the administrator's password with the code that the service printed, and signs in", admission: .beforeSetUp,
            body: [Field("code", .text(most: 100), isRequired: true, "the setup code"), newPassword, repeated],
            reply: Reply(schema: "Session"), refusals: [401, 409, 422, 429], changesSession: true,
            perform: { visit, fields in await visit.setUp(fields) }),
        Route(
            method: .get, path: "/sign-in", name: "signInPage", summary: "The form of signing in", admission: .everybody,
            query: [Field("next", .text(most: 2000), "where to go then")] + notices,
            perform: { visit, fields in await visit.signInPage(fields) }),
        Route(
            method: .post, path: "/sign-in", name: "signIn", summary: "Signs in: sets the cookie of a new session", admission: .everybody,
            body: [password, Field("next", .text(most: 2000), "where to go then; for browsers")], reply: Reply(schema: "Session"),
            refusals: [401, 409, 429], changesSession: true, perform: { visit, fields in await visit.signIn(fields) }),
        Route(
            method: .post, path: "/sign-out", name: "signOut", summary: "Ends the session", reply: Reply(schema: "Session"),
            changesSession: true, perform: { visit, _ in await visit.signOut() }),
        Route(
            method: .post, path: "/system/password", name: "changePassword", summary: "Changes the password; ends all other sessions",
            body: [password, newPassword, repeated], reply: Reply(schema: "Session"), refusals: [422, 429], changesSession: true,
            perform: { visit, fields in await visit.changePassword(fields) }),
    ]
}

/// What programs get of their session.
struct SessionReport: Codable, Sendable {
    /// Whether a password is set.
    var isSetUp: Bool
    /// Whether the session that comes with this answer is signed in.
    var isSignedIn: Bool
}

extension Visit {
    private static let signedIn = SessionReport(isSetUp: true, isSignedIn: true)

    fileprivate func setUpPage() -> Answer { .page(signInPages.setUp(FormState(), minimum: Access.minimumPassword)) }

    fileprivate func setUp(_ fields: Fields) async -> Answer {
        let page = { (state: FormState) in signInPages.setUp(state, minimum: Access.minimumPassword) }
        if let answer = differs(fields, page) { return answer }
        let outcome = await console.access.setUp(code: fields["code"] ?? "", password: fields["new_password"] ?? "", request: request)
        await note(outcome, .consoleSetUp)
        return concluded(outcome, wrong: ("code", .wrongCode), page, fields, next: Address("/"))
    }

    fileprivate func signInPage(_ fields: Fields) async -> Answer {
        if await !console.access.isSetUp { return Answer(sight: .moved(Address("/set-up"))) }
        return .page(signInPages.signIn(FormState(), next: fields["next"]))
    }

    fileprivate func signIn(_ fields: Fields) async -> Answer {
        let page = { (state: FormState) in signInPages.signIn(state, next: fields["next"]) }
        let outcome = await console.access.signIn(password: fields["password"] ?? "", request: request)
        await note(outcome, .consoleSignIn)
        return concluded(
            outcome, wrong: ("password", .wrongPassword), page, fields, next: Self.page(fields["next"] ?? "", for: [.signedIn]))
    }

    fileprivate func signOut() async -> Answer {
        var answer = Answer.done(Address("/sign-in"), SessionReport(isSetUp: true, isSignedIn: false))
        answer.headers = await console.access.signOut(request)
        _ = await ask(.note(.consoleSignOut, values: [:]))
        return answer
    }

    fileprivate func changePassword(_ fields: Fields) async -> Answer {
        let page = { (state: FormState) in
            SystemPage(speak: speak).page(systemView, console: consoleState, password: state)
        }
        if let answer = differs(fields, page) { return answer }
        let outcome = await console.access.changePassword(
            current: fields["password"] ?? "", new: fields["new_password"] ?? "", request: request)
        await note(outcome, .consolePassword)
        return concluded(
            outcome, wrong: ("password", .wrongPassword), page, fields,
            next: Address("/system").query("done", Notice.password.rawValue))
    }

    /// Puts into the log what was done, or that somebody guesses.
    private func note(_ outcome: Access.Outcome, _ done: LogEntry.Code) async {
        let code: LogEntry.Code? =
            switch outcome {
            case .signedIn: done
            case .wrong: .consoleSignInRefused
            case .tooOften, .weak, .failed: nil
            }
        if let code { _ = await ask(.note(code, values: ["address": request.peer])) }
    }

    private func differs(_ fields: Fields, _ page: (FormState) -> Page) -> Answer? {
        guard let repeated = fields["repeat_password"], repeated != fields["new_password"] else { return nil }
        return wrong(422, "passwords-differ", "repeat_password", speak(.passwordsDiffer), page, fields)
    }

    private func wrong(
        _ status: Int, _ code: String, _ field: String, _ text: String, _ page: (FormState) -> Page, _ fields: Fields
    ) -> Answer {
        var state = fields.state
        state.errors[field] = [text]
        return Answer.refused(
            status, page(state), Problem(code: code, message: text, field: field.isEmpty ? nil : field))
    }

    private func concluded(
        _ outcome: Access.Outcome, wrong what: (field: String, words: Words), _ page: (FormState) -> Page, _ fields: Fields, next: Address
    ) -> Answer {
        switch outcome {
        case .signedIn(let headers):
            var answer = Answer.done(next, Self.signedIn)
            answer.headers = headers
            return answer
        case .wrong: return wrong(401, "wrong-\(what.field)", what.field, speak(what.words), page, fields)
        case .tooOften(let seconds):
            var answer = wrong(429, "too-often", "", speak(.tooOften, speak.length(seconds)), page, fields)
            answer.headers = [("Retry-After", String(seconds))]
            return answer
        case .weak:
            let text = speak(.weakPassword, speak.language.number(Access.minimumPassword))
            return wrong(422, "weak-password", "new_password", text, page, fields)
        case .failed(let fault):
            let (code, text) = said(fault)
            return wrong(503, code, "", text, page, fields)
        }
    }

    private func said(_ fault: AccessFault) -> (code: String, words: String) {
        switch fault {
        case .damaged(let path): ("password-damaged", speak(.passwordDamaged, Printable.escaped(path)))
        case .unreadable(let error): ("password-unreadable", speak(.passwordUnreadable, speak.reason(error.description)))
        case .notMade: ("no-memory", speak(.passwordNoMemory))
        case .notSaved(let error): ("store", speak(.passwordNotSaved, speak.reason(error.description)))
        }
    }
}
