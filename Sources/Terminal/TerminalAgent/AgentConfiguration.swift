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

    /// A configuration with its necessary parts given.
    package init(paths: Paths, run: String) {
        self.paths = paths
        self.run = run
    }
}
