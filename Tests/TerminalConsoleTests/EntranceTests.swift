import HTTPServer
import SystemCalls
import TerminalCore
import TestFolders
import Testing

@testable import TerminalConsole

@Suite struct EntranceTests {
    private func visiting(_ body: (Visitor) async throws -> Void) async throws {
        let folder = TemporaryFolder()
        try await body(Visitor(folder: folder.path))
        withExtendedLifetime(folder) {}
    }

    @Test func beforeSetUpEveryPageLeadsThere() async throws {
        try await visiting { visitor in
            for path in ["/", "/remote-support", "/log", "/system", "/sign-in"] {
                let reply = await visitor.get(path)
                #expect(reply.status == 303 && reply.location == "/set-up", "\(path)")
            }
            #expect(await visitor.get("/set-up").status == 200)
            #expect(await visitor.post("/remote-support/stop").location == "/set-up")
            visitor.accept = "application/json"
            let reply = await visitor.get("/")
            #expect(reply.status == 401 && reply["code"] == "not-set-up")
            #expect(await visitor.terminal.commands.isEmpty)
        }
    }

    @Test func theSetUpSaysWhatIsWrongAndKeepsTheCode() async throws {
        try await visiting { visitor in
            let code = try #require(await visitor.console.access.setupCode())
            func setUp(_ code: String, _ password: String, _ again: String) async -> Visitor.Reply {
                await visitor.post("/set-up", [("code", code), ("new_password", password), ("repeat_password", again)])
            }
            let differing = await setUp(code, "long enough for it", "long enough for me")
            #expect(
                differing.status == 422 && differing.text.contains("two new passwords differ")
                    && differing.text.contains("value=\"\(code)\""))
            let wrong = await setUp("AAAA-AAAA-AAAA", "long enough for it", "long enough for it")
            #expect(wrong.status == 401 && wrong.text.contains("setup code is wrong"))
            let weak = await setUp(code, "short", "short")
            #expect(weak.status == 422 && weak.text.contains("at least 10 characters") && !weak.text.contains("value=\"short\""))
            #expect(await setUp(code, "long enough for it", "long enough for it").status == 303)
            #expect(await setUp(code, "long enough for it", "long enough for it").location == "/sign-in")
        }
    }

    @Test func signingInLeadsBackToThePageThatWasWanted() async throws {
        try await visiting { visitor in
            try await visitor.signIn()
            #expect(await visitor.post("/sign-out").location == "/sign-in")
            #expect(await visitor.get("/log").location == "/sign-in?next=%2Flog")
            let form = await visitor.get("/sign-in", [("next", "/log")])
            #expect(form.text.contains("name=\"next\" value=\"/log\""))
            let wrong = await visitor.post("/sign-in", [("password", "wrong password"), ("next", "/log")])
            #expect(wrong.status == 401 && wrong.text.contains("password is wrong"))
            let right = await visitor.post("/sign-in", [("password", Visitor.password), ("next", "/log")])
            #expect(right.location == "/log")
            #expect(await visitor.get("/log").status == 200)
        }
    }

    @Test(arguments: [
        "https://evil.test/", "//evil.test/", "/sign-out", "/nothing", "javascript:alert(1)", "", "/events", "/sign-in", "/set-up",
        "/api/openapi.json",
    ])
    func signingInLeadsNowhereElse(next: String) async throws {
        try await visiting { visitor in
            try await visitor.signIn()
            let reply = await visitor.post("/sign-in", [("password", Visitor.password), ("next", next)])
            #expect(reply.location == "/")
        }
    }

    @Test func whatWasSentWithoutASessionIsSaidToBeLostAndLeadsBack() async throws {
        try await visiting { visitor in
            try await visitor.signIn()
            _ = await visitor.post("/sign-out")
            let lost = await visitor.post("/login-users/alice", [("keys", "typed")])
            #expect(lost.location == "/sign-in?next=%2Flogin-users%2Falice&done=nothing-saved")
            let page = await visitor.get("/sign-in", [("next", "/login-users/alice"), ("done", "nothing-saved")])
            #expect(page.status == 200 && page.text.contains("nothing was saved"))
        }
    }

    @Test func whoIsNotSignedInSeesAndChangesNothing() async throws {
        try await visiting { visitor in
            try await visitor.signIn()
            _ = await visitor.post("/sign-out")
            visitor.accept = "application/json"
            let before = await visitor.terminal.commands.count
            for route in Route.all where route.admission == .signedIn {
                let path = route.path.split(separator: "/").map { $0.hasPrefix("{") ? "1" : String($0) }.joined(separator: "/")
                let reply = route.method == .get ? await visitor.get("/" + path) : await visitor.post("/" + path, json: [:])
                #expect(reply.status == 401 || reply.status == 303, "\(route.name): \(reply.status)")
            }
            #expect(await visitor.terminal.commands.count == before)
        }
    }

    @Test func aStreamOfEventsIsRefusedToPagesAsToPrograms() async throws {
        try await visiting { visitor in
            try await visitor.signIn()
            _ = await visitor.post("/sign-out")
            visitor.accept = "text/event-stream"
            let reply = await visitor.get("/events")
            #expect(reply.status == 401 && reply["code"] == "not-signed-in")
        }
    }

    @Test(arguments: ["en": "is damaged", "ja": "壊れている"]) func S04_aDamagedPasswordFileIsSaidWithWhatToDo(
        language: String, words: String
    ) async throws {
        try await visiting { visitor in
            try Files.writeAtomically("\(visitor.folder)/console_password", Array("nonsense\n".utf8), mode: 0o600)
            visitor.language = language
            let reply = await visitor.post("/sign-in", [("password", Visitor.password)])
            #expect(reply.status == 503 && reply.text.contains(words) && reply.text.contains("console_password"))
            #expect(!reply.text.contains("Nothing was changed"))
            visitor.accept = "application/json"
            #expect(await visitor.post("/sign-in", json: ["password": "any"])["code"] == "password-damaged")
        }
    }

    @Test func thePasswordIsChangedByWhoKnowsIt() async throws {
        try await visiting { visitor in
            try await visitor.signIn()
            func change(_ current: String, _ new: String) async -> Visitor.Reply {
                await visitor.post("/system/password", [("password", current), ("new_password", new), ("repeat_password", new)])
            }
            #expect(await change("wrong password", "another long one").status == 401)
            #expect(await change(Visitor.password, "short").status == 422)
            #expect(await change(Visitor.password, "another long one").location == "/system?done=password")
            #expect(await visitor.get("/system").status == 200, "this browser stays signed in")
            _ = await visitor.post("/sign-out")
            #expect(await visitor.post("/sign-in", [("password", Visitor.password)]).status == 401)
            #expect(await visitor.post("/sign-in", [("password", "another long one")]).status == 303)
            let notes = await visitor.terminal.commands.compactMap { command -> LogEntry.Code? in
                if case .note(let code, _) = command { code } else { nil }
            }
            #expect(
                notes == [.consoleSetUp, .consoleSignInRefused, .consolePassword, .consoleSignOut, .consoleSignInRefused, .consoleSignIn])
        }
    }

    @Test func W04_whoGuessesIsToldHowLongToWait() async throws {
        try await visiting { visitor in
            try await visitor.signIn()
            _ = await visitor.post("/sign-out")
            var last = await visitor.post("/sign-in", [("password", "wrong")])
            for _ in 0..<30 where last.status == 401 { last = await visitor.post("/sign-in", [("password", "wrong")]) }
            #expect(last.status == 429 && last.text.contains("Wait") && last.headers.contains { $0.name == "Retry-After" })
        }
    }
}
