import Support

/// Where remote support stands, for people and programs.
package struct TerminalStatus: Hashable, Codable, Sendable {
    /// How things stand, in one word.
    package enum State: String, MessageCode {
        case off, resolving, connecting, checkingRelay, authenticating, requestingPort, waiting, inUse
        /// The last try failed; the next one comes by itself.
        case retrying
        /// The last try met something else than the relay; the next one comes by itself. N04
        case blocked
        /// The relay has the key and staff have to approve it; this terminal asks again by itself.
        case awaitingApproval
        /// No other try can mend what went wrong: somebody has to decide.
        case stopped

        /// The one line that says how things stand; unlike other messages with its full stop.
        package var english: String {
            switch self {
            case .off: "Remote support is off. Nobody can reach this terminal."
            case .resolving, .connecting, .checkingRelay, .authenticating, .requestingPort: "Remote support is on: \(stageTitle)."
            case .waiting: "Remote support is on: \(ConnectionStage.waiting.title). Nobody is logged in."
            case .inUse: "Remote support is on: in use by {who}."
            case .retrying: "Remote support is on, but not connected: {failure}."
            case .blocked: "Remote support is on, but the network blocks it: {failure}."
            case .awaitingApproval: "Remote support is on: support have this terminal's key and have to approve it."
            case .stopped: "Remote support has stopped trying: {failure}."
            }
        }

        private var stageTitle: String { ConnectionStage(rawValue: rawValue)?.title ?? rawValue }
    }

    /// Who is logged in.
    package struct Login: Hashable, Codable, Sendable {
        /// What can be seen of a session.
        package enum Session: String, Codable, CaseIterable, Sendable {
            /// A prompt.
            case shell
            /// One command.
            case command
            /// File transfer, also scp's.
            case sftp
        }

        /// Its number, for `TerminalCommand.endLogin`; not repeated while the service runs.
        package var id: UInt64
        /// The login user.
        package var user: String
        /// Whose key it was: the comment of the key, if it is one of ours.
        package var who: String?
        /// The fingerprint of that key.
        package var fingerprint: String
        /// Where they come from as the relay says, an IP address such as `198.51.100.7`; nil if it does not say.
        package var from: String?
        /// Since when, ISO 8601, by this machine's clock.
        package var since: String
        /// For how long.
        package var openForSeconds: Int
        /// What was opened in it so far, each kind once, in order.
        package var sessions: [Session]

        /// What to call whoever is logged in; safe on a screen.
        package var name: String { Printable.escaped(who ?? fingerprint) }

        /// A login with its parts given.
        package init(id: UInt64, user: String, who: String?, fingerprint: String, from: String?, since: String) {
            self.id = id
            self.user = user
            self.who = who
            self.fingerprint = fingerprint
            self.from = from
            self.since = since
            openForSeconds = 0
            sessions = []
        }
    }

    /// What went wrong last.
    package struct Failure: Hashable, Codable, Sendable {
        /// A name for programs.
        package var code: TunnelFailure.Code
        /// What goes into the gaps of the code's words; safe on a screen.
        package var values: [String: String]
        /// The stage that failed.
        package var stage: ConnectionStage
        /// What happened.
        package var message: String
        /// What to do.
        package var advice: String

        /// Whether it is on the way that was agreed: staff have not approved the terminal key yet.
        package var isExpected: Bool { code == .awaitingApproval }

        /// The report of `failure`.
        package init(_ failure: TunnelFailure) {
            code = failure.code
            values = failure.values
            stage = failure.stage
            message = failure.sentence
            advice = failure.advice
        }
    }

    /// A part of the setting that can be changed.
    package enum SettingField: String, Codable, CaseIterable, Sendable {
        case relay, listeningPort, user, fingerprint, proxy
    }

    /// The state.
    package var state: State
    /// Why support is off, when it is.
    package var offReason: OffReason?
    /// The relay as it is set, if it is.
    package var relay: String?
    /// The listening port as it is set, if it is.
    package var listeningPort: UInt16?
    /// What is saved but not in effect, because support runs with what was set before: a restart is needed. Mostly empty.
    package var pendingChanges: [SettingField]
    /// Whether support that is on comes on again with the service.
    package var autoStart: Bool
    /// Whether the relay of the setting has accepted the terminal key at least once.
    package var isKeyAccepted: Bool
    /// What went wrong last, until the tunnel stands.
    package var failure: Failure?
    /// Seconds until the next try, when retrying.
    package var retryInSeconds: Int?
    /// Seconds until support ends by itself; nil when off or until stopped.
    package var endsInSeconds: Int?
    /// Seconds since the tunnel stands.
    package var waitingForSeconds: Int?
    /// The fingerprint of this terminal's host key while the relay knows another one and staff have not accepted this one; mostly nil.
    package var unconfirmedHostKey: String?
    /// Who is logged in.
    package var logins: [Login]
    /// How many login users there are.
    package var loginUserCount: Int
    /// The latest events, oldest first, at most 64; also those that the log does not keep.
    package var events: [LogEntry]
    /// The account that this daemon runs logins as when it is not root: the only login user there can be. Nil as root.
    package var onlyLoginUser: String?

    /// A status with only its state.
    package init(state: State) {
        self.state = state
        pendingChanges = []
        autoStart = false
        isKeyAccepted = false
        logins = []
        loginUserCount = 0
        events = []
    }

    /// What goes into the gaps of the state's words; safe on a screen.
    package var values: [String: String] {
        [
            "who": logins.map(\.name).joined(separator: ", "), "failure": failure?.message ?? "the last try failed",
        ]
    }
}
