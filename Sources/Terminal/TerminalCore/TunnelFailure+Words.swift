import Support

extension TunnelFailure {
    /// What happened, in one sentence without a full stop; safe on a screen.
    package var sentence: String {
        switch self {
        case .nameUnknown(let host): "the name \(shown(host)) is unknown to the name servers"
        case .nameUnresolved(let host, let reason): "the name \(shown(host)) could not be resolved: \(shown(reason))"
        case .connectionRefused(let relay): "\(shown(relay)) refuses connections"
        case .connectionTimedOut(let relay): "\(shown(relay)) does not answer"
        case .unreachable(let relay, let reason): "\(shown(relay)) cannot be reached: \(shown(reason))"
        case .networkBlocked(let relay, let answer):
            "something else than the relay answered at \(shown(relay)): \"\(shown(answer))\"; the network blocks or redirects the connection"
        case .silent(let relay): "\(shown(relay)) takes the connection but says nothing"
        case .closedEarly(let relay): "\(shown(relay)) closes the connection at once"
        case .stalled(let stage): "nothing came any more while \(stage.title)"
        case .incompatible(let reason): "the relay and this terminal do not understand each other: \(shown(reason))"
        case .relayKeyChanged(let offered, let pinned):
            "the relay shows another host key than before: \(shown(offered)) instead of \(shown(pinned))"
        case .relayKeyNotPinned(let offered): "the relay's host key \(shown(offered)) was not confirmed yet"
        case .relayKeyMismatch(let offered, let confirmed):
            "the relay shows another host key than the one that was confirmed: \(shown(offered)) instead of \(shown(confirmed))"
        case .keyUnknown: "the relay does not know this terminal's key yet"
        case .keyWithdrawn: "the relay does not accept this terminal's key any more"
        case .portRefused(let port, let reason):
            "the relay refuses listening port \(shown(port)) to this terminal" + (reason.map { ": \(shown($0))" } ?? "")
        case .endedByRelay(_, let reason): "the relay ended the connection: \(shown(reason))"
        case .lost(let reason): "the connection to the relay was lost: \(shown(reason))"
        case .clientFailed(let reason): "ssh could not do its work: \(shown(reason))"
        }
    }

    /// What the customer can do about it, as one or two sentences without the last full stop.
    package var advice: String {
        switch self {
        case .nameUnknown: "check the relay's name in the settings (towline-terminal settings show) and this machine's network"
        case .nameUnresolved: "check this machine's network and name servers"
        case .connectionRefused, .connectionTimedOut, .unreachable:
            "check this machine's network; if it works otherwise, ask support whether the relay is up and which ports it uses"
        case .networkBlocked:
            "sign in to the network if it asks for that, or ask whoever runs it to let SSH through, or set another relay port such as 443"
        case .silent, .closedEarly, .stalled: "it may be busy; if this goes on, ask support whether the relay is up and which port it uses"
        case .incompatible: "send this line to support"
        case .relayKeyChanged:
            "do not continue before support confirms the new fingerprint; if they do, create the setting again with that --fingerprint"
        case .relayKeyNotPinned: "compare the fingerprint with the one from support and create the setting with that --fingerprint"
        case .relayKeyMismatch:
            "compare the fingerprint with the one from support; if theirs differs from what the relay shows, do not continue and tell them"
        case .keyUnknown:
            "send it to support (towline-terminal key shows it); this terminal can connect once they have approved it"
        case .keyWithdrawn: "ask support whether they have disabled or removed this terminal; it can connect once they accept it again"
        case .portRefused: "compare the listening port with the one from support (towline-terminal settings show), or tell them this line"
        case .endedByRelay, .lost: "nothing to do: this terminal connects again by itself"
        case .clientFailed: "check that the package openssh-client is installed; otherwise send this line to support"
        }
    }

    /// One line: what happened and what to do.
    package var explanation: String { "\(sentence): \(advice)" }

    private func shown(_ text: String) -> String { Printable.escaped(text.count > 200 ? String(text.prefix(200)) + "…" : text) }
}
