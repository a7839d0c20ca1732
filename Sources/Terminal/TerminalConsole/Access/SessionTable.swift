import Passwords
import SystemCalls

/// Who is signed in: sessions by their token's digest, so that neither memory nor the time of a look-up tells a token.
///
/// A value; the time comes in.
struct SessionTable {
    /// One browser that gave the password.
    struct Session {
        /// Names the session within this program; never used again.
        let number: Int
        let begin: MonotonicTime
        var lastUse: MonotonicTime
        /// Event streams that are open in it: who watches is there, though asking nothing.
        var streams = 0
    }

    /// Without a request or an open stream for this long (30 min) a session is over: a browser that was left alone.
    static let idleTime = Duration.seconds(30 * 60)
    /// After this long (12 h, half a day more than the longest support that is not deliberate) it is over in any case.
    static let longestTime = Duration.seconds(12 * 3600)
    /// Most sessions; at the limit the one that was idle longest ends. One person has a handful of browsers.
    static let maximum = 64

    private var sessions: [[UInt8]: Session] = [:]
    private var lastNumber = 0

    var count: Int { sessions.count }

    private static func isOver(_ session: Session, at now: MonotonicTime) -> Bool {
        now - session.begin >= longestTime || session.streams == 0 && now - session.lastUse >= idleTime
    }

    /// Begins a session under a new token, which only the caller ever knows.
    ///
    /// - Returns: the token, and the session that ended to make room.
    mutating func begin(at now: MonotonicTime) -> (token: String, ended: Int?) {
        sessions = sessions.filter { !Self.isOver($0.value, at: now) }
        var ended: Int?
        if sessions.count >= Self.maximum, let oldest = sessions.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            ended = sessions.removeValue(forKey: oldest.key)?.number
        }
        lastNumber += 1
        let token = RandomBytes.token()
        sessions[Secrets.digest(token)] = Session(number: lastNumber, begin: now, lastUse: now)
        return (token, ended)
    }

    /// The session of `token`, which is in use now; `nil` if there is none or it is over.
    mutating func use(_ token: String, at now: MonotonicTime) -> Int? {
        let key = Secrets.digest(token)
        guard let session = sessions[key] else { return nil }
        guard !Self.isOver(session, at: now) else {
            sessions[key] = nil
            return nil
        }
        sessions[key]?.lastUse = now
        return session.number
    }

    /// Ends the session of `token`; `nil` if there was none.
    mutating func end(_ token: String) -> Int? { sessions.removeValue(forKey: Secrets.digest(token))?.number }

    /// Ends all.
    mutating func endAll() -> [Int] {
        defer { sessions = [:] }
        return sessions.values.map(\.number)
    }

    /// Notes that a stream of the session opened (+1) or closed (-1).
    ///
    /// - Returns: how long the session can last; `nil` if it is over.
    @discardableResult
    mutating func noteStream(_ number: Int, _ change: Int, at now: MonotonicTime) -> Duration? {
        guard let key = sessions.first(where: { $0.value.number == number })?.key, var session = sessions[key] else { return nil }
        session.streams += change
        session.lastUse = now
        sessions[key] = session
        return Self.longestTime - (now - session.begin)
    }
}
