import SSHProtocol
import SystemCalls

/// How much may be under way to a peer: given to the kernel and not acknowledged by the peer's.
///
/// The kernel alone would take megabytes for a peer behind a modem, and a keystroke's echo would wait behind them. If a limit's worth
/// arrives in the time that is allowed, the next is twice as much; if it takes more than twice that time, half as much. The time
/// includes the round trip, so a long line is kept full. Above `ProtocolLimits.outboundHighWater` nothing is limited or measured any more,
/// until the socket stalls. A pure value; used by the connection that owns it.
struct SendLimit {
    /// What it begins with: as much as TCP itself sends into a network it does not know (RFC 6928: ten segments).
    static let start = 16 * 1024
    /// The least: two packets of a channel.
    static let least = 2 * 1024
    /// Bytes below which the kernel is not bothered, if more are waiting.
    static let leastWorthSending = 1024
    /// The pause between two looks at what has arrived: a local network's round trip at least. It doubles while nothing arrives, up to a
    /// second, so that many peers that never read cost next to nothing.
    static let shortestPause = Duration.milliseconds(1)
    static let longestPause = Duration.seconds(1)

    /// Bytes that may be under way.
    private(set) var bytes = start
    /// Since when and from which byte on the limit is being tried; `nil` while nothing is under way.
    private var trial: (since: MonotonicTime, delivered: UInt64)?
    /// Whether more would have been sent in this trial.
    private var isTooLittle = false

    /// Bytes that may wait before the kernel (`ServerConnection.outboundRoom`): half of what is under way.
    var room: Int { isUnlimited ? ProtocolLimits.outboundHighWater : max(bytes / 2, ProtocolLimits.outboundLowWater) }

    /// Whether the peer is fast enough to be left to the kernel.
    var isUnlimited: Bool { bytes >= ProtocolLimits.outboundHighWater }

    /// Judges by what has arrived.
    ///
    /// - Parameters:
    ///   - given: bytes that the kernel was given since the connection began.
    ///   - delivered: how many of them the peer's kernel has acknowledged.
    ///   - allowed: the time in which a whole limit should arrive.
    mutating func update(given: UInt64, delivered: UInt64, now: MonotonicTime, allowed: Duration) {
        guard let (since, before) = trial else {
            return begin(now, delivered)
        }
        let (time, hasArrived) = (now - since, Self.arrived(delivered, before) >= bytes)
        if hasArrived, time <= allowed {
            bytes = min(bytes * 2, ProtocolLimits.outboundHighWater)
        } else if isTooLittle, time > allowed * 2 {
            bytes = max(bytes / 2, Self.least)
        } else if !hasArrived, given != delivered || time <= allowed {
            return
        }
        // Also where less was given than would be allowed, and all of it is there: that proves nothing.
        begin(now, delivered)
    }

    /// More waits than is allowed.
    mutating func heldBack() { isTooLittle = true }

    /// The kernel takes no more. Limits again what is slow: what does not move a whole `outboundHighWater` in the allowed time.
    mutating func stalled(delivered: UInt64, now: MonotonicTime, allowed: Duration) {
        guard isUnlimited, let (since, before) = trial, now - since >= allowed else {
            if trial == nil { begin(now, delivered) }
            return
        }
        let isSlow = Double(Self.arrived(delivered, before)) * (allowed / (now - since)) < Double(ProtocolLimits.outboundHighWater)
        if isSlow { bytes = ProtocolLimits.outboundHighWater / 2 }
        begin(now, delivered)
    }

    /// Nothing is sent: what was learned of the network ages.
    mutating func idle() {
        bytes = Self.start
        trial = nil
    }

    /// The kernel's count may step back by one: it takes the end of the stream for a byte.
    private static func arrived(_ delivered: UInt64, _ before: UInt64) -> Int { delivered > before ? Int(delivered - before) : 0 }

    private mutating func begin(_ now: MonotonicTime, _ delivered: UInt64) {
        trial = (now, delivered)
        isTooLittle = false
    }
}
