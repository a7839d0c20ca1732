package import SSHKeys
package import Support

/// A host key that a terminal shows, as `ssh` tells it to its `KnownHostsCommand`.
package struct ShownHostKey: Hashable, Sendable {
    /// Base64 of its wire form.
    let base64: String
    /// `SHA256:…`.
    let fingerprint: String

    /// From the words of `%K %f`; `nil` where `ssh` has no key yet and says so by `NONE`.
    package init?(_ words: [String]) {
        guard words.count == 2, words[0] != "NONE" else { return nil }
        (base64, fingerprint) = (words[0], words[1])
    }
}

/// The host keys of one terminal: those that were pinned when it was reached first, and what follows from those that it shows.
///
/// The relay tells them, and the relay might lie: so what it told first is kept, and a change is for a person to look at.
package struct HostKeyPins: Hashable, Sendable {
    /// In the order in which the relay told them; at most `mostKeys`.
    package let keys: [PublicKey]

    /// Keys that are kept of one terminal: a server has one of each of a handful of types.
    private static let mostKeys = 16

    /// Pins of these keys.
    package init(_ keys: [PublicKey]) { self.keys = Array(keys.prefix(Self.mostKeys)) }

    /// Reads what the relay answers, or the file of pins: a line for each key, with or without a host name before its type. Lines that hold no
    /// key of a known type are skipped: newer programs may add some.
    package init(text: String) {
        var keys: [PublicKey] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(separator: " ").map(String.init)
            guard let index = words.firstIndex(where: { PublicKey.Algorithm(rawValue: $0) != nil }), index <= 1, index + 1 < words.count
            else {
                continue
            }
            // A line that holds no key is no pin.
            if let key = try? AuthorizedKey(line: words[index...(index + 1)].joined(separator: " ")).key, !keys.contains(key) {
                keys.append(key)
            }
        }
        self.init(keys)
    }

    /// The file of pins.
    package var text: String { keys.map { $0.line + "\n" }.joined() }

    /// The lines that `ssh` reads, for the host that it asks for.
    package func knownHosts(for host: String) -> String { keys.map { "\(host) \($0.line)\n" }.joined() }

    /// What is to be said about a key that a terminal shows; `nil`: nothing, it is pinned.
    /// - Parameters:
    ///   - shown: the key.
    ///   - told: what the relay tells now; `nil`: it cannot be asked.
    package func complaint(about terminal: TerminalName, shown: ShownHostKey, told: HostKeyPins?) -> String? {
        guard !keys.contains(where: { $0.line.hasSuffix(" " + shown.base64) }) else { return nil }
        let fingerprint = Printable.escaped(shown.fingerprint)
        guard let told else {
            return "\(terminal) shows another host key than before, and the relay cannot be asked about it: not connected"
        }
        if told.keys.contains(where: { $0.line.hasSuffix(" " + shown.base64) }) {
            return
                "\(terminal) has another host key than before, and the relay confirms it: the terminal was set up anew, or the relay lies. Ask "
                + "the customer for the fingerprint; if it is \(fingerprint), accept it with: towline trust \(terminal)"
        }
        return
            "\(terminal) shows a host key that it never told the relay (\(fingerprint)): somebody may stand in between. Not connected; ask the customer"
    }
}
