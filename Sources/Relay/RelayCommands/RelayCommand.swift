package import RelayCore
package import SSHKeys
package import Support

/// A command to the relay as a value: what a line of text, and later a page of the console, asks for.
package enum RelayCommand: Hashable, Sendable {
    /// A change of the registry.
    case change(RegistryChange)
    /// `request new`.
    case newRequest(RequestWish)
    /// `request list`: those that are not over; of support staff only their own.
    case listRequests
    /// `approve` without a key: what waits for approval, and how to approve it.
    case showWaiting(TerminalName)
    /// `terminal list`, and `terminals` over ssh: those that the caller may reach.
    case listTerminals(TerminalFilter)
    /// `terminal show`.
    case showTerminal(TerminalName)
    /// `wait`: until the terminal is online, at most so long.
    case wait(TerminalName, SupportDuration)
    /// `host-keys`: of one terminal, or of all that the caller may reach.
    case hostKeys(TerminalName?, asKnownHosts: Bool)
    /// `host-keys accept` without saying which: what would be accepted, and how to accept it.
    case showChangedHostKeys(TerminalName)
    /// `report`: a terminal tells about itself.
    case report(TerminalReport)
    /// `staff list`.
    case listStaff
    /// `group list`.
    case listGroups
    /// `sessions`: the open bridges; with `past`, the newest past ones too.
    case sessions(past: Bool)
    /// `history`: when a terminal was online, and who was on it; without `since` the newest periods.
    case history(TerminalName, since: WallTime?)
    /// `events`: what happened, and with `isFollowing` what happens.
    case events(EventsWish)
    /// `end`.
    case endSession(SessionID)
    /// `audit`: the newest `last` entries, none older than `since`.
    case audit(last: Int, since: WallTime?)
    /// `audit export`: entries behind `after`, and none older than `since`.
    case exportAudit(after: Int64, since: WallTime?)
    /// `audit verify`.
    case verifyAudit
    /// `relay-key`: what the relay's host keys are, or a step from one to another; `isForced`: although some would be shut out.
    case relayKey(RelayKeyStep?, isForced: Bool)
    /// `whoami`.
    case whoAmI
    /// No words at all, over ssh: who one is, who waits, what is online.
    case overview
}

/// Which terminals `terminals` lists.
package struct TerminalFilter: Hashable, Sendable {
    /// Those only that hold their tunnel.
    package let isOnlineOnly: Bool
    /// Those only with this tag.
    package let tag: TerminalTag?

    /// A filter; without arguments it lets all through.
    package init(isOnlineOnly: Bool = false, tag: TerminalTag? = nil) {
        self.isOnlineOnly = isOnlineOnly
        self.tag = tag
    }
}

/// What `request new` is asked for, before there is a code.
package struct RequestWish: Hashable, Sendable {
    /// For which terminal.
    package let terminal: TerminalName
    /// The login user that the customer is to create.
    package let login: LoginName
    /// Whose keys go on the sheet; `nil`: the caller's.
    package let staff: StaffName?
    /// What it is for; one printable line.
    package let purpose: String
    /// From when on the code is not taken.
    package let expiresAt: WallTime
    /// Whether the first key that comes with the code needs no approval.
    package let approvesItself: Bool
    /// The language of the sheet.
    package let language: SheetLanguage

    /// A wish from its parts.
    package init(
        terminal: TerminalName, login: LoginName, staff: StaffName?, purpose: String, expiresAt: WallTime, approvesItself: Bool,
        language: SheetLanguage
    ) {
        self.terminal = terminal
        self.login = login
        self.staff = staff
        self.purpose = purpose
        self.expiresAt = expiresAt
        self.approvesItself = approvesItself
        self.language = language
    }
}

