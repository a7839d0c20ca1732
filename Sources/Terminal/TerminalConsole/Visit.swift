import HTML
import HTTPServer
import Localization
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
        for refusal in all { state.errors[refusal.fieldName ?? "", default: []].append(speak.refusal(refusal)) }
        // A private key that was pasted by mistake is in no page: it ends here.
        if all.contains(where: { $0.code == .keyPrivate }) { state.values["keys"] = nil }
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

    /// Where to go after something was done: where the form came from, if it says so and that is one of ours; with the notice.
    func next(_ fields: Fields, or standard: Address, _ notice: Notice, about: String? = nil) -> Address {
        let address = fields["back"].flatMap(Back.init(rawValue:))?.address ?? standard
        let noticed = address.query("done", notice.rawValue)
        return about.map { noticed.query("about", $0) } ?? noticed
    }

    /// Pages that a form may ask to go back to.
    enum Back: String, CaseIterable, Sendable {
        case home = "/"
        case loginUsers = "/login-users"
        case remoteSupport = "/remote-support"
        case system = "/system"
        case log = "/log"
        case request = "/request"
        case signIn = "/sign-in"
        case setUp = "/set-up"

        var address: Address {
            switch self {
            case .home: Address("/")
            case .loginUsers: Address("/login-users")
            case .remoteSupport: Address("/remote-support")
            case .system: Address("/system")
            case .log: Address("/log")
            case .request: Address("/request")
            case .signIn: Address("/sign-in")
            case .setUp: Address("/set-up")
            }
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
