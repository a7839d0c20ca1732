import HTTPServer
import Passwords
import SystemCalls
import Synchronization
import Testing

@testable import TerminalConsole

/// A clock that a test moves.
final class Watch: Sendable {
    private let time = Monitor(MonotonicTime(nanoseconds: 1_000_000_000_000))

    var now: MonotonicTime { time.withLock { $0 } }

    func advance(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
}

/// A browser: keeps cookies, comes from an address.
final class Browser {
    private var cookies: [String: String] = [:]
    let address: String
    let isSecure: Bool

    init(address: String = "192.0.2.1", isSecure: Bool = false, cookies: [String: String] = [:]) {
        self.address = address
        self.isSecure = isSecure
        self.cookies = cookies
    }

    var request: HTTPRequest {
        let cookie = cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
        return HTTPRequest(method: .post, headers: [("Host", "127.0.0.1"), ("Cookie", cookie)], peer: address, isSecure: isSecure)
    }

    func cookie(_ name: String) -> String? { cookies[(isSecure ? "__Host-" : "") + name] }

    /// Keeps the cookies of an answer.
    func take(_ fields: [(name: String, value: String)]) {
        for field in fields where field.name == "Set-Cookie" {
            let parts = field.value.split(separator: ";")[0].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            cookies[String(parts[0])] = String(parts[1])
        }
    }

    func forget(_ name: String) { cookies[name] = nil }
}

extension Access.Outcome {
    /// The header fields of a success.
    var fields: [(name: String, value: String)]? {
        if case .signedIn(let fields) = self { return fields }
        return nil
    }

    var isWrong: Bool {
        if case .wrong = self { return true }
        return false
    }

