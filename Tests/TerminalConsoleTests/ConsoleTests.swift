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

    @Test func twoTabsThatChangeTheConsoleAreTold() async throws {
        try await signedIn { visitor in
            let first = await visitor.get("/system")
            let revision = Document(first.text).elements.first { $0.attributes["name"] == "revision" }?.attributes["value"] ?? ""
            _ = await visitor.post("/system", [("address", "127.0.0.1:8090"), ("hosts", "theirs.example.com"), ("revision", revision)])
            let mine = [("address", "127.0.0.1:8090"), ("hosts", "mine.example.com")]
            let stale = await visitor.post("/system", mine + [("revision", revision)])
            #expect(stale.status == 409 && stale.text.contains("mine.example.com</textarea>"))
            #expect(
                stale.text.contains("Saved now") && stale.text.contains("theirs.example.com") && stale.text.contains("Save mine over it"))
            #expect(visitor.console.savedSettings.hosts == ["theirs.example.com"])
            let fresh = Document(stale.text).elements.first { $0.attributes["name"] == "revision" }?.attributes["value"] ?? ""
            #expect(await visitor.post("/system", mine + [("revision", fresh)]).status == 303)
        }
    }

    @Test func aFormThatWasStaleAndWrongIsStillStaleWhenItIsRight() async throws {
        try await signedIn { visitor in
            _ = await visitor.post("/login-users", [("name", "alice"), ("keys", Self.key)])
            let old = "0000000000000000"
            let wrong = await visitor.post("/login-users/alice", [("keys", "no key"), ("access", "standard"), ("revision", old)])
            #expect(wrong.status == 422)
            #expect(Document(wrong.text).elements.first { $0.attributes["name"] == "revision" }?.attributes["value"] == old)
        }
    }

    @Test func ofPastedKeysOnlyThePrivateOneIsTakenOut() async throws {
        try await signedIn { visitor in
            let secret = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ"
            let typed = "\(Self.key)\n-----BEGIN OPENSSH PRIVATE KEY-----\n\(secret)\n-----END OPENSSH PRIVATE KEY-----\nnonsense"
            let reply = await visitor.post("/login-users", [("name", "alice"), ("keys", typed)])
            #expect(reply.status == 422 && !reply.text.contains(secret) && !reply.text.contains("PRIVATE KEY"))
            #expect(reply.text.contains("\(Self.key)\n\n\n\nnonsense</textarea>"))
            #expect(reply.text.contains("Line 2 is a private key") && reply.text.contains("It was taken out here"))
            #expect(reply.text.contains("Line 5:"))
        }
    }

    @Test func W03_theProxysPasswordIsAskedForAgainWhereTheFingerprintIsCompared() async throws {
        try await signedIn { visitor in
            let fields = [
                ("relay", "relay.example.com"), ("listening_port", "20042"), ("proxy", "http://proxy.example.com:3128"),
                ("proxy_user", "u"),
            ]
            // Where none was typed, none is asked for.
            let without = await visitor.post("/remote-support", fields)
            #expect(without.status == 202 && !Document(without.text).elements.contains { $0.attributes["id"] == "proxy_password" })
            let comparison = await visitor.post("/remote-support", fields + [("proxy_password", "of-the-proxy")])
            #expect(comparison.status == 202 && !comparison.text.contains("of-the-proxy"))
            #expect(
                Document(comparison.text).elements.contains { $0.attributes["id"] == "proxy_password" && $0.attributes["required"] == "" })
            // As a browser sends that page's form.
            let hidden = Document(comparison.text).elements.filter { $0.attributes["type"] == "hidden" && $0.attributes["name"] != "back" }
            let sent = hidden.map { ($0.attributes["name"] ?? "", $0.attributes["value"] ?? "") } + [("proxy_password", "of-the-proxy")]
            #expect(await visitor.post("/remote-support", sent).status == 303)
            #expect(await visitor.terminal.setting?.proxy?.password == "of-the-proxy")
        }
    }

    @Test func anotherRelaysFingerprintIsComparedAndTheSameRelaysStays() async throws {
        try await signedIn { visitor in
            let relay = [("relay", "relay.example.com"), ("listening_port", "20042")]
            let own = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            _ = await visitor.post("/remote-support", relay + [("fingerprint", own)])
            #expect(await visitor.get("/remote-support/change").text.contains("Now it is <code>\(own)</code>."))
            let ports = await visitor.post("/remote-support/change", relay + [("fingerprint", ""), ("relay_ports", "22,443")])
            #expect(ports.status == 303)
            #expect(await visitor.terminal.setting?.fingerprint == own)
            let moved = [("relay", "other.example.com"), ("listening_port", "20042")]
            let comparison = await visitor.post("/remote-support/change", moved + [("fingerprint", "")])
            #expect(
                comparison.status == 202 && comparison.text.contains(Samples.fingerprint)
                    && comparison.text.contains("It is the same: save"))
            #expect(await visitor.terminal.setting?.relay.host == "relay.example.com", "nothing is saved yet")
            _ = await visitor.post("/remote-support/change", moved + [("fingerprint", Samples.fingerprint)])
            #expect(await visitor.terminal.setting?.fingerprint == Samples.fingerprint)
        }
    }

    @Test(arguments: [
        ("relay.example.com", "a,b", "relay_ports"), ("relay.example.com:99999", "", "relay"), ("bad!name", "22", "relay"),
        ("[2001:db8::1]", "0", "relay_ports"), ("2001:db8::1", "x", "relay_ports"),
    ]) func whatIsWrongIsMarkedWhereItWasTyped(relay: String, ports: String, field: String) async throws {
        try await signedIn { visitor in
            let reply = await visitor.post("/remote-support", [("relay", relay), ("relay_ports", ports), ("listening_port", "20042")])
            let invalid = Document(reply.text).elements.filter { $0.attributes["aria-invalid"] == "true" }.compactMap {
                $0.attributes["name"]
            }
            #expect(reply.status == 422 && invalid == [field])
        }
    }

    @Test func aProxyWithoutItsSchemeIsRefused() async throws {
        try await signedIn { visitor in
            let reply = await visitor.post(
                "/remote-support", [("relay", "relay.example.com"), ("listening_port", "20042"), ("proxy", "foo")])
            #expect(reply.status == 422 && reply.text.contains("is not a proxy"))
        }
    }

    // MARK: What is refused is said on the page that asked

    @Test(arguments: ["/", "/remote-support"]) func aButtonThatDoesNotWorkSaysSoOnItsPage(page: String) async throws {
        try await signedIn { visitor in
            let reply = await visitor.post("/remote-support/shorten", [("by", "1d"), ("back", page)])
            #expect(reply.status == 409 && reply.text.contains("This did not work.") && reply.text.contains("Support is off"))
            #expect(reply.text.contains("data-source=\"\(page)\""))
            #expect(reply.text.contains("<h1 id=\"headline\">") == (page == "/"))
        }
    }

    @Test func theWholeLogIsDownloaded() async throws {
        try await signedIn { visitor in
            await visitor.terminal.fillLog(LogFilter.maximumCount * 2 + 7)
            let file = await visitor.get("/log/download", [("format", "csv")])
            #expect(file.text.split(separator: "\r\n").count == LogFilter.maximumCount * 2 + 7 + 1)
            visitor.accept = "application/json"
            let page = await visitor.get("/log/download", [("format", "json")])
            #expect(page["hasOlder"] == false)
        }
    }

    @Test func aWrongPasswordIsNobodysOfOurs() async throws {
        let entry = LogEntry(
            number: 1, at: "2026-11-27T08:10:00Z", code: .consoleSignInRefused, values: ["address": "192.0.2.7"],
            by: LogEntry.Actor(role: .unknown, name: "192.0.2.7"))
        #expect(LogView.by(entry.by, Speech(language: .english)) == "somebody at 192.0.2.7")
        #expect(LogView.by(entry.by, Speech(language: .japanese)) == "不明（192.0.2.7）")
    }

    @Test func aRequestThatChangesTheSettingSaysFromWhatAndWhatItEnds() async throws {
        try await signedIn { visitor in
            _ = await visitor.post("/login-users", [("name", "alice"), ("keys", Self.key)])
            _ = await visitor.post(
                "/remote-support",
                [("relay", "old.example.com"), ("listening_port", "20001"), ("fingerprint", Samples.fingerprint)])
            let off = await visitor.post("/request", [("request", "towline:abc")])
            #expect(off.text.contains("(instead of old.example.com)") && off.text.contains("(instead of 20001)"))
            #expect(!off.text.contains("take effect"))
            _ = await visitor.post("/remote-support/start", [("limit", "8h")])
            await visitor.terminal.logIn("Alice")
            let on = await visitor.post("/request", [("request", "towline:abc")])
            #expect(on.text.contains("take effect when you press [Restart]") && on.text.contains("It ends 1 login"))
        }
    }

    @Test func aTestWhileAnotherSettingRunsSaysWhatWasTested() async throws {
        try await signedIn { visitor in
            #expect(await !visitor.post("/remote-support/test").text.contains("from before your change"))
            await visitor.terminal.leavePending([.relay])
            #expect(await visitor.post("/remote-support/test").text.contains("from before your change"))
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
            for strange in ["//evil.test/", "https://evil.test/", "javascript:alert(1)", "/\\evil.test", "", "/events", "/log/download"] {
                let reply = await visitor.post("/language", [("language", "browser"), ("back", strange)])
                #expect(reply.status == 303 && ["/", "/log"].contains(reply.location), "\(strange): \(reply.location ?? "")")
            }
            #expect(await visitor.get("/log").text.contains("<html lang=\"en\">"))
        }
    }

    /// What the switch of a page says to come back to.
    private func wayBack(_ html: String) -> String? {
        Document(html).elements.first { $0.attributes["name"] == "back" }?.attributes["value"]
    }

    @Test func theLanguageIsSwitchedOnEveryPageWhichThenComesBack() async throws {
        try await signedIn { visitor in
            _ = await visitor.post("/login-users", [("name", "alice"), ("keys", Self.key)])
            _ = await visitor.post(
                "/remote-support",
                [("relay", "relay.example.com"), ("listening_port", "20042"), ("fingerprint", Samples.fingerprint)])
            let pages = Route.all.filter { $0.isPage && $0.admission != .beforeSetUp }.map { $0.path.replacing("{name}", with: "alice") }
            for path in pages {
                let page = await visitor.get(path, path == "/create-login-user" ? [("name", "bob")] : [])
                let address = path == "/create-login-user" ? path + "?name=bob" : path
                #expect(page.status == 200 && wayBack(page.text) == address, "\(path): \(page.status)")
                let reply = await visitor.post("/language", [("language", "ja"), ("back", wayBack(page.text) ?? "?")])
                #expect(reply.status == 303 && reply.location == address, "\(path): \(reply)")
            }
            #expect(wayBack(await visitor.get("/log", [("kind", "login"), ("text", "a&b")]).text) == "/log?kind=login&amp;text=a%26b")
            // The answer to a form has no page of its own: the nearest one above is one.
            for (path, page) in [
                ("/remote-support/extend", "/remote-support"), ("/system/password", "/system"), ("/request/create", "/request"),
                ("/login-users/alice", "/login-users/alice"), ("/nothing/at/all", "/"),
            ] {
                let reply = await visitor.post("/language", [("language", "en"), ("back", path)])
                #expect(reply.location == page, "\(path)")
            }
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

    @Test(arguments: [
        (Console.Obstacle.addressInUse, "address"), (.addressNotHere, "address"), (.portForbidden, "address"),
        (.certificate(.unreadable(SystemError(errno: 2, call: "open", subject: "/x"))), "certificate"),
        (.certificate(.unusable(files: "", .noCertificate)), "certificate"), (.certificate(.unusable(files: "", .expired)), "certificate"),
        (.certificate(.unusable(files: "", .failed("odd"))), "certificate"), (.certificate(.unusable(files: "", .mismatch)), "private_key"),
        (.certificate(.unusable(files: "", .noPrivateKey)), "private_key"),
    ]) func aConsoleThatCouldNotBeStartedIsNotSaved(obstacle: Console.Obstacle, field: String) async throws {
        let folder = TemporaryFolder()
        let visitor = Visitor(folder: folder.path, checks: { _ in obstacle })
        try await visitor.signIn()
        for language in ["en", "ja"] {
            visitor.language = language
            let reply = await visitor.post(
                "/system", [("address", "192.0.2.9:8090"), ("certificate", "/x"), ("private_key", "/y")])
            let invalid = Document(reply.text).elements.filter { $0.attributes["aria-invalid"] == "true" }.compactMap {
                $0.attributes["name"]
            }
            #expect(reply.status == 422 && invalid == [field])
            #expect(visitor.console.savedSettings == ConsoleSettings())
        }
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
