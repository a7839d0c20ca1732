/// A line of Swift, taken apart as far as the rules need it.
struct SourceLine: Sendable {
    /// Counted from 1.
    let number: Int
    /// What is compiled: comments and the insides of string literals are blank.
    let code: String
    /// Whether a comment that says something is on it.
    let hasComment: Bool
    /// Whether that is a doc comment.
    let isDocumentation: Bool

    /// The words of `code`: letters, digits and `_`; all else separates.
    let words: [Substring]
}

extension SourceLine {
    /// Splits a file into lines of code. Knows line and (nested) block comments, string literals with interpolation, raw and multi-line.
    static func lines(of bytes: [UInt8]) -> [SourceLine] {
        var scanner = Scanner(bytes: bytes)
        return scanner.scan()
    }

    private struct Scanner {
        enum State {
            case code
            /// Inside `\( … )` of a string: how many parentheses are open.
            case interpolation(Int)
            case string(hashes: Int, isMultiline: Bool)
            case lineComment
            case blockComment(Int)
        }

        let bytes: [UInt8]
        var position = 0
        /// What is open; the last one is the innermost.
        var states: [State] = [.code]
        var code: [UInt8] = []
        var commentLength = 0
        var isDocumentation = false
        var lines: [SourceLine] = []

        init(bytes: [UInt8]) { self.bytes = bytes }

        func starts(_ text: StaticString) -> Bool {
            let length = text.utf8CodeUnitCount
            guard position + length <= bytes.count else { return false }
            return (0..<length).allSatisfy { bytes[position + $0] == text.utf8Start[$0] }
        }

        mutating func endLine() {
            let text = String(decoding: code, as: UTF8.self)
            lines.append(
                SourceLine(
                    number: lines.count + 1, code: text, hasComment: commentLength > 0,
                    isDocumentation: isDocumentation && commentLength > 0,
                    words: Self.words(of: text)))
            code = []
            commentLength = 0
            isDocumentation = false
        }

        /// By their bytes: those of letters that are not ASCII are none that separate.
        private static func words(of text: String) -> [Substring] {
            text.utf8.split { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "_"), 0x80...0xFF:
                    false
                default: true
                }
            }.map { Substring($0) }
        }

        mutating func scan() -> [SourceLine] {
            while position < bytes.count {
                if bytes[position] == UInt8(ascii: "\n") {
                    if case .lineComment = states[states.count - 1] { states.removeLast() }
                    endLine()
                    position += 1
                    continue
                }
                step()
            }
            if !code.isEmpty || commentLength > 0 { endLine() }
            return lines
        }

        mutating func step() {
            let byte = bytes[position]
            switch states[states.count - 1] {
            case .lineComment:
                let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
                if bytes[position..<end].contains(where: { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: " ") }) { commentLength += 1 }
                position = end
            case .blockComment(let depth):
                if starts("*/") {
                    states.removeLast()
                    if depth > 1 { states.append(.blockComment(depth - 1)) }
                    position += 2
                } else if starts("/*") {
                    states[states.count - 1] = .blockComment(depth + 1)
                    position += 2
                } else {
                    commentLength += 1
                    position += 1
                }
            case .string(let hashes, let isMultiline):
                stringStep(hashes: hashes, isMultiline: isMultiline)
            case .code, .interpolation:
                codeStep(byte)
            }
        }

        private static let beginnings = Array("/#\"()".utf8)

        mutating func codeStep(_ byte: UInt8) {
            // Nearly every byte is none of those that begin something.
            guard Self.beginnings.contains(byte) else {
                code.append(byte)
                position += 1
                return
            }
            if starts("//") {
                isDocumentation = starts("///")
                states.append(.lineComment)
                position += 2
                return
            }
            if starts("/*") {
                states.append(.blockComment(1))
                position += 2
                return
            }
            var hashes = 0
            while position + hashes < bytes.count, bytes[position + hashes] == UInt8(ascii: "#") { hashes += 1 }
            if position + hashes < bytes.count, bytes[position + hashes] == UInt8(ascii: "\"") {
                position += hashes
                let isMultiline = starts("\"\"\"")
                states.append(.string(hashes: hashes, isMultiline: isMultiline))
                code.append(UInt8(ascii: "\""))
                position += isMultiline ? 3 : 1
                return
            }
            if case .interpolation(let depth) = states[states.count - 1] {
                if byte == UInt8(ascii: "(") { states[states.count - 1] = .interpolation(depth + 1) }
                if byte == UInt8(ascii: ")") {
                    states.removeLast()
                    if depth > 1 { states.append(.interpolation(depth - 1)) }
                }
            }
            code.append(byte)
            position += 1
        }

        mutating func stringStep(hashes: Int, isMultiline: Bool) {
            func isFollowedByHashes(_ offset: Int) -> Bool {
                position + offset + hashes <= bytes.count
                    && bytes[(position + offset)..<(position + offset + hashes)].allSatisfy { $0 == UInt8(ascii: "#") }
            }
            if bytes[position] == UInt8(ascii: "\\"), isFollowedByHashes(1) {
                position += 1 + hashes
                guard position < bytes.count else { return }
                if bytes[position] == UInt8(ascii: "(") {
                    states.append(.interpolation(1))
                    code.append(bytes[position])
                }
                // An escaped line end stays: it ends the line.
                if bytes[position] != UInt8(ascii: "\n") { position += 1 }
                return
            }
            let closing = isMultiline ? 3 : 1
            if isMultiline ? starts("\"\"\"") : starts("\""), isFollowedByHashes(closing) {
                states.removeLast()
                code.append(UInt8(ascii: "\""))
                position += closing + hashes
                return
            }
            position += 1
        }
    }
}
