/// One thing that happened on the terminal: what, when, by whom.
package struct LogEntry: Hashable, Codable, Sendable {
    /// 1, 2, 3 … never repeated while the log is kept.
    package var number: Int
    /// When, ISO 8601 in UTC, by this machine's clock.
    package var at: String
    /// What, by name.
    package var code: Code
    /// What goes into the gaps of the code's words; safe on a screen.
    package var values: [String: String]
    /// Who did it.
    package var by: Actor
    /// What failed, for `connectionFailed`.
    package var failure: TerminalStatus.Failure?
    /// What stands in the gap `reason`, where that is a message of its own.
    package var cause: Cause?

    /// One line for people.
    package var message: String { code.filled(values) }
    /// Which part of the log it belongs to.
    package var kind: Kind { code.kind }
    /// Whether it tells of something that went wrong.
    package var isFailure: Bool { code.isFailure && failure?.isExpected != true }

    /// An entry with its parts given.
    package init(
        number: Int, at: String, code: Code, values: [String: String] = [:], by: Actor = .system, failure: TerminalStatus.Failure? = nil,
        cause: Cause? = nil
    ) {
        assert(code.valueNames.allSatisfy { values[$0] != nil }, "\(code) needs \(code.valueNames)")
        self.number = number
        self.at = at
        self.code = code
        self.values = values
        self.by = by
        self.failure = failure
        self.cause = cause
    }

    private enum CodingKeys: CodingKey { case number, at, code, kind, values, by, failure, cause, message, isFailure }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        number = try fields.decode(Int.self, forKey: .number)
        at = try fields.decode(String.self, forKey: .at)
        code = try fields.decode(Code.self, forKey: .code)
        values = try fields.decode([String: String].self, forKey: .values)
        by = try fields.decode(Actor.self, forKey: .by)
        failure = try fields.decodeIfPresent(TerminalStatus.Failure.self, forKey: .failure)
        cause = try fields.decodeIfPresent(Cause.self, forKey: .cause)
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(number, forKey: .number)
        try fields.encode(at, forKey: .at)
        try fields.encode(code, forKey: .code)
        try fields.encode(kind, forKey: .kind)
        try fields.encode(values, forKey: .values)
        try fields.encode(by, forKey: .by)
        try fields.encodeIfPresent(failure, forKey: .failure)
        try fields.encodeIfPresent(cause, forKey: .cause)
        try fields.encode(message, forKey: .message)
        try fields.encode(isFailure, forKey: .isFailure)
    }

    /// Who did something.
    package struct Actor: Hashable, Codable, Sendable {
        /// In which part.
        package enum Role: String, Codable, CaseIterable, Sendable {
            /// The customer, in the console.
            case console
            /// The customer, by command on the machine itself.
            case command
            /// Support staff, by the key that sshd verified.
            case staff
            /// Nobody: it happened by itself.
            case system
            /// Somebody who did not prove who they are; named by their address.
            case unknown
        }

        /// In which part.
        package var role: Role
        /// Who, where that is known: the comment of a member of staff's key, or its fingerprint; where an unknown one came from.
        package var name: String?

        /// An actor with its parts given.
        package init(role: Role, name: String? = nil) {
            self.role = role
            self.name = name
        }

        /// Nobody.
        package static let system = Actor(role: .system)
    }

    /// The parts of the log.
    package enum Kind: String, Codable, CaseIterable, Sendable {
        /// Support switched on and off, and its limit.
        case support
        /// The way to the relay.
        case connection
        /// Who came and went.
        case login
        /// Login users and their keys.
        case loginUser = "login-user"
        /// The setting and the terminal key.
        case setting
        /// Signing in to the console, and its own settings.
        case console
        /// The service itself.
        case system
    }

    /// Everything that is told.
    package enum Code: String, MessageCode {
        case supportOn = "support-on"
        case supportOnUnlimited = "support-on-unlimited"
        case supportLimitSet = "support-limit-set"
        case supportLimitRemoved = "support-limit-removed"
        case supportEndsSoon = "support-ends-soon"
        case supportOff = "support-off"
        case supportTimeLimit = "support-time-limit"
        case supportResumed = "support-resumed"
        case supportReopened = "support-reopened"
        case supportNotReopened = "support-not-reopened"
        case supportRestarted = "support-restarted"
        case autoStartOn = "auto-start-on"
        case autoStartOff = "auto-start-off"
        case nameResolved = "name-resolved"
        case relayConnected = "relay-connected"
        case relayChecked = "relay-checked"
        case keyAccepted = "key-accepted"
        case portGranted = "port-granted"
        case waiting
        case relayPinned = "relay-pinned"
        /// The relay, under the pinned host key, proved to hold another one: it may show that one later.
        case relayKeyAnnounced = "relay-key-announced"
        /// The relay shows a host key that it had announced: that one is pinned now.
        case relayKeyFollowed = "relay-key-followed"
        case lastGoodAddress = "last-good-address"
        case connectionFailed = "connection-failed"
        case terminalReported = "terminal-reported"
        case hostKeyUnconfirmed = "host-key-unconfirmed"
        case loginBegan = "login-began"
        case loginBeganFrom = "login-began-from"
        case sessionBegan = "session-began"
        case loginEnded = "login-ended"
        case loginClosed = "login-closed"
        case loginUserAdded = "login-user-added"
        case loginUserChanged = "login-user-changed"
        case loginUserRemoved = "login-user-removed"
        case loginUserNotMade = "login-user-not-made"
        case settingCreated = "setting-created"
        case settingChanged = "setting-changed"
        case settingDeleted = "setting-deleted"
        case consoleSetUp = "console-set-up"
        case consoleSignIn = "console-sign-in"
        case consoleSignInRefused = "console-sign-in-refused"
        case consoleSignOut = "console-sign-out"
        case consolePassword = "console-password"
        case consoleSettings = "console-settings"
        case serviceStarted = "service-started"
        case serviceStopped = "service-stopped"
        case logDamaged = "log-damaged"

        /// What is said, see `MessageCode.english`.
        package var english: String {
            switch self {
            case .supportOn: "support is switched on for {length}"
            case .supportOnUnlimited: "support is switched on until it is stopped"
            case .supportLimitSet: "support now ends in {length}"
            case .supportLimitRemoved: "support now stays on until it is stopped"
            case .supportEndsSoon: "support ends in {minutes} minutes"
            case .supportOff: "support is off"
            case .supportTimeLimit: "the time limit has passed: support is off"
            case .supportResumed: "support goes on after an interruption"
            case .supportReopened: "support was on when the service ended and is on again (auto-start)"
            case .supportNotReopened: "support was on when the service ended and stays off: its time limit has passed meanwhile"
            case .supportRestarted: "the connection is made anew with the changed setting"
            case .autoStartOn: "auto-start is switched on"
            case .autoStartOff: "auto-start is switched off"
            case .nameResolved: ConnectionStage.resolving.achievement
            case .relayConnected: ConnectionStage.connecting.achievement
            case .relayChecked: ConnectionStage.checkingRelay.achievement
            case .keyAccepted: ConnectionStage.authenticating.achievement
            case .portGranted: ConnectionStage.requestingPort.achievement
            case .waiting: ConnectionStage.waiting.achievement
            case .relayPinned: "relay key {fingerprint} matches the fingerprint and is pinned"
            case .relayKeyAnnounced: "the relay announced another host key and proved that it holds it: {fingerprint}"
            case .relayKeyFollowed: "the relay shows the host key that it had announced: {fingerprint}, before {before}"
            case .lastGoodAddress: "the relay's name cannot be used now: trying {address}, where it was last"
            case .connectionFailed: "{failure}: {advice}"
            case .terminalReported: "the relay was told this terminal's host key, for staff to check"
            case .hostKeyUnconfirmed:
                "the relay knows another host key of this terminal: support have to accept the one it has now, {fingerprint}"
            case .loginBegan: "{who} logged in as {user}"
            case .loginBeganFrom: "{who} logged in as {user} from {address} (as the relay says)"
            case .sessionBegan: "{who} opened: {session}"
            case .loginEnded: "{who} left after {length}"
            case .loginClosed: "the login of {who} was ended"
            case .loginUserAdded: "SSH login user {user} was added ({access}), keys: {keys}"
            case .loginUserChanged: "SSH login user {user} was changed ({access}), keys: {keys}"
            case .loginUserRemoved: "SSH login user {user} was removed"
            case .loginUserNotMade: "SSH login user {user} cannot log in: {reason}"
            case .settingCreated: "the setting was created: {relay}, listening port {port}; key {fingerprint} was issued"
            case .settingChanged: "the setting was changed: {fields}"
            case .settingDeleted: "the setting and its key were deleted"
            case .consoleSetUp: "the console was set up from {address}"
            case .consoleSignIn: "signed in to the console from {address}"
            case .consoleSignInRefused: "wrong password for the console from {address}"
            case .consoleSignOut: "signed out of the console"
            case .consolePassword: "the console's password was changed"
            case .consoleSettings: "the console's settings were changed: {fields}"
            case .serviceStarted: "the service has started"
            case .serviceStopped: "the service has ended"
            case .logDamaged: "{count} lines of the log could not be read and are left out"
            }
        }

        /// Which part of the log it belongs to.
        package var kind: Kind {
            switch self {
            case .supportOn, .supportOnUnlimited, .supportLimitSet, .supportLimitRemoved, .supportEndsSoon, .supportOff, .supportTimeLimit,
                .supportResumed, .supportReopened, .supportNotReopened, .supportRestarted, .autoStartOn, .autoStartOff:
                .support
            case .nameResolved, .relayConnected, .relayChecked, .keyAccepted, .portGranted, .waiting, .relayPinned, .relayKeyAnnounced,
                .relayKeyFollowed, .lastGoodAddress, .connectionFailed, .terminalReported, .hostKeyUnconfirmed:
                .connection
            case .loginBegan, .loginBeganFrom, .sessionBegan, .loginEnded, .loginClosed: .login
            case .loginUserAdded, .loginUserChanged, .loginUserRemoved, .loginUserNotMade: .loginUser
            case .settingCreated, .settingChanged, .settingDeleted: .setting
            case .consoleSetUp, .consoleSignIn, .consoleSignInRefused, .consoleSignOut, .consolePassword, .consoleSettings: .console
            case .serviceStarted, .serviceStopped, .logDamaged: .system
            }
        }

        /// Whether it tells of something that went wrong.
        package var isFailure: Bool {
            switch self {
            case .connectionFailed, .loginUserNotMade, .consoleSignInRefused, .logDamaged: true
            default: false
            }
        }

        /// Whether it is kept on disk. The steps of each try are not: a terminal that cannot connect takes them every minute.
        package var isKept: Bool { !isStep }

        /// Whether it is a step of one try to connect.
        package var isStep: Bool {
            switch self {
            case .nameResolved, .relayConnected, .relayChecked, .keyAccepted, .portGranted, .lastGoodAddress: true
            default: false
            }
        }

        /// What to tell when a connection has left `stage` behind.
        package init(achieved stage: ConnectionStage) {
            self =
                switch stage {
                case .resolving: .nameResolved
                case .connecting: .relayConnected
                case .checkingRelay: .relayChecked
                case .authenticating: .keyAccepted
                case .requestingPort: .portGranted
                case .waiting: .waiting
                }
        }
    }
}

