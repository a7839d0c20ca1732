import Support
import SystemCalls
import TerminalCore

/// Answers that take more than one reply: what is watched, and what is asked back.
extension Answer {
    /// How long `start` watches before it leaves the daemon alone.
    private static let patience = Duration.seconds(30)
    /// How often it looks.
    private static let glance = Duration.milliseconds(100)

    /// Shows what a request line says; asks, where somebody can answer, and does it then.
    func conclude(_ report: RequestReport) -> Never {
        if report.key != nil { show(report, TerminalText.request(report) + TerminalText.applied(report)) }
        let isPreview = line.has("--preview")
        if isJSON { show(report, "") }
        Output.say(TerminalText.request(report))
        if isPreview { Output.end(.done) }
        guard report.obstacle == nil else { Output.fail("nothing was changed") }
        guard let word = line.arguments.first, word != "-", Files.isTerminal(0) else {
            Output.fail("nothing was changed; if this is right, say so: towline-terminal apply --yes LINE")
        }
        Output.say("\nDo this? Type yes: ")
        guard ["yes", "y"].contains(readLine()?.lowercased() ?? "") else { Output.fail("nothing was changed") }
        switch Asking.call(.applyRequest(word), folder) {
        case .request(let applied):
            Output.say(TerminalText.applied(applied))
            Output.end(.done)
        case .refused(let refusal): Output.fail(refusal.message)
        default: Output.fail("the daemon gave an answer that does not fit")
        }
    }

    /// Prints what happens until support can come, or the first round of tries has failed.
    func watch(from first: TerminalStatus) -> Never {
        var status = first
        let beginnings: Set<LogEntry.Code> = [.supportOn, .supportOnUnlimited, .supportRestarted]
        var seen = first.events.last { beginnings.contains($0.code) }?.number ?? first.events.last?.number ?? 0
        let deadline = MonotonicClock.now + Self.patience
        let pause = Monitor(())
        if !isJSON {
            let verb = line.name == "restart" ? "Connecting anew" : "Switching remote support on"
            Output.say("\(verb), through \(status.relay ?? ""), listening port \(status.listeningPort ?? 0):\n")
        }
        while true {
            for event in status.events where event.number > seen {
                seen = event.number
                if !isJSON, !event.isFailure { Output.say("  \(event.message)\n") }
            }
            switch status.state {
            case .waiting, .inUse:
                let end = status.endsInSeconds.map { "for \(TerminalText.length($0))" } ?? "until you stop it"
                show(status, "Support can reach this terminal \(end). Switch it off at any time: towline-terminal stop\n")
            case .awaitingApproval:
                let advice = status.failure.map { " \($0.advice.prefix(1).uppercased())\($0.advice.dropFirst())." } ?? ""
                show(status, "\(TerminalText.headline(status))\(advice)\nIt connects by itself then; see: towline-terminal status\n")
            case .retrying, .blocked, .stopped, .off:
                if isJSON { Output.say(json(status)) }
                fail(status)
            default: break
            }
            if MonotonicClock.now > deadline {
                if isJSON { Output.say(json(status)) }
                Output.fail("\(TerminalText.headline(status)) This takes long, and goes on; see: towline-terminal status")
            }
            _ = pause.wait(until: MonotonicClock.now + Self.glance) { _ in nil as Void? }
            guard case .status(let next) = Asking.call(.status, folder) else { Output.fail("the daemon gave an answer that does not fit") }
            status = next
        }
    }

    private func fail(_ status: TerminalStatus) -> Never {
        guard let failure = status.failure else { Output.fail(TerminalText.headline(status)) }
        Output.complain("\(failure.stage.title) failed: \(failure.message); \(failure.advice)")
        if status.state != .stopped {
            Output.complain("support stays on and tries again by itself; see: towline-terminal status, or end it: towline-terminal stop")
        }
        Output.end(.refused)
    }
}
