import HTML
import HTTPServer
import Support
import TerminalCore

extension Route {
    private static let settingFields = [
        Field("relay", .text(most: 300), isRequired: true, "the relay's name, or its name and ports: HOST[:PORT[,PORT]…]"),
        Field("listening_port", .text(most: 20), isRequired: true, pattern: "^[1-9][0-9]{3,4}$", "this terminal's port on the relay"),
        Field("relay_ports", .text(most: 100), "ports to try in turn, separated by commas; only beside a relay without ports"),
        Field(
            "fingerprint", .text(most: 100),
            "the relay's fingerprint; without it that of the relay there was, or 202 with the one to compare"),
        Field("relay_user", .text(most: 200), "user name told to the relay"),
        Field("proxy", .text(most: 400), "http://HOST:PORT or socks5://HOST:PORT"),
        Field("proxy_user", .text(most: 255), "user name at the proxy"),
        Field("proxy_password", .text(most: 255), "password at the proxy; never shown again"),
    ]
    private static let by = Field("by", .choice(Limits.steps), isRequired: true, "by how much")
    private static let limit = Field("limit", .choice(Limits.choices), "for how long; 8h if it is left out")

    /// [Other Services] › [Remote Support].
    static let remoteSupport: [Route] = [
        Route(
            method: .get, path: "/remote-support", name: "showRemoteSupport", summary: "The setting, and where remote support stands",
            query: notices, reply: Reply(schema: "RemoteSupport"), perform: { visit, _ in await visit.showRemoteSupport() }),
        Route(
            method: .get, path: "/remote-support/new", name: "createSettingPage", summary: "The form for the setting",
            perform: { visit, _ in await visit.newSetting() }),
        Route(
            method: .post, path: "/remote-support", name: "createSetting",
            summary: "Creates the setting and issues the terminal key", body: settingFields,
            reply: Reply(schema: "Setting"), refusals: [202, 409, 422, 503],
            perform: { visit, fields in await visit.createSetting(fields) }),
        Route(
            method: .get, path: "/remote-support/change", name: "changeSettingPage", summary: "The form for other values", refusals: [409],
            perform: { visit, _ in await visit.editSetting() }),
        Route(
            method: .post, path: "/remote-support/change", name: "changeSetting", summary: "Changes the setting; the key stays",
            body: settingFields + [
                revision, Field("remove_proxy_password", .flag, "forget the password that is stored"),
            ],
            reply: Reply(schema: "Setting"), refusals: [202, 409, 422, 503],
            perform: { visit, fields in await visit.changeSetting(fields) }),
        Route(
            method: .get, path: "/remote-support/delete", name: "deleteSettingPage", summary: "The question before it is deleted",
            refusals: [409],
            perform: { visit, _ in await visit.askToDeleteSetting() }),
        Route(
            method: .post, path: "/remote-support/delete", name: "deleteSetting",
            summary: "Deletes the setting and its key; support goes off", reply: Reply(schema: "Status"), refusals: [409, 503],
            perform: { visit, _ in await visit.deleteSetting() }),
        Route(
            method: .post, path: "/remote-support/start", name: "startSupport",
            summary: "Switches support on; what is on gets this limit from now", body: [limit], reply: Reply(schema: "Status"),
            refusals: [409, 422, 503], perform: { visit, fields in await visit.start(fields) }),
        Route(
            method: .post, path: "/remote-support/stop", name: "stopSupport", summary: "Switches support off and ends every login",
            reply: Reply(schema: "Status"), refusals: [503],
            perform: { visit, fields in await visit.switched(.stop, .ended, fields) }),
        Route(
            method: .post, path: "/remote-support/extend", name: "extendSupport", summary: "Gives support more time",
            body: [by], reply: Reply(schema: "Status"), refusals: [409, 422],
            perform: { visit, fields in await visit.switched(.extend(visit.step(fields)), .limit, fields) }),
        Route(
            method: .post, path: "/remote-support/shorten", name: "shortenSupport", summary: "Takes time away",
            body: [by], reply: Reply(schema: "Status"), refusals: [409, 422],
            perform: { visit, fields in await visit.switched(.shorten(visit.step(fields)), .limit, fields) }),
        Route(
            method: .post, path: "/remote-support/auto-start", name: "setAutoStart",
            summary: "Whether support that was on comes on again with the service",
            body: [Field("auto_start", .flag, isRequired: true, "whether it does")], reply: Reply(schema: "Status"),
            refusals: [409, 503],
            perform: { visit, fields in await visit.switched(.setAutoStart(fields.isSet("auto_start")), .autoStart, fields) }),
        Route(
            method: .post, path: "/remote-support/test", name: "testConnection",
            summary: "Walks the way to the relay once, without switching support on; takes up to half a minute",
            reply: Reply(schema: "Test"), refusals: [409, 503], perform: { visit, _ in await visit.test() }),
        Route(
            method: .post, path: "/logins/{id}/end", name: "endLogin", summary: "Ends one login with everything that runs in it",
            part: Field("id", .number(0...Int(Int32.max)), isRequired: true, "its number in the status"),
            reply: Reply(schema: "Status"), refusals: [404, 503], perform: { visit, fields in await visit.endLogin(fields) }),
    ]
}