/// What a command found or did, before it is text or JSON.
package enum RelayReply: Hashable, Sendable {
    /// A change was done; the terminal as it is now, where the change was about one, and the key that it had before, if that was another one.
    case changed(RegistryChange, TerminalView?, replaced: KeyView?)
    /// All that were asked for, by name, and what was asked for.
    case terminals([TerminalView], TerminalFilter)
    /// One terminal and what to hand out for it.
    case terminal(TerminalView, TerminalSheet)
    /// A request was made: what to send to the customer.
    case request(RequestView)
    /// Requests that are not over, the oldest first.
    case requests([OpenRequestView])
    /// A key that waits for approval.
    case waiting(OpenRequestView)
    /// The terminal came online, or was.
    case online(TerminalView)
    /// Host keys, by terminal.
    case hostKeys([HostKeysView], asKnownHosts: Bool)
    /// Changed host keys that wait to be accepted.
    case changedHostKeys(HostKeysView)
    /// A terminal's report was taken.
    case reported(TerminalReport.Outcome)
    /// All, by name.
    case staff([StaffView])
    /// All, by name.
    case groups([GroupView])
    /// Open ones first.
    case sessions([SessionView])
    /// When a terminal was online, and who was on it.
    case history(HistoryView)
    /// What happened, oldest first.
    case events(EventsPage)
    /// A bridge was ended.
    case sessionEnded(SessionID)
    /// Oldest first.
    case audit([AuditView])
    /// Oldest first; whether there are more behind them.
    case auditExport([AuditView], hasMore: Bool)
    /// What following the chain found.
    case auditVerdict(AuditVerdict)
    /// The relay's own host keys, after a step if one was taken.
    case relayKeys(RelayKeysView, after: RelayKeyStep?)
    /// Who the caller is.
    case identity(IdentityView)
    /// What a member of staff sees first.
    case overview(OverviewView)
}

/// Why a command was not done.
package enum RelayCommandError: Error, Hashable, Sendable {
    /// The words make no command.
    case usage(UsageError)
    /// A word of the command is not what it has to be; the sentence says which and why.
    case badValue(String)
    /// The key that was given is none, or not one that is taken here; the sentence says why.
    case badKey(String)
    /// The command needs a key and nothing was given.
    case keyMissing(command: String)
    /// Over ssh a key comes from standard input only.
    case keyFromFileOverSSH(command: String)
    /// The ledger refused it.
    case ledger(LedgerError, RegistryChange?)
    /// The caller may not reach this terminal, or there is none.
    case refused(Refusal)
    /// The caller may not give this command.
    case notAllowed(command: String)
    /// Somebody else's request, or none, stands behind a key that would replace another one: an admin's business.
    case replacingIsForAdmins(TerminalName)
    /// The request was made by somebody else.
    case cancellingIsForAdmins(TerminalName, madeBy: String)
    /// The operator did not say whose keys go on the sheet.
    case staffMissing
    /// Support staff asked for a terminal whose name others have.
    case nameNotFree(TerminalName)
    /// The terminal did not come online in time; and what it lacks, if that is why.
    case notOnline(TerminalName, after: SupportDuration, lacks: Lack?)
    /// What keeps a terminal from coming.
    package enum Lack: Hashable, Sendable {
        /// It has no key yet.
        case key
        /// A key of it waits for approval.
        case approval
    }

    /// The client went while the command waited: nobody reads this.
    case abandoned
    /// The relay is about to end while somebody follows its events; where to go on.
    case followingEnds(after: Int64)
    /// The command asks the running relay, and none runs.
    case notRunning(command: String)
    /// There is a second host key of the relay already.
    case relayKeyPrepared(Fingerprint)
    /// There is no second host key of the relay.
    case noSecondRelayKey
    /// These would be shut out, because they were not told of this host key.
    case relayKeyUnknown(Fingerprint, to: [String])
    /// The host keys could not be kept.
    case relayKeyNotKept(RelayKeyError)
    /// There is no open session of this number.
    case noSuchSession(SessionID)
    /// The command is one of the program on the relay itself: `init`, `serve`.
    case localOnly(command: String)
}
