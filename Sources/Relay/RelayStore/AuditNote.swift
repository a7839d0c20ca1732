import RelayCore
import SSHCrypto
import SSHKeys
package import Support

/// What an audit entry says, before it has a number and a digest.
package struct AuditNote: Hashable, Sendable {
    /// When it happened.
    package let at: WallTime
    /// `AuditActor.text`.
    package let actor: String
    /// A fixed word.
    package let action: String
    /// About whom.
    package let subject: String
    /// More, printable.
    package let detail: String

    /// The entry that follows `previous`.
    func entry(number: Int64, previous: [UInt8]) -> AuditEntry {
        let preimage = AuditEntry.preimage(
            previous: previous, number: number, at: at, actor: actor, action: action, subject: subject, detail: detail)
        return AuditEntry(
            number: number, at: at, actor: actor, action: action, subject: subject, detail: detail, digest: digest(.sha256, of: preimage))
    }
}

extension RegistryChange {
    /// What the audit log says about this change.
    /// - Parameters:
    ///   - port: the port that `addTerminal` got.
    ///   - hostKeys: those that `acceptHostKeys` accepted.
    ///   - replaced: the key that `approve` replaced.
    func note(
        by actor: AuditActor, at now: WallTime, port: ListeningPort? = nil, hostKeys: [PublicKey] = [], replaced: PublicKey? = nil
    ) -> AuditNote {
        func note(_ action: String, _ subject: String, _ detail: String = "") -> AuditNote {
            AuditNote(at: now, actor: actor.text, action: action, subject: subject, detail: detail)
        }
        switch self {
        case .addTerminal(let name, let asked, let key):
            let portText = (port ?? asked).map { "listening port \($0)" } ?? ""
            return note("terminal.add", name.description, portText + (key.map { ", key \($0.fingerprint)" } ?? ""))
        case .approve(let name, let key, _):
            let former = replaced.map { ", in place of \($0.fingerprint)" } ?? ""
            return note("terminal.approve", name.description, "key \(key.fingerprint)\(former)")
        case .setTerminalEnabled(let name, let isEnabled):
            return note(isEnabled ? "terminal.enable" : "terminal.disable", name.description)
        case .renewSupport(let name):
            return note("terminal.renew", name.description)
        case .removeTerminal(let name):
            return note("terminal.remove", name.description)
        case .addStaff(let name, let role, let keys, let end):
            return note("staff.add", name.description, "role \(role.rawValue), \(Self.words(keys, until: end))")
        case .setStaffEnabled(let name, let isEnabled):
            return note(isEnabled ? "staff.enable" : "staff.disable", name.description)
        case .removeStaff(let name):
            return note("staff.remove", name.description)
        case .grant(let grantee, let target, let until):
            return note("grant", grantee.description, "\(target.kind) \(target)" + (until.map { ", until \($0)" } ?? ""))
        case .revoke(let grantee, let target):
            return note("revoke", grantee.description, "\(target.kind) \(target)")
        case .addStaffKeys(let name, let keys, let end):
            return note("staff.key-add", name.description, Self.words(keys, until: end))
        case .limitStaffKey(let name, let fingerprint, let end):
            return note("staff.key-limit", name.description, "key \(fingerprint), " + (end.map { "until \($0)" } ?? "no end"))
        case .removeStaffKey(let name, let fingerprint):
            return note("staff.key-remove", name.description, "key \(fingerprint)")
        case .setRole(let name, let role):
            return note("staff.role", name.description, "role \(role.rawValue)")
        case .addGroup(let name):
            return note("group.add", name.description)
        case .removeGroup(let name):
            return note("group.remove", name.description)
        case .setMember(let group, let name, let isMember):
            return note(isMember ? "group.member-add" : "group.member-remove", group.description, "staff \(name)")
        case .setTag(let name, let tag, let isSet):
            return note(isSet ? "terminal.tag" : "terminal.untag", name.description, "tag \(tag)")
        case .setDetails(let name, let organisation, let notes):
            let parts = [organisation.map { "organisation \(Printable.quoted($0))" }, notes.map { "notes \(Printable.quoted($0))" }]
            return note("terminal.set", name.description, parts.compactMap(\.self).joined(separator: ", "))
        case .request(let order):
            let parts = [
                port.map { "listening port \($0)" }, "login user \(order.login)", "staff \(order.staff)", "until \(order.expiresAt)",
                order.approvesItself ? "approves itself" : nil, order.purpose.isEmpty ? nil : "for \(Printable.quoted(order.purpose))",
            ]
            return note("request", order.terminal.description, parts.compactMap(\.self).joined(separator: ", "))
        case .cancelRequest(let name):
            return note("request.cancel", name.description)
        case .approveWaiting(let name, let fingerprint):
            return note("terminal.approve", name.description, fingerprint.map { "key \($0)" } ?? "")
        case .acceptHostKeys(let name, _):
            return note("terminal.host-keys-accept", name.description, hostKeys.map(\.fingerprint.description).joined(separator: ", "))
        case .relayKey(let step, let key):
            return note("relay-key.\(step.rawValue)", "host key", key.description)
        case .announce(let announcement):
            return note(
                "announce", "",
                announcement.map { Printable.quoted($0.text) + ($0.until.map { ", until \($0)" } ?? "") } ?? "nothing any more")
        }
    }
}

