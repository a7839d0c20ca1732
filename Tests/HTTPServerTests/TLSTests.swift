import EventLoops
import HTTPServer
import SystemCalls
import Testing

@Suite struct TLSTests {
    private static let now = WallClock.seconds

    private static func identity() throws -> TLSIdentity {
        try TLSIdentity.selfSigned(names: ["shop-42", "localhost"], addresses: [.v4(0x7f00_0001)], now: now)
    }

    /// Runs a program with the certificate of `identity` as the file `$1` and `input` as its input; returns what it printed.
    private static func run(_ command: String, _ identity: TLSIdentity, input: String = "") async throws -> String {
        try await onThread {
            let folder = try Files.makeTemporaryDirectory()
            defer { try? Files.removeTree(folder) }  // a temporary folder
            try Files.writeAtomically("\(folder)/in", Array(input.utf8), mode: 0o600)
            try Files.writeAtomically("\(folder)/certificate", Array(identity.certificate.utf8), mode: 0o600)
            let script = "exec <'\(folder)/in' >'\(folder)/out' 2>&1; set -- '\(folder)/certificate'; \(command)"
            let child = try Processes.spawn("/bin/sh", ["-c", script], environment: ["PATH": "/usr/bin:/bin"])
            _ = child.wait()
            return String(decoding: try Files.read("\(folder)/out", limit: 1 << 20), as: UTF8.self)
        }
    }

    @Test func ownCertificateIsWhatBrowsersAskFor() async throws {
        let identity = try Self.identity()
        let text = try await Self.run("openssl x509 -in \"$1\" -noout -text -fingerprint -sha256 -checkend 34128000", identity)
        for part in [
            "Version: 3", "prime256v1", "ecdsa-with-SHA256", "CN = shop-42", "DNS:shop-42, DNS:localhost, IP Address:127.0.0.1", "CA:FALSE",
            "Digital Signature", "TLS Web Server Authentication", "sha256 Fingerprint=\(identity.fingerprint)",
            "Certificate will not expire",
        ] {
            #expect(text.contains(part), "\(part) in \(text)")
        }
        #expect(identity.expiry == Self.now + 396 * 86_400)
        #expect(identity.fingerprint.count == 95)
        #expect(try Self.identity().fingerprint != identity.fingerprint)
    }

    @Test func pageIsServedOverTLSAndTheCertificateFitsItsNames() async throws {
        let identity = try Self.identity()
        try await withServer(identity: identity, handler: { .text("secure: \($0.isSecure)") }) { address, _ in
            let curl = "curl -sS --cacert \"$1\" --resolve shop-42:\(address.port):127.0.0.1"
            for version in ["--tlsv1.2 --tls-max 1.2", "--tlsv1.3"] {
                let byName = try await Self.run("\(curl) \(version) https://shop-42:\(address.port)/", identity)
                #expect(byName == "secure: true")
            }
            let byAddress = try await Self.run("\(curl) https://127.0.0.1:\(address.port)/", identity)
            #expect(byAddress == "secure: true")
            let otherName = try await Self.run(
                "\(curl) --resolve evil.test:\(address.port):127.0.0.1 https://evil.test:\(address.port)/", identity)
            #expect(otherName.contains("evil.test") && !otherName.contains("secure: "))
        }
    }

    @Test func oldVersionsAndPlainTextAreRefused() async throws {
        let identity = try Self.identity()
        try await withServer(identity: identity) { address, server in
            let old = try await Self.run(
                "openssl s_client -connect 127.0.0.1:\(address.port) -tls1_1 -cipher ALL:@SECLEVEL=0", identity, input: "GET / HTTP/1.0\n\n"
            )
            #expect(!old.contains("HTTP/1.1 200") && old.contains("Cipher is (NONE)"), "\(old)")
            let plain = try await ask(address, get("/"))
            #expect(!plain.contains("200"))
            #expect(await eventually { await server.connectionCount == 0 })
        }
    }

