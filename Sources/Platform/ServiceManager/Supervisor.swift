package import SystemCalls

/// The service manager that started this program, if one did that wants to hear from it: systemd, by its datagram protocol.
///
/// - Source: sd_notify(3), sd_watchdog_enabled(3); the library itself is not needed.
package final class Supervisor: Sendable {
    private let sender: DatagramSender?
    /// How often it wants a sign of life at the latest; `nil` if it does not watch. The program gives one twice as often.
    package let watchdogTime: Duration?

    /// The supervisor that the environment names; without `NOTIFY_SOCKET` nobody is told anything.
    /// - Parameters:
    ///   - environment: `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`; values that make no sense count as absent.
    ///   - process: our own number.
    package init(environment: [String: String], process: Int32) {
        // A socket that cannot be made: then nobody hears us, as without a supervisor.
        sender = environment["NOTIFY_SOCKET"].flatMap { try? DatagramSender(to: $0) }
        let isForUs = environment["WATCHDOG_PID"].map { $0 == "\(process)" } ?? true
        let time = environment["WATCHDOG_USEC"].flatMap { Int64($0) }.flatMap { $0 > 0 ? Duration.microseconds($0) : nil }
        watchdogTime = isForUs && sender != nil ? time : nil
    }

    /// Whether anybody is told.
    package var isPresent: Bool { sender != nil }

    /// What a program says about itself.
    package enum Message: Hashable, Sendable {
        /// It serves: units ordered after it may start.
        case ready
        /// It reads its configuration again since this moment; `.ready` ends that.
        case reloading(MonotonicTime)
        /// It is about to end.
        case stopping
        /// One line for `systemctl status`.
        case status(String)
        /// It lives.
        case alive
        /// Starting or stopping takes at least so long from now on.
        case extendTimeout(Duration)

        var text: String {
            switch self {
            case .ready: "READY=1"
            case .reloading(let moment): "RELOADING=1\nMONOTONIC_USEC=\(moment.nanoseconds / 1000)"
            case .stopping: "STOPPING=1"
            case .status(let line): "STATUS=\(Log.escaped(line))"
            case .alive: "WATCHDOG=1"
            case .extendTimeout(let time): "EXTEND_TIMEOUT_USEC=\(max(0, time.wholeNanoseconds / 1000))"
            }
        }
    }

    /// Tells it. Never waits; what it does not take is lost, which is no reason to stop serving.
    package func tell(_ messages: Message...) {
        guard let sender, !messages.isEmpty else { return }
        // See above.
        try? sender.send(messages.map(\.text).joined(separator: "\n"))
    }
}
