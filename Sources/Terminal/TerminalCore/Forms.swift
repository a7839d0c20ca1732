package import SSHKeys
package import Support

/// A login user as the customer types it. What is nil stays as it is; a new login user needs keys.
package struct LoginUserForm: Hashable, Codable, Sendable {
    /// The account's name.
    package var name: String
    /// Public keys, one a line; blank lines and comments (`#`) are skipped.
    package var keys: String?
    /// `standard` or `administrator`; a new login user is a standard one unless it says otherwise.
    package var access: String?

    /// A form with its fields given.
    package init(name: String, keys: String? = nil, access: String? = nil) {
        self.name = name
        self.keys = keys
        self.access = access
    }

    /// The name.
    package func loginName() throws(Refusal) -> LoginName {
        do throws(ParseError) {
            return try LoginName(parsing: name)
        } catch {
            throw Refusal(.loginUserName, ["given": Printable.quoted(name), "rule": error.rule])
        }
    }

    /// The login user that the form describes.
    ///
    /// - Parameter current: what there is, for a change; nil for a new one.
    /// - Throws: the first field that is wrong; for keys, the first line that is none, by its number.
    package func loginUser(changing current: LoginUser?) throws(Refusal) -> LoginUser {
        LoginUser(name: try loginName(), keys: try parsedKeys(current?.keys), access: try parsedAccess(current?.access))
    }

    /// Everything that is wrong with the form, in the order of its fields; for keys, every line that is none.
    package func refusals(changing current: LoginUser?) -> [Refusal] {
        var ofKeys = keys.map { AuthorizedKey.keysAndFaults(of: $0).faults.map(Refusal.init) } ?? []
        if ofKeys.isEmpty { ofKeys = Refusal.of { () throws(Refusal) in try parsedKeys(current?.keys) } }
        return Refusal.of { () throws(Refusal) in try loginName() } + ofKeys
            + Refusal.of { () throws(Refusal) in try parsedAccess(current?.access) }
    }

    private func parsedAccess(_ current: AccessLevel?) throws(Refusal) -> AccessLevel {
        guard let access else { return current ?? .standard }
        guard let level = AccessLevel(rawValue: access) else { throw Refusal(.accessLevel, ["given": Printable.quoted(access)]) }
        return level
    }

    private func parsedKeys(_ current: [AuthorizedKey]?) throws(Refusal) -> [AuthorizedKey] {
        var parsed = current ?? []
        if let keys {
            do throws(AuthorizedKeyFileError) { parsed = try AuthorizedKey.parseFile(keys) } catch { throw Refusal(error) }
        }
        guard !parsed.isEmpty else { throw Refusal(.keysMissing) }
        guard parsed.count <= LoginUser.maximumKeys else { throw Refusal(.tooManyKeys, ["most": "\(LoginUser.maximumKeys)"]) }
        return parsed
    }
}

extension Refusal {
    /// Why something is refused: nothing, or one reason.
    fileprivate static func of<Value>(_ parse: () throws(Refusal) -> Value) -> [Refusal] {
        do throws(Refusal) { _ = try parse() } catch { return [error] }
        return []
    }
}

