import EventLoops
import SSHCrypto
import SSHKeys
import Support
import TerminalBroker
import TerminalCore
import TerminalStore

extension RemoteSupport {
    /// The setting that most commands need.
    @discardableResult
    func requireSetting() throws(Refusal) -> RemoteSupportSetting {
        guard let setting else { throw Refusal(.noSetting) }
        return setting
    }

    func keyReport() async throws(Refusal) -> KeyReport {
        let setting = try requireSetting()
        let key = key
        return report(try await worker.run { () throws(Refusal) in try key.read() }, setting)
    }

    private func report(_ key: AuthorizedKey, _ setting: RemoteSupportSetting) -> KeyReport {
        KeyReport(
            publicKey: key.line, fingerprint: key.key.fingerprint.description,
            stockRelayLine: "restrict,port-forwarding,permitlisten=\"localhost:\(setting.listeningPort)\" \(key.line)",
            hostKeyFingerprint: facts.hostKeyFingerprint)
    }

    func settingReport() async throws(Refusal) -> SettingReport? {
        guard let setting else { return nil }
        return SettingReport(setting, key: try await keyReport())
    }

    func createSetting(_ form: SettingForm, by actor: LogEntry.Actor) async throws(Refusal) -> TerminalReply {
        if let setting {
            throw Refusal(.settingExists, ["relay": "\(setting.relay)", "port": "\(setting.listeningPort)"])
        }
        let content = try form.content(changing: nil)
        guard let fingerprint = content.fingerprint else { return .unconfirmed(fingerprint: try await lookUpRelay(content)) }
        return .setting(try await create(RemoteSupportSetting(content, fingerprint: fingerprint), by: actor))
    }

    /// Issues the terminal key and saves the first setting.
    func create(_ created: RemoteSupportSetting, by actor: LogEntry.Actor) async throws(Refusal) -> SettingReport {
        let (key, store) = (key, store)
        let issued = try await worker.run { () throws(Refusal) in
            let issued = try key.issue()
            try Refusal.ifNotStored { () throws(StoreError) in try store.save(setting: created) }
            return issued
        }
        let report = report(issued, created)
        setting = created
        lifecycle = SupportLifecycle(portCount: created.relay.ports.count, off: .settingChanged)
        note(
            .settingCreated, ["relay": "\(created.relay)", "port": "\(created.listeningPort)", "fingerprint": report.fingerprint], by: actor
        )
        return SettingReport(created, key: report)
    }

    func changeSetting(_ form: SettingForm, from revision: Revision?, by actor: LogEntry.Actor) async throws(Refusal) -> TerminalReply {
        let current = try requireSetting()
        let content = try form.content(changing: current)
        if let revision, revision != current.revision { throw Refusal(.changedElsewhere, ["what": "the setting"]) }
        guard let fingerprint = content.fingerprint else { return .unconfirmed(fingerprint: try await lookUpRelay(content)) }
        var changed = RemoteSupportSetting(content, fingerprint: fingerprint)
        changed.joinUser = current.joinUser
        // The key that was pinned is the one with this fingerprint, wherever the relay is.
        if changed.fingerprint == current.fingerprint {
            (changed.pinnedKey, changed.announcedKeys, changed.acceptedAt) = (current.pinnedKey, current.announcedKeys, current.acceptedAt)
        }
        if !changed.differences(from: current).isEmpty { try await save(changed, by: actor) }
        return .setting(try await settingReport())
    }

    /// Saves a changed setting; it takes effect when support starts or is restarted.
    func save(_ changed: RemoteSupportSetting, by actor: LogEntry.Actor) async throws(Refusal) {
        let fields = setting.map(changed.differences) ?? []
        let store = store
        try await worker.run { () throws(Refusal) in
            try Refusal.ifNotStored { () throws(StoreError) in try store.save(setting: changed) }
        }
        setting = changed
        if !lifecycle.isOn { lifecycle = SupportLifecycle(portCount: changed.relay.ports.count, off: .settingChanged) }
        if !fields.isEmpty { note(.settingChanged, ["fields": fields.map(\.rawValue).joined(separator: ", ")], by: actor) }
    }

    /// The fingerprint that the relay shows now.
    func lookUpRelay(_ content: SettingForm.Content) async throws(Refusal) -> String {
        // A digest that no key has: this setting only serves to ask, and is never stored.
        let nobody = Fingerprint(digest: [UInt8](repeating: 0, count: Fingerprint.length))
        let draft = RemoteSupportSetting(content, fingerprint: nobody)
        var last: TunnelFailure?
        for port in content.relay.ports {
            let failure = await attempt(TunnelClientArguments.probe(draft, port: port), draft, port: port).failure
            if case .relayKeyNotPinned(let offered) = failure { return offered }
            last = failure
        }
        throw Refusal(.relayNotReached, because: last.map(Cause.init) ?? Cause(.noAnswer))
    }

    func deleteSetting(by actor: LogEntry.Actor) async throws(Refusal) -> TerminalReply {
        try requireSetting()
        _ = await stopSupport(.settingChanged, by: actor)
        let (key, store) = (key, store)
        try await worker.run { () throws(Refusal) in
            try Refusal.ifNotStored { () throws(StoreError) in try store.save(setting: nil) }
            try key.remove()
        }
        setting = nil
        lifecycle = SupportLifecycle(portCount: 1, off: .settingChanged)
        note(.settingDeleted, by: actor)
        return .done("the remote support setting and its key are deleted; support is off")
    }

    func setAutoStart(_ isOn: Bool, by actor: LogEntry.Actor) async throws(Refusal) -> TerminalReply {
        guard isOn != isAutoStart else { return .status(status()) }
        let store = store
        try await worker.run { () throws(Refusal) in
            try Refusal.ifNotStored { () throws(StoreError) in try store.save(autoStart: isOn) }
        }
        isAutoStart = isOn
        note(isOn ? .autoStartOn : .autoStartOff, by: actor)
        return .status(status())
    }
}

extension RemoteSupportSetting {
    /// What a form says, with the fingerprint that it has or was completed with.
    fileprivate init(_ content: SettingForm.Content, fingerprint: Fingerprint) {
        self.init(
            relay: content.relay, listeningPort: content.listeningPort, user: content.user, fingerprint: fingerprint, proxy: content.proxy)
    }
}

extension Refusal {
    /// Does something to the store; what it cannot do is a refusal.
    fileprivate static func ifNotStored(_ change: () throws(StoreError) -> Void) throws(Refusal) {
        do throws(StoreError) { try change() } catch { throw Refusal(.store, ["reason": error.description]) }
    }
}
