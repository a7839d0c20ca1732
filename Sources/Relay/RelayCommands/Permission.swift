import RelayCore
import Support

/// Who may give which command.
///
/// The local operator and admins: every one. Support staff: look at what they may reach, at their own sessions and at themselves.
/// Terminals: ask who they are.
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
            guard registry.isStillValid(.terminal(id), key: key) else { return .refused(.keyNoLongerValid) }
            return command == .whoAmI ? .granted : .denied
        case .principal(.staff(let id), let key, _):
            guard registry.isStillValid(.staff(id), key: key), let member = registry.staff(id) else {
                return .refused(.keyNoLongerValid)
            }
            if member.role == .admin { return .granted }
            switch command {
            case .listTerminals, .sessions, .whoAmI: return .granted
            case .showTerminal(let name):
                let terminal = registry.terminal(named: name)
                let isReachable = terminal.map { registry.mayStillReach(id, $0.id, at: now) } ?? false
                return isReachable ? .granted : .refused(.notYours(host: name.description))
            case .change, .listStaff, .endSession, .audit, .verifyAudit: return .denied
            }
        }
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
