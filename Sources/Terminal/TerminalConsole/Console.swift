import EventLoops
import HTML
package import HTTPServer
import Localization
package import Support
import SystemCalls
package import TerminalCore

/// The terminal's console: answers every request of a browser or a program.
///
/// It knows the terminal through `ask` only, as the command line does.
package final class Console: Sendable {
    /// What the console works with.
    package struct Environment: Sendable {
        /// Asks the running terminal.
        package var ask: @Sendable (TerminalCommand) async -> TerminalReply
        /// A stream that says something whenever a status would differ; ends with the terminal.
        package var changes: @Sendable () -> AsyncStream<Void>
        /// The machine's name.
        package var machine: String
        /// The settings that the console runs with.
        package var settings: ConsoleSettings
        /// Whether the command line said where to listen, so that the page cannot.
        package var isAddressFixed: Bool
        /// The certificate's SHA-256 fingerprint as browsers show it; nil without TLS.
        package var certificateFingerprint: String?
        /// Until when the certificate is valid.
        package var certificateExpiry: WallTime?
        /// Saves settings for the next start of the console; says why not, in one line, or nil.
        package var save: @Sendable (ConsoleSettings) async -> String?
        /// Checks that a console could be started with these settings; says why not, or nil.
        package var check: @Sendable (ConsoleSettings) async -> Obstacle?
        /// Starts the console anew with what is saved, once answers that are under way have left.
        package var restartConsole: @Sendable () -> Void

        /// An environment with its parts given.
        package init(
            ask: @escaping @Sendable (TerminalCommand) async -> TerminalReply, changes: @escaping @Sendable () -> AsyncStream<Void>,
            machine: String, settings: ConsoleSettings, isAddressFixed: Bool, certificateFingerprint: String?,
            certificateExpiry: WallTime?, save: @escaping @Sendable (ConsoleSettings) async -> String?,
            check: @escaping @Sendable (ConsoleSettings) async -> Obstacle?, restartConsole: @escaping @Sendable () -> Void
        ) {
            self.ask = ask
            self.changes = changes
            self.machine = machine
            self.settings = settings
            self.isAddressFixed = isAddressFixed
            self.certificateFingerprint = certificateFingerprint
            self.certificateExpiry = certificateExpiry
            self.save = save
            self.check = check
            self.restartConsole = restartConsole
        }
    }

    /// Why no console could be started with some settings.
    package enum Obstacle: Hashable, Sendable {
        /// Another program listens there.
        case addressInUse
        /// This machine has no such address.
        case addressNotHere
        /// Ports like this one are not for the account that the service runs as.
        case portForbidden
        /// The customer's own certificate cannot be used.
        case certificate(CertificateFault)
    }

    let environment: Environment
    let access: Access
    private let assets: Assets
    /// What is saved, which may not be in effect.
    private let saved: Monitor<ConsoleSettings>

    /// The cookie of the language that somebody chose.
    static let languageCookie = "towline-language"

    /// A console; reads the style sheets, which blocks.
    package init(_ environment: Environment, access: Access) {
        self.environment = environment
        self.access = access
        assets = Assets()
        saved = Monitor(environment.settings)
    }

    /// What is saved.
    var savedSettings: ConsoleSettings { saved.withLock { $0 } }

    /// Remembers what was saved.
    func remember(_ settings: ConsoleSettings) { saved.withLock { $0 = settings } }

    /// Whether something is saved that is not in effect.
    var isRestartNeeded: Bool { savedSettings != environment.settings }

    // MARK: One request

    /// Answers a request. The gate has been passed already: host, origin, sizes.
    package func answer(_ request: HTTPRequest) async -> HTTPResponse {
        if let file = assets.file(at: request.path) { return asset(file, request) }
        let speak = Speech(language: language(of: request))
        let session = await access.session(of: request)
        guard let (route, part) = Self.route(request) else {
            let visit = Visit(request: request, part: "", speak: speak, console: self)
            let others = Self.routes(at: request.path).map(\.0.method)
            var answer = visit.notFound()
            if !others.isEmpty {
                answer = visit.notPossible()
                answer.headers = [("Allow", (others.contains(.get) ? others + [.head] : others).map(\.description).joined(separator: ", "))]
            }
            return await response(answer, visit, isSignedIn: session != nil)
        }
        let visit = Visit(request: request, part: part, speak: speak, console: self)
        if let refusal = await turnedAway(route, visit, isSignedIn: session != nil) {
            return await response(refusal, visit, isSignedIn: session != nil)
        }
        let answer: Answer
        do throws(Fields.Fault) {
            let fields =
                request.method == .post
                ? try Fields(body: request, route.body + (visit.isForProgram ? [] : [Route.back])) : try Fields(query: request, route.query)
            answer = await route.perform(visit, fields)
        } catch {
            answer = visit.malformed(error)
        }
        return await response(answer, visit, isSignedIn: session != nil)
    }

    /// Whether a route answers `request`; else it is told that there is no such page or method, and nothing is done.
    @Sendable static func isAnswered(_ request: HTTPRequest) -> Bool { route(request) != nil }

    private static func route(_ request: HTTPRequest) -> (Route, String)? {
        let method = request.method == .head ? .get : request.method
        return routes(at: request.path).first { $0.0.method == method }
    }

    /// The routes of a path, each with the part that varies. A path that stands as it is goes before one that varies, whatever the method.
    private static func routes(at path: String) -> [(Route, String)] {
        let fitting = Route.all.compactMap { route in route.match(path).map { (route, $0) } }
        let exact = fitting.filter { !$0.0.path.contains("{") }
        return exact.isEmpty ? fitting : exact
    }

    /// The answer for who may not come here; nil for who may.
    private func turnedAway(_ route: Route, _ visit: Visit, isSignedIn: Bool) async -> Answer? {
        let isSetUp = await access.isSetUp
        switch route.admission {
        case .everybody: return nil
        case .beforeSetUp where !isSetUp: return nil
        case .beforeSetUp: return visit.moved(Address("/sign-in"), 409, "set-up-already", .signInNeeded)
        case .signedIn where isSignedIn: return nil
        case .signedIn:
            if !isSetUp { return visit.moved(Address("/set-up"), 401, "not-set-up", .signInNeeded) }
            return visit.moved(Self.signIn(for: visit.request), 401, "not-signed-in", .signInNeeded)
        }
    }

    /// The sign-in page, which leads back to where `request` wanted to go. What a form held is lost then, and that is said.
    private static func signIn(for request: HTTPRequest) -> Address {
        let next = Visit.page(address(of: request).text, for: [.signedIn])
        let signIn = next == Address("/") ? Address("/sign-in") : Address("/sign-in").query("next", next.text)
        return request.method == .post ? signIn.query("done", Notice.nothingSaved.rawValue) : signIn
    }

    /// The reader's language: chosen, asked for by the browser, or ours.
    private func language(of request: HTTPRequest) -> Language {
        request.cookie(Self.languageCookie).flatMap(Language.init(rawValue:))
            ?? request.header("Accept-Language").flatMap(Language.init(acceptLanguage:)) ?? .standard
    }

    // MARK: Answers

    private func asset(_ file: Assets.File, _ request: HTTPRequest) -> HTTPResponse {
        var response = HTTPResponse.file(file.bytes, type: file.type)
        // The name changes with the content.
        response.setHeader("Cache-Control", "public, max-age=31536000, immutable")
        return response
    }

    private func response(_ answer: Answer, _ visit: Visit, isSignedIn: Bool) async -> HTTPResponse {
        var response: HTTPResponse
        if case .response(let own) = answer.sight {
            response = own
        } else if visit.isForProgram, let json = answer.json {
            response = .json(json, status: answer.status)
        } else if case .moved(let address) = answer.sight {
            response = .redirect(to: address.text)
        } else if case .page(let page) = answer.sight {
            response = .html(await document(page, visit, isSignedIn: isSignedIn), status: answer.status)
        } else {
            preconditionFailure("every sight is one of these")
        }
        for field in answer.headers { response.headers.append(field) }
        if response.header("Cache-Control") == nil { response.setHeader("Cache-Control", "no-store") }
        response.setHeader("Vary", "Accept, Accept-Language, Cookie")
        return response
    }

    private func document(_ page: Page, _ visit: Visit, isSignedIn: Bool) async -> String {
        var status: TerminalStatus?
        if isSignedIn, case .success(let now) = await visit.status() { status = now }
        let notice = visit.request.query("done").flatMap(Notice.init(rawValue:))
        let layout = Layout(
            speak: visit.speak, address: Self.address(of: visit.request), source: page.source ?? Self.source(of: visit.request),
            status: status,
            isConsolePending: isRestartNeeded, isSignedIn: isSignedIn,
            machine: environment.machine, notice: notice.map { $0.text(about: visit.request.query("about"), visit.speak) }, assets: assets)
        return layout.document(page).text
    }

    /// The address of `request`, without what is said once.
    private static func address(of request: HTTPRequest) -> Address {
        Address("/").segments(request.path.split(separator: "/").map(String.init))
            .query(request.query.filter { field in !Route.notices.contains { $0.name == field.name } })
    }

    /// Where the page that answers `request` can be got again; one that answers a form has the same strip and bar as any other page.
    private static func source(of request: HTTPRequest) -> Address {
        request.method == .post ? Address("/request") : address(of: request)
    }

    /// Where the console is found after its restart, as seen by who asks; nil if nothing changes for them.
    func addressAfterRestart(of request: HTTPRequest) -> Address? {
        let saved = savedSettings
        guard saved.address != environment.settings.address, let colon = saved.address.lastIndex(of: ":"),
            let port = UInt16(saved.address[saved.address.index(after: colon)...])
        else { return nil }
        let isLoopback = saved.address.hasPrefix("127.") || saved.address.hasPrefix("[::1]")
        return Address(host: request.host, port: port, isSecure: !isLoopback || saved.certificate != nil)
    }
}

extension Visit {
    /// Whether JSON is wanted: asked for or sent, and no page is asked for. A stream of events is asked for by a program, also within a page:
    /// no page helps it.
    var isForProgram: Bool {
        let accept = request.header("Accept")?.lowercased() ?? ""
        if accept.contains("text/html") { return false }
        return accept.contains("application/json") || accept.contains("text/event-stream") || request.contentType == "application/json"
    }

    /// Sends a person somewhere else, and tells a program why it cannot be done here.
    func moved(_ address: Address, _ status: Int, _ code: String, _ words: Words) -> Answer {
        Answer(status: status, sight: .moved(address), json: Problem(code: code, message: speak(words)).json)
    }
}
