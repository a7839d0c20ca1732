package import RelayCore
import SSHKeys
package import Support

/// Does commands: asks whether the caller may, changes the ledger, tells the running relay, and answers.
///
/// A change is answered when it is durable and the running relay decides by it. Changes are done one after the other, so that the
/// running relay never gets an older snapshot after a newer one.
package actor Desk {
    // Static after init.
    private let ledger: any RelayLedger
    let now: @Sendable () -> WallTime

    // Owned by the actor.
    private(set) var identity: RelayIdentity
    private var live: (any LiveRelay)?
    private var isChanging = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// A desk without a running relay.
    /// - Parameter now: the wall clock.
    package init(ledger: any RelayLedger, identity: RelayIdentity, now: @escaping @Sendable () -> WallTime) {
        self.ledger = ledger
        self.identity = identity
        self.now = now
    }

    /// From now on `relay` is told about changes.
    package func attach(_ relay: any LiveRelay) { live = relay }

    /// From now on replies name this port as the relay's.
    package func listens(on port: UInt16) {
        identity = RelayIdentity(hostname: identity.hostname, hostKey: identity.hostKey, port: port)
    }

    /// Does one command for a caller.
    package func perform(_ command: RelayCommand, as caller: Caller) async throws(RelayCommandError) -> RelayReply {
        if case .change(let change) = command { return try await perform(change, as: caller) }
        let registry = try await currentRegistry()
        try allow(command, to: caller, by: registry)
        switch command {
        case .change: preconditionFailure("done above")
        case .listTerminals: return .terminals(await views(of: Permission.visible(to: caller, in: registry, at: now())))
        case .showTerminal(let name):
            guard let terminal = registry.terminal(named: name) else { throw .ledger(.noTerminal(name), nil) }
            return .terminal(await views(of: [terminal])[0], sheet(of: terminal, in: registry, for: caller))
        case .listStaff: return .staff(registry.staff.map { view(of: $0, in: registry) })
        case .sessions(let past): return .sessions(try await sessions(past: past, for: caller, in: registry))
        case .endSession(let bridge):
            guard let live else { throw .notRunning(command: command.name) }
            guard await live.end(bridge) else { throw .noSuchSession(bridge) }
            let actor = auditActor(of: caller, in: registry)
            try await asked { () async throws(LedgerError) in
                try await ledger.note("session.end", subject: "session \(bridge)", by: actor, at: now())
            }
            return .sessionEnded(bridge)
        case .audit(let last):
            let entries = try await asked { () async throws(LedgerError) in try await ledger.audit(limit: last) }
            return .audit(entries.map { AuditView($0) })
        case .verifyAudit:
            return .auditVerdict(try await asked { () async throws(LedgerError) in try await ledger.verifyAudit() })
        case .whoAmI: return .identity(identityView(of: caller, in: registry))
        }
    }

    // MARK: - Changes

    /// Throws unless the caller may give this command.
    private func allow(_ command: RelayCommand, to caller: Caller, by registry: Registry) throws(RelayCommandError) {
        switch try Permission.judge(command, of: caller, by: registry, at: now()) {
        case .granted: break
        case .denied: throw .notAllowed(command: command.name)
        case .refused(let refusal): throw .refused(refusal)
        }
    }

    private func perform(_ change: RegistryChange, as caller: Caller) async throws(RelayCommandError) -> RelayReply {
        await beginChange()
        defer { endChange() }
        let actor: AuditActor
        if case .localOperator(let name) = caller {
            // May do everything: with thousands of terminals, nothing looked up is half of the cost saved.
            actor = .local(name)
        } else {
            // Judged when its turn has come: a change before it may have shut the caller out.
            let registry = try await currentRegistry()
            try allow(.change(change), to: caller, by: registry)
            actor = auditActor(of: caller, in: registry)
        }
        let registry: Registry
        do { registry = try await ledger.perform(change, by: actor, at: now()) } catch { throw .ledger(error, change) }
        await live?.apply(registry)
        guard let name = change.terminal, let terminal = registry.terminal(named: name) else { return .changed(change, nil) }
        return .changed(change, await views(of: [terminal])[0])
    }

    /// Waits for the changes before this one: first come, first served.
    private func beginChange() async {
        if isChanging {
            await withCheckedContinuation { waiting.append($0) }
        } else {
            isChanging = true
        }
    }

    private func endChange() {
        if waiting.isEmpty {
            isChanging = false
        } else {
            waiting.removeFirst().resume()
        }
    }

    private func auditActor(of caller: Caller, in registry: Registry) -> AuditActor {
        switch caller {
        case .localOperator(let name): .local(name)
        case .principal(.staff(let id), _, _): registry.staff(id).map { .staff($0.name) } ?? .relay
        case .principal(.terminal, _, _): .relay
        }
    }

    // MARK: - Looking

    private func currentRegistry() async throws(RelayCommandError) -> Registry {
        try await asked { () async throws(LedgerError) in try await ledger.registry() }
    }

    private func asked<Value: Sendable>(_ question: () async throws(LedgerError) -> Value) async throws(RelayCommandError) -> Value {
        do { return try await question() } catch { throw .ledger(error, nil) }
    }

    private func views(of terminals: [Terminal]) async -> [TerminalView] {
        var tunnels: [TerminalID: LiveTunnel] = [:]
        for tunnel in await live?.tunnels() ?? [] { tunnels[tunnel.terminal] = tunnel }
        return terminals.map { TerminalView($0, tunnel: tunnels[$0.id], isRelayRunning: live != nil) }
    }

    private func sheet(of terminal: Terminal, in registry: Registry, for caller: Caller) -> TerminalSheet {
        let visitors = registry.staff.filter { registry.mayStillReach($0.id, terminal.id, at: now()) && caller.maySee($0.id, in: registry) }
        return TerminalSheet(
            relay: identity.hostname, relayPort: identity.port, relayFingerprint: KeyView(identity.hostKey).fingerprint,
            visitors: visitors.map { member in
                TerminalSheet.Visitor(
                    name: member.name.description, role: member.role.rawValue,
                    until: member.role == .admin ? nil : registry.grant(member.id, terminal.id)?.until,
                    publicKeys: member.keys.map(\.line),
                    commands: [
                        "ssh -J \(identity.jump) \(member.name)@\(terminal.name)",
                        "ssh -J \(identity.jump) -p \(terminal.listeningPort) \(member.name)@localhost",
                    ])
            })
    }

    private func view(of member: StaffMember, in registry: Registry) -> StaffView {
        StaffView(
            name: member.name.description, role: member.role.rawValue, enabled: member.isEnabled,
            keys: member.keys.map { KeyView($0.key, comment: $0.comment) }, grants: grants(of: member.id, in: registry))
    }

    private func grants(of staff: StaffID, in registry: Registry) -> [StaffView.Reach] {
        registry.terminals.compactMap { terminal in
            registry.grant(staff, terminal.id).map { grant in
                StaffView.Reach(terminal: terminal.name.description, until: grant.until, ended: !grant.holds(at: now()))
            }
        }
    }

    private func sessions(past: Bool, for caller: Caller, in registry: Registry) async throws(RelayCommandError) -> [SessionView] {
        guard live != nil || past else { throw .notRunning(command: "sessions") }
        let open = (await live?.bridges() ?? []).filter { caller.maySee($0.staff, in: registry) }.sorted { $0.id < $1.id }
        var views = open.map { bridge in
            SessionView(
                id: bridge.id.description, staff: registry.staff(bridge.staff)?.name.description ?? bridge.staff.description,
                terminal: registry.terminal(bridge.terminal)?.name.description ?? bridge.terminal.description,
                from: Printable.escaped(bridge.source), openedAt: bridge.since, closedAt: nil, reason: nil,
                bytesToTerminal: bridge.bytesToTerminal, bytesFromTerminal: bridge.bytesFromTerminal)
        }
        guard past else { return views }
        let records = try await asked { () async throws(LedgerError) in try await ledger.bridges(limit: Self.pastSessions) }
        let own = caller.staffName(in: registry)
        for record in records where own.map({ $0 == record.staff }) ?? true {
            guard let end = record.end else { continue }
            views.append(
                SessionView(
                    id: "\(record.run.rawValue)-\(record.id)", staff: record.staff, terminal: record.terminal, from: record.source,
                    openedAt: record.openedAt, closedAt: end.at, reason: end.reason.rawValue, bytesToTerminal: end.bytesToTerminal,
                    bytesFromTerminal: end.bytesFromTerminal))
        }
        return views
    }

    /// Past sessions that `sessions --past` looks at.
    static let pastSessions = 200

    private func identityView(of caller: Caller, in registry: Registry) -> IdentityView {
        switch caller {
        case .localOperator(let name):
            return IdentityView(
                kind: "operator", name: Printable.escaped(name), relay: identity.hostname, role: nil, key: nil, from: nil,
                terminals: nil, listeningPort: nil)
        case .principal(let principal, let key, let source):
            let key = KeyView(key)
            let from = Printable.escaped(source)
            switch principal {
            case .staff(let id):
                let member = registry.staff(id)
                return IdentityView(
                    kind: "staff", name: member?.name.description ?? id.description, relay: identity.hostname,
                    role: member?.role.rawValue, key: key, from: from,
                    terminals: member?.role == .admin ? nil : grants(of: id, in: registry), listeningPort: nil)
            case .terminal(let id):
                let terminal = registry.terminal(id)
                return IdentityView(
                    kind: "terminal", name: terminal?.name.description ?? id.description, relay: identity.hostname, role: nil,
                    key: key, from: from, terminals: nil, listeningPort: terminal?.listeningPort.rawValue)
            }
        }
    }
}

extension RegistryChange {
    /// The terminal that this change is about and that exists after it; `nil` if there is none.
    var terminal: TerminalName? {
        switch self {
        case .addTerminal(let name, _, _), .approve(let name, _), .setTerminalEnabled(let name, _): name
        case .removeTerminal, .addStaff, .setStaffEnabled, .removeStaff, .grant, .revoke: nil
        }
    }
}
