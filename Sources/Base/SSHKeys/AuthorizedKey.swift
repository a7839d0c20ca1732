/// Why a text is not a public key line. The description is one line for a person: what is wrong, and what to do.
package enum AuthorizedKeyError: Error, Hashable, Sendable, CustomStringConvertible {
    case empty
    /// `-----BEGIN … PRIVATE KEY-----`: must never leave its owner.
    case privateKey
    /// PuTTY's own file format.
    case puttyFile
    /// RFC 4716 (`---- BEGIN SSH2 PUBLIC KEY ----`).
    case ssh2File
    /// More than one line where one key is expected.
    case severalLines
    /// Longer than `AuthorizedKey.maximumLineLength`.
    case tooLong(Int)
    /// A byte that no key line has: NUL, ESC, …
    case controlCharacter
    /// Something stands before the type: `command="…"`, `from=…`, a host name.
    case options(String)
    /// An OpenSSH certificate.
    case certificate
    /// Nothing behind the type.
    case noKey
    /// What follows the type is not base64.
    case notBase64
    /// The type in words and the type inside differ.
    case typeMismatch(said: String, holds: String)
    /// The key itself.
    case key(PublicKeyError)

    package var description: String {
        switch self {
        case .empty: "no key: paste the line of the .pub file (ssh-ed25519 AAAA… name)"
        case .privateKey: "this is a PRIVATE key: never send it to anyone; paste the line of the .pub file instead"
        case .puttyFile:
            "this is a PuTTY file: in PuTTYgen, copy the text under \"Public key for pasting into OpenSSH authorized_keys file\""
        case .ssh2File: "this is an SSH2 public key file: convert it with: ssh-keygen -i -f FILE"
        case .severalLines: "more than one line: a public key is one line; was it broken by a mail program?"
        case .tooLong(let count): "a public key line of \(count) bytes is too long (at most \(AuthorizedKey.maximumLineLength))"
        case .controlCharacter: "the line has a control character; copy the key again"
        case .options(let word): "options such as \(word) are not taken: the line must start with the key type, for example ssh-ed25519"
        case .certificate: "certificates are not taken: paste the plain public key"
        case .noKey: "the key is missing behind its type; copy the whole line of the .pub file"
        case .notBase64: "the key is damaged; copy the whole line of the .pub file again"
        case .typeMismatch(let said, let holds): "the line says \(said) but holds a key of type \(holds)"
        case .key(let error): error.description
        }
    }
}

/// A public key and its comment: one line of a `.pub` file or of `authorized_keys` (sshd(8)) without options.
package struct AuthorizedKey: Hashable, Sendable {
    package let key: PublicKey
    /// Printable text of one line, at most `maximumCommentLength` characters; may be empty.
    package let comment: String

    /// Longest line taken, in bytes: a key of 8192 bits RSA takes 1.4 KB.
    package static let maximumLineLength = 8 * 1024
    /// Longest comment kept, in characters; the rest is cut off.
    package static let maximumCommentLength = 200
    /// Most keys taken from one text.
    package static let maximumKeys = 100

    /// From a key and any text: what is not printable is left out of the comment.
    package init(key: PublicKey, comment: String = "") {
        self.key = key
        let printable = comment.unicodeScalars.filter { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
            default: true
            }
        }
        self.comment = String(String(String.UnicodeScalarView(printable)).prefix(Self.maximumCommentLength))
    }

    /// Parses one line: `TYPE BASE64 [comment]`. White space around it is ignored.
    package init(line: String) throws(AuthorizedKeyError) {
        guard line.utf8.count <= Self.maximumLineLength else { throw .tooLong(line.utf8.count) }
        let text = Self.trimmed(line)
        if text.isEmpty { throw .empty }
        if let error = Self.foreignFormat(text) { throw error }
        if text.unicodeScalars.contains(where: { $0 == "\n" || $0 == "\r" }) { throw .severalLines }
        if text.unicodeScalars.contains(where: { ($0.value < 0x20 && $0 != "\t") || $0.value == 0x7F }) { throw .controlCharacter }

        let words = text.split(maxSplits: 2, whereSeparator: { $0 == " " || $0 == "\t" })
        let type = String(words[0])
        if type.contains("-cert-v0") { throw .certificate }
        guard let algorithm = PublicKey.Algorithm(rawValue: type) else {
            if Self.looksLikeType(type) { throw .key(.unsupportedType(type)) }
            throw .options("\"\(type.prefix(20))\"")
        }
        guard words.count > 1 else { throw .noKey }
        guard let blob = Base64.decode(words[1]) else { throw .notBase64 }
        let key: PublicKey
        do throws(PublicKeyError) { key = try PublicKey(blob: blob) } catch { throw .key(error) }
        guard key.algorithm == algorithm else { throw .typeMismatch(said: type, holds: key.algorithm.rawValue) }
        self.init(key: key, comment: words.count > 2 ? Self.trimmed(String(words[2])) : "")
    }

    /// The line, canonical: options and odd white space cannot come back.
    package var line: String { comment.isEmpty ? key.line : "\(key.line) \(comment)" }

    private static func trimmed(_ text: String) -> String {
        let isBlank = { (scalar: Unicode.Scalar) in scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r" }
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !isBlank($0) }), let last = scalars.lastIndex(where: { !isBlank($0) }) else {
            return ""
        }
        return String(scalars[first...last])
    }

    private static func foreignFormat(_ text: String) -> AuthorizedKeyError? {
        if text.contains("PRIVATE KEY-----") || text.hasPrefix("Private-Lines:") { return .privateKey }
        if text.hasPrefix("PuTTY-User-Key-File") { return .puttyFile }
        if text.hasPrefix("---- BEGIN SSH2 PUBLIC KEY") { return .ssh2File }
        return nil
    }

    /// Whether a first word is meant as a key type, so that the answer is about the type and not about options.
    private static func looksLikeType(_ word: String) -> Bool {
        ["ssh-", "ecdsa-", "sk-", "rsa-"].contains { word.hasPrefix($0) }
    }
}

/// A line of several that is wrong.
package struct AuthorizedKeyFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Counted from 1.
    package let line: Int
    package let error: AuthorizedKeyError

    package var description: String { "line \(line): \(error)" }
}

extension AuthorizedKey {
    /// Parses several lines; blank ones and comments (`#`) are skipped.
    ///
    /// - Returns: the keys in order, each once, at most `maximumKeys`.
    /// - Throws: the first line that is wrong; no keys at all is `.empty` of line 1.
    package static func parseFile(_ text: String) throws(AuthorizedKeyFileError) -> [AuthorizedKey] {
        if let error = foreignFormat(trimmed(text)) { throw AuthorizedKeyFileError(line: 1, error: error) }
        var keys: [AuthorizedKey] = []
        var seen: Set<PublicKey> = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = trimmed(String(line))
            if line.isEmpty || line.hasPrefix("#") { continue }
            do throws(AuthorizedKeyError) {
                let key = try AuthorizedKey(line: line)
                if seen.insert(key.key).inserted { keys.append(key) }
            } catch {
                throw AuthorizedKeyFileError(line: index + 1, error: error)
            }
            guard keys.count <= maximumKeys else { throw AuthorizedKeyFileError(line: index + 1, error: .severalLines) }
        }
        guard !keys.isEmpty else { throw AuthorizedKeyFileError(line: 1, error: .empty) }
        return keys
    }
}
