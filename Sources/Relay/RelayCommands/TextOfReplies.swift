import RelayCore
import SSHKeys
import Support

extension RelayReply {
    static func text(of change: RegistryChange, _ terminal: TerminalView?, _ replaced: KeyView?, program: String) -> String {
        switch change {
        case .addTerminal(let name, _, let key):
            let port = terminal.map { "listening port \($0.listeningPort)" } ?? ""
            let next =
                key == nil
                ? "when the customer has sent its key: \(program) approve \(name) < key.pub"
                : "what to hand out: \(program) terminal show \(name)"
            return "added terminal \(name): \(port)\n\(next)\n"
        case .approve(let name, _, _), .approveWaiting(let name, _):
            return "approved the key of terminal \(name): \(terminal?.key.map { words($0) } ?? "")\n"
                + (replaced.map { "it replaces \($0.fingerprint): connections with that key end now\n" } ?? "")
        case .renewSupport(let name): return "support for \(name) may stay open for another period\n"
        case .setTerminalEnabled(let name, true): return "terminal \(name) may connect and be reached again\n"
        case .setTerminalEnabled(let name, false): return "disabled terminal \(name); its connections end now\n"
        case .removeTerminal(let name): return "removed terminal \(name) with its key and grants; its connections end now\n"
        case .addStaff(let name, let role, let keys, let end):
            let lines = keys.map { "  " + words(KeyView($0.key, comment: $0.comment, until: end)) }
            let next = role == .admin ? "reaches every terminal" : "next: \(program) grant \(name) TERMINAL"
            return (["added staff \(name) (\(role.rawValue)) with"] + lines + [next]).joined(separator: "\n") + "\n"
        case .setStaffEnabled(let name, true): return "staff \(name) may come in again\n"
        case .setStaffEnabled(let name, false): return "disabled staff \(name); their connections end now\n"
        case .removeStaff(let name): return "removed staff \(name) with keys and grants; their connections end now\n"
        case .grant(let grantee, let target, let until):
            return "\(grantee) may reach \(target)\(until.map { " until \($0)" } ?? ", until it is revoked")\n"
        case .revoke(let grantee, let target): return "\(grantee) may no longer reach \(target); open sessions end now\n"
        case .addStaffKeys(let name, let keys, let end):
            let lines = keys.map { "  " + words(KeyView($0.key, comment: $0.comment, until: end)) }
            return (["added to staff \(name)"] + lines).joined(separator: "\n") + "\n"
        case .limitStaffKey(let name, let fingerprint, let end):
            return "\(fingerprint) of staff \(name) " + (end.map { "is good until \($0)" } ?? "has no end") + "\n"
        case .removeStaffKey(let name, let fingerprint):
            return "took \(fingerprint) from staff \(name); connections with it end now\n"
        case .setRole(let name, .admin): return "\(name) is an admin: reaches every terminal, and may give every command\n"
        case .setRole(let name, .support): return "\(name) is support: reaches what a grant names\n"
        case .addGroup(let name):
            return
                "added group \(name)\nnext: \(program) group member add \(name) STAFF, and: \(program) grant group:\(name) TERMINAL|tag:TAG\n"
        case .removeGroup(let name): return "removed group \(name) with its grants; its members stay\n"
        case .setMember(let group, let name, true): return "\(name) is in group \(group)\n"
        case .setMember(let group, let name, false): return "\(name) is not in group \(group)\n"
        case .setTag(let name, let tag, true): return "terminal \(name) has tag \(tag)\n"
        case .setTag(let name, let tag, false): return "terminal \(name) has no tag \(tag)\n"
        case .setDetails(let name, _, _):
            let parts = [terminal?.organisation.map { "organisation \($0)" }, terminal?.notes.map { "notes \($0)" }].compactMap(\.self)
            return "terminal \(name): \(parts.isEmpty ? "nothing noted" : parts.joined(separator: "; "))\n"
        case .request(let order): return "request for \(order.terminal)\n"
        case .cancelRequest(let name):
            return "ended the request for \(name): its line can no longer be used\n"
                + (terminal?.key == nil
                    ? "the terminal stays, without a key; an admin can forget it: \(program) terminal remove \(name)\n" : "")
        case .acceptHostKeys(let name, _): return "staff are told the new host keys of \(name) from now on\n"
        case .announce(let announcement?):
            return "staff see when they connect\(announcement.until.map { ", until \($0)" } ?? ""): \(announcement.text)\n"
        case .announce(nil): return "nothing is announced any more\n"
        case .relayKey: preconditionFailure("a step of the host keys is answered by .relayKeys")
        }
    }