extension RegistryChange {
    private static func words(_ keys: [AuthorizedKey], until end: WallTime?) -> String {
        (keys.map { "key \($0.key.fingerprint)" } + (end.map { ["until \($0)"] } ?? [])).joined(separator: ", ")
    }
}

/// What a reported event does to the store: the same for every store.
enum EventEffect {
    /// A terminal proved to be alive.
    case seen(TerminalID, WallTime)
    /// A terminal holds its tunnel: its period begins, or goes on with a newer connection.
    case online(TerminalID, source: String, clientVersion: String, WallTime)
    /// The connection from this source has no tunnel any more: its period ends, unless a newer one went on with it.
    case offline(TerminalID, source: String, OnlinePeriod.End)
    /// A period of support began.
    case supportBegan(TerminalID, WallTime)
    /// A bridge was opened.
    case opened(BridgeRecord)
    /// A bridge ended.
    case closed(RunID, BridgeID, BridgeRecord.End)
    /// A key was used.
    case used(PublicKey, WallTime)
    /// Who holds the first key knows this host key of the relay's.
    case learned(PublicKey, hostKey: Fingerprint)
    /// Something for those who watch.
    case occurred(Occurrence.Kind, TerminalID, Occurrence.Facts, WallTime)
    /// A line for the audit log.
    case note(AuditNote)

