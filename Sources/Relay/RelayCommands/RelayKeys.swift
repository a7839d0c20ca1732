package import RelayCore
package import SSHCrypto

/// The relay's own host keys.
package struct RelayKeys: Sendable {
    /// The one that peers are shown; it also signs request lines.
    package let shown: HostKey
    /// The one that is announced beside it, while the relay is on the way from one to the other; `nil`: there is none.
    package let announced: HostKey?

    /// Keys from their parts.
    package init(shown: HostKey, announced: HostKey? = nil) {
        self.shown = shown
        self.announced = announced
    }

    /// All, the shown one first.
    package var all: [HostKey] { [shown] + (announced.map { [$0] } ?? []) }
}

/// Where the relay's host keys are kept, and from where peers get them.
package protocol RelayKeyKeeper: Sendable {
    /// Makes `keys`, which came of `step`, those that are there after a restart, and those that peers are told of from now on.
    /// - Throws: why they cannot be kept, as a sentence; then it is as it was.
    func keep(_ keys: RelayKeys, after step: RelayKeyStep) async throws(RelayKeyError)
}

/// Why host keys cannot be kept.
package struct RelayKeyError: Error, Hashable, Sendable {
    /// For a person.
    package let sentence: String

    /// An error in words.
    package init(_ sentence: String) { self.sentence = sentence }
}
