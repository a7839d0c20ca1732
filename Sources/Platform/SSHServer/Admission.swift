package import SystemCalls
import Synchronization

/// What becomes of a new connection.
package enum AdmissionVerdict: Equatable, Sendable {
    case admitted
    /// Too many from its source that have not authenticated.
    case sourceFull
    /// Its source has failed too often.
    case penalised
}

/// Counts peers that have not authenticated, overall and per source, and remembers sources that fail or that hold good keys.
///
/// Shared by all loops; asked a few times per connection, never per packet. Bounded by `ServerLimits`.
package final class Admission: Sendable {
    private struct Memory {
        /// The moment from which nothing is held against the source any more.
        var penaltyEnds: MonotonicTime
        /// The moment until which a good key that has left protects the source.
        var protectedUntil: MonotonicTime
        /// The moment from which remembering it changes nothing.
        var expiry: MonotonicTime { max(penaltyEnds, protectedUntil) }
    }

    private struct State {
        var unauthenticated = 0
        var perSource: [SourceGroup: Int] = [:]
        var memories: [SourceGroup: Memory] = [:]
        /// Authenticated connections of each source that has one; they protect it as long as they last.
        var authenticated: [SourceGroup: Int] = [:]

        func isProtected(_ source: SourceGroup, at now: MonotonicTime) -> Bool {
            if authenticated[source] != nil { return true }
            return memories[source].map { $0.protectedUntil > now } ?? false
        }
    }

    private let limits: ServerLimits
    private let state = Mutex(State())

    /// Nobody is here yet.
    package init(limits: ServerLimits) {
        self.limits = limits
    }

    /// Asks for a place for a connection from `source`. If admitted, `left` must be called once.
    package func admit(_ source: SourceGroup, at now: MonotonicTime) -> AdmissionVerdict {
        state.withLock { state in
            if let memory = state.memories[source], memory.penaltyEnds > now, memory.penaltyEnds - now >= limits.penaltyThreshold,
                !state.isProtected(source, at: now)
            {
                return .penalised
            }
            let count = state.perSource[source, default: 0]
            guard count < limits.unauthenticatedPerSource else { return .sourceFull }
            state.unauthenticated += 1
            state.perSource[source] = count + 1
            return .admitted
        }
    }

    /// Gives a place back: the connection has authenticated or ended.
    package func left(_ source: SourceGroup) {
        state.withLock { state in
            state.unauthenticated -= 1
            let count = state.perSource[source, default: 1] - 1
            state.perSource[source] = count == 0 ? nil : count
        }
    }

    /// A connection from `source` showed a good key: nothing is held against the source while it lasts. `departed` must be called once.
    package func succeeded(_ source: SourceGroup) {
        state.withLock { state in
            state.authenticated[source, default: 0] += 1
            state.memories[source] = nil
        }
    }

    /// A connection that had authenticated is over: its source stays protected for `goodKeyMemory`, so that it can come back.
    package func departed(_ source: SourceGroup, at now: MonotonicTime) {
        state.withLock { state in
            let count = state.authenticated[source, default: 1] - 1
            state.authenticated[source] = count == 0 ? nil : count
            if count == 0 { remember(&state, source, Memory(penaltyEnds: now, protectedUntil: now + limits.goodKeyMemory), now) }
        }
    }

    /// Holds a failed connection against `source`.
    package func failed(_ source: SourceGroup, at now: MonotonicTime) {
        state.withLock { state in
            guard !state.isProtected(source, at: now) else { return }
            var memory = state.memories[source] ?? Memory(penaltyEnds: now, protectedUntil: now)
            memory.penaltyEnds = min(max(memory.penaltyEnds, now) + limits.penalty, now + limits.longestPenalty)
            remember(&state, source, memory, now)
        }
    }

    /// Whether one more connection may be taken from a listener. Every loop may find the last place, and each is then filled: turning
    /// somebody away for it would be worse.
    package var hasRoom: Bool { unauthenticatedCount < limits.unauthenticated }

    /// Connections that have not authenticated.
    package var unauthenticatedCount: Int { state.withLock(\.unauthenticated) }

    private func remember(_ state: inout State, _ source: SourceGroup, _ memory: Memory, _ now: MonotonicTime) {
        if state.memories[source] == nil, state.memories.count >= limits.rememberedSources {
            state.memories = state.memories.filter { $0.value.expiry > now }
            if state.memories.count >= limits.rememberedSources,
                let least = state.memories.min(by: { $0.value.expiry < $1.value.expiry })
            {
                state.memories[least.key] = nil
            }
        }
        state.memories[source] = memory
    }
}
