import HTTPServer
import SystemCalls
import Testing

/// Event streams: what goes over the wire, and that both sides learn of the other's end.
@Suite struct StreamTests {
    /// Streams that a test feeds; counts those that are open.
    private final class Feed: Sendable {
        private let open = Monitor<[Int: AsyncStream<ServerSentEvent>.Continuation]>([:])
        private let last = Monitor(0)

        var count: Int { open.withLock { $0.count } }

        func stream() -> AsyncStream<ServerSentEvent> {
            let (stream, continuation) = AsyncStream.makeStream(of: ServerSentEvent.self, bufferingPolicy: .bufferingNewest(100))
            let number = last.withLock { last in
                last += 1
                return last
            }
            open.withLock { $0[number] = continuation }
            continuation.onTermination = { _ in self.open.withLock { $0[number] = nil } }
            return stream
        }

        func send(_ text: String) {
            for continuation in open.withLock({ Array($0.values) }) { continuation.yield(ServerSentEvent(name: "status", data: text)) }
        }

        func finish() {
            for continuation in open.withLock({ Array($0.values) }) { continuation.finish() }
        }
    }

    private static let request = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test func eventsArriveAsTheyHappenAndTheStreamEndsWithItsSource() async throws {
        let feed = Feed()
        try await withServer(handler: { _ in .events(feed.stream()) }) { address, _ in
            let client = try await onThread {
                let crowd = Crowd()
                crowd.clients.append(try RawClient(address))
                crowd.clients[0].send(Self.request)
                #expect(crowd.clients[0].read { $0.contains("\r\n\r\n") })
                #expect(crowd.clients[0].text.contains("text/event-stream"))
                return crowd
            }
            #expect(await eventually { feed.count == 1 })
            for number in 1...50 {
                feed.send("event \(number)")
                try await onThread { #expect(client.clients[0].read { $0.contains("event: status\ndata: event \(number)\n\n") }) }
            }
            feed.finish()
            // The end of the chunks; the connection may be used again.
            try await onThread { #expect(client.clients[0].read { $0.hasSuffix("0\r\n\r\n") }) }
        }
    }

    @Test func textOfSeveralLinesStaysOneEvent() async throws {
        let events = [
            ServerSentEvent(name: "a\nb", id: "7\r", data: "one\ntwo\r\nthree\rdata: four"), ServerSentEvent(data: ""),
        ]
        try await withServer(handler: { _ in
            .events(
                AsyncStream { continuation in
                    for event in events { continuation.yield(event) }
                    continuation.finish()
                })
        }) { address, _ in
            let answer = try await ask(address, "GET / HTTP/1.0\r\nHost: x\r\n\r\n")
            #expect(content(answer) == "event: ab\nid: 7\ndata: one\ndata: two\ndata: three\ndata: data: four\n\ndata: \n\n")
        }
    }

    @Test func silentStreamIsPinged() async throws {
        var limits = HTTPLimits()
        limits.pingTime = .milliseconds(100)
        let feed = Feed()
        try await withServer(limits: limits, handler: { _ in .events(feed.stream()) }) { address, _ in
            try await onThread {
                let client = try RawClient(address)
                client.send(Self.request)
                #expect(client.read { $0.contains(": ping\n\n") })
            }
        }
    }

    @Test func streamsSurviveChurnAndNothingIsLeft() async throws {
        var limits = HTTPLimits()
        limits.connections = 400
        limits.streams = 400
        let feed = Feed()
        try await withServer(limits: limits, handler: { _ in .events(feed.stream()) }) { address, server in
            let survivors = try await onThread {
                let survivors = Crowd()
                for round in 0..<300 {
                    let client = try RawClient(address, from: "127.0.0.\(1 + round % 50)")
                    client.send(Self.request)
                    if round % 3 == 0 { #expect(client.read { $0.contains("\r\n\r\n") }) }
                    // Most leave: at once, or after the answer began.
                    if round % 20 == 19 { survivors.clients.append(client) }
                }
                return survivors
            }
            #expect(await eventually { await server.connectionCount == 15 }, "those who left are noticed")
            #expect(await eventually { feed.count == 15 }, "their streams are told")
            feed.send("still here")
            try await onThread {
                for client in survivors.clients { #expect(client.read { $0.contains("data: still here\n\n") }) }
            }
        }
        #expect(await eventually { feed.count == 0 }, "the stop of the server ends the streams")
    }

    @Test func readerThatStallsIsEndedAndHoldsNobodyUp() async throws {
        var limits = HTTPLimits()
        limits.replyTime = .seconds(1)
        let feed = Feed()
        try await withServer(limits: limits, handler: { _ in .events(feed.stream()) }) { address, server in
            let stalled = try await onThread {
                let crowd = Crowd()
                crowd.clients.append(try RawClient(address, receiveBuffer: 4096))
                crowd.clients[0].send(Self.request)
                return crowd
            }
            #expect(await eventually { feed.count == 1 })
            let text = String(repeating: "x", count: 200_000)
            let isEnded = await eventually {
                feed.send(text)
                return await server.connectionCount == 0
            }
            #expect(isEnded)
            #expect(await eventually { feed.count == 0 })
            #expect(stalled.clients.count == 1)
        }
    }

    @Test func streamsAboveTheLimitAreRefused() async throws {
        var limits = HTTPLimits()
        limits.streams = 3
        let feed = Feed()
        try await withServer(limits: limits, handler: { _ in .events(feed.stream()) }) { address, _ in
            let crowd = try await onThread {
                let crowd = Crowd()
                for number in 0..<5 {
                    let client = try RawClient(address)
                    client.send(Self.request)
                    #expect(client.read { $0.contains("\r\n\r\n") })
                    #expect(status(client.text) == (number < 3 ? 200 : 503))
                    crowd.clients.append(client)
                }
                return crowd
            }
            #expect(await eventually { feed.count == 3 })
            #expect(crowd.clients.count == 5)
        }
    }
}
