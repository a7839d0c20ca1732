import FoundationEssentials
import Glibc
package import SystemCalls

/// Why stored things cannot be read or written.
package enum StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file is not what was written. Nothing is guessed: somebody has to restore it. S04
    case damaged(path: String, reason: String, lastGood: String?)
    /// The file was written by a later version of this program.
    case tooNew(path: String, version: Int)
    /// The system refused.
    case system(SystemError)

    /// One line that says what to do.
    package var description: String {
        switch self {
        case .damaged(let path, let reason, let lastGood?):
            "\(Log.escaped(path)) is damaged (\(Log.escaped(reason))); nothing was started or changed. "
                + "The last good copy can be restored with: cp '\(Log.escaped(lastGood))' '\(Log.escaped(path))'"
        case .damaged(let path, let reason, nil):
            "\(Log.escaped(path)) is damaged (\(Log.escaped(reason))) and there is no good copy beside it; nothing was started or changed. "
                + "Restore it from a backup, or remove it to begin without what it held"
        case .tooNew(let path, let version):
            "\(Log.escaped(path)) was written by a later version of towline-terminal (format \(version)); install that version again"
        case .system(let error): error.description
        }
    }
}

/// One value in one JSON file, replaced as a whole and kept twice: `NAME.json` and `NAME.json.good`.
///
/// All of it may block: not on a loop.
package struct Document<Value: Codable & Sendable>: Sendable {
    private struct Envelope: Codable {
        var version: Int
        var value: Value
    }

    private struct Head: Codable {
        var version: Int
    }

    /// The format that this program writes; later ones are refused.
    private var version: Int { 1 }
    /// More than any value of ours needs.
    private var maximumSize: Int { 1 << 20 }

    /// The file.
    package let path: String
    private var goodPath: String { path + ".good" }

    /// A document at `path`, which need not exist.
    package init(path: String) { self.path = path }

    /// The value; nil if it was never written.
    ///
    /// - Throws: `.damaged` for anything that is not exactly a value of ours, and for a file that is gone while its good copy is there.
    package func load() throws(StoreError) -> Value? {
        let content: [UInt8]
        do throws(SystemError) {
            guard try Files.status(path) != nil else {
                if try Files.status(goodPath) == nil { return nil }
                throw SystemError(errno: ENOENT, call: "open", subject: path)
            }
            content = try Files.read(path, limit: maximumSize, followsLinks: false)
        } catch {
            if error.errno == ENOENT { throw .damaged(path: path, reason: "it is gone", lastGood: goodPath) }
            if error.errno == EFBIG || error.errno == EIO || error.errno == ELOOP { throw damaged(error.reason) }
            throw .system(error)
        }
        return try decode(content)
    }

    /// Replaces the value, for its owner's eyes only; after an error the old one is in force.
    package func save(_ value: Value) throws(StoreError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let content: [UInt8]
        do {
            content = [UInt8](try encoder.encode(Envelope(version: version, value: value))) + [0x0a]
        } catch {
            preconditionFailure("values of ours can be written as JSON: \(error)")
        }
        do throws(SystemError) {
            try Files.writeAtomically(path, content, mode: 0o600)
            try Files.writeAtomically(goodPath, content, mode: 0o600)
        } catch {
            throw .system(error)
        }
    }

    private func decode(_ content: [UInt8]) throws(StoreError) -> Value {
        let bytes = Data(content)
        do {
            let head = try JSONDecoder().decode(Head.self, from: bytes)
            if head.version > version { throw StoreError.tooNew(path: path, version: head.version) }
            return try JSONDecoder().decode(Envelope.self, from: bytes).value
        } catch let error as StoreError {
            throw error
        } catch let error as DecodingError {
            throw damaged(Self.words(error))
        } catch {
            throw damaged("\(error)")
        }
    }

    private func damaged(_ reason: String) -> StoreError {
        let copy = Document(path: goodPath)
        // The copy is offered only if it can be read.
        let isGood = ((try? Files.read(goodPath, limit: maximumSize)).flatMap { try? copy.decode($0) }) != nil
        return .damaged(path: path, reason: reason, lastGood: isGood ? goodPath : nil)
    }

    private static func words(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, _): "\"\(key.stringValue)\" is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "\"\(context.codingPath.map(\.stringValue).joined(separator: "."))\" has a wrong value"
        case .dataCorrupted(let context) where context.codingPath.isEmpty: "it is not JSON"
        case .dataCorrupted(let context):
            "\"\(context.codingPath.map(\.stringValue).joined(separator: "."))\" has a wrong value"
        @unknown default: "it cannot be read"
        }
    }
}
