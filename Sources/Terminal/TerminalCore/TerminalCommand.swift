package import Support

/// Everything that can be asked of a running terminal: by the command line through its Unix socket, and by the console.
package enum TerminalCommand: Hashable, Codable, Sendable {
    /// Where things stand. Answered with `.status`.
    case status
    /// The login users. Answered with `.loginUsers`.
    case loginUsers
    /// A new login user. Answered with `.loginUsers` of this one.
    case addLoginUser(LoginUser)
    /// One login user leaves, with account, home folder and running logins. Answered with `.done`.
    case removeLoginUser(LoginName)
    /// The setting. Answered with `.setting`.
    case setting
    /// Creates the setting and issues the terminal key. Answered with `.setting`, or with `.unconfirmed` where no fingerprint was given.
    case createSetting(relay: RelayAddress, listeningPort: ListeningPort, fingerprint: String?, user: String?)
    /// Deletes the setting and its key. Answered with `.done`.
    case deleteSetting
    /// The issued key. Answered with `.key`.
    case key
    /// Switches support on. Answered with `.status`, before it has come anywhere.
    case start(SupportLimit)
    /// Gives support more time. Answered with `.status`.
    case extend(Duration)
    /// Switches support off and ends all logins; answered with `.status` when they have ended.
    case stop
    /// Tries the way to the relay once, without switching support on. Answered with `.test` when it is over, 30 s at most.
    case test
}

/// What a running terminal answers.
package enum TerminalReply: Hashable, Codable, Sendable {
    /// See `TerminalCommand.status`.
    case status(TerminalStatus)
    /// Login users, in the order of their names.
    case loginUsers([LoginUserReport])
    /// The setting; nil if there is none.
    case setting(SettingReport?)
    /// The relay's fingerprint as it was seen, for the customer to compare; nothing was saved.
    case unconfirmed(fingerprint: String)
    /// The issued key.
    case key(KeyReport)
    /// How far the way to the relay went.
    case test(TestReport)
    /// It is done, in words.
    case done(String)
    /// It was refused, or failed, and nothing changed unless the words say so.
    case refused(Refusal)
}

