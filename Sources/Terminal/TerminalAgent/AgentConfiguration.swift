import Support
import SystemCalls
import TerminalCore
package import TerminalStore

/// What an agent works with: every path and program, in one value.
package struct AgentConfiguration: Sendable {
    /// Every path below the data folder.
    package var paths: Paths
    /// Names this run of the program: support that was on in it goes on when the agent alone was restarted.
    package var run: String
    /// The OpenSSH client.
    package var ssh = "/usr/bin/ssh"
    /// This very program, as ssh can start it for a connection through a proxy: its path may lead through folders that only root may enter,
    /// and the kernel's name for it does not.
    package var ownProgram = "/proc/\(Processes.current)/exe"
    /// Makes terminal keys.
    package var sshKeygen = "/usr/bin/ssh-keygen"

    /// How long an attempt may take until the tunnel stands. ssh's own limits end with the relay's first words and begin again with the
    /// tunnel: a relay that falls silent in between would be waited for for ever. Longer than all of ssh's limits on that way.
    package var attemptLimit = Duration.seconds(60)

    /// A configuration with its necessary parts given.
    package init(paths: Paths, run: String) {
        self.paths = paths
        self.run = run
    }

    /// What precedes the other arguments of ssh where there is a proxy on the way.
    func proxyOptions(_ setting: RemoteSupportSetting) -> [String] {
        guard setting.proxy != nil else { return [] }
        return ["-o", "ProxyCommand=\(TunnelClientArguments.proxyCommand(ownProgram))", "-o", "ProxyUseFdpass=yes"]
    }

    /// The environment of an ssh client.
    func environment(_ setting: RemoteSupportSetting, port: UInt16) -> [String: String] {
        // Name servers that do not answer are given up after some seconds, so that another way is tried soon. N05
        var environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C", "RES_OPTIONS": "timeout:2 attempts:2", "SWIFT_BACKTRACE": "enable=no"]
        if let proxy = setting.proxy {
            let errand = ProxyErrand(proxy: proxy, host: setting.relay.host, port: port)
            environment[ProxyErrand.variable] = String(decoding: TerminalWire.encode(errand), as: UTF8.self)
        }
        return environment
    }
}
