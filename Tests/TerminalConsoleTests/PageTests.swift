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
                speak: speak, address: Address("/"), source: Address("/"), status: status, isConsolePending: isConsolePending,
                isSignedIn: true,
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

    @Test func theRestartBarSaysWhatItEndsOnlyWhereSomebodyIsIn() throws {
        let speak = Speech(language: .english)
        func bar(_ state: TerminalStatus.State) -> String {
            Document(Samples.document(HomePage.page(Samples.status(state), speak), Samples.status(state), speak)).text
        }
        #expect(bar(.inUse).contains("It ends 1 login: support staff have to log in again."))
        #expect(!bar(.waiting).contains("log in again"))
    }

    @Test func waitingForApprovalIsNothingThatWentWrong() throws {
        let speak = Speech(language: .english)
        var status = Samples.status(.awaitingApproval)
        status.failure = TerminalStatus.Failure(.awaitingApproval(fingerprint: Samples.fingerprint))
        status.events = [
            LogEntry(
                number: 1, at: "2026-11-27T08:10:00Z", code: .connectionFailed, values: ["failure": "x", "advice": "y"],
                failure: status.failure)
        ]
        let document = Document(Samples.document(HomePage.page(status, speak), status, speak))
        #expect(!document.text.contains("Last error") && document.text.contains(Samples.fingerprint))
        #expect(!document.elements.contains { $0.attributes["class"] == "bad" })
        #expect(document.elements.contains { $0.attributes["href"] == "/remote-support#issued" })
        // A key that nobody has approved yet, and a relay that has changed, lead to where something can be done.
        for (failure, page) in [
            (TunnelFailure.keyUnknown, "/remote-support#issued"), (.relayKeyChanged(offered: "o", pinned: "p"), "/remote-support/change"),
        ] {
            let status = Samples.status(failure.isWorthRetrying ? .retrying : .stopped, failure: failure)
            let document = Document(Samples.document(HomePage.page(status, speak), status, speak))
            #expect(document.elements.contains { $0.attributes["href"] == page })
        }
    }

    @Test func theWayToTheFirstSupportIsShownUntilTheRelayHasAcceptedTheKey() throws {
        let speak = Speech(language: .english)
        var status = Samples.status(.off)
        let first = Document(Samples.document(HomePage.page(status, speak), status, speak))
        #expect(first.text.contains("Get ready for support"))
        #expect(first.elements.contains { $0.attributes["href"] == "/remote-support#issued" })
        #expect(first.elements.contains { $0.attributes["action"] == "/remote-support/start" })
        status.isKeyAccepted = true
        status.loginUserCount = 0
        #expect(Document(Samples.document(HomePage.page(status, speak), status, speak)).text.contains("Get ready for support"))
        status.loginUserCount = 1
        #expect(!Document(Samples.document(HomePage.page(status, speak), status, speak)).text.contains("Get ready for support"))
    }

    @Test func aFailureThatComesAgainAndAgainIsToldOnce() {
        func entry(_ number: Int, _ code: LogEntry.Code, _ failure: TunnelFailure? = nil) -> LogEntry {
            let values = Dictionary(uniqueKeysWithValues: code.valueNames.map { ($0, "x") })
            return LogEntry(
                number: number, at: "2026-11-27T08:10:00Z", code: code, values: values, failure: failure.map(TerminalStatus.Failure.init))
        }
        let refused = TunnelFailure.connectionRefused(relay: "r")
        let events = [
            entry(1, .supportOn), entry(2, .nameResolved), entry(3, .connectionFailed, refused), entry(4, .nameResolved),
            entry(5, .connectionFailed, refused), entry(6, .nameResolved), entry(7, .relayConnected),
            entry(8, .connectionFailed, .keyUnknown),
            entry(9, .nameResolved), entry(10, .connectionFailed, .keyUnknown),
        ]
        #expect(HomePage.latest(events).map(\.number) == [10, 5, 1])
    }

    @Test func aFingerprintInASentenceIsSetApart() {
        let speak = Speech(language: .japanese)
        #expect(speak.marked("現在は\(Samples.fingerprint)です。").text == "現在は<code>\(Samples.fingerprint)</code>です。")
        #expect(speak.marked("<b>SHA256:").text == "&lt;b&gt;<code>SHA256:</code>" && speak.marked("").isEmpty)
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
