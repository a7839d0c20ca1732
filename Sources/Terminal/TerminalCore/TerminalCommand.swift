package import Support

/// Everything that can be asked of a running terminal: by the command line through its Unix socket, and by the console.
package enum TerminalCommand: Hashable, Codable, Sendable {
    /// Where things stand. Answered with `.status`.
    case status

    /// The login users. Answered with `.loginUsers`.
    case loginUsers
    /// A new login user. Answered with `.loginUsers` of this one.
    case addLoginUser(LoginUserForm)
    /// Other keys or another access level for a login user; running logins with keys that are gone end at once. With a revision, refused
    /// (`changed-elsewhere`) if the login user is not what it was then. Answered with `.loginUsers` of this one.
    case changeLoginUser(LoginUserForm, revision: Revision?)
    /// One login user leaves, with account, home folder and running logins. Answered with `.done`.
    case removeLoginUser(LoginName)

    /// The setting. Answered with `.setting`.
    case setting
    /// Creates the setting and issues the terminal key. Answered with `.setting`, or with `.unconfirmed` where no fingerprint was given.
    case createSetting(SettingForm)
    /// Changes the setting; the key stays. While support is on, the change takes effect at the next start or with `restart`: until then
    /// `TerminalStatus.pendingChanges` names what differs. With a revision, refused (`changed-elsewhere`) if it is not what it was then.
    /// Answered with `.setting`, or with `.unconfirmed` where the form takes the fingerprint away.
    case changeSetting(SettingForm, revision: Revision?)
    /// Deletes the setting and its key; support goes off. Answered with `.done`.
    case deleteSetting
    /// Asks the relay of the form (over what is set) for its fingerprint. Saves nothing. Answered with `.unconfirmed`.
    case relayFingerprint(SettingForm)
    /// The issued key. Answered with `.key`.
    case key
    /// What a request line of support would create. Answered with `.request`; nothing is changed.
    case previewRequest(String)
    /// Does what a request line says: login user and setting. Answered with `.request`.
    case applyRequest(String)

    /// Switches support on; what is on gets this limit from now. Answered with `.status`, before it has come anywhere.
    case start(SupportLimit)
    /// Gives support more time, counted from the end that is set. Answered with `.status`.
    case extend(Duration)
    /// Takes time away, counted from the end that is set. Answered with `.status`.
    case shorten(Duration)
    /// Sets the limit anew, from now. Refused when support is off. Answered with `.status`.
    case setLimit(SupportLimit)
    /// Switches support off and ends all logins; answered with `.status` when they have ended.
    case stop
    /// Connects anew with the setting as it is saved. The limit stays. Logins that are open lose their connection; what staff left running
    /// in the background goes on. Answered with `.status`, before it has come anywhere.
    case restart
    /// Whether support that was on when the service ended comes on again with it, as long as its limit allows. Answered with `.status`.
    case setAutoStart(Bool)
    /// Ends one login, by its number in the status, with everything that runs in it. Answered with `.status` when it has ended.
    case endLogin(UInt64)
    /// Tries the way to the relay once, without switching support on. Answered with `.test` when it is over, 30 s at most for each of the
    /// relay's ports.
    case test

    /// A part of the log. Answered with `.log`.
    case log(LogFilter)
    /// Puts something of the console's into the log; only codes of the kind `console`. Answered with `.done`.
    case note(LogEntry.Code, values: [String: String])
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
    /// What a request line says.
    case request(RequestReport)
    /// How far the way to the relay went.
    case test(TestReport)
    /// A part of the log.
    case log(LogPage)
    /// It is done, in words.
    case done(String)
    /// It was refused, or failed, and nothing changed unless the words say so.
    case refused(Refusal)
}
