import Glibc

/// systemd's journal, by its native protocol: datagrams of fields, so that `journalctl TOWLINE_TERMINAL=shop-42` finds what it says.
///
/// - Source: systemd's "Native Journal Protocol"; systemd.exec(5) for `JOURNAL_STREAM`.
final class Journal: Sendable {
    /// Where journald listens.
    static let standardSocket = "/run/systemd/journal/socket"
    /// The longest entry, bytes: far below what a datagram may have, far above what an event has. Longer ones go to standard error.
    private static let longestEntry = 64 << 10

    private let sender: DatagramSender

    /// A journal behind the socket at `path`; `nil` if there is no descriptor for it.
    init?(at path: String) {
        do throws(SystemError) { sender = try DatagramSender(to: path) } catch { return nil }
    }

    /// Whether what is written to `descriptor` goes to the journal anyway: `JOURNAL_STREAM` has its device and inode.
    static func isBehind(descriptor: Int32, named: String? = Environment.value("JOURNAL_STREAM")) -> Bool {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { return false }
        return named == "\(facts.st_dev):\(facts.st_ino)"
    }

    /// Writes one entry; false if the journal did not take it, and the line has to go elsewhere.
    func write(_ level: LogLevel, _ event: String, _ fields: KeyValuePairs<String, any CustomStringConvertible>) -> Bool {
        let entry = Journal.entry(level, event, fields)
        guard entry.utf8.count <= Journal.longestEntry else { return false }
        do throws(SystemError) {
            try sender.send(entry)
            return true
        } catch {
            return false
        }
    }

    /// The fields of an event. Values are escaped, so none has a line end and `NAME=value` lines are enough.
    static func entry(_ level: LogLevel, _ event: String, _ fields: KeyValuePairs<String, any CustomStringConvertible>) -> String {
        var entry = "MESSAGE=\(Log.escaped(event))\(Log.text(of: fields))\n"
        entry += "PRIORITY=\(level.priority)\n"
        entry += "TOWLINE_EVENT=\(Log.escaped(event))\n"
        for (name, value) in fields { entry += "TOWLINE_\(name.uppercased())=\(Log.escaped(value.description))\n" }
        return entry
    }
}

extension LogLevel {
    /// syslog(3)'s number.
    var priority: Int {
        switch self {
        case .debug: 7
        case .notice: 5
        case .warning: 4
        case .error: 3
        }
    }
}
