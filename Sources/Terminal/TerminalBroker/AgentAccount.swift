package import SystemCalls

/// The system account of the agent, and its folder: made by root before the agent starts.
package enum AgentAccount {
    /// Makes what is missing.
    ///
    /// - Parameter folder: the agent's own; its parent exists and is safe.
    /// - Returns: whom the agent has to become; nil if it stays who we are.
    package static func prepare(_ configuration: BrokerConfiguration, folder: String) throws(BrokerError) -> ProcessCredentials? {
        do throws(SystemError) {
            try Files.makeDirectory(folder, mode: 0o700)
        } catch {
            throw .system(error)
        }
        guard configuration.isRoot else { return nil }
        let account = try account(configuration)
        guard account.user != 0 else { throw .failed("the account \(configuration.agentUser) is root's: the agent must not be root") }
        do throws(SystemError) {
            try Files.setOwner(folder, user: account.user, group: account.group)
            try Files.setMode(folder, 0o700)
        } catch {
            throw .system(error)
        }
        try checkReachable(folder)
        return ProcessCredentials(user: account.user, group: account.group)
    }

    private static func account(_ configuration: BrokerConfiguration) throws(BrokerError) -> UserRecord {
        let name = configuration.agentUser
        if let existing = try lookup(name) { return existing }
        let result: ToolResult
        do throws(ToolError) {
            result = try Tool.run(
                configuration.system.useradd,
                [
                    "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin",
                    "--comment", "Towline remote support", "--", name,
                ])
        } catch {
            throw .failed("the system account \(name) could not be created: \(error)")
        }
        guard let made = try lookup(name) else {
            throw .failed("the system account \(name) could not be created: \(Log.escaped(result.complaint))")
        }
        return made
    }

    private static func lookup(_ name: String) throws(BrokerError) -> UserRecord? {
        do throws(SystemError) { return try Users.lookup(name: name) } catch { throw .system(error) }
    }

    /// The agent and the login users have to get at their files: every folder above must let others pass.
    private static func checkReachable(_ folder: String) throws(BrokerError) {
        var current = Files.parent(of: folder)
        while true {
            // What cannot be looked at counts as closed.
            guard let status = try? Files.status(current), status.mode & 0o001 != 0 else {
                throw .unsafeFolder(
                    path: folder,
                    reason: "its unprivileged half could not reach it, because \(Log.escaped(current)) is closed to other accounts; "
                        + "choose another --data-dir, or open it: chmod o+x \(Log.escaped(current))")
            }
            if current == "/" { return }
            current = Files.parent(of: current)
        }
    }
}
