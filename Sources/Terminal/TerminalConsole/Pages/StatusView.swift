import HTML
import Localization
import Support
import TerminalCore

/// Where remote support stands, as pages show it: one sentence and one colour.
struct StatusView: Sendable {
    /// What the terminal says.
    let status: TerminalStatus
    /// How it is said.
    let speak: Speech

    /// The colour of a state.
    enum Tone: String, Sendable {
        /// Nobody can reach this terminal.
        case off
        /// Something is being done.
        case busy
        /// Support can come.
        case open
        /// Somebody is in.
        case used
        /// It does not work.
        case trouble
    }

    /// The colour.
    var tone: Tone {
        switch status.state {
        case .off: .off
        case .resolving, .connecting, .checkingRelay, .authenticating, .requestingPort: .busy
        case .waiting: .open
        case .inUse: .used
        case .awaitingApproval: .busy
        case .retrying, .blocked, .stopped: .trouble
        }
    }

    /// The sentence.
    var headline: String {
        switch status.state {
        case .off: speak(.stateOff)
        case .resolving, .connecting, .checkingRelay, .authenticating, .requestingPort: speak(.stateConnecting)
        case .waiting: speak(.stateWaiting)
        case .inUse where status.logins.count == 1: speak(.stateInUseBy, shown(status.logins[0].name))
        case .inUse: speak(.stateInUse, speak.language.number(status.logins.count))
        case .retrying: speak(.stateRetrying)
        case .blocked: speak(.stateBlocked)
        case .awaitingApproval: speak(.stateAwaiting)
        case .stopped: speak(.stateStopped)
        }
    }

    /// Why it is off, when that is worth a word.
    var offReason: String? {
        guard status.state == .off else { return nil }
        switch status.offReason {
        case .none, .neverStarted: return nil
        case .stopped: return speak(.offStopped)
        case .timeLimit: return speak(.offTimeLimit)
        case .settingChanged: return status.relay == nil ? nil : speak(.offSettingChanged)
        case .shutDown: return speak(.offShutDown)
        }
    }

    /// The longest name of somebody that a sentence repeats, in characters.
    private static let longestName = 60

    private func shown(_ name: String) -> String {
        Printable.escaped(name.count > Self.longestName ? String(name.prefix(Self.longestName)) + "…" : name)
    }

    /// For how long the tunnel stands; the browser counts on. Nothing where it does not.
    func connected() -> Markup? {
        status.waitingForSeconds.map { "<p class=\"muted\">\(speak.html(.connectedFor, Self.countUp($0, speak)))</p>" }
    }

    /// A length of time that grows while the page is open.
    private static func countUp(_ seconds: Int, _ speak: Speech) -> Markup {
        "<span data-countup=\"\(seconds)\">\(speak.length(seconds))</span>"
    }

    /// How long support stays on; the browser counts down.
    func timeLeft(isShort: Bool = false) -> Markup {
        guard let seconds = status.endsInSeconds else { return "<span class=\"time-left\">\(speak(.endsNever))</span>" }
        return """
            <span class="time-left">\(speak(isShort ? .timeLeft : .endsIn)) \
            <b data-countdown="\(seconds)">\(speak.length(seconds))</b></span>
            """
    }

    /// [Stop]: always one press away, and never asks back. Starting again is as quick.
    func stopButton(back: String?, isSmall: Bool = false) -> Markup {
        """
        <form method="post" action="/remote-support/stop">\(back.map { "<input type=\"hidden\" name=\"back\" value=\"\($0)\">" as Markup })\
        <button class="btn btn-stop\(isSmall ? " btn-sm" : "")">\(speak(.stop))</button></form>
        """
    }

    /// [Start] with how long.
    func startForm(back: String?) -> Markup {
        """
        <form method="post" action="/remote-support/start" class="start">
        \(back.map { "<input type=\"hidden\" name=\"back\" value=\"\($0)\">" as Markup })
        <label for="limit">\(speak(.startFor))</label>
        <select class="form-select" id="limit" name="limit">
        \(Limits.choices.map { option($0) })
        </select>
        <button class="btn btn-start">\(speak(.start))</button>
        </form>
        """
    }

