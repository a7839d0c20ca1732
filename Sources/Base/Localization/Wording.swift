/// The sentences of a part of the program: one case each, English as its raw value, so that a language can be complete by construction.
package protocol Wording: CaseIterable, Hashable, Sendable, RawRepresentable where RawValue == String {
    /// The same in Japanese: an exhaustive switch.
    var japanese: String { get }
}

extension Wording {
    /// The sentence in `language`, to be read as a `Template`.
    package func text(in language: Language) -> String {
        switch language {
        case .english: rawValue
        case .japanese: japanese
        }
    }

    /// The sentence in `language` with its values.
    package func filled(in language: Language, _ values: [String] = []) -> String { Template(text(in: language)).filled(values) }
}
