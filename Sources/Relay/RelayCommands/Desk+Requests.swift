package import RelayCore
import SSHCrypto
package import SSHKeys
import Support

/// Support requests: from the wish of staff to the key of a terminal.
extension Desk {
    /// Makes a request with a fresh code, and the sheet for the customer.
    func request(_ wish: RequestWish, as caller: Caller) async throws(RelayCommandError) -> RelayReply {
        await beginChange()
        defer { endChange() }
        let before = try await currentRegistry()
        try allow(.newRequest(wish), to: caller, by: before)
        let staff = try sheetOwner(wish, caller, in: before)
        if let terminal = before.terminal(named: wish.terminal) {
            let isVisible = Permission.visible(to: caller, in: before, at: now()).contains { $0.id == terminal.id }
            guard isVisible else { throw .nameNotFree(wish.terminal) }
            guard terminal.isEnabled else { throw .refused(.terminalDisabled(terminal.name)) }
        }
        let code = JoinCode(bytes: chance(JoinCode.length))
        let order = RequestOrder(
            terminal: wish.terminal, staff: staff.name, login: wish.login, purpose: wish.purpose,
            codeDigest: digest(.sha256, of: code.bytes), expiresAt: wish.expiresAt, approvesItself: wish.approvesItself)
        let registry = try await commit(.request(order), by: auditActor(of: caller, in: before)).registry
        guard let terminal = registry.terminal(named: wish.terminal) else { throw .ledger(.noTerminal(wish.terminal), nil) }
        let earlier = before.terminal(named: wish.terminal).flatMap { before.request(for: $0.id)?.requestedBy }
        return .request(view(of: wish, terminal, code, staff, ending: earlier))
    }

    /// Whose keys go on the sheet: the caller's, or those that an admin or the operator names.
    private func sheetOwner(_ wish: RequestWish, _ caller: Caller, in registry: Registry) throws(RelayCommandError) -> StaffMember {
        switch caller {
        case .principal(.staff(let id), _, _):
            guard let member = registry.staff(id) else { throw .refused(.keyNoLongerValid) }
            guard let name = wish.staff, name != member.name else { return member }
            guard member.role == .admin else { throw .notAllowed(command: "request new --staff") }
            fallthrough
        case .localOperator, .principal(.terminal, _, _):
            guard let name = wish.staff else { throw .staffMissing }
            guard let member = registry.staff(named: name) else { throw .ledger(.noStaff(name), nil) }
            return member
        }
    }

    private func view(
        of wish: RequestWish, _ terminal: Terminal, _ code: JoinCode, _ staff: StaffMember, ending earlier: String?
    ) -> RequestView {
        let (line, remark) = line(for: wish, terminal, code, staff)
        let fingerprint = identity.hostKey.fingerprint.description
        let sheet = RequestSheet(
            terminal: terminal.name, login: wish.login, publicKeys: staff.keys.map(\.line), relay: identity.address,
            listeningPort: terminal.listeningPort, fingerprint: fingerprint, purpose: wish.purpose, expiresAt: wish.expiresAt,
            line: line?.description, now: now())
        return RequestView(
            terminal: terminal.name.description, replacesKey: terminal.key != nil, login: wish.login.description,
            publicKeys: staff.keys.map(\.line), relay: identity.hostname, relayPort: identity.port, relayFingerprint: fingerprint,
            listeningPort: terminal.listeningPort.rawValue, purpose: wish.purpose.isEmpty ? nil : wish.purpose,
            expiresAt: wish.expiresAt, approvesItself: wish.approvesItself, endsRequestOf: earlier, joinUser: code.userName,
            line: line?.description,
            remark: remark, sheet: sheet.text(in: wish.language))
    }

    /// The request line with as many of the keys as fit, and what staff should know about it.
    private func line(
        for wish: RequestWish, _ terminal: Terminal, _ code: JoinCode, _ staff: StaffMember
    ) -> (line: RequestLine?, remark: String?) {
        var keys = staff.keys.map(\.key).filter { $0.algorithm != .rsa }
        while !keys.isEmpty {
            do throws(SupportRequest.Unfit) {
                let request = try SupportRequest(
                    terminal: terminal.name, login: wish.login, staff: staff.name, staffKeys: keys, relay: identity.address,
                    listeningPort: terminal.listeningPort, relayKey: identity.hostKey, joinCode: code, expiresAt: wish.expiresAt)
                let left = staff.keys.filter { !keys.contains($0.key) }.map(\.key.fingerprint.description)
                let remark =
                    "the line does not carry \(left.joined(separator: ", ")): a login with it works only if the customer adds it by hand"
                return (RequestLine(request) { identity.signer.sign($0) }, left.isEmpty ? nil : remark)
            } catch {
                switch error {
                case .keyCount, .tooLong:
                    guard keys.count > 1 else { return (nil, "the sheet has no line to paste: \(error)") }
                    keys.removeLast()
                case .rsaKey, .expiry, .relayKey: return (nil, "the sheet has no line to paste: \(error)")
                }
            }
        }
        return (nil, "the sheet has no line to paste: \(SupportRequest.Unfit.rsaKey)")
    }

    /// Requests that the caller may see: support staff those of terminals that they reach.
    func requests(for caller: Caller, in registry: Registry) -> [OpenRequestView] {
        let visible = Set(Permission.visible(to: caller, in: registry, at: now()).map(\.id))
        return registry.requests.compactMap { request in
            guard visible.contains(request.terminal), let terminal = registry.terminal(request.terminal) else { return nil }
            return OpenRequestView(request, of: terminal, now: now())
        }
    }

    /// What waits for approval at a terminal.
    func waiting(_ name: TerminalName, in registry: Registry) throws(RelayCommandError) -> OpenRequestView {
        let terminal = try require(name, in: registry)
        guard let request = registry.request(for: terminal.id), request.candidate != nil else { throw .ledger(.nothingWaits(name), nil) }
        return OpenRequestView(request, of: terminal, now: now())
    }
}

extension Desk: Enroller {
    /// Uses a join code for a key, as `Enroller` says.
    package func enrol(_ key: PublicKey, codeDigest: [UInt8], source: String) async -> Enrolment {
        await beginChange()
        defer { endChange() }
        do throws(LedgerError) {
            let (enrolment, registry) = try await ledger.enrol(key, codeDigest: codeDigest, source: source, at: now())
            if enrolment != .refused { await apply(registry) }
            return enrolment
        } catch {
            // Disk full: nothing was changed, and the terminal tries again.
            return .refused
        }
    }
}
