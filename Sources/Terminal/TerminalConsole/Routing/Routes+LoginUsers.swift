import HTML
import HTTPServer
import Support
import TerminalCore

extension Route {
    /// Where a form of a page wants to go back to; every form may say so.
    static let back = Field("back", .text(most: 2000), "the page to go to then")
    private static let loginName = Field(
        "name", .text(most: 64), isRequired: true, pattern: "^[a-z_][a-z0-9_-]{0,31}$", "the account's name")
    private static let keys = Field(
        "keys", .text(most: 200_000), isRequired: true, "public keys in authorized_keys form, one a line")
    private static let access = Field("access", .choice(AccessLevel.allCases.map(\.rawValue)), "what it may do")
    /// What a form began with.
    static let revision = Field(
        "revision", .text(most: 64), "as it was read: the change is refused (409) if it was changed elsewhere meanwhile")

    /// [SSH Login Users].
    static let loginUsers: [Route] = [
        Route(
            method: .get, path: "/login-users", name: "listLoginUsers", summary: "The SSH login users, in the order of their names",
            query: notices, reply: Reply(schema: "LoginUsers"),
            perform: { visit, _ in await visit.listLoginUsers() }),
        Route(
            method: .get, path: "/create-login-user", name: "newLoginUserPage", summary: "The form for a new SSH login user",
            query: [Field("name", .text(most: 1000), "the account's name")],
            perform: { visit, fields in await visit.newLoginUser(fields) }),
        Route(
            method: .post, path: "/login-users", name: "createLoginUser", summary: "Creates an SSH login user",
            body: [loginName, keys, access], reply: Reply(schema: "LoginUser"), refusals: [409, 422, 503],
            perform: { visit, fields in await visit.createLoginUser(fields) }),
        Route(
            method: .get, path: "/login-users/{name}", name: "showLoginUser", summary: "One SSH login user",
            part: loginName, query: notices, reply: Reply(schema: "LoginUser"), refusals: [404],
            perform: { visit, _ in await visit.showLoginUser() }),
        Route(
            method: .post, path: "/login-users/{name}", name: "changeLoginUser",
            summary: "Other keys or another access level; logins with keys that are gone end at once",
            part: loginName, body: [keys, access, revision], reply: Reply(schema: "LoginUser"), refusals: [404, 409, 422, 503],
            perform: { visit, fields in await visit.changeLoginUser(fields) }),
        Route(
            method: .get, path: "/login-users/{name}/delete", name: "deleteLoginUserPage", summary: "The question before one is deleted",
            part: loginName, perform: { visit, _ in await visit.askToDeleteLoginUser() }),
        Route(
            method: .post, path: "/login-users/{name}/delete", name: "deleteLoginUser",
            summary: "Deletes an SSH login user with its account, its home folder and its running logins",
            part: loginName, reply: Reply(schema: "LoginUsers"), refusals: [404, 409, 422, 503],
            perform: { visit, _ in await visit.deleteLoginUser() }),
    ]

    /// What a page says once.
    static let notices = [
        Field("done", .choice(Notice.allCases.map(\.rawValue)), "what was done just now; for browsers"),
        Field("about", .text(most: 64), "with whom; for browsers"),
    ]
}

/// What programs get of all login users.
struct LoginUserList: Codable, Sendable {
    /// In the order of their names.
    var loginUsers: [LoginUserReport]
}

extension Visit {
    fileprivate func listLoginUsers() async -> Answer {
        switch await loginUsers() {
        case .failure(let refusal): refused(refusal)
        case .success(let users):
            .page(loginUserPages.list(users, onlyUser: await onlyUser()), LoginUserList(loginUsers: users))
        }
    }

    private func onlyUser() async -> String? { try? await status().get().onlyLoginUser }  // a hint that may be missing

