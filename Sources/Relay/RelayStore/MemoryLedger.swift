package import RelayCore
import SSHCrypto
import SSHKeys
package import Support

/// The ledger's double: the same contract, in memory, gone with the process. For tests of what stands on a ledger.
package actor MemoryLedger: RelayLedger {
    private var terminals: [Terminal] = []
    private var staff: [StaffMember] = []
    private var grants: [Grant] = []
    private var bridges: [BridgeRecord] = []
    private var log: [AuditEntry] = []
    private var lastTerminal: Int64 = 0
    private var lastStaff: Int64 = 0
    private var lastRun: Int64 = 0

    /// An empty ledger.
    package init() {}

    /// The rows of now.
    package func registry() -> Registry { Registry(terminals: terminals, staff: staff, grants: grants) }

    /// Does one change with its audit entry.
    package func perform(_ change: RegistryChange, by actor: AuditActor, at now: WallTime) throws(LedgerError) -> Registry {
        var port: ListeningPort?
        var isChanged = true
        switch change {
        case .addTerminal(let name, let asked, let key): port = try add(name, asked, key, at: now)
        case .approve(let name, let key): isChanged = try approve(name, key)
        case .setTerminalEnabled(let name, let isEnabled):
            let index = try index(of: name)
            isChanged = terminals[index].isEnabled != isEnabled
            terminals[index].isEnabled = isEnabled
        case .removeTerminal(let name):
            let removed = terminals.remove(at: try index(of: name))
            grants.removeAll { $0.terminal == removed.id }
        case .addStaff(let name, let role, let keys): try add(name, role, keys, at: now)
        case .setStaffEnabled(let name, let isEnabled):
            let index = try index(of: name)
            isChanged = staff[index].isEnabled != isEnabled
            staff[index].isEnabled = isEnabled
        case .removeStaff(let name):
            let removed = staff.remove(at: try index(of: name))
            grants.removeAll { $0.staff == removed.id }
        case .grant(let member, let terminal, let until):
            let grant = Grant(staff: staff[try index(of: member)].id, terminal: terminals[try index(of: terminal)].id, until: until)
            grants.removeAll { $0.staff == grant.staff && $0.terminal == grant.terminal }
            grants.append(grant)
        case .revoke(let member, let terminal):
            let (staffID, terminalID) = (staff[try index(of: member)].id, terminals[try index(of: terminal)].id)
            guard let held = grants.firstIndex(where: { $0.staff == staffID && $0.terminal == terminalID }) else {
                throw .noGrant(member, terminal)
            }
            grants.remove(at: held)
        }
        if isChanged { append(change.note(by: actor, at: now, port: port)) }
        return registry()
    }

    /// Notes something in the audit log.
    package func note(_ action: String, subject: String, by actor: AuditActor, at now: WallTime) {
        append(AuditNote(at: now, actor: actor.text, action: action, subject: subject, detail: ""))
    }

    /// Writes a batch of events.
    package func record(_ events: [RelayEvent], run: RunID) {
        var names: [Principal: String] = [:]
        for terminal in terminals { names[.terminal(terminal.id)] = terminal.name.description }
        for member in staff { names[.staff(member.id)] = member.name.description }
        for event in events {
            for effect in EventEffect.effects(of: event, run: run, names: names) {
                switch effect {
                case .seen(let terminal, let time): noteSeen([terminal: time])
                case .opened(let bridge): bridges.append(bridge)
                case .closed(let run, let id, let end): close(end) { $0.run == run && $0.id == id }
                case .note(let note): append(note)
                }
            }
        }
    }

    /// Moves last-seen times forward.
    package func noteSeen(_ times: [TerminalID: WallTime]) {
        for index in terminals.indices {
            guard let time = times[terminals[index].id] else { continue }
            terminals[index].lastSeen = max(terminals[index].lastSeen ?? time, time)
        }
    }

    /// Numbers a new run and closes what is open.
    package func beginRun(at now: WallTime) -> (run: RunID, recovered: Int) {
        let open = bridges.count { $0.end == nil }
        close(BridgeRecord.End(at: now, reason: .recovered, bytesToTerminal: 0, bytesFromTerminal: 0)) { _ in true }
        lastRun += 1
        let left = open == 0 ? "" : ", \(open) bridges of an earlier run closed as recovered"
        append(AuditNote(at: now, actor: AuditActor.relay.text, action: "serve", subject: "memory", detail: "run \(lastRun)\(left)"))
        return (RunID(lastRun), open)
    }

    /// Past and open bridges, newest first.
    package func bridges(limit: Int) -> [BridgeRecord] {
        Array(bridges.sorted { ($0.run, $0.id) > ($1.run, $1.id) }.prefix(limit))
    }

    /// The newest entries, oldest of them first.
    package func audit(limit: Int) -> [AuditEntry] { Array(log.suffix(limit)) }

    /// Follows the chain.
    package func verifyAudit() -> AuditVerdict {
        var walk = AuditWalk()
        for entry in log { walk.step(to: entry) }
        return walk.verdict(headNumber: Int64(log.count), headDigest: log.last?.digest ?? AuditEntry.genesis)
    }

    // MARK: - Rules

    private func add(
        _ name: TerminalName, _ asked: ListeningPort?, _ key: PublicKey?, at now: WallTime
    ) throws(LedgerError) -> ListeningPort {
        if terminals.contains(where: { $0.name == name }) { throw .terminalExists(name) }
        if let key, let holder = holder(of: key) { throw .keyTaken(key, by: holder) }
        let port: ListeningPort
        if let asked {
            if let holder = terminals.first(where: { $0.listeningPort == asked }) { throw .portTaken(asked, by: holder.name) }
            port = asked
        } else {
            let used = Set(terminals.map(\.listeningPort.rawValue))
            let free = RegistryLimits.allocatedPorts.first { !used.contains($0) }
            guard let found = free.flatMap({ ListeningPort($0) }) else { throw .portsExhausted }
            port = found
        }
        lastTerminal += 1
        terminals.append(Terminal(id: TerminalID(lastTerminal), name: name, listeningPort: port, key: key, addedAt: now))
        return port
    }

    private func approve(_ name: TerminalName, _ key: PublicKey) throws(LedgerError) -> Bool {
        let index = try index(of: name)
        let holder = holder(of: key)
        if holder == .terminal(name) { return false }
        if let holder { throw .keyTaken(key, by: holder) }
        terminals[index].key = key
        return true
    }

    private func add(_ name: StaffName, _ role: StaffMember.Role, _ keys: [AuthorizedKey], at now: WallTime) throws(LedgerError) {
        if staff.contains(where: { $0.name == name }) { throw .staffExists(name) }
        guard !keys.isEmpty else { throw .noKeys }
        guard keys.count <= RegistryLimits.keysPerStaff else { throw .tooManyKeys(count: keys.count) }
        var seen: Set<PublicKey> = []
        for key in keys {
            if let holder = holder(of: key.key) { throw .keyTaken(key.key, by: holder) }
            guard seen.insert(key.key).inserted else { throw .keyTaken(key.key, by: .staff(name)) }
        }
        lastStaff += 1
        staff.append(StaffMember(id: StaffID(lastStaff), name: name, role: role, keys: keys, addedAt: now))
    }

    private func holder(of key: PublicKey) -> KeyHolder? {
        if let terminal = terminals.first(where: { $0.key == key }) { return .terminal(terminal.name) }
        if let member = staff.first(where: { $0.keys.contains { $0.key == key } }) { return .staff(member.name) }
        return nil
    }

    private func index(of name: TerminalName) throws(LedgerError) -> Int {
        guard let index = terminals.firstIndex(where: { $0.name == name }) else { throw .noTerminal(name) }
        return index
    }

    private func index(of name: StaffName) throws(LedgerError) -> Int {
        guard let index = staff.firstIndex(where: { $0.name == name }) else { throw .noStaff(name) }
        return index
    }

    // MARK: - Writing

    private func append(_ note: AuditNote) {
        log.append(note.entry(number: Int64(log.count) + 1, previous: log.last?.digest ?? AuditEntry.genesis))
    }

    private func close(_ end: BridgeRecord.End, where isMeant: (BridgeRecord) -> Bool) {
        for (index, bridge) in bridges.enumerated() where bridge.end == nil && isMeant(bridge) {
            bridges[index] = BridgeRecord(
                run: bridge.run, id: bridge.id, staff: bridge.staff, terminal: bridge.terminal, key: bridge.key, source: bridge.source,
                openedAt: bridge.openedAt, end: end)
        }
    }
}
