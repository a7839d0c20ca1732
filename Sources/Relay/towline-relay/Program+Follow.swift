import LocalControl
import RelayCommands
import Support
import SystemCalls

extension Program {
    /// How often the relay is asked what is new.
    private static let followingPause: Duration = .milliseconds(500)

    /// `events --follow` on the relay itself: asks again and again for what is new and prints it, until Ctrl-C or the end of the relay.
    ///
    /// Each question is a call of its own, so that whoever follows keeps no other command from the control socket.
    func follow(_ line: ParsedCommand, in installation: Installation) throws(Failure) -> ControlReply {
        var words = arguments
        var next: Int64?
        let patience = Monitor(())
        while true {
            let reply: ControlReply
            do throws(ControlError) {
                reply = try ControlExchange.send(line, words, standardInput: nil, to: installation.paths.socket)
            } catch .notRunning {
                guard let next else {
                    throw Failure(.notRunning, "events --follow asks the running relay, and none runs: towline-relay serve")
                }
                throw Failure(.notRunning, "the relay has ended; go on without a gap: towline-relay events --follow --after \(next)")
            } catch {
                throw Failure(.refused, "\(error)")
            }
            guard reply.status == .done, let end = reply.next else { return reply }
            try attempt("cannot write") { () throws(SystemError) in try Files.writeAll(1, Array(reply.output.utf8)) }
            next = end
            words = ["events", "--follow", "--after", "\(end)"] + (line.has("--json") ? ["--json"] : [])
            _ = patience.wait(until: MonotonicClock.now + Self.followingPause) { _ in nil as Void? }
        }
    }
}
