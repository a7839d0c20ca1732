/// Makes text from outside safe to show: on a terminal, in a log line, in a sentence.
package enum Printable {
    /// How much of a value a sentence repeats, in characters.
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

    /// `text` escaped, shortened to `longestQuoted` characters, and between double quotes.
    package static func quoted(_ text: String) -> String {
        let shown = text.count > longestQuoted ? String(text.prefix(longestQuoted)) + "…" : text
        return "\"\(escaped(shown))\""
    }

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

    package init(_ value: Value) {
        exposed = value
    }

    package var description: String { "«redacted»" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension Secret: Sendable where Value: Sendable {}
