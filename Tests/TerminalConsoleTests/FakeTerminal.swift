import SSHKeys
import Support
import TerminalCore

/// A terminal that remembers what it is told and reaches nothing: the real rules of forms, of revisions and of refusals, without processes.
actor FakeTerminal {
    private(set) var users: [LoginUser] = []
    private(set) var setting: RemoteSupportSetting?
    private(set) var status = TerminalStatus(state: .off)
    private(set) var commands: [TerminalCommand] = []
    /// What a relay would show.
    let relayFingerprint = Samples.fingerprint

    func perform(_ command: TerminalCommand) -> TerminalReply {
        commands.append(command)
        do throws(Refusal) { return try answer(command) } catch { return .refused(error) }
    }

    /// The log, the latest first.
    private var log = [Samples.entry(.supportOn)]

    /// The log has so many entries.
    func fillLog(_ count: Int) { log = (1...count).reversed().map { LogEntry(number: $0, at: "2026-11-27T08:10:00Z", code: .supportOff) } }

    /// Somebody logs in.
    func logIn(_ who: String) {
        status.state = .inUse
        status.logins = [
            TerminalStatus.Login(id: 7, user: "alice", who: who, fingerprint: Samples.fingerprint, from: nil, since: "2026-11-27T08:10:00Z")
        ]
    }

    /// A change is saved that is not in effect.
    func leavePending(_ fields: [TerminalStatus.SettingField]) { status.pendingChanges = fields }

    private func answer(_ command: TerminalCommand) throws(Refusal) -> TerminalReply {
        switch command {
        case .loginUsers: return .loginUsers(users.map(report))
        case .addLoginUser(let form):
            let user = try form.loginUser(changing: nil)
            if users.contains(where: { $0.name == user.name }) { throw Refusal(.loginUserExists, ["name": user.name.description]) }
            users = (users + [user]).sorted { $0.name < $1.name }
            status.loginUserCount = users.count
            return .loginUsers([report(user)])
        case .changeLoginUser(let form, let revision):
            let name = try form.loginName()
            guard let index = users.firstIndex(where: { $0.name == name }) else { throw missing(name) }
            let changed = try form.loginUser(changing: users[index])
            if let revision, revision != report(users[index]).revision { throw Refusal(.changedElsewhere, ["what": name.description]) }
            users[index] = changed
            return .loginUsers([report(users[index])])
        case .removeLoginUser(let name):
            guard users.contains(where: { $0.name == name }) else { throw missing(name) }
            users.removeAll { $0.name == name }
            return .done("removed")
        case .setting: return .setting(setting.map { SettingReport($0, key: Samples.key) })
        case .createSetting(let form):
            if let setting {
                throw Refusal(.settingExists, ["relay": setting.relay.description, "port": setting.listeningPort.description])
            }
            return try save(form)
        case .changeSetting(let form, let revision):
            guard let setting else { throw Refusal(.noSetting) }
            if let revision, revision != setting.revision { throw Refusal(.changedElsewhere, ["what": "the setting"]) }
            return try save(form)
        case .deleteSetting:
            guard setting != nil else { throw Refusal(.noSetting) }
            setting = nil
            status = TerminalStatus(state: .off)
            return .done("deleted")
        case .start:
            if users.isEmpty { throw Refusal(.noLoginUsers) }
            status.state = .waiting
            status.endsInSeconds = 3600
        case .stop:
            status.state = .off
            status.logins = []
        case .extend, .shorten, .setLimit: if status.state == .off { throw Refusal(.off) }
        case .restart: status.pendingChanges = []
        case .setAutoStart(let isOn): status.autoStart = isOn
        case .endLogin(let id):
            guard status.logins.contains(where: { $0.id == id }) else { throw Refusal(.noSuchLogin, ["id": "\(id)"]) }
            status.logins = []
        case .log(let filter):
            let fitting = log.filter(filter.admits)
            return .log(LogPage(entries: Array(fitting.prefix(filter.count)), hasOlder: fitting.count > filter.count))
        case .note: return .done("noted")
        case .test: return .test(TestReport(achieved: [.resolving], failure: TerminalStatus.Failure(.keyUnknown)))
        case .previewRequest(let line), .applyRequest(let line):
            guard line.contains("towline:") else { throw Refusal(.requestLine, ["reason": "no line begins with towline:"]) }
            var report = Samples.request()
            report.obstacle = nil
            return .request(report)
        case .status, .relayFingerprint, .key: break
        }
        return .status(status)
    }

    private func missing(_ name: LoginName) -> Refusal { Refusal(.noSuchLoginUser, ["name": name.description]) }

    private func save(_ form: SettingForm) throws(Refusal) -> TerminalReply {
        let content = try form.content(changing: setting)
        guard let fingerprint = content.fingerprint else { return .unconfirmed(fingerprint: relayFingerprint) }
        let saved = RemoteSupportSetting(
            relay: content.relay, listeningPort: content.listeningPort, user: content.user, fingerprint: fingerprint, proxy: content.proxy)
        setting = saved
        status.relay = content.relay.description
        return .setting(SettingReport(saved, key: Samples.key))
    }

    private func report(_ user: LoginUser) -> LoginUserReport {
        let keys = user.keys.map {
            LoginUserReport.Key(
                algorithm: $0.key.algorithm.rawValue, bits: 256, fingerprint: Samples.fingerprint, comment: $0.comment,
                line: $0.line)
        }
        return LoginUserReport(name: user.name.description, access: user.access, keys: keys, revision: Revision(of: user))
    }
}
