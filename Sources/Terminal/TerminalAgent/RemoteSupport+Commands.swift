package import TerminalCore
import EventLoops
import SSHCrypto
import SSHKeys
import Support
import SystemCalls
import TerminalBroker
import TerminalStore

extension RemoteSupport {
    /// Carries out a command and answers it.
    ///
    /// Changes of users and settings wait for each other; asking, starting and stopping never wait.
    package func perform(_ command: TerminalCommand) async -> TerminalReply {
        do throws(Refusal) {
            switch command {
            case .status: return .status(status())
            case .loginUsers: return .loginUsers(users.map(report))
            case .setting: return .setting(try await settingReport())
            case .key: return .key(try await keyReport())
            case .start(let limit): return try start(limit)
            case .extend(let duration): return try extend(by: duration)
            case .stop:
                _ = await stopSupport(.stopped)
                return .status(status())
            case .addLoginUser(let user):
                return try await changing { await result { () async throws(Refusal) in try await self.add(user) } }.get()
            case .removeLoginUser(let name):
                return try await changing { await result { () async throws(Refusal) in try await self.remove(name) } }.get()
            case .createSetting(let relay, let port, let fingerprint, let user):
                return try await changing {
                    await result { () async throws(Refusal) in
                        try await self.createSetting(relay: relay, port: port, fingerprint: fingerprint, user: user)
                    }
                }.get()
            case .deleteSetting:
                return try await changing { await result { () async throws(Refusal) in try await self.deleteSetting() } }.get()
            case .test:
                _ = try requireSetting()
                return .test(await test())
            }
        } catch {
            return .refused(error)
        }
    }

    private func result(_ body: () async throws(Refusal) -> TerminalReply) async -> Result<TerminalReply, Refusal> {
        do throws(Refusal) { return .success(try await body()) } catch { return .failure(error) }
    }

    // MARK: Login users

    private func report(_ user: LoginUser) -> LoginUserReport {
        LoginUserReport(
            name: user.name.description, access: user.access,
            keys: user.keys.map {
                LoginUserReport.Key(
                    algorithm: $0.key.algorithm.rawValue, fingerprint: $0.key.fingerprint.description, comment: $0.comment)
            })
    }

    private func add(_ user: LoginUser) async throws(Refusal) -> TerminalReply {
        let name = user.name
        guard !users.contains(where: { $0.name == name }) else {
            throw Refusal(
                "login-user-exists",
                "SSH login user \(name) already exists; see: towline-terminal login-user keys \(name), "
                    + "or remove it first: towline-terminal login-user remove \(name)")
        }
        guard users.count < LoginUser.maximumCount else {
            throw Refusal(
                "too-many-login-users", "there are \(users.count) SSH login users already, the most there can be; remove one first")
        }
        guard !user.keys.isEmpty, user.keys.count <= LoginUser.maximumKeys else {
            throw Refusal("keys", "an SSH login user needs 1 to \(LoginUser.maximumKeys) public keys")
        }
        let wanted = (users + [user]).sorted { $0.name < $1.name }
        try await apply(wanted, about: name)
        return .loginUsers([report(user)])
    }

    private func remove(_ name: LoginName) async throws(Refusal) -> TerminalReply {
        guard users.contains(where: { $0.name == name }) else {
            throw Refusal("no-such-login-user", "there is no SSH login user \(name); see: towline-terminal login-user list")
        }
        try await apply(users.filter { $0.name != name }, about: name, isRemoval: true)
        return .done(
            facts.onlyLoginUser == nil
                ? "SSH login user \(name) is removed, with its account and home folder" : "SSH login user \(name) can no longer log in")
    }

    /// Makes `wanted` the login users: first their accounts, then on disk; goes back if either fails for `name`.
    ///
    /// - Parameter isRemoval: never goes back: who was to leave must not get in again because their account could not be cleared away.
    private func apply(_ wanted: [LoginUser], about name: LoginName, isRemoval: Bool = false) async throws(Refusal) {
        let before = users
        var leftover: LoginUserRefusal?
        switch await ask(.applyLoginUsers(wanted)) {
        case .applied(let refused):
            leftover = refused.first { $0.name == name }
            if let refusal = leftover, !isRemoval {
                _ = await ask(.applyLoginUsers(before))
                throw Refusal(refusal.code, refusal.message)
            }
        case .refused(let reason): throw Refusal("broker", "the account broker refused: \(reason)")
        case .welcome, .loginStarted, .done: throw Refusal("broker", "the account broker gave an answer that does not fit")
        }
        let store = store
        let failure: StoreError? = await worker.run {
            do throws(StoreError) { try store.save(loginUsers: wanted) } catch { return error }
            return nil
        }
        if let failure {
            if isRemoval { throw Refusal("store", "\(name) is removed, but only until the next start: \(failure)") }
            _ = await ask(.applyLoginUsers(before))
            throw Refusal("store", "nothing was changed: \(failure)")
        }
        users = wanted
        if let leftover { throw Refusal(leftover.code, leftover.message) }
    }

    // MARK: The setting

    /// The setting that most commands need.
    func requireSetting() throws(Refusal) -> RemoteSupportSetting {
        guard let setting else {
            throw Refusal(
                "no-setting",
                "there is no remote support setting yet; create it: "
                    + "towline-terminal settings create --relay HOST --listening-port N --fingerprint SHA256:…")
        }
        return setting
    }

    private func keyReport() async throws(Refusal) -> KeyReport {
        let setting = try requireSetting()
        let key = key
        let read: Result<AuthorizedKey, Refusal> = await worker.run {
            do throws(Refusal) { return .success(try key.read()) } catch { return .failure(error) }
        }
        return report(try read.get(), setting)
    }

