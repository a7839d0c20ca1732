package import Support

/// A stretch of time in which a terminal held its tunnel, as the store remembers it.
///
/// Takeovers go on with the period, and so does a terminal that comes back within `rejoinTime` of an end that nobody asked for: a bad line
/// is one period with many reconnects, and what the customer closed is two.
package struct OnlinePeriod: Hashable, Sendable {
    /// When the tunnel was granted first.
    package let began: WallTime
    /// The peer that holds it, or held it last, as `address:port`, printable.
    package let source: String
    /// The software of that peer, printable.
    package let clientVersion: String
    /// How often a newer connection has gone on with it.
    package let reconnects: Int
    /// How it ended; `nil`: it has not.
    package let end: End?

    /// How a period ended.
    package struct End: Hashable, Sendable {
        /// When the relay took the tunnel back.
        package let at: WallTime
        /// When bytes of the terminal last proved that it was there: earlier than `at` if it fell silent.
        package let lastHeard: WallTime
        /// Why.
        package let reason: TunnelEnd

        /// An end from its parts.
        package init(at: WallTime, lastHeard: WallTime, reason: TunnelEnd) {
            self.at = at
            self.lastHeard = lastHeard
            self.reason = reason
        }

        /// Whether a terminal that comes at `moment` goes on with the period.
        package func isRejoined(at moment: WallTime) -> Bool {
            switch reason {
            case .closedByTerminal, .revoked, .supportOver: false
            case .connectionLost, .silent, .takenOver, .protocolError, .relayStopped, .recovered:
                moment.secondsSince1970 - at.secondsSince1970 <= OnlinePeriod.rejoinTime
            }
        }
    }

    /// A period from its parts.
    package init(began: WallTime, source: String, clientVersion: String, reconnects: Int, end: End?) {
        self.began = began
        self.source = source
        self.clientVersion = clientVersion
        self.reconnects = reconnects
        self.end = end
    }

    // MARK: Bounds

    /// Time in seconds within which a terminal that lost its line goes on with its period: the longest pause between two of its attempts.
    package static let rejoinTime: Int64 = 60
    /// Periods that are kept for each terminal, the newest: at 160 bytes each, 10,000 terminals that never rest take 320 MB (SECURITY S06).
    package static let mostPerTerminal = 200
    /// Time in seconds that a period is kept after its end: 400 days, so that last year's season can be looked up.
    package static let retention: Int64 = 400 * 86_400
}
