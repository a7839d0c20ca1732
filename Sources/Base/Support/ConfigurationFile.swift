/// One value that a program was configured with, and where it stands: what an error about it names.
package struct ConfigurationValue: Hashable, Sendable {
    /// The text behind the `=`, without blanks around it.
    package let text: String
    /// `/etc/towline-relay/relay.conf:3`, `--listen` or `TOWLINE_RELAY_LISTEN`.
    package let place: String

    /// A value from its parts.
    package init(_ text: String, at place: String) {
        self.text = text
        self.place = place
    }

    /// The value as what it should be.
    /// - Throws: where it stands and what is wrong with it.
    package func parsed<Value: ParsedFromText>(as type: Value.Type = Value.self) throws(ConfigurationError) -> Value {
        do throws(ParseError) { return try Value(parsing: text) } catch { throw complaint(error.description) }
    }

    /// The error that this value is wrong.
    package func complaint(_ sentence: String) -> ConfigurationError { ConfigurationError("\(Printable.escaped(place)): \(sentence)") }
}

/// What is wrong with a configuration: one line that names the place, safe to print.
package struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// An error that says `description`.
    package init(_ description: String) { self.description = description }
}

/// A name that may stand in a program's configuration.
package struct ConfigurationKey: Hashable, Sendable {
    /// Lower case, words joined by hyphens, as in `drain-time`.
    package let name: String
    /// Whether a file may give it on several lines.
    package let repeats: Bool

    /// A key called `name`.
    package init(_ name: String, repeats: Bool = false) {
        self.name = name
        self.repeats = repeats
    }
}

/// The values that configuration files give to the keys of a program.
///
/// A file has lines `key = value`; a line that begins with `#` and an empty one say nothing; there are no sections and no quotes. A key that
/// a later file names has that file's values only: a drop-in replaces, it never adds.
package struct ConfigurationValues: Hashable, Sendable {
    private var values: [String: [ConfigurationValue]] = [:]

    /// The longest file that is read, bytes: a person's file has a few hundred.
    package static let maximumFileBytes = 1 << 20

    /// No values.
    package init() {}

    /// Values by key; each key with at least one.
    package init(_ values: [String: [ConfigurationValue]]) {
        self.values = values.filter { !$0.value.isEmpty }
    }

    /// Reads one file.
    /// - Parameters:
    ///   - path: for errors.
    ///   - keys: the names that may stand in it.
    /// - Throws: the first line that is wrong: no `=`, an unknown key, a key given twice, no value.
    package init(text: String, path: String, keys: [ConfigurationKey]) throws(ConfigurationError) {
        let known = Dictionary(uniqueKeysWithValues: keys.map { ($0.name, $0) })
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = line.trimmed
            if line.isEmpty || line.hasPrefix("#") { continue }
            let place = ConfigurationValue("", at: "\(path):\(index + 1)")
            guard !line.hasPrefix("[") else {
                throw place.complaint("there are no sections here: remove \(Printable.quoted(String(line)))")
            }
            guard let equals = line.firstIndex(of: "=") else {
                throw place.complaint("\(Printable.quoted(String(line))) is no setting: write KEY = VALUE")
            }
            let name = String(line[..<equals].trimmed)
            guard let key = known[name] else {
                throw place.complaint("there is no key \(Printable.quoted(name))\(Suggestion.text(for: name, among: Set(known.keys)))")
            }
            let text = String(line[line.index(after: equals)...].trimmed)
            guard !text.isEmpty else { throw place.complaint("\(name) has no value") }
            if !key.repeats, let earlier = values[name]?.first {
                throw place.complaint("\(name) is given twice; the first time at \(Printable.escaped(earlier.place))")
            }
            values[name, default: []].append(ConfigurationValue(text, at: place.place))
        }
    }

    /// Takes the values of `later` for every key that it names.
    package mutating func override(by later: ConfigurationValues) {
        values.merge(later.values) { $1 }
    }

    /// The value of a key that does not repeat; `nil` if it was not given.
    package subscript(_ name: String) -> ConfigurationValue? { values[name]?.last }

    /// All values of a key that repeats, in order.
    package func all(_ name: String) -> [ConfigurationValue] { values[name] ?? [] }
}
