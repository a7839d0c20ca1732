import EventLoops
import SSHCrypto
import SSHKeys
import Support
import TerminalBroker
import TerminalCore
import TerminalStore

extension RemoteSupport {
    func report(_ user: LoginUser) -> LoginUserReport {
        LoginUserReport(
            name: user.name.description, access: user.access,
            keys: user.keys.map {
                LoginUserReport.Key(
                    algorithm: $0.key.algorithm.rawValue, bits: $0.key.bits, fingerprint: $0.key.fingerprint.description,
                    comment: $0.comment, line: $0.line)
            }, revision: Revision(of: user))
    }

    func add(_ form: LoginUserForm, by actor: LogEntry.Actor) async throws(Refusal) -> TerminalReply {
        let name = try form.loginName()
        guard !users.contains(where: { $0.name == name }) else { throw Refusal(.loginUserExists, ["name": "\(name)"]) }
        guard users.count < LoginUser.maximumCount else {
            throw Refusal(.tooManyLoginUsers, ["most": "\(LoginUser.maximumCount)"])
        }
        let user = try form.loginUser(changing: nil)
        try await apply((users + [user]).sorted { $0.name < $1.name }, about: name)
        note(.loginUserAdded, values(of: user), by: actor)
        return .loginUsers([report(user)])
    }

    func change(_ form: LoginUserForm, from revision: Revision?, by actor: LogEntry.Actor) async throws(Refusal) -> TerminalReply {
        let name = try form.loginName()
        guard let index = users.firstIndex(where: { $0.name == name }) else { throw Refusal(.noSuchLoginUser, ["name": "\(name)"]) }
        let current = users[index]
        let user = try form.loginUser(changing: current)
        if let revision, revision != Revision(of: current) { throw Refusal(.changedElsewhere, ["what": "SSH login user \(name)"]) }
        guard user != current else { return .loginUsers([report(current)]) }
        var wanted = users
        wanted[index] = user
        try await apply(wanted, about: name)
        note(.loginUserChanged, values(of: user), by: actor)
        return .loginUsers([report(user)])
    }

    func remove(_ name: LoginName, by actor: LogEntry.Actor) async throws(Refusal) -> TerminalReply {
        guard users.contains(where: { $0.name == name }) else { throw Refusal(.noSuchLoginUser, ["name": "\(name)"]) }
        try await apply(users.filter { $0.name != name }, about: name, isRemoval: true)
        note(.loginUserRemoved, ["user": "\(name)"], by: actor)
        return .done(
            facts.onlyLoginUser == nil
                ? "SSH login user \(name) is removed, with its account and home folder" : "SSH login user \(name) can no longer log in")
    }

    private func values(of user: LoginUser) -> [String: String] {
        let keys = user.keys.map { $0.comment.isEmpty ? $0.key.fingerprint.description : $0.comment }
        return ["user": "\(user.name)", "access": user.access.rawValue, "keys": keys.joined(separator: ", ")]
    }

    /// The key of a login user that somebody came with; nil if it is none of theirs any more.
    func owner(of fingerprint: String, user: String) -> AuthorizedKey? {
        users.first { $0.name.description == user }?.keys.first { $0.key.fingerprint.description == fingerprint }
    }

    /// Makes `wanted` the login users: first their accounts, then on disk; goes back if either fails for `name`.
    ///
    /// - Parameter isRemoval: never goes back: who was to leave must not get in again because their account could not be cleared away.
    private func apply(_ wanted: [LoginUser], about name: LoginName, isRemoval: Bool = false) async throws(Refusal) {
        let before = users
        var leftover: Refusal?
        switch await ask(.applyLoginUsers(wanted)) {
        case .applied(let refused):
            leftover = refused.first { $0.name == name }?.refusal
            if let refusal = leftover, !isRemoval {
                _ = await ask(.applyLoginUsers(before))
                throw refusal
            }
        case .refused(let reason): throw Refusal(.broker, ["reason": reason])
        case .welcome, .loginStarted, .done: throw Refusal(.broker, because: Cause(.brokerAnswer))
        }
        let store = store
        do throws(StoreError) {
            try await worker.run { () throws(StoreError) in try store.save(loginUsers: wanted) }
        } catch {
            if isRemoval { throw Refusal(.removedUntilRestart, ["name": "\(name)", "reason": error.description]) }
            _ = await ask(.applyLoginUsers(before))
            throw Refusal(.store, ["reason": error.description])
        }
        users = wanted
        for (id, login) in logins where owner(of: login.report.fingerprint, user: login.report.user) == nil {
            _ = await ask(.endLogins(id))
        }
        if let leftover { throw leftover }
    }
}
