import RelayCore
import Support
import SystemCalls
import Testing

@testable import RelayOperation

@Suite struct WebhookTests {
    private let secret = Secret(Array("0123456789abcdef".utf8))
    private let now = WallTime(secondsSince1970: 1_800_000_000)

    private func address(_ url: String) throws -> WebhookAddress { try WebhookAddress(ConfigurationValue(url, at: "here")) }

    /// The value is Python's: `hmac.new(b"0123456789abcdef", b'1800000000.{"id":1}', hashlib.sha256)`.
    @Test func theSignatureIsHMACOverTimeAndBody() {
        let delivery = WebhookDelivery(secret: secret, userAgent: "x")
        #expect(
            delivery.signature(of: Array(#"{"id":1}"#.utf8), at: now)
                == "t=1800000000,v1=07d7d5133714af25bfea217af5834ab7a08cab79a4dd291a3df76e1b40590723")
    }

    @Test func withoutCurlItIsSaidAndNothingIsSent() throws {
        let missing = "/nonexistent/curl"
        #expect(WebhookDelivery.complaint(program: missing)?.hasSuffix("apt install curl") == true)
        #expect(WebhookDelivery.complaint() == nil)
        let outcome = WebhookDelivery(program: missing, secret: secret, userAgent: "x").send(
            [0x7b, 0x7d], to: try address("http://a/"), at: now)
        guard case .failed(let reason) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(reason.contains("/nonexistent/curl"), "\(reason)")
    }

    @Test func nobodyListeningIsAFailureWithItsReason() throws {
        // The port of a listener that is gone.
        let port = try {
            let listener = try Sockets.listen(on: .loopback(port: 0))
            return try Sockets.localAddress(listener.raw).port
        }()
        let outcome = WebhookDelivery(secret: secret, userAgent: "x").send(
            [0x7b, 0x7d], to: try address("http://127.0.0.1:\(port)/s3cret"), at: now)
        guard case .failed(let reason) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(reason.contains("onnect"), "\(reason)")
        #expect(!reason.contains("s3cret"))
    }

    @Test func logsShowWhereToAndNotTheWholeURL() throws {
        let address = try address("HTTPS://Chat.example.org:8443/hooks/s3cret?key=1")
        #expect(address.origin == "https://chat.example.org:8443")
        #expect(address.endpoint.count == 64 && !address.endpoint.contains("s3cret"))
    }

    @Test(arguments: [
        ("0123456789abcdef\n", 0o600, nil as String?), ("0123456789abcdef", 0o640, nil),
        ("0123456789abcde \n", 0o600, "is too short"), ("0123456789abcdef", 0o644, "may be read by everybody"),
    ]) func aSecretIsLongAndForFewEyes(_ text: String, _ mode: UInt32, _ complaint: String?) throws {
        let folder = try Files.makeTemporaryDirectory()
        // A folder of the test: what stays is in /tmp.
        defer { try? Files.removeTree(folder) }
        try Files.writeAtomically("\(folder)/secret", Array(text.utf8), mode: mode)
        do {
            let read = try WebhookSecret.read("\(folder)/secret")
            #expect(complaint == nil && read.exposed == Array("0123456789abcdef".utf8))
        } catch {
            #expect(complaint.map(error.description.contains) == true, "\(error)")
            #expect(!error.description.contains("0123456789"))
        }
    }

    @Test func metricsCountEachReceiver() throws {
        var counts = WebhookCounts()
        (counts.delivered, counts.failed, counts.lost, counts.waiting) = (3, 2, 1, 5)
        let pages = OperationPages(tally: EventTally())
        let body = try #require(pages.page(at: "/metrics", RelayCounts(), webhooks: [WebhookCounts(), counts], isDraining: false)).body
        for line in [
            "towline_relay_webhook_delivered_total{webhook=\"2\"} 3", "towline_relay_webhook_failed_total{webhook=\"2\"} 2",
            "towline_relay_webhook_lost_total{webhook=\"2\"} 1", "towline_relay_webhook_waiting{webhook=\"2\"} 5",
            "towline_relay_webhook_waiting{webhook=\"1\"} 0",
        ] { #expect(body.split(separator: "\n").contains(line[...]), "\(line)") }
        #expect(pages.page(at: "/metrics", RelayCounts(), isDraining: false)?.body.contains("webhook") == false)
    }
}
