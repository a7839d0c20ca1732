import Testing

extension EndToEnd {
    /// The console of a running terminal as those see it who should not get in (SECURITY.md, "Web console"). curl is the browser.
    @Suite(.serialized) struct ConsoleAccessTests {
        private static let password = "correct horse battery"

        /// A running terminal whose console has a password, and that console's address.
        private func withConsole(_ scenario: (Console, TerminalEnd) async throws -> Void) async throws {
            let terminal = try await TerminalEnd(in: try Folder(), console: "127.0.0.1:0")
            do {
                try await eventually("the console says where it is") { try terminal.process.output.contains("setup code") }
                let words = try terminal.process.output.split(whereSeparator: \.isWhitespace)
                let port = try #require(
                    words.first { $0.hasPrefix("http://127.0.0.1:") }?.split(whereSeparator: { ":/".contains($0) }).last)
                let code = try #require(words.drop { $0 != "code" }.dropFirst().first)
                let console = Console(port: String(port), folder: terminal.folder)
                let first = Browser(console, "first")
                let outcome = try await first.post("/set-up", "code=\(code)&new_password=\(Self.password)&repeat_password=\(Self.password)")
                #expect(outcome.status == 303)
                try await scenario(console, terminal)
            } catch {
                try await terminal.close()
                throw error
            }
            try await terminal.close()
        }

        @Test func W02_rebindingAndChangesFromElsewhereAreRefused() async throws {
            try await withConsole { console, terminal in
                let browser = Browser(console, "owner")
                #expect(try await browser.signIn(Self.password).status == 303)
                for path in ["/", "/sign-in", "/assets/console.css", "/nothing"] {
                    let rebound = try await browser.get(path, "-H", "Host: evil.test:\(console.port)")
                    #expect(rebound.status == 421, "\(path)")
                }
                let evil = "http://evil.test:\(console.port)"
                let rebound = try await browser.post("/remote-support/start", "", "-H", "Host: evil.test:\(console.port)", origin: evil)
                #expect(rebound.status == 421)
                // Even with the owner's cookies.
                for origin in [evil, "null", "http://127.0.0.1:1", "https://127.0.0.1:\(console.port)"] {
                    let forged = try await browser.post("/login-users", "name=mallory", origin: origin)
                    #expect(forged.status == 403, "\(origin)")
                }
                let plain = try await browser.post("/login-users", "{\"name\":\"mallory\"}", "-H", "Content-Type: text/plain", origin: nil)
                #expect(plain.status == 403)
                #expect(try await !terminal.must("login-user", "list").output.contains("mallory"))
            }
        }

        @Test func W03_textFromOutsideIsInertOnThePages() async throws {
            try await withConsole { console, terminal in
                let probe = "\"><script>alert(1)</script><img src=x onerror=alert(2)>"
                let key = try await KeyPair("probe", in: terminal.folder)
                let line = key.line.split(separator: " ").prefix(2).joined(separator: " ") + " \(probe)"
                let escape = try terminal.folder.write(line + "\u{1b}[31m\n", to: "escape.pub")
                let refused = try await terminal.command("login-user", "add", terminal.user, "--key", escape)
                #expect(refused.status == 1 && refused.errors.contains("control character"), "\(refused)")
                let file = try terminal.folder.write(line + "\n", to: "probe.pub")
                try await terminal.must("login-user", "add", terminal.user, "--key", file)
                let browser = Browser(console, "owner")
                #expect(try await browser.signIn(Self.password).status == 303)
                let escaped = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E%3Cimg%20src=x%20onerror=alert(2)%3E"
                for path in [
                    "/login-users/\(terminal.user)", "/login-users", "/log?text=\(escaped)", "/log", "/sign-in?next=/\(escaped)",
                    "/?done=\(escaped)&about=\(escaped)", "/\(escaped)", "/login-users/\(escaped)",
                ] {
                    let page = try await browser.get(path)
                    #expect(!page.text.contains("<script>alert") && !page.text.contains("<img src=x"), "\(path)")
                    #expect(page.header.contains("default-src 'none'") && !page.header.contains("unsafe"), "\(path)")
                }
                let shown = try await browser.get("/login-users/\(terminal.user)")
                #expect(shown.text.contains("&lt;script&gt;alert(1)"), "the comment is shown as it is")
                for (path, body) in [
                    ("/login-users", "name=\(escaped)"), ("/request", "request=\(escaped)"), ("/system/password", "\(escaped)=1"),
                ] {
                    let page = try await browser.post(path, body)
                    #expect(!page.text.contains("<script>alert") && !page.text.contains("<img src=x"), "\(path)")
                }
            }
        }

        @Test func W04_floodOfGuessesIsSlowedAndTheOwnerGetsIn() async throws {
            try await withConsole { console, _ in
                let owner = Browser(console, "owner")
                #expect(try await owner.signIn(Self.password).status == 303)
                try await owner.forgetSession()
                var answers: [Int: Int] = [:]
                for guess in 0..<60 {
                    let stranger = Browser(console, "stranger-\(guess)", from: "127.0.9.\(1 + guess % 20)")
                    let status = try await stranger.signIn("a wrong guess \(guess)").status
                    answers[status, default: 0] += 1
                }
                #expect(answers.keys.sorted() == [401, 429], "\(answers)")
                #expect(answers[401, default: 0] < 40)
                let inTime = try await owner.signIn(Self.password, "--max-time", "5")
                #expect(inTime.status == 303, "from a device that is known")
                #expect(try await owner.get("/").status == 200)
            }
        }

