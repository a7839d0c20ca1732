import HTTPServer
import Localization
import TerminalCore
import Testing

@testable import TerminalConsole

@Suite struct RouteTests {
    private func member(_ value: JSONValue?, _ path: String...) -> JSONValue? {
        path.reduce(value) { value, name in
            guard case .object(let fields)? = value else { return nil }
            return fields[name]
        }
    }

    @Test func theDocumentHasExactlyTheRoutes() {
        guard case .object(let paths)? = member(OpenAPI.document, "paths") else { return #expect(Bool(false)) }
        var documented: Set<String> = []
        for (path, item) in paths {
            guard case .object(let operations) = item else { continue }
            for method in operations.keys { documented.insert("\(method) \(path)") }
        }
        let served = Route.all.map { "\($0.method == .get ? "get" : "post") \($0.path)" }
        #expect(documented == Set(served) && served.count == documented.count)
        #expect(Set(Route.all.map(\.name)).count == Route.all.count)
    }

    @Test func everySchemaThatIsNamedIsThere() {
        func references(_ value: JSONValue) -> [String] {
            switch value {
            case .object(let fields):
                if case .string(let name)? = fields["$ref"] { return [String(name.split(separator: "/").last ?? "")] }
                return fields.values.flatMap(references)
            case .array(let values): return values.flatMap(references)
            default: return []
            }
        }
        let named = Set(references(OpenAPI.document))
        #expect(named.subtracting(Schemas.all.keys) == [])
        #expect(Set(Schemas.all.keys).subtracting(named).subtracting(["Events"]) == [])
    }

    @Test func getChangesNothingAndPostHasASession() {
        for route in Route.all where route.method == .get {
            #expect(route.body.isEmpty && !route.changesSession, "\(route.path)")
        }
        let open = Route.all.filter { $0.method == .post && $0.admission != .signedIn }.map(\.path)
        #expect(Set(open) == ["/language", "/set-up", "/sign-in"])
    }

    @Test(arguments: [
        ("/login-users", ""), ("/create-login-user", ""), ("/login-users/alice", "alice"), ("/login-users/alice/delete", "alice"),
        ("/", ""),
    ]) func aPathFindsItsRoute(path: String, part: String) {
        let fitting = Route.all.filter { $0.method == .get }.compactMap { $0.match(path) }
        #expect(fitting.contains(part))
    }

    // MARK: Schemas

    private func faults(_ value: JSONValue?, _ schema: JSONValue?, at place: String) -> [String] {
        guard let value, case .object(let schema)? = schema else { return ["\(place): nothing"] }
        if case .string(let reference)? = schema["$ref"] {
            return faults(value, Schemas.all[String(reference.split(separator: "/").last ?? "")], at: place)
        }
        if case .array(let words)? = schema["enum"], !words.contains(value) { return ["\(place): \(value) is no word of it"] }
        guard case .string(let type)? = schema["type"] else { return ["\(place): no type"] }
        switch (type, value) {
        case ("string", .string), ("boolean", .boolean), ("integer", .integer): return []
        case ("array", .array(let items)): return items.flatMap { faults($0, schema["items"], at: place + "[]") }
        case ("object", .object(let fields)):
            guard case .object(let properties)? = schema["properties"] else { return [] }
            var found: [String] = []
            if case .array(let required)? = schema["required"] {
                for case .string(let name) in required where fields[name] == nil { found.append("\(place).\(name) is missing") }
            }
            for (name, field) in fields {
                guard let property = properties[name] else {
                    found.append("\(place).\(name) is not described")
                    continue
                }
                found += faults(field, property, at: "\(place).\(name)")
            }
            return found
        default: return ["\(place): \(value) is no \(type)"]
        }
    }

    private func check(_ value: any Encodable, _ schema: String) {
        let found = faults(JSONValue(value.json), Schemas.all[schema], at: schema)
        #expect(found.isEmpty, "\(found)")
    }

    @Test func whatProgramsGetIsAsDescribed() throws {
        for state in TerminalStatus.State.allCases { check(Samples.status(state), "Status") }
        for failure in Samples.failures { check(TerminalStatus.Failure(failure), "Failure") }
        check(TerminalStatus(state: .off), "Status")
        check(Samples.user(), "LoginUser")
        check(LoginUserList(loginUsers: [Samples.user()]), "LoginUsers")
        check(try Samples.setting(), "Setting")
        check(
            RemoteSupportReport(setting: try Samples.setting(proxy: "socks5://proxy.example.com:1080"), status: Samples.status(.off)),
            "RemoteSupport")
        check(RemoteSupportReport(setting: nil, status: TerminalStatus(state: .off)), "RemoteSupport")
        check(Samples.request(), "Request")
        check(TestReport(achieved: ConnectionStage.allCases, failure: TerminalStatus.Failure(.keyUnknown)), "Test")
        check(LogPage(entries: LogEntry.Code.allCases.map { Samples.entry($0) }, hasOlder: true), "Log")
        check(Problem(code: "c", message: "m", field: "f"), "Problem")
        check(Unconfirmed(relayFingerprint: Samples.fingerprint), "Unconfirmed")
        check(SessionReport(isSetUp: true, isSignedIn: true), "Session")
        check(["language": "ja"], "Language")
    }
}
