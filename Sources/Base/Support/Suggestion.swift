/// Finds what somebody meant who mistyped a name.
enum Suggestion {
    /// `; did you mean …?` for the nearest name, if one is near; else nothing.
    static func text(for word: String, among names: Set<String>) -> String {
        let near = names.map { (name: $0, distance: distance(word, $0)) }.min { ($0.distance, $0.name) < ($1.distance, $1.name) }
        guard let near, near.distance <= nearEnough else { return "" }
        return "; did you mean \(near.name)?"
    }

    /// Edits between a typing error and what was meant.
    private static let nearEnough = 2
    /// Words longer than this are not compared: the cost is the product of the lengths.
    private static let longestCompared = 40

    /// Levenshtein's distance.
    private static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard left.count <= longestCompared, right.count <= longestCompared else { return Int.max }
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var previous = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let substitution = previous + (a == b ? 0 : 1)
                previous = row[j + 1]
                row[j + 1] = min(row[j] + 1, row[j + 1] + 1, substitution)
            }
        }
        return row[right.count]
    }
}