/// What programs get of the page.
struct RemoteSupportReport: Codable, Sendable {
    /// The setting, if there is one.
    var setting: SettingReport?
    /// Where support stands.
    var status: TerminalStatus
}

/// What programs get when the relay's fingerprint has to be compared first.
struct Unconfirmed: Codable, Sendable {
    /// As the relay shows it now.
    var relayFingerprint: String
}

extension Visit {
    // MARK: Seeing

    private func both() async -> Result<RemoteSupportReport, Refusal> {
        let (setting, status) = (await setting(), await status())
        return setting.flatMap { setting in status.map { RemoteSupportReport(setting: setting, status: $0) } }
    }

    fileprivate func showRemoteSupport() async -> Answer {
        switch await both() {
        case .failure(let refusal): refused(refusal)
        case .success(let report): .page(remoteSupportPages.main(report.status, report.setting), report)
        }
    }

    // MARK: The setting

    fileprivate func newSetting() async -> Answer {
        switch await setting() {
        case .failure(let refusal): refused(refusal)
        case .success(let setting?): .page(remoteSupportPages.onlyOne(setting))
        case .success(nil): .page(remoteSupportPages.form(saved: nil, state: FormState()))
        }
    }

    fileprivate func editSetting() async -> Answer {
        switch await setting() {
        case .failure(let refusal): refused(refusal)
        case .success(nil): refused(Refusal(.noSetting))
        case .success(let setting?): .page(remoteSupportPages.form(saved: setting, state: state(of: setting)))
        }
    }

    /// What the form shows of a setting: host and ports apart, as the page asks for them.
    private func state(of setting: SettingReport) -> FormState {
        var values = ["listening_port": String(setting.listeningPort), "relay_user": setting.user]
        // It was parsed when it was saved.
        let relay = try? RelayAddress(parsing: setting.relay)
        values["relay"] = relay?.host ?? setting.relay
        if let ports = relay?.ports, ports != [RelayAddress.defaultPort] {
            values["relay_ports"] = ports.map(String.init).joined(separator: ",")
        }
        values["proxy"] = setting.proxy?.address ?? ""
        values["proxy_user"] = setting.proxy?.user ?? ""
        return FormState(values)
    }

    /// What was typed, as the terminal takes it. Ports of their own field stand behind the host, which may be a bare IPv6 address.
    ///
    /// - Parameter saved: what is changed; nil for a new setting.
    private func form(_ fields: Fields, changing saved: SettingReport?) -> SettingForm {
        var form = SettingForm()
        let host = fields.trimmed("relay") ?? ""
        let ports = (fields["relay_ports"] ?? "").filter { $0 != " " }
        let isBareIPv6 = host.filter { $0 == ":" }.count > 1 && !host.hasPrefix("[")
        let bracketed = isBareIPv6 ? "[\(host)]" : host
        form.relay = ports.isEmpty ? bracketed : "\(bracketed):\(ports)"
        form.listeningPort = fields.trimmed("listening_port") ?? ""
        form.fingerprint = fields.trimmed("fingerprint").flatMap { $0.isEmpty ? nil : $0 }
        // A fingerprint is one relay's: another one's is compared first.
        if form.fingerprint == nil, let saved, Self.host(of: saved.relay) != Self.host(of: form.relay ?? "") { form.fingerprint = "" }
        form.user = fields["relay_user"]
        let proxy = fields.trimmed("proxy") ?? ""
        form.proxy = proxy.isEmpty && saved == nil ? nil : proxy
        let hasProxy = form.proxy?.isEmpty == false
        if hasProxy {
            form.proxyUser = fields["proxy_user"] ?? ""
            // An empty password field keeps what is stored.
            form.proxyPassword = fields["proxy_password"].flatMap { $0.isEmpty ? nil : $0 }
            if fields.isSet("remove_proxy_password") { form.proxyPassword = "" }
        }
        return form
    }

    /// The host of a relay's address; nil for what is none.
    private static func host(of relay: String) -> String? {
        // Why it is none is said by the terminal.
        (try? RelayAddress(parsing: relay))?.host
    }

    fileprivate func createSetting(_ fields: Fields) async -> Answer {
        let form = form(fields, changing: nil)
        return await saved(.createSetting(form), form, fields, isNew: true)
    }

