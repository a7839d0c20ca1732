package import TerminalCore

/// What the agent remembers: the login users, the setting, whether support was on, and what happened.
///
/// All of it may block: not on a loop.
package struct AgentMemory: Sendable {
    /// Where the relay was found last.
    package struct LastAddress: Hashable, Codable, Sendable {
        /// The relay's name as it is set.
        package var host: String
        /// The address behind it then.
        package var address: String

        /// An address with its parts given.
        package init(host: String, address: String) {
            self.host = host
            self.address = address
        }
    }

    /// The log.
    package let log: EventLog

    private let users: Document<[LoginUser]>
    private let settings: Document<RemoteSupportSetting?>
    private let support: Document<SupportRecord?>
    private let autoStart: Document<Bool>
    private let lastAddresses: Document<LastAddress>

    /// The store in `folder`, which exists and is the agent's own.
    package init(folder: String) {
        users = Document(path: "\(folder)/login-users.json")
        settings = Document(path: "\(folder)/setting.json")
        support = Document(path: "\(folder)/running.json")
        autoStart = Document(path: "\(folder)/auto-start.json")
        lastAddresses = Document(path: "\(folder)/last-address.json")
        log = EventLog(folder: folder)
    }

    /// The login users, in the order of their names.
    package func loginUsers() throws(StoreError) -> [LoginUser] { try users.load() ?? [] }

    /// Replaces the login users.
    package func save(loginUsers: [LoginUser]) throws(StoreError) { try users.save(loginUsers) }

    /// The setting, if there is one.
    package func setting() throws(StoreError) -> RemoteSupportSetting? { try settings.load() ?? nil }

    /// Replaces or deletes the setting.
    package func save(setting: RemoteSupportSetting?) throws(StoreError) { try settings.save(setting) }

    /// The support that was on. A file that cannot be read counts as "off".
    package func running() -> SupportRecord? {
        // Support never comes on by accident.
        (try? support.load()) ?? nil
    }

    /// Where the relay was found last. A file that cannot be read counts as "nowhere".
    package func lastAddress() -> LastAddress? {
        // It only ever helps.
        try? lastAddresses.load()
    }

    /// Remembers where the relay was found.
    package func save(lastAddress: LastAddress) throws(StoreError) { try lastAddresses.save(lastAddress) }

    /// Whether support comes on again with the service. A file that cannot be read counts as "no".
    package func isAutoStart() -> Bool {
        // Support never comes on by accident.
        (try? autoStart.load()) == true
    }

    /// Remembers whether support comes on again with the service.
    package func save(autoStart isOn: Bool) throws(StoreError) { try autoStart.save(isOn) }

    /// Remembers that support is on, or off.
    package func save(running record: SupportRecord?) throws(StoreError) { try support.save(record) }
}
