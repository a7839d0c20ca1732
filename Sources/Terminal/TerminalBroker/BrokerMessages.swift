package import Support
package import TerminalCore

/// One login, by a number that this run of the broker never repeats.
package struct LoginID: Hashable, Codable, Sendable {
    /// The number, from 1.
    package let number: UInt64

    /// A login by its number.
    package init(number: UInt64) { self.number = number }
}

/// What the agent may ask of the broker: these verbs, and nothing else, ever reach root.
package enum BrokerRequest: Codable, Sendable {
    /// The agent has begun to answer people. Answered with `.welcome`.
    case agentIsReady
    /// These are all login users from now on: accounts are created and removed accordingly. Answered with `.applied`.
    case applyLoginUsers([LoginUser])
    /// Run a login on the one descriptor that travels with this message. Answered with `.loginStarted`.
    case startLogin
    /// Tell everybody who has a prompt open that support ends in so many minutes, 1 to 60. Answered with `.done`.
    case announceEnd(minutes: Int)
    /// End one login, or all, with everything that runs in them. Answered with `.done` when they are gone.
    case endLogins(LoginID?)
}

/// What the broker answers; `.refused` may come instead of anything.
package enum BrokerReply: Codable, Sendable {
    /// Facts that the agent needs.
    case welcome(BrokerFacts)
    /// The login users are as asked, except these.
    case applied(refused: [LoginUserRefusal])
    /// The login runs; events about it follow.
    case loginStarted(LoginID)
    /// It is done.
    case done
    /// It was not done, and why, in one line.
    case refused(String)
}

/// What the broker tells unasked.
package enum BrokerEvent: Codable, Sendable {
    /// Somebody proved to hold a key and is in.
    case loginAccepted(LoginID, user: String, fingerprint: String)
    /// What they run, in one word.
    case sessionStarted(LoginID, kind: String)
    /// It is over.
    case loginEnded(LoginID)
}

/// A login user whose account could not be made as asked.
package struct LoginUserRefusal: Error, Hashable, Codable, Sendable {
    /// Whose.
    package let name: LoginName
    /// Why.
    package let refusal: Refusal

    /// A refusal with its parts given.
    package init(name: LoginName, _ refusal: Refusal) {
        self.name = name
        self.refusal = refusal
    }
}

/// What the agent has to know of the broker's side.
package struct BrokerFacts: Codable, Sendable {
    /// Without root, the only account that can be a login user.
    package let onlyLoginUser: String?
    /// The fingerprint of the terminal's own host key.
    package let hostKeyFingerprint: String?
    /// Its public half: one line in `authorized_keys` form.
    package let hostKey: String?

    /// Facts with their parts given.
    package init(onlyLoginUser: String?, hostKeyFingerprint: String?, hostKey: String?) {
        self.onlyLoginUser = onlyLoginUser
        self.hostKeyFingerprint = hostKeyFingerprint
        self.hostKey = hostKey
    }
}

/// What travels from the agent to the broker.
struct ToBroker: Codable, Sendable {
    let number: UInt64
    let request: BrokerRequest
}

/// What travels from the broker to the agent.
enum ToAgent: Codable, Sendable {
    case reply(UInt64, BrokerReply)
    case event(BrokerEvent)
}
