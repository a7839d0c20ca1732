package import SSHKeys
package import Support

/// Who is known to the relay and who may do what, at one moment: an immutable snapshot of the store.
///
/// Cheap to copy (one reference). Lookups by key, name, port and number are O(1).
package struct Registry: Sendable {
    private final class Index: Sendable {
        let terminals: [TerminalID: Terminal]
        let terminalsByName: [String: TerminalID]
        let terminalsByPort: [UInt16: TerminalID]
        let staff: [StaffID: StaffMember]
        let staffByName: [String: StaffID]
        let principals: [PublicKey: Principal]
        /// Keys of terminals and staff that are shut out.
        let disabled: [PublicKey: Principal]
        /// From when on keys of staff open nothing.
        let keyEnds: [PublicKey: WallTime]
        let groups: [StaffGroup]
        /// What each member of staff holds grants as: in their own name, and as a member of groups.
        let capacities: [StaffID: [Grantee]]
        let grants: [Grantee: [GrantTarget: Grant]]
        let requests: [TerminalID: EnrolmentRequest]
        let requestsByCode: [[UInt8]: TerminalID]
        let candidates: [PublicKey: TerminalID]
        let spentCodes: [[UInt8]: SpentCode]
        let announcement: Announcement?
        let learnedHostKeys: [PublicKey: Fingerprint]

        init(
            terminals: [Terminal], staff: [StaffMember], groups: [StaffGroup], grants: [Grant], requests: [EnrolmentRequest],
            spentCodes: [[UInt8]: SpentCode], announcement: Announcement?, learnedHostKeys: [PublicKey: Fingerprint]
        ) {
            var (principals, disabled): ([PublicKey: Principal], [PublicKey: Principal]) = ([:], [:])
            for terminal in terminals {
                guard let key = terminal.key else { continue }
                if terminal.isEnabled { principals[key] = .terminal(terminal.id) } else { disabled[key] = .terminal(terminal.id) }
            }
            for member in staff {
                for key in member.keys {
                    if member.isEnabled { principals[key.key] = .staff(member.id) } else { disabled[key.key] = .staff(member.id) }
                }
            }
            var capacities: [StaffID: [Grantee]] = [:]
            for member in staff { capacities[member.id] = [.staff(member.id)] }
            for group in groups {
                for member in group.members { capacities[member]?.append(.group(group.id)) }
            }
            var byGrantee: [Grantee: [GrantTarget: Grant]] = [:]
            for grant in grants { byGrantee[grant.grantee, default: [:]][grant.target] = grant }
            let enabled = Set(terminals.lazy.filter(\.isEnabled).map(\.id))
            let usable = requests.filter { enabled.contains($0.terminal) }
            self.principals = principals
            self.disabled = disabled
            keyEnds = staff.reduce(into: [:]) { ends, member in ends.merge(member.keyEnds) { first, _ in first } }
            self.groups = groups.sorted { $0.name < $1.name }
            self.capacities = capacities
            self.grants = byGrantee
            self.requests = Dictionary(uniqueKeysWithValues: requests.map { ($0.terminal, $0) })
            requestsByCode = Dictionary(uniqueKeysWithValues: usable.filter { $0.candidate == nil }.map { ($0.codeDigest, $0.terminal) })
            candidates = Dictionary(
                uniqueKeysWithValues: usable.compactMap { request in request.candidate.map { ($0.key, request.terminal) } })
            self.spentCodes = spentCodes.merging(usable.filter { $0.candidate != nil }.map { ($0.codeDigest, .used) }) { $1 }
            self.announcement = announcement
            self.learnedHostKeys = learnedHostKeys
            self.terminals = Dictionary(uniqueKeysWithValues: terminals.map { ($0.id, $0) })
            terminalsByName = Dictionary(uniqueKeysWithValues: terminals.map { ($0.name.description, $0.id) })
            terminalsByPort = Dictionary(uniqueKeysWithValues: terminals.map { ($0.listeningPort.rawValue, $0.id) })
            self.staff = Dictionary(uniqueKeysWithValues: staff.map { ($0.id, $0) })
            staffByName = Dictionary(uniqueKeysWithValues: staff.map { ($0.name.description, $0.id) })
        }
    }

    private let index: Index

    /// Builds the snapshot.
    /// - Parameters: rows of the store: ids, names, listening ports, keys, and requests by terminal, code and key are each unique there
    ///   (a precondition).
    /// - Cost: O(n), a hash per name, port and key.
    package init(
        terminals: [Terminal] = [], staff: [StaffMember] = [], groups: [StaffGroup] = [], grants: [Grant] = [],
        requests: [EnrolmentRequest] = [], spentCodes: [[UInt8]: SpentCode] = [:], announcement: Announcement? = nil,
        learnedHostKeys: [PublicKey: Fingerprint] = [:]
    ) {
        index = Index(
            terminals: terminals, staff: staff, groups: groups, grants: grants, requests: requests, spentCodes: spentCodes,
            announcement: announcement, learnedHostKeys: learnedHostKeys)
    }

    /// Whose key this is at `moment`; `nil` if nobody's, if its time is over, or if its owner is disabled.
    package func principal(for key: PublicKey, at moment: WallTime) -> Principal? {
        if let end = index.keyEnds[key], moment >= end { return nil }
        return index.principals[key]
    }

    /// From when on a key of enabled staff opens nothing; `nil`: it has no end.
    package func end(of key: PublicKey) -> WallTime? { index.principals[key] == nil ? nil : index.keyEnds[key] }

    /// Whether keys have ends at all.
    package var hasKeyEnds: Bool { !index.keyEnds.isEmpty }

    /// Whose key this would be if its owner were not disabled.
    package func disabledPrincipal(for key: PublicKey) -> Principal? { index.disabled[key] }

    /// The host key of the relay that whoever holds `key` had proved to them last; `nil`: none was.
    package func hostKeyLearned(by key: PublicKey) -> Fingerprint? { index.learnedHostKeys[key] }

    /// The terminal of this number, disabled or not.
    package func terminal(_ id: TerminalID) -> Terminal? { index.terminals[id] }

    /// The terminal of this name, disabled or not.
    package func terminal(named name: TerminalName) -> Terminal? {
        index.terminalsByName[name.description].flatMap { index.terminals[$0] }
    }

    /// The member of staff of this number, disabled or not.
    package func staff(_ id: StaffID) -> StaffMember? { index.staff[id] }

    /// The member of staff of this name, disabled or not.
    package func staff(named name: StaffName) -> StaffMember? {
        index.staffByName[name.description].flatMap { index.staff[$0] }
    }

    /// How many terminals there are, and how many members of staff. O(1).
    package var count: (terminals: Int, staff: Int) { (index.terminals.count, index.staff.count) }

    /// All terminals, by name.
    package var terminals: [Terminal] { index.terminals.values.sorted { $0.name.description < $1.name.description } }

    /// All members of staff, by name.
    package var staff: [StaffMember] { index.staff.values.sorted { $0.name.description < $1.name.description } }

    /// All groups, by name.
    package var groups: [StaffGroup] { index.groups }

    /// All grants, those that ended too, in no order.
    package var grants: [Grant] { index.grants.values.flatMap(\.values) }

    /// What a grantee may reach by its own grants, those that ended too, in no order.
    package func grants(of grantee: Grantee) -> [Grant] { index.grants[grantee].map { Array($0.values) } ?? [] }

    /// The grant that lets this member of staff reach this terminal, in their own name or as a member of a group, for the terminal or for
    /// one of its tags: of several the one that holds longest, ended or not. Admins need none and usually have none.
    package func grant(_ staff: StaffID, _ terminal: TerminalID) -> Grant? {
        guard let capacities = index.capacities[staff] else { return nil }
        let tags = index.terminals[terminal]?.tags ?? []
        var best: Grant?
        for capacity in capacities {
            guard let held = index.grants[capacity] else { continue }
            for target in [.terminal(terminal)] + tags.map(GrantTarget.tag) {
                guard let grant = held[target] else { continue }
                if best.map(grant.outlasts) ?? true { best = grant }
            }
        }
        return best
    }

    // MARK: Requests

    /// The request of a terminal that is not over; `nil`: none.
    package func request(for terminal: TerminalID) -> EnrolmentRequest? { index.requests[terminal] }

    /// All requests that are not over, the oldest first.
    package var requests: [EnrolmentRequest] {
        index.requests.values.sorted { ($0.createdAt, $0.terminal) < ($1.createdAt, $1.terminal) }
    }

    /// Whether a join code, by its SHA-256, may be used at `moment`.
    package func isOpen(codeDigest: [UInt8], at moment: WallTime) -> Bool {
        index.requestsByCode[codeDigest].flatMap { index.requests[$0] }?.isOpen(at: moment) == true
    }

    /// Why a join code, by its SHA-256, may no longer be used at `moment`; `nil`: it may, or it is none that is remembered here.
    package func spentCode(digest: [UInt8], at moment: WallTime) -> SpentCode? {
        guard let request = index.requestsByCode[digest].flatMap({ index.requests[$0] }) else { return index.spentCodes[digest] }
        return request.isOpen(at: moment) ? nil : .expired
    }

    /// The terminal whose key this wants to become; `nil`: it waits for no approval.
    package func terminal(awaitedBy key: PublicKey) -> Terminal? { index.candidates[key].flatMap { index.terminals[$0] } }

    /// The line for staff that is shown at `moment`; `nil`: none.
    package func announcement(at moment: WallTime) -> Announcement? {
        guard let announcement = index.announcement, announcement.until.map({ moment < $0 }) ?? true else { return nil }
        return announcement
    }

    // MARK: Decisions

    /// Port that a terminal is reached at by its name (RFC 4254 §7.2 "port to connect" of `ssh -J relay login@NAME`).
    package static let portByName: UInt32 = 22

    /// Which terminal staff mean by a `direct-tcpip` destination, and whether they may.
    ///
    /// `localhost`, `127.0.0.1`, `::1` and `relayHostname` mean "by listening port"; any other host is a terminal's name
    /// and wants port 22. Whether the terminal is connected is not asked here.
    /// - Parameters:
    ///   - host: as the peer sent it, any text; compared without regard to ASCII case.
    ///   - port: as the peer sent it.
    /// - Returns: an enabled terminal, or the refusal. A name that nobody has and one without a grant are refused alike.
    /// - Source: DESIGN §3.2, §4.3.
    package func destination(
        host: String, port: UInt32, for staffID: StaffID, at now: WallTime, relayHostname: String
    ) -> Result<Terminal, Refusal> {
        guard let member = index.staff[staffID], member.isEnabled else { return .failure(.keyNoLongerValid) }
        let asked = host.lowercased()
        let isByPort = Self.hostsOfRelay.contains(asked) || asked == relayHostname.lowercased()
        if !isByPort && port != Self.portByName { return .failure(.nameWantsPort22(host: host, port: port)) }
        let found =
            isByPort
            ? UInt16(exactly: port).flatMap { index.terminalsByPort[$0] } : index.terminalsByName[asked]
        let terminal = found.flatMap { index.terminals[$0] }
        if member.role == .admin {
            guard let terminal else {
                return .failure(isByPort ? .noSuchPort(port: port) : .noSuchTerminal(host: host))
            }
            return terminal.isEnabled ? .success(terminal) : .failure(.terminalDisabled(terminal.name))
        }
        guard let terminal, let grant = self.grant(staffID, terminal.id) else {
            return .failure(isByPort ? .portNotYours(port: port) : .notYours(host: host))
        }
        guard grant.holds(at: now) else { return .failure(.grantEnded(terminal: terminal.name, at: grant.until ?? now)) }
        return terminal.isEnabled ? .success(terminal) : .failure(.terminalDisabled(terminal.name))
    }

    /// Hosts that mean the relay itself, beside its own name.
    private static let hostsOfRelay: Set<String> = ["localhost", "127.0.0.1", "::1"]

    /// Bind addresses that a terminal may name; each is echoed and none is bound (RFC 4254 §7.1, DESIGN §4.3).
    private static let listenableAddresses: Set<String> = ["", "*", "localhost", "127.0.0.1", "::1", "0.0.0.0", "::"]

    /// The port that a terminal gets for a `tcpip-forward` request.
    /// - Parameters:
    ///   - address: the bind address as the peer sent it: empty, `*`, or one of this machine; it is never bound.
    ///   - port: its own listening port, or 0 for the same.
    package func listening(address: String, port: UInt32, by terminalID: TerminalID) -> Result<ListeningPort, Refusal> {
        guard let terminal = index.terminals[terminalID], terminal.isEnabled else { return .failure(.keyNoLongerValid) }
        let own = terminal.listeningPort
        guard port == 0 || port == UInt32(own.rawValue) else { return .failure(.portIsNotYours(asked: port, own: own)) }
        guard Self.listenableAddresses.contains(address.lowercased()) else {
            return .failure(.addressNotListenable(address: address))
        }
        return .success(own)
    }

    /// Whether staff may (still) have a bridge to a terminal: both enabled, and an admin or a grant that holds at `now`.
    package func mayStillReach(_ staffID: StaffID, _ terminalID: TerminalID, at now: WallTime) -> Bool {
        guard let member = index.staff[staffID], member.isEnabled else { return false }
        guard let terminal = index.terminals[terminalID], terminal.isEnabled else { return false }
        return member.role == .admin || grant(staffID, terminalID)?.holds(at: now) == true
    }

    /// Whether a live connection that proved `key` as `principal` may stay: the key is still that principal's, and opens something.
    package func isStillValid(_ principal: Principal, key: PublicKey, at moment: WallTime) -> Bool {
        self.principal(for: key, at: moment) == principal
    }

    /// The terminals that a member of staff may reach at `now`, by name; disabled ones left out.
    package func terminals(reachableBy staffID: StaffID, at now: WallTime) -> [Terminal] {
        terminals.filter { mayStillReach(staffID, $0.id, at: now) }
    }
}
