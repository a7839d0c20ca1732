import RelayCore
package import Support

/// The relay's own host keys as they are shown.
package struct RelayKeysView: Hashable, Sendable, Encodable {
    /// The one that peers are shown.
    package let shown: KeyView
    /// The one that is announced beside it; `nil`: there is none, and the fields for whom to tell are `nil` too.
    package let announced: KeyView?
    /// Enabled terminals with a key that were not told of both, by name.
    package let terminalsToTell: [Peer]?
    /// Enabled members of staff who came with a key that was not told of both, by name.
    package let staffToTell: [Peer]?
    /// Terminals whose requests are open: their lines name the key that was shown when they were made.
    package let openRequests: [String]

    /// Who is to be told.
    package struct Peer: Hashable, Sendable, Encodable {
        /// A terminal's name, or a member of staff's.
        package let name: String
        /// When it was here last; `nil`: not known.
        package let lastSeen: WallTime?
    }
}

extension RelayReply {
    static func text(of keys: RelayKeysView, after step: RelayKeyStep?, program: String, now: WallTime) -> String {
        var lines = [field("shown", words(keys.shown))]
        guard let announced = keys.announced, let terminals = keys.terminalsToTell, let staff = keys.staffToTell else {
            lines.append(field("beside it", "none" + (step == .retire ? " any more" : "")))
            if step == nil { lines += ["", "to go over to another one, step by step: \(program) relay-key prepare"] }
            return lines.joined(separator: "\n") + "\n"
        }
        lines.append(field("beside it", words(announced)))
        if terminals.isEmpty && staff.isEmpty {
            lines.append(field("known to", "everybody"))
        } else {
            lines.append(field("not told", "they were not here since, or their ssh learns no keys"))
            lines += terminals.map { "  terminal \($0.name), \(seen($0, now: now))" }
            lines += staff.map { "  staff \($0.name), \(seen($0, now: now))" }
        }
        if !keys.openRequests.isEmpty {
            let names = keys.openRequests.joined(separator: ", ")
            lines.append(field("requests", "open: \(names); their lines name the key that was shown then"))
        }
        lines.append("")
        switch step {
        case .prepare?:
            lines.append("Both are announced to everybody who is connected, and who connects. To see who was told: \(program) relay-key")
        case .switchOver?: lines.append("Peers that come from now on are shown it. To go back: \(program) relay-key switch")
        case .retire?, nil: break
        }
        if step != .switchOver { lines.append("To show the other one: \(program) relay-key switch") }
        lines.append("To forget the one that is not shown: \(program) relay-key retire")
        return lines.joined(separator: "\n") + "\n"
    }

    private static func seen(_ peer: RelayKeysView.Peer, now: WallTime) -> String {
        peer.lastSeen.map { "last seen \(TimeAgo.text(since: $0, now: now))" } ?? "never seen"
    }
}