        @Test func W05_sessionIsMadeAtSignInAndEndsWithItsStreams() async throws {
            try await withConsole { console, terminal in
                let browser = Browser(console, "owner", cookies: ["towline-session": "chosen"])
                #expect(try await browser.get("/").status == 303, "a preset cookie is no session")
                #expect(try await browser.signIn(Self.password).status == 303)
                let token = try browser.session()
                #expect(token != "chosen" && token.count >= 43)
                #expect(try await browser.get("/").status == 200)
                let thief = Browser(console, "thief", cookies: ["towline-session": token])
                #expect(try await thief.get("/").status == 200)
                let stream = try Program(["curl", "-sSN", "-b", browser.jar, "\(console.url)/events"], in: terminal.folder)
                let second = Browser(console, "second")
                #expect(try await second.signIn(Self.password).status == 303)
                #expect(try await second.get("/").status == 200)

                #expect(try await browser.post("/sign-out", "").status == 303)
                try await stream.end(within: .seconds(5))
                #expect(try await thief.get("/").status == 303)
                #expect(try await second.get("/").status == 200)
                // A new password ends all others.
                let third = Browser(console, "third")
                #expect(try await third.signIn(Self.password).status == 303)
                let changed = try await third.post(
                    "/system/password", "password=\(Self.password)&new_password=better horse battery&repeat_password=better horse battery")
                #expect(changed.status == 303)
                #expect(try await third.get("/").status == 200)
                #expect(try await second.get("/").status == 303)
                #expect(try await second.signIn(Self.password).status == 401)
            }
        }

        @Test func W06_pathsThatLeadElsewhereAreNotFound() async throws {
            try await withConsole { console, _ in
                let browser = Browser(console, "owner")
                #expect(try await browser.signIn(Self.password).status == 303)
                for path in [
                    "/..%2f..%2fetc/passwd", "/../../etc/passwd", "/assets/..%2f..%2f..%2fetc/passwd", "/assets/../console_key.pem",
                    "/%c0%ae%c0%ae/etc/passwd", "//etc/passwd", "/login-users/..", "/login-users/..%2f..%2fconsole_password",
                ] {
                    let answer = try await browser.get(path, "--path-as-is")
                    #expect([400, 404].contains(answer.status), "\(path): \(answer.status)")
                    #expect(!answer.text.contains("root:"))
                }
            }
        }

        @Test func bodyThatIsNestedWithoutEndDoesNoHarm() async throws {
            try await withConsole { console, terminal in
                let stranger = Browser(console, "stranger")
                for depth in [100, 500, 600, 100_000] {
                    let body = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
                    let file = try terminal.folder.write("{\"password\":\(body)}", to: "nested-\(depth)")
                    let answer = try await stranger.ask("/sign-in", ["-H", "Content-Type: application/json", "--data-binary", "@\(file)"])
                    #expect((400..<500).contains(answer.status), "\(depth): \(answer.status)")
                }
                #expect(try terminal.process.isRunning)
            }
        }
    }
}

/// Where a console is.
private struct Console {
    let port: String
    let folder: Folder

    var url: String { "http://127.0.0.1:\(port)" }
}

/// A browser with cookies of its own: curl and its jar.
private struct Browser {
    /// What came back.
    struct Page {
        let status: Int
        let header: String
        let text: String
    }

    let console: Console
    let jar: String
    let source: String

    init(_ console: Console, _ name: String, from source: String = "127.0.0.1", cookies: [String: String] = [:]) {
        self.console = console
        self.source = source
        jar = "\(console.folder.path)/\(name).cookies"
        // The format of Netscape's cookie file, which is curl's.
        let lines = cookies.map { "127.0.0.1\tFALSE\t/\tFALSE\t0\t\($0.key)\t\($0.value)\n" }
        _ = try? console.folder.write("# Netscape HTTP Cookie File\n" + lines.joined(), to: jar)  // without it the scenario fails
    }

    func ask(_ path: String, _ options: [String]) async throws -> Page {
        let header = console.folder.newName("header")
        let outcome = try await console.folder.run(
            ["curl", "-sS", "-g", "--interface", source, "-b", jar, "-c", jar, "-D", header] + options + [console.url + path])
        let head = Folder.text(of: header)
        let status = head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return Page(status: status, header: head, text: outcome.output)
    }

    func get(_ path: String, _ options: String...) async throws -> Page { try await ask(path, options) }

    /// Sends a form as the console's own page does, or as if from `origin`.
    func post(_ path: String, _ form: String, _ options: String..., origin: String? = "") async throws -> Page {
        let from = origin.map { ["-H", "Origin: \($0.isEmpty ? console.url : $0)"] } ?? []
        let body = form.split(separator: " ").joined(separator: "+")
        return try await ask(path, ["--data-raw", body] + from + options)
    }

    func signIn(_ password: String, _ options: String...) async throws -> Page {
        let body = password.split(separator: " ").joined(separator: "+")
        return try await ask("/sign-in", ["--data-raw", "password=\(body)", "-H", "Origin: \(console.url)"] + options)
    }

    /// The token of the session's cookie.
    func session() throws -> String {
        let line = Folder.text(of: jar).split(separator: "\n").first { $0.contains("\ttowline-session\t") }
        return try #require(line?.split(separator: "\t").last.map(String.init))
    }

    /// Closes the browser: cookies without an age go.
    func forgetSession() async throws {
        let kept = Folder.text(of: jar).split(separator: "\n").filter { !$0.contains("\ttowline-session\t") }
        try console.folder.write(kept.joined(separator: "\n") + "\n", to: jar)
    }
}
