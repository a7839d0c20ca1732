import RelayCore
import SSHCrypto
import SSHKeys
import Support

/// From one host key of the relay to another, without a moment in which anybody is shut out (SECURITY U03).
extension Desk {
    /// What the relay's host keys are, and who knows both.
    func relayKeys(in registry: Registry) -> RelayKeysView {
        let strangers = identity.keys.announced == nil ? nil : strangersToKeys(in: registry)
        return RelayKeysView(
            shown: KeyView(identity.keys.shown.publicKey), announced: identity.keys.announced.map { KeyView($0.publicKey) },
            terminalsToTell: strangers?.terminals.map { RelayKeysView.Peer(name: $0.name.description, lastSeen: $0.lastSeen) },
            staffToTell: strangers?.staff.map { RelayKeysView.Peer(name: $0.name.description, lastSeen: $0.lastUses.values.max()) },
            openRequests: registry.requests.compactMap { registry.terminal($0.terminal)?.name.description })
    }

    /// Whom a switch would shut out: who was not told of both host keys. Of staff only keys that were used here count.
    private func strangersToKeys(in registry: Registry) -> (terminals: [Terminal], staff: [StaffMember]) {
        let known = Set(identity.keys.all.map(\.publicKey.fingerprint))
        func isStranger(_ key: PublicKey) -> Bool { registry.hostKeyLearned(by: key).map { !known.contains($0) } ?? true }
        let terminals = registry.terminals.filter { $0.isEnabled && $0.key.map(isStranger) == true }
        let staff = registry.staff.filter { member in member.isEnabled && member.lastUses.keys.contains(where: isStranger) }
        return (terminals, staff)
    }

    /// Takes one step.
    /// - Parameter isForced: whether to switch although some would be shut out.
    func take(_ step: RelayKeyStep, isForced: Bool, as caller: Caller) async throws(RelayCommandError) -> RelayReply {
        await beginChange()
        defer { endChange() }
        let registry = try await currentRegistry()
        try allow(.relayKey(step, isForced: isForced), to: caller, by: registry)
        guard let keeper else { preconditionFailure("a desk that takes commands has a keeper of host keys") }
        let keys = identity.keys
        let (next, subject): (RelayKeys, HostKey)
        switch (step, keys.announced) {
        case (.prepare, nil):
            let second = HostKey.generate()
            (next, subject) = (RelayKeys(shown: keys.shown, announced: second), second)
        case (.prepare, let second?): throw .relayKeyPrepared(second.publicKey.fingerprint)
        case (.switchOver, let second?):
            let strangers = strangersToKeys(in: registry)
            let names = strangers.terminals.map(\.name.description) + strangers.staff.map { "staff \($0.name)" }
            guard names.isEmpty || isForced else { throw .relayKeyUnknown(second.publicKey.fingerprint, to: names) }
            (next, subject) = (RelayKeys(shown: second, announced: keys.shown), second)
        case (.retire, let second?): (next, subject) = (RelayKeys(shown: keys.shown), second)
        case (.switchOver, nil), (.retire, nil): throw .noSecondRelayKey
        }
        // First what can be refused without a trace.
        let after = try await commit(.relayKey(step, subject.publicKey.fingerprint), by: auditActor(of: caller, in: registry)).registry
        do { try await keeper.keep(next, after: step) } catch { throw .relayKeyNotKept(error) }
        shows(next)
        return .relayKeys(relayKeys(in: after), after: step)
    }
}
