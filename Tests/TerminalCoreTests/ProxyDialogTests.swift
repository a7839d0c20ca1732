import Support
import Testing

@testable import TerminalCore

@Suite struct ProxyDialogTests {
    private func proxy(_ text: String, user: String? = nil, password: String? = nil) throws -> ProxySetting {
        var proxy = try ProxySetting(parsing: text)
        proxy.user = user
        proxy.password = password
        return proxy
    }

    /// Feeds `answer` as it is asked for, and returns the last step and what was not read.
    private func converse(_ proxy: ProxySetting, host: String = "relay.example.org", answer: [UInt8]) -> (ProxyDialog.Step, rest: [UInt8]) {
        var dialog = ProxyDialog(proxy: proxy, host: host, port: 22)
        var rest = answer[...]
        var step = dialog.begin()
        while true {
            switch step {
            case .send(_, let count), .read(let count):
                guard rest.count >= count else { return (step, Array(rest)) }
                step = dialog.received(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            case .connected, .failed: return (step, Array(rest))
            }
        }
    }

    @Test func anHTTPProxyIsAskedToConnectWithItsCredentials() throws {
        var dialog = ProxyDialog(proxy: try proxy("http://proxy:8080", user: "shop", password: "s3cret"), host: "2001:db8::1", port: 443)
        let head = "CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\nProxy-Authorization: Basic c2hvcDpzM2NyZXQ=\r\n\r\n"
        #expect(dialog.begin() == .send(Array(head.utf8), thenRead: 1))
    }

    @Test func whatTheRelaySaysBehindTheAnswerIsLeftToIt() throws {
        let answer = Array("HTTP/1.1 200 Connection established\r\nX: y\r\n\r\nSSH-2.0-x\r\n".utf8)
        let (step, rest) = converse(try proxy("http://proxy:8080"), answer: answer)
        #expect(step == .connected && rest == Array("SSH-2.0-x\r\n".utf8))
    }

    @Test(arguments: [
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", ProxyDialog.Failure.credentials),
        ("HTTP/1.0 403 Forbidden\r\n\r\n", .refused("403 Forbidden")), ("HTTP/1.1\r\n\r\n", .refused("its answer is none that HTTP has")),
        ("SSH-2.0-OpenSSH\r\n", .refused("it is no HTTP proxy")),
    ])
    func anHTTPProxyThatDoesNotConnectSaysWhy(answer: String, failure: ProxyDialog.Failure) throws {
        #expect(converse(try proxy("http://proxy:8080"), answer: Array(answer.utf8)).0 == .failed(failure))
    }

    @Test(arguments: [(-1, false), (0, true)])
    func aHeadIsReadToItsLimit(over: Int, isTooLong: Bool) throws {
        let start = "HTTP/1.1 200 OK\r\nX: "
        let answer = Array(start.utf8) + [UInt8](repeating: 0x61, count: ProxyDialog.maximumHead - start.utf8.count + over)
        let (step, _) = converse(try proxy("http://proxy:8080"), answer: answer)
        #expect((step == .failed(.refused("its answer is too long"))) == isTooLong)
    }

    @Test func aSOCKSProxyResolvesTheNameItself() throws {
        var dialog = ProxyDialog(proxy: try proxy("socks5://proxy", user: "u", password: "pw"), host: "relay", port: 258)
        #expect(dialog.begin() == .send([5, 2, 0, 2], thenRead: 2))
        #expect(dialog.received([5, 2]) == .send([1, 1, 0x75, 2, 0x70, 0x77], thenRead: 2))
        #expect(dialog.received([1, 0]) == .send([5, 1, 0, 3, 5] + Array("relay".utf8) + [1, 2], thenRead: 4))
        #expect(dialog.received([5, 0, 0, 3]) == .read(1))
        #expect(dialog.received([4]) == .read(6))
        #expect(dialog.received([0, 0, 0, 0, 0, 0]) == .connected)
    }

    @Test(arguments: [
        ([5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x53], nil as ProxyDialog.Failure?),
        ([5, 0, 5, 0, 0, 4] + [UInt8](repeating: 0, count: 18) + [0x53], nil),
        ([5, 0xff], .credentials), ([5, 0, 5, 5, 0, 1], .refused("the relay refuses connections")),
        ([5, 0, 5, 99, 0, 1], .refused("SOCKS failure 99")), ([5, 0, 5, 0, 0, 9], .refused("its answer is none that SOCKS 5 has")),
        ([4, 0], .refused("it is no SOCKS 5 proxy")), ([5, 2], .credentials),
    ])
    func answersOfSOCKSAreUnderstood(answer: [UInt8], failure: ProxyDialog.Failure?) throws {
        let (step, rest) = converse(try proxy("socks5://proxy:1080"), answer: answer)
        if let failure { #expect(step == .failed(failure)) } else { #expect(step == .connected && rest == [0x53]) }
    }

    @Test func noticesSurviveTheirLineAndOtherLinesAreNone() {
        let all: [ProxyNotice] = [
            .connecting, .connected, .unreachable(reason: "it does not answer"), .refused(reason: "403 Forbidden"), .credentials,
        ]
        for notice in all { #expect(ProxyNotice(line: notice.line) == notice) }
        #expect(ProxyNotice(line: "debug1: towline-proxy: connected") == nil && ProxyNotice(line: "towline-proxy: x") == nil)
    }
}
