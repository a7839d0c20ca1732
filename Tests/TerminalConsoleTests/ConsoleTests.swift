import HTTPServer
import Localization
import Support
import SystemCalls
import TerminalCore
import TestFolders
import Testing

@testable import TerminalConsole

@Suite struct ConsoleTests {
    private static let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7ZdR8dXqgVgoQ0S8dhRltaXNvkXbkqqHtEYfiHnQbX alice@support"

    private func signedIn(_ body: (Visitor) async throws -> Void) async throws {
        let folder = TemporaryFolder()
        let visitor = Visitor(folder: folder.path)
        try await visitor.signIn()
        try await body(visitor)
        withExtendedLifetime(folder) {}
    }

    // MARK: The manual's way

    @Test func theManualsWayFromNothingToSupport() async throws {
        try await signedIn { visitor in
            #expect(await visitor.get("/").text.contains("Remote support is off"))
            let draft = await visitor.get("/create-login-user", [("name", "alice")])
            #expect(draft.status == 200 && draft.text.contains("Save Changes"))
            let created = await visitor.post("/login-users", [("name", "alice"), ("keys", Self.key), ("access", "standard")])
            #expect(created.status == 303 && created.location == "/login-users/alice?done=user-saved&about=alice")
            #expect(await visitor.get("/login-users/alice").text.contains("alice@support"))
            // A relay by hand: first the fingerprint is compared, then it is saved.
            let fields = [("relay", "relay.example.com"), ("listening_port", "20042"), ("relay_ports", "22, 443")]
            let comparison = await visitor.post("/remote-support", fields)
            #expect(comparison.status == 202 && comparison.text.contains(Samples.fingerprint))
            let saved = await visitor.post("/remote-support", fields + [("fingerprint", Samples.fingerprint)])
            #expect(saved.location == "/remote-support?done=setting-created")
            #expect(await visitor.terminal.setting?.relay.ports == [22, 443])
            let page = await visitor.get("/remote-support")
            #expect(page.text.contains(Samples.key.publicKey) && page.text.contains("mailto:?subject="))
            let started = await visitor.post("/remote-support/start", [("limit", "8h"), ("back", "/")])
            #expect(started.location == "/?done=started")
            #expect(await visitor.terminal.commands.contains(.start(.duration(.seconds(28_800)))))
            await visitor.terminal.logIn("Alice")
            #expect(await visitor.get("/").text.contains("Alice is logged in now"))
            #expect(await visitor.post("/remote-support/stop").status == 303)
            #expect(await visitor.terminal.status.state == .off)
        }
    }

    @Test func aRequestIsSeenBeforeItIsDone() async throws {
        try await signedIn { visitor in
            let wrong = await visitor.post("/request", [("request", "hello")])
            #expect(wrong.status == 422 && wrong.text.contains("hello</textarea>"))
            let preview = await visitor.post("/request", [("request", "mail\r\ntowline:abc")])
            #expect(preview.status == 200 && preview.text.contains("shop-42") && preview.text.contains("action=\"/request/create\""))
            #expect(await !visitor.terminal.commands.contains { if case .applyRequest = $0 { true } else { false } })
            #expect(await visitor.post("/request/create", [("request", "towline:abc")]).status == 303)
        }
    }

    // MARK: Nothing is lost

