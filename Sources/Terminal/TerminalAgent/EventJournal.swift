import Support
import TerminalCore

/// What happened lately, for people.
struct EventJournal {
    /// How many events are kept.
    static let capacity = 64

    private(set) var events: [TerminalStatus.Event] = []
    private var last = 0

    /// Notes an event.
    mutating func add(_ text: String, isFailure: Bool = false) {
        last += 1
        events.append(TerminalStatus.Event(number: last, at: WallTime.now.description, text: text, isFailure: isFailure))
        if events.count > Self.capacity { events.removeFirst() }
    }

    /// Notes that a connection came to `stage`, so everything before it is done.
    mutating func add(reached stage: ConnectionStage, from before: SupportLifecycle.Phase) {
        guard case .trying(_, let previous) = before else { return }
        for done in ConnectionStage.allCases where done >= previous && done < stage { add(done.achievement) }
        if stage == .waiting { add(stage.title) }
    }

    /// Notes a failure: what, and what to do.
    mutating func add(failed failure: TunnelFailure) { add(failure.explanation, isFailure: true) }
}
