package import RelayCore
import Synchronization

/// Counts what the switch reports, for metrics. Any thread; asked for decisions only, never for data.
package final class EventTally: Sendable {
    /// What was counted since the relay started.
    struct Counts: Hashable, Sendable {
        var tunnels: UInt64 = 0
        var tunnelEnds: [TunnelEnd: UInt64] = [:]
        var takeovers: UInt64 = 0
        var clones: UInt64 = 0
        var bridges: UInt64 = 0
        var bridgeEnds: [BridgeEnd: UInt64] = [:]
        var refusals: [String: UInt64] = [:]
    }

    private let counts = Mutex(Counts())

    /// Nothing has happened yet.
    package init() {}

    /// Counts one event.
    package func count(_ event: RelayEvent) {
        counts.withLock { counts in
            switch event {
            case .terminalOnline: counts.tunnels += 1
            case .terminalOffline(_, _, let reason, _, _): counts.tunnelEnds[reason, default: 0] += 1
            case .supportBegan, .supportOver, .keyUsed, .learnedHostKey, .servedWithoutStrictKeyExchange: break
            case .tookOver: counts.takeovers += 1
            case .cloneSuspected: counts.clones += 1
            case .bridgeOpened: counts.bridges += 1
            case .bridgeClosed(_, _, _, let reason, _): counts.bridgeEnds[reason, default: 0] += 1
            case .refused(_, let who, _, _, _): counts.refusals[Self.label(of: who), default: 0] += 1
            }
        }
    }

    var current: Counts { counts.withLock { $0 } }

    private static func label(of who: Principal?) -> String {
        switch who {
        case .terminal: "terminal"
        case .staff: "staff"
        case nil: "stranger"
        }
    }
}
