/// Columns of text that line up, for lists on a terminal. Cells are shown escaped.
package struct TextTable: Sendable {
    private let header: [String]
    private let columns: Int?
    private var rows: [[String]] = []

    /// A table with these column titles.
    /// - Parameter columns: how wide it shall be: the last column is cut for that, but not to less than its title; `nil`: any width.
    package init(_ header: [String], fitting columns: Int? = nil) {
        self.header = header
        self.columns = columns
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
        let last = header.count - 1
        let widths = header.indices.map { column in ([header] + rows).map { Printable.columns($0[column]) }.max() ?? 0 }
        let room = columns.map { max($0 - widths[..<last].reduce(0) { $0 + $1 + 2 }, Printable.columns(header[last])) }
        return ([header] + rows).map { cells in
            let padded = cells.enumerated().map { column, cell in
                if column == last { return room.map { Printable.shortened(cell, to: $0) } ?? cell }
                return cell + String(repeating: " ", count: widths[column] - Printable.columns(cell))
            }
            var line = padded.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}
