import Glibc

/// How much a log line matters.
package enum LogLevel: Int, Sendable, Comparable, CaseIterable {
    /// For the people who write Towline.
    case debug
    /// What happened, in the trade's words.
    case notice
    /// Something was refused or repeated; the program copes.
    case warning
    /// Something that should work does not.
    case error

    /// Whether `left` matters less.
    package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

/// Writes events to standard error, one a line, as logfmt:
/// `time=2026-11-24T02:04:18Z level=notice event="tunnel online" terminal=shop-42`; or to systemd's journal, where each value is a field.
///
/// A value: it is made once by `main` and passed down. Every line is one `write`, so lines of several threads never mix. Nothing a peer
/// sent can break out of its value: it is quoted, and control characters and direction overrides are escaped.
package struct Log: Sendable {
    /// The least level that is written.
    package var threshold: LogLevel
    /// Where lines go; standard error unless a test asks otherwise.
    package let descriptor: Int32
    /// The journal, if standard error leads there.
    private let journal: Journal?

    /// A log onto `descriptor`, which stays the caller's.
    package init(threshold: LogLevel = .notice, descriptor: Int32 = 2) {
        self.threshold = threshold
        self.descriptor = descriptor
        journal = nil
    }

    /// The log of a daemon: onto standard error, or as native entries if that is connected to the journal (`JOURNAL_STREAM`, systemd.exec(5)).
    package static func ofDaemon(threshold: LogLevel = .notice) -> Log {
        guard Journal.isBehind(descriptor: 2) else { return Log(threshold: threshold) }
        return Log(threshold: threshold, journal: Journal(at: Journal.standardSocket))
    }

    init(threshold: LogLevel, descriptor: Int32 = 2, journal: Journal?) {
        self.threshold = threshold
        self.descriptor = descriptor
        self.journal = journal
    }

    /// Writes one event if `level` reaches the threshold.
    ///
    /// A line that cannot be written is lost: a full disk or a closed standard error must not stop a relay.
    /// - Parameter fields: names (`[a-z_]`) and values, in the order of the line.
    package func write(_ level: LogLevel, _ event: String, _ fields: KeyValuePairs<String, any CustomStringConvertible> = [:]) {
        guard level >= threshold else { return }
        if let journal, journal.write(level, event, fields) { return }
        var line = Log.line(level, event, fields, at: WallClock.seconds)
        line.withUTF8 { bytes in
            var written = 0
            while written < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
                if count > 0 { written += count } else if errno != EINTR { return }
            }
        }
    }

    /// Writes at level `debug`.
    package func debug(_ event: String, _ fields: KeyValuePairs<String, any CustomStringConvertible> = [:]) {
        write(.debug, event, fields)
    }

    /// Writes at level `notice`.
    package func notice(_ event: String, _ fields: KeyValuePairs<String, any CustomStringConvertible> = [:]) {
        write(.notice, event, fields)
    }

    /// Writes at level `warning`.
    package func warning(_ event: String, _ fields: KeyValuePairs<String, any CustomStringConvertible> = [:]) {
        write(.warning, event, fields)
    }

    /// Writes at level `error`.
    package func error(_ event: String, _ fields: KeyValuePairs<String, any CustomStringConvertible> = [:]) {
        write(.error, event, fields)
    }

    /// The line for one event, with its line end.
    static func line(
        _ level: LogLevel, _ event: String, _ fields: KeyValuePairs<String, any CustomStringConvertible>, at seconds: Int64
    ) -> String {
        "time=\(WallClock.text(seconds)) level=\(level) event=\(quoted(event))\(text(of: fields))\n"
    }

    /// ` name=value` for each field.
    static func text(of fields: KeyValuePairs<String, any CustomStringConvertible>) -> String {
        fields.map { name, value in " \(name)=\(quoted(value.description))" }.joined()
    }

    /// `value` as it is, or in quotes where a reader of logfmt would otherwise split it.
    private static func quoted(_ value: String) -> String {
        let escaped = escaped(value)
        let isPlain = !escaped.isEmpty && escaped.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3d && $0 != 0x5c }
        return isPlain ? escaped : "\"\(escaped)\""
    }

    /// `value` on one line, inert on a screen: quotes, backslashes, control characters and direction overrides become escapes.
    package static func escaped(_ value: String) -> String {
        var result = ""
        for scalar in value.unicodeScalars {
            switch scalar.value {
            case 0x22: result += "\\\""
            case 0x5c: result += "\\\\"
            case 0x0a: result += "\\n"
            case 0x0d: result += "\\r"
            case 0x09: result += "\\t"
            case 0...0x1f, 0x7f...0x9f, 0x061c, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x2069, 0xfeff:
                result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