/// The setting as the customer types it. What is nil stays as it is, what is empty is taken away; a new setting needs relay and port.
package struct SettingForm: Hashable, Codable, Sendable {
    /// `HOST[:PORT[,PORT]…]`.
    package var relay: String?
    /// This terminal's port on the relay.
    package var listeningPort: String?
    /// The relay's fingerprint, as the customer compared it; what is taken away has to be compared anew.
    package var fingerprint: String?
    /// The user name told to the relay.
    package var user: String?
    /// `http://HOST:PORT` or `socks5://HOST:PORT`.
    package var proxy: String?
    /// Who the proxy is told we are.
    package var proxyUser: String?
    /// The password for that. Never shown again.
    package var proxyPassword: String?

    /// An empty form.
    package init() {}

    /// What a form says once it is understood.
    package struct Content: Hashable, Sendable {
        /// The relay.
        package var relay: RelayAddress
        /// This terminal's port on it.
        package var listeningPort: ListeningPort
        /// The user name told to it.
        package var user: String
        /// Its fingerprint; nil if the relay has to be asked for it, and the customer to compare it.
        package var fingerprint: Fingerprint?
        /// The proxy on the way.
        package var proxy: ProxySetting?
    }

    /// What the form says, over what there is.
    ///
    /// - Throws: the first field that is wrong.
    package func content(changing current: RemoteSupportSetting?) throws(Refusal) -> Content {
        Content(
            relay: try parsedRelay(current?.relay),
            listeningPort: try parsed(listeningPort, or: current?.listeningPort, .listeningPort), user: try parsedUser(current),
            fingerprint: try parsedFingerprint(current), proxy: try parsedProxy(current?.proxy))
    }

    /// Everything that is wrong with the form, in the order of its fields.
    package func refusals(changing current: RemoteSupportSetting?) -> [Refusal] {
        let reasons = [
            Refusal.of { () throws(Refusal) in try parsedRelay(current?.relay) },
            Refusal.of { () throws(Refusal) in try parsed(listeningPort, or: current?.listeningPort, .listeningPort) },
            Refusal.of { () throws(Refusal) in try parsedUser(current) },
            Refusal.of { () throws(Refusal) in try parsedFingerprint(current) },
            Refusal.of { () throws(Refusal) in try parsedProxy(current?.proxy) },
        ]
        return reasons.flatMap(\.self)
    }

    /// The value of a field that has to have one; what is not given stays as it is.
    private func parsed<Value: ParsedFromText>(_ text: String?, or current: Value?, _ code: Refusal.Code) throws(Refusal) -> Value {
        if text == nil, let current { return current }
        do throws(ParseError) {
            return try Value(parsing: text ?? "")
        } catch {
            throw Refusal(code, ["given": Printable.quoted(text ?? ""), "rule": error.rule])
        }
    }

    /// The relay; where its host is one, what is wrong is its ports.
    private func parsedRelay(_ current: RelayAddress?) throws(Refusal) -> RelayAddress {
        do throws(Refusal) {
            return try parsed(relay, or: current, .relayAddress)
        } catch {
            let text = relay ?? ""
            // Why the host alone is none is what is said already.
            guard let colon = text.lastIndex(of: ":"), (try? RelayAddress(parsing: String(text[..<colon]))) != nil else { throw error }
            let ports = String(text[text.index(after: colon)...])
            throw Refusal(.relayPorts, ["given": Printable.quoted(ports), "most": "\(RelayAddress.maximumPorts)"])
        }
    }

    private func parsedUser(_ current: RemoteSupportSetting?) throws(Refusal) -> String {
        guard let user else { return current?.user ?? RemoteSupportSetting.defaultUser }
        if user.isEmpty { return RemoteSupportSetting.defaultUser }
        guard RemoteSupportSetting.isUser(user) else { throw Refusal(.relayUser, ["given": Printable.quoted(user)]) }
        return user
    }

    private func parsedFingerprint(_ current: RemoteSupportSetting?) throws(Refusal) -> Fingerprint? {
        guard let fingerprint else { return current.flatMap { Fingerprint($0.fingerprint) } }
        if fingerprint.isEmpty { return nil }
        guard let parsed = Fingerprint(fingerprint) else { throw Refusal(.fingerprint, ["given": Printable.quoted(fingerprint)]) }
        return parsed
    }

    private func parsedProxy(_ current: ProxySetting?) throws(Refusal) -> ProxySetting? {
        if proxy?.isEmpty == true { return nil }
        var result = current
        if let proxy {
            result = try ProxySetting(parsing: proxy)
            result?.user = current?.user
            result?.password = current?.password
        }
        if let proxyUser {
            guard ProxySetting.isCredential(proxyUser), !proxyUser.contains(":") else {
                throw Refusal(.proxyCredentials, ["detail": proxyUser.contains(":") ? "; a user name has no colon" : ""])
            }
            result?.user = proxyUser.isEmpty ? nil : proxyUser
            if proxyUser.isEmpty { result?.password = nil }
        }
        if let proxyPassword {
            guard ProxySetting.isCredential(proxyPassword) else { throw Refusal(.proxyCredentials, ["detail": ""]) }
            result?.password = proxyPassword.isEmpty ? nil : proxyPassword
        }
        if result == nil, [proxyUser, proxyPassword].contains(where: { $0?.isEmpty == false }) {
            throw Refusal(.proxyAddress, ["given": Printable.quoted(proxy ?? "")])
        }
        return result
    }
}
