import HTML
import Localization
import TerminalCore
import Testing

@testable import TerminalConsole

@Suite struct PageTests {
    @Test(arguments: Language.allCases) func everyPageIsWholeInEveryState(language: Language) throws {
        let speak = Speech(language: language)
        for (name, page, status) in try Samples.pages(speak) {
            let document = Document(Samples.document(page, status, speak, notice: "x"))
            #expect(document.faults.isEmpty, "\(name): \(document.faults)")
            #expect(document.elements.first?.attributes["lang"] == language.rawValue)
            #expect(document.elements.count { $0.name == "h1" } == 1, "\(name) has one heading of its own")
        }
    }

    /// Texts that would be markup, close a value, or be a script.
    static let hostile = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onfocus='alert(1)", "javascript:alert(1)"]

    @Test(arguments: hostile, Language.allCases) func W03_namesFromOutsideAreInertOnEveryPage(text: String, language: Language) throws {
        let speak = Speech(language: language)
        let expected = try Samples.pages(speak)
        for (index, (name, page, status)) in try Samples.pages(speak, text: text).enumerated() {
            let document = Document(Samples.document(page, status, speak, machine: text, notice: text))
            #expect(document.faults.filter { !$0.contains("points to nothing") }.isEmpty, "\(name): \(document.faults)")
            let plain = Document(Samples.document(expected[index].page, status, speak, notice: "x"))
            #expect(document.elements.map(\.name) == plain.elements.map(\.name), "\(name) has the same elements whatever stands in it")
        }
    }

    @Test func nothingOnAPageNeedsInlineScriptOrStyle() throws {
        for (name, page, status) in try Samples.pages(Speech(language: .english), text: "javascript:alert(1)") {
            for element in Document(Samples.document(page, status, Speech(language: .english))).elements {
                #expect(element.name != "style" && element.attributes["style"] == nil, "\(name)")
                #expect(!element.attributes.keys.contains { $0.hasPrefix("on") }, "\(name)")
                if element.name == "script" { #expect(element.attributes["src"]?.hasPrefix("/assets/") == true) }
                for attribute in ["href", "src", "action", "formaction"] {
                    guard let address = element.attributes[attribute] else { continue }
                    #expect(address.hasPrefix("/") || address.hasPrefix("#") || address.hasPrefix("mailto:"), "\(name): \(address)")
                }
            }
        }
    }

    @Test func everyFieldHasALabel() throws {
        for (name, page, status) in try Samples.pages(Speech(language: .english)) {
            let document = Document(Samples.document(page, status, Speech(language: .english)))
            let labelled = Set(document.elements.compactMap { $0.name == "label" ? $0.attributes["for"] : nil })
            for element in document.elements where ["input", "select", "textarea"].contains(element.name) {
                if element.attributes["type"] == "hidden" { continue }
                #expect(labelled.contains(element.attributes["id"] ?? ""), "\(name): \(element)")
            }
        }
    }

    @Test func theRestartBarIsThereExactlyWhenAChangeIsNotInEffect() throws {
        let speak = Speech(language: .english)
        func hasBar(_ pending: [TerminalStatus.SettingField], isConsolePending: Bool) -> Bool {
            var status = Samples.status(.waiting)
            status.pendingChanges = pending
            let layout = Layout(
                speak: speak, path: "/", source: "/", status: status, isConsolePending: isConsolePending, isSignedIn: true,
                machine: "shop-42",
                notice: nil, assets: Samples.assets)
            let document = Document(layout.document(HomePage.page(status, speak)).text)
            return document.elements.contains { $0.attributes["action"] == "/restart" }
        }
        #expect(!hasBar([], isConsolePending: false))
        #expect(hasBar([.relay], isConsolePending: false) && hasBar([], isConsolePending: true))
    }

    @Test(arguments: TerminalStatus.State.allCases) func stopIsOnePressAwayWhenSupportIsOn(state: TerminalStatus.State) throws {
        let speak = Speech(language: .english)
        let status = Samples.status(state)
        for page in [HomePage.page(status, speak), RequestPages(speak: speak).paste(FormState())] {
            let document = Document(Samples.document(page, status, speak))
            #expect(document.elements.contains { $0.attributes["action"] == "/remote-support/stop" } == (state != .off))
        }
    }

    @Test func aFormThatFailedKeepsWhatWasTyped() throws {
        let speak = Speech(language: .english)
        let state = FormState(
            ["name": "alice", "keys": "ssh-ed25519 AAAA\nline two", "access": "administrator"], errors: ["keys": ["line 1: damaged"]])
        let html = Samples.document(LoginUserPages(speak: speak).user("alice", saved: nil, state: state), nil, speak)
        #expect(html.contains("ssh-ed25519 AAAA\nline two</textarea>") && html.contains("line 1: damaged"))
        let radio = Document(html).elements.first { $0.attributes["value"] == "administrator" }
        #expect(radio?.attributes["checked"] == "")
    }

    @Test func secretsAreNeverInAPage() throws {
        let speak = Speech(language: .english)
        let setting = try Samples.setting(proxy: "http://proxy.example.com:3128")
        let state = FormState(["proxy_password": "typed-secret", "password": "typed-secret", "new_password": "typed-secret"])
        let pages = [
            RemoteSupportPages(speak: speak, machine: "m").main(Samples.status(.waiting), setting),
            RemoteSupportPages(speak: speak, machine: "m").form(saved: setting, state: state),
            RemoteSupportPages(speak: speak, machine: "m").comparison(Samples.fingerprint, state: state, isNew: true),
            SignInPages(speak: speak).setUp(state, minimum: 10), SignInPages(speak: speak).signIn(state, next: nil),
        ]
        for page in pages {
            let html = Samples.document(page, nil, speak)
            #expect(!html.contains("secret-of-the-proxy") && !html.contains("typed-secret"))
        }
    }
}
