import Support

/// One login user, for people and programs.
package struct LoginUserReport: Hashable, Codable, Sendable {
    /// One key of a login user.
    package struct Key: Hashable, Codable, Sendable {
        /// Its algorithm, such as `ssh-ed25519`.
        package var algorithm: String
        /// How many bits it has.
        package var bits: Int
        /// Its fingerprint.
        package var fingerprint: String
        /// Whose it is.
        package var comment: String
        /// The whole line, as it can be typed again.
        package var line: String

        /// A key with its parts given.
        package init(algorithm: String, bits: Int, fingerprint: String, comment: String, line: String) {
            self.algorithm = algorithm
            self.bits = bits
            self.fingerprint = fingerprint
            self.comment = comment
            self.line = line
        }
    }

    /// The account's name.
    package var name: String
    /// What it may do.
    package var access: AccessLevel
    /// Its keys.
    package var keys: [Key]
    /// What it looks like now: given back with a change, so that nobody overwrites what another one saved meanwhile.
    package var revision: Revision

    /// A report with its parts given.
    package init(name: String, access: AccessLevel, keys: [Key], revision: Revision) {
        self.name = name
        self.access = access
        self.keys = keys
        self.revision = revision
    }
}

/// The setting, for people and programs.
package struct SettingReport: Hashable, Codable, Sendable {
    /// A proxy, without its password.
    package struct Proxy: Hashable, Codable, Sendable {
        /// `http://HOST:PORT` or `socks5://HOST:PORT`.
        package var address: String
        /// Who it is told we are.
        package var user: String?
        /// Whether a password is stored.
        package var hasPassword: Bool

        /// The report of `proxy`.
        package init(_ proxy: ProxySetting) {
            address = proxy.description
            user = proxy.user
            hasPassword = proxy.password != nil
        }
    }

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
    /// The proxy on the way, if there is one.
    package var proxy: Proxy?
    /// The issued key.
    package var key: KeyReport
    /// What it looks like now: given back with a change.
    package var revision: Revision

    /// The report of `setting`.
    package init(_ setting: RemoteSupportSetting, key: KeyReport) {
        relay = setting.relay.description
        listeningPort = setting.listeningPort.rawValue
        user = setting.user
        fingerprint = setting.fingerprint
        isPinned = setting.pinnedKey != nil
        proxy = setting.proxy.map(Proxy.init)
        self.key = key
        revision = setting.revision
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

/// What a request line of support says, and what it would do here.
package struct RequestReport: Hashable, Codable, Sendable {
    /// What becomes of a part of it.
    package enum Effect: String, Codable, CaseIterable, Sendable {
        /// It is created.
        case creates
        /// It is there as the request wants it.
        case unchanged
        /// It is there and gets the request's values.
        case changes
    }

    /// What support call this terminal.
    package var terminal: String
    /// Who of support asks.
    package var staff: String
    /// The login user.
    package var loginUser: LoginUserReport
    /// What becomes of the login user.
    package var loginUserEffect: Effect
    /// The relay.
    package var relay: String
    /// The fingerprint of its host key.
    package var relayFingerprint: String
    /// The listening port.
    package var listeningPort: UInt16
    /// What becomes of the setting.
    package var settingEffect: Effect
    /// Until when the request is good, ISO 8601 in UTC.
    package var expires: String
    /// Whether that moment has passed by this machine's clock, which may be wrong: the relay decides.
    package var isExpired: Bool
    /// Why it cannot be applied; nil if it can.
    package var obstacle: Refusal?
    /// The key that was issued, once it is applied.
    package var key: KeyReport?

    /// A report with its parts given.
    package init(
        terminal: String, staff: String, loginUser: LoginUserReport, loginUserEffect: Effect, relay: String, relayFingerprint: String,
        listeningPort: UInt16, settingEffect: Effect, expires: String, isExpired: Bool
    ) {
        self.terminal = terminal
        self.staff = staff
        self.loginUser = loginUser
        self.loginUserEffect = loginUserEffect
        self.relay = relay
        self.relayFingerprint = relayFingerprint
        self.listeningPort = listeningPort
        self.settingEffect = settingEffect
        self.expires = expires
        self.isExpired = isExpired
    }
}

/// How far a test went.
package struct TestReport: Hashable, Codable, Sendable {
    /// The stages that lie behind, in order.
    package var achieved: [ConnectionStage]
    /// What failed; nil if everything stood.
    package var failure: TerminalStatus.Failure?

    /// A report with its parts given.
    package init(achieved: [ConnectionStage], failure: TerminalStatus.Failure?) {
        self.achieved = achieved
        self.failure = failure
    }
}
