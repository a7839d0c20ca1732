import HTML
import HTTPServer
import Localization
import SSHKeys
import TerminalCore

/// One request on its way through the console: who asks, in which language, and whom to ask.
struct Visit: Sendable {
    /// What is asked.
    let request: HTTPRequest
    /// The varying part of the path; "" if there is none.
    let part: String
    /// The reader's language.
    let speak: Speech
    /// The console.
    let console: Console

    /// Asks the terminal.
    func ask(_ command: TerminalCommand) async -> TerminalReply { await console.environment.ask(command) }

    /// The pages about login users.
    var loginUserPages: LoginUserPages { LoginUserPages(speak: speak) }
    /// The pages about the setting.
    var remoteSupportPages: RemoteSupportPages { RemoteSupportPages(speak: speak, machine: console.environment.machine) }
    /// The pages about requests.
    var requestPages: RequestPages { RequestPages(speak: speak) }
    /// The pages before sign-in.
    var signInPages: SignInPages { SignInPages(speak: speak) }

    // MARK: What the terminal says

    /// Where things stand.
    func status() async -> Result<TerminalStatus, Refusal> {
        switch await ask(.status) {
        case .status(let status): .success(status)
        case .refused(let refusal): .failure(refusal)
        default: .failure(Refusal(.notUnderstood))
        }
    }

    /// The setting, if there is one.
    func setting() async -> Result<SettingReport?, Refusal> {
        switch await ask(.setting) {
        case .setting(let setting): .success(setting)
        case .refused(let refusal): .failure(refusal)
        default: .failure(Refusal(.notUnderstood))
        }
    }

    /// The login users, in the order of their names.
    func loginUsers() async -> Result<[LoginUserReport], Refusal> {
        switch await ask(.loginUsers) {
        case .loginUsers(let users): .success(users)
        case .refused(let refusal): .failure(refusal)
        default: .failure(Refusal(.notUnderstood))
        }
    }

    // MARK: Answers

    /// A refusal as a page of its own.
    func refused(_ refusal: Refusal) -> Answer {
        Answer.refused(refusal.status, MessagePage.page(speak(.problem), speak.refusal(refusal), speak), problem(refusal))
    }

    /// A refusal in the page it came from.
    ///
    /// - Parameter others: everything that is wrong with the form; the refusal itself may be among it.
    func refused(_ refusal: Refusal, also others: [Refusal] = [], in page: (FormState) -> Page, _ fields: Fields) -> Answer {
        var state = fields.state
        let all = others.contains(refusal) ? others : [refusal] + others
        state.isStale = refusal.code == .changedElsewhere
        for refusal in all { state.errors[refusal.fieldName ?? "", default: []].append(speak.refusal(refusal)) }
        if state.isStale { state.errors[""] = [speak(.errorStale)] }
        // A private key that was pasted by mistake is in no page: it ends here.
        state.values["keys"] = state.values["keys"].map(AuthorizedKey.withoutPrivateKeys)
        return Answer.refused(refusal.status, page(state), problem(refusal))
    }

    /// A refusal for programs.
    func problem(_ refusal: Refusal) -> Problem {
        Problem(code: refusal.code.rawValue, message: speak.refusal(refusal), field: refusal.fieldName)
    }

    /// There is nothing here.
    func notFound() -> Answer {
        Answer.refused(
            404, MessagePage.page(speak(.notFoundTitle), speak(.notFoundExplained), speak),
            Problem(code: "not-found", message: speak(.notFoundTitle)))
    }

    /// There is something here, but not to be asked for in this way.
    func notPossible() -> Answer {
        Answer.refused(
            405, MessagePage.page(speak(.methodTitle), speak(.methodExplained), speak),
            Problem(code: "method-not-allowed", message: speak(.methodTitle)))
    }

    /// Something that is wrong with what was sent.
    func malformed(_ fault: Fields.Fault) -> Answer {
        let text = fault.text(speak)
        return Answer.refused(422, MessagePage.page(speak(.problem), text, speak), Problem(code: "malformed", message: text))
    }

    /// Where to go after something was done: where the form came from, if it says so, with the notice.
    func next(_ fields: Fields, or standard: Address, _ notice: Notice, about: String? = nil) -> Address {
        let noticed = (fields["back"].map { Self.page($0) } ?? standard).query("done", notice.rawValue)
        return about.map { noticed.query("about", $0) } ?? noticed
    }

    /// The page that `target` names, such as `/log?kind=login`; the nearest one above it where it names none, at last Home.
    ///
    /// - Parameters:
    ///   - target: what a form says, from outside: nothing but pages of ours comes out of it.
    ///   - admissions: which pages count.
    static func page(_ target: String, for admissions: Set<Route.Admission> = [.signedIn, .everybody, .beforeSetUp]) -> Address {
        guard let wanted = HTTPRequest(target: target) else { return Address("/") }
        var segments = wanted.path.split(separator: "/").map(String.init)
        while true {
            let path = "/" + segments.joined(separator: "/")
            let route = Route.all.first { $0.isPage && admissions.contains($0.admission) && $0.match(path) != nil }
            if let route {
                return Address("/").segments(segments).query(
                    wanted.query.filter { given in route.query.contains { $0.name == given.name && $0.isAcceptable(given.value) } })
            }
            if segments.isEmpty { return Address("/") }
            segments.removeLast()
        }
    }
}

/// What was done just now: named in the address of the page that says it, once.
enum Notice: String, CaseIterable, Sendable {
    case userSaved = "user-saved"
    case userDeleted = "user-deleted"
    case settingCreated = "setting-created"
    case settingSaved = "setting-saved"
    case settingDeleted = "setting-deleted"
    case started
    case ended
    case limit
    case loginEnded = "login-ended"
    case restarted
    case autoStart = "auto-start"
    case password
    case console
    case request
    case nothingSaved = "nothing-saved"

    /// What it says. `about` comes from the address: it is shown only where a name belongs, and only if it is one.
    func text(about: String?, _ speak: Speech) -> String {
        let name = about.flatMap { LoginUserForm(name: $0).isName ? $0 : nil } ?? ""
        return switch self {
        case .userSaved: speak(.noticeUserSaved, name)
        case .userDeleted: speak(.noticeUserDeleted, name)
        case .settingCreated: speak(.noticeSettingCreated)
        case .settingSaved: speak(.noticeSettingSaved)
        case .settingDeleted: speak(.noticeSettingDeleted)
        case .started: speak(.noticeStarted)
        case .ended: speak(.noticeEnded)
        case .limit: speak(.noticeLimit)
        case .loginEnded: speak(.noticeLoginEnded)
        case .restarted: speak(.noticeRestarted)
        case .autoStart: speak(.noticeAutoStart)
        case .password: speak(.noticePassword)
        case .console: speak(.noticeConsole)
        case .request: speak(.requestDone)
        case .nothingSaved: speak(.noticeNothingSaved)
        }
    }
}

extension LoginUserForm {
    /// Whether the name is one.
    var isName: Bool {
        // The reason is of no interest here.
        (try? loginName()) != nil
    }
}
