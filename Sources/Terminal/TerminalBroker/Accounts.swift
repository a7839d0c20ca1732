import FoundationEssentials
import SSHKeys
import Support
import SystemCalls
import TerminalCore

/// The accounts of login users: as root, real ones that only this list creates and removes; without root, just oneself.
///
/// An account that is not on the list is never touched, whatever its name. Blocks; owned by the broker's thread.
final class Accounts {
    /// An account that we created.
    private struct Created: Codable {
        /// Its number: an account of the same name with another number is somebody else's. Nil: we were about to create it when it was
        /// written down, and may have died before its number was known.
        var user: UInt32?
    }

    private let configuration: BrokerConfiguration
    private let log: Log
    private var created: [String: Created]

    /// What is in force: who may log in.
    private(set) var admitted: [LoginName] = []

    /// Reads the list.
    ///
    /// - Throws: what is wrong with it. Without the list nobody could tell which accounts are ours, so nothing starts. S04
    init(_ configuration: BrokerConfiguration, log: Log) throws(BrokerError) {
        self.configuration = configuration
        self.log = log
        do {
            guard try Files.status(configuration.accounts) != nil else {
                created = [:]
                return
            }
            let content = try Files.read(configuration.accounts, limit: 1 << 20, followsLinks: false)
            created = try JSONDecoder().decode([String: Created].self, from: Data(content))
        } catch let error as SystemError {
            throw .system(error)
        } catch {
            throw .damaged(path: configuration.accounts)
        }
    }

    /// The numbers of the accounts that we created.
    var createdUsers: [UInt32] { created.values.compactMap(\.user) }

    /// The number of the account that login user `name` runs as, if it is one of ours.
    func user(named name: String) -> UInt32? { created[name]?.user }

    /// Makes the accounts as `wanted` says: creates, updates, removes.
    ///
    /// - Parameter ending: ends all processes of a user number, before its account goes.
    /// - Returns: those that could not be made, and why; all others are as wanted.
    func apply(_ wanted: [LoginUser], ending: (UInt32) -> Void) -> [LoginUserRefusal] {
        var refusals: [LoginUserRefusal] = []
        for name in created.keys.sorted() where !wanted.contains(where: { $0.name.description == name }) {
            do throws(LoginUserRefusal) { try remove(name, ending: ending) } catch { refusals.append(error) }
        }
        var made: [LoginName] = []
        for user in wanted {
            do throws(LoginUserRefusal) {
                let group = configuration.isRoot ? try ensureAccount(user) : try checkOneself(user)
                try write(user, group: group)
                made.append(user.name)
            } catch {
                refusals.append(error)
                withdraw(user.name.description)
            }
        }
        admitted = made
        for name in keyFiles() where !made.contains(where: { $0.description == name }) { withdraw(name) }
        return refusals
    }

    // MARK: Without root

    private func checkOneself(_ user: LoginUser) throws(LoginUserRefusal) -> UInt32 {
        let own = Accounts.ownName()
        guard user.name.description == own else {
            throw refusal(user, .notRoot, ["own": own])
        }
        guard user.access == .standard else {
            throw refusal(user, .notRootAdministrator)
        }
        return Users.effectiveGroup
    }

    /// The name of the account that this program runs as.
    static func ownName() -> String {
        // Without an entry in the account database there is a number only, and no login either.
        (try? Users.lookup(user: Users.effectiveUser))?.name ?? "#\(Users.effectiveUser)"
    }

    // MARK: As root

    /// Makes sure that the account exists and is ours.
    ///
    /// - Returns: its group.
    private func ensureAccount(_ user: LoginUser) throws(LoginUserRefusal) -> UInt32 {
        let name = user.name.description
        let existing = try lookup(user)
        if let ours = created[name] {
            if let existing {
                if ours.user == nil { return try adopt(existing, for: user) }
                guard existing.user == ours.user else {
                    throw refusal(user, .accountReplaced)
                }
                return existing.group
            }
            log.warning("account of a login user is gone, made anew", ["user": name])
        } else if existing != nil {
            throw refusal(user, .accountExists)
        }
        let arguments = [
            "--create-home", "--user-group", "--shell", shell(), "--comment", Self.comment, "--password", "*", "--", name,
        ]
        // First what is about to be done: an account that a crash leaves behind is known as ours.
        created[name] = Created(user: nil)
        try saveList(user.name)
        do throws(LoginUserRefusal) {
            try run(configuration.system.useradd, arguments, for: user, .accountNotCreated)
        } catch {
            // Without an account there is nothing to know of; one of that name that comes later is somebody else's.
            if try lookup(user) == nil {
                created[name] = nil
                try saveList(user.name)
            }
            throw error
        }
        guard let made = try lookup(user) else {
            throw refusal(user, .accountNotCreated, ["reason": Reason.accountLost.english])
        }
        return try adopt(made, for: user)
    }

    /// Takes an account that we were about to create for ours.
    ///
    /// - Returns: its group.
    private func adopt(_ account: UserRecord, for user: LoginUser) throws(LoginUserRefusal) -> UInt32 {
        guard account.user != 0, account.comment == Self.comment else { throw refusal(user, .accountExists) }
        created[user.name.description] = Created(user: account.user)
        try saveList(user.name)
        log.notice("account created", ["user": user.name, "uid": account.user])
        return account.group
    }

    /// What accounts of ours have as their full name.
    private static let comment = "Towline support login"