    private func option(_ choice: String) -> Markup {
        let name = limitName(choice)
        let isStandard = choice == Limits.standard
        return """
            <option value="\(choice)" \(Flag("selected", if: isStandard))>\(isStandard ? speak(.standardLimit, name) : name)</option>
            """
    }

    private func limitName(_ choice: String) -> String {
        guard let seconds = Limits.seconds(choice) else { return speak(.untilStopped) }
        return speak.length(seconds)
    }

    /// [Extend] and [Shorten]; nothing where there is no limit.
    func limitForm(back: String?) -> Markup? {
        guard status.state != .off, status.endsInSeconds != nil else { return nil }
        return """
            <form method="post" action="/remote-support/extend" class="limit-form">
            \(back.map { "<input type=\"hidden\" name=\"back\" value=\"\($0)\">" as Markup })
            <label for="by">\(speak(.extendBy))</label>
            <select class="form-select" id="by" name="by">
            \(Limits.steps.map { "<option value=\"\($0)\" \(Flag("selected", if: $0 == Limits.standardStep))>\(limitName($0))</option>" as Markup })
            </select>
            <button class="btn btn-plain">\(speak(.extend))</button>
            <button class="btn btn-plain" formaction="/remote-support/shorten">\(speak(.shorten))</button>
            </form>
            """
    }

    /// Who is logged in, each with a way to end it.
    func logins(back: String?) -> Markup {
        if status.logins.isEmpty { return "<p class=\"muted\">\(speak(.nobodyIn))</p>" }
        return """
            <ul class="logins">
            \(status.logins.map { login($0, back) })
            </ul>
            """
    }

    private func login(_ login: TerminalStatus.Login, _ back: String?) -> Markup {
        let doing = login.sessions.map { session in
            switch session {
            case .shell: speak(.sessionShell)
            case .command: speak(.sessionCommand)
            case .sftp: speak(.sessionSftp)
            }
        }
        return """
            <li class="login" id="login-\(String(login.id))">
            <div>
            <p class="login-who">\(shown(login.name))</p>
            <dl class="facts">
            <div><dt>\(speak(.loginUser))</dt><dd>\(login.user)</dd></div>
            \(login.from.map { "<div><dt>\(speak(.from))</dt><dd>\($0) <span class=\"muted\">(\(speak(.asRelaySays)))</span></dd></div>" as Markup })
            <div><dt>\(speak(.since))</dt><dd>\(speak.moment(login.since)) <span class="muted">(\(speak.html(.openFor, Self.countUp(login.openForSeconds, speak))))</span></dd></div>
            \(doing.isEmpty ? nil : "<div><dt>\(speak(.doing))</dt><dd>\(speak.language.list(doing))</dd></div>" as Markup)
            </dl>
            </div>
            <form method="post" action="\(Address("/logins").segment(String(login.id)).segment("end"))">
            \(back.map { "<input type=\"hidden\" name=\"back\" value=\"\($0)\">" as Markup })
            <button class="btn btn-end">\(speak(.endLogin))</button>
            </form>
            <dl class="facts">
            <div><dt>\(speak(.keyFingerprint))</dt><dd><code>\(login.fingerprint)</code></dd></div>
            </dl>
            </li>
            """
    }

    /// The stages up to "waiting for support", and how far the connection is.
    func stages() -> Markup {
        let failed = status.failure?.stage
        let current: ConnectionStage? =
            switch status.state {
            case .off: nil
            case .resolving: .resolving
            case .connecting: .connecting
            case .checkingRelay: .checkingRelay
            case .authenticating, .awaitingApproval: .authenticating
            case .requestingPort: .requestingPort
            case .waiting, .inUse: .waiting
            case .retrying, .blocked, .stopped: failed
            }
        let isFailed = [.retrying, .blocked, .stopped].contains(status.state)
        let last: Words = status.state == .inUse ? .stageInUse : .stageWaiting
        return Self.stages(
            current: current, isFailed: isFailed, isDone: status.state == .waiting || status.state == .inUse, last: last, speak)
    }

