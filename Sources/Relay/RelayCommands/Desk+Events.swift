package import RelayCore
package import Support

/// What `events` is asked for.
package struct EventsWish: Hashable, Sendable {
    /// Where to begin.
    package enum Beginning: Hashable, Sendable {
        /// With the newest so many.
        case last(Int)
        /// Behind this event.
        case after(Int64)
    }

    /// Where to begin.
    package let beginning: Beginning
    /// Whether to go on with what happens.
    package let isFollowing: Bool

    /// A wish from its parts.
    package init(_ beginning: Beginning, isFollowing: Bool = false) {
        self.beginning = beginning
        self.isFollowing = isFollowing
    }
}

/// An occurrence as programs read it: a line of `events --json`, and the body of a webhook.
package struct EventView: Hashable, Sendable, Encodable {
    /// Grows from one event to the next.
    package let id: Int64
    /// When.
    package let at: WallTime
    /// What, for example `terminal.online`.
    package let event: String
    /// The relay's name.
    package let relay: String
    /// The terminal's name at that time.
    package let terminal: String
    /// The peer as `address:port`; `nil`: not known, or another's, which is for admins.
    package let from: String?
    /// The other place that uses the key.
    package let alsoFrom: String?
    /// The software at the terminal's end.
    package let clientVersion: String?
    /// Why it ended.
    package let reason: String?
    /// Fingerprints.
    package let key: String?
    /// Who.
    package let staff: String?
    /// The session, as `end` takes it.
    package let session: String?
    /// How long it was.
    package let seconds: Int64?
    /// Bytes from staff to the terminal.
    package let bytesToTerminal: Int64?
    /// Bytes from the terminal to staff.
    package let bytesFromTerminal: Int64?

    /// - Parameter isWhole: whether the reader may see where a session came from and by which key.
    package init(_ occurrence: Occurrence, relay: String, isWhole: Bool = true) {
        let facts = occurrence.facts
        let isHidden = facts.staff != nil && !isWhole
        id = occurrence.number
        at = occurrence.at
        event = occurrence.kind.rawValue
        self.relay = relay
        terminal = occurrence.name
        from = isHidden ? nil : facts.from
        alsoFrom = facts.alsoFrom
        clientVersion = facts.clientVersion
        reason = facts.reason
        key = isHidden ? nil : facts.key
        staff = facts.staff
        session = facts.session
        seconds = facts.seconds
        bytesToTerminal = facts.bytesToTerminal
        bytesFromTerminal = facts.bytesFromTerminal
    }

    /// One JSON object and a line feed.
    package var json: String { RelayReply.encode(self, isPretty: false) }

    /// One line for people.
    var text: String {
        let parts = [
            staff.map { "by \($0)" }, session.map { "session \($0)" }, from.map { "from \($0)" }, alsoFrom.map { "and from \($0)" },
            seconds.map { "for \(TimeSpan.text(seconds: $0))" }, reason, staff == nil ? key.map { "key \($0)" } : nil,
        ]
        let more = parts.compactMap(\.self).joined(separator: ", ")
        return "\(id) \(at) \(event) \(terminal)\(more.isEmpty ? "" : ": ")\(more)\n"
    }
}

/// Events in their order.
package struct EventsPage: Hashable, Sendable {
    /// Those that the caller may see, oldest first.
    package let events: [EventView]
    /// Events behind the number that was asked for that were dropped before they were read; those of all terminals are counted.
    package let lost: Int64
    /// The number behind which it goes on.
    package let next: Int64

    private struct Loss: Encodable {
        let event = "lost"
        let count: Int64
    }

    var text: String {
        (lost > 0 ? "\(lost) older events are lost: they were dropped before they were read\n" : "") + events.map(\.text).joined()
    }

    var json: String { (lost > 0 ? RelayReply.encode(Loss(count: lost), isPretty: false) : "") + events.map(\.json).joined() }
}

extension Desk {
    /// Commands that follow the events at most, together: each asks the store at every event.
    static let mostFollowers = 64
    /// Least time between two looks at the store for one follower: gathers the events of a storm.
    static let followingPause: Duration = .milliseconds(100)
    /// How long the end of the relay waits for those who follow; one that does not read is not told.
    private static let farewellTime: Duration = .milliseconds(500)
    /// Of so many newest events those are looked for that support staff may see.
    private static let eventsLookedThrough = 10_000

