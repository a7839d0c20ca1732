/// A command line for the relay, as one text that it splits into the same words again.
package enum RelayWords {
    /// Characters that need no quotes.
    private static func isPlain(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "-_.,:/=+@%".contains(character))
    }

    /// The words as a shell would need them, too: who reads the line in a log can run it.
    package static func line(_ words: [String]) -> String {
        words.map { word in
            if !word.isEmpty, word.allSatisfy(isPlain) { return word }
            return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
        }.joined(separator: " ")
    }

    /// The words, and the file whose content the command reads: over `ssh` a key comes from standard input, so `--key FILE` becomes that.
    package static func takingKeyFile(_ words: [String]) -> (words: [String], file: String?) {
        var result = words
        var file: String?
        for (index, word) in words.enumerated() {
            if word == "--key", index + 1 < words.count, words[index + 1] != "-" {
                file = words[index + 1]
                result[index + 1] = "-"
            } else if word.hasPrefix("--key="), word != "--key=-" {
                file = String(word.dropFirst("--key=".count))
                result[index] = "--key=-"
            }
        }
        return (result, file)
    }
}
