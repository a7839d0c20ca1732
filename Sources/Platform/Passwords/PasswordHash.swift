import CSodium

/// Why a password could not be hashed.
package enum PasswordError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no memory for it now (64 MiB).
    case outOfMemory
    /// The text is no hash of ours.
    case notAHash

    /// One line for a person.
    package var description: String {
        switch self {
        case .outOfMemory: "there is not enough memory to check a password (it takes 64 MiB): try again"
        case .notAHash: "what is stored is not a password's hash"
        }
    }
}

/// An argon2id hash of a password (RFC 9106) as libsodium writes it: `$argon2id$v=19$m=65536,t=2,p=1$SALT$HASH`.
package struct PasswordHash: Hashable, Sendable {
    /// The hash with its parameters and salt; a secret, as it lets passwords be guessed at leisure.
    package let text: String

    /// Reads a stored hash.
    ///
    /// - Throws: `.notAHash` for anything that `make` did not write.
    package init(parsing text: String) throws(PasswordError) {
        guard text.hasPrefix("$argon2id$"), text.utf8.count < Int(crypto_pwhash_STRBYTES), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }),
            crypto_pwhash_str_needs_rehash(text, Cost.interactive.operations, Cost.interactive.memory) >= 0
        else { throw .notAHash }
        self.text = text
    }

    /// What one hash takes, and so what a guess costs.
    package struct Cost: Sendable {
        /// Passes over the memory.
        let operations: UInt64
        /// Bytes.
        let memory: Int

        /// libsodium's measure for interactive sign-in, above RFC 9106's least: 2 passes, 64 MiB, about a tenth of a second.
        package static let interactive = Cost(
            operations: UInt64(crypto_pwhash_OPSLIMIT_INTERACTIVE), memory: Int(crypto_pwhash_MEMLIMIT_INTERACTIVE))
        /// The least that argon2id knows: no protection, for passwords of tests.
        package static let least = Cost(operations: UInt64(crypto_pwhash_OPSLIMIT_MIN), memory: Int(crypto_pwhash_MEMLIMIT_MIN))
    }

    /// Hashes `password` with a new salt, on a thread of its own and few at a time.
    package static func make(_ password: String, cost: Cost = .interactive) throws(PasswordError) -> PasswordHash {
        RandomBytes.prepare()
        var room = [CChar](repeating: 0, count: Int(crypto_pwhash_STRBYTES))
        guard crypto_pwhash_str(&room, password, UInt64(password.utf8.count), cost.operations, cost.memory) == 0 else { throw .outOfMemory }
        return try PasswordHash(parsing: String(decoding: room.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
    }

    /// Whether `password` is the one that was hashed; also false when memory has run out. Costs what `make` costs, right or wrong.
    package func matches(_ password: String) -> Bool {
        RandomBytes.prepare()
        var room = [CChar](repeating: 0, count: Int(crypto_pwhash_STRBYTES))
        for (index, byte) in text.utf8.enumerated() { room[index] = CChar(bitPattern: byte) }
        return crypto_pwhash_str_verify(room, password, UInt64(password.utf8.count)) == 0
    }
}