    /// The stages as a list; each says in words how it stands.
    ///
    /// - Parameter last: what is said of the last one, once the connection stands.
    static func stages(current: ConnectionStage?, isFailed: Bool, isDone: Bool, last: Words, _ speak: Speech) -> Markup {
        let items = ConnectionStage.allCases.map { stage -> Markup in
            if let current, stage < current || (stage == current && isDone) {
                let achieved = stage == .waiting ? speak(last) : speak.achieved(stage)
                return
                    "<li class=\"stage done\"><span>\(achieved)</span><span class=\"visually-hidden\">\(speak(.stepDone))</span></li>"
            }
            if stage == current {
                let (kind, word): (String, Words) = isFailed ? ("failed", .stageFailed) : ("now", .stageNow)
                return
                    "<li class=\"stage \(kind)\" aria-current=\"step\"><span>\(speak.stage(stage))</span><span class=\"stage-word\">\(speak(word))</span></li>"
            }
            return "<li class=\"stage\"><span>\(speak.stage(stage))</span><span class=\"visually-hidden\">\(speak(.stageNext))</span></li>"
        }
        return "<ol class=\"stages\" aria-label=\"\(speak(.stages))\">\(items)</ol>"
    }

    /// That staff see another host key than they know, and what to compare.
    func unconfirmedHostKey() -> Markup? {
        status.unconfirmedHostKey.map { fingerprint in
            """
            <div class="failure">
            <p>\(speak(.hostKeyUnconfirmed))</p>
            <p><code>\(fingerprint)</code></p>
            </div>
            """
        }
    }

    /// What went wrong last, what to do, and when it is tried again. Waiting for approval is nothing that went wrong.
    func failure() -> Markup? {
        guard status.state != .off, let failure = status.failure else { return nil }
        let what: Markup? =
            failure.isExpected ? nil : "<div><dt>\(speak(.lastError))</dt><dd>\(speak.marked(speak.failure(failure)))</dd></div>"
        return """
            <div class="failure">
            <dl class="facts">
            \(what)
            <div><dt>\(speak(.whatToDo))</dt><dd>\(speak.marked(speak.advice(failure))) \(remedy(failure))</dd></div>
            \(status.retryInSeconds.map { "<div><dt>\(speak(.nextTry))</dt><dd data-countdown=\"\($0)\">\(speak.length($0))</dd></div>" as Markup })
            </dl>
            </div>
            """
    }
}

extension StatusView {
    /// The page where the customer can do something about it.
    private func remedy(_ failure: TerminalStatus.Failure) -> Markup? {
        switch failure.code {
        case .keyUnknown, .joinRefused, .awaitingApproval: "<a href=\"/remote-support#issued\">\(speak(.issuedKey))</a>"
        case .nameUnknown, .networkBlocked, .proxyUnreachable, .proxyRefused, .proxyCredentials, .relayKeyChanged, .relayKeyNotPinned,
            .relayKeyMismatch, .portRefused:
            "<a href=\"/remote-support/change\">\(speak(.changeSettings))</a>"
        case .nameUnresolved, .connectionRefused, .connectionTimedOut, .unreachable, .silent, .closedEarly, .stalled, .incompatible,
            .keyWithdrawn, .endedByRelay, .lost, .clientFailed:
            nil
        }
    }
}

/// For how long support can be started, and by how much that can be changed, as forms offer it.
enum Limits {
    /// The word for no limit.
    static let untilStopped = "until-stopped"
    /// What [Start] offers.
    static let choices = ["1h", "2h", "4h", "8h", "1d", "3d", "7d", untilStopped]
    /// What [Start] takes when nothing is said: `SupportLimit.standard`.
    static let standard = "8h"
    /// By how much [Extend] and [Shorten] change it.
    static let steps = ["15m", "1h", "2h", "4h", "8h", "1d"]
    /// The step that is offered first.
    static let standardStep = "1h"

    /// The seconds of a choice; nil for no limit and for what is no length of time.
    static func seconds(_ choice: String) -> Int? {
        // What is no length of time has no seconds.
        (try? SupportDuration(parsing: choice)).map { Int($0.seconds) }
    }
}
