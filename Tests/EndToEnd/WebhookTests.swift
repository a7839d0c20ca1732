import Glibc
import Testing

extension EndToEnd {
    /// Other systems are told what happens: FEATURES row 35. The relay sends with the stock curl.
    @Suite(.serialized, .enabled(if: !Relay.isStock)) struct WebhookTests {
        /// A site whose relay sends events to 127.0.0.1:`port`, which nobody listens at yet.
        private struct Scene {
            let site: Site
            let port: Int
            let secretFile: String
            let options: [String]

            init(_ lines: String...) async throws {
                site = try await Site()
                port = try StockServer.freePort()
                secretFile = try site.folder.write("0123456789abcdef0123456789abcdef\n", to: "webhook.secret")
                let text = ["webhook = http://127.0.0.1:\(port)/hooks/s3cret", "webhook-secret-file = \(secretFile)"] + lines
                let file = try site.folder.write(text.map { $0 + "\n" }.joined(), to: "relay.conf")
                options = ["--config", file]
                let relayPort = try site.relay.port
                try await site.relay.process.terminate()
                try await site.relay.start(port: relayPort, options: options)
            }

            func receiver(_ script: String) async throws -> Program {
                let file = try site.folder.write(script, to: "receiver.py")
                return try Program(
                    ["python3", file], in: site.folder, environment: ["SECRET_FILE": secretFile, "PORT": "\(port)"])
            }
        }

        @Test func aReceiverThatWasAwayIsToldAllInOrderAlsoAfterAKilledRelay() async throws {
            let scene = try await Scene("metrics = 127.0.0.1:\(try StockServer.freePort())")
            let site = scene.site
            let (relay, port) = (try site.relay.process, try site.relay.port)
            let tunnel = try await site.tunnel()
            let login = try await site.staff(try site.staffConfig(), "-J", "relay", "shop-42", "echo reached")
            #expect(login.text == "reached", "\(login)")
            try await tunnel.terminate()
            try await eventually("it went") { try await site.relay.must("events").output.contains("terminal.offline") }
            try await eventually("it was tried: \(relay.errors)") { relay.errors.contains("webhook failed; it is tried again") }
            relay.signal(SIGKILL)
            try await relay.end()
            try await site.relay.start(port: port, options: scene.options)

            // The receiver that the manual shows.
            let receiver = try await scene.receiver(manualBlock("webhook-receiver", language: "python"))
            try await eventually(within: .seconds(60), "all is told: \(receiver.output) \(receiver.errors)") {
                receiver.output.contains("terminal.offline")
            }
            let told = receiver.output.split(separator: "\n").map { $0.split(separator: " ").dropFirst().joined(separator: " ") }
            #expect(
                told == [
                    "terminal.online shop-42", "session.open shop-42 alice", "session.close shop-42 alice", "terminal.offline shop-42",
                ],
                "\(receiver.output) \(receiver.errors)")
            let line = try site.relay.process.output.split(separator: "\n").first { $0.hasPrefix("metrics at ") }
            let url = String(try #require(line).dropFirst("metrics at ".count))
            try await eventually("it is counted") {
                let metrics = try await site.folder.run(["curl", "-s", url]).output
                return metrics.contains("towline_relay_webhook_delivered_total{webhook=\"1\"} 4\n")
                    && metrics.contains("towline_relay_webhook_waiting{webhook=\"1\"} 0\n")
            }
            let judged = try await site.folder.run(["bash", "-o", "pipefail", "-c", "curl -s \(url) | promtool check metrics"])
            #expect(judged.succeeded && judged.output.isEmpty && judged.errors.isEmpty, "\(judged)")
            // Without the secret nobody is believed.
            let forged = try await site.folder.run([
                "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Towline-Signature: t=1,v1=00", "-d", "{\"id\":99}",
                "http://127.0.0.1:\(scene.port)/hooks/s3cret",
            ])
            #expect(forged.output == "401", "\(forged)")
            for program in [relay, try site.relay.process] { #expect(!program.errors.contains("s3cret"), "\(program.errors)") }
        }

        @Test func whatIsRefusedOrRedirectedIsSentAgainToTheSamePlace() async throws {
            let scene = try await Scene("webhook-events = terminal.online")
            let receiver = try await scene.receiver(
                """
                import http.server, json, os
                port, codes = int(os.environ["PORT"]), [500, 302]
                class Receiver(http.server.BaseHTTPRequestHandler):
                    def do_GET(self): print("GET", self.path, flush=True)
                    def do_POST(self):
                        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                        code = codes.pop(0) if codes else 200
                        print(code, self.path, event["event"], event["relay"], self.headers["Content-Type"], flush=True)
                        self.send_response(code)
                        if code == 302: self.send_header("Location", f"http://127.0.0.1:{port}/elsewhere")
                        self.send_header("Content-Length", "0")
                        self.end_headers()
                http.server.HTTPServer(("127.0.0.1", port), Receiver).serve_forever()
                """)
            let tunnel = try await scene.site.tunnel()
            try await eventually(within: .seconds(60), "it is taken: \(receiver.output) \(receiver.errors)") {
                receiver.output.contains("200 ")
            }
            let rest = " /hooks/s3cret terminal.online relay.example.org application/json\n"
            #expect(receiver.output == "500\(rest)302\(rest)200\(rest)", "\(receiver.output)")
            #expect(tunnel.isRunning)
        }

        @Test func aReceiverThatNeverAnswersHoldsNobodyUp() async throws {
            let scene = try await Scene()
            let receiver = try await scene.receiver(
                """
                import os, socket, time
                listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
                connection = listener.accept()[0]
                print(connection.recv(65536).decode(), flush=True)
                time.sleep(1000)
                """)
            let tunnel = try await scene.site.tunnel()
            try await eventually("it is sent: \(receiver.errors)") { receiver.output.contains("terminal.online") }
            // Nothing that is secret is on curl's command line.
            let lines = try await scene.site.folder.run(["sh", "-c", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '"]).output
            #expect(lines.contains("curl --disable --config - ") && !lines.contains("hooks/s3cret"), "\(lines)")
            let login = try await scene.site.staff(
                try scene.site.staffConfig(), "-J", "relay", "shop-42", "echo reached", within: .seconds(10))
            #expect(login.text == "reached", "\(login)")
            try await scene.site.relay.process.terminate(within: .seconds(10))
            try await tunnel.end()
        }

        @Test func aConfigurationThatCannotWorkIsSaidBeforeTheStart() async throws {
            let scene = try await Scene()
            func check(_ lines: String) async throws -> Outcome {
                let file = try scene.site.folder.write(lines, to: "check.conf")
                return try await scene.site.folder.run([Relay.program(), "serve", "--check-config", "--config", file])
            }
            let good = try await check("webhook = https://chat.example.org/x\nwebhook-secret-file = \(scene.secretFile)\n")
            #expect(good.succeeded && good.output.contains("webhook = https://chat.example.org/x\n"), "\(good)")
            let bad = try await check("webhook = chat.example.org\nwebhook-secret-file = \(scene.secretFile)\n")
            #expect(bad.status == 2 && bad.errors.contains("check.conf:1: the URL must begin with https://"), "\(bad)")
            let missing = try await check("webhook = https://a/\nwebhook-secret-file = /nonexistent/secret\n")
            #expect(missing.status == 2 && missing.errors.contains("webhook-secret-file /nonexistent/secret cannot be read"), "\(missing)")
        }
    }
}