    /// - Parameter filter: why there may be none.
    static func text(of terminals: [TerminalView], _ filter: TerminalFilter = .init(), program: String, now: WallTime) -> String {
        guard !terminals.isEmpty else {
            if filter != TerminalFilter() {
                let tag = filter.tag.map { " with tag \($0)" } ?? ""
                return "no terminal\(tag)\(filter.isOnlineOnly ? " is connected" : ""); all of them: \(program) terminals\n"
            }
            return "no terminals; to ask a customer for access: \(program) request new TERMINAL --login NAME\n"
        }
        let hasNotes = terminals.contains { $0.organisation != nil || !$0.tags.isEmpty }
        var table = TextTable(["NAME", "PORT", "STATE", "LAST SEEN", "FROM"] + (hasNotes ? ["ORGANISATION #TAGS"] : []), fitting: columns)
        for terminal in terminals {
            let seen = terminal.state == .online ? "now" : terminal.lastSeen.map { TimeAgo.text(since: $0, now: now) } ?? "never"
            let from = [terminal.from, terminal.alsoFrom.map { "and \($0): cloned?" }].compactMap(\.self).joined(separator: " ")
            let notes = ([terminal.organisation].compactMap(\.self) + terminal.tags.map { "#\($0)" }).joined(separator: " ")
            table.add([terminal.name, String(terminal.listeningPort), terminal.state.rawValue, seen, from] + (hasNotes ? [notes] : []))
        }
        return table.text
    }

