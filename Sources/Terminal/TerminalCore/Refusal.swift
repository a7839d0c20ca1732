package import SSHKeys

/// Why a command was refused: a name for programs, values, and the sentence that they make.
package struct Refusal: Error, Hashable, Codable, Sendable {
    /// A name for programs, the same for ever.
    package let code: Code
    /// What goes into the gaps of the code's words; safe on a screen.
    package let values: [String: String]
    /// What stands in the gap `reason`, where that is a message of its own.
    package let cause: Cause?

    /// One line, without a full stop, safe on a screen; says what to do where something can be done.
    package var message: String { code.filled(values) }

    /// A refusal with its parts given; `values` has one for each of `code.valueNames`.
    package init(_ code: Code, _ values: [String: String] = [:], because cause: Cause? = nil) {
        var values = values
        if let cause { values["reason"] = cause.sentence }
        assert(code.valueNames.allSatisfy { values[$0] != nil }, "\(code) needs \(code.valueNames)")
        self.code = code
        self.values = values
        self.cause = cause
    }

    private enum CodingKeys: CodingKey { case code, values, cause, message }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        code = try fields.decode(Code.self, forKey: .code)
        values = try fields.decode([String: String].self, forKey: .values)
        cause = try fields.decodeIfPresent(Cause.self, forKey: .cause)
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(code, forKey: .code)
        try fields.encode(values, forKey: .values)
        try fields.encodeIfPresent(cause, forKey: .cause)
        try fields.encode(message, forKey: .message)
    }
}

