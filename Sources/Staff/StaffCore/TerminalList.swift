package import Support

/// The names of the terminals that the relay last listed for this member of staff: a file of one name a line.
package struct TerminalList: Hashable, Sendable {
    /// In alphabetical order, none twice.
    package let names: [TerminalName]

    /// A list of these.
    package init(_ names: [TerminalName]) { self.names = Array(Set(names)).sorted() }

    /// Reads the file; a line that holds no name is skipped: it is only a memory.
    package init(text: String) {
        // See above.
        self.init(text.split(whereSeparator: \.isNewline).compactMap { try? TerminalName(parsing: String($0)) })
    }

    /// The file.
    package var text: String { names.map { "\($0)\n" }.joined() }
}
