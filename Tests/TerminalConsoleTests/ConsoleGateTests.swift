import HTTPServer
import SystemCalls
import Testing

@testable import TerminalConsole

@Suite struct ConsoleGateTests {
    /// What the gate answers to a request; 200 is what the page behind it says.
    private func ask(_ request: HTTPRequest, names: [String] = ["shop-42"]) async throws -> HTTPResponse {
        let folder = try Files.makeTemporaryDirectory()
        defer { try? Files.removeTree(folder) }  // a temporary folder
        let gate = ConsoleGate(names: names, access: Access(folder: folder), isChange: { $0.path != "/nothing" })
        return await gate.answer(request) { _ in .html("page") }
    }

    private func request(
        _ method: HTTPMethod = .get, host: String = "127.0.0.1:8090", isSecure: Bool = false, _ fields: [(name: String, value: String)] = []
    ) -> HTTPRequest {
        HTTPRequest(method: method, headers: [("Host", host)] + fields, isSecure: isSecure)
    }

    @Test(arguments: [
        "127.0.0.1", "127.0.0.1:8090", "[::1]:8090", "localhost", "LOCALHOST:8090", "Shop-42", "shop-42:8090", "192.0.2.7", "[2001:db8::1]",
    ]) func hostThatIsThisConsolePasses(_ host: String) async throws {
        #expect(try await ask(request(host: host)).status == 200)
    }

    @Test(arguments: [
        "evil.test", "evil.test:8090", "shop-42.evil.test", "shop-420", "localhost.evil.test", "127.0.0.1.evil.test", "0x7f000001", "127.1",
        "",
        "[::1", "shop-42.",
    ]) func W02_hostOfSomebodyElseIsRefusedWhateverItsOriginSays(_ host: String) async throws {
        for method in [HTTPMethod.get, .post] {
            let response = try await ask(request(method, host: host, [("Origin", "http://\(host)"), ("Sec-Fetch-Site", "same-origin")]))
            #expect(response.status == 421)
        }
    }

    @Test func changeByOurOwnPagePasses() async throws {
        let origin = ("Origin", "http://127.0.0.1:8090")
        #expect(try await ask(request(.post, [origin, ("Sec-Fetch-Site", "same-origin")])).status == 200)
        #expect(try await ask(request(.post, [origin])).status == 200)
        #expect(try await ask(request(.post, [("Sec-Fetch-Site", "same-origin")])).status == 200)
        #expect(try await ask(request(.post, [("Content-Type", "application/json; charset=utf-8")])).status == 200)
        #expect(try await ask(request(.post, host: "shop-42", isSecure: true, [("Origin", "https://shop-42")])).status == 200)
    }

    @Test(arguments: [HTTPMethod.post, .put, .delete, .other("PATCH")])
    func W02_changeBySomebodyElsesPageIsRefused(_ method: HTTPMethod) async throws {
        for fields in [
            [("Origin", "http://evil.test")], [("Origin", "null")], [("Origin", "https://127.0.0.1:8090")],
            [("Origin", "http://127.0.0.1")],
            [("Origin", "http://127.0.0.1:8091")], [("Origin", "")], [("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "same-site")],
            [("Sec-Fetch-Site", "none")], [("Origin", "http://127.0.0.1:8090"), ("Sec-Fetch-Site", "cross-site")], [],
            [("Content-Type", "text/plain")], [("Content-Type", "application/x-www-form-urlencoded")],
            [("Content-Type", "application/json"), ("Origin", "http://evil.test")],
        ] as [[(name: String, value: String)]] {
            #expect(try await ask(request(method, fields)).status == 403, "\(fields)")
        }
    }

    @Test func whatIsNotThereIsSaidSoWhoeverAsks() async throws {
        let nothing = HTTPRequest(method: .delete, path: "/nothing", headers: [("Host", "127.0.0.1:8090")])
        #expect(try await ask(nothing).status == 200, "the page behind says that there is nothing")
    }

    @Test func linkFromElsewhereOpensAPage() async throws {
        #expect(try await ask(request(.get, [("Sec-Fetch-Site", "cross-site")])).status == 200)
    }

    @Test func W03_everyAnswerIsGuarded() async throws {
        for response in [try await ask(request()), try await ask(request(host: "evil.test")), try await ask(request(.post))] {
            let policy = response.header("Content-Security-Policy") ?? ""
            #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"))
            #expect(response.header("X-Content-Type-Options") == "nosniff")
            #expect(response.header("Referrer-Policy") == "same-origin")
            #expect(response.header("Cache-Control") == "no-store")
        }
    }
}
