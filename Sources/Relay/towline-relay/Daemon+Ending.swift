import EventLoops
import RelayCore
import RelayOperation
import RelaySwitch
import ServiceManager
import Support
import SystemCalls

extension Daemon {
    /// How long peers have to go away once the relay ends; all must be over within 10 s (issue 2 §3).
    static let partingTime = Duration.seconds(6)
    /// The same when the relay was asked twice.
    private static let shortPartingTime = Duration.seconds(1)
    /// How often it is looked whether the last session has ended.
    private static let drainInterval = Duration.milliseconds(100)

    /// Lets open sessions come to their end: nothing new begins, idle terminals are sent away bit by bit. Returns when there is no session
    /// any more, when `drain-time` is over, or when a second signal comes; at once if there is none. (SECURITY R11, U01.)
    func drain(_ relay: SwitchboardGroup, _ inbox: SignalInbox, _ state: DaemonState, _ log: Log) async {
        let configuration = state.configuration
        let open = await relay.bridgeCount
        guard configuration.drainTime > .zero, open > 0 else { return }
        let deadline = MonotonicClock.now + configuration.drainTime
        state.isDraining = true
        log.notice("relay drains", ["sessions": open, "seconds": configuration.drainTime.components.seconds])
        supervisor.tell(.stopping, .extendTimeout(configuration.drainTime + .seconds(10)))
        await relay.beginDraining(over: min(configuration.drainSpread, configuration.drainTime))
        var left = open
        while left > 0, MonotonicClock.now < deadline, !inbox.isImpatient {
            let minutes = (deadline - MonotonicClock.now).components.seconds / 60
            supervisor.tell(.status("waiting for \(left) open sessions, \(minutes + 1) min at most"))
            // Sleeping throws when the task is cancelled, which nobody does here.
            try? await Task.sleep(for: Self.drainInterval)
            left = await relay.bridgeCount
        }
        log.notice("relay drained", ["sessions left": left])
    }

    /// The signals to obey, as they come.
    func watch(_ signals: EndSignals, on loop: EventLoop) throws(Failure) -> SignalInbox {
        let inbox = SignalInbox()
        signals.report = { inbox.arrived($0) }
        _ = try attempt("cannot wait for signals") { () throws(SystemError) in
            try loop.register(signals.raw, interest: .read, handler: signals)
        }
        return inbox
    }

    /// How long peers have to go away now.
    func partingTime(_ inbox: SignalInbox) -> Duration { inbox.isImpatient ? Self.shortPartingTime : Self.partingTime }
}
