package import RelayCore
package import Support
package import SystemCalls

/// What the operator may set of a running relay, with the values that hold when nothing is said.
package struct RelayConfiguration: Hashable, Sendable {
    /// The folder with the store and the host key, as an absolute path or one below the working folder.
    package var dataDirectory = "/var/lib/towline-relay"
    /// Where SSH is accepted; not empty. Sockets that systemd passes take their place.
    package var listen = [
        SocketAddress(.v4(0), port: RelayConfiguration.standardPort),
        SocketAddress(.v6(high: 0, low: 0), port: RelayConfiguration.standardPort),
    ]
    /// Where `/metrics` and `/healthz` are served, on loopback; `nil`: nowhere.
    package var metrics: SocketAddress?
    /// How long support that a customer opened stays open at most; `nil`: as long as the customer likes.
    package var supportLimit: Duration? = .seconds(7 * 86_400)
    /// How long open sessions may go on after SIGTERM; zero: they end at once.
    package var drainTime = Duration.seconds(15 * 60)
    /// Over how much of that time idle terminals are sent away.
    package var drainSpread = Duration.seconds(60)
    /// The least level of what is logged.
    package var logLevel = LogLevel.notice
    /// Event loops, one thread each; `nil`: one for each processor.
    package var threads: Int?

    /// Where events are sent, each once; may be empty.
    package var webhooks: [WebhookAddress] = []
    /// The file with the secret that signs what is sent; `nil` only if nothing is.
    package var webhookSecretFile: String?
    /// Which events are sent; not empty.
    package var webhookEvents = Set(Occurrence.Kind.allCases)

    /// The port that SSH is accepted on unless told otherwise (DESIGN §9).
    package static let standardPort: UInt16 = 2222
    /// The most event loops: more than processors only cost.
    private static let mostThreads = 256

    /// Every value at its default.
    package init() {}

    // MARK: Keys

    /// The keys of the configuration file.
    package static let keys = [
        ConfigurationKey("data-dir"), ConfigurationKey("listen", repeats: true), ConfigurationKey("metrics"),
        ConfigurationKey("support-limit"),
        ConfigurationKey("drain-time"), ConfigurationKey("drain-spread"), ConfigurationKey("log-level"), ConfigurationKey("threads"),
        ConfigurationKey("webhook", repeats: true), ConfigurationKey("webhook-secret-file"), ConfigurationKey("webhook-events"),
    ]

    /// The configuration file unless told otherwise. Drop-ins are in the folder `conf.d` beside the file, whichever it is.
    package static let standardFile = "/etc/towline-relay/relay.conf"
    /// The environment variable that names another file.
    package static let fileVariable = "TOWLINE_RELAY_CONFIG"

    /// The folder of a configuration file's drop-ins: its files `*.conf` are read in the order of their names.
    package static func dropInFolder(of file: String) -> String { Files.parent(of: file) + "/conf.d" }

    /// What the environment sets: `TOWLINE_RELAY_LISTEN` for `listen`, and so on; several addresses with blanks or commas between them.
    /// The folder's variable is `TOWLINE_RELAY_DATA`. An empty variable says nothing.
    package static func values(of environment: [String: String]) -> ConfigurationValues {
        var values: [String: [ConfigurationValue]] = [:]
        for key in keys {
            let variable = variable(of: key.name)
            guard let text = environment[variable], !text.isEmpty else { continue }
            let parts = key.repeats ? text.split { $0 == " " || $0 == "," }.map(String.init) : [text]
            values[key.name] = parts.map { ConfigurationValue($0, at: variable) }
        }
        return ConfigurationValues(values)
    }

    /// What the command line sets: an option has the name of its key.
    package static func values(of line: ParsedCommand) -> ConfigurationValues {
        var values: [String: [ConfigurationValue]] = [:]
        for key in keys { values[key.name] = line.values("--\(key.name)").map { ConfigurationValue($0, at: "--\(key.name)") } }
        return ConfigurationValues(values)
    }

    private static func variable(of key: String) -> String {
        key == "data-dir" ? "TOWLINE_RELAY_DATA" : "TOWLINE_RELAY_" + key.uppercased().split(separator: "-").joined(separator: "_")
    }

    // MARK: Values

    /// A configuration of these values, and defaults where none is given.
    /// - Throws: the first value that is wrong, with its place.
    package init(_ values: ConfigurationValues) throws(ConfigurationError) {
        if let value = values["data-dir"] { dataDirectory = value.text }
        let addresses = values.all("listen")
        if !addresses.isEmpty {
            var listen: [SocketAddress] = []
            for value in addresses {
                let address = try Self.address(value)
                guard address.port == 0 || !listen.contains(address) else { throw value.complaint("\(address) is given twice") }
                listen.append(address)
            }
            self.listen = listen
        }
        if let value = values["metrics"], value.text != "off" {
            let address = try Self.address(value)
            guard address.address.isLoopback else {
                throw value.complaint("\(address) is no loopback address: metrics are served to this machine only, on 127.0.0.1 or [::1]")
            }
            metrics = address
        }
        if let value = values["support-limit"] { supportLimit = try Self.length(value) }
        if let value = values["drain-time"] { drainTime = try Self.length(value) ?? .zero }
        if let value = values["drain-spread"] { drainSpread = try Self.length(value) ?? .zero }
        if let value = values["log-level"] {
            guard let level = LogLevel.allCases.first(where: { "\($0)" == value.text }) else {
                throw value.complaint(
                    "\(Printable.quoted(value.text)) is not a level: it is \(LogLevel.allCases.map { "\($0)" }.joined(separator: ", "))")
            }
            logLevel = level
        }
        if let value = values["threads"], value.text != "auto" {
            guard let count = Int(value.text), (1...Self.mostThreads).contains(count) else {
                throw value.complaint("\(Printable.quoted(value.text)) is not a number of threads: use auto, or 1 to \(Self.mostThreads)")
            }
            threads = count
        }
        try readWebhooks(values)
    }

    private mutating func readWebhooks(_ values: ConfigurationValues) throws(ConfigurationError) {
        let addresses = values.all("webhook")
        if addresses.map(\.text) != ["none"] {
            for value in addresses {
                let address = try WebhookAddress(value)
                guard !webhooks.contains(address) else { throw value.complaint("this URL is given twice") }
                guard webhooks.count < WebhookAddress.most else { throw value.complaint("there may be \(WebhookAddress.most) webhooks") }
                webhooks.append(address)
            }
        }
        webhookSecretFile = values["webhook-secret-file"]?.text
        if let value = addresses.first, !webhooks.isEmpty, webhookSecretFile == nil {
            throw value.complaint("webhook needs webhook-secret-file: what is sent is signed with the secret in it")
        }
        if let value = values["webhook-events"], value.text != "all" {
            let words = value.text.split { $0 == " " || $0 == "," }.map(String.init)
            let known = Occurrence.Kind.allCases.map(\.rawValue)
            webhookEvents = []
            for word in words {
                guard let kind = Occurrence.Kind(rawValue: word) else {
                    throw value.complaint(
                        "\(Printable.quoted(word)) is not an event: it is all, or some of \(known.joined(separator: ", "))")
                }
                webhookEvents.insert(kind)
            }
        }
    }

    private static func address(_ value: ConfigurationValue) throws(ConfigurationError) -> SocketAddress {
        do throws(SocketAddressError) { return try SocketAddress(parsing: value.text) } catch { throw value.complaint("\(error)") }
    }

    private static func length(_ value: ConfigurationValue) throws(ConfigurationError) -> Duration? {
        value.text == "none" ? nil : try value.parsed(as: SupportDuration.self).duration
    }

    // MARK: Change

    /// Takes from `other` what a running relay can change.
    /// - Returns: the keys whose new value is in force now, and those that wait for a restart.
    package mutating func take(from other: RelayConfiguration) -> (changed: [String], waiting: [String]) {
        var (changed, waiting): ([String], [String]) = ([], [])
        func note<Value: Equatable>(_ key: String, _ old: Value, _ new: Value, in keys: inout [String]) {
            if old != new { keys.append(key) }
        }
        note("support-limit", supportLimit, other.supportLimit, in: &changed)
        note("drain-time", drainTime, other.drainTime, in: &changed)
        note("drain-spread", drainSpread, other.drainSpread, in: &changed)
        (supportLimit, drainTime, drainSpread) = (other.supportLimit, other.drainTime, other.drainSpread)
        note("data-dir", dataDirectory, other.dataDirectory, in: &waiting)
        note("listen", listen, other.listen, in: &waiting)
        note("metrics", metrics, other.metrics, in: &waiting)
        note("log-level", logLevel, other.logLevel, in: &waiting)
        note("threads", threads, other.threads, in: &waiting)
        note("webhook", webhooks, other.webhooks, in: &waiting)
        note("webhook-secret-file", webhookSecretFile, other.webhookSecretFile, in: &waiting)
        note("webhook-events", webhookEvents, other.webhookEvents, in: &waiting)
        return (changed, waiting)
    }

    /// All keys with their values, as a configuration file has them.
    package var text: String {
        var lines = ["data-dir = \(Printable.escaped(dataDirectory))"]
        lines += listen.map { "listen = \($0)" }
        lines.append("metrics = \(metrics?.description ?? "off")")
        lines.append("support-limit = \(Self.shown(supportLimit))")
        lines.append("drain-time = \(Self.shown(drainTime))")
        lines.append("drain-spread = \(Self.shown(drainSpread))")
        lines.append("log-level = \(logLevel)")
        lines.append("threads = \(threads.map(String.init) ?? "auto")")
        lines += webhooks.isEmpty ? ["webhook = none"] : webhooks.map { "webhook = \($0.url)" }
        if let webhookSecretFile { lines.append("webhook-secret-file = \(Printable.escaped(webhookSecretFile))") }
        let events = Occurrence.Kind.allCases.filter(webhookEvents.contains).map(\.rawValue)
        lines.append("webhook-events = \(events.count == Occurrence.Kind.allCases.count ? "all" : events.joined(separator: ", "))")
        return lines.map { $0 + "\n" }.joined()
    }

    private static func shown(_ time: Duration?) -> String {
        time.flatMap { SupportDuration(seconds: $0.components.seconds) }?.description ?? "none"
    }
}
