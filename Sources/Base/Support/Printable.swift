/// Makes text from outside safe to show: on a terminal, in a log line, in a sentence.
package enum Printable {
    /// How much of a value a sentence repeats, in Unicode scalars: a character may have any number of them.
    package static let longestQuoted = 64

    /// `text` with everything escaped that is not plainly visible: control characters, ESC, bidi overrides, zero-width and unassigned
    /// characters, line and paragraph separators, as `\n`, `\x1b` or `\u{202e}`; a backslash as `\\`.
    package static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\\": result += "\\\\"
            default:
                if isVisible(scalar) {
                    result.unicodeScalars.append(scalar)
                } else if scalar.value < 0x100 {
                    result += "\\x" + hexadecimal(scalar.value, width: 2)
                } else {
                    result += "\\u{\(hexadecimal(scalar.value, width: 1))}"
                }
            }
        }
        return result
    }

    /// `text` shortened to `longestQuoted` scalars, escaped, and between double quotes.
    package static func quoted(_ text: String) -> String {
        let scalars = text.unicodeScalars
        let cut = scalars.index(scalars.startIndex, offsetBy: longestQuoted, limitedBy: scalars.endIndex) ?? scalars.endIndex
        return "\"\(escaped(String(scalars[..<cut])))\(cut == scalars.endIndex ? "" : "…")\""
    }

    /// How many columns of a terminal `text` takes: two for the wide characters of East Asian writing and for emoji, none for marks
    /// that stand over others.
    package static func columns(_ text: String) -> Int {
        text.unicodeScalars.reduce(0) { sum, scalar in
            switch scalar.properties.generalCategory {
            case .nonspacingMark, .enclosingMark: sum
            default: sum + (wide.contains { $0.contains(scalar.value) } ? 2 : 1)
            }
        }
    }

    /// `text`, cut and ended with `…` if it takes more columns than these.
    package static func shortened(_ text: String, to columns: Int) -> String {
        guard self.columns(text) > columns else { return text }
        var kept = text
        while !kept.isEmpty, self.columns(kept) >= columns { kept.removeLast() }
        return kept + "…"
    }

    /// Blocks of characters that are two columns wide (Unicode Standard Annex 11, W and F), without their few exceptions.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
        0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD,
    ]

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value >= 0x20 && scalar.value < 0x7F { return true }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return false
        case .spaceSeparator: return scalar == " "
        default: return !scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    private static func hexadecimal(_ value: UInt32, width: Int) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// A value that does not print itself: not in a log, not in an error, not in a debugger's summary.
package struct Secret<Value>: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The value, for where it is really needed.
    package let exposed: Value

    /// Hides `value`.
    package init(_ value: Value) {
        exposed = value
    }

    package var description: String { "«redacted»" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension Secret: Sendable where Value: Sendable {}
