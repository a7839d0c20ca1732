package import RelayCore
import SSHCrypto
import SSHKeys
package import Support

extension RelayCommandError {
    /// The exit status that stands for it.
    package var status: ExitStatus {
        switch self {
        case .usage, .badValue, .keyFromFileOverSSH, .localOnly: .usage
        case .badKey, .keyMissing, .ledger, .refused, .notAllowed, .noSuchSession: .refused
        case .notRunning: .notRunning
        }
    }

    /// One line that says what is wrong with which value and, where there is one, the command that helps.
    /// - Parameter program: how the reader calls commands: `towline-relay`, or `ssh …` over ssh.
    package func sentence(program: String) -> String {
        switch self {
        case .usage(let error): error.description
        case .badValue(let sentence), .badKey(let sentence): sentence
        case .keyMissing(let command):
            "\(command) needs a public key: give --key FILE, or send it on standard input: \(program) \(command) … < key.pub"
        case .keyFromFileOverSSH(let command):
            "over ssh a key comes from standard input: \(program) \(command) … < key.pub"
        case .ledger(let error, let change): error.sentence(program: program, change: change)
        case .refused(let refusal): refusal.sentence
        case .notAllowed(let command): "\(command) is for admins; see: \(program) help"
        case .notRunning(let command): "\(command): the relay is not running; start it with: towline-relay serve"
        case .noSuchSession(let bridge): "there is no open session \(bridge); see: \(program) sessions"
        case .localOnly(let command): "\(command) is a command of towline-relay on the relay itself"
        }
    }
}

extension LedgerError {
    /// The same for what the ledger refuses.
    /// - Parameter change: what was wanted, where that makes a better hint.
    package func sentence(program: String, change: RegistryChange? = nil) -> String {
        switch self {
        case .terminalExists(let name):
            if case .addTerminal(_, _, .some) = change {
                "terminal \"\(name)\" already exists; to give it this key: \(program) approve \(name) --key FILE|-"
            } else {
                "terminal \"\(name)\" already exists; see: \(program) terminal show \(name)"
            }
        case .noTerminal(let name): "there is no terminal \"\(name)\"; see: \(program) terminal list"
        case .staffExists(let name): "staff \"\(name)\" already exists; see: \(program) staff list"
        case .noStaff(let name): "there is no staff \"\(name)\"; see: \(program) staff list"
        case .portTaken(let port, let holder):
            "listening port \(port) belongs to terminal \"\(holder)\"; without --listening-port a free one is chosen"
        case .portsExhausted:
            "no listening port from \(RegistryLimits.allocatedPorts.lowerBound) to \(RegistryLimits.allocatedPorts.upperBound) is free; "
                + "choose one with --listening-port, or remove terminals"
        case .keyTaken(let key, let holder):
            "key \(key.fingerprint) already belongs to \(holder.words); each terminal and each member of staff needs their own"
        case .tooManyKeys(let count):
            "\(count) keys for one member of staff: at most \(RegistryLimits.keysPerStaff)"
        case .noKeys: "there is no public key in what was given"
        case .noGrant(let staff, let terminal): "staff \"\(staff)\" has no grant for terminal \"\(terminal)\"; see: \(program) staff list"
        case .missing(let path):
            "there is no store at \(Printable.escaped(path)); create one with: towline-relay init --data-dir DIR --hostname FQDN"
        case .exists(let path): "there is a store at \(Printable.escaped(path)) already; nothing was changed"
        case .damaged(let path, let detail):
            "the store \(Printable.escaped(path)) is damaged: \(Printable.escaped(detail)); nothing was changed: put back a copy "
                + "(\(Printable.escaped(path)).last-good is the one of the last good start), or rescue its rows with: sqlite3 … .recover"
        case .tooNew(let path, let version, let known):
            "the store \(Printable.escaped(path)) was written by a newer towline-relay (schema \(version), this one knows \(known)); "
                + "nothing was changed: install that version again, or put back a copy from before"
        case .unavailable(let detail): "the store cannot be used now: \(Printable.escaped(detail)); nothing was changed"
        }
    }
}

extension KeyHolder {
    /// `terminal "shop-42"` or `staff "alice"`.
    var words: String {
        switch self {
        case .terminal(let name): "terminal \"\(name)\""
        case .staff(let name): "staff \"\(name)\""
        }
    }
}

extension RelayCommand {
    /// The words that call it, for messages.
    package var name: String {
        switch self {
        case .change(let change): change.command
        case .listTerminals: "terminal list"
        case .showTerminal: "terminal show"
        case .listStaff: "staff list"
        case .sessions: "sessions"
        case .endSession: "sessions end"
        case .audit: "audit"
        case .verifyAudit: "audit verify"
        case .whoAmI: "whoami"
        }
    }
}

extension RegistryChange {
    /// The words that call it.
    var command: String {
        switch self {
        case .addTerminal: "terminal add"
        case .approve: "approve"
        case .setTerminalEnabled(_, let isEnabled): isEnabled ? "terminal enable" : "terminal disable"
        case .removeTerminal: "terminal remove"
        case .addStaff: "staff add"
        case .setStaffEnabled(_, let isEnabled): isEnabled ? "staff enable" : "staff disable"
        case .removeStaff: "staff remove"
        case .grant: "grant"
        case .revoke: "revoke"
        }
    }
}
