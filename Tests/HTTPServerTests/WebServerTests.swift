import EventLoops
import HTTPServer
import SystemCalls
import Testing

@Suite struct WebServerTests {
    @Test func requestReachesTheHandlerWhole() async throws {
        try await withServer { address, _ in
            let answer = try await ask(address, get("/a%20b/%C3%BC?q=1+2&empty&%26=%3d", "X-Test: yes\r\n"))
            #expect(status(answer) == 200)
            #expect(content(answer) == "GET /a b/ü [q=1 2,empty=,&==] form:[none] body:0 test:yes")
        }
    }

    @Test func formIsDecoded() async throws {
        try await withServer { address, _ in
            let body = "name=alice&key=ssh-ed25519+AAAA%2B%3D&note=%E6%97%A5"
            let answer = try await ask(
                address,
                "POST /users HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded; charset=utf-8\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
            #expect(content(answer) == "POST /users [] form:[name=alice,key=ssh-ed25519 AAAA+=,note=日] body:\(body.utf8.count) test:")
        }
    }

    @Test(arguments: [0, 1, 1000, 16_384, 65_536, 262_143, 262_144]) func bodyOfAnySizeIsHandedOver(_ size: Int) async throws {
        try await withServer { address, _ in
            let answer = try await onThread {
                let client = try RawClient(address)
                client.send("POST /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: \(size)\r\n\r\n")
                client.send([UInt8](repeating: 7, count: size))
                client.read()
                return client.text
            }
            #expect(content(answer) == "POST /b [] form:[none] body:\(size) test:")
        }
    }

    @Test func severalRequestsShareAConnection() async throws {
        try await withServer { address, server in
            try await onThread {
                let client = try RawClient(address)
                for number in 1...20 {
                    client.clear()
                    client.send("GET /\(number) HTTP/1.1\r\nHost: x\r\n\r\n")
                    #expect(client.read { $0.hasSuffix("test:") })
                    #expect(content(client.text).hasPrefix("GET /\(number) "))
                }
                // And several at once, answered in their order.
                client.clear()
                client.send(
                    "GET /a HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhiGET /c HTTP/1.1\r\nHost: x\r\n\r\n"
                )
                #expect(client.read { $0.contains("GET /c ") && $0.hasSuffix("test:") })
                #expect(client.text.contains("GET /a ") && client.text.contains("POST /b [] form:[none] body:2"))
            }
            #expect(await server.connectionCount <= 1)
        }
    }

    @Test func headHasTheHeaderOnly() async throws {
        try await withServer { address, _ in
            let answer = try await ask(address, "HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            #expect(status(answer) == 200 && content(answer) == "")
            #expect(answer.lowercased().contains("content-length: "))
        }
    }

    @Test func slowHandlerDelaysNobodyElse() async throws {
        let gate = AsyncStream<Void>.makeStream()
        try await withServer(handler: { request in
            if request.path == "/slow" { for await _ in gate.stream { break } }
            return .text(request.path)
        }) { address, _ in
            async let slow = ask(address, get("/slow"))
            for _ in 0..<20 {
                let quick = try await ask(address, get("/quick"))
                #expect(content(quick) == "/quick")
            }
            gate.continuation.yield()
            let answer = try await slow
            #expect(content(answer) == "/slow")
        }
    }

    @Test func largeAnswerArrivesWhole() async throws {
        let block = (0..<4099).map { UInt8(truncatingIfNeeded: $0) }
        var whole: [UInt8] = []
        for _ in 0..<700 { whole += block }
        let bytes = whole
        try await withServer(handler: { _ in .file(bytes, type: "application/octet-stream") }) { address, _ in
            let received = try await onThread {
                let client = try RawClient(address)
                client.send(get("/"))
                client.read()
                return client.received
            }
            #expect(Array(received.suffix(bytes.count)) == bytes)
        }
    }

    @Test func answerWithALineEndInAFieldIsNotSent() async throws {
        try await withServer(handler: { _ in .redirect(to: "/a\r\nSet-Cookie: b=c") }) { address, _ in
            let answer = try await ask(address, get("/"))
            #expect(status(answer) == 500 && !answer.contains("Set-Cookie"))
        }
    }

    @Test func handlerThatNeverAnswersIsAnsweredFor() async throws {
        var limits = HTTPLimits()
        limits.handlerTime = .milliseconds(10)
        let ended = Monitor(false)
        try await withServer(
            limits: limits,
            handler: { _ in
                for await _ in AsyncStream<Void>.makeStream().stream {}
                ended.withLock { $0 = true }
                return .text("late")
            }
        ) { address, _ in
            let answer = try await ask(address, get("/"))
            #expect(status(answer) == 503)
            #expect(await eventually { ended.withLock { $0 } }, "the handler was cancelled")
        }
    }

    @Test func addressInUseIsSaid() async throws {
        try await withServer { address, _ in
            let loop = try EventLoop(name: "second")
            loop.start()
            let second = WebServer(
                loop: loop, configuration: HTTPServerConfiguration(addresses: [.loopback(port: 0), address]), handler: echo)
            await #expect(throws: HTTPServerError.addressInUse(address)) { _ = try await second.start() }
            await second.stop()
            loop.stop()
        }
    }

    @Test func stopWaitsForAnswersUnderWay() async throws {
        let (started, finish) = (AsyncStream<Void>.makeStream(), AsyncStream<Void>.makeStream())
        try await withServer(handler: { _ in
            started.continuation.yield()
            for await _ in finish.stream { break }
            return .text("done")
        }) { address, server in
            async let answer = ask(address, get("/"))
            for await _ in started.stream { break }
            async let stopped: Void = server.stop()
            finish.continuation.yield()
            await stopped
            let text = try await answer
            #expect(content(text) == "done")
        }
    }
}
