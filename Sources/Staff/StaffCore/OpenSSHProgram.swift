import Support

/// A program of stock OpenSSH that reaches terminals.
package enum OpenSSHProgram: String, CaseIterable, Hashable, Sendable {
    /// Remote login.
    case ssh
    /// File copy.
    case scp
    /// File transfer, interactive.
    case sftp

    /// As help shows it.
    var synopsis: String {
        switch self {
        case .ssh: "ssh [LOGIN@]TERMINAL [ARGS]"
        case .scp: "scp [ARGS] SOURCE… TARGET"
        case .sftp: "sftp [ARGS] [LOGIN@]TERMINAL"
        }
    }

    /// The letters of the options that take a value (ssh(1), scp(1), sftp(1)).
    private var optionsWithValue: String {
        switch self {
        case .ssh: "BbcDEeFIiJLlmOoPpQRSWw"
        case .scp: "cDFiJlMoPSX"
        case .sftp: "BbcDFiJloPRSsX"
        }
    }

    /// Where its words lead: the one host of `ssh` and `sftp`, all that `scp` copies from or to; none if options are all there is.
    package func destinations(in words: [String]) -> [Destination] {
        let operands = operands(of: words)
        switch self {
        case .ssh: return operands.prefix(1).map(Destination.init)
        case .sftp: return operands.prefix(1).map { Destination(Self.host(of: $0) ?? $0) }
        case .scp: return operands.compactMap(Self.host).map(Destination.init)
        }
    }

    /// The words behind the options, as getopt(3) finds them: a value is the rest of its option's word, or else the next word.
    private func operands(of words: [String]) -> [String] {
        var rest = words[...]
        while let word = rest.first, word.hasPrefix("-"), word != "-" {
            rest.removeFirst()
            if word == "--" { break }
            if let letter = word.dropFirst().firstIndex(where: optionsWithValue.contains), word.index(after: letter) == word.endIndex {
                rest = rest.dropFirst()
            }
        }
        return Array(rest)
    }

    /// What stands before the path in `HOST:PATH`; all of a URL, which is not taken here; `nil` for a file of this machine.
    private static func host(of operand: String) -> String? {
        if operand.contains("://") { return operand }
        guard let colon = operand.firstIndex(of: ":"), colon != operand.startIndex, !operand[..<colon].contains("/") else { return nil }
        return String(operand[..<colon])
    }
}

/// Where words of OpenSSH lead: `[LOGIN@]HOST`.
package struct Destination: Hashable, Sendable {
    /// Whether it says as whom to log in.
    let isLoginGiven: Bool
    /// As it was typed.
    let host: String
    /// `nil`: no terminal can have this name.
    let terminal: TerminalName?

    /// Reads `[LOGIN@]HOST`.
    package init(_ text: String) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        isLoginGiven = parts.count > 1
        host = String(parts[parts.count - 1])
        // See above.
        terminal = try? TerminalName(parsing: host)
    }
}