    fileprivate func newLoginUser(_ fields: Fields) async -> Answer {
        let name = fields["name"] ?? ""
        let form = LoginUserForm(name: name)
        do throws(Refusal) {
            _ = try form.loginName()
        } catch {
            guard case .success(let users) = await loginUsers() else { return refused(error) }
            let onlyUser = await onlyUser()
            return refused(error, in: { loginUserPages.list(users, onlyUser: onlyUser, state: $0) }, fields)
        }
        if case .success(let users) = await loginUsers(), users.contains(where: { $0.name == name }) {
            return Answer(sight: .moved(Address("/login-users").segment(name)))
        }
        return .page(loginUserPages.user(name, saved: nil, state: FormState(["name": name, "access": AccessLevel.standard.rawValue])))
    }

    fileprivate func createLoginUser(_ fields: Fields) async -> Answer {
        let form = LoginUserForm(name: fields["name"] ?? "", keys: fields["keys"], access: fields["access"])
        switch await ask(.addLoginUser(form)) {
        case .loginUsers(let users):
            guard let user = users.first else { return refused(Refusal(.notUnderstood)) }
            return .done(
                next(fields, or: Address("/login-users").segment(user.name), .userSaved, about: user.name), user)
        case .refused(let refusal):
            return refused(
                refusal, also: form.refusals(changing: nil), in: { loginUserPages.user(form.name, saved: nil, state: $0) }, fields)
        default: return refused(Refusal(.notUnderstood))
        }
    }

    /// The login user that the path names.
    private func loginUser() async -> Result<LoginUserReport, Refusal> {
        await loginUsers().flatMap { users in
            users.first { $0.name == part }.map(Result.success)
                ?? .failure(Refusal(.noSuchLoginUser, ["name": Self.shown(part)]))
        }
    }

    private static func shown(_ name: String) -> String { String(name.prefix(64)) }

    private func state(of user: LoginUserReport) -> FormState {
        FormState(["keys": user.keys.map { $0.line + "\n" }.joined(), "access": user.access.rawValue])
    }

    fileprivate func showLoginUser() async -> Answer {
        switch await loginUser() {
        case .failure(let refusal): refused(refusal)
        case .success(let user): .page(loginUserPages.user(user.name, saved: user, state: state(of: user)), user)
        }
    }

    fileprivate func changeLoginUser(_ fields: Fields) async -> Answer {
        let form = LoginUserForm(name: part, keys: fields["keys"], access: fields["access"])
        switch await ask(.changeLoginUser(form, revision: fields["revision"].map(Revision.init))) {
        case .loginUsers(let users):
            guard let user = users.first else { return refused(Refusal(.notUnderstood)) }
            return .done(next(fields, or: Address("/login-users").segment(user.name), .userSaved, about: user.name), user)
        case .refused(let refusal):
            guard case .success(let saved) = await loginUser() else { return refused(refusal) }
            return refused(
                refusal, also: form.refusals(changing: nil), in: { loginUserPages.user(part, saved: saved, state: $0) }, fields)
        default: return refused(Refusal(.notUnderstood))
        }
    }

    fileprivate func askToDeleteLoginUser() async -> Answer {
        switch await loginUser() {
        case .failure(let refusal): refused(refusal)
        case .success(let user): .page(loginUserPages.deletion(user.name, isOwn: await onlyUser() == user.name))
        }
    }

    fileprivate func deleteLoginUser() async -> Answer {
        do throws(Refusal) {
            let name = try LoginUserForm(name: part).loginName()
            switch await ask(.removeLoginUser(name)) {
            case .done:
                let users = try await loginUsers().get()
                return .done(
                    Address("/login-users").query("done", Notice.userDeleted.rawValue).query("about", name.description),
                    LoginUserList(loginUsers: users))
            case .refused(let refusal): return refused(refusal)
            default: return refused(Refusal(.notUnderstood))
            }
        } catch {
            // What is no name names nobody.
            return refused(error.code == .loginUserName ? Refusal(.noSuchLoginUser, ["name": Self.shown(part)]) : error)
        }
    }
}
