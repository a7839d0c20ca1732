import HTTPServer
import Testing

/// W09: whatever could be read in two ways is refused, and the connection with it, so that what follows is never taken for a request.
@Suite struct FramingTests {
    private static let smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"

    private static let ambiguous: [(String, String)] = [
        ("CL.TE", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("TE.CL", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
        ("CL+CL, different", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 40\r\n\r\n"),
        ("CL+CL, the same", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n"),
        ("CL with a list", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0, 0\r\n\r\n"),
        ("CL with a sign", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +0\r\n\r\n"),
        ("CL empty", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n"),
        ("space before the colon", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\n"),
        ("tab before the colon", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length\t: 5\r\n\r\n"),
        ("TE: xchunked", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        ("TE: xchunked and CL", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
        ("TE: chunked, identity", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        ("TE twice", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("TE in HTTP/1.0", "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("no Host", "GET / HTTP/1.1\r\n\r\n"),
        ("two Hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"),
        ("empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
        ("Host with a path", "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n"),
        ("Host with a user", "GET / HTTP/1.1\r\nHost: a@x\r\n\r\n"),
        ("bare LF after the request line", "GET / HTTP/1.1\nHost: x\r\n\r\n"),
        ("bare LF after a field", "GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n"),
        ("bare LF at the end", "GET / HTTP/1.1\r\nHost: x\r\n\n"),
        ("bare LF everywhere", "GET / HTTP/1.1\nHost: x\n\n"),
        ("bare CR in a field", "GET / HTTP/1.1\r\nHost: x\r\nA: b\rContent-Length: 5\r\n\r\n"),
        ("NUL in a field", "GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n"),
        ("folded field", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n"),
        ("fold and bare LF that make up for each other", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\nD: e\nF: g\nH: i\nJ: k\n\n"),
        ("empty name", "GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n"),
        ("line without a colon", "GET / HTTP/1.1\r\nHost: x\r\nnothing\r\n\r\n"),
        ("name with a quote", "GET / HTTP/1.1\r\nHost: x\r\nA\"b: c\r\n\r\n"),
    ]

    @Test(arguments: ambiguous) func W09_ambiguousRequestIsRefusedAndTheConnectionClosed(_ name: String, _ request: String) async throws {
        try await withServer { address, _ in
            let answer = try await ask(address, request + Self.smuggled)
            #expect(status(answer) == 400, "\(name): \(answer)")
            #expect(!answer.contains("/smuggled "), "\(name): what followed was served")
        }
    }

    @Test func W09_versionsOtherThanOneAreRefused() async throws {
        try await withServer { address, _ in
            for request in ["GET / HTTP/2.0\r\nHost: x\r\n\r\n", "GET / HTTP/1.7\r\nHost: x\r\n\r\n", "GET / FTP/1.1\r\nHost: x\r\n\r\n"] {
                let answer = try await ask(address, request + Self.smuggled)
                #expect([400, 505].contains(status(answer)), "\(request): \(answer)")
                #expect(!answer.contains("/smuggled "))
            }
        }
    }

    @Test func W09_bodyInChunksIsRefused() async throws {
        try await withServer { address, _ in
            let answer = try await ask(
                address, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + Self.smuggled)
            #expect(status(answer) == 411 && !answer.contains("/smuggled "))
        }
    }

    @Test func W09_ordinaryRequestsPassTheGuard() async throws {
        try await withServer { address, _ in
            for request in [
                get("/"), "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
                "GET / HTTP/1.0\r\nHost: x:80\r\n\r\n", get("/", "A:\r\nB:\t spaces \t\r\nC: \u{fc}\r\n"),
                "\r\nGET / HTTP/1.1\r\nHost: [::1]:8090\r\nConnection: close\r\n\r\n",
            ] {
                let answer = try await ask(address, request)
                #expect(status(answer) == 200, "\(request): \(answer)")
            }
        }
    }
}