/// Why a command was refused: a name for programs and a sentence for people.
package struct Refusal: Error, Hashable, Codable, Sendable {
    /// A name for programs, such as `login-user-exists`.
    package let code: String
    /// One line, without a full stop, safe on a screen; says what to do where something can be done.
    package let message: String

    /// A refusal with its parts given.
    package init(_ code: String, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// Where remote support stands, for people and programs.
package struct TerminalStatus: Hashable, Codable, Sendable {
    /// The states of issue 2 §4, as one word each.
    package enum State: String, Codable, Sendable {
        case off, resolving, connecting, checkingRelay, authenticating, requestingPort, waiting, inUse, retrying, stopped
    }

    /// Who is logged in.
    package struct Login: Hashable, Codable, Sendable {
        /// The login user.
        package var user: String
        /// Whose key it was: the comment of the key, if it is one of ours.
        package var who: String?
        /// The fingerprint of that key.
        package var fingerprint: String
        /// Since when, ISO 8601, by this machine's clock.
        package var since: String

        /// A login with its parts given.
        package init(user: String, who: String?, fingerprint: String, since: String) {
            self.user = user
            self.who = who
            self.fingerprint = fingerprint
            self.since = since
        }
    }

    /// What went wrong last.
    package struct Failure: Hashable, Codable, Sendable {
        /// A name for programs, see `TunnelFailure.code`.
        package var code: String
        /// The stage that failed.
        package var stage: ConnectionStage
        /// What happened.
        package var message: String
        /// What to do.
        package var advice: String

        /// The report of `failure`.
        package init(_ failure: TunnelFailure) {
            code = failure.code
            stage = failure.stage
            message = failure.sentence
            advice = failure.advice
        }
    }

    /// Something that happened since support was started; the list of these is what `start` prints.
    package struct Event: Hashable, Codable, Sendable {
        /// 1, 2, 3 … since the program runs, never repeated.
        package var number: Int
        /// When, ISO 8601, by this machine's clock.
        package var at: String
        /// One line for people.
        package var text: String
        /// Whether it is a failure.
        package var isFailure: Bool

        /// An event with its parts given.
        package init(number: Int, at: String, text: String, isFailure: Bool) {
            self.number = number
            self.at = at
            self.text = text
            self.isFailure = isFailure
        }
    }

    /// The state.
    package var state: State
    /// Why support is off, when it is.
    package var offReason: OffReason?
    /// The relay as it is set, if it is.
    package var relay: String?
    /// The listening port as it is set, if it is.
    package var listeningPort: UInt16?
    /// What went wrong last, until the tunnel stands.
    package var failure: Failure?
    /// Seconds until the next try, when retrying.
    package var retryInSeconds: Int?
    /// Seconds until support ends by itself; nil when off or until stopped.
    package var endsInSeconds: Int?
    /// Seconds since the tunnel stands.
    package var waitingForSeconds: Int?
    /// Who is logged in.
    package var logins: [Login]
    /// The latest events, oldest first, at most 64.
    package var events: [Event]
    /// The account that this daemon runs logins as when it is not root: the only login user there can be. Nil as root.
    package var onlyLoginUser: String?

    /// A status with only its state.
    package init(state: State) {
        self.state = state
        logins = []
        events = []
    }
}

/// One login user, for people and programs.
package struct LoginUserReport: Hashable, Codable, Sendable {
    /// One key of a login user.
    package struct Key: Hashable, Codable, Sendable {
        /// Its algorithm, such as `ssh-ed25519`.
        package var algorithm: String
        /// Its fingerprint.
        package var fingerprint: String
        /// Whose it is.
        package var comment: String

        /// A key with its parts given.
        package init(algorithm: String, fingerprint: String, comment: String) {
            self.algorithm = algorithm
            self.fingerprint = fingerprint
            self.comment = comment
        }
    }

    /// The account's name.
    package var name: String
    /// What it may do.
    package var access: AccessLevel
    /// Its keys.
    package var keys: [Key]

    /// A report with its parts given.
    package init(name: String, access: AccessLevel, keys: [Key]) {
        self.name = name
        self.access = access
        self.keys = keys
    }
}

/// The setting, for people and programs.
package struct SettingReport: Hashable, Codable, Sendable {
    /// The relay.
    package var relay: String
    /// The listening port.
    package var listeningPort: UInt16
    /// The user name told to the relay.
    package var user: String
    /// The confirmed fingerprint of the relay's host key.
    package var fingerprint: String
    /// Whether the relay has shown a key with that fingerprint already.
    package var isPinned: Bool
    /// The issued key.
    package var key: KeyReport

    /// A report with its parts given.
    package init(relay: String, listeningPort: UInt16, user: String, fingerprint: String, isPinned: Bool, key: KeyReport) {
        self.relay = relay
        self.listeningPort = listeningPort
        self.user = user
        self.fingerprint = fingerprint
        self.isPinned = isPinned
        self.key = key
    }
}

/// The issued terminal key, for people and programs.
package struct KeyReport: Hashable, Codable, Sendable {
    /// The public half, one line in `authorized_keys` form.
    package var publicKey: String
    /// Its fingerprint.
    package var fingerprint: String
    /// What an operator of a stock `sshd` relay puts into `authorized_keys`.
    package var stockRelayLine: String
    /// The fingerprint of this terminal's own host key: what the ssh of staff shows at their first login.
    package var hostKeyFingerprint: String?

    /// A report with its parts given.
    package init(publicKey: String, fingerprint: String, stockRelayLine: String, hostKeyFingerprint: String?) {
        self.publicKey = publicKey
        self.fingerprint = fingerprint
        self.stockRelayLine = stockRelayLine
        self.hostKeyFingerprint = hostKeyFingerprint
    }
}

/// How far a test went.
package struct TestReport: Hashable, Codable, Sendable {
    /// The stages that were reached, in order, in words.
    package var achievements: [String]
    /// What failed; nil if everything stood.
    package var failure: TerminalStatus.Failure?

    /// A report with its parts given.
    package init(achievements: [String], failure: TerminalStatus.Failure?) {
        self.achievements = achievements
        self.failure = failure
    }
}
