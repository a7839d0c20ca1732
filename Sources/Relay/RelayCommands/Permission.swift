import RelayCore
import Support

/// Who may give which command.
///
/// The local operator and admins: every one. Support staff: look at what they may reach, at their own sessions and at themselves, ask new
/// customers for access, and approve the keys that come of it. Terminals: ask who they are, and report.
enum Permission {
    enum Judgement {
        case granted
        /// The command is not for this caller.
        case denied
        /// The command is, but not for this terminal: the same answer whether it exists or not.
        case refused(Refusal)
    }

    static func judge(
        _ command: RelayCommand, of caller: Caller, by registry: Registry, at now: WallTime
    ) throws(RelayCommandError) -> Judgement {
        switch caller {
        case .localOperator:
            return .granted
        case .principal(.terminal(let id), let key, _):
            guard registry.isStillValid(.terminal(id), key: key, at: now) else { return .refused(.keyNoLongerValid) }
            switch command {
            case .whoAmI, .report: return .granted
            default: return .denied
            }
        case .principal(.staff(let id), let key, _):
            guard registry.isStillValid(.staff(id), key: key, at: now), let member = registry.staff(id) else {
                return .refused(.keyNoLongerValid)
            }
            if member.role == .admin { return .granted }
            switch command {
            case .listTerminals, .sessions, .events, .endSession, .listRequests, .newRequest, .hostKeys(nil, _), .whoAmI, .overview:
                // What of it is theirs, the desk sees to.
                return .granted
            case .showTerminal(let name), .wait(let name, _), .hostKeys(.some(let name), _), .history(let name, _):
                return reachable(name, by: id, in: registry, at: now) == nil ? .refused(.notYours(host: name.description)) : .granted
            case .showWaiting(let name), .change(.approve(let name, _, _)), .change(.approveWaiting(let name, _)):
                guard let terminal = reachable(name, by: id, in: registry, at: now) else {
                    return .refused(.notYours(host: name.description))
                }
                // The first key of a terminal, or the answer to their own request; replacing a key otherwise is for admins.
                let isTheirs = terminal.key == nil || registry.request(for: terminal.id)?.staff == id
                guard isTheirs else { throw .replacingIsForAdmins(name) }
                return .granted
            case .change(.cancelRequest(let name)):
                guard let terminal = reachable(name, by: id, in: registry, at: now) else {
                    return .refused(.notYours(host: name.description))
                }
                guard let request = registry.request(for: terminal.id), request.staff != id else { return .granted }
                throw .cancellingIsForAdmins(name, madeBy: request.requestedBy)
            case .change, .showChangedHostKeys, .listStaff, .listGroups, .report, .audit, .exportAudit, .verifyAudit, .relayKey:
                return .denied
            }
        }
    }

    /// The terminal of this name, if support staff may reach it.
    private static func reachable(_ name: TerminalName, by staff: StaffID, in registry: Registry, at now: WallTime) -> Terminal? {
        guard let terminal = registry.terminal(named: name), registry.mayStillReach(staff, terminal.id, at: now) else { return nil }
        return terminal
    }

    /// The terminals that a caller may see, by name.
    static func visible(to caller: Caller, in registry: Registry, at now: WallTime) -> [Terminal] {
        switch caller {
        case .localOperator: registry.terminals
        case .principal(.terminal, _, _): []
        case .principal(.staff(let id), _, _):
            registry.staff(id)?.role == .admin ? registry.terminals : registry.terminals(reachableBy: id, at: now)
        }
    }
}

extension Caller {
    /// The number of a member of staff who sees only their own sessions; `nil`: sees all.
    private func seesOnly(in registry: Registry) -> StaffID? {
        guard case .principal(.staff(let id), _, _) = self, registry.staff(id)?.role != .admin else { return nil }
        return id
    }

    /// Whether the caller may see what this member of staff does.
    func maySee(_ staff: StaffID, in registry: Registry) -> Bool { seesOnly(in: registry).map { $0 == staff } ?? true }

    /// The name of a member of staff who sees only their own sessions; `nil`: sees all.
    func staffName(in registry: Registry) -> String? {
        seesOnly(in: registry).map { registry.staff($0)?.name.description ?? $0.description }
    }

    /// Whether the command came over ssh.
    var isRemote: Bool {
        switch self {
        case .localOperator: false
        case .principal: true
        }
    }
}
