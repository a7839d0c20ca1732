package import TerminalCore

/// What the agent remembers: the login users, the setting, and whether support was on.
///
/// All of it may block: not on a loop.
package struct AgentMemory: Sendable {
    /// Support that was on, for an agent that has to go on after it died; worthless after a restart of the machine or of the program.
    package struct Running: Hashable, Codable, Sendable {
        /// When support ends; nil: until stopped.
        package var deadline: Uptime?
        /// Which run of the program switched it on.
        package var run: String

        /// A record with its parts given.
        package init(deadline: Uptime?, run: String) {
            self.deadline = deadline
            self.run = run
        }
    }

    /// The log.
    package let log: EventLog

    private let users: Document<[LoginUser]>
    private let settings: Document<RemoteSupportSetting?>
    private let running: Document<Running?>
    private let autoStart: Document<Bool>

    /// The store in `folder`, which exists and is the agent's own.
    package init(folder: String) {
        users = Document(path: "\(folder)/login-users.json")
        settings = Document(path: "\(folder)/setting.json")
        running = Document(path: "\(folder)/running.json")
        autoStart = Document(path: "\(folder)/auto-start.json")
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

    /// The support that run `run` of the program had on.
    ///
    /// A file that cannot be read counts as "off".
    package func running(in run: String) -> Running? {
        // Support never comes on by accident.
        guard let record = try? running.load(), let record, record.run == run else { return nil }
        return record
    }

    /// Whether support comes on again with the service. A file that cannot be read counts as "no".
    package func isAutoStart() -> Bool {
        // Support never comes on by accident.
        (try? autoStart.load()) == true
    }

    /// Remembers whether support comes on again with the service.
    package func save(autoStart isOn: Bool) throws(StoreError) { try autoStart.save(isOn) }

    /// Remembers that support is on, or off.
    package func save(running record: Running?) throws(StoreError) { try running.save(record) }
}