    fileprivate func changeSetting(_ fields: Fields) async -> Answer {
        switch await setting() {
        case .failure(let refusal): return refused(refusal)
        case .success(nil): return refused(Refusal(.noSetting))
        case .success(let setting?):
            let form = form(fields, changing: setting)
            return await saved(.changeSetting(form, revision: fields["revision"].map(Revision.init)), form, fields, isNew: false)
        }
    }

    private func saved(_ command: TerminalCommand, _ form: SettingForm, _ fields: Fields, isNew: Bool) async -> Answer {
        switch await ask(command) {
        case .setting(let setting?):
            return .done(next(fields, or: Address("/remote-support"), isNew ? .settingCreated : .settingSaved), setting)
        case .unconfirmed(let fingerprint):
            var answer = Answer.page(
                remoteSupportPages.comparison(fingerprint, state: fields.state, isNew: isNew),
                Unconfirmed(relayFingerprint: fingerprint))
            answer.status = 202
            return answer
        case .refused(let refusal):
            let current = (try? await setting().get()) ?? nil  // the page then shows the form alone
            if isNew, let current, refusal.code == .settingExists {
                return Answer.refused(refusal.status, remoteSupportPages.onlyOne(current), problem(refusal))
            }
            return refused(
                refusal, also: form.refusals(changing: nil),
                in: { remoteSupportPages.form(saved: isNew ? nil : current, state: portsAtTheirField($0)) }, fields)
        default: return refused(Refusal(.notUnderstood))
        }
    }

    /// Ports that are wrong, said where they were typed: they may stand behind the relay's name too.
    private func portsAtTheirField(_ state: FormState) -> FormState {
        var state = state
        if state["relay_ports"].isEmpty, let faults = state.errors.removeValue(forKey: "relay_ports") { state.errors["relay"] = faults }
        return state
    }

    fileprivate func askToDeleteSetting() async -> Answer {
        switch await both() {
        case .failure(let refusal): return refused(refusal)
        case .success(let report):
            guard let setting = report.setting else { return refused(Refusal(.noSetting)) }
            return .page(remoteSupportPages.deletion(setting, report.status))
        }
    }

    fileprivate func deleteSetting() async -> Answer {
        switch await ask(.deleteSetting) {
        case .done:
            switch await status() {
            case .success(let status):
                .done(Address("/remote-support").query("done", Notice.settingDeleted.rawValue), status)
            case .failure(let refusal): refused(refusal)
            }
        case .refused(let refusal): refused(refusal)
        default: refused(Refusal(.notUnderstood))
        }
    }

    // MARK: Switching

    fileprivate func start(_ fields: Fields) async -> Answer {
        let choice = fields["limit"] ?? Limits.standard
        let limit = Limits.seconds(choice).map { SupportLimit.duration(.seconds($0)) } ?? .untilStopped
        return await switched(.start(limit), .started, fields)
    }

    fileprivate func step(_ fields: Fields) -> Duration { .seconds(fields["by"].flatMap(Limits.seconds) ?? 0) }

    /// Carries out a command that is answered with the status.
    func switched(_ command: TerminalCommand, _ notice: Notice, _ fields: Fields) async -> Answer {
        switch await ask(command) {
        case .status(let status): .done(next(fields, or: Address("/remote-support"), notice), status)
        case .refused(let refusal): await refused(refusal, onPageOf: fields)
        default: refused(Refusal(.notUnderstood))
        }
    }

    /// A refusal on the page whose button was pressed: Home, or the page of remote support.
    private func refused(_ refusal: Refusal, onPageOf fields: Fields) async -> Answer {
        guard case .success(let report) = await both() else { return refused(refusal) }
        let isHome = fields["back"] == "/"
        var page = isHome ? HomePage.page(report.status, speak) : remoteSupportPages.main(report.status, report.setting)
        page.problem = speak.refusal(refusal)
        page.source = isHome ? Address("/") : Address("/remote-support")
        return Answer.refused(refusal.status, page, problem(refusal))
    }

    fileprivate func endLogin(_ fields: Fields) async -> Answer {
        guard let id = UInt64(part) else { return refused(Refusal(.noSuchLogin, ["id": String(part.prefix(20))])) }
        return await switched(.endLogin(id), .loginEnded, fields)
    }

    /// Whether support runs with another setting than the one that is saved.
    private func isPending() async -> Bool {
        if case .success(let status) = await status() { !status.pendingChanges.isEmpty } else { false }
    }

    fileprivate func test() async -> Answer {
        switch await ask(.test) {
        case .test(let report): .page(remoteSupportPages.test(report, isPending: await isPending()), report)
        case .refused(let refusal): refused(refusal)
        default: refused(Refusal(.notUnderstood))
        }
    }
}
