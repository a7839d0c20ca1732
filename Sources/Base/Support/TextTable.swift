/// Columns of text that line up, for lists on a terminal. Cells are shown escaped.
package struct TextTable: Sendable {
    private let header: [String]
    private var rows: [[String]] = []

    /// A table with these column titles.
    package init(_ header: [String]) {
        self.header = header
    }

    /// Adds a row; a precondition: one cell for each column.
    package mutating func add(_ cells: [String]) {
        precondition(cells.count == header.count, "a row has one cell for each column")
        rows.append(cells.map(Printable.escaped))
    }

    /// Whether it has no rows.
    package var isEmpty: Bool { rows.isEmpty }

    /// The lines, each ended by a newline; columns are two blanks apart and the last one is not padded.
    package var text: String {
        let widths = header.indices.map { column in ([header] + rows).map { Printable.columns($0[column]) }.max() ?? 0 }
        return ([header] + rows).map { cells in
            let padded = cells.enumerated().map { column, cell in
                column == cells.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - Printable.columns(cell))
            }
            var line = padded.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}
