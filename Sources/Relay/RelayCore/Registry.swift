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
        let grants: [StaffID: [TerminalID: Grant]]

        init(terminals: [Terminal], staff: [StaffMember], grants: [Grant]) {
            var principals: [PublicKey: Principal] = [:]
            for terminal in terminals where terminal.isEnabled {
                if let key = terminal.key { principals[key] = .terminal(terminal.id) }
            }
            for member in staff where member.isEnabled {
                for key in member.keys { principals[key.key] = .staff(member.id) }
            }
            var grantsByStaff: [StaffID: [TerminalID: Grant]] = [:]
            for grant in grants { grantsByStaff[grant.staff, default: [:]][grant.terminal] = grant }
            self.principals = principals
            self.grants = grantsByStaff
            self.terminals = Dictionary(uniqueKeysWithValues: terminals.map { ($0.id, $0) })
            terminalsByName = Dictionary(uniqueKeysWithValues: terminals.map { ($0.name.description, $0.id) })
            terminalsByPort = Dictionary(uniqueKeysWithValues: terminals.map { ($0.listeningPort.rawValue, $0.id) })
            self.staff = Dictionary(uniqueKeysWithValues: staff.map { ($0.id, $0) })
            staffByName = Dictionary(uniqueKeysWithValues: staff.map { ($0.name.description, $0.id) })
        }
    }

    private let index: Index

    /// Builds the snapshot.
    /// - Parameters: rows of the store: ids, names, listening ports and keys are each unique there (a precondition).
    /// - Cost: O(n), a hash per name, port and key.
    package init(terminals: [Terminal] = [], staff: [StaffMember] = [], grants: [Grant] = []) {
        index = Index(terminals: terminals, staff: staff, grants: grants)
    }

    /// Whose key this is; `nil` if nobody's, or if its owner is disabled.
    package func principal(for key: PublicKey) -> Principal? { index.principals[key] }

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

    /// All terminals, by name.
    package var terminals: [Terminal] { index.terminals.values.sorted { $0.name.description < $1.name.description } }

    /// All members of staff, by name.
    package var staff: [StaffMember] { index.staff.values.sorted { $0.name.description < $1.name.description } }

    /// All grants, those that ended too, by staff and terminal.
    package var grants: [Grant] {
        index.grants.values.flatMap(\.values).sorted { ($0.staff, $0.terminal) < ($1.staff, $1.terminal) }
    }

    /// The grant of this member of staff for this terminal, ended or not; admins need none and usually have none.
    package func grant(_ staff: StaffID, _ terminal: TerminalID) -> Grant? { index.grants[staff]?[terminal] }

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

    /// Whether a live connection that proved `key` as `principal` may stay: the key is still that principal's and enabled.
    package func isStillValid(_ principal: Principal, key: PublicKey) -> Bool { index.principals[key] == principal }

    /// The terminals that a member of staff may reach at `now`, by name; disabled ones left out.
    package func terminals(reachableBy staffID: StaffID, at now: WallTime) -> [Terminal] {
        terminals.filter { mayStillReach(staffID, $0.id, at: now) }
    }
}