/// Which entries of the log somebody wants to see.
package struct LogFilter: Hashable, Codable, Sendable {
    /// Only of these kinds; nil: all.
    package var kinds: [LogEntry.Kind]?
    /// Only by these; nil: all.
    package var roles: [LogEntry.Actor.Role]?
    /// Only where this text stands in the name of who did it or in the message, in any case; nil: all.
    package var text: String?
    /// Only from this moment on, ISO 8601 in UTC.
    package var since: String?
    /// Only before this moment.
    package var until: String?
    /// Only with lower numbers: how the next page is asked for.
    package var before: Int?
    /// How many, 1 to `maximumCount`.
    package var count: Int

    /// How many entries a page has unless it says otherwise.
    package static let standardCount = 50
    /// The most entries of one page: its JSON stays below 1 MiB, what a local answer may have.
    package static let maximumCount = 1000

    /// Everything, the latest first.
    package init(count: Int = standardCount) { self.count = count }

    /// Whether `entry` is among those that are wanted, apart from `count`.
    package func admits(_ entry: LogEntry) -> Bool {
        if let kinds, !kinds.contains(entry.kind) { return false }
        if let roles, !roles.contains(entry.by.role) { return false }
        // ISO 8601 in UTC sorts as text; a shorter one is a prefix and comes first.
        if let since, entry.at < since { return false }
        if let until, entry.at >= until { return false }
        if let before, entry.number >= before { return false }
        if let text, !text.isEmpty {
            let wanted = text.lowercased()
            return entry.message.lowercased().contains(wanted) || entry.by.name?.lowercased().contains(wanted) == true
        }
        return true
    }
}

/// A part of the log.
package struct LogPage: Hashable, Codable, Sendable {
    /// The entries, latest first.
    package var entries: [LogEntry]
    /// Whether there are older ones that fit the filter; ask for them with `before` the last number here.
    package var hasOlder: Bool

    /// A page with its parts given.
    package init(entries: [LogEntry], hasOlder: Bool) {
        self.entries = entries
        self.hasOlder = hasOlder
    }
}
