import FoundationEssentials
import StaffCore
import Support
import SystemCalls

/// Keeps the list of terminals, and with it the configuration for plain `ssh`, as the relay has it.
struct Refresh {
    let folder: StaffFolder
    let ssh: OpenSSH

    private struct Entry: Decodable {
        let name: String
    }

    /// Asks the relay and writes both files.
    @discardableResult
    func list(_ access: RelayAccess) throws(Failure) -> TerminalList {
        let outcome = try ssh.askRelay(["terminals", "--json"])
        guard outcome.status == 0 else {
            throw Failure(
                outcome.status == OpenSSH.notConnected
                    ? "the relay \(access.shown) cannot be asked (see above)" : "the relay does not list your terminals")
        }
        let entries: [Entry]
        do {
            entries = try JSONDecoder().decode([Entry].self, from: Data(outcome.output.utf8))
        } catch {
            throw Failure("the relay's list of terminals cannot be read: is this towline older than the relay?")
        }
        // A name that is none here is one that ssh's configuration must not hold.
        let list = TerminalList(entries.compactMap { try? TerminalName(parsing: $0.name) })
        try folder.write(list.text, to: folder.terminals)
        try folder.writeSSHConfig(access, list)
        return list
    }

    /// Asks only if one of these names is not in the list; one that is not there then either is not the caller's to know.
    func knowing(_ names: [TerminalName], _ access: RelayAccess) throws(Failure) {
        let list = TerminalList(text: try folder.read(folder.terminals) ?? "")
        if names.isEmpty || names.allSatisfy(list.names.contains) {
            return try folder.writeSSHConfig(access, list)
        }
        try self.list(access)
    }
}
