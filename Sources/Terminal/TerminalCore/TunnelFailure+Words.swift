import Support

extension TunnelFailure {
    /// Every way in which a tunnel fails, with its words.
    package enum Code: String, MessageCode {
        case nameUnknown = "name-unknown"
        case nameUnresolved = "name-unresolved"
        case connectionRefused = "connection-refused"
        case connectionTimedOut = "connection-timed-out"
        case unreachable
        case networkBlocked = "network-blocked"
        case proxyUnreachable = "proxy-unreachable"
        case proxyRefused = "proxy-refused"
        case proxyCredentials = "proxy-credentials"
        case silent
        case closedEarly = "closed-early"
        case stalled
        case incompatible
        case relayKeyChanged = "relay-key-changed"
        case relayKeyNotPinned = "relay-key-not-pinned"
        case relayKeyMismatch = "relay-key-mismatch"
        case keyUnknown = "key-unknown"
        case keyWithdrawn = "key-withdrawn"
        case awaitingApproval = "awaiting-approval"
        case joinRefused = "join-refused"
        case portRefused = "port-refused"
        case endedByRelay = "ended-by-relay"
        case lost
        case clientFailed = "client-failed"

        /// What happened.
        package var english: String {
            switch self {
            case .nameUnknown: "the name {host} is unknown to the name servers"
            case .nameUnresolved: "the name {host} could not be resolved: {reason}"
            case .connectionRefused: "{relay} refuses connections"
            case .connectionTimedOut: "{relay} does not answer"
            case .unreachable: "{relay} cannot be reached: {reason}"
            case .networkBlocked:
                "something else than the relay answered at {relay}: \"{answer}\"; the network blocks or redirects the connection"
            case .proxyUnreachable: "the proxy {proxy} cannot be reached: {reason}"
            case .proxyRefused: "the proxy {proxy} does not connect to the relay: {reason}"
            case .proxyCredentials: "the proxy {proxy} wants a user name and a password, or does not accept the ones that are set"
            case .silent: "{relay} takes the connection but says nothing"
            case .closedEarly: "{relay} closes the connection at once"
            case .stalled: "nothing came any more while {stage}"
            case .incompatible: "the relay and this terminal do not understand each other: {reason}"
            case .relayKeyChanged: "the relay shows another host key than before: {offered} instead of {pinned}"
            case .relayKeyNotPinned: "the relay's host key {offered} was not confirmed yet"
            case .relayKeyMismatch: "the relay shows another host key than the one that was confirmed: {offered} instead of {confirmed}"
            case .keyUnknown: "the relay does not know this terminal's key yet"
            case .keyWithdrawn: "the relay does not accept this terminal's key any more"
            case .awaitingApproval: "the relay has this terminal's key and waits until support approve it"
            case .joinRefused: "the relay does not take the join code of the request: {reason}"
            case .portRefused: "the relay refuses listening port {port} to this terminal: {reason}"
            case .endedByRelay: "the relay ended the connection: {reason}"
            case .lost: "the connection to the relay was lost: {reason}"
            case .clientFailed: "ssh could not do its work: {reason}"
            }
        }

        /// What the customer can do about it, as one or two sentences without the last full stop; it has the same values.
        package var advice: String {
            switch self {
            case .nameUnknown: "check the relay's name in the settings (towline-terminal settings show) and this machine's network"
            case .nameUnresolved: "check this machine's network and name servers"
            case .connectionRefused, .connectionTimedOut, .unreachable:
                "check this machine's network; if it works otherwise, ask support whether the relay is up and which ports it uses"
            case .networkBlocked:
                "sign in to the network if it asks for that, or ask whoever runs it to let SSH through, or set another relay port such as 443"
            case .proxyUnreachable: "check the proxy's address in the settings (towline-terminal settings show) and this machine's network"
            case .proxyRefused: "ask whoever runs the proxy to let it connect to the relay's port, or set another relay port such as 443"
            case .proxyCredentials: "set the proxy's user name and password: towline-terminal settings change --proxy-user NAME"
            case .silent, .closedEarly, .stalled:
                "it may be busy; if this goes on, ask support whether the relay is up and which port it uses"
            case .incompatible: "send this line to support"
            case .relayKeyChanged:
                "do not continue before support confirms the new fingerprint; if they do, set it: "
                    + "towline-terminal settings change --fingerprint SHA256:…"
            case .relayKeyNotPinned:
                "compare the fingerprint with the one from support and set it: towline-terminal settings change --fingerprint SHA256:…"
            case .relayKeyMismatch:
                "compare the fingerprint with the one from support; if theirs differs from what the relay shows, do not continue and tell them"
            case .keyUnknown:
                "send it to support (towline-terminal key shows it); this terminal can connect once they have approved it"
            case .keyWithdrawn: "ask support whether they have disabled or removed this terminal; it can connect once they accept it again"
            case .awaitingApproval:
                "nothing to do here; if support ask for the fingerprint of this terminal's key, it is {fingerprint}"
            case .joinRefused:
                "ask support for a new request, or send them this terminal's key (towline-terminal key shows it) to approve"
            case .portRefused:
                "compare the listening port with the one from support (towline-terminal settings show), or tell them this line"
            case .endedByRelay, .lost: "nothing to do: this terminal connects again by itself"
            case .clientFailed: "check that the package openssh-client is installed; otherwise send this line to support"
            }
        }
    }

    /// What goes into the gaps of the code's words; safe on a screen.
    package var values: [String: String] {
        let raw: [String: String] =
            switch self {
            case .nameUnknown(let host): ["host": host]
            case .nameUnresolved(let host, let reason): ["host": host, "reason": reason]
            case .connectionRefused(let relay), .connectionTimedOut(let relay), .silent(let relay), .closedEarly(let relay):
                ["relay": relay]
            case .unreachable(let relay, let reason): ["relay": relay, "reason": reason]
            case .networkBlocked(let relay, let answer): ["relay": relay, "answer": answer]
            case .proxyUnreachable(let proxy, let reason), .proxyRefused(let proxy, let reason): ["proxy": proxy, "reason": reason]
            case .proxyCredentials(let proxy): ["proxy": proxy]
            case .stalled(let stage): ["stage": stage.title]
            case .incompatible(let reason), .lost(let reason), .clientFailed(let reason), .joinRefused(let reason),
                .endedByRelay(_, let reason):
                ["reason": reason]
            case .relayKeyChanged(let offered, let pinned): ["offered": offered, "pinned": pinned]
            case .relayKeyNotPinned(let offered): ["offered": offered]
            case .relayKeyMismatch(let offered, let confirmed): ["offered": offered, "confirmed": confirmed]
            case .keyUnknown, .keyWithdrawn: [:]
            case .awaitingApproval(let fingerprint): ["fingerprint": fingerprint]
            case .portRefused(let port, let reason): ["port": port, "reason": reason ?? Reason.noReason.english]
            }
        return raw.mapValues(Self.shown)
    }

    /// What happened, in one sentence without a full stop; safe on a screen.
    package var sentence: String { code.filled(values) }

    /// What the customer can do about it, as one or two sentences without the last full stop.
    package var advice: String { MessageGaps.filled(code.advice, values) }

    /// One line: what happened and what to do.
    package var explanation: String { "\(sentence): \(advice)" }

    /// The longest text of others that a sentence repeats, in characters.
    private static let longestShown = 200

    private static func shown(_ text: String) -> String {
        Printable.escaped(text.count > longestShown ? String(text.prefix(longestShown)) + "…" : text)
    }
}
