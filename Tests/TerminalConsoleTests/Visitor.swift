import HTTPServer
import Passwords
import Support
import SystemCalls
import TerminalCore
import Testing

@testable import TerminalConsole

/// Somebody in front of a console: a browser's cookies, or a program that wants JSON.
final class Visitor {
    /// What came back.
    struct Reply {
        let status: Int
        let text: String
        let location: String?
        let headers: [(name: String, value: String)]

        /// The body as JSON.
        var json: JSONValue? { JSONValue(Array(text.utf8)) }

        subscript(_ name: String) -> JSONValue? {
            guard case .object(let fields)? = json else { return nil }
            return fields[name]
        }
    }

    static let password = "correct horse battery"

    /// Where the password is kept.
    let folder: String
    let console: Console
    let terminal: FakeTerminal
    var language = "en"
    var accept = "text/html"
    private(set) var cookies: [String: String] = [:]

    init(
        folder: String, settings: ConsoleSettings = ConsoleSettings(),
        saves: @escaping @Sendable (ConsoleSettings) -> String? = { _ in nil },
        checks: @escaping @Sendable (ConsoleSettings) -> Console.Obstacle? = { _ in nil }
    ) {
        self.folder = folder
        let terminal = FakeTerminal()
        self.terminal = terminal
        console = Console(
            Console.Environment(
                ask: { await terminal.perform($0) }, changes: { AsyncStream { $0.finish() } }, machine: "shop-42", settings: settings,
                isAddressFixed: false, certificateFingerprint: nil, certificateExpiry: nil, save: { saves($0) }, check: { checks($0) },
                restartConsole: {}), access: Access(folder: folder, cost: .least))
    }

    /// Sets the console up, which signs in.
    func signIn() async throws {
        let code = try #require(await console.access.setupCode())
        let reply = await post(
            "/set-up", [("code", code), ("new_password", Self.password), ("repeat_password", Self.password)])
        #expect(reply.status == 303 && reply.location == "/")
    }

    func get(_ path: String, _ query: [(String, String)] = []) async -> Reply {
        await ask(HTTPRequest(method: .get, path: path, query: query.map { (name: $0.0, value: $0.1) }, headers: headers))
    }

    func post(_ path: String, _ fields: [(String, String)] = []) async -> Reply {
        let body = fields.map { "\(encoded($0.0))=\(encoded($0.1))" }.joined(separator: "&")
        return await ask(
            HTTPRequest(
                method: .post, path: path, headers: headers + [("Content-Type", "application/x-www-form-urlencoded")],
                body: Array(body.utf8)))
    }

    func post(_ path: String, json: JSONValue) async -> Reply {
        await ask(
            HTTPRequest(
                method: .post, path: path, headers: headers + [("Content-Type", "application/json"), ("Accept", "application/json")],
                body: json.json))
    }

    func ask(_ request: HTTPRequest) async -> Reply {
        let response = await console.answer(request)
        for field in response.headers where field.name == "Set-Cookie" {
            let pair = field.value.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            cookies[String(pair[0])] = String(pair[1])
        }
        guard case .bytes(let bytes) = response.body else { return Reply(status: response.status, text: "", location: nil, headers: []) }
        return Reply(
            status: response.status, text: String(decoding: bytes, as: UTF8.self), location: response.header("Location"),
            headers: response.headers)
    }

    private var headers: [(name: String, value: String)] {
        [
            ("Host", "127.0.0.1:8090"), ("Accept", accept), ("Accept-Language", language),
            ("Cookie", cookies.map { "\($0)=\($1)" }.joined(separator: "; ")),
        ]
    }

    private func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let digits = Array("0123456789ABCDEF")
            return "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
        }.joined()
    }
}
