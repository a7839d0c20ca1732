extension AuthorizedKey {
    /// Takes the one key of a mail, or of a part of it: quoted (`> `), broken into several lines, with words for people around it.
    ///
    /// Nothing is guessed: a wire form tells its own length, so of the ways to put the lines together at most one gives a key.
    /// - Throws: what `init(line:)` throws; two keys are `.severalLines`.
    package init(mailed text: String) throws(AuthorizedKeyError) {
        let lines = text.split(whereSeparator: \.isNewline)
            .map { $0.drop { $0 == ">" || $0.isWhitespace } }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") }
        guard let start = lines.firstIndex(where: Self.startsKey), !lines[(start + 1)...].contains(where: Self.startsKey) else {
            self = try AuthorizedKey(line: lines.joined(separator: "\n"))
            return
        }
        // As many lines as the key needs; what follows it is for people.
        for end in lines.indices.suffix(from: start).prefix(Self.mostLines) {
            if let key = Self.joined(lines[start...end]) {
                self = key
                return
            }
        }
        self = try AuthorizedKey(line: String(lines[start]))
    }

    /// Lines that a key may be broken into: an RSA key of 16384 bits at 40 characters a line takes 70.
    private static let mostLines = 100

    /// The key that these lines are when put together; `nil`: none.
    private static func joined(_ lines: ArraySlice<Substring>) -> AuthorizedKey? {
        let (head, tail) = (lines.first ?? "", lines.count > 1 ? lines.last ?? "" : "")
        let middle = lines.dropFirst().dropLast().joined()
        // Broken inside the base64; but the first break may be at the blank in front of it, and the last at the one behind it.
        for (first, last) in [("", ""), (" ", ""), ("", " "), (" ", " ")] {
            // What is no key in one way may be one in another.
            if let key = try? AuthorizedKey(line: [String(head), first, middle, last, String(tail)].joined()) { return key }
        }
        return nil
    }

    private static func startsKey(_ line: Substring) -> Bool {
        PublicKey.Algorithm(rawValue: String(line.prefix { !$0.isWhitespace })) != nil
    }
}
