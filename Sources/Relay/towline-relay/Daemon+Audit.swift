import RelayCore
import SystemCalls

extension Daemon {
    /// The audit log is in the log too, for the journal and for whatever watches logs: an event each, named by its action.
    static func audited(in log: Log) -> @Sendable (AuditEntry) -> Void {
        { entry in
            log.write(
                warnings.contains(entry.action) ? .warning : .notice, entry.action,
                ["audit": entry.number, "actor": entry.actor, "subject": entry.subject, "detail": entry.detail])
        }
    }

    /// What somebody should look at.
    private static let warnings: Set = ["refused", "terminal.clone-suspected", "terminal.host-keys-changed"]
}
