/// A language that Towline speaks. The raw value is its tag (BCP 47), for `lang` attributes and settings.
package enum Language: String, Codable, CaseIterable, Sendable {
    case english = "en"
    case japanese = "ja"

    /// What is spoken to people of whom nothing is known.
    package static let standard = Language.english

    /// Its name in itself, for a switch between languages.
    package var ownName: String {
        switch self {
        case .english: "English"
        case .japanese: "日本語"
        }
    }

    /// Most ranges of an `Accept-Language` field that are looked at: browsers send a handful.
    private static let mostRanges = 32

    /// The language that fits best what a browser asks for; nil if none of ours is acceptable to it.
    ///
    /// - Parameter acceptLanguage: the value of the field (RFC 9110 §12.5.4), from outside: `ja-JP,ja;q=0.9,en;q=0.5`. Ranges that are none are
    ///   skipped. Of equal weight, the first wins.
    package init?(acceptLanguage: String) {
        var best: (language: Language, weight: Int)?
        for range in acceptLanguage.split(separator: ",").prefix(Self.mostRanges) {
            let parts = range.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard let tag = parts.first, let weight = Self.weight(parts.dropFirst()), weight > best?.weight ?? 0 else { continue }
            let primary = tag.prefix { $0 != "-" }
            if let language = primary == "*" ? Language.standard : Language(rawValue: String(primary)) { best = (language, weight) }
        }
        guard let best else { return nil }
        self = best.language
    }

    /// In thousandths; 1000 if none is given, nil if what is given is no weight.
    private static func weight(_ parameters: ArraySlice<String>) -> Int? {
        guard let parameter = parameters.first(where: { $0.hasPrefix("q=") }) else { return 1000 }
        let digits = parameter.dropFirst(2)
        if digits.hasPrefix("1") { return 1000 }
        guard digits.hasPrefix("0") else { return nil }
        let fraction = digits.dropFirst(2).prefix(3)
        guard !fraction.isEmpty else { return 0 }
        guard let number = Int(fraction), fraction.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return fraction.count == 3 ? number : fraction.count == 2 ? number * 10 : number * 100
    }
}
