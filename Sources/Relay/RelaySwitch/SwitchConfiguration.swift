package import SSHCrypto
package import SSHServer
package import SystemCalls

/// What the switch needs to know to start.
package struct SwitchConfiguration: Sendable {
    /// Addresses to listen on; port 0 lets the kernel choose.
    package var listen: [SocketAddress]
    /// The relay's host keys: the first one is shown, another one is announced beside it.
    package var hostKeys: [HostKey]
    /// The relay's own name: as a `direct-tcpip` host it means "by listening port".
    package var hostname: String
    /// Software version of the identification line (RFC 4253 §4.2): printable, no blanks.
    package var software: String
    /// Event loops, one thread each; 1 or more.
    package var switchboards: Int
    /// How long support that a customer opened stays open at most (`SupportPeriod`); `nil`: for ever.
    package var supportLimit: Duration?
    /// The bounds of SSH connections.
    package var limits: ServerLimits

    /// A configuration from its parts.
    package init(
        listen: [SocketAddress], hostKeys: [HostKey], hostname: String, software: String = "Towline", switchboards: Int,
        supportLimit: Duration? = nil, limits: ServerLimits = .standard
    ) {
        self.listen = listen
        self.hostKeys = hostKeys
        self.hostname = hostname
        self.software = software
        self.switchboards = switchboards
        self.supportLimit = supportLimit
        self.limits = limits
    }
}

/// Bounds of the switch beside those of the SSH engine and server.
enum SwitchLimits {
    /// Time a terminal has to answer a bridge that is being opened; then staff are told.
    static let bridgeOpening = Duration.seconds(15)
    /// Moves a connection makes between switchboards after one tunnel that moves itself; then staff are asked to try again.
    static let chase = 8
    /// Bytes a command over ssh may read from its standard input: a key file has some hundred. More ends the command.
    static let commandInput = 64 * 1024
    /// Reports of a terminal on one connection: each is a transaction of the store. One is needed, and one for every change of its users.
    static let reports = 32
    /// Time after which a command that can do without standard input is run without: `ssh relay approve shop-42`, typed by a person.
    static let inputPatience = Duration.seconds(2)
    /// Times that a grant's end is looked at: a bridge ends at most this long after its grant.
    static let rejudgeInterval = Duration.seconds(1)
    /// Versions of clients without strict key exchange that a switchboard reports, each once: a peer can name itself as it likes.
    static let reportedVersions = 64
    /// Refusals of one connection that are reported; the rest are refused in silence.
    static let reportedRefusals = 1
}