    private func remove(_ name: String, ending: (UInt32) -> Void) throws(LoginUserRefusal) {
        // Only names that were valid are in `created`.
        guard let ours = created[name], let loginName = try? LoginName(parsing: name) else { return }
        withdraw(name)
        let user = LoginUser(name: loginName, keys: [], access: .standard)
        let existing = try lookup(user)
        let isOurs = ours.user.map { $0 == existing?.user } ?? (existing?.comment == Self.comment)
        if let existing, isOurs, existing.user != 0 {
            var status = Self.userIsBusy
            for _ in 0..<Self.removalTries where status == Self.userIsBusy {
                ending(existing.user)
                status = try run(
                    configuration.system.userdel, ["--remove", "--", name], for: user, .accountNotRemoved,
                    accepting: [0, Self.userIsBusy, Self.homeRemains])
            }
            guard status != Self.userIsBusy else {
                throw refusal(user, .accountBusy)
            }
        }
        created[name] = nil
        try saveList(loginName)
        log.notice("account removed", ["user": name, "uid": existing?.user ?? 0])
    }

    /// userdel(8): the user is logged in or has processes, perhaps only one that just died and was not collected yet.
    private static let userIsBusy: Int32 = 8
    /// userdel(8): the account is gone, its home folder could not be removed.
    private static let homeRemains: Int32 = 12
    /// How often a busy account is tried.
    private static let removalTries = 5

    private func lookup(_ user: LoginUser) throws(LoginUserRefusal) -> UserRecord? {
        do throws(SystemError) {
            return try Users.lookup(name: user.name.description)
        } catch {
            throw refusal(user, .system, ["reason": error.description])
        }
    }

    private func shell() -> String { configuration.system.shells.first(where: Files.isExecutable) ?? "/bin/sh" }

    // MARK: Files

    private func write(_ user: LoginUser, group: UInt32) throws(LoginUserRefusal) {
        let name = user.name.description
        // Keys are printed from their parsed form: no option and no second line can come along. A05
        let lines = user.keys.map { $0.line + "\n" }.joined()
        do throws(SystemError) {
            // sshd reads them with the rights of the login user, who may not change them.
            try Files.writeAtomically(
                "\(configuration.keyFolder)/\(name)", Array(lines.utf8), mode: 0o640, owner: (Users.effectiveUser, group))
        } catch {
            throw refusal(user, .system, ["reason": error.description])
        }
        if configuration.isRoot {
            if user.access == .administrator { try allowSudo(user) } else { forbidSudo(name) }
        }
    }

    private func withdraw(_ name: String) {
        do throws(SystemError) {
            try Files.remove("\(configuration.keyFolder)/\(name)")
        } catch {
            log.error("the keys of a login user could not be removed", ["user": name, "why": error])
        }
        if configuration.isRoot, created[name] != nil { forbidSudo(name) }
    }

    private func keyFiles() -> [String] { (try? Files.list(configuration.keyFolder)) ?? [] }  // no folder, no files

    private func sudoersFile(_ name: String) -> String { "\(configuration.system.sudoersFolder)/towline-\(name)" }

    private func allowSudo(_ user: LoginUser) throws(LoginUserRefusal) {
        let name = user.name.description
        guard Files.isExecutable(configuration.system.visudo),
            (try? Files.status(configuration.system.sudoersFolder))?.kind == .directory  // unreadable is as good as missing
        else {
            throw refusal(user, .noSudo)
        }
        let draft = "\(configuration.folder)/sudoers-\(name)"
        let rule = "# Made by towline-terminal; removed with the SSH login user.\n\(name) ALL=(ALL:ALL) NOPASSWD: ALL\n"
        do throws(SystemError) {
            try Files.writeAtomically(draft, Array(rule.utf8), mode: 0o440)
        } catch {
            throw refusal(user, .system, ["reason": error.description])
        }
        defer { _ = try? Files.remove(draft) }  // a left draft is in force nowhere
        try run(configuration.system.visudo, ["-c", "-q", "-f", draft], for: user, .sudoRule)
        do throws(SystemError) {
            // sudo skips names with a dot, so the file is seen by it only when it is whole.
            try Files.writeAtomically(sudoersFile(name), Array(rule.utf8), mode: 0o440)
        } catch {
            throw refusal(user, .system, ["reason": error.description])
        }
    }

    private func forbidSudo(_ name: String) {
        do throws(SystemError) {
            try Files.remove(sudoersFile(name))
        } catch {
            log.error("administrator access could not be taken back", ["user": name, "why": error])
        }
    }

    private func saveList(_ name: LoginName) throws(LoginUserRefusal) {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
            try Files.writeAtomically(configuration.accounts, [UInt8](try encoder.encode(created)), mode: 0o600)
        } catch {
            throw LoginUserRefusal(name: name, Refusal(.system, ["reason": "the list of accounts could not be written: \(error)"]))
        }
    }

    // MARK: Words

    private func refusal(_ user: LoginUser, _ code: Refusal.Code, _ values: [String: String] = [:]) -> LoginUserRefusal {
        LoginUserRefusal(name: user.name, Refusal(code, values.merging(["name": "\(user.name)"]) { own, _ in own }))
    }

    /// Runs a program of the system.
    ///
    /// - Returns: its status, one of `accepting`.
    @discardableResult
    private func run(
        _ executable: String, _ arguments: [String], for user: LoginUser, _ code: Refusal.Code, accepting: Set<Int32> = [0]
    ) throws(LoginUserRefusal) -> Int32 {
        let result: ToolResult
        do throws(ToolError) {
            result = try Tool.run(executable, arguments)
        } catch {
            throw refusal(user, code, ["reason": error.description])
        }
        guard case .exited(let status) = result.end, accepting.contains(status) else {
            throw refusal(user, code, ["reason": Printable.escaped(result.complaint)])
        }
        return status
    }
}
