package import RelayCore
import SSHCrypto
import SSHKeys
package import Support

extension RelayCommandError {
    /// The exit status that stands for it.
    package var status: ExitStatus {
        switch self {
        case .usage, .badValue, .keyFromFileOverSSH, .localOnly: .usage
        case .badKey, .keyMissing, .ledger, .refused, .notAllowed, .replacingIsForAdmins, .cancellingIsForAdmins, .noSuchSession,
            .staffMissing, .nameNotFree, .notOnline, .abandoned, .relayKeyPrepared, .noSecondRelayKey, .relayKeyUnknown, .relayKeyNotKept,
            .followingEnds:
            .refused
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
        case .replacingIsForAdmins(let name):
            "\(name) has a key, and replacing it is for admins; what comes of a request of your own is yours to approve: "
                + "\(program) request new \(name) --login NAME"
        case .cancellingIsForAdmins(let name, let owner):
            "the request for \(name) was made by \(Printable.escaped(owner)): cancelling it is for admins"
        case .staffMissing: "say whose public keys go on the sheet: --staff NAME; see: \(program) staff list"
        case .nameNotFree(let name):
            "the name \"\(name)\" is taken by a terminal that you may not reach: choose another one, or ask an admin for a grant"
        case .notOnline(let name, let time, nil): "\(name) did not connect within \(time)"
        case .notOnline(let name, let time, .key?):
            "\(name) did not connect within \(time): it has no key yet; when the customer has sent it: \(program) approve \(name) < key.pub"
        case .notOnline(let name, let time, .approval?):
            "\(name) did not connect within \(time): its key waits for your approval; see: \(program) approve \(name)"
        case .abandoned: "nobody waits any more"
        case .followingEnds(let number):
            "the relay is about to restart; in a moment this goes on without a gap: \(program) events --follow --after \(number)"
        case .notRunning(let command): "\(command): the relay is not running; start it with: towline-relay serve"
        case .noSuchSession(let session): "there is no open session \(session); see: \(program) sessions"
        case .relayKeyPrepared(let key): "there is a second host key already, \(key); see: \(program) relay-key"
        case .noSecondRelayKey: "there is only one host key; to make a second one and announce it: \(program) relay-key prepare"
        case .relayKeyUnknown(let key, let names):
            "\(Self.list(names)) \(names.count == 1 ? "was" : "were") not told of \(key) and would be shut out; see: \(program) relay-key; "
                + "to switch nevertheless: \(program) relay-key switch --anyway"
        case .relayKeyNotKept(let error): "the host keys are as they were: \(error.sentence)"
        case .localOnly(let command): "\(command) is a command of towline-relay on the relay itself"
        }
    }
}

extension RelayCommandError {
    /// Names that are told in one line at most; the rest is counted.
    private static let listed = 5

    private static func list(_ names: [String]) -> String {
        let rest = names.count - listed
        return names.prefix(listed).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }
}

