/// What a broker works with: every path and program, in one value.
package struct BrokerConfiguration: Sendable {
    /// Programs and folders of the system. Debian's places; tests replace some.
    package struct System: Sendable {
        /// The OpenSSH server.
        package var sshd = "/usr/sbin/sshd"
        /// Makes host keys.
        package var sshKeygen = "/usr/bin/ssh-keygen"
        /// Creates accounts.
        package var useradd = "/usr/sbin/useradd"
        /// Removes accounts.
        package var userdel = "/usr/sbin/userdel"
        /// Checks what sudo is told.
        package var visudo = "/usr/sbin/visudo"
        /// Where sudo reads additions.
        package var sudoersFolder = "/etc/sudoers.d"
        /// The shell of login users, and what they get where it is missing.
        package var shells = ["/bin/bash", "/bin/sh"]
        /// Where sshd keeps its unprivileged part; it does not start without it.
        package var sshdFolder = "/run/sshd"
        /// PAM's rules for sshd: if there are any, they apply.
        package var pamRules = "/etc/pam.d/sshd"

        /// Debian's places.
        package init() {}
    }

    /// Programs and folders of the system.
    package var system = System()
    /// The folder that is the broker's own: exists, is owned by the broker's user, and nobody else may write to it.
    package var folder: String
    /// Whether accounts can be made: only root can.
    package var isRoot: Bool
    /// Whether everything that the broker's process inherits (as a subreaper) was left behind by logins, and is ended with them.
    package var endsStrays: Bool
    /// The system account of the agent, when root.
    package var agentUser = "towline-terminal"

    /// How many logins may run at once; in inetd mode sshd's own cap does not apply.
    package var maximumLogins = 32
    /// How many of them may be unauthenticated.
    package var maximumUnauthenticated = 16

    /// A configuration with its necessary parts given.
    package init(folder: String, isRoot: Bool, endsStrays: Bool) {
        self.folder = folder
        self.isRoot = isRoot
        self.endsStrays = endsStrays
    }

    var hostKey: String { "\(folder)/host_key" }
    var loginServerConfiguration: String { "\(folder)/sshd_config" }
    var keyFolder: String { "\(folder)/keys" }
    var accounts: String { "\(folder)/accounts.json" }
}
