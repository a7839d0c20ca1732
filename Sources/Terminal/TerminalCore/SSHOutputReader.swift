import Support

/// Understands what the stock `ssh -v -N -R …` writes to standard error, line by line: how far it came, and why it failed.
///
/// Known to read OpenSSH 9.2; lines it does not know are skipped. It is told everything that `ssh` wrote, in order, then asked for the
/// failure once the process has ended.
package struct SSHOutputReader: Sendable {
    /// What a line revealed.
    package enum Observation: Hashable, Sendable {
        /// The connection now does this.
        case reached(ConnectionStage)
        /// The address at which something took the connection, such as `192.0.2.1`.
        case connected(address: String)
        /// The fingerprint of the host key that the relay proved to hold.
        case relayKey(fingerprint: String)
        /// The relay proved to hold other keys than the ones in known_hosts, or no longer names one of them: ssh is about to write the file
        /// anew.
        case relayKeysChanged
        /// What the relay says about itself, such as `OpenSSH_9.2p1`.
        case relaySoftware(String)
        /// The relay has somebody for this terminal, and says that they come from `originator`. The connection to the socket that was
        /// given with `-R` follows, and no other one before it.
        case forwarding(originator: String)
        /// That connection did not come about.
        case forwardingFailed
    }

    /// The furthest stage so far.
    package private(set) var stage = ConnectionStage.resolving
    /// The fingerprint that the relay showed, once it did.
    package private(set) var offeredFingerprint: String?

    private let relay: RelayNames
    private var cause: TunnelFailure?
    /// The address that is tried.
    private var triedAddress: String?
    /// The first line that came where the SSH identification should be.
    private var strangeAnswer: String?
    private var isSpeakingSSH = false
    private var refusalReason: String?
    /// The last line that is no debug line: what a person would have seen last.
    private var lastWords: String?

    /// How this end names things in its failures.
    package struct RelayNames: Hashable, Sendable {
        /// The relay's host name.
        package let host: String
        /// Host and port that are tried.
        package let endpoint: String
        /// The listening port that is asked for.
        package let listeningPort: String
        /// The fingerprint of the pinned key, if there is one.
        package let pinned: String?
        /// Whether the relay accepted the same terminal key before.
        package let wasKeyAccepted: Bool
        /// Whether the key comes with the one-time code of a request.
        package let isJoining: Bool
        /// The proxy on the way, if there is one.
        package let proxy: String?

        /// Names with their parts given.
        package init(
            host: String, endpoint: String, listeningPort: String, pinned: String?, wasKeyAccepted: Bool = false, isJoining: Bool = false,
            proxy: String? = nil
        ) {
            self.host = host
            self.endpoint = endpoint
            self.listeningPort = listeningPort
            self.pinned = pinned
            self.wasKeyAccepted = wasKeyAccepted
            self.isJoining = isJoining
            self.proxy = proxy
        }
    }

    /// A reader for one process.
    package init(relay: RelayNames) { self.relay = relay }

    /// Takes one line without its line end.
    ///
    /// - Returns: what it revealed, or nil for most lines.
    package mutating func read(_ line: String) -> Observation? {
        if let text = line.dropping("debug1: ") { return readDebug(text) }
        if let notice = ProxyNotice(line: line) { return readProxy(notice) }
        if line.hasPrefix("debug") || line.isEmpty || line.hasPrefix("OpenSSH_") { return nil }
        if line.hasPrefix("Authenticated to ") { return reach(.requestingPort) }
        // OpenSSH's `UpdateHostKeys`.
        if line.hasPrefix("Learned new hostkey: ") || line.hasPrefix("Deprecating obsolete hostkey: ") { return .relayKeysChanged }
        readMessage(line)
        lastWords = line
        return nil
    }

    /// Why the process ended, from all that was read.
    ///
    /// - Parameter end: how it ended, such as `status 255`: said when nothing better is known.
    package func failure(end: String) -> TunnelFailure {
        if let cause { return cause }
        if stage == .checkingRelay, !isSpeakingSSH, let strangeAnswer {
            return .networkBlocked(relay: relay.endpoint, answer: strangeAnswer)
        }
        let words = lastWords ?? "it ended with \(end)"
        return switch stage {
        case .waiting: .lost(reason: words)
        case .checkingRelay where !isSpeakingSSH: .closedEarly(relay: relay.endpoint)
        case .connecting: .unreachable(relay: relay.endpoint, reason: words)
        case _ where stage > .connecting && words.hasPrefix("Connection "):
            .endedByRelay(at: stage, reason: words)
        case .resolving, .checkingRelay, .authenticating, .requestingPort: .clientFailed(reason: words)
        }
    }

    private mutating func reach(_ next: ConnectionStage) -> Observation? {
        guard next > stage else { return nil }
        stage = next
        return .reached(next)
    }

    private mutating func readProxy(_ notice: ProxyNotice) -> Observation? {
        let proxy = relay.proxy ?? "?"
        switch notice {
        case .connecting: return reach(.connecting)
        case .connected: return reach(.checkingRelay)
        case .unreachable(let reason): settle(.proxyUnreachable(proxy: proxy, reason: reason))
        case .refused(let reason): settle(.proxyRefused(proxy: proxy, reason: reason))
        case .credentials: settle(.proxyCredentials(proxy: proxy))
        }
        return nil
    }

    private mutating func readDebug(_ text: Substring) -> Observation? {
        if let rest = text.dropping("Connecting to ") {
            // `HOST [ADDRESS] port N.`: again for every address of the name.
            if let open = rest.firstIndex(of: "["), let close = rest[open...].firstIndex(of: "]") {
                triedAddress = String(rest[open..<close].dropFirst())
            }
            return reach(.connecting)
        }
        if text.hasPrefix("Connection established") { return reach(.checkingRelay) }
        // The first line after the connection stands that is of no use otherwise.
        if text.hasPrefix("Local version string ") { return triedAddress.map { .connected(address: $0) } }
        if let rest = text.dropping("kex_exchange_identification: banner line ") {
            if strangeAnswer == nil, let colon = rest.firstIndex(of: ":") { strangeAnswer = String(rest[colon...].dropFirst(2)) }
            return nil
        }
        if let rest = text.dropping("Remote protocol version ") {
            isSpeakingSSH = true
            return rest.range(of: "remote software version ").map { .relaySoftware(String($0)) }
        }
        if let rest = text.dropping("Server host key: ") {
            guard let fingerprint = rest.split(separator: " ").last else { return nil }
            offeredFingerprint = String(fingerprint)
            return .relayKey(fingerprint: String(fingerprint))
        }
        if text.hasPrefix("Host '"), text.contains("' is known and matches the ") { return reach(.authenticating) }
        if let rest = text.dropping("Remote: "), stage == .requestingPort {
            // Forced options are announced this way too; a refusal follows them.
            if !rest.contains("key options:") { refusalReason = String(rest) }
            return nil
        }
        if text.hasPrefix("remote forward success for: ") { return reach(.waiting) }
        if text.hasPrefix("remote forward failure for: ") {
            settle(.portRefused(port: relay.listeningPort, reason: refusalReason))
        }
        // `… listen localhost port N, originator ADDRESS port M`
        if let rest = text.dropping("client_request_forwarded_tcpip: listen "), let originator = rest.range(of: ", originator ") {
            return .forwarding(originator: String(originator.prefix { $0 != " " }))
        }
        if text == "failure forwarded-tcpip" { return .forwardingFailed }
        return nil
    }

    private mutating func readMessage(_ line: String) {
        if line.hasPrefix("ssh: Could not resolve hostname ") {
            let reason = line.afterLast(": ")
            let isUnknown = reason == "Name or service not known" || reason == "No address associated with hostname"
            settle(isUnknown ? .nameUnknown(host: relay.host) : .nameUnresolved(host: relay.host, reason: reason))
        } else if line.hasPrefix("ssh: connect to host ") {
            switch line.afterLast(": ") {
            case "Connection refused": settle(.connectionRefused(relay: relay.endpoint))
            case "Connection timed out": settle(.connectionTimedOut(relay: relay.endpoint))
            case let reason: settle(.unreachable(relay: relay.endpoint, reason: reason))
            }
        } else if line.hasPrefix("Connection timed out during banner exchange") {
            if strangeAnswer == nil { settle(.silent(relay: relay.endpoint)) }
        } else if line.hasPrefix("Host key for "), line.contains(" has changed and ") {
            settle(.relayKeyChanged(offered: offeredFingerprint ?? "?", pinned: relay.pinned ?? "?"))
        } else if line.hasPrefix("No "), line.contains(" host key is known for ") {
            settle(pinnedOrNot())
        } else if line.contains(": Permission denied (") || line.hasPrefix("Permission denied (") {
            settle(keyRefused)
        } else if line.hasPrefix("Unable to negotiate with ") {
            settle(.incompatible(reason: line.afterLast(": ", keeping: 2)))
        } else if line.hasPrefix("Error: remote port forwarding failed for listen port") {
            settle(.portRefused(port: relay.listeningPort, reason: refusalReason))
        } else if line.hasPrefix("Received disconnect from ") {
            readDisconnect(line)
        } else if line.hasPrefix("Timeout, server "), stage == .waiting {
            settle(.lost(reason: Reason.lostSilently.english))
        }
    }

    private var keyRefused: TunnelFailure {
        if relay.isJoining { return .joinRefused(reason: Reason.codeSpent.english) }
        return relay.wasKeyAccepted ? .keyWithdrawn : .keyUnknown
    }

    /// A relay whose pinned key has another type shows up as "not known", and is as wrong as a changed one.
    private func pinnedOrNot() -> TunnelFailure {
        let offered = offeredFingerprint ?? "?"
        guard let pinned = relay.pinned else { return .relayKeyNotPinned(offered: offered) }
        return .relayKeyChanged(offered: offered, pinned: pinned)
    }

    /// SSH_DISCONNECT_HOST_NOT_ALLOWED_TO_CONNECT (RFC 4253 §11.1).
    private static let notAllowed = "1"

    /// `Received disconnect from ADDRESS port N:CODE: words`.
    private mutating func readDisconnect(_ line: String) {
        guard let port = line.range(of: " port ") else { return }
        let parts = port.split(separator: ":", maxSplits: 2)
        let words = parts.last.map { $0.drop { $0 == " " } } ?? port
        let code = parts.count == 3 ? parts[1] : ""
        if stage == .authenticating, words.contains("Too many authentication failures") {
            settle(keyRefused)
        } else if words.hasPrefix(JoinNotice.waiting) {
            let fingerprint = words.split(separator: " ").first { $0.hasPrefix("SHA256:") }.map(String.init)
            settle(.awaitingApproval(fingerprint: fingerprint ?? "?"))
        } else if relay.isJoining, code == Self.notAllowed {
            settle(.joinRefused(reason: String(words)))
        } else {
            settle(.endedByRelay(at: stage, reason: String(words)))
        }
    }

    /// The first cause stands: what follows it are consequences.
    private mutating func settle(_ failure: TunnelFailure) {
        if cause == nil { cause = failure }
    }
}

extension StringProtocol {
    /// What follows `prefix`, if it is there.
    fileprivate func dropping(_ prefix: String) -> SubSequence? { hasPrefix(prefix) ? dropFirst(prefix.count) : nil }

    /// What follows the first `separator`.
    fileprivate func range(of separator: String) -> SubSequence? {
        var rest = self[...]
        while !rest.isEmpty {
            if rest.hasPrefix(separator) { return rest.dropFirst(separator.count) }
            rest = rest.dropFirst()
        }
        return nil
    }

    /// What follows the last of the `keeping`-th `separator` from the end; all of it if there are fewer.
    fileprivate func afterLast(_ separator: String, keeping: Int = 1) -> String {
        var parts: [SubSequence] = []
        var rest = self[...]
        while let next = rest.range(of: separator) {
            parts.append(rest.dropLast(next.count + separator.count))
            rest = next
        }
        parts.append(rest)
        return parts.suffix(keeping).joined(separator: separator)
    }
}