extension LedgerError {
    /// The same for what the ledger refuses.
    /// - Parameter change: what was wanted, where that makes a better hint.
    package func sentence(program: String, change: RegistryChange? = nil) -> String {
        switch self {
        case .terminalExists(let name):
            if case .addTerminal(_, _, .some) = change {
                "terminal \"\(name)\" already exists; to give it this key: \(program) approve \(name) < key.pub"
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
        case .noGrant(let grantee, let target):
            "\(grantee.words) has no grant for \(target.words); see: \(program) \(grantee.list)"
        case .groupExists(let name): "group \"\(name)\" already exists; see: \(program) group list"
        case .noGroup(let name): "there is no group \"\(name)\"; see: \(program) group list"
        case .noStaffKey(let name, let fingerprint): "staff \"\(name)\" has no key \(fingerprint); see: \(program) staff list"
        case .lastKey(let name):
            "it is the only key of staff \"\(name)\": add another one first, or shut them out: \(program) staff disable \(name)"
        case .tooManyTags(let name): "terminal \"\(name)\" has \(RegistryLimits.tagsPerTerminal) tags, which is the most"
        case .tooManyRequests:
            "there are \(RegistryLimits.openRequests) requests that are not over, which is the most; see: \(program) request list"
        case .noRequest(let name): "there is no request for terminal \"\(name)\"; see: \(program) request list"
        case .wouldReplaceKey(let name):
            "terminal \"\(name)\" has a key: to replace it, leave out --auto-approve and approve the new key when it comes"
        case .hasOtherKey(let name, let its, let given):
            "terminal \"\(name)\" has another key, \(its); to put \(given) in its place: \(program) approve \(name) --replace < key.pub"
        case .nothingWaits(let name):
            "no key of terminal \"\(name)\" waits for approval; to approve the one that the customer sent: "
                + "\(program) approve \(name) < key.pub"
        case .otherKeyWaits(let name, let fingerprint):
            "another key waits at terminal \"\(name)\": \(fingerprint); nothing was approved: ask the customer to read theirs again"
        case .noChangedHostKeys(let name): "terminal \"\(name)\" has reported no changed host keys; see: \(program) host-keys \(name)"
        case .otherHostKeys(let name, let reported):
            "terminal \"\(name)\" reports another host key: \(reported.map(\.description).joined(separator: ", ")); nothing was accepted: "
                + "ask the customer to read theirs again"
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

extension GranteeName {
    /// `staff "alice"` or `group "night"`.
    var words: String {
        switch self {
        case .staff(let name): "staff \"\(name)\""
        case .group(let name): "group \"\(name)\""
        }
    }

    /// The command that shows it.
    var list: String {
        switch self {
        case .staff: "staff list"
        case .group: "group list"
        }
    }
}

extension GrantTargetName {
    /// `terminal "shop-42"` or `tag "berlin"`.
    var words: String {
        switch self {
        case .terminal(let name): "terminal \"\(name)\""
        case .tag(let tag): "tag \"\(tag)\""
        }
    }
}

extension RelayCommand {
    /// The words that call it, for messages.
    package var name: String {
        switch self {
        case .change(let change): change.command
        case .newRequest: "request new"
        case .listRequests: "request list"
        case .showWaiting: "approve"
        case .listTerminals: "terminals"
        case .showTerminal: "terminal show"
        case .wait: "wait"
        case .hostKeys: "host-keys"
        case .showChangedHostKeys: "host-keys accept"
        case .report: "report"
        case .listStaff: "staff list"
        case .listGroups: "group list"
        case .sessions: "sessions"
        case .history: "history"
        case .events: "events"
        case .endSession: "end"
        case .audit: "audit"
        case .exportAudit: "audit export"
        case .verifyAudit: "audit verify"
        case .relayKey(let step, _): step.map { "relay-key \($0.rawValue)" } ?? "relay-key"
        case .whoAmI, .overview: "whoami"
        }
    }
}

extension RegistryChange {
    /// The words that call it.
    var command: String {
        switch self {
        case .addTerminal: "terminal add"
        case .approve, .approveWaiting: "approve"
        case .renewSupport: "terminal renew"
        case .setTerminalEnabled(_, let isEnabled): isEnabled ? "terminal enable" : "terminal disable"
        case .removeTerminal: "terminal remove"
        case .addStaff: "staff add"
        case .setStaffEnabled(_, let isEnabled): isEnabled ? "staff enable" : "staff disable"
        case .removeStaff: "staff remove"
        case .grant: "grant"
        case .revoke: "revoke"
        case .addStaffKeys: "staff key add"
        case .limitStaffKey: "staff key limit"
        case .removeStaffKey: "staff key remove"
        case .setRole: "staff role"
        case .addGroup: "group add"
        case .removeGroup: "group remove"
        case .setMember(_, _, let isMember): isMember ? "group member add" : "group member remove"
        case .setTag(_, _, let isSet): isSet ? "terminal tag" : "terminal untag"
        case .setDetails: "terminal set"
        case .request: "request new"
        case .cancelRequest: "request cancel"
        case .acceptHostKeys: "host-keys accept"
        case .announce: "announce"
        case .relayKey(let step, _): "relay-key \(step.rawValue)"
        }
    }
}
