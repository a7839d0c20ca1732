package import RelayCore
import SSHKeys
package import Support

/// A command to the relay as a value: what a line of text, and later a page of the console, asks for.
package enum RelayCommand: Hashable, Sendable {
    /// A change of the registry.
    case change(RegistryChange)
    /// `terminal list`, and `terminals` over ssh: those that the caller may reach.
    case listTerminals
    /// `terminal show`.
    case showTerminal(TerminalName)
    /// `staff list`.
    case listStaff
    /// `sessions`: the open bridges; with `past`, the newest past ones too.
    case sessions(past: Bool)
    /// `sessions end`.
    case endSession(BridgeID)
    /// `audit`: the newest `last` entries.
    case audit(last: Int)
    /// `audit verify`.
    case verifyAudit
    /// `whoami`.
    case whoAmI
}

/// What a command found or did, before it is text or JSON.
package enum RelayReply: Hashable, Sendable {
    /// A change was done; the terminal as it is now, where the change was about one.
    case changed(RegistryChange, TerminalView?)
    /// All that were asked for, by name.
    case terminals([TerminalView])
    /// One terminal and what to hand out for it.
    case terminal(TerminalView, TerminalSheet)
    /// All, by name.
    case staff([StaffView])
    /// Open ones first.
    case sessions([SessionView])
    /// A bridge was ended.
    case sessionEnded(BridgeID)
    /// Oldest first.
    case audit([AuditView])
    /// What following the chain found.
    case auditVerdict(AuditVerdict)
    /// Who the caller is.
    case identity(IdentityView)
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
    /// The command asks the running relay, and none runs.
    case notRunning(command: String)
    /// There is no open session of this number.
    case noSuchSession(BridgeID)
    /// The command is one of the program on the relay itself: `init`, `serve`.
    case localOnly(command: String)
}
