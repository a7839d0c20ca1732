package import SSHKeys
package import Support

/// Something that happened in the switch and that the store remembers.
///
/// Reported without waiting; written in batches behind the switch's back.
package enum RelayEvent: Hashable, Sendable {
    /// A terminal's tunnel was granted its port. `source` is `address:port`; `clientVersion` is raw text of the peer.
    case terminalOnline(TerminalID, source: String, clientVersion: String, at: WallTime)
    /// A terminal's tunnel ended. `lastHeard` is when its bytes last proved it alive.
    case terminalOffline(TerminalID, source: String, reason: TunnelEnd, lastHeard: WallTime, at: WallTime)
    /// A period of support began: the terminal came after it was away.
    case supportBegan(TerminalID, at: WallTime)
    /// A terminal asked for its tunnel, or lost it, because its period of support is over.
    case supportOver(TerminalID, at: WallTime)
    /// A new connection of the same key took the port from an older one.
    case tookOver(TerminalID, oldSource: String, newSource: String, at: WallTime)
    /// Live connections of one key keep taking the port from each other.
    case cloneSuspected(TerminalID, sources: [String], at: WallTime)
    /// A member of staff proved a key.
    case keyUsed(StaffID, PublicKey, at: WallTime)
    /// A peer that proved `key` had a host key of the relay's proved: it knows that one from now on.
    case learnedHostKey(Principal, key: PublicKey, hostKey: Fingerprint, at: WallTime)
    /// Staff were joined to a terminal.
    case bridgeOpened(BridgeID, StaffID, key: Fingerprint, TerminalID, source: String, at: WallTime)
    /// A bridge ended; the counters are the bytes that it carried.
    case bridgeClosed(BridgeID, bytesToTerminal: UInt64, bytesFromTerminal: UInt64, reason: BridgeEnd, at: WallTime)
    /// A peer was let in without strict key exchange, whose first packets an attacker on the way can take out unnoticed
    /// (CVE-2023-48795). `clientVersion` is raw text of the peer; a version is reported once by each switchboard.
    case servedWithoutStrictKeyExchange(source: String, who: Principal, clientVersion: String, at: WallTime)
    /// Something was refused. `who` is `nil` before authentication; `what` names the request, `why` is the sentence; both raw.
    case refused(source: String, who: Principal?, what: String, why: String, at: WallTime)
}

/// Why a tunnel ended. The raw value stands in the store.
package enum TunnelEnd: String, CaseIterable, Hashable, Sendable {
    /// The terminal closed the connection, or cancelled the forward.
    case closedByTerminal = "closed by the terminal"
    /// The connection broke.
    case connectionLost = "connection lost"
    /// No bytes in spite of keepalives.
    case silent = "no sign of life"
    /// A newer connection of the same key took over.
    case takenOver = "taken over"
    /// The key or the terminal was disabled, replaced or removed.
    case revoked = "no longer allowed"
    /// Support was open as long as the relay allows.
    case supportOver = "support limit reached"
    /// The peer broke the protocol or a limit.
    case protocolError = "protocol error"
    /// The relay ended.
    case relayStopped = "the relay stopped"
    /// Found open in the store when the relay started: the run before died.
    case recovered = "recovered"
}

/// Why a bridge ended. The raw value stands in the store and in the audit log.
package enum BridgeEnd: String, CaseIterable, Hashable, Sendable {
    /// One of both ends closed it in the regular way.
    case finished = "finished"
    /// The member of staff's connection broke or was closed around it.
    case staffLeft = "staff disconnected"
    /// The terminal's tunnel ended.
    case tunnelEnded = "the terminal's tunnel ended"
    /// The terminal did not accept the connection.
    case refusedByTerminal = "refused by the terminal"
    /// The grant ended, or the key, the member of staff or the terminal was disabled or removed.
    case revoked = "no longer allowed"
    /// Ended by a command.
    case endedByOperator = "ended by the operator"
    /// The relay ended.
    case relayStopped = "the relay stopped"
    /// Found open in the store when the relay started: the run before died.
    case recovered = "recovered"
}