    /// The events that were asked for and that the caller may see.
    func events(_ wish: EventsWish, for caller: Caller, in registry: Registry) async throws(RelayCommandError) -> EventsPage {
        switch wish.beginning {
        case .after(let number): return try await events(after: number, limit: SupportCommands.mostEvents, for: caller, in: registry)
        case .last(let count):
            var found: [EventView] = []
            var (head, before): (Int64?, Int64?)
            var looked = 0
            repeat {
                let page = try await asked { () async throws(LedgerError) in
                    try await ledger.occurrences(before: before, limit: SupportCommands.mostEvents)
                }
                if head == nil { head = page.first?.number ?? 0 }
                guard let last = page.last else { break }
                found += page.compactMap { view(of: $0, for: caller, in: registry) }
                before = last.number
                looked += page.count
            } while found.count < count && looked < Self.eventsLookedThrough
            return EventsPage(events: found.prefix(count).reversed(), lost: 0, next: head ?? 0)
        }
    }

    private func events(
        after number: Int64, limit: Int, for caller: Caller, in registry: Registry
    ) async throws(RelayCommandError) -> EventsPage {
        let page = try await asked { () async throws(LedgerError) in try await ledger.occurrences(after: number, limit: limit) }
        return EventsPage(
            events: page.occurrences.compactMap { view(of: $0, for: caller, in: registry) }, lost: page.lost,
            next: page.occurrences.last?.number ?? number)
    }

    private func view(of occurrence: Occurrence, for caller: Caller, in registry: Registry) -> EventView? {
        guard case .principal(.staff(let id), _, _) = caller, registry.staff(id)?.role != .admin else {
            return EventView(occurrence, relay: identity.hostname)
        }
        guard registry.mayStillReach(id, occurrence.terminal, at: now()) else { return nil }
        let isOwn = occurrence.facts.staff == caller.staffName(in: registry)
        return EventView(occurrence, relay: identity.hostname, isWhole: isOwn)
    }

    /// Sends those who follow away, because the relay is about to end. Returns when they have been told, or after a moment.
    package func endFollowing() async {
        isLeaving = true
        bell.ring()
        let deadline = ContinuousClock.now + Self.farewellTime
        while followers > 0, ContinuousClock.now < deadline {
            // Cancelled: no more waiting.
            do { try await Task.sleep(for: .milliseconds(10)) } catch { return }
        }
    }

    /// Tells what happens, as it happens, until the reader goes, is shut out, or the relay ends; it never returns otherwise.
    ///
    /// It reads the store behind the last event that was taken, so a reader that is slow, or stops, holds nothing in memory but one page.
    func follow(
        _ wish: EventsWish, as caller: Caller, isForPrograms: Bool, to output: any CommandOutput
    ) async throws(RelayCommandError) -> Never {
        guard live != nil else { throw .notRunning(command: "events --follow") }
        guard followers < Self.mostFollowers else { throw .refused(.tooMany(what: "commands that follow", limit: Self.mostFollowers)) }
        followers += 1
        defer { followers -= 1 }
        // Listens before it looks: what comes in between rings.
        var rings = bell.listen().makeAsyncIterator()
        var wish = wish
        while true {
            let registry = try await appliedRegistry()
            try allow(.events(wish), to: caller, by: registry)
            let page = try await events(wish, for: caller, in: registry)
            let text = isForPrograms ? page.json : page.text
            if !text.isEmpty, await !output.write(text) { throw .abandoned }
            let isAtEnd: Bool
            if case .after(let number) = wish.beginning { isAtEnd = page.next == number } else { isAtEnd = true }
            wish = EventsWish(.after(page.next), isFollowing: true)
            guard isAtEnd else { continue }
            if isLeaving { throw .followingEnds(after: page.next) }
            guard await rings.next() != nil else { throw .abandoned }
            // Cancelled: the next wait ends.
            try? await Task.sleep(for: Self.followingPause)
        }
    }
}