    @Test func aFailedSaveKeepsTheForm() async throws {
        try await signedIn { visitor in
            let users = await visitor.post(
                "/login-users", [("name", "alice"), ("keys", "\(Self.key)\r\nbroken line"), ("access", "administrator")])
            #expect(users.status == 422 && users.text.contains("broken line</textarea>") && users.text.contains("Line 2:"))
            let setting = await visitor.post(
                "/remote-support", [("relay", "relay example"), ("listening_port", "80"), ("proxy", "http://p:1")])
            #expect(
                setting.status == 422 && setting.text.contains("value=\"relayexample\"") || setting.text.contains("value=\"relay example\"")
            )
            #expect(setting.text.contains("value=\"http://p:1\""))
            #expect(await visitor.terminal.users.isEmpty)
        }
    }

    @Test func whoSavesSomethingThatWasChangedElsewhereIsTold() async throws {
        try await signedIn { visitor in
            _ = await visitor.post("/login-users", [("name", "alice"), ("keys", Self.key)])
            let stale = await visitor.post(
                "/login-users/alice", [("keys", Self.key + "\n# mine"), ("access", "administrator"), ("revision", "0000000000000000")])
            #expect(stale.status == 409 && stale.text.contains("# mine") && stale.text.contains("changed elsewhere"))
            #expect(await visitor.terminal.users.first?.access == .standard)
        }
    }

    @Test func thereCanBeOnlyOneSettingAndThePageSaysSo() async throws {
        try await signedIn { visitor in
            let fields = [("relay", "relay.example.com"), ("listening_port", "20042"), ("fingerprint", Samples.fingerprint)]
            _ = await visitor.post("/remote-support", fields)
            #expect(await visitor.get("/remote-support/new").text.contains("only one"))
            let second = await visitor.post("/remote-support", fields)
            #expect(second.status == 409 && second.text.contains("only one"))
        }
    }

    @Test func aProxysPasswordStaysUnlessAnotherOneIsTyped() async throws {
        try await signedIn { visitor in
            let fields = [
                ("relay", "relay.example.com"), ("listening_port", "20042"), ("fingerprint", Samples.fingerprint),
                ("proxy", "http://proxy.example.com:3128"), ("proxy_user", "u"),
            ]
            _ = await visitor.post("/remote-support", fields + [("proxy_password", "of-the-proxy")])
            _ = await visitor.post("/remote-support/change", fields + [("proxy_password", "")])
            #expect(await visitor.terminal.setting?.proxy?.password == "of-the-proxy")
            #expect(await !visitor.get("/remote-support/change").text.contains("of-the-proxy"))
            _ = await visitor.post("/remote-support/change", fields + [("remove_proxy_password", "on")])
            #expect(await visitor.terminal.setting?.proxy?.password == nil)
        }
    }

    // MARK: For programs

    @Test func theSameAddressesAnswerPrograms() async throws {
        try await signedIn { visitor in
            visitor.accept = "application/json"
            #expect(await visitor.get("/")["state"] == "off")
            let created = await visitor.post("/login-users", json: ["name": "alice", "keys": .string(Self.key)])
            #expect(created.status == 200 && created["name"] == "alice")
            let again = await visitor.post("/login-users", json: ["name": "alice", "keys": .string(Self.key)])
            #expect(again.status == 409 && again["code"] == "login-user-exists" && again["field"] == "name")
            #expect(await visitor.get("/login-users/bob").status == 404)
            #expect(await visitor.post("/login-users", json: ["name": "x", "keys": "k", "more": 1]).status == 422)
            #expect(await visitor.post("/remote-support/start", json: ["limit": "until-stopped"])["state"] == "waiting")
            #expect(await visitor.get("/log")["hasOlder"] == false)
            #expect(await visitor.get("/api/openapi.json")["openapi"] == "3.1.0")
        }
    }

    @Test func whatIsNotThereIsNotFoundAndWhatCannotBeDoneSaysWhatCan() async throws {
        try await signedIn { visitor in
            let missing = await visitor.get("/nothing")
            #expect(missing.status == 404 && missing.text.contains("no such page"))
            let wrong = await visitor.post("/log")
            #expect(wrong.status == 405 && wrong.headers.contains { $0 == ("Allow", "GET, HEAD") })
            #expect(await visitor.post("/remote-support/start", [("limit", "9h")]).status == 422)
        }
    }

    @Test func everyRouteAnswersInBothLanguages() async throws {
        try await signedIn { visitor in
            for language in Language.allCases {
                visitor.language = language.rawValue
                for route in Route.all where route.method == .get && route.reply?.mediaType != "text/event-stream" {
                    let path = route.path.split(separator: "/").map { $0.hasPrefix("{") ? "alice" : String($0) }.joined(separator: "/")
                    let reply = await visitor.get("/" + path)
                    #expect(reply.status < 500, "\(path): \(reply.status)")
                    if reply.status == 200, reply.text.hasPrefix("<!doctype") {
                        #expect(reply.text.contains("lang=\"\(language.rawValue)\""))
                    }
                }
            }
        }
    }

    @Test func aChosenLanguageGoesBeforeTheBrowsers() async throws {
        try await signedIn { visitor in
            let chosen = await visitor.post("/language", [("language", "ja"), ("back", "/log")])
            #expect(chosen.status == 303 && chosen.location == "/log")
            #expect(await visitor.get("/log").text.contains("<html lang=\"ja\">"))
            _ = await visitor.post("/language", [("language", "browser"), ("back", "//evil.test/")])
            #expect(await visitor.get("/log").text.contains("<html lang=\"ja\">"), "a way back that is none of ours is refused")
            _ = await visitor.post("/language", [("language", "browser")])
            #expect(await visitor.get("/log").text.contains("<html lang=\"en\">"))
        }
    }

    @Test func aNoticeSaysNothingButItsOwnWords() async throws {
        try await signedIn { visitor in
            #expect(await visitor.get("/", [("done", "user-saved"), ("about", "alice")]).text.contains("SSH login user alice is saved."))
            let forged = await visitor.get("/", [("done", "user-saved"), ("about", "Call 0123 now!")])
            #expect(!forged.text.contains("0123"))
            #expect(await visitor.get("/", [("done", "nonsense")]).status == 422)
        }
    }

    @Test func assetsAreKeptForEverAndNothingElseIs() async throws {
        try await signedIn { visitor in
            let page = await visitor.get("/")
            #expect(page.headers.contains { $0 == ("Cache-Control", "no-store") })
            let names = Document(page.text).elements.compactMap {
                $0.attributes["src"] ?? ($0.name == "link" ? $0.attributes["href"] : nil)
            }
            #expect(names.count >= 3)
            for name in names {
                let asset = await visitor.get(name)
                #expect(asset.status == 200 && asset.headers.contains { $0 == ("Cache-Control", "public, max-age=31536000, immutable") })
            }
            #expect(await visitor.get("/assets/0/console.css").status == 404)
            #expect(await visitor.get("/assets/../etc/passwd").status == 404)
        }
    }

    // MARK: The console's own settings

    @Test func settingsOfTheConsoleWaitForARestart() async throws {
        let folder = TemporaryFolder()
        let saved = Monitor<ConsoleSettings?>(nil)
        let visitor = Visitor(
            folder: folder.path,
            saves: { settings in
                saved.withLock { $0 = settings }
                return nil
            })
        try await visitor.signIn()
        #expect(await !visitor.get("/system").text.contains("action=\"/restart\""))
        let wrong = await visitor.post("/system", [("address", "localhost:80"), ("hosts", "ok.example.com\r\nnot a host!")])
        #expect(wrong.status == 422 && wrong.text.contains("not a host!") && wrong.text.contains("Line 2"))
        #expect(saved.withLock { $0 } == nil)
        let right = await visitor.post("/system", [("address", "0.0.0.0:8443"), ("hosts", "Shop.Example.com\r\n\r\n")])
        #expect(right.status == 303)
        #expect(saved.withLock { $0 } == ConsoleSettings(address: "0.0.0.0:8443", hosts: ["shop.example.com"]))
        #expect(await visitor.get("/system").text.contains("action=\"/restart\""))
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: ["127.0.0.1:8090", "0.0.0.0:1", "[::1]:8090", "[2001:db8::1]:65535"]) func anAddressIsTaken(text: String) {
        #expect(Visit.port(of: text) != nil)
    }

    @Test(arguments: [
        "", "8090", "localhost:8090", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000", "::1:8090", "127.0.0.1:80,81", "1.2.3:80",
    ])
    func whatIsNoAddressIsRefused(text: String) {
        #expect(Visit.port(of: text) == nil)
    }
}
