import Support

/// The command line of the stock `ssh` client that holds the tunnel.
///
/// Every file name is relative: the client runs in the agent's own folder, so no path of the machine (with blanks, percent signs or
/// colons) has to survive ssh's own quoting, and no length limit of Unix sockets is met.
package enum TunnelClientArguments {
    /// The file of the terminal key's private half, in the agent's folder.
    package static let keyFile = "terminal_key"
    /// The file with the host keys that the relay may show, in the agent's folder.
    package static let knownHostsFile = "known_hosts"
    /// The Unix socket at which the agent takes logins, in the agent's folder.
    package static let socketFile = "tunnel.sock"
    /// Under which name the relay's key stands in `knownHostsFile`, whatever its address and port.
    package static let relayAlias = "towline-relay"

    /// How long one address may take to answer, and to finish the key exchange. R15.
    package static let connectTimeout = Duration.seconds(10)
    /// After how long a silence the peer is asked for a sign of life. DESIGN §4.3.
    package static let keepaliveInterval = Duration.seconds(20)
    /// How many questions may go unanswered: gone after at most 80 s (N01: 90 s).
    package static let keepaliveCount = 3

    /// What follows `ssh` to hold the tunnel of `setting` through its relay's `port`.
    ///
    /// - Parameter address: where to connect instead of where the relay's name leads.
    package static func tunnel(_ setting: RemoteSupportSetting, port: UInt16, address: String? = nil) -> [String] {
        connection(setting, port: port, learnsHostKeys: true)
            + options([
                "PreferredAuthentications=publickey", "PubkeyAuthentication=yes", "IdentitiesOnly=yes", "IdentityAgent=none",
                "IdentityFile=\(keyFile)", "ExitOnForwardFailure=yes", "ServerAliveInterval=\(seconds(keepaliveInterval))",
                "ServerAliveCountMax=\(keepaliveCount)",
            ]) + ["-R", "\(setting.listeningPort):./\(socketFile)", "--", address ?? setting.relay.host]
    }

    /// What follows `ssh` to tell the relay about this terminal: the report comes from standard input, and `TerminalReport.Answer` back.
    package static func report(_ setting: RemoteSupportSetting, port: UInt16, address: String? = nil) -> [String] {
        // The tunnel's arguments without "no command" and without the port.
        connection(setting, port: port, runsCommand: true)
            + options([
                "PreferredAuthentications=publickey", "PubkeyAuthentication=yes", "IdentitiesOnly=yes", "IdentityAgent=none",
                "IdentityFile=\(keyFile)",
            ]) + ["--", address ?? setting.relay.host, "report", "--json"]
    }

    /// What follows `ssh` to come as far as the relay's host key, and no further: nothing is presented to it.
    package static func probe(_ setting: RemoteSupportSetting, port: UInt16) -> [String] {
        connection(setting, port: port, knownHosts: "/dev/null")
            + options(["PreferredAuthentications=none", "PubkeyAuthentication=no", "IdentityAgent=none", "IdentityFile=none"])
            + ["--", setting.relay.host]
    }

    /// The algorithms of host keys, one after the other: what follows `ssh` shows one key a connection. The usual one comes first.
    package static let hostKeyAlgorithms = [
        "ssh-ed25519", "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521", "rsa-sha2-512,rsa-sha2-256",
    ]

    /// What follows `ssh` to write down the relay's host key of these algorithms in `file`, which does not exist, and to go no further.
    package static func hostKey(_ setting: RemoteSupportSetting, port: UInt16, algorithms: String, file: String) -> [String] {
        // ssh takes the first value of an option: these come before what is always said.
        options(["StrictHostKeyChecking=accept-new", "HashKnownHosts=no", "HostKeyAlgorithms=\(algorithms)"])
            + connection(setting, port: port, knownHosts: file)
            + options(["PreferredAuthentications=none", "PubkeyAuthentication=no", "IdentityAgent=none", "IdentityFile=none"])
            + ["--", setting.relay.host]
    }

    /// How the program that connects through the proxy of `setting` is started by ssh: `program` is a path without blanks.
    package static func proxyCommand(_ program: String) -> String { "\(program) \(proxyWord)" }
    /// The first word of that program's command line; not for people.
    package static let proxyWord = "proxy-connect-of-serve"

    /// The line of `knownHostsFile` that pins a key, without its line end.
    package static func knownHostsLine(publicKey: String) -> String { "\(relayAlias) \(publicKey)" }

    private static func connection(
        _ setting: RemoteSupportSetting, port: UInt16, knownHosts: String = knownHostsFile, runsCommand: Bool = false,
        learnsHostKeys: Bool = false
    ) -> [String] {
        // No configuration file, no command, no terminal, and no multiplexing: only what stands here is in force.
        ["-F", "none"] + (runsCommand ? ["-T"] : ["-N", "-T", "-v"]) + ["-a", "-x", "-p", "\(port)", "-l", setting.userToTell]
            + (setting.proxy == nil ? options(["ProxyCommand=none"]) : [])
            + options([
                "BatchMode=yes", "ConnectTimeout=\(seconds(connectTimeout))", "ConnectionAttempts=1", "TCPKeepAlive=yes",
                "StrictHostKeyChecking=yes", "UserKnownHostsFile=\(knownHosts)", "GlobalKnownHostsFile=/dev/null",
                "HostKeyAlias=\(relayAlias)", "CheckHostIP=no",
                // Keys that the relay announces, and proves to hold, on a connection under a known one.
                "UpdateHostKeys=\(learnsHostKeys ? "yes" : "no")", "VerifyHostKeyDNS=no", "ControlPath=none",
                "PermitLocalCommand=no", "Tunnel=no", "ForwardAgent=no", "Compression=no", "EscapeChar=none",
                "RekeyLimit=1G 1h",
            ])
    }

    private static func options(_ options: [String]) -> [String] { options.flatMap { ["-o", $0] } }

    private static func seconds(_ duration: Duration) -> Int64 { duration.components.seconds }
}