    private func report(_ key: AuthorizedKey, _ setting: RemoteSupportSetting) -> KeyReport {
        KeyReport(
            publicKey: key.line, fingerprint: key.key.fingerprint.description,
            stockRelayLine: "restrict,port-forwarding,permitlisten=\"localhost:\(setting.listeningPort)\" \(key.line)",
            hostKeyFingerprint: facts.hostKeyFingerprint)
    }

    private func settingReport() async throws(Refusal) -> SettingReport? {
        guard let setting else { return nil }
        return SettingReport(
            relay: setting.relay.description, listeningPort: setting.listeningPort.rawValue, user: setting.user,
            fingerprint: setting.fingerprint, isPinned: setting.pinnedKey != nil, key: try await keyReport())
    }

    private func createSetting(
        relay: RelayAddress, port: ListeningPort, fingerprint: String?, user: String?
    ) async throws(Refusal) -> TerminalReply {
        if let setting {
            throw Refusal(
                "setting-exists",
                "there is a remote support setting already (\(setting.relay), listening port \(setting.listeningPort)); "
                    + "delete it first, which also deletes its key: towline-terminal settings delete")
        }
        let user = user ?? RemoteSupportSetting.defaultUser
        guard RemoteSupportSetting.isUser(user) else {
            throw Refusal("user", "the relay user \(Printable.quoted(user)) is not a user name: letters, digits, - _ and ., at most 64")
        }
        guard let fingerprint else {
            return .unconfirmed(fingerprint: try await lookUpRelay(relay, port: port, user: user))
        }
        guard let confirmed = Fingerprint(fingerprint) else {
            throw Refusal(
                "fingerprint",
                "\(Printable.quoted(fingerprint)) is not a fingerprint: it is SHA256: and 43 characters, as support sent it")
        }
        let created = RemoteSupportSetting(relay: relay, listeningPort: port, user: user, fingerprint: confirmed)
        let (key, store) = (key, store)
        let issued: Result<AuthorizedKey, Refusal> = await worker.run {
            do throws(Refusal) {
                let issued = try key.issue()
                do throws(StoreError) { try store.save(setting: created) } catch { throw Refusal("store", error.description) }
                return .success(issued)
            } catch {
                return .failure(error)
            }
        }
        let report = report(try issued.get(), created)
        setting = created
        isKeyAccepted = false
        lifecycle = SupportLifecycle(portCount: relay.ports.count, off: .settingChanged)
        return .setting(
            SettingReport(
                relay: relay.description, listeningPort: port.rawValue, user: user, fingerprint: created.fingerprint, isPinned: false,
                key: report))
    }

    /// The fingerprint that the relay shows now.
    private func lookUpRelay(_ relay: RelayAddress, port: ListeningPort, user: String) async throws(Refusal) -> String {
        // A digest that no key has: this setting only serves to ask, and is never stored.
        let nobody = Fingerprint(digest: [UInt8](repeating: 0, count: Fingerprint.length))
        let draft = RemoteSupportSetting(relay: relay, listeningPort: port, user: user, fingerprint: nobody)
        var last: TunnelFailure?
        for port in relay.ports {
            let failure = await attempt(TunnelClientArguments.probe(draft, port: port), draft, port: port).failure
            if case .relayKeyNotPinned(let offered) = failure { return offered }
            last = failure
        }
        throw Refusal(
            "relay-not-reached",
            "the relay's fingerprint is needed and could not be fetched: \(last?.sentence ?? "it does not answer"); "
                + "give the one that support sent: --fingerprint SHA256:…")
    }

    private func deleteSetting() async throws(Refusal) -> TerminalReply {
        _ = try requireSetting()
        _ = await stopSupport(.settingChanged)
        let (key, store) = (key, store)
        let deleted: Result<Void, Refusal> = await worker.run {
            do throws(Refusal) {
                do throws(StoreError) { try store.save(setting: nil) } catch { throw Refusal("store", error.description) }
                return .success(try key.remove())
            } catch {
                return .failure(error)
            }
        }
        try deleted.get()
        setting = nil
        lifecycle = SupportLifecycle(portCount: 1, off: .settingChanged)
        return .done("the remote support setting and its key are deleted; support is off")
    }

    // MARK: Switching

    private func start(_ limit: SupportLimit) throws(Refusal) -> TerminalReply {
        _ = try requireSetting()
        guard !users.isEmpty else {
            throw Refusal(
                "no-login-users",
                "nobody could log in: there is no SSH login user yet; add one: towline-terminal login-user add NAME --key FILE")
        }
        if case .duration(let duration) = limit, duration > SupportLimit.maximum {
            throw Refusal("limit", "the longest limit is 30 days; for longer say --until-stopped")
        }
        do throws(SystemError) { try listen() } catch { throw Refusal("system", "support cannot start: \(error)") }
        if !lifecycle.isOn { journal.add(switched: "support is switched on") }
        perform(lifecycle.start(limit, at: now))
        remember()
        return .status(status())
    }

    private func extend(by duration: Duration) throws(Refusal) -> TerminalReply {
        guard lifecycle.isOn else { throw Refusal("off", "support is off; start it: towline-terminal start") }
        guard lifecycle.extend(by: duration, at: now) != nil else {
            throw Refusal("no-limit", "support has no time limit: it stays on until you stop it (towline-terminal stop)")
        }
        perform([])
        remember()
        return .status(status())
    }
}
