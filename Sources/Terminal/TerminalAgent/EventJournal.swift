import Support
import TerminalCore

/// What happened lately, for people.
struct EventJournal {
    /// How many events are kept.
    static let capacity = 64

    private(set) var events: [TerminalStatus.Event] = []
    private var last = 0
    /// The stages that this try has passed already: fetching the relay's key makes it pass the first ones twice.
    private var passed: Set<ConnectionStage> = []

    /// Notes an event.
    mutating func add(_ text: String, isFailure: Bool = false) {
        last += 1
        events.append(TerminalStatus.Event(number: last, at: WallTime.now.description, text: text, isFailure: isFailure))
        if events.count > Self.capacity { events.removeFirst() }
    }

    /// Notes that a connection came to `stage`, so everything before it is done.
    mutating func add(reached stage: ConnectionStage, from before: SupportLifecycle.Phase) {
        guard case .trying(_, let previous) = before else { return }
        for done in ConnectionStage.allCases where done >= previous && done < stage && passed.insert(done).inserted {
            add(done.achievement)
        }
        if stage == .waiting {
            add(stage.title)
            passed = []
        }
    }

    /// Notes a failure: what, and what to do.
    mutating func add(failed failure: TunnelFailure) {
        passed = []
        add(failure.explanation, isFailure: true)
    }

    /// Notes that support was switched on or off.
    mutating func add(switched text: String) {
        passed = []
        add(text)
    }
}
