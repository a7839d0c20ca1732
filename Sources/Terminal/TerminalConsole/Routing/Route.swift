import HTML
import HTTPServer
import Localization
import TerminalCore

/// A place of the console: what it takes, what it answers, and who carries it out. The table of them is all there is: requests are matched
/// with it, and the OpenAPI document is made of it.
struct Route: Sendable {
    /// Who may come here.
    enum Admission: Hashable, Sendable {
        /// Everybody.
        case everybody
        /// Whoever is signed in.
        case signedIn
        /// Everybody as long as no password is set.
        case beforeSetUp
    }

    /// What it answers programs; nil for a page that only people need.
    struct Reply: Sendable {
        /// The name of the schema in the OpenAPI document.
        let schema: String
        /// Other media types, by their names: a stream, a file.
        var mediaType = "application/json"
        /// Whether people get a page; else the same as programs.
        var hasPage = true
    }

    /// `GET` or `POST`.
    let method: HTTPMethod
    /// The path, with `{name}` for a part that varies.
    let path: String
    /// Its name in the OpenAPI document.
    let name: String
    /// What it does, in English.
    let summary: String
    /// Who may come here.
    var admission = Admission.signedIn
    /// What the varying part is.
    var part: Field?
    /// What the query may hold.
    var query: [Field] = []
    /// What the body may hold.
    var body: [Field] = []
    /// What programs get.
    var reply: Reply?
    /// With which statuses it refuses, beside those of every route.
    var refusals: [Int] = []
    /// Whether it changes the session of who asks, so that a program that tries everything had better leave it.
    var changesSession = false
    /// Carries it out.
    let perform: @Sendable (Visit, Fields) async -> Answer

    private var segments: [Substring] { path.split(separator: "/") }

    /// The varying part of `path` if it fits this route; "" if it fits and nothing varies; nil if it does not.
    func match(_ path: String) -> String? {
        let given = path.split(separator: "/")
        guard given.count == segments.count else { return nil }
        var part = ""
        for (given, expected) in zip(given, segments) {
            if expected.hasPrefix("{") { part = String(given) } else if given != expected { return nil }
        }
        return part
    }

    /// Whether people find a page here.
    var isPage: Bool { method == .get && reply?.hasPage != false }
}

/// Why something was not done, for programs.
struct Problem: Codable, Hashable, Sendable {
    /// A name that stays the same.
    var code: String
    /// One sentence in the reader's language.
    var message: String
    /// The field it is about, if it is about one.
    var field: String?
}

/// What a route answers: the same for people and for programs.
struct Answer: Sendable {
    /// For people.
    enum Sight: Sendable {
        /// A page.
        case page(Page)
        /// Another page, after something was done.
        case moved(Address)
        /// Something that is no page: a file, a stream.
        case response(HTTPResponse)
    }

    /// The status, for a page and for JSON.
    var status = 200
    /// For people.
    var sight: Sight
    /// For programs: encoded JSON; nil where they get the same.
    var json: [UInt8]?
    /// Fields of the header beside the usual ones.
    var headers: [(name: String, value: String)] = []

    /// A page, and the same as JSON.
    static func page(_ page: Page, _ value: (any Encodable & Sendable)?) -> Answer { Answer(sight: .page(page), json: value?.json) }

    /// A page that only people need.
    static func page(_ page: Page) -> Answer { Answer(sight: .page(page), json: nil) }

    /// What was done: people see the next page, programs what it is now.
    static func done(_ next: Address, _ value: any Encodable & Sendable) -> Answer { Answer(sight: .moved(next), json: value.json) }

    /// Something was refused: people see a page that says so, programs the problem.
    static func refused(_ status: Int, _ page: Page, _ problem: Problem) -> Answer {
        Answer(status: status, sight: .page(page), json: problem.json)
    }
}

extension Refusal {
    /// The HTTP status that fits: one exhaustive choice.
    var status: Int {
        switch code {
        case .loginUserName, .accessLevel, .relayAddress, .relayPorts, .relayUser, .listeningPort, .fingerprint, .proxyAddress,
            .proxyCredentials,
            .limitTooLong, .limitTooShort, .requestLine, .keysMissing, .keyPrivate, .keyForeign, .keyBroken, .keyTooLong, .keyOptions,
            .keyCertificate, .keyUnsupported, .keyWeak, .tooManyKeys, .notRoot, .notRootAdministrator, .noSudo, .sudoRule,
            .relayNotReached:
            422
        case .noSuchLoginUser, .noSuchLogin: 404
        case .loginUserExists, .tooManyLoginUsers, .accountExists, .accountReplaced, .settingExists, .noSetting, .noLoginUsers, .off,
            .noLimit, .changedElsewhere, .accountBusy:
            409
        case .notAllowed: 403
        case .accountNotCreated, .accountNotRemoved, .keyNotIssued, .keyUnreadable, .store, .storeUnreadable, .removedUntilRestart,
            .broker, .system, .notUnderstood:
            503
        }
    }

    /// The field of our forms that it is about; nil if it is about none.
    var fieldName: String? {
        switch code.field {
        case .name: "name"
        case .access: "access"
        case .keys: "keys"
        case .relay: "relay"
        case .relayPorts: "relay_ports"
        case .listeningPort: "listening_port"
        case .user: "relay_user"
        case .fingerprint: "fingerprint"
        case .proxy: "proxy"
        case .proxyUser: "proxy_user"
        case .limit: "by"
        case .request: "request"
        case nil: nil
        }
    }
}
