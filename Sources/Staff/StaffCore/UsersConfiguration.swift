package import Support

/// The user's own file for `ssh`, `~/.ssh/config`. Only what it calls its hosts is understood here.
package struct UsersConfiguration: Hashable, Sendable {
    private let text: String

    /// Reads the file; empty if there is none.
    package init(text: String) { self.text = text }

    /// The hosts that it names, without patterns of `*`, `?` and `!`. Those of files that it includes are not looked for.
    private var hosts: Set<Substring> {
        var hosts: Set<Substring> = []
        for line in text.split(whereSeparator: \.isNewline) {
            // `Host a b`, `host = "a"`: no name of a host holds any of these.
            let words = line.split { $0.isWhitespace || $0 == "=" || $0 == "\"" }
            guard words.first?.lowercased() == "host" else { continue }
            hosts.formUnion(words.dropFirst().prefix { !$0.hasPrefix("#") }.filter { !$0.contains(where: "*?!".contains) })
        }
        return hosts
    }

    /// The terminals whose names are the user's own names for other hosts, in alphabetical order: plain `ssh` goes on to reach those.
    package func namesakes(in list: TerminalList) -> [TerminalName] {
        let hosts = hosts
        return list.names.filter { hosts.contains($0.description[...]) }
    }

    /// The file with a line at its top, where it holds for all that follows.
    /// - Returns: `nil` if the line is there already.
    package func beginning(with line: String) -> String? {
        let isThere = text.split(whereSeparator: \.isNewline).contains { $0.drop(while: \.isWhitespace) == line[...] }
        return isThere ? nil : "# towline: how ssh reaches customers' terminals\n\(line)\n" + (text.isEmpty ? "" : "\n" + text)
    }
}
