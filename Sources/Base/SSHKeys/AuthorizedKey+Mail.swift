extension AuthorizedKey {
    /// Takes the one key of a text that came by mail: quoted (`> `), broken into several lines, with lines for people (`#`) around it.
    ///
    /// Nothing is guessed: a wire form tells its own length, so of the ways to put the lines together at most one gives a key.
    /// - Throws: what `init(line:)` throws; two keys are `.severalLines`.
    package init(mailed text: String) throws(AuthorizedKeyError) {
        let lines = text.split(whereSeparator: \.isNewline)
            .map { $0.drop { $0 == ">" || $0.isWhitespace } }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") }
        guard lines.count > 1, Self.startsKey(lines[0]), !lines.dropFirst().contains(where: Self.startsKey) else {
            self = try AuthorizedKey(line: lines.joined(separator: "\n"))
            return
        }
        // Broken inside the base64; but the first break may be at the blank in front of it, and the last at the one behind it.
        let (head, tail) = (String(lines[0]), String(lines[lines.count - 1]))
        let middle = lines.dropFirst().dropLast().joined()
        for (first, last) in [("", ""), (" ", ""), ("", " "), (" ", " ")] {
            let line = [head, first, middle, lines.count == 2 ? "" : last, tail].joined()
            // What is no key in one way may be one in another.
            guard let key = try? AuthorizedKey(line: line) else { continue }
            self = key
            return
        }
        throw .severalLines
    }

    private static func startsKey(_ line: Substring) -> Bool {
        PublicKey.Algorithm(rawValue: String(line.prefix { !$0.isWhitespace })) != nil
    }
}
