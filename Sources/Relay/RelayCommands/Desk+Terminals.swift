import RelayCore
import SSHKeys
import Support

/// What staff ask about terminals, and what terminals say about themselves.
extension Desk {
    /// Commands that wait for a terminal at most, together: each looks again and again.
    static let mostWaiters = 256
    /// How often one looks.
    static let waitingPause: Duration = .milliseconds(250)
    /// Terminals that the overview shows.
    static let overviewTerminals = 15

    /// Returns when the terminal holds its tunnel.
    func wait(for terminal: Terminal, atMost time: SupportDuration, as caller: Caller) async throws(RelayCommandError) -> TerminalView {
        guard let live else { throw .notRunning(command: "wait") }
        guard waiters < Self.mostWaiters else { throw .refused(.tooMany(what: "commands that wait", limit: Self.mostWaiters)) }
        waiters += 1
        defer { waiters -= 1 }
        let deadline = ContinuousClock.now + time.duration
        while await !live.isOnline(terminal.id) {
            guard ContinuousClock.now < deadline else { throw .notOnline(terminal.name, after: time, lacks: try await lack(of: terminal)) }
            do { try await Task.sleep(for: Self.waitingPause) } catch { throw .abandoned }
        }
        // Much may have changed meanwhile.
        let registry = try await currentRegistry()
        try allow(.wait(terminal.name, time), to: caller, by: registry)
        return try await views(of: [try require(terminal.name, in: registry)], in: registry)[0]
    }

    /// What a terminal that did not come has to get first.
    private func lack(of terminal: Terminal) async throws(RelayCommandError) -> RelayCommandError.Lack? {
        let registry = try await currentRegistry()
        if registry.request(for: terminal.id)?.candidate != nil { return .approval }
        return registry.terminal(terminal.id)?.key == nil ? .key : nil
    }

    /// Host keys of one terminal, or of all that the caller may reach, by name.
    func hostKeys(of name: TerminalName?, for caller: Caller, in registry: Registry) async throws(RelayCommandError) -> [HostKeysView] {
        let terminals: [Terminal]
        if let name {
            terminals = [try require(name, in: registry)]
        } else {
            terminals = Permission.visible(to: caller, in: registry, at: now())
        }
        let query = name == nil ? HostKeyQuery.all : terminals.first.map { .of($0.id) } ?? .all
        let records = try await asked { () async throws(LedgerError) in try await ledger.hostKeys(query) }
        let byTerminal = Dictionary(uniqueKeysWithValues: records.map { ($0.terminal, $0) })
        return terminals.map { HostKeysView(byTerminal[$0.id], of: $0) }
    }

    /// Takes what a terminal says about itself.
    func take(_ report: TerminalReport, from caller: Caller) async throws(RelayCommandError) -> TerminalReport.Outcome {
        guard case .principal(.terminal(let id), _, _) = caller else { throw .notAllowed(command: "report") }
        let keys: [PublicKey]
        do throws(ParseError) { keys = try report.checkedHostKeys() } catch { throw .badValue(error.description) }
        return try await asked { () async throws(LedgerError) in
            try await ledger.report(report, hostKeys: keys, of: id, at: now())
        }
    }

    /// What a member of staff sees first.
    func overview(for caller: Caller, in registry: Registry) async throws(RelayCommandError) -> OverviewView {
        let changed = try await asked { () async throws(LedgerError) in try await ledger.hostKeys(.changed) }
        let requests = requests(for: caller, in: registry)
        let terminals = try await views(of: Permission.visible(to: caller, in: registry, at: now()), in: registry)
        let online = terminals.filter { $0.state == .online }
        let others = terminals.filter { $0.state != .online }
        return OverviewView(
            identity: identityView(of: caller, in: registry), announcement: registry.announcement(at: now())?.text,
            waiting: requests.filter { $0.state == .waiting }, open: requests.filter { $0.state == .open },
            changedHostKeys: terminals.map(\.name).filter(changed.compactMap { registry.terminal($0.terminal)?.name.description }.contains),
            terminals: Array((online + others).prefix(Self.overviewTerminals)), terminalCount: terminals.count, onlineCount: online.count)
    }
}