    @Test func eventsGoOverTLS() async throws {
        let identity = try Self.identity()
        let stream = { @Sendable in
            AsyncStream<ServerSentEvent> { continuation in
                for number in 1...200 { continuation.yield(ServerSentEvent(data: "\(number)")) }
                continuation.finish()
            }
        }
        try await withServer(identity: identity, handler: { _ in .events(stream()) }) { address, _ in
            let text = try await Self.run("curl -sS -N --cacert \"$1\" https://127.0.0.1:\(address.port)/", identity)
            #expect(text == (1...200).map { "data: \($0)\n\n" }.joined())
        }
    }

    @Test func handshakesThatStallAreEndedAndHoldNobodyUp() async throws {
        let identity = try Self.identity()
        var limits = HTTPLimits()
        limits.headerTime = .seconds(2)
        try await withServer(limits: limits, identity: identity) { address, server in
            let crowd = try await onThread {
                let crowd = Crowd()
                for number in 0..<100 {
                    let client = try RawClient(address, from: "127.0.1.\(1 + number)")
                    // The start of a ClientHello, and no more.
                    client.send([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3])
                    crowd.clients.append(client)
                }
                return crowd
            }
            let page = try await Self.run("curl -sS --cacert \"$1\" https://127.0.0.1:\(address.port)/", identity)
            #expect(page.hasPrefix("GET / "))
            #expect(await eventually { await server.connectionCount == 0 })
            #expect(crowd.clients.count == 100)
        }
    }

    @Test func newCertificateIsShownToNewConnections() async throws {
        let (first, second) = (try Self.identity(), try Self.identity())
        let (opened, ended) = (Monitor(false), Monitor(false))
        try await withServer(
            identity: first,
            handler: { request in
                guard request.path == "/events" else { return .text("page") }
                opened.withLock { $0 = true }
                return .events(
                    AsyncStream { continuation in
                        continuation.yield(ServerSentEvent(data: "first"))
                        continuation.onTermination = { _ in ended.withLock { $0 = true } }
                    })
            }
        ) { address, server in
            let url = "https://127.0.0.1:\(address.port)"
            async let stream = Self.run("curl -sS -N --cacert \"$1\" \(url)/events", first)
            let before = try await Self.run("curl -sS --cacert \"$1\" \(url)/", first)
            #expect(before == "page")
            #expect(await eventually { opened.withLock { $0 } })
            try await server.replaceIdentity(second)
            let text = try await stream
            // It may have ended before its first event left.
            #expect(["", "data: first\n\n"].contains(text), "streams end, so that browsers connect anew")
            #expect(await eventually { ended.withLock { $0 } })
            let after = try await Self.run("curl -sS --cacert \"$1\" \(url)/", second)
            #expect(after == "page")
            let old = try await Self.run("curl -sS --cacert \"$1\" \(url)/", first)
            #expect(old.contains("certificate"))
        }
    }

    @Test func certificateThatCannotBeUsedSaysWhy() throws {
        let (one, other) = (try Self.identity(), try Self.identity())
        #expect(throws: TLSIdentityError.noCertificate) {
            _ = try TLSIdentity(certificate: "nonsense", privateKey: one.privateKey, now: nil)
        }
        #expect(throws: TLSIdentityError.noCertificate) { _ = try TLSIdentity(certificate: "", privateKey: one.privateKey, now: nil) }
        #expect(throws: TLSIdentityError.noPrivateKey) {
            _ = try TLSIdentity(certificate: one.certificate, privateKey: one.certificate, now: nil)
        }
        #expect(throws: TLSIdentityError.mismatch) {
            _ = try TLSIdentity(certificate: one.certificate, privateKey: other.privateKey, now: nil)
        }
        #expect(throws: TLSIdentityError.expired) {
            _ = try TLSIdentity(certificate: one.certificate, privateKey: one.privateKey, now: Self.now + 400 * 86_400)
        }
        let same = try TLSIdentity(certificate: one.certificate, privateKey: one.privateKey, now: Self.now)
        #expect(same.fingerprint == one.fingerprint && same.expiry == one.expiry)
        let chain = try TLSIdentity(certificate: one.certificate + other.certificate, privateKey: one.privateKey, now: Self.now)
        #expect(chain.fingerprint == one.fingerprint)
    }
}
