package import SSHKeys
package import Support

/// The number of a terminal in the registry; never used again after the terminal is removed.
package struct TerminalID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// 1 or more, as the store gave it.
    package let rawValue: Int64

    /// Wraps a number from the store.
    package init(_ rawValue: Int64) { self.rawValue = rawValue }

    /// The order in which terminals were added.
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// `terminal 7`, for logs.
    package var description: String { "terminal \(rawValue)" }
}

/// The number of a member of staff in the registry; never used again after removal.
package struct StaffID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// 1 or more, as the store gave it.
    package let rawValue: Int64

    /// Wraps a number from the store.
    package init(_ rawValue: Int64) { self.rawValue = rawValue }

    /// The order in which staff were added.
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// `staff 7`, for logs.
    package var description: String { "staff \(rawValue)" }
}

/// The number of a group of staff in the registry; never used again after removal.
package struct GroupID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// 1 or more, as the store gave it.
    package let rawValue: Int64

    /// Wraps a number from the store.
    package init(_ rawValue: Int64) { self.rawValue = rawValue }

    /// The order in which groups were added.
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// `group 7`, for logs.
    package var description: String { "group \(rawValue)" }
}

/// The number of a bridge within one run of the relay: the switch counts up from 1.
///
/// The store adds the number of the run, so that bridges of different runs stay apart.
package struct BridgeID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// 1 or more.
    package let rawValue: Int64

    /// Wraps a number that the switch counted.
    package init(_ rawValue: Int64) { self.rawValue = rawValue }

    /// The order in which bridges were opened.
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// The number alone, for logs of one run.
    package var description: String { String(rawValue) }
}

/// A bridge as people name it, `3-17`: the run of the relay, and the bridge's number in it. Never used again.
package struct SessionID: ParsedFromText {
    /// The run in which it was opened.
    package let run: RunID
    /// Its number there.
    package let bridge: BridgeID

    /// The session of a bridge.
    package init(run: RunID, bridge: BridgeID) {
        self.run = run
        self.bridge = bridge
    }

    package init(parsing text: String) throws(ParseError) {
        let numbers = text.split(separator: "-", omittingEmptySubsequences: false).map { Int64(digits: $0) }
        guard numbers.count == 2, let run = numbers[0], let bridge = numbers[1] else {
            throw ParseError("session", text, "write it as `sessions` shows it, such as 3-17")
        }
        self.init(run: RunID(run), bridge: BridgeID(bridge))
    }

    package var description: String { "\(run.rawValue)-\(bridge)" }
}

/// Whom a key belongs to. A key belongs to one principal only.
package enum Principal: Hashable, Sendable {
    /// The key is the one that a terminal issued.
    case terminal(TerminalID)
    /// The key is one of a member of staff.
    case staff(StaffID)
}

/// Who gives a command.
package enum Caller: Hashable, Sendable {
    /// Somebody on the relay machine itself who may use its control socket or its store: may do everything.
    /// `name` is the login name there, for the audit log.
    case localOperator(name: String)
    /// A connection that proved a key. `source` is the peer as `address:port`.
    case principal(Principal, key: PublicKey, source: String)
}