    /// The effects of `event`, in the order in which they are written.
    ///
    /// Coming and going of tunnels has a table of its own, with bounds: with thousands of terminals on bad lines it would bury the audit log.
    /// - Parameter names: of the event's principals; one that is not there stands as its number.
    static func effects(of event: RelayEvent, run: RunID, names: [Principal: String]) -> [EventEffect] {
        func name(_ id: TerminalID) -> String { names[.terminal(id)] ?? id.description }
        func name(_ id: StaffID) -> String { names[.staff(id)] ?? id.description }
        func name(_ principal: Principal) -> String {
            switch principal {
            case .terminal(let id): "terminal:\(name(id))"
            case .staff(let id): "staff:\(name(id))"
            }
        }
        func note(_ at: WallTime, _ action: String, _ subject: String, _ detail: String, actor: String = AuditActor.relay.text)
            -> EventEffect
        {
            .note(AuditNote(at: at, actor: actor, action: action, subject: subject, detail: Printable.escaped(detail)))
        }
        switch event {
        case .terminalOnline(let terminal, let source, let version, let at):
            let online = EventEffect.online(
                terminal, source: Printable.escaped(source), clientVersion: Printable.escaped(version), at)
            return [.seen(terminal, at), online]
        case .terminalOffline(let terminal, let source, let reason, let lastHeard, let at):
            let end = OnlinePeriod.End(at: at, lastHeard: lastHeard, reason: reason)
            return [.seen(terminal, lastHeard), .offline(terminal, source: Printable.escaped(source), end)]
        case .supportBegan(let terminal, let at):
            return [.supportBegan(terminal, at)]
        case .supportOver(let terminal, let at):
            return [.seen(terminal, at)]
        case .tookOver(let terminal, let old, let new, let at):
            // The same machine that comes back from the same address is everyday life.
            guard host(of: old) != host(of: new) else { return [] }
            return [note(at, "terminal.takeover", name(terminal), "from \(old) to \(new)")]
        case .cloneSuspected(let terminal, let sources, let at):
            let places = sources.map(Printable.escaped)
            return [
                note(at, "terminal.clone-suspected", name(terminal), "one key used from \(sources.joined(separator: " and "))"),
                .occurred(.cloneSuspected, terminal, Occurrence.Facts(from: places.last, alsoFrom: places.first), at),
            ]
        case .keyUsed(_, let key, let at):
            return [.used(key, at)]
        case .learnedHostKey(_, let key, let hostKey, _):
            return [.learned(key, hostKey: hostKey)]
        case .bridgeOpened(let bridge, let staff, let key, let terminal, let source, let at):
            let record = BridgeRecord(
                run: run, id: bridge, staff: name(staff), terminal: name(terminal), key: key, source: Printable.escaped(source),
                openedAt: at, end: nil)
            return [
                .opened(record),
                note(
                    at, "bridge.open", record.terminal, "session \(run.rawValue)-\(bridge), key \(key), from \(source)",
                    actor: "staff:\(record.staff)"),
                .occurred(
                    .sessionOpened, terminal,
                    Occurrence.Facts(from: record.source, key: "\(key)", staff: record.staff, session: "\(run.rawValue)-\(bridge)"), at),
            ]
        case .bridgeClosed(let bridge, let toTerminal, let fromTerminal, let reason, let at):
            let end = BridgeRecord.End(at: at, reason: reason, bytesToTerminal: toTerminal, bytesFromTerminal: fromTerminal)
            return [
                .closed(run, bridge, end),
                note(
                    at, "bridge.close", "session \(run.rawValue)-\(bridge)",
                    "\(reason.rawValue), \(toTerminal) bytes to the terminal, \(fromTerminal) from it"),
            ]
        case .servedWithoutStrictKeyExchange(let source, let who, let version, let at):
            let detail = "from \(source): \(version) does no strict key exchange (CVE-2023-48795); a newer version does"
            return [note(at, "peer.old-client", name(who), detail)]
        case .refused(let source, let who, let what, let why, let at):
            return [note(at, "refused", who.map(name) ?? "unknown", "\(what) from \(source): \(why)")]
        }
    }

    /// The address of `address:port` without the port.
    private static func host(of source: String) -> Substring {
        source.lastIndex(of: ":").map { source[..<$0] } ?? source[...]
    }
}

extension RelayEvent {
    /// Whom the event is about: 0 to 2.
    var principals: [Principal] {
        switch self {
        case .terminalOnline(let terminal, _, _, _), .terminalOffline(let terminal, _, _, _, _), .tookOver(let terminal, _, _, _),
            .cloneSuspected(let terminal, _, _), .supportBegan(let terminal, _), .supportOver(let terminal, _):
            [.terminal(terminal)]
        case .bridgeOpened(_, let staff, _, let terminal, _, _): [.staff(staff), .terminal(terminal)]
        case .keyUsed(let staff, _, _): [.staff(staff)]
        case .bridgeClosed: []
        case .servedWithoutStrictKeyExchange(_, let who, _, _), .learnedHostKey(let who, _, _, _): [who]
        case .refused(_, let who, _, _, _): who.map { [$0] } ?? []
        }
    }
}

extension GrantTargetName {
    /// `terminal` or `tag`.
    fileprivate var kind: String {
        switch self {
        case .terminal: "terminal"
        case .tag: "all with"
        }
    }
}
