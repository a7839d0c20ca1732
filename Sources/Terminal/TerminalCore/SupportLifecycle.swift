/// How long support stays on.
package enum SupportLimit: Hashable, Codable, Sendable {
    /// So long from the start.
    case duration(Duration)
    /// Until the customer stops it.
    case untilStopped

    /// What [Start] takes when nothing is said.
    package static let standard = SupportLimit.duration(.seconds(8 * 3600))
    /// The longest limit that can be set: who needs more says "until I stop it".
    package static let maximum = Duration.seconds(30 * 86_400)
}

/// Why support is off.
package enum OffReason: String, Codable, Sendable {
    /// It was never started since the program runs.
    case neverStarted
    /// The customer stopped it.
    case stopped
    /// Its time limit passed.
    case timeLimit
    /// The setting was deleted or replaced.
    case settingChanged
    /// The program ends.
    case shutDown
}

/// One try to bring the tunnel up: which port of the relay, and its number, so that news of an earlier one are told apart.
package struct TunnelAttempt: Hashable, Sendable {
    /// 1, 2, 3 … since the program runs.
    package let number: Int
    /// Which of the relay's ports, from 0.
    package let portIndex: Int
    /// Whether it goes to the address at which the relay was found last, whatever its name means now. N05
    package let usesLastAddress: Bool
}

