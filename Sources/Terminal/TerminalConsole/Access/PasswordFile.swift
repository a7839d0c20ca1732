import Passwords
import SystemCalls

/// The administrator's password as one line of one file: its argon2id hash. Blocks: not on a loop.
///
/// Who has forgotten the password removes the file as the machine's administrator and starts the program again: it prints a setup code.
struct PasswordFile: Sendable {
    let path: String

    /// More than any hash has.
    private static let largest = 1024

    /// The hash; `nil` if no password was set yet.
    ///
    /// - Throws: why it cannot be read, and what to do. A damaged file never counts as "no password" (S04).
    func load() throws(AccessFault) -> PasswordHash? {
        let bytes: [UInt8]
        do throws(SystemError) {
            guard try Files.status(path, followsLinks: false) != nil else { return nil }
            bytes = try Files.read(path, limit: Self.largest, followsLinks: false)
        } catch {
            throw AccessFault("the console's password cannot be read: \(error)")
        }
        let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: true)
        guard line.count == 1, let hash = try? PasswordHash(parsing: String(line[0])) else {  // what is wrong with it is said below
            throw AccessFault(
                "\(Log.escaped(path)) is damaged, so nobody can sign in. Restore it from a backup, or remove it and start towline-terminal "
                    + "again to set a new password")
        }
        return hash
    }

    /// Replaces the hash; after an error the old one is in force.
    func save(_ hash: PasswordHash) throws(AccessFault) {
        do throws(SystemError) {
            try Files.writeAtomically(path, Array((hash.text + "\n").utf8), mode: 0o600)
        } catch {
            throw AccessFault("the password could not be saved: \(error)")
        }
    }
}

/// Why the password could not be read, checked or saved: one line that says what to do.
package struct AccessFault: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