    static func text(of terminal: TerminalView, _ sheet: TerminalSheet, program: String, now: WallTime) -> String {
        var lines = [
            field("terminal", terminal.name),
            field("listening port", String(terminal.listeningPort)),
            field("key", terminal.key.map { words($0) } ?? "none yet; approve it with: \(program) approve \(terminal.name) < key.pub"),
            field("state", stateInWords(terminal, now: now)),
            field("last seen", terminal.lastSeen.map { "\($0) (\(TimeAgo.text(since: $0, now: now)))" } ?? "never"),
            field("added", terminal.addedAt.description),
        ]
        if let key = terminal.waitingKey {
            lines.insert(field("waits for approval", "\(words(key)); see: \(program) approve \(terminal.name)"), at: 3)
        }
        if let organisation = terminal.organisation { lines.append(field("organisation", organisation)) }
        if let notes = terminal.notes { lines.append(field("notes", notes)) }
        if !terminal.loginUsers.isEmpty { lines.append(field("login users", terminal.loginUsers.joined(separator: ", "))) }
        if !terminal.tags.isEmpty { lines.append(field("tags", terminal.tags.joined(separator: ", "))) }
        if sheet.visitors.isEmpty {
            lines.append(field("who may reach it", "nobody yet; give a grant with: \(program) grant STAFF \(terminal.name)"))
        } else {
            for (index, visitor) in sheet.visitors.enumerated() {
                let end = visitor.until.map { ", until \($0)" } ?? ""
                lines.append(field(index == 0 ? "who may reach it" : "", "\(visitor.name) (\(visitor.role)\(end))"))
            }
        }
        lines += ["", "The customer enters on the terminal:"]
        if sheet.visitors.isEmpty {
            lines.append(field("  SSH login user", "the name that staff are to log in with, and their public key"))
        }
        for visitor in sheet.visitors {
            lines.append(field("  SSH login user", visitor.login))
            for key in visitor.publicKeys { lines.append(field("  its public key", Printable.escaped(key))) }
        }
        lines += [
            field("  relay", sheet.relay + (sheet.relayPort == 22 ? "" : " (port \(sheet.relayPort))")),
            field("  listening port", String(terminal.listeningPort)),
            field("  relay fingerprint", sheet.relayFingerprint),
        ]
        if !sheet.visitors.isEmpty {
            lines += ["", "Staff reach it, when it is connected, by name or by port:"]
            for visitor in sheet.visitors { lines += visitor.commands.map { "  " + $0 } }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func stateInWords(_ terminal: TerminalView, now: WallTime) -> String {
        switch terminal.state {
        case .online:
            let since = terminal.onlineSince.map { " since \($0)" } ?? ""
            let rival = terminal.alsoFrom.map { "; its key came from \($0) too: a cloned terminal, or a copied key" } ?? ""
            return "online\(since) from \(terminal.from ?? "?"), \(terminal.clientVersion ?? "?")\(rival)"
        case .offline: return "offline"
        case .noKey: return "waits for its key"
        case .waiting: return "its key waits for approval"
        case .disabled: return "disabled"
        case .stopped: return "unknown: the relay is not running"
        }
    }

    static func text(of staff: [StaffView], program: String, now: WallTime) -> String {
        guard !staff.isEmpty else { return "no staff; add somebody with: \(program) staff add NAME --key FILE|-\n" }
        var lines: [String] = []
        for member in staff {
            lines.append("\(member.name) (\(member.role)\(member.enabled ? "" : ", disabled"))")
            for key in member.keys {
                let use = key.lastUsed.map { "last used \(TimeAgo.text(since: $0, now: now))" } ?? "never used"
                lines.append("  key      \(words(key)), \(use)")
            }
            if !member.groups.isEmpty { lines.append("  groups   " + member.groups.joined(separator: ", ")) }
            if member.role == StaffMember.Role.admin.rawValue {
                lines.append("  reaches  every terminal")
            } else if member.reaches.isEmpty {
                lines.append("  reaches  nothing yet; give a grant with: \(program) grant \(member.name) TERMINAL")
            } else {
                lines += member.reaches.map { "  reaches  " + words($0) }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    static func text(of groups: [GroupView], program: String) -> String {
        guard !groups.isEmpty else { return "no groups; add one with: \(program) group add GROUP\n" }
        var lines: [String] = []
        for group in groups {
            lines.append(group.name)
            lines.append("  members  " + (group.members.isEmpty ? "nobody yet" : group.members.joined(separator: ", ")))
            lines += group.reaches.isEmpty ? ["  reaches  nothing yet"] : group.reaches.map { "  reaches  " + words($0) }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    static func text(of sessions: [SessionView], now: WallTime) -> String {
        guard !sessions.isEmpty else { return "no sessions\n" }
        var table = TextTable(["ID", "STAFF", "FROM", "TERMINAL", "OPENED", "ENDED", "TO/FROM TERMINAL"])
        for session in sessions {
            table.add([
                session.id.description, session.staff, session.from ?? "", session.terminal,
                TimeAgo.text(since: session.openedAt, now: now),
                session.closedAt.map { "\(TimeAgo.text(since: $0, now: now)), \(session.reason ?? "")" } ?? "open",
                "\(bytes(session.bytesToTerminal))/\(bytes(session.bytesFromTerminal))",
            ])
        }
        return table.text
    }

    static func text(of entries: [AuditView]) -> String {
        entries.map { entry in
            let subject = entry.subject.isEmpty ? "" : " " + Printable.escaped(entry.subject)
            let detail = entry.detail.isEmpty ? "" : ": " + Printable.escaped(entry.detail)
            return "\(entry.number) \(entry.at) \(entry.actor) \(entry.action)\(subject)\(detail)\n"
        }.joined()
    }

    static func text(of identity: IdentityView) -> String {
        var lines: [String]
        switch identity.kind {
        case "operator": lines = ["you are \(identity.name), on the relay \(identity.relay) itself: you may do everything"]
        case "terminal":
            lines = ["this key is the one of terminal \(identity.name), listening port \(identity.listeningPort.map(String.init) ?? "")"]
        default: lines = ["you are \(identity.name) (\(identity.role ?? "")) at \(identity.relay)"]
        }
        if let key = identity.key { lines.append("  key      " + words(key)) }
        if let from = identity.from { lines.append("  from     " + from) }
        if identity.kind == "staff" {
            switch identity.reaches {
            case nil: lines.append("  reaches  every terminal")
            case .some(let reaches) where reaches.isEmpty: lines.append("  reaches  nothing yet: ask an admin for a grant")
            case .some(let reaches): lines += reaches.map { "  reaches  " + words($0) }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: - Pieces

    /// What a terminal has at least.
    private static let columns = 80

    /// A label and its value, the values below each other.
    static func field(_ label: String, _ value: String) -> String {
        label + String(repeating: " ", count: max(1, 20 - label.count)) + value
    }

    static func words(_ key: KeyView) -> String {
        "\(key.type) \(key.fingerprint)" + (key.comment.map { " \($0)" } ?? "") + (key.until.map { ", until \($0)" } ?? "")
    }

    static func words(_ reach: ReachView) -> String {
        let via = reach.via.map { ", by group \($0)" } ?? ""
        return reach.target + (reach.until.map { reach.ended ? " (ended \($0))" : " (until \($0))" } ?? "") + via
    }

    /// `512 B`, `1.4 kB`, `20.0 MB`, `3.1 GB`, by powers of 1000.
    static func bytes(_ count: UInt64) -> String {
        var value = count
        var rest: UInt64 = 0
        var unit = 0
        let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
        while value >= 1000 {
            rest = value % 1000 / 100
            value /= 1000
            unit += 1
        }
        return unit == 0 ? "\(value) B" : "\(value).\(rest) \(units[unit])"
    }
}
