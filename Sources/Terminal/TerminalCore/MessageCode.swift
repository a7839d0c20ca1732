/// A thing that can be said to people: a stable name, and its English words with `{name}` where a value goes.
///
/// The English here is the only one there is; other languages have their own words for the same name and the same values, and
/// `TerminalMessages` lists all of them.
package protocol MessageCode: RawRepresentable, CaseIterable, Hashable, Codable, Sendable where RawValue == String {
    /// English: one sentence without a full stop, with `{name}` for each value.
    var english: String { get }
}

extension MessageCode {
    /// The English words with `values` in their gaps. Values are safe to show already; a gap without a value stays as it is.
    package func filled(_ values: [String: String]) -> String { MessageGaps.filled(english, values) }

    /// The names of the gaps, each once, in order.
    package var valueNames: [String] { MessageGaps.names(in: english) }
}

/// Texts with named gaps, such as `there is no SSH login user {name}`.
package enum MessageGaps {
    /// `template` with `values` in its gaps; a gap without a value stays as it is.
    package static func filled(_ template: String, _ values: [String: String]) -> String {
        var text = ""
        for part in parts(of: template) {
            switch part {
            case .text(let words): text += words
            case .gap(let name): text += values[name] ?? "{\(name)}"
            }
        }
        return text
    }

    /// The names of the gaps in `template`, each once, in order.
    package static func names(in template: String) -> [String] {
        var names: [String] = []
        for case .gap(let name) in parts(of: template) where !names.contains(name) { names.append(name) }
        return names
    }

    private enum Part {
        case text(Substring)
        case gap(String)
    }

    /// What a value contains is never read as a gap: only the template is taken apart.
    private static func parts(of template: String) -> [Part] {
        var parts: [Part] = []
        var rest = template[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            parts.append(.text(rest[..<open]))
            parts.append(.gap(String(rest[rest.index(after: open)..<close])))
            rest = rest[rest.index(after: close)...]
        }
        return parts + [.text(rest)]
    }
}
