import EventLoops
package import HTTPServer
package import Passwords
package import SystemCalls

/// Who may use the console: the first-run set-up, the administrator's password, and the sessions of those who gave it.
///
/// There is one password. Before it is set, `setupCode` is the only way in: a code that the program prints where it was started. Hashing
/// takes 64 MiB and a tenth of a second, so it is done one at a time on a thread of its own, and only as often as `SignInBrake` lets.
///
/// Cookies: the session's (`sessionCookie`), and one that names a device that signed in before (`deviceCookie`). Both are HttpOnly and
/// SameSite=Strict, and Secure with the prefix `__Host-` over TLS. A session's token is made at sign-in; whatever cookie a browser
/// brought before is worth nothing (W05).
package actor Access {
    /// What came of set-up, sign-in or a change of password.
    package enum Outcome: Sendable {
        /// It is done; these header fields (`Set-Cookie`) go with the answer.
        case signedIn([(name: String, value: String)])
        /// The code or the password is wrong. It does not say more, and takes as long whatever was wrong.
        case wrong
        /// Too many have tried; nothing was checked. Seconds until it may be tried again.
        case tooOften(Int)
        /// The new password is too short (`minimumPassword`) or too long to be taken (`longestPassword`).
        case weak
        /// It cannot be done now.
        case failed(AccessFault)
    }

    /// Least characters of a new password.
    package static let minimumPassword = 10
    /// Most bytes of a password.
    package static let longestPassword = 1024
    /// The cookie of a session, without the prefix that it has over TLS.
    package static let sessionCookie = "towline-session"
    /// The cookie of a device that signed in before, without its prefix.
    package static let deviceCookie = "towline-device"

    /// Groups of four characters in a setup code: 58 bits, at 20 tries a minute.
    private static let codeGroups = 3
    /// How long a browser keeps the name of its device: the most that browsers take (400 days).
    private static let deviceAge = 400 * 86_400
    /// Passwords that may wait to be checked. Each takes a tenth of a second, so whoever comes next would wait for seconds.
    private static let maximumWaiting = 16
    /// What those are told to wait, in seconds.
    private static let waitWhenFull = 5

    private enum State {
        case unread
        /// No password; this code sets it. Without a code somebody is setting it now.
        case open(code: String?)
        case closed(PasswordHash)
        case faulty(AccessFault)
    }

    // Fixed after init.
    private let file: PasswordFile
    private let worker: BlockingExecutor
    private let clock: @Sendable () -> MonotonicTime
    private let cost: PasswordHash.Cost

    private var state = State.unread
    private var sessions = SessionTable()
    private var brake = SignInBrake()
    private var waiting = 0
    /// What ends the streams of a session, by its number.
    private var streams: [Int: [Int: AsyncStream<ServerSentEvent>.Continuation]] = [:]
    private var lastStream = 0

    /// Access by the password in `folder`, which is read at the first question.
    ///
    /// - Parameters:
    ///   - folder: the agent's own, not readable for others; the file is `console_password`.
    ///   - clock: the time for lifetimes and pauses; monotonic, as terminals have wrong clocks.
    ///   - cost: of the passwords that are set.
    package init(
        folder: String, clock: @escaping @Sendable () -> MonotonicTime = { MonotonicClock.nowIncludingSuspend },
        cost: PasswordHash.Cost = .interactive
    ) {
        self.cost = cost
        file = PasswordFile(path: "\(folder)/console_password")
        worker = BlockingExecutor(name: "passwords")
        self.clock = clock
    }

    deinit { worker.submit { [worker] in worker.stop() } }

    // MARK: Questions

    /// Whether a password is set, or was and cannot be read.
    package var isSetUp: Bool {
        get async {
            await read()
            if case .open = state { return false }
            return true
        }
    }

    /// The code that sets the first password, for the program to print; `nil` once one is set. Another one at each start.
    package func setupCode() async -> String? {
        await read()
        if case .open(let code) = state { return code }
        return nil
    }

    /// Why nobody can sign in, to be said when the console starts; `nil` if all is well.
    package func fault() async -> AccessFault? {
        await read()
        if case .faulty(let fault) = state { return fault }
        return nil
    }

    /// The session that the request belongs to, which it keeps alive; `nil` if it is not signed in.
    package func session(of request: HTTPRequest) -> Int? {
        Self.cookie(Self.sessionCookie, request).flatMap { sessions.use($0, at: clock()) }
    }

    // MARK: Ways in and out

    /// Sets the first password with the code that the program printed, and signs in. The code works once.
    package func setUp(code: String, password: String, request: HTTPRequest) async -> Outcome {
        await read()
        guard case .open(let expected) = state else { return .wrong }
        let guest = guest(request)
        if let wait = brake.take(guest, at: clock()) { return .tooOften(Self.seconds(wait)) }
        guard let expected, Secrets.areEqual(Self.plain(code), Self.plain(expected)) else { return .wrong }
        brake.succeeded(guest)
        guard Self.isLongEnough(password) else { return .weak }
        state = .open(code: nil)  // so that two with the code cannot both set a password
        do throws(AccessFault) {
            try await replacePassword(password)
        } catch {
            state = .open(code: expected)
            return .failed(error)
        }
        return .signedIn(begin(request))
    }

    /// Signs in.
    package func signIn(password: String, request: HTTPRequest) async -> Outcome {
        await read()
        switch await check(password, request) {
        case .right: return .signedIn(begin(request))
        case .refused(let outcome): return outcome
        }
    }

    /// Changes the password of who is signed in; all sessions end, and a new one begins for this browser.
    package func changePassword(current: String, new: String, request: HTTPRequest) async -> Outcome {
        await read()
        guard Self.isLongEnough(new) else { return .weak }
        if case .refused(let outcome) = await check(current, request) { return outcome }
        do throws(AccessFault) {
            try await replacePassword(new)
        } catch {
            return .failed(error)
        }
        end(sessions.endAll())
        return .signedIn(begin(request))
    }

    /// Ends the request's session and its streams, if it has one.
    ///
    /// - Returns: header fields that make the browser forget it.
    package func signOut(_ request: HTTPRequest) -> [(name: String, value: String)] {
        if let token = Self.cookie(Self.sessionCookie, request), let number = sessions.end(token) { end([number]) }
        return [Self.setCookie(Self.sessionCookie, "", request, age: 0)]
    }

    // MARK: Streams

    /// `events` as long as `session` lasts: ends with it, at once. While it is open the session is not idle.
    package func bind(_ events: AsyncStream<ServerSentEvent>, to session: Int) -> AsyncStream<ServerSentEvent> {
        // A browser that cannot follow misses the oldest: events say how things stand now.
        let (stream, continuation) = AsyncStream.makeStream(of: ServerSentEvent.self, bufferingPolicy: .bufferingNewest(64))
        guard let left = sessions.noteStream(session, 1, at: clock()) else {
            continuation.finish()
            return stream
        }
        lastStream += 1
        let number = lastStream
        streams[session, default: [:]][number] = continuation
        let forwarding = Task {
            for await event in events { continuation.yield(event) }
            continuation.finish()
        }
        let limit = Task {
            try? await Task.sleep(for: left)  // cancelled when the stream has ended before
            continuation.finish()
        }
        continuation.onTermination = { _ in
            forwarding.cancel()
            limit.cancel()
            Task { await self.forgetStream(number, of: session) }
        }
        return stream
    }

    private func forgetStream(_ number: Int, of session: Int) {
        streams[session]?[number] = nil
        if streams[session]?.isEmpty == true { streams[session] = nil }
        sessions.noteStream(session, -1, at: clock())
    }

    private func end(_ numbers: [Int]) {
        for number in numbers {
            for continuation in (streams.removeValue(forKey: number) ?? [:]).values { continuation.finish() }
        }
    }

    // MARK: Passwords

    private func read() async {
        guard case .unread = state else { return }
        let found: State
        do throws(AccessFault) {
            let hash = try await worker.run { [file] () throws(AccessFault) in try file.load() }
            found = hash.map(State.closed) ?? .open(code: RandomBytes.code(groups: Self.codeGroups))
        } catch {
            found = .faulty(error)
        }
        // Unless somebody else asked meanwhile.
        if case .unread = state { state = found }
    }

    private enum Verdict {
        case right
        case refused(Outcome)
    }

    private func check(_ password: String, _ request: HTTPRequest) async -> Verdict {
        let hash: PasswordHash
        switch state {
        case .closed(let stored): hash = stored
        case .faulty(let fault): return .refused(.failed(fault))
        case .open, .unread: return .refused(.wrong)
        }
        let guest = guest(request)
        if let wait = brake.take(guest, at: clock()) { return .refused(.tooOften(Self.seconds(wait))) }
        guard waiting < Self.maximumWaiting else { return .refused(.tooOften(Self.waitWhenFull)) }
        // One that is too long is never right, but costs the same.
        let tried = password.utf8.count <= Self.longestPassword ? password : ""
        waiting += 1
        let isRight = await worker.run { hash.matches(tried) }
        waiting -= 1
        // The password may have been changed meanwhile: then this one is the old one.
        guard isRight, case .closed(hash) = state else { return .refused(.wrong) }
        brake.succeeded(guest)
        return .right
    }

    private func replacePassword(_ password: String) async throws(AccessFault) {
        let hash = try await worker.run { [file, cost] () throws(AccessFault) in
            let hash: PasswordHash
            do throws(PasswordError) { hash = try PasswordHash.make(password, cost: cost) } catch { throw .notMade(error) }
            try file.save(hash)
            return hash
        }
        state = .closed(hash)
    }

    private static func isLongEnough(_ password: String) -> Bool {
        password.count >= minimumPassword && password.utf8.count <= longestPassword
    }

    /// What people type of a code: without hyphens and spaces, in capitals.
    private static func plain(_ code: String) -> String { String(code.uppercased().filter { $0.isLetter || $0.isNumber }) }

    private static func seconds(_ wait: Duration) -> Int { max(1, Int((wait.wholeNanoseconds + 999_999_999) / 1_000_000_000)) }

    // MARK: Sessions and devices

    /// Begins a session in place of the one that the request brought.
    private func begin(_ request: HTTPRequest) -> [(name: String, value: String)] {
        if let old = Self.cookie(Self.sessionCookie, request), let number = sessions.end(old) { end([number]) }
        let (token, ended) = sessions.begin(at: clock())
        if let ended { end([ended]) }
        var fields = [Self.setCookie(Self.sessionCookie, token, request, age: nil)]
        if let device = deviceName() { fields.append(Self.setCookie(Self.deviceCookie, device, request, age: Self.deviceAge)) }
        return fields
    }

    /// A new device's name: random, and signed with a key that follows from the password's hash. So none needs to be remembered, and
    /// a change of the password makes all devices strangers.
    private func deviceName() -> String? {
        let name = RandomBytes.token()
        return signature(name).map { "\(name).\($0)" }
    }

    private func signature(_ name: String) -> String? {
        guard case .closed(let hash) = state else { return nil }
        return Secrets.hexadecimal(Secrets.digest("device \(name)", key: Secrets.digest(hash.text)))
    }

    private func guest(_ request: HTTPRequest) -> SignInBrake.Guest {
        if let cookie = Self.cookie(Self.deviceCookie, request), let dot = cookie.firstIndex(of: ".") {
            let name = String(cookie[..<dot])
            if let expected = signature(name), Secrets.areEqual(expected, String(cookie[cookie.index(after: dot)...])) {
                return .device(name)
            }
        }
        let address = IPAddress(request.peer) ?? .v4(0)
        return .stranger(SocketAddress(address, port: 0).sourceGroup)
    }

    // MARK: Cookies

    private static func name(_ cookie: String, _ request: HTTPRequest) -> String { (request.isSecure ? "__Host-" : "") + cookie }

    private static func cookie(_ name: String, _ request: HTTPRequest) -> String? {
        request.cookie(self.name(name, request)).flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func setCookie(_ name: String, _ value: String, _ request: HTTPRequest, age: Int?) -> (name: String, value: String) {
        let parts = [
            "\(self.name(name, request))=\(value)", "Path=/", "HttpOnly", "SameSite=Strict", age.map { "Max-Age=\($0)" },
            request.isSecure ? "Secure" : nil,
        ]
        return ("Set-Cookie", parts.compactMap(\.self).joined(separator: "; "))
    }
}
