package import EventLoops
package import SystemCalls
import TerminalCore

/// The agent's side of the channel to the broker. Lives on the agent's loop.
///
/// The channel is a socket pair that the broker made and only the agent inherited: it has no name, so nobody else can reach the broker,
/// whatever their user. What comes out of the inherited end must have been made by root or by ourselves, which the kernel tells.
package final class BrokerLink {
    private let channel: MessageChannel
    private let answers: Answers

    /// Who waits for which answer; shared with the channel's closure.
    private final class Answers {
        var waiting: [UInt64: (BrokerReply) -> Void] = [:]
        var last: UInt64 = 0
    }

    /// A link over the inherited `socket`.
    ///
    /// - Parameters:
    ///   - event: gets what the broker tells unasked.
    ///   - closed: called once when the broker is gone; whoever still waited was answered with a refusal before.
    /// - Throws: `EPERM` if the other end is neither root's nor ours.
    package init(
        loop: EventLoop, socket: consuming Descriptor, event: @escaping (BrokerEvent) -> Void, closed: @escaping (String) -> Void
    ) throws(SystemError) {
        let peer = try Sockets.peerCredentials(socket.raw)
        guard peer.user == 0 || peer.user == Users.effectiveUser else { throw SystemError(errno: 1, call: "connect", subject: "broker") }
        let answers = Answers()
        self.answers = answers
        channel = try MessageChannel(
            loop: loop, socket: socket,
            received: { _, body in
                switch MessageChannel.decode(ToAgent.self, body) {
                case .reply(let number, let reply): answers.waiting.removeValue(forKey: number)?(reply)
                case .event(let happening): event(happening)
                // Same program at both ends: cannot be, and is no reason to stop a tunnel.
                case nil: break
                }
            },
            closed: { reason in
                let waiting = answers.waiting.values
                answers.waiting = [:]
                for answer in waiting { answer(.refused(Reason.brokerGone.english)) }
                closed(reason)
            })
    }

    /// Asks, and passes `descriptor` with it, which is taken over.
    ///
    /// - Parameter answer: called exactly once, on the loop.
    package func ask(
        _ request: BrokerRequest, passing descriptor: consuming Descriptor? = nil, answer: @escaping (BrokerReply) -> Void
    ) {
        guard channel.isOpen else { return answer(.refused(Reason.brokerGone.english)) }
        answers.last += 1
        let number = answers.last
        answers.waiting[number] = answer
        channel.send(ToBroker(number: number, request: request), passing: descriptor)
    }

    /// Hangs up; who still waits is never answered.
    package func close() { channel.close() }
}
