import StaffCore
import Support
import SystemCalls

/// Where this program keeps what, in the user's home folder; the XDG variables are obeyed. Nothing else is ever written unasked.
struct StaffFolder {
    /// What a person may want to see or copy: `~/.config/towline`.
    private let configuration: String
    /// What the program remembers: `~/.local/state/towline`.
    private let state: String
    private let home: String

    /// The largest of its files, bytes: the list of terminals of a large relay.
    private static let maximumFileBytes = 4 << 20

    init(environment: [String: String]) throws(Failure) {
        let account = try attempt("cannot look you up") { () throws(SystemError) in try Users.lookup(user: Users.effectiveUser) }
        guard let home = Self.absolute(environment["HOME"]) ?? account?.home else { throw Failure("there is no home folder: set HOME") }
        self.home = home
        configuration = (Self.absolute(environment["XDG_CONFIG_HOME"]) ?? home + "/.config") + "/towline"
        state = (Self.absolute(environment["XDG_STATE_HOME"]) ?? home + "/.local/state") + "/towline"
    }

    /// The XDG specification: relative paths count as absent.
    private static func absolute(_ path: String?) -> String? { path.flatMap { $0.hasPrefix("/") ? $0 : nil } }

    /// How the relay is reached.
    var relay: String { configuration + "/relay.conf" }
    /// The relay's host key.
    var knownHosts: String { configuration + "/known_hosts" }
    /// What `Include` names.
    var sshConfig: String { configuration + "/ssh_config" }
    /// What `ssh -F` is given: all terminals, and the user's own file.
    var combinedConfig: String { configuration + "/ssh_config.combined" }
    /// The user's own configuration of `ssh`.
    var usersConfig: String { home + "/.ssh/config" }
    /// The user's own public keys.
    var usersKeys: String { home + "/.ssh" }
    /// The terminals that were there last time.
    var terminals: String { state + "/terminals" }
    /// The pinned host keys of a terminal.
    func pins(of terminal: TerminalName) -> String { "\(state)/host-keys/\(terminal)" }

    /// Where ssh may note a host key that nobody trusts yet.
    var scratch: String { state + "/known_hosts.seen" }

    /// What a file holds; `nil` if it is not there.
    func read(_ path: String) throws(Failure) -> String? {
        do throws(SystemError) {
            return String(decoding: try Files.read(path, limit: Self.maximumFileBytes), as: UTF8.self)
        } catch {
            if error.kind == .absent { return nil }
            throw Failure("cannot read your files: \(error)")
        }
    }

    /// Writes a file, whole or not at all; its folders are made. A file that holds just that is left alone.
    func write(_ text: String, to path: String, mode: UInt32 = 0o600) throws(Failure) {
        if try read(path) == text { return }
        try makeFolder(Files.parent(of: path))
        try attempt("cannot write your files") { () throws(SystemError) -> Void in
            try Files.writeAtomically(path, Array(text.utf8), mode: mode)
        }
    }

    /// What a path leads to, if it is a link; itself if there is nothing yet.
    func target(of path: String) throws(Failure) -> String {
        guard try read(path) != nil else { return path }
        return try attempt("cannot look into your files") { () throws(SystemError) in try Files.resolved(path) }
    }

    private func makeFolder(_ path: String) throws(Failure) {
        func isThere(_ path: String) throws(Failure) -> Bool {
            try attempt("cannot look into your files") { () throws(SystemError) in try Files.status(path) } != nil
        }
        if try isThere(path) { return }
        if Files.parent(of: path) != path { try makeFolder(Files.parent(of: path)) }
        try attempt("cannot make a folder") { () throws(SystemError) -> Void in try Files.makeDirectory(path, mode: 0o700) }
    }

    /// How the relay is reached, as `login` left it.
    func access() throws(Failure) -> RelayAccess {
        guard let text = try read(relay) else {
            throw Failure("this account is not set up for a relay yet: towline login RELAY")
        }
        do throws(ConfigurationError) { return try RelayAccess(file: text, path: relay) } catch { throw Failure("\(error)") }
    }

    /// The terminals that were there last time.
    func list() throws(Failure) -> TerminalList { TerminalList(text: try read(terminals) ?? "") }

    /// The user's own configuration of `ssh`, as it is now.
    func usersConfiguration() throws(Failure) -> UsersConfiguration { UsersConfiguration(text: try read(usersConfig) ?? "") }

    /// Writes the configuration for `ssh` anew, with these terminals.
    func writeSSHConfig(_ access: RelayAccess, _ list: TerminalList) throws(Failure) {
        let configuration = try sshConfiguration(access, terminals: list, knownHosts: knownHosts)
        try write(configuration.included(in: try usersConfiguration()), to: sshConfig)
        try write(configuration.combined(with: usersConfig), to: combinedConfig)
    }

    /// Writes the configuration by which `login` tries a relay into another folder.
    /// - Returns: the file.
    func writeTrialConfig(_ access: RelayAccess, pin: String, in trial: String) throws(Failure) -> String {
        let (file, knownHosts) = (trial + "/ssh_config", trial + "/known_hosts")
        let configuration = try sshConfiguration(
            access, alias: RelayAccess.trialAlias, terminals: TerminalList(text: ""), knownHosts: knownHosts)
        try write(pin, to: knownHosts)
        try write(configuration.combined(with: usersConfig), to: file)
        return file
    }

    private func sshConfiguration(
        _ access: RelayAccess, alias: String = RelayAccess.alias, terminals: TerminalList, knownHosts: String
    ) throws(Failure) -> SSHConfiguration {
        let program = try attempt("cannot find this program") { () throws(SystemError) in try Files.ownExecutable() }
        do throws(ConfigurationError) {
            return try SSHConfiguration(relay: access, alias: alias, terminals: terminals, knownHosts: knownHosts, program: program)
        } catch {
            throw Failure("\(error)")
        }
    }
}
