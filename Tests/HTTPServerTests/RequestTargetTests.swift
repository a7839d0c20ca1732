import HTTPServer
import Testing

/// W06: a handler never sees a path that leads out of its tree, however it is written.
@Suite struct RequestTargetTests {
    @Test(arguments: [
        "/..%2f..%2fetc/passwd", "/../../etc/passwd", "/a/../b", "/a/%2e%2e/b", "/a/%2E./b", "/./a", "/a/.", "/a/..", "//", "//etc/passwd",
        "/a//b", "/a/", "/%2f", "/a%2f", "/a%2f%2fb", "/..", "/.",
    ]) func W06_pathOutOfTheTreeIsNotFound(_ path: String) async throws {
        try await withServer { address, _ in
            let answer = try await ask(address, get(path))
            #expect(status(answer) == 404)
        }
    }

    @Test(arguments: [
        "/%c0%ae%c0%ae/etc/passwd", "/%c0%af", "/%ff", "/a%00b", "/%", "/%4", "/%zz", "/a%0d%0ab", "/a%7f", "/..%5c..%5cetc", "/a\\b",
        "http://x/etc/passwd", "etc/passwd", "*", "/a#b", "/%E2%80", "/?a=%", "/?%zz=1", "/?a=%ff", "/%C2%85",
    ]) func W06_targetThatIsNoPathIsABadRequest(_ target: String) async throws {
        try await withServer { address, _ in
            let answer = try await ask(address, get(target))
            #expect(status(answer) == 400)
        }
    }

    @Test func W06_targetWithASpaceIsNotAnswered() async throws {
        try await withServer { address, _ in
            let answer = try await ask(address, get("/a b"))
            #expect(answer == "" || status(answer) == 400)
        }
    }

    @Test(arguments: [
        ("/", "/"), ("/...", "/..."), ("/a.b/..c", "/a.b/..c"), ("/%252e%252e/a", "/%2e%2e/a"), ("/a%3Fb", "/a?b"), ("/a+b", "/a+b"),
        ("/~a;b=c,d@e:f", "/~a;b=c,d@e:f"), ("/%E6%97%A5", "/日"),
    ]) func W06_ordinaryPathsAreDecodedOnce(_ target: String, _ path: String) async throws {
        try await withServer(handler: { .text($0.path) }) { address, _ in
            let answer = try await ask(address, get(target))
            #expect(content(answer) == path)
        }
    }
}
