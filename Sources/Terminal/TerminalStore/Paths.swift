import TerminalCore

/// Every path below the data folder, in one place.
package struct Paths: Hashable, Sendable {
    /// The data folder: the owner of the program's, readable by all.
    package let dataFolder: String

    /// Where data lives unless said otherwise.
    package static let standardDataFolder = "/var/lib/towline-terminal"

    /// Paths below `dataFolder`, an absolute path.
    package init(dataFolder: String) { self.dataFolder = dataFolder }

    /// What the agent may change: settings, keys, its sockets. Mode 0700, the agent's user.
    package var agentFolder: String { "\(dataFolder)/agent" }
    /// What only the broker may change. Mode 0711.
    package var brokerFolder: String { "\(dataFolder)/broker" }
    /// Where the command line asks the agent.
    package var controlSocket: String { "\(agentFolder)/control.sock" }
    /// Where the ssh client hands logins to the agent.
    package var tunnelSocket: String { "\(agentFolder)/\(TunnelClientArguments.socketFile)" }
    /// What the customer has set about the console.
    package var consoleSettings: String { "\(agentFolder)/console.json" }
    /// The terminal key's private half; the public half has `.pub` behind it.
    package var terminalKey: String { "\(agentFolder)/\(TunnelClientArguments.keyFile)" }
    /// The pinned host key of the relay.
    package var knownHosts: String { "\(agentFolder)/\(TunnelClientArguments.knownHostsFile)" }
    /// Held while the program runs, so that two never share a folder.
    package var lock: String { "\(brokerFolder)/lock" }
    /// This terminal's own host key for logins; the public half has `.pub` behind it.
    package var hostKey: String { "\(brokerFolder)/host_key" }
    /// The generated configuration of the login server.
    package var loginServerConfiguration: String { "\(brokerFolder)/sshd_config" }
    /// One file of keys for each login user.
    package var keyFolder: String { "\(brokerFolder)/keys" }
    /// The accounts that the broker created: the only ones it ever touches.
    package var accounts: String { "\(brokerFolder)/accounts.json" }
}
