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
        /// Missing from relays of older versions.
        let loginUsers: [String]?
    }

    /// Asks the relay and writes both files; tells of terminals that were not in `before` and that plain `ssh` does not reach.
    @discardableResult
    func list(_ access: RelayAccess, after before: TerminalList) throws(Failure) -> TerminalList {
        let outcome = try ssh.askRelay(["terminals", "--json"])
        guard outcome.status != OpenSSH.notConnected else { throw try ssh.unreached(access) }
        guard outcome.status == 0 else { throw Failure("the relay does not list your terminals") }
        let entries: [Entry]
        do {
            entries = try JSONDecoder().decode([Entry].self, from: Data(outcome.output.utf8))
        } catch {
            throw Failure("the relay's list of terminals cannot be read: is this towline older than the relay?")
        }
        let list = TerminalList(entries.map { (name: $0.name, logins: $0.loginUsers ?? []) })
        try folder.write(list.text, to: folder.terminals)
        try folder.writeSSHConfig(access, list)
        for terminal in try folder.usersConfiguration().namesakes(in: list) where !before.contains(terminal) {
            complain("plain ssh does not reach \(terminal): \(folder.usersConfig) has a host of that name. Use: towline ssh \(terminal)")
        }
        return list
    }

    /// The list that holds all these destinations, as far as there are such terminals: the relay is asked only if the last one does not say
    /// all that a login needs.
    /// - Throws: for a destination that is no terminal in it.
    @discardableResult
    func list(_ access: RelayAccess, reaching destinations: [Destination]) throws(Failure) -> TerminalList {
        var list = try folder.list()
        if destinations.allSatisfy(list.settles) {
            try folder.writeSSHConfig(access, list)
        } else {
            list = try self.list(access, after: list)
        }
        for destination in destinations {
            if let refusal = list.refusal(of: destination) { throw Failure(refusal) }
        }
        return list
    }
}
