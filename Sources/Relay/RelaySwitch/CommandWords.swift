/// Splits a command line that came over ssh into words, as a shell would without its expansions.
///
/// Blanks separate; `'…'` keeps everything; `"…"` keeps all but a backslash before `"` and `\`; a backslash keeps the next character.
enum CommandWords {
    /// - Returns: the words; `nil` if a quote is not closed or the line ends in a backslash.
    static func split(_ line: String) -> [String]? {
        var words: [String] = []
        var word = ""
        var isInWord = false
        var quote: Character?
        var characters = line.makeIterator()
        while let character = characters.next() {
            switch (quote, character) {
            case (nil, " "), (nil, "\t"), (nil, "\n"), (nil, "\r"):
                if isInWord { words.append(word) }
                word = ""
                isInWord = false
            case (nil, "'"), (nil, "\""):
                quote = character
                isInWord = true
            case (.some(let open), character) where open == character:
                quote = nil
            case (nil, "\\"), ("\""?, "\\"):
                guard let next = characters.next() else { return nil }
                if quote == "\"", next != "\"", next != "\\" { word.append("\\") }
                word.append(next)
                isInWord = true
            default:
                word.append(character)
                isInWord = true
            }
        }
        guard quote == nil else { return nil }
        if isInWord { words.append(word) }
        return words
    }
}
