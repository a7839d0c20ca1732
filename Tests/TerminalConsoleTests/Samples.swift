import HTML
import Localization
import SSHKeys
import Support
import TerminalCore

@testable import TerminalConsole

/// What a terminal may say, for pages and for programs.
enum Samples {
    /// Read once: hashing Bootstrap takes a while in a debug build.
    static let assets = Assets()
    static let fingerprint = "SHA256:ZqF3cKq5PdWcN1yYdK8u0L1jLqXv3TtB2m7JmC8cQ1k"
    static let line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEfPTvB3V9s5ZsHc1Qm5rZ3nI8w1pQ7R2t6yLk0XyA1B"

    static let key = KeyReport(
        publicKey: line + " shop-42", fingerprint: fingerprint, stockRelayLine: "restrict " + line, hostKeyFingerprint: fingerprint)

    /// A login user; `owner` is whose key it has.
    static func user(_ name: String = "alice", owner: String = "Alice", access: AccessLevel = .standard) -> LoginUserReport {
        LoginUserReport(
            name: name, access: access,
            keys: [
                LoginUserReport.Key(
                    algorithm: "ssh-ed25519", bits: 256, fingerprint: fingerprint, comment: owner, line: "\(line) \(owner)"),
                LoginUserReport.Key(algorithm: "ssh-rsa", bits: 4096, fingerprint: fingerprint, comment: "", line: "ssh-rsa AAAA"),
            ], revision: Revision("0123456789abcdef"))
    }

    static func setting(proxy: String? = nil) throws -> SettingReport {
        var parsed = try proxy.map { try ProxySetting(parsing: $0) }
        parsed?.user = "user"
        parsed?.password = "secret-of-the-proxy"
        let setting = RemoteSupportSetting(
            relay: try RelayAddress(parsing: "relay.example.com:22,443"), listeningPort: try ListeningPort(parsing: "20042"),
            user: "towline", fingerprint: Fingerprint(fingerprint)!, pinnedKey: nil, proxy: parsed)
        return SettingReport(setting, key: key)
    }

    /// What may stand in the gaps of a message.
    static let values = [
        "given": "\"alice\"", "rule": "it is none", "most": "8", "line": "2", "name": "alice", "own": "alice", "relay": "relay.example.com",
        "port": "20042", "path": "/etc/x", "id": "7", "what": "the setting", "length": "7 h 48 min", "detail": "; it is none",
        "reason": "x",
        "who": "alice", "user": "alice", "session": "command, sftp", "access": "standard", "keys": "alice",
        "fields": "relay, listeningPort",
        "fingerprint": fingerprint, "before": fingerprint,
        "address": "192.0.2.7", "minutes": "5", "count": "3", "failure": "", "advice": "",
    ]

    /// Failures of every kind, so that each has its words somewhere.
    static let failures: [TunnelFailure] = [
        .nameUnknown(host: "h"), .nameUnresolved(host: "h", reason: "r"), .connectionRefused(relay: "r"), .connectionTimedOut(relay: "r"),
        .unreachable(relay: "r", reason: "r"), .networkBlocked(relay: "r", answer: "<html>"), .proxyUnreachable(proxy: "p", reason: "r"),
        .proxyRefused(proxy: "p", reason: "r"), .proxyCredentials(proxy: "p"), .silent(relay: "r"), .closedEarly(relay: "r"),
        .stalled(at: .authenticating), .incompatible(reason: "r"), .relayKeyChanged(offered: "o", pinned: "p"),
        .relayKeyNotPinned(offered: "o"), .relayKeyMismatch(offered: "o", confirmed: "c"), .keyUnknown, .keyWithdrawn,
        .awaitingApproval(fingerprint: fingerprint), .joinRefused(reason: "r"), .portRefused(port: "20042", reason: nil),
        .endedByRelay(at: .waiting, reason: "r"), .lost(reason: "r"), .clientFailed(reason: "r"),
    ]

    /// A status with everything in it.
    ///
    /// - Parameter who: whoever is logged in.
    static func status(_ state: TerminalStatus.State, who: String = "Alice", failure: TunnelFailure? = nil) -> TerminalStatus {
        var status = TerminalStatus(state: state)
        status.relay = "relay.example.com"
        status.listeningPort = 20042
        status.loginUserCount = 1
        if state == .off {
            status.offReason = .timeLimit
        } else {
            status.endsInSeconds = 27_900
            status.pendingChanges = TerminalStatus.SettingField.allCases
        }
        if state == .waiting || state == .inUse { status.waitingForSeconds = 61 }
        if [.retrying, .blocked, .stopped].contains(state) {
            status.failure = TerminalStatus.Failure(failure ?? .connectionRefused(relay: "relay.example.com port 22"))
            status.retryInSeconds = state == .stopped ? nil : 17
        }
        if state == .inUse {
            status.unconfirmedHostKey = fingerprint
            var login = TerminalStatus.Login(
                id: 7, user: "alice", who: who, fingerprint: fingerprint, from: "198.51.100.7", since: "2026-11-27T08:10:00Z")
            login.sessions = TerminalStatus.Login.Session.allCases
            status.logins = [login]
        }
        status.events = [entry(.supportOn), entry(.loginBegan, who: who)]
        return status
    }