    var wait: Int? {
        if case .tooOften(let seconds) = self { return seconds }
        return nil
    }
}

/// Access in a fresh folder, with a password if `password` says so, for the time of `body`.
func withAccess(password: String? = "correct horse", _ body: (Access, Watch, String) async throws -> Void) async throws {
    let folder = try Files.makeTemporaryDirectory()
    let watch = Watch()
    let access = Access(folder: folder, clock: { watch.now }, cost: .least)
    if let password {
        let code = try #require(await access.setupCode())
        let outcome = await access.setUp(code: code, password: password, request: Browser(address: "203.0.113.99").request)
        #expect(outcome.fields != nil)
        watch.advance(.seconds(600))
    }
    try await body(access, watch, folder)
    try Files.removeTree(folder)
}

@Suite struct AccessTests {
    @Test func firstPasswordTakesTheCodeThatWasPrintedAndTheCodeWorksOnce() async throws {
        try await withAccess(password: nil) { access, _, folder in
            #expect(await !access.isSetUp)
            let code = try #require(await access.setupCode())
            let browser = Browser()
            let wrong = await access.setUp(code: "2222-2222-2222", password: "correct horse", request: browser.request)
            #expect(wrong.isWrong)
            guard case .weak = await access.setUp(code: code, password: "too short", request: browser.request) else {
                Issue.record("a short password was taken")
                return
            }
            // As people type it.
            let typed = code.lowercased().replacing("-", with: " ")
            let done = await access.setUp(code: typed, password: "correct horse", request: browser.request)
            browser.take(try #require(done.fields))
            #expect(await access.session(of: browser.request) != nil)
            #expect(await access.isSetUp)
            #expect(await access.setupCode() == nil)
            let again = await access.setUp(code: code, password: "another horse", request: browser.request)
            #expect(again.isWrong)
            let file = try #require(try Files.status("\(folder)/console_password"))
            #expect(file.mode == 0o600)
        }
    }

    @Test func passwordOutlivesARestart() async throws {
        try await withAccess { _, watch, folder in
            let second = Access(folder: folder, clock: { watch.now })
            #expect(await second.isSetUp)
            #expect(await second.setupCode() == nil)
            let browser = Browser()
            let wrong = await second.signIn(password: "wrong horse!", request: browser.request)
            #expect(wrong.isWrong)
            let right = await second.signIn(password: "correct horse", request: browser.request)
            #expect(right.fields != nil)
        }
    }

    @Test func S04_damagedPasswordFileNeverCountsAsNoPassword() async throws {
        try await withAccess { _, watch, folder in
            for content in ["", "\n", "nonsense\n", "$argon2id$v=19$m=65536,t=2,p=1$\n", String(repeating: "x", count: 5000)] {
                try Files.writeAtomically("\(folder)/console_password", Array(content.utf8), mode: 0o600)
                let access = Access(folder: folder, clock: { watch.now })
                #expect(await access.isSetUp)
                #expect(await access.setupCode() == nil)
                let fault = await access.fault()
                #expect(fault?.description.contains(folder) == true)
                guard case .failed = await access.signIn(password: "correct horse", request: Browser().request) else {
                    Issue.record("a damaged file let somebody in")
                    return
                }
            }
        }
    }

    @Test(arguments: [false, true]) func cookiesAreGuarded(_ isSecure: Bool) async throws {
        try await withAccess { access, _, _ in
            let fields = try #require(await access.signIn(password: "correct horse", request: Browser(isSecure: isSecure).request).fields)
            #expect(fields.count == 2)
            for field in fields {
                let parts = Set(field.value.split(separator: ";").map { $0.drop { $0 == " " } })
                #expect(parts.isSuperset(of: ["HttpOnly", "SameSite=Strict", "Path=/"]))
                #expect(parts.contains("Secure") == isSecure && field.value.hasPrefix("__Host-") == isSecure)
            }
        }
    }

    @Test func W05_tokenIsMadeAtSignInAndTheOldOneIsWorthNothing() async throws {
        try await withAccess { access, _, _ in
            let preset = Browser(cookies: ["towline-session": "chosen-by-an-attacker"])
            #expect(await access.session(of: preset.request) == nil)
            preset.take(try #require(await access.signIn(password: "correct horse", request: preset.request).fields))
            let first = try #require(preset.cookie("towline-session"))
            #expect(first != "chosen-by-an-attacker")
            preset.take(try #require(await access.signIn(password: "correct horse", request: preset.request).fields))
            #expect(preset.cookie("towline-session") != first)
            #expect(await access.session(of: preset.request) != nil)
            for old in ["chosen-by-an-attacker", first] {
                #expect(await access.session(of: Browser(cookies: ["towline-session": old]).request) == nil)
            }
        }
    }

    @Test func W05_signingOutEndsTheSessionAndItsStreams() async throws {
        try await withAccess { access, _, _ in
            let browser = Browser()
            browser.take(try #require(await access.signIn(password: "correct horse", request: browser.request).fields))
            let session = try #require(await access.session(of: browser.request))
            let (events, source) = AsyncStream.makeStream(of: ServerSentEvent.self)
            let bound = await access.bind(events, to: session)
            source.yield(ServerSentEvent(data: "1"))
            var iterator = bound.makeAsyncIterator()
            #expect(await iterator.next()?.data == "1")
            let request = browser.request
            browser.take(await access.signOut(request))
            #expect(await iterator.next() == nil)
            #expect(await access.session(of: request) == nil)
            #expect(await access.session(of: browser.request) == nil)
        }
    }

    @Test func changeOfPasswordEndsAllOtherSessions() async throws {
        try await withAccess { access, _, _ in
            let (mine, other) = (Browser(), Browser(address: "192.0.2.2"))
            for browser in [mine, other] {
                browser.take(try #require(await access.signIn(password: "correct horse", request: browser.request).fields))
            }
            let session = try #require(await access.session(of: other.request))
            let (events, _) = AsyncStream.makeStream(of: ServerSentEvent.self)
            let bound = await access.bind(events, to: session)
            let wrong = await access.changePassword(current: "wrong horse", new: "better horse", request: mine.request)
            #expect(wrong.isWrong)
            #expect(await access.session(of: other.request) != nil)
            mine.take(
                try #require(await access.changePassword(current: "correct horse", new: "better horse", request: mine.request).fields))
            #expect(await access.session(of: mine.request) != nil)
            #expect(await access.session(of: other.request) == nil)
            for await _ in bound { Issue.record("nothing was sent") }
            let old = await access.signIn(password: "correct horse", request: Browser(address: "192.0.2.3").request)
            #expect(old.isWrong)
            let new = await access.signIn(password: "better horse", request: Browser(address: "192.0.2.4").request)
            #expect(new.fields != nil)
        }
    }

    @Test func sessionEndsWhenNobodyUsesItAndAfterItsLongestTime() async throws {
        try await withAccess { access, watch, _ in
            let browser = Browser()
            browser.take(try #require(await access.signIn(password: "correct horse", request: browser.request).fields))
            watch.advance(SessionTable.idleTime - .seconds(1))
            #expect(await access.session(of: browser.request) != nil)
            watch.advance(SessionTable.idleTime)
            #expect(await access.session(of: browser.request) == nil)

            browser.take(try #require(await access.signIn(password: "correct horse", request: browser.request).fields))
            var used = Duration.zero
            while used + .seconds(900) < SessionTable.longestTime {
                watch.advance(.seconds(900))
                used += .seconds(900)
                #expect(await access.session(of: browser.request) != nil)
            }
            watch.advance(.seconds(900))
            #expect(await access.session(of: browser.request) == nil)
        }
    }

    @Test func whoWatchesIsNotIdle() async throws {
        try await withAccess { access, watch, _ in
            let browser = Browser()
            browser.take(try #require(await access.signIn(password: "correct horse", request: browser.request).fields))
            let session = try #require(await access.session(of: browser.request))
            let (events, source) = AsyncStream.makeStream(of: ServerSentEvent.self)
            let bound = await access.bind(events, to: session)
            watch.advance(SessionTable.idleTime * 3)
            #expect(await access.session(of: browser.request) != nil)
            source.finish()
            for await _ in bound {}
            watch.advance(SessionTable.idleTime)
            // The end of the stream is noted by a task of its own.
            let end = MonotonicClock.now + .seconds(20)
            while await access.session(of: browser.request) != nil, MonotonicClock.now < end { watch.advance(SessionTable.idleTime) }
            #expect(await access.session(of: browser.request) == nil)
        }
    }

    @Test func sessionsAreBounded() async throws {
        var table = SessionTable()
        var time = MonotonicTime(nanoseconds: 0)
        var tokens: [String] = []
        for _ in 0..<(SessionTable.maximum + 3) {
            time = time + .seconds(1)
            tokens.append(table.begin(at: time).token)
        }
        #expect(table.count == SessionTable.maximum)
        #expect(table.use(tokens[2], at: time) == nil && table.use(tokens[3], at: time) != nil)
    }

    @Test func W04_floodOfWrongPasswordsKeepsAKnownDeviceNotWaiting() async throws {
        try await withAccess { access, watch, _ in
            let known = Browser(address: "192.0.2.200")
            known.take(try #require(await access.signIn(password: "correct horse", request: known.request).fields))
            known.forget("towline-session")
            watch.advance(.seconds(600))
            var checked = 0
            // A minute of it: 200 tries from 50 addresses.
            for attempt in 0..<200 {
                watch.advance(.milliseconds(300))
                let guess = await access.signIn(
                    password: "guess \(attempt) guess", request: Browser(address: "198.51.100.\(attempt % 50)").request)
                if guess.isWrong { checked += 1 } else { #expect(guess.wait != nil) }
            }
            #expect(checked <= 40, "\(checked) guesses were checked in a minute")
            let start = MonotonicClock.now
            let outcome = await access.signIn(password: "correct horse", request: known.request)
            #expect(outcome.fields != nil)
            #expect(MonotonicClock.now - start < .seconds(5))
        }
    }

    @Test func W04_deviceThatLiesAboutItsNameIsAStranger() async throws {
        try await withAccess { access, _, _ in
            let known = Browser()
            known.take(try #require(await access.signIn(password: "correct horse", request: known.request).fields))
            let device = try #require(known.cookie("towline-device"))
            #expect(device.contains("."))
            var limit = 0
            // One address has five tries, whatever it calls itself.
            for attempt in 0..<8 {
                let liar = Browser(address: "198.51.100.1", cookies: ["towline-device": "\(attempt)\(device)"])
                let outcome = await access.signIn(password: "guess guess \(attempt)", request: liar.request)
                if outcome.wait != nil { limit += 1 }
            }
            #expect(limit == 3)
        }
    }

    @Test func W04_setupCodeCannotBeGuessedFasterThanAPassword() async throws {
        try await withAccess(password: nil) { access, _, _ in
            var refused = 0
            for attempt in 0..<100 {
                let outcome = await access.setUp(
                    code: "AAAA-AAAA-AAAA", password: "correct horse", request: Browser(address: "198.51.100.\(attempt)").request)
                if outcome.wait != nil { refused += 1 } else { #expect(outcome.isWrong) }
            }
            #expect(refused == 80)
        }
    }
}
