package import Support

/// The terminals that the relay last listed for this member of staff, each with the login users that it reported: a file of one terminal a
/// line, its login users behind its name.
package struct TerminalList: Hashable, Sendable {
    private let logins: [TerminalName: [LoginName]]

    /// A list of what the relay answers, or a file holds. What is no name of a terminal or of a login user is left out: ssh's configuration
    /// must not hold it.
    package init(_ entries: some Sequence<(name: String, logins: [String])>) {
        var logins: [TerminalName: [LoginName]] = [:]
        for entry in entries {
            // See above.
            guard let name = try? TerminalName(parsing: entry.name) else { continue }
            logins[name] = entry.logins.compactMap { try? LoginName(parsing: $0) }
        }
        self.logins = logins
    }

    /// Reads the file.
    package init(text: String) {
        self.init(
            text.split(whereSeparator: \.isNewline).map { line in
                let words = line.split(separator: " ").map(String.init)
                return (name: words.first ?? "", logins: Array(words.dropFirst()))
            })
    }

    /// The file.
    package var text: String {
        names.map { name in ([name.description] + logins(of: name).map(\.description)).joined(separator: " ") + "\n" }.joined()
    }

    /// In alphabetical order, none twice.
    package var names: [TerminalName] { logins.keys.sorted() }

    /// Whether the terminal is in it.
    package func contains(_ terminal: TerminalName) -> Bool { logins[terminal] != nil }

    /// The login users that a terminal reported, in the relay's order; none for one that did not, and for one that is not in the list.
    package func logins(of terminal: TerminalName) -> [LoginName] { logins[terminal] ?? [] }

    // MARK: Logins

    /// Whether it says all that a login there needs: that there is such a terminal and, where no login name is given, what its login users
    /// are.
    package func settles(_ destination: Destination) -> Bool {
        guard let terminal = destination.terminal, contains(terminal) else { return false }
        return destination.isLoginGiven || !logins(of: terminal).isEmpty
    }

    /// Why `ssh` must not be run for a destination; `nil`: it may. It would look up in DNS what is no terminal's name, and might reach a
    /// machine that is somebody else's.
    package func refusal(of destination: Destination) -> String? {
        if let terminal = destination.terminal, contains(terminal) { return nil }
        return "there is no terminal \(Printable.quoted(destination.host)) that you may reach; see: towline terminals"
    }

    /// What to say before a login without a name to a terminal with several login users, where `ssh` would take one's own name.
    package func choice(at destination: Destination) -> String? {
        guard let terminal = destination.terminal, !destination.isLoginGiven, logins(of: terminal).count > 1 else { return nil }
        let users = logins(of: terminal)
        let all = users.map(\.description).joined(separator: ", ")
        return "login users of \(terminal): \(all); use: towline ssh \(users[0])@\(terminal)"
    }
}
