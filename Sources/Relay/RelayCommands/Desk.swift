package import RelayCore
import SSHCrypto
import SSHKeys
package import Support

/// Does commands: asks whether the caller may, changes the ledger, tells the running relay, and answers.
///
/// A change is answered when it is durable and the running relay decides by it. Changes are done one after the other, so that the
/// running relay never gets an older snapshot after a newer one.
package actor Desk {
    // Static after init.
    let ledger: any RelayLedger
    let now: @Sendable () -> WallTime
    let chance: @Sendable (Int) -> [UInt8]
    /// Rung when there is something new to tell; its end is the end of the relay.
    package nonisolated let bell: Bell

    // Owned by the actor.
    private(set) var identity: RelayIdentity
    private(set) var live: (any LiveRelay)?
    private(set) var keeper: (any RelayKeyKeeper)?
    /// The run of the running relay.
    private(set) var run = RunID(0)
    /// Commands that wait for a terminal now.
    var waiters = 0
    /// Commands that follow the events now.
    var followers = 0
    /// Whether the relay is about to end, and nobody follows any more.
    var isLeaving = false
    /// The snapshot that the running relay decides by; `nil`: nothing has changed since it started.
    private var applied: Registry?
    private var isChanging = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// A desk without a running relay.
    /// - Parameters:
    ///   - now: the wall clock.
    ///   - bell: the ledger's.
    ///   - chance: so many random bytes, for join codes.
    ///   - keeper: of the relay's host keys; `nil`: it comes with `attach`.
    package init(
        ledger: any RelayLedger, identity: RelayIdentity, keeper: (any RelayKeyKeeper)? = nil, now: @escaping @Sendable () -> WallTime,
        bell: Bell = Bell(),
        chance: @escaping @Sendable (Int) -> [UInt8] = { randomBytes($0) }
    ) {
        self.keeper = keeper
        self.ledger = ledger
        self.identity = identity
        self.now = now
        self.bell = bell
        self.chance = chance
    }

    /// From now on `relay` is told about changes, and `keeper`, if there is one, about those of its host keys.
    package func attach(_ relay: any LiveRelay, keeper: (any RelayKeyKeeper)? = nil, run: RunID) {
        live = relay
        self.keeper = keeper
        self.run = run
    }

    /// From now on replies name this port as the relay's.
    package func listens(on port: UInt16) {
        identity = RelayIdentity(hostname: identity.hostname, keys: identity.keys, port: port)
    }

    /// From now on these are the relay's host keys.
    func shows(_ keys: RelayKeys) {
        identity = RelayIdentity(hostname: identity.hostname, keys: keys, port: identity.port)
    }

    /// Does one command for a caller.
    package func perform(_ command: RelayCommand, as caller: Caller) async throws(RelayCommandError) -> RelayReply {
        switch command {
        case .change(let change): return try await perform(change, as: caller)
        case .newRequest(let wish): return try await request(wish, as: caller)
        case .relayKey(let step?, let isForced): return try await take(step, isForced: isForced, as: caller)
        default: break
        }
        let registry = try await currentRegistry()
        try allow(command, to: caller, by: registry)
        switch command {
        case .change, .newRequest, .relayKey(.some, _): preconditionFailure("done above")
        case .relayKey(nil, _): return .relayKeys(relayKeys(in: registry), after: nil)
        case .listRequests: return .requests(requests(for: caller, in: registry))
        case .showWaiting(let name): return .waiting(try waiting(name, in: registry))
        case .listTerminals(let filter): return .terminals(try await terminals(filter, for: caller, in: registry), filter)
        case .showTerminal(let name):
            let terminal = try require(name, in: registry)
            let view = try await views(of: [terminal], in: registry)[0]
            return .terminal(view, sheet(of: terminal, loginUsers: view.loginUsers, in: registry, for: caller))
        case .wait(let name, let time): return .online(try await wait(for: try require(name, in: registry), atMost: time, as: caller))
        case .hostKeys(let name, let asKnownHosts):
            return .hostKeys(try await hostKeys(of: name, for: caller, in: registry), asKnownHosts: asKnownHosts)
        case .showChangedHostKeys(let name):
            let keys = try await hostKeys(of: name, for: caller, in: registry)[0]
            guard !keys.changed.isEmpty else { throw .ledger(.noChangedHostKeys(name), nil) }
            return .changedHostKeys(keys)
        case .report(let report): return .reported(try await take(report, from: caller))
        case .listStaff: return .staff(registry.staff.map { view(of: $0, in: registry) })
        case .listGroups: return .groups(registry.groups.map { view(of: $0, in: registry) })
        case .sessions(let past): return .sessions(try await sessions(past: past, for: caller, in: registry))
        case .history(let name, let since):
            return .history(try await history(of: try require(name, in: registry), since: since, for: caller, in: registry))
        case .events(let wish): return .events(try await events(wish, for: caller, in: registry))
        case .endSession(let session): return try await end(session, as: caller, in: registry)
        case .audit(let last, let since):
            let entries = try await asked { () async throws(LedgerError) in try await ledger.audit(since: since, limit: last) }
            return .audit(entries.map { AuditView($0) })
        case .exportAudit(let after, let since): return try await export(after: after, since: since)
        case .verifyAudit:
            return .auditVerdict(try await asked { () async throws(LedgerError) in try await ledger.verifyAudit() })
        case .whoAmI: return .identity(identityView(of: caller, in: registry))
        case .overview: return .overview(try await overview(for: caller, in: registry))
        }
    }

    // MARK: - Changes

    /// Throws unless the caller may give this command.
    func allow(_ command: RelayCommand, to caller: Caller, by registry: Registry) throws(RelayCommandError) {
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
        let (registry, replaced) = try await commit(change, by: actor)
        guard let name = change.terminal, let terminal = registry.terminal(named: name) else {
            return .changed(change, nil, replaced: nil)
        }
        return .changed(change, try await views(of: [terminal], in: registry)[0], replaced: replaced.map { KeyView($0) })
    }

    /// Makes a change durable and tells the running relay. Between `beginChange` and `endChange`.
    func commit(
        _ change: RegistryChange, by actor: AuditActor
    ) async throws(RelayCommandError) -> (registry: Registry, replaced: PublicKey?) {
        let done: (registry: Registry, replaced: PublicKey?)
        do { done = try await ledger.perform(change, by: actor, at: now()) } catch { throw .ledger(error, change) }
        await apply(done.registry)
        return done
    }

    /// Tells the running relay.
    func apply(_ registry: Registry) async {
        guard let live else { return }
        applied = registry
        await live.apply(registry)
    }

    /// Waits for the changes before this one: first come, first served.
    func beginChange() async {
        if isChanging {
            await withCheckedContinuation { waiting.append($0) }
        } else {
            isChanging = true
        }
    }

    func endChange() {
        if waiting.isEmpty {
            isChanging = false
        } else {
            waiting.removeFirst().resume()
        }
    }

    func auditActor(of caller: Caller, in registry: Registry) -> AuditActor {
        switch caller {
        case .localOperator(let name): .local(name)
        case .principal(.staff(let id), _, _): registry.staff(id).map { .staff($0.name) } ?? .relay
        case .principal(.terminal, _, _): .relay
        }
    }

    // MARK: - Looking

    func currentRegistry() async throws(RelayCommandError) -> Registry {
        try await asked { () async throws(LedgerError) in try await ledger.registry() }
    }

    /// What the running relay decides by, without asking the store where it can be helped: for those who ask at every event.
    func appliedRegistry() async throws(RelayCommandError) -> Registry {
        if let applied { return applied }
        let registry = try await currentRegistry()
        if live != nil, applied == nil { applied = registry }
        return applied ?? registry
    }

    func asked<Value: Sendable>(_ question: () async throws(LedgerError) -> Value) async throws(RelayCommandError) -> Value {
        do { return try await question() } catch { throw .ledger(error, nil) }
    }

    func require(_ name: TerminalName, in registry: Registry) throws(RelayCommandError) -> Terminal {
        guard let terminal = registry.terminal(named: name) else { throw .ledger(.noTerminal(name), nil) }
        return terminal
    }

    /// Terminals as they are shown, in the order given.
    func views(of terminals: [Terminal], in registry: Registry) async throws(RelayCommandError) -> [TerminalView] {
        let query = terminals.count == 1 ? HostKeyQuery.of(terminals[0].id) : .all
        let records = try await asked { () async throws(LedgerError) in try await ledger.hostKeys(query) }
        let reports = Dictionary(uniqueKeysWithValues: records.map { ($0.terminal, $0) })
        var tunnels: [TerminalID: LiveTunnel] = [:]
        for tunnel in await live?.tunnels() ?? [] { tunnels[tunnel.terminal] = tunnel }
        return terminals.map { terminal in
            TerminalView(
                terminal, tunnel: tunnels[terminal.id], candidate: registry.request(for: terminal.id)?.candidate,
                report: reports[terminal.id],
                isRelayRunning: live != nil)
        }
    }

    private func terminals(
        _ filter: TerminalFilter, for caller: Caller, in registry: Registry
    ) async throws(RelayCommandError) -> [TerminalView] {
        let visible = Permission.visible(to: caller, in: registry, at: now()).filter { terminal in
            filter.tag.map(terminal.tags.contains) ?? true
        }
        return try await views(of: visible, in: registry).filter { !filter.isOnlineOnly || $0.state == .online }
    }

    private func sheet(of terminal: Terminal, loginUsers: [String], in registry: Registry, for caller: Caller) -> TerminalSheet {
        let visitors = registry.staff.filter { registry.mayStillReach($0.id, terminal.id, at: now()) && caller.maySee($0.id, in: registry) }
        return TerminalSheet(
            relay: identity.hostname, relayPort: identity.port, relayFingerprint: KeyView(identity.hostKey).fingerprint,
            visitors: visitors.map { member in
                let login = loginUsers.count == 1 ? loginUsers[0] : member.name.description
                return TerminalSheet.Visitor(
                    name: member.name.description, login: login, role: member.role.rawValue,
                    until: member.role == .admin ? nil : registry.grant(member.id, terminal.id)?.until,
                    publicKeys: member.keys.map(\.line),
                    commands: [
                        "ssh -J \(identity.jump) \(login)@\(terminal.name)",
                        "ssh -J \(identity.jump) -p \(terminal.listeningPort) \(login)@localhost",
                    ])
            })
    }

    private func view(of member: StaffMember, in registry: Registry) -> StaffView {
        StaffView(
            name: member.name.description, role: member.role.rawValue, enabled: member.isEnabled,
            keys: member.keys.map {
                KeyView($0.key, comment: $0.comment, lastUsed: member.lastUses[$0.key], until: member.keyEnds[$0.key])
            },
            groups: registry.groups.filter { $0.members.contains(member.id) }.map(\.name.description),
            reaches: reaches(of: member.id, in: registry))
    }

    private func view(of group: StaffGroup, in registry: Registry) -> GroupView {
        GroupView(
            name: group.name.description,
            members: group.members.compactMap { registry.staff($0)?.name.description }.sorted(),
            reaches: reaches(of: .group(group.id), via: nil, in: registry))
    }

    /// Grants of a member of staff and of the groups they are in.
    func reaches(of staff: StaffID, in registry: Registry) -> [ReachView] {
        let groups = registry.groups.filter { $0.members.contains(staff) }
        return reaches(of: .staff(staff), via: nil, in: registry)
            + groups.flatMap { reaches(of: .group($0.id), via: $0.name.description, in: registry) }
    }

    private func reaches(of grantee: Grantee, via group: String?, in registry: Registry) -> [ReachView] {
        registry.grants(of: grantee).compactMap { grant in
            let target: String
            switch grant.target {
            case .tag(let tag): target = GrantTargetName.tag(tag).description
            case .terminal(let id):
                guard let name = registry.terminal(id)?.name else { return nil }
                target = name.description
            }
            return ReachView(target: target, until: grant.until, ended: !grant.holds(at: now()), via: group)
        }.sorted { $0.target < $1.target }
    }

    private func end(_ session: SessionID, as caller: Caller, in registry: Registry) async throws(RelayCommandError) -> RelayReply {
        guard let live else { throw .notRunning(command: "end") }
        // Somebody else's session is answered like none.
        let isTheirs = await live.bridges().contains { $0.id == session.bridge && caller.maySee($0.staff, in: registry) }
        guard session.run == run, isTheirs, await live.end(session.bridge) else { throw .noSuchSession(session) }
        let actor = auditActor(of: caller, in: registry)
        try await asked { () async throws(LedgerError) in
            try await ledger.note("session.end", subject: "session \(session)", by: actor, at: now())
        }
        return .sessionEnded(session)
    }

    private func export(after number: Int64, since: WallTime?) async throws(RelayCommandError) -> RelayReply {
        let limit = RelayCommandTable.exportedEntries
        let entries = try await asked { () async throws(LedgerError) in
            try await ledger.audit(after: number, since: since, limit: limit + 1)
        }
        return .auditExport(entries.prefix(limit).map { AuditView($0, withDigest: true) }, hasMore: entries.count > limit)
    }

    private func sessions(past: Bool, for caller: Caller, in registry: Registry) async throws(RelayCommandError) -> [SessionView] {
        guard live != nil || past else { throw .notRunning(command: "sessions") }
        let open = (await live?.bridges() ?? []).filter { caller.maySee($0.staff, in: registry) }.sorted { $0.id < $1.id }
        let views = open.map { SessionView($0, run: run, in: registry) }
        guard past else { return views }
        let records = try await asked { () async throws(LedgerError) in try await ledger.bridges(limit: Self.pastSessions) }
        let own = caller.staffName(in: registry)
        return views + records.filter { $0.end != nil && (own == nil || own == $0.staff) }.map { SessionView($0) }
    }

    /// Past sessions that `sessions --past` looks at.
    static let pastSessions = 200

    func identityView(of caller: Caller, in registry: Registry) -> IdentityView {
        switch caller {
        case .localOperator(let name):
            return IdentityView(
                kind: "operator", name: Printable.escaped(name), relay: identity.hostname, role: nil, key: nil, from: nil,
                reaches: nil, listeningPort: nil)
        case .principal(let principal, let key, let source):
            let key = KeyView(key, until: registry.end(of: key))
            let from = Printable.escaped(source)
            switch principal {
            case .staff(let id):
                let member = registry.staff(id)
                return IdentityView(
                    kind: "staff", name: member?.name.description ?? id.description, relay: identity.hostname,
                    role: member?.role.rawValue, key: key, from: from,
                    reaches: member?.role == .admin ? nil : reaches(of: id, in: registry), listeningPort: nil)
            case .terminal(let id):
                let terminal = registry.terminal(id)
                return IdentityView(
                    kind: "terminal", name: terminal?.name.description ?? id.description, relay: identity.hostname, role: nil,
                    key: key, from: from, reaches: nil, listeningPort: terminal?.listeningPort.rawValue)
            }
        }
    }
}

extension RegistryChange {
    /// The terminal that this change is about and that exists after it; `nil` if there is none.
    var terminal: TerminalName? {
        switch self {
        case .addTerminal(let name, _, _), .approve(let name, _, _), .setTerminalEnabled(let name, _), .approveWaiting(let name, _),
            .setTag(let name, _, _), .setDetails(let name, _, _), .cancelRequest(let name), .acceptHostKeys(let name, _),
            .renewSupport(let name):
            name
        case .request(let order): order.terminal
        case .removeTerminal, .addStaff, .setStaffEnabled, .removeStaff, .grant, .revoke, .addStaffKeys, .limitStaffKey, .removeStaffKey,
            .setRole,
            .addGroup, .removeGroup, .setMember, .announce, .relayKey:
            nil
        }
    }
}
