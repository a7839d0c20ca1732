import EventLoops
import SSHCrypto
import SSHKeys
import Support
import TerminalBroker
import TerminalCore

extension RemoteSupport {
    /// What a request line says, and what it would do here; nothing is changed.
    func preview(_ text: String) throws(Refusal) -> RequestReport { report(try requested(text)) }

    /// Does what a request line says: the login user first, then the setting with the relay's key pinned from the line.
    func apply(_ text: String, by actor: LogEntry.Actor) async throws(Refusal) -> TerminalReply {
        let request = try requested(text)
        var report = report(request)
        if let obstacle = report.obstacle { throw obstacle }
        let keys = keyLines(of: request)
        switch report.loginUserEffect {
        case .creates: _ = try await add(LoginUserForm(name: "\(request.login)", keys: keys), by: actor)
        case .changes: _ = try await change(LoginUserForm(name: "\(request.login)", keys: keys), from: nil, by: actor)
        case .unchanged: break
        }
        let wanted = wantedSetting(request)
        do throws(Refusal) {
            if report.settingEffect == .creates {
                _ = try await create(wanted, by: actor)
            } else {
                try await save(wanted, by: actor)
            }
        } catch {
            // What was made for this request alone goes again: nothing is half applied.
            if report.loginUserEffect == .creates { _ = try? await remove(request.login, by: .system) }
            throw error
        }
        report.key = try await keyReport()
        return .request(report)
    }

    private func requested(_ text: String) throws(Refusal) -> SupportRequest {
        let line: RequestLine
        do throws(RequestLineError) {
            line = try RequestLine(in: text)
        } catch {
            throw Refusal(.requestLine, because: Cause(error))
        }
        guard line.request.relayKey.verifies(signature: line.signatureBlob, algorithm: .ed25519, over: line.signedBytes) else {
            throw Refusal(.requestLine, because: Cause(.requestForged))
        }
        return line.request
    }

    private func report(_ request: SupportRequest) -> RequestReport {
        let existing = users.first { $0.name == request.login }
        let wanted = LoginUser(name: request.login, keys: keys(of: request), access: existing?.access ?? .standard)
        let fingerprint = request.relayKey.fingerprint.description
        var report = RequestReport(
            terminal: "\(request.terminal)", staff: "\(request.staff)", loginUser: self.report(wanted),
            loginUserEffect: existing.map { $0.keys.map(\.key) == wanted.keys.map(\.key) ? .unchanged : .changes } ?? .creates,
            relay: "\(request.relay)", relayFingerprint: fingerprint, listeningPort: request.listeningPort.rawValue,
            settingEffect: .creates, expires: "\(request.expiresAt)", isExpired: request.expiresAt < WallTime.now)
        if let setting {
            let isSame =
                setting.relay == request.relay && setting.listeningPort == request.listeningPort && setting.fingerprint == fingerprint
            report.settingEffect = isSame ? .unchanged : .changes
            // Another relay is another trust: the customer has to let go of the old one first.
            if setting.fingerprint != fingerprint {
                report.obstacle = Refusal(.settingExists, ["relay": "\(setting.relay)", "port": "\(setting.listeningPort)"])
            }
        }
        if let own = facts.onlyLoginUser, own != "\(request.login)" { report.obstacle = Refusal(.notRoot, ["own": own]) }
        return report
    }

    /// The keys of the login user once the request is applied: those that it has, and those of the request.
    private func keys(of request: SupportRequest) -> [AuthorizedKey] {
        var keys = users.first { $0.name == request.login }?.keys ?? []
        for key in request.staffKeys where !keys.contains(where: { $0.key == key }) {
            keys.append(AuthorizedKey(key: key, comment: "\(request.staff)"))
        }
        return keys
    }

    private func keyLines(of request: SupportRequest) -> String { keys(of: request).map { $0.line + "\n" }.joined() }

    private func wantedSetting(_ request: SupportRequest) -> RemoteSupportSetting {
        var wanted = RemoteSupportSetting(
            relay: request.relay, listeningPort: request.listeningPort, user: setting?.user ?? RemoteSupportSetting.defaultUser,
            fingerprint: request.relayKey.fingerprint, pinnedKey: AuthorizedKey(key: request.relayKey).line, proxy: setting?.proxy)
        wanted.joinUser = request.joinCode.userName
        // It is the relay that there was: another one is not taken.
        wanted.acceptedAt = setting?.acceptedAt
        return wanted
    }
}
