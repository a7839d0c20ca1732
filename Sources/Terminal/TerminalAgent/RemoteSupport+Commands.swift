import EventLoops
import Support
import SystemCalls
import TerminalBroker
package import TerminalCore
import TerminalStore

extension RemoteSupport {
    /// Carries out a command and answers it.
    ///
    /// Changes of users and settings wait for each other; asking, starting and stopping never wait.
    /// - Parameter actor: who asks, for the log.
    package func perform(_ command: TerminalCommand, by actor: LogEntry.Actor) async -> TerminalReply {
        do throws(Refusal) {
            switch command {
            case .status: return .status(status())
            case .loginUsers: return .loginUsers(users.map(report))
            case .setting: return .setting(try await settingReport())
            case .key: return .key(try await keyReport())
            case .start(let limit): return try start(limit, by: actor)
            case .extend(let duration): return try extend(by: duration, actor)
            case .shorten(let duration): return try shorten(by: duration, actor)
            case .setLimit(let limit): return try setLimit(limit, by: actor)
            case .stop:
                _ = await stopSupport(.stopped, by: actor)
                return .status(status())
            case .restart: return try restart(by: actor)
            case .setAutoStart(let isOn):
                return try await changing { await result { () async throws(Refusal) in try await self.setAutoStart(isOn, by: actor) } }
                    .get()
            case .endLogin(let number): return try await endLogin(LoginID(number: number), by: actor)
            case .addLoginUser(let form):
                return try await changing { await result { () async throws(Refusal) in try await self.add(form, by: actor) } }.get()
            case .changeLoginUser(let form, let revision):
                return try await changing {
                    await result { () async throws(Refusal) in try await self.change(form, from: revision, by: actor) }
                }.get()
            case .removeLoginUser(let name):
                return try await changing { await result { () async throws(Refusal) in try await self.remove(name, by: actor) } }.get()
            case .createSetting(let form):
                return try await changing { await result { () async throws(Refusal) in try await self.createSetting(form, by: actor) } }
                    .get()
            case .changeSetting(let form, let revision):
                return try await changing {
                    await result { () async throws(Refusal) in try await self.changeSetting(form, from: revision, by: actor) }
                }.get()
            case .deleteSetting:
                return try await changing { await result { () async throws(Refusal) in try await self.deleteSetting(by: actor) } }.get()
            case .relayFingerprint(let form):
                return .unconfirmed(fingerprint: try await lookUpRelay(try form.content(changing: setting)))
            case .previewRequest(let text): return .request(try preview(text))
            case .applyRequest(let text):
                return try await changing { await result { () async throws(Refusal) in try await self.apply(text, by: actor) } }.get()
            case .test:
                _ = try requireSetting()
                return .test(await test())
            case .log(let filter):
                let store = store
                var filter = filter
                filter.count = min(max(filter.count, 1), LogFilter.maximumCount)
                return .log(await worker.run { [filter] in store.log.page(filter) })
            case .note(let code, let values):
                guard code.kind == .console, code.valueNames.allSatisfy({ values[$0] != nil }) else { throw Refusal(.notAllowed) }
                let values = values.mapValues(Printable.escaped)
                // Who gives a wrong password is somebody, and nobody knows who.
                note(code, values, by: code == .consoleSignInRefused ? LogEntry.Actor(role: .unknown, name: values["address"]) : actor)
                return .done("noted")
            }
        } catch {
            return .refused(error)
        }
    }

    private func result(_ body: () async throws(Refusal) -> TerminalReply) async -> Result<TerminalReply, Refusal> {
        do throws(Refusal) { return .success(try await body()) } catch { return .failure(error) }
    }

    // MARK: Switching

    private func start(_ limit: SupportLimit, by actor: LogEntry.Actor) throws(Refusal) -> TerminalReply {
        let setting = try requireSetting()
        guard !users.isEmpty else { throw Refusal(.noLoginUsers) }
        try check(limit)
        do throws(SystemError) { try listen() } catch { throw Refusal(.system, ["reason": error.description]) }
        if lifecycle.isOn {
            tell(limit, by: actor)
        } else {
            settingInEffect = setting
            switch limit {
            case .duration(let duration): note(.supportOn, length(duration), by: actor)
            case .untilStopped: note(.supportOnUnlimited, by: actor)
            }
        }
        perform(lifecycle.start(limit, at: now))
        remember()
        return .status(status())
    }

    private func extend(by duration: Duration, _ actor: LogEntry.Actor) throws(Refusal) -> TerminalReply {
        try requireLimit()
        guard lifecycle.extend(by: duration, at: now) != nil else { throw Refusal(.limitTooLong) }
        return limitIsSet(by: actor)
    }

    private func shorten(by duration: Duration, _ actor: LogEntry.Actor) throws(Refusal) -> TerminalReply {
        let end = try requireLimit()
        guard lifecycle.shorten(by: duration, at: now) != nil else {
            throw Refusal(.limitTooShort, ["length": TerminalText.length(Int((end - now).components.seconds))])
        }
        return limitIsSet(by: actor)
    }

    private func setLimit(_ limit: SupportLimit, by actor: LogEntry.Actor) throws(Refusal) -> TerminalReply {
        guard lifecycle.isOn else { throw Refusal(.off) }
        try check(limit)
        lifecycle.setLimit(limit, at: now)
        return limitIsSet(by: actor)
    }

    @discardableResult
    private func requireLimit() throws(Refusal) -> Uptime {
        guard lifecycle.isOn else { throw Refusal(.off) }
        guard let deadline = lifecycle.deadline else { throw Refusal(.noLimit) }
        return deadline
    }

    private func check(_ limit: SupportLimit) throws(Refusal) {
        if case .duration(let duration) = limit, duration > SupportLimit.maximum { throw Refusal(.limitTooLong) }
    }

    private func limitIsSet(by actor: LogEntry.Actor) -> TerminalReply {
        tell(lifecycle.deadline.map { .duration($0 - now) } ?? .untilStopped, by: actor)
        perform([])
        remember()
        return .status(status())
    }

    private func tell(_ limit: SupportLimit, by actor: LogEntry.Actor) {
        switch limit {
        case .duration(let duration): note(.supportLimitSet, length(duration), by: actor)
        case .untilStopped: note(.supportLimitRemoved, by: actor)
        }
    }

    private func length(_ duration: Duration) -> [String: String] {
        let seconds = Int((duration + .milliseconds(500)).components.seconds)
        return ["length": TerminalText.length(seconds), "seconds": "\(seconds)"]
    }

    private func restart(by actor: LogEntry.Actor) throws(Refusal) -> TerminalReply {
        let setting = try requireSetting()
        guard lifecycle.isOn else { throw Refusal(.off) }
        settingInEffect = setting
        note(.supportRestarted, by: actor)
        perform(lifecycle.restart(portCount: setting.relay.ports.count))
        return .status(status())
    }

    private func endLogin(_ id: LoginID, by actor: LogEntry.Actor) async throws(Refusal) -> TerminalReply {
        guard let login = logins[id] else { throw Refusal(.noSuchLogin, ["id": "\(id.number)"]) }
        note(.loginClosed, ["who": login.report.name, "user": login.report.user], by: actor)
        _ = await ask(.endLogins(id))
        return .status(status())
    }
}
