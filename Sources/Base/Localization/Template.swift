/// A sentence with places for values: `{1}` is the first one; `{1|key|keys}` is the word that goes with the number in it, one or many.
///
/// A text that is no template traps: templates stand in our source, and a test makes every one of them.
package struct Template: Hashable, Sendable {
    /// A part of a sentence.
    package enum Part: Hashable, Sendable {
        /// As it stands.
        case text(String)
        /// The value with this index, from 0.
        case value(Int)
        /// One of two words, by the number with this index, from 0.
        case word(Int, one: String, other: String)
    }

    /// The sentence in order.
    package let parts: [Part]

    /// A template written as above; `{{` is a brace.
    package init(_ text: String) {
        var parts: [Part] = []
        var plain = ""
        var rest = Substring(text)
        while let brace = rest.firstIndex(of: "{") {
            plain += rest[..<brace]
            rest = rest[rest.index(after: brace)...]
            if rest.first == "{" {
                plain += "{"
                rest = rest.dropFirst()
                continue
            }
            guard let end = rest.firstIndex(of: "}") else { preconditionFailure("no end of a place in: \(text)") }
            let fields = rest[..<end].split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            guard let number = Int(fields[0]), (1...9).contains(number), fields.count == 1 || fields.count == 3 else {
                preconditionFailure("no place for a value in: \(text)")
            }
            if !plain.isEmpty { parts.append(.text(plain)) }
            plain = ""
            parts.append(fields.count == 1 ? .value(number - 1) : .word(number - 1, one: fields[1], other: fields[2]))
            rest = rest[rest.index(after: end)...]
        }
        plain += rest
        if !plain.isEmpty { parts.append(.text(plain)) }
        self.parts = parts
    }

    /// The indices of the values that it shows, from 0. Languages agree on these; a word that follows a number is a matter of one language.
    package var values: Set<Int> {
        Set(parts.compactMap { part in if case .value(let index) = part { index } else { nil } })
    }

    /// How many values it takes.
    package var valueCount: Int {
        (parts.map { part in
            switch part {
            case .text: 0
            case .value(let index), .word(let index, _, _): index + 1
            }
        }.max() ?? 0)
    }

    /// The sentence with its values.
    ///
    /// A value that is missing traps.
    package func filled(_ values: [String]) -> String {
        precondition(values.count >= valueCount, "a value is missing for: \(parts)")
        return parts.map { part in
            switch part {
            case .text(let text): text
            case .value(let index): values[index]
            case .word(let index, let one, let other): values[index] == "1" ? one : other
            }
        }.joined()
    }
}