extension Refusal {
    /// Everything that can be refused.
    package enum Code: String, MessageCode {
        // What a person typed.
        case loginUserName = "login-user-name"
        case accessLevel = "access-level"
        case relayAddress = "relay-address"
        case relayPorts = "relay-ports"
        case relayUser = "relay-user"
        case listeningPort = "listening-port"
        case fingerprint
        case proxyAddress = "proxy-address"
        case proxyCredentials = "proxy-credentials"
        case limitTooLong = "limit-too-long"
        case limitTooShort = "limit-too-short"
        case requestLine = "request-line"
        // One line of public keys.
        case keysMissing = "keys-missing"
        case keyPrivate = "key-private"
        case keyForeign = "key-foreign"
        case keyBroken = "key-broken"
        case keyTooLong = "key-too-long"
        case keyOptions = "key-options"
        case keyCertificate = "key-certificate"
        case keyUnsupported = "key-unsupported"
        case keyWeak = "key-weak"
        case tooManyKeys = "too-many-keys"
        // Login users.
        case loginUserExists = "login-user-exists"
        case noSuchLoginUser = "no-such-login-user"
        case tooManyLoginUsers = "too-many-login-users"
        case accountExists = "account-exists"
        case accountReplaced = "account-replaced"
        case accountNotCreated = "account-not-created"
        case accountNotRemoved = "account-not-removed"
        case accountBusy = "account-busy"
        case notRoot = "not-root"
        case notRootAdministrator = "not-root-administrator"
        case noSudo = "no-sudo"
        case sudoRule = "sudo-rule"
        // The setting.
        case settingExists = "setting-exists"
        case noSetting = "no-setting"
        case relayNotReached = "relay-not-reached"
        case keyNotIssued = "key-not-issued"
        case keyUnreadable = "key-unreadable"
        // Switching.
        case noLoginUsers = "no-login-users"
        case off
        case noLimit = "no-limit"
        case noSuchLogin = "no-such-login"
        // Everything.
        case changedElsewhere = "changed-elsewhere"
        case store
        case storeUnreadable = "store-unreadable"
        case removedUntilRestart = "removed-until-restart"
        case broker
        case system
        case notUnderstood = "not-understood"
        case notAllowed = "not-allowed"

        /// What is said, see `MessageCode.english`.
        package var english: String {
            switch self {
            case .loginUserName: "{given} is not a login user name: {rule}"
            case .accessLevel: "access level {given}: it is standard or administrator"
            case .relayAddress: "{given} is not a relay address: {rule}"
            case .relayPorts:
                "{given} are no ports of a relay: up to {most} numbers from 1 to 65535, separated by commas, such as 22,443"
            case .relayUser: "the relay user {given} is not a user name: letters, digits, - _ and ., at most 64"
            case .listeningPort: "{given} is not a listening port: {rule}"
            case .fingerprint: "{given} is not a fingerprint: it is SHA256: and 43 characters, as support sent it"
            case .proxyAddress: "{given} is not a proxy: write http://HOST:PORT or socks5://HOST:PORT"
            case .proxyCredentials: "user name and password of a proxy have at most 255 bytes and no control characters{detail}"
            case .limitTooLong: "the longest limit is 30 days; for longer say --until-stopped"
            case .limitTooShort: "support ends in {length} already; to end it at once: towline-terminal stop"
            case .requestLine: "this is not a request line of support: {reason}"
            case .keysMissing: "an SSH login user needs a public key: paste the line of the .pub file (ssh-ed25519 AAAA… name)"
            case .keyPrivate, .keyForeign, .keyBroken, .keyTooLong, .keyOptions, .keyCertificate, .keyUnsupported, .keyWeak:
                "line {line}: {reason}"
            case .tooManyKeys: "an SSH login user has at most {most} public keys"
            case .loginUserExists:
                "SSH login user {name} already exists; see: towline-terminal login-user keys {name}, "
                    + "or change it: towline-terminal login-user change {name}"
            case .noSuchLoginUser: "there is no SSH login user {name}; see: towline-terminal login-user list"
            case .tooManyLoginUsers: "there are {most} SSH login users already, the most there can be; remove one first"
            case .accountExists:
                "this machine already has an account {name} that towline-terminal did not create, so it is left alone; "
                    + "choose another name"
            case .accountReplaced:
                "the account {name} was removed and made anew by somebody else, so it is left alone; choose another name"
            case .accountNotCreated: "the account {name} could not be created: {reason}"
            case .accountNotRemoved:
                "the account {name} can no longer log in but could not be removed; the next start tries again: {reason}"
            case .accountBusy:
                "the account {name} can no longer log in but could not be removed, because programs of it still run; "
                    + "the next start tries again"
            case .notRoot:
                "towline-terminal does not run as root here, so the only possible SSH login user is {own}, the account it runs as"
            case .notRootAdministrator: "towline-terminal does not run as root here, so it cannot give administrator access"
            case .noSudo:
                "administrator access needs sudo, which is not installed here; install it (apt install sudo) or use --access standard"
            case .sudoRule: "sudo does not accept the rule for {name}: {reason}"
            case .settingExists:
                "there is a remote support setting already ({relay}, listening port {port}); change it: towline-terminal settings change, "
                    + "or delete it first, which also deletes its key: towline-terminal settings delete"
            case .noSetting:
                "there is no remote support setting yet; create it: "
                    + "towline-terminal settings create --relay HOST --listening-port N --fingerprint SHA256:…"
            case .relayNotReached:
                "the relay's fingerprint is needed and could not be fetched: {reason}; "
                    + "give the one that support sent: --fingerprint SHA256:…"
            case .keyNotIssued: "the terminal key could not be made: {reason}"
            case .keyUnreadable:
                "the terminal key in {path} cannot be read ({reason}); delete the setting and create it again, which issues a new key"
            case .noLoginUsers:
                "nobody could log in: there is no SSH login user yet; add one: towline-terminal login-user add NAME --key FILE"
            case .off: "support is off; start it: towline-terminal start"
            case .noLimit: "support has no time limit: it stays on until you stop it (towline-terminal stop)"
            case .noSuchLogin: "there is no login {id}; see: towline-terminal sessions list"
            case .changedElsewhere: "{what} was changed elsewhere meanwhile; look at it again and repeat your change"
            case .store: "nothing was changed: {reason}"
            case .storeUnreadable: "{reason}"
            case .removedUntilRestart: "{name} is removed, but only until the next start: {reason}"
            case .broker: "the account broker refused: {reason}"
            case .system: "the system refused: {reason}"
            case .notUnderstood: "this is no command of this version: is an older towline-terminal still running?"
            case .notAllowed: "this is not allowed here"
            }
        }

        /// Which field of a form it is about, where it is about one.
        package var field: FormField? {
            switch self {
            case .loginUserName, .loginUserExists, .accountExists, .accountReplaced, .notRoot: .name
            case .accessLevel, .notRootAdministrator, .noSudo: .access
            case .keysMissing, .keyPrivate, .keyForeign, .keyBroken, .keyTooLong, .keyOptions, .keyCertificate,
                .keyUnsupported, .keyWeak, .tooManyKeys:
                .keys
            case .relayAddress: .relay
            case .relayPorts: .relayPorts
            case .relayUser: .user
            case .listeningPort: .listeningPort
            case .fingerprint, .relayNotReached: .fingerprint
            case .proxyAddress: .proxy
            case .proxyCredentials: .proxyUser
            case .limitTooLong, .limitTooShort: .limit
            case .requestLine: .request
            default: nil
            }
        }
    }

    /// A field of one of the forms that the customer fills in.
    package enum FormField: String, CaseIterable, Sendable {
        case name, access, keys, relay, relayPorts, listeningPort, user, fingerprint, proxy, proxyUser, limit, request
    }

    /// A line of public keys that is none, by its number and the reason.
    package init(_ error: AuthorizedKeyFileError) {
        let code: Code =
            switch error.error {
            case .empty: .keysMissing
            case .privateKey, .puttyFile: .keyPrivate
            case .ssh2File, .foreign: .keyForeign
            case .noType, .severalLines, .controlCharacter, .noKey, .notBase64, .typeMismatch: .keyBroken
            case .tooManyKeys: .tooManyKeys
            case .tooLong: .keyTooLong
            case .options: .keyOptions
            case .certificate: .keyCertificate
            case .key(.damaged): .keyBroken
            case .key(.unsupportedType): .keyUnsupported
            case .key(.rsaSize): .keyWeak
            }
        self.init(code, ["line": "\(error.line)", "reason": error.error.description, "most": "\(LoginUser.maximumKeys)"])
    }
}
