package import Passwords
package import SystemCalls

/// The administrator's password as one line of one file: its argon2id hash. Blocks: not on a loop.
///
/// Who has forgotten the password removes the file as the machine's administrator and starts the program again: it prints a setup code.
struct PasswordFile: Sendable {
    let path: String

    /// More than any hash has.
    private static let largest = 1024

    /// The hash; `nil` if no password was set yet.
    ///
    /// - Throws: why it cannot be read.
    func load() throws(AccessFault) -> PasswordHash? {
        let bytes: [UInt8]
        do throws(SystemError) {
            guard try Files.status(path, followsLinks: false) != nil else { return nil }
            bytes = try Files.read(path, limit: Self.largest, followsLinks: false)
        } catch {
            throw .unreadable(error)
        }
        let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: true)
        guard line.count == 1, let hash = try? PasswordHash(parsing: String(line[0])) else {  // what is wrong with it is said below
            throw .damaged(path: path)
        }
        return hash
    }

    /// Replaces the hash; after an error the old one is in force.
    func save(_ hash: PasswordHash) throws(AccessFault) {
        do throws(SystemError) {
            try Files.writeAtomically(path, Array((hash.text + "\n").utf8), mode: 0o600)
        } catch {
            throw .notSaved(error)
        }
    }
}

/// Why the password could not be read, checked or saved.
package enum AccessFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file cannot be read now.
    case unreadable(SystemError)
    /// What is in the file is no hash. It never counts as "no password" (S04).
    case damaged(path: String)
    /// The hash could not be made: there is no memory for it.
    case notMade(PasswordError)
    /// The file could not be written; the old password is in force.
    case notSaved(SystemError)

    /// One line for the log: what is wrong and what to do.
    package var description: String {
        switch self {
        case .unreadable(let error): "the console's password cannot be read: \(error)"
        case .damaged(let path):
            "\(Log.escaped(path)) is damaged, so nobody can sign in. Restore it from a backup, or remove it and start towline-terminal "
                + "again to set a new password"
        case .notMade(let error): "\(error)"
        case .notSaved(let error): "the password could not be saved: \(error)"
        }
    }
}
