package import TerminalStore

/// What an agent works with: every path and program, in one value.
package struct AgentConfiguration: Sendable {
    /// Every path below the data folder.
    package var paths: Paths
    /// Names this run of the program: support that was on in it goes on when the agent alone was restarted.
    package var run: String
    /// The OpenSSH client.
    package var ssh = "/usr/bin/ssh"
    /// Fetches host keys.
    package var sshKeyscan = "/usr/bin/ssh-keyscan"
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
}
