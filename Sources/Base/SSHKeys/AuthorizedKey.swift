/// Why a text is not a public key line. The description is one line for a person: what is wrong, and what to do.
package enum AuthorizedKeyError: Error, Hashable, Sendable, CustomStringConvertible {
    case empty
    /// `-----BEGIN … PRIVATE KEY-----`: must never leave its owner.
    case privateKey
    /// PuTTY's own file format.
    case puttyFile
    /// RFC 4716 (`---- BEGIN SSH2 PUBLIC KEY ----`).
    case ssh2File
    /// No key of OpenSSH at all: `-----BEGIN PUBLIC KEY-----` and its like, which are of TLS or PGP, or any other text.
    case foreign
    /// An OpenSSH public key without the type in front.
    case noType
    /// More than one line where one key is expected.
    case severalLines
    /// More keys than `AuthorizedKey.maximumKeys`.
    case tooManyKeys
    /// Longer than `AuthorizedKey.maximumLineLength`.
    case tooLong(Int)
    /// A character that no key line has: NUL, ESC, a line separator of Unicode, …
    case controlCharacter
    /// Something stands before the type: `command="…"`, `from=…`, a host name. The word is cut and printable.
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
            "this is a PuTTY file with a PRIVATE key in it: never send it to anyone; "
                + "in PuTTYgen, copy the text under \"Public key for pasting into OpenSSH authorized_keys file\" instead"
        case .ssh2File: "this is an SSH2 public key file: convert it with: ssh-keygen -i -f FILE, and paste the line that it prints"
        case .foreign: "this is not an OpenSSH public key: paste the line of the .pub file, which begins with its type, as ssh-ed25519"
        case .noType: "the type in front of the key is missing; copy the whole line of the .pub file (ssh-ed25519 AAAA… name)"
        case .severalLines: "more than one line: a public key is one line; was it broken by a mail program?"
        case .tooManyKeys: "more than \(AuthorizedKey.maximumKeys) keys at once"
        case .tooLong(let count): "a public key line of \(count) bytes is too long (at most \(AuthorizedKey.maximumLineLength))"
        case .controlCharacter: "the line has a control character; copy the key again"
        case .options(let word):
            "before the key stands \(word): neither options nor names are taken there; begin with the type, as ssh-ed25519"
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
    /// The key.
    package let key: PublicKey
    /// Printable text of one line, at most `maximumCommentLength` Unicode scalars, without white space around it; may be empty.
    package let comment: String

    /// Longest line taken, in bytes: a key of 8192 bits RSA takes 1.4 KB.
    package static let maximumLineLength = 8 * 1024
    /// Longest comment kept, in Unicode scalars (a character may have any number of them); the rest is cut off.
    package static let maximumCommentLength = 200
    /// Most keys taken from one text.
    package static let maximumKeys = 100

    /// From a key and any text: what is not printable is left out of the comment.
    package init(key: PublicKey, comment: String = "") {
        self.key = key
        let printable = comment.unicodeScalars.filter { !Self.isUnprintable($0) }.prefix(Self.maximumCommentLength)
        self.comment = Self.trimmed(String(String.UnicodeScalarView(printable)))
    }

    /// Parses one line: `TYPE BASE64 [comment]`. White space around it is ignored.
    package init(line: String) throws(AuthorizedKeyError) {
        let text = Self.trimmed(line)
        if text.isEmpty { throw .empty }
        if let error = Self.foreignFormat(text) { throw error }
        guard line.utf8.count <= Self.maximumLineLength else { throw .tooLong(line.utf8.count) }
        if text.unicodeScalars.contains(where: { $0 == "\n" || $0 == "\r" }) { throw .severalLines }
        if text.unicodeScalars.contains(where: { $0 != "\t" && Self.isControl($0) }) { throw .controlCharacter }

        let words = text.split(maxSplits: 2, whereSeparator: { $0 == " " || $0 == "\t" })
        let type = String(words[0])
        if type.contains("-cert-v0") { throw .certificate }
        guard let algorithm = PublicKey.Algorithm(rawValue: type) else {
            if Self.looksLikeType(type) { throw .key(.unsupportedType(type)) }
            if type.hasPrefix(Self.blobStart) { throw .noType }
            guard PublicKey.Algorithm.allCases.contains(where: { text.contains($0.rawValue) }) else { throw .foreign }
            throw .options(String(String.UnicodeScalarView(type.unicodeScalars.filter { !Self.isUnprintable($0) }.prefix(20))))
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

    /// What other programs call a key. Private ones come first: the warning matters more than the format.
    private static func foreignFormat(_ text: String) -> AuthorizedKeyError? {
        if text.hasPrefix("PuTTY-User-Key-File") { return .puttyFile }
        if isPrivate(text) { return .privateKey }
        if text.hasPrefix("---- BEGIN SSH2 PUBLIC KEY") { return .ssh2File }
        return text.hasPrefix("-----BEGIN ") ? .foreign : nil
    }

    private static func isPrivate(_ text: String) -> Bool {
        text.contains("PRIVATE KEY--") || text.contains("PRIVATE KEY ----") || text.contains("Private-Lines:")
            || text.contains("PuTTY-User-Key-File")
    }

    /// How the base64 of a wire form begins: the length of a type shorter than 256 bytes.
    private static let blobStart = "AAAA"

    /// Control characters, and what splits lines in some programs but not in others.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    /// What has no place in a comment: also bidirectional overrides and others that change how the rest is shown.
    private static func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
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
    /// What is wrong with it.
    package let error: AuthorizedKeyError

    package var description: String { "line \(line): \(error)" }
}

extension AuthorizedKey {
    /// Parses several lines; blank ones and comments (`#`) are skipped.
    ///
    /// - Returns: the keys in order, each once, at most `maximumKeys`.
    /// - Throws: the first line that is wrong; no keys at all is `.empty` of line 1.
    package static func parseFile(_ text: String) throws(AuthorizedKeyFileError) -> [AuthorizedKey] {
        let (keys, faults) = keysAndFaults(of: text)
        if let first = faults.first { throw first }
        return keys
    }

    /// The keys of a file, and every line of it that is wrong. Nothing is looked at behind more than `maximumKeys` of either.
    package static func keysAndFaults(of text: String) -> (keys: [AuthorizedKey], faults: [AuthorizedKeyFileError]) {
        var keys: [AuthorizedKey] = []
        var faults: [AuthorizedKeyFileError] = []
        var seen: Set<PublicKey> = []
        for entry in entries(of: text) {
            let line = trimmed(entry.text)
            if line.isEmpty || line.hasPrefix("#") { continue }
            do throws(AuthorizedKeyError) {
                let key = try AuthorizedKey(line: line)
                if seen.insert(key.key).inserted { keys.append(key) }
            } catch {
                faults.append(AuthorizedKeyFileError(line: entry.line, error: error))
            }
            if keys.count > maximumKeys || faults.count > maximumKeys {
                faults.append(AuthorizedKeyFileError(line: entry.line, error: .tooManyKeys))
                break
            }
        }
        if keys.isEmpty, faults.isEmpty { faults.append(AuthorizedKeyFileError(line: 1, error: .empty)) }
        return (keys, faults)
    }

    /// `text` with empty lines in place of private keys, so that all other lines keep their numbers.
    package static func withoutPrivateKeys(_ text: String) -> String {
        let isKept = { (text: String) in !isPrivate(text) && !(text.contains("PRIVATE KEY") && text.contains("----")) }
        return entries(of: text).map { isKept($0.text) ? $0.text : String($0.text.filter { $0 == "\n" }) }.joined(separator: "\n")
    }

    /// The lines of a text, each with its number; a key in another program's form, of several lines, is one with the number of its first.
    private static func entries(of text: String) -> [(line: Int, text: String)] {
        var entries: [(line: Int, text: String)] = []
        // The first of the entries that are one key, until its end has come.
        var open: Int?
        for (index, part) in text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "\n" || $0 == "\r\n" }).enumerated() {
            let line = String(part)
            entries.append((index + 1, line))
            if open == nil, isBeginning(line) { open = entries.count - 1 }
            guard isEnd(line) else { continue }
            // An end alone: nobody knows how much above it belongs to it.
            join(&entries, from: open ?? (isPrivate(line) ? 0 : entries.count - 1))
            open = nil
        }
        if let open { join(&entries, from: open) }
        return entries
    }

    private static func join(_ entries: inout [(line: Int, text: String)], from first: Int) {
        let whole = (line: entries[first].line, text: entries[first...].map(\.text).joined(separator: "\n"))
        entries.replaceSubrange(first..., with: [whole])
    }

    private static func isBeginning(_ line: String) -> Bool {
        line.contains("-----BEGIN ") || line.contains("---- BEGIN ") || line.contains("PuTTY-User-Key-File")
            || line.contains("Private-Lines:")
    }

    private static func isEnd(_ line: String) -> Bool {
        line.contains("-----END ") || line.contains("---- END ") || line.hasPrefix("Private-MAC:") || line.hasPrefix("Private-Hash:")
    }
}