    /// An entry of the log with a value for everything that its words want.
    static func entry(_ code: LogEntry.Code, who: String = "Alice") -> LogEntry {
        let values = Dictionary(uniqueKeysWithValues: code.valueNames.map { ($0, $0 == "length" ? "7 h 48 min" : who) })
        return LogEntry(
            number: 1, at: "2026-11-27T08:10:00Z", code: code, values: values, by: LogEntry.Actor(role: .staff, name: who),
            failure: code == .connectionFailed ? TerminalStatus.Failure(.keyUnknown) : nil)
    }

    static func request(by staff: String = "alice", owner: String = "Alice") -> RequestReport {
        var report = RequestReport(
            terminal: "shop-42", staff: staff, loginUser: user(owner: owner), loginUserEffect: .creates, relay: "relay.example.com",
            relayFingerprint: fingerprint, listeningPort: 20042, settingEffect: .changes, expires: "2026-12-04T08:00:00Z",
            isExpired: false)
        report.obstacle = Refusal(.settingExists, ["relay": "relay.example.com", "port": "20042"])
        report.key = key
        return report
    }

    /// Every page in every state, by name.
    ///
    /// - Parameter text: stands wherever something from outside stands.
    static func pages(_ speak: Speech, text: String = "Alice") throws -> [(name: String, page: Page, status: TerminalStatus?)] {
        var pages: [(String, Page, TerminalStatus?)] = []
        let state = FormState(
            [
                "name": text, "keys": text, "access": "standard", "relay": text, "proxy": text, "request": text, "address": text,
                "text": text,
            ],
            errors: [
                "": [text], "name": [text], "keys": [text, text], "relay": [text], "address": [text], "code": [text], "password": [text],
            ])
        let remote = RemoteSupportPages(speak: speak, machine: text)
        let users = LoginUserPages(speak: speak)
        let setting = try setting(proxy: "http://proxy.example.com:3128")
        for state in TerminalStatus.State.allCases {
            let status = status(state, who: text)
            pages.append(("home \(state)", HomePage.page(status, speak), status))
            pages.append(("remote support \(state)", remote.main(status, setting), status))
        }
        for failure in failures {
            let status = status(.retrying, failure: failure)
            pages.append(("home \(failure)", HomePage.page(status, speak), status))
        }
        var stale = state
        stale.isStale = true
        let console = ConsoleSettings(hosts: [text], certificate: text, privateKey: text)
        var answer = HomePage.page(TerminalStatus(state: .off), speak)
        answer.problem = text
        let none = TerminalStatus(state: .off)
        let used = status(.inUse, who: text)
        pages += [
            ("home at first", HomePage.page(none, speak), none),
            ("remote support at first", remote.main(none, nil), none),
            ("new setting", remote.form(saved: nil, state: state), none),
            ("change setting", remote.form(saved: setting, state: stale), used),
            ("only one setting", remote.onlyOne(setting), used),
            ("compare", remote.comparison(fingerprint, state: state, isNew: true), used),
            ("delete setting", remote.deletion(setting, used), used),
            ("test", remote.test(TestReport(achieved: ConnectionStage.allCases, failure: nil), isPending: true), used),
            (
                "failed test",
                remote.test(TestReport(achieved: [.resolving], failure: TerminalStatus.Failure(failures[2])), isPending: false), used
            ),
            ("no users", users.list([], onlyUser: text, state: state), none),
            ("users", users.list([user(text, owner: text, access: .administrator)], onlyUser: nil), used),
            ("new user", users.user(text, saved: nil, state: state), used),
            ("user", users.user(text, saved: user(text, owner: text), state: stale), used),
            ("delete user", users.deletion(text, isOwn: true), used),
            ("paste", RequestPages(speak: speak).paste(state), used),
            (
                "request",
                RequestPages(speak: speak).preview(request(by: text, owner: text), current: setting, status: used, request: text), used
            ),
            (
                "first request",
                RequestPages(speak: speak).preview(request(by: text, owner: text), current: nil, status: none, request: text), none
            ),
            (
                "log", LogView.page(LogPage(entries: LogEntry.Code.allCases.map { entry($0, who: text) }, hasOlder: true), state, speak),
                used
            ),
            ("empty log", LogView.page(LogPage(entries: [], hasOlder: false), state, speak), used),
            (
                "system",
                SystemPage(speak: speak).page(
                    SystemView(
                        certificateFingerprint: "AB:CD", certificateExpiry: "2027-12-04T08:00:00Z", chosenLanguage: .japanese,
                        machine: text,
                        minimumPassword: 10, saved: console), console: stale), used
            ),
            (
                "password",
                SystemPage(speak: speak).page(
                    SystemView(machine: text, minimumPassword: 10, saved: console, isAddressFixed: true), console: FormState(),
                    password: state), used
            ),
            ("sign-in", SignInPages(speak: speak).signIn(state, next: text), nil),
            ("set-up", SignInPages(speak: speak).setUp(state, minimum: 10), nil),
            ("message", MessagePage.page(text, text, speak), used),
            ("home that says what did not work", answer, used),
        ]
        return pages.map { (name: $0.0, page: $0.1, status: $0.2) }
    }

    /// A whole document.
    static func document(_ page: Page, _ status: TerminalStatus?, _ speak: Speech, machine: String = "shop-42", notice: String? = nil)
        -> String
    {
        Layout(
            speak: speak, address: Address("/"), source: Address("/"), status: status, isConsolePending: true, isSignedIn: status != nil,
            machine: machine,
            notice: notice,
            assets: assets
        ).document(page).text
    }
}