/// Remote support as the customer switches it: when to connect, when to pause, when to give up, when time is over.
///
/// Pure: events come in with the time, actions come out, and the driver performs them. It owns no process, no timer, no clock, no chance.
package struct SupportLifecycle: Sendable {
    /// Where things stand.
    package enum Phase: Hashable, Sendable {
        /// Support is off: no ssh client, no logins, nothing will start by itself.
        case off(OffReason)
        /// An ssh client runs and has come as far as the stage.
        case trying(TunnelAttempt, ConnectionStage)
        /// The ssh client got as far as the relay's key and was not told yet which to expect: the key is fetched and compared.
        case pinning(TunnelAttempt, offered: String)
        /// The tunnel stands.
        case waiting(TunnelAttempt, since: Uptime)
        /// The last attempt failed; the next one comes at `until`, or at once when the network changes.
        case pausing(until: Uptime, after: TunnelFailure)
        /// The last attempt failed in a way that no other attempt can mend: somebody has to decide.
        case stopped(TunnelFailure)
    }

    /// What the driver has to do, in this order.
    package enum Action: Hashable, Sendable {
        /// Start an ssh client for this attempt.
        case connect(TunnelAttempt)
        /// End the ssh client, if one runs; what it still says is of no interest.
        case disconnect
        /// Fetch the relay's keys and compare them with the confirmed fingerprint; answer with `relayPinned` or `failed`.
        case pinRelayKey(TunnelAttempt, offered: String)
        /// End every login with all its processes.
        case endLogins
        /// Tell everybody that support ends in so long.
        case warn(Duration)
    }

    /// Where things stand.
    package private(set) var phase: Phase
    /// When support ends by itself; nil when off or until stopped.
    package private(set) var deadline: Uptime?
    /// The failure before the current attempt, until the tunnel stands: what a person wants to see while it tries again.
    package private(set) var lastFailure: TunnelFailure?

    private var backoff = Backoff()
    private var attempts = 0
    private var portCount: Int
    /// Ports that failed in a row in this round.
    private var portsFailed = 0
    /// The port that worked last, or the one to try next.
    private var portIndex = 0
    /// The warnings that are still to come before the deadline, longest first.
    private var warningsLeft: [Duration] = []

    /// How long before its end support is said to end soon. DESIGN §6.
    package static let warnings: [Duration] = [.seconds(15 * 60), .seconds(5 * 60)]

    /// Support that is off.
    ///
    /// - Parameter portCount: how many ports the relay of the setting has, at least 1.
    package init(portCount: Int, off reason: OffReason = .neverStarted) {
        precondition(portCount >= 1, "a relay has a port")
        self.portCount = portCount
        phase = .off(reason)
    }

    /// Whether the customer has switched support on.
    package var isOn: Bool { if case .off = phase { false } else { true } }

    /// Whether new logins may begin.
    package var admitsLogins: Bool { if case .waiting = phase { true } else { false } }

    /// When `wake` has to be called next at the latest; nil if nothing waits for time.
    package var nextWake: Uptime? {
        guard isOn else { return nil }
        var times = [deadline, deadline.flatMap { end in warningsLeft.first.map { end - $0 } }]
        if case .pausing(let until, _) = phase { times.append(until) }
        return times.compactMap { $0 }.min()
    }

    /// The customer starts support. Starting what is on sets its limit anew, and tries at once if it was pausing or stopped.
    package mutating func start(_ limit: SupportLimit, at now: Uptime) -> [Action] {
        end(at: Self.end(of: limit, from: now), seenFrom: now)
        switch phase {
        case .trying, .pinning, .waiting: return []
        case .off, .pausing, .stopped:
            backoff.reset()
            portsFailed = 0
            lastFailure = nil
            return [connect()]
        }
    }

    /// Goes on after the program itself was restarted: like `start`, but with the end that was set then.
    package mutating func resume(until deadline: Uptime?, at now: Uptime) -> [Action] {
        let actions = start(.untilStopped, at: now)
        end(at: deadline, seenFrom: now)
        return actions + wake(at: now)
    }

    /// The customer gives support more time, counted from the end that is set.
    ///
    /// - Returns: the new end; nil if support is off, has no end, or would last longer than it may, and nothing changed.
    package mutating func extend(by duration: Duration, at now: Uptime) -> Uptime? {
        guard isOn, let deadline, deadline + duration <= now + SupportLimit.maximum else { return nil }
        end(at: deadline + duration, seenFrom: now)
        return self.deadline
    }

    /// The customer takes time away, counted from the end that is set.
    ///
    /// - Returns: the new end; nil if support is off, has no end, or would have to end at once, and nothing changed.
    package mutating func shorten(by duration: Duration, at now: Uptime) -> Uptime? {
        guard isOn, let deadline, deadline - duration > now else { return nil }
        end(at: deadline - duration, seenFrom: now)
        return self.deadline
    }

    /// The customer sets the limit anew, from now. Nothing happens when support is off.
    package mutating func setLimit(_ limit: SupportLimit, at now: Uptime) {
        guard isOn else { return }
        end(at: Self.end(of: limit, from: now), seenFrom: now)
    }

    /// Connects anew, with a setting whose relay has `portCount` ports. The limit stays. What is off stays off.
    package mutating func restart(portCount: Int) -> [Action] {
        precondition(portCount >= 1, "a relay has a port")
        guard isOn else { return [] }
        self.portCount = portCount
        portIndex = 0
        portsFailed = 0
        lastFailure = nil
        backoff.reset()
        return [.disconnect, connect()]
    }

    /// Support goes off, whatever it was doing. What is off stays as it is.
    package mutating func stop(_ reason: OffReason) -> [Action] {
        guard isOn else { return [] }
        phase = .off(reason)
        deadline = nil
        warningsLeft = []
        lastFailure = nil
        return [.disconnect, .endLogins]
    }

    /// The ssh client of `attempt` came this far. News of earlier attempts change nothing.
    package mutating func reached(_ stage: ConnectionStage, by attempt: TunnelAttempt, at now: Uptime) {
        guard case .trying(attempt, let previous) = phase, stage > previous else { return }
        if stage == .waiting {
            phase = .waiting(attempt, since: now)
            lastFailure = nil
            portsFailed = 0
        } else {
            phase = .trying(attempt, stage)
        }
    }

    /// The relay's key was fetched, fits the confirmed fingerprint, and is pinned from now on.
    package mutating func relayPinned(by attempt: TunnelAttempt) -> [Action] {
        guard case .pinning(attempt, _) = phase else { return [] }
        return [connect()]
    }

    /// The ssh client of `attempt` ended, or its key could not be pinned.
    ///
    /// - Parameters:
    ///   - chance: 0 ..< 1, for the pause.
    ///   - knowsLastAddress: whether the relay was found before at an address that this attempt did not try.
    package mutating func failed(
        _ failure: TunnelFailure, by attempt: TunnelAttempt, at now: Uptime, chance: Double, knowsLastAddress: Bool = false
    ) -> [Action] {
        switch phase {
        case .trying(attempt, _):
            if case .relayKeyNotPinned(let offered) = failure {
                phase = .pinning(attempt, offered: offered)
                return [.pinRelayKey(attempt, offered: offered)]
            }
        case .pinning(attempt, _): break
        case .waiting(attempt, let since):
            // Logins came through the tunnel that is gone: their servers notice and end. What staff left running in the background
            // (an upgrade in a tmux) goes on and is there when they are back; only switching support off ends it.
            if now - since >= Backoff.stability { backoff.reset() }
        default: return []
        }
        lastFailure = failure
        guard failure.isWorthRetrying else {
            phase = .stopped(failure)
            return []
        }
        if !attempt.usesLastAddress {
            if failure.isWorthAnotherPort {
                portsFailed += 1
                portIndex = (portIndex + 1) % portCount
                if portsFailed < portCount { return [connect()] }
            }
            // The name may mean nothing now, or something else than the relay; where it was last is worth one try a round.
            if knowsLastAddress, failure.isWorthAnotherPort || failure.stage == .resolving {
                portsFailed = 0
                return [connect(toLastAddress: true)]
            }
        }
        portsFailed = 0
        phase = .pausing(until: now + backoff.pause(chance: chance, cap: failure.longestPause), after: failure)
        return []
    }

    /// A network interface or address came up: a pause has lost its reason.
    package mutating func networkCameUp() -> [Action] {
        guard case .pausing = phase else { return [] }
        backoff.reset()
        return [connect()]
    }

    /// Time passed: ends support whose limit is over, warns before that, tries again after a pause.
    package mutating func wake(at now: Uptime) -> [Action] {
        if let deadline, now >= deadline { return stop(.timeLimit) }
        var actions: [Action] = []
        if let deadline {
            var due: Duration?
            while let next = warningsLeft.first, deadline - now <= next { due = warningsLeft.removeFirst() }
            if let due { actions.append(.warn(due)) }
        }
        if case .pausing(let until, _) = phase, now >= until { actions.append(connect()) }
        return actions
    }

    private mutating func connect(toLastAddress: Bool = false) -> Action {
        attempts += 1
        let attempt = TunnelAttempt(number: attempts, portIndex: portIndex, usesLastAddress: toLastAddress)
        phase = .trying(attempt, .resolving)
        return .connect(attempt)
    }

    private static func end(of limit: SupportLimit, from now: Uptime) -> Uptime? {
        switch limit {
        case .untilStopped: nil
        case .duration(let duration): now + min(max(duration, .zero), SupportLimit.maximum)
        }
    }

    /// Sets the end; warnings come only for moments that lie ahead.
    private mutating func end(at deadline: Uptime?, seenFrom now: Uptime) {
        self.deadline = deadline
        warningsLeft = deadline.map { end in Self.warnings.filter { end - now > $0 } } ?? []
    }
}
