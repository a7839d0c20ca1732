import Glibc
import Testing

extension EndToEnd {
    /// What the operator of a relay has: configuration, service manager, metrics, backups.
    @Suite(.serialized, .enabled(if: !Relay.isStock)) struct OperationTests {
        // MARK: Configuration

        @Test func theConfigurationIsCheckedAndEveryErrorNamesItsLine() async throws {
            let folder = try Folder()
            let relay = try Relay.program()
            let file = try folder.write("listen = 127.0.0.1:2200\nmetrics = off\n", to: "relay.conf")
            let good = try await folder.run([relay, "serve", "--config", file, "--check-config", "--drain-time", "2m"])
            #expect(good.status == 0, "\(good)")
            #expect(good.output.hasPrefix("# \(file)\ndata-dir = /var/lib/towline-relay\nlisten = 127.0.0.1:2200\n"), "\(good)")
            #expect(good.output.contains("drain-time = 2m\n"), "\(good)")
            try folder.write("listen = 127.0.0.1:2200\nmetrics = 0.0.0.0:9\n", to: "relay.conf")
            for words in [["serve", "--check-config"], ["serve"], ["terminal", "list"]] {
                let bad = try await folder.run([relay] + words + ["--config", file])
                #expect(bad.status == 2, "\(bad)")
                #expect(bad.errors.hasPrefix("towline-relay: \(file):2: 0.0.0.0:9 is no loopback address"), "\(bad)")
                #expect(bad.errors.filter { $0 == "\n" }.count == 1, "\(bad)")
            }
        }

        @Test func sighupTakesWhatCanChangeAndSaysWhatCannot() async throws {
            let folder = try Folder()
            let file = try folder.write("drain-time = 1m\n", to: "relay.conf")
            let relay = try await Relay(in: folder, options: ["--config", file])
            let process = try relay.process
            try folder.write("drain-time = 2m\nthreads = 7\n", to: "relay.conf")
            process.signal(SIGHUP)
            try await eventually("it says so: \(process.errors)") {
                process.errors.contains("wait for a restart\" keys=threads")
            }
            #expect(process.errors.contains("event=\"configuration read again\" files=\(file) changed=drain-time"))
            try folder.write("drain-time = never\n", to: "relay.conf")
            process.signal(SIGHUP)
            try await eventually("it says so: \(process.errors)") { process.errors.contains("nothing was changed") }
            #expect(process.errors.contains("\(file):1: \\\"never\\\" is not a length of time"))
            #expect(process.isRunning)
        }

        // MARK: Service manager

        @Test func theServiceManagerHearsThatItIsReadyThatItLivesAndThatItEnds() async throws {
            let folder = try Folder()
            let relay = try await Relay(in: folder)
            try await relay.process.terminate()
            let address = "\(folder.path)/notify"
            let ear = try Program(
                [
                    "python3", "-uc",
                    "import socket,sys\ns=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\ns.bind(sys.argv[1])\nprint('bound')\n"
                        + "while True: print(s.recv(4096).decode().replace(chr(10),' | '))", address,
                ], in: folder)
            try await eventually("somebody listens: \(ear.errors)") { ear.output.contains("bound") }
            try await relay.start(environment: ["NOTIFY_SOCKET": address, "WATCHDOG_USEC": "400000"])
            try await eventually("signs of life: \(ear.output)") {
                ear.output.split(separator: "\n").filter { $0 == "WATCHDOG=1" }.count >= 3
            }
            #expect(ear.output.split(separator: "\n").contains("READY=1"))
            #expect(ear.output.contains("STATUS=0 terminals online, 0 sessions open"))
            try relay.process.signal(SIGHUP)
            try await eventually("it reloads: \(ear.output)") { ear.output.contains("RELOADING=1 | MONOTONIC_USEC=") }
            try await relay.process.terminate()
            try await eventually("it ends: \(ear.output)") { ear.output.contains("STOPPING=1") }
        }

        // Not to be found is the answer.
        @Test(.enabled(if: (try? Programs.find("systemd-analyze")) != nil, "there is no systemd-analyze here"))
        func theUnitsAreRightAndTheSandboxIsTight() async throws {
            let folder = try Folder()
            let root = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
            for name in ["towline-relay.service", "towline-relay.socket"] {
                let unit = Folder.text(of: "\(root)/packaging/relay/\(name)")
                #expect(!unit.isEmpty)
                try folder.write(
                    unit.split(separator: "\n", omittingEmptySubsequences: false)
                        .map { $0.hasPrefix("ExecStart=") ? "ExecStart=\(try Relay.program()) serve" : String($0) }.joined(separator: "\n"),
                    to: name)
            }
            let service = "\(folder.path)/towline-relay.service"
            let verified = try await folder.run(["systemd-analyze", "verify", "--man=no", service, "\(folder.path)/towline-relay.socket"])
            #expect(verified.succeeded && verified.errors.isEmpty, "\(verified)")
            // 20 is "2.0 OK"; the scale goes to 100.
            let security = try await folder.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", service])
            #expect(security.succeeded, "\(security)")
            // The packaged configuration is one that the relay takes.
            let check = try await folder.run(
                [try Relay.program(), "serve", "--check-config", "--config", "\(root)/packaging/relay/relay.conf"])
            #expect(check.succeeded && check.output.contains("metrics = 127.0.0.1:9222"), "\(check)")
        }

        // MARK: Metrics

        @Test func healthAndMetricsAreServedOnLoopbackAndTellWhatHappens() async throws {
            let site = try await Site(options: ["--metrics", "127.0.0.1:0", "--drain-time", "5m"])
            let relay = try site.relay.process
            let line = try #require(relay.output.split(whereSeparator: \.isNewline).first { $0.hasPrefix("metrics at http://127.0.0.1:") })
            let base = String(line.dropFirst("metrics at ".count).dropLast("/metrics".count))
            let client = """
                import sys, urllib.request, urllib.error
                request = urllib.request.Request(sys.argv[1], method=sys.argv[2], headers={"Host": sys.argv[3]} if sys.argv[3] else {})
                try: answer = urllib.request.urlopen(request)
                except urllib.error.HTTPError as error: answer = error
                print(answer.status, answer.headers["Content-Type"])
                print(answer.read().decode(), end="")
                """
            func get(_ path: String, method: String = "GET", host: String = "") async throws -> String {
                let outcome = try await site.folder.run(["python3", "-c", client, base + path, method, host])
                guard outcome.succeeded else { throw ScenarioError(description: "\(outcome)") }
                return outcome.output
            }
            #expect(try await get("/healthz") == "200 text/plain; charset=utf-8\nok\n")
            #expect(try await get("/healthz", host: "evil.example").hasPrefix("421 "), "no page may rebind its name to us")
            #expect(try await get("/metrics", method: "POST").hasPrefix("405 "))
            #expect(try await get("/elsewhere").hasPrefix("404 "))

            let tunnel = try await site.tunnel()
            let session = try await site.liveSession()
            let refused = try await site.staff(try site.staffConfig(), "-J", "relay", "nowhere", "true")
            #expect(!refused.succeeded)
            let metrics = try await get("/metrics")
            #expect(metrics.hasPrefix("200 text/plain; version=0.0.4; charset=utf-8\n"))
            let lines = metrics.split(separator: "\n")
            for expected in [
                "towline_relay_connections{state=\"tunnel\"} 1", "towline_relay_bridges 1", "towline_relay_bridges_opened_total 1",
                "towline_relay_refusals_total{who=\"staff\"} 1", "towline_relay_registered{kind=\"terminals\"} 1",
                "towline_relay_draining 0",
            ] { #expect(lines.contains(expected[...]), "\(expected) in \(metrics)") }
            let text = try site.folder.write(lines.dropFirst().joined(separator: "\n") + "\n", to: "metrics")
            let checked = try await site.folder.run(["promtool", "check", "metrics"], input: text)
            #expect(checked.succeeded && checked.output.isEmpty && checked.errors.isEmpty, "\(checked)")

            relay.signal(SIGTERM)
            try await eventually("a balancer is told: \(relay.errors)") {
                try await get("/healthz") == "503 text/plain; charset=utf-8\ndraining\n"
            }
            session.signal(SIGTERM)
            try await relay.end(within: .seconds(20))
            try await tunnel.end(within: .seconds(5))
        }

        // MARK: Backup

        @Test func aBackupOfARunningRelayBringsItBackElsewhere() async throws {
            let site = try await Site()
            let tunnel = try await site.tunnel()
            let session = try await site.liveSession()
            let file = "\(site.folder.path)/relay.backup"
            let made = try await site.relay.must("backup", file)
            #expect(made.output.hasPrefix("backed up relay.example.org to \(file), "), "\(made)")
            #expect(try await site.folder.run(["stat", "-c", "%a", file]).text == "600")
            #expect(session.isRunning && tunnel.isRunning)
            let twice = try await site.relay.command("backup", file)
            #expect(twice.status == 1 && twice.errors.contains("exists already"), "\(twice)")
            let running = try await site.relay.command("restore", file)
            #expect(running.status == 1 && running.errors.contains("a relay is running in"), "\(running)")

            try await site.relay.must("terminal", "add", "too-late")
            let port = try site.relay.port
            try site.relay.process.signal(SIGKILL)
            try await site.relay.process.end()
            let occupied = try await site.relay.command("restore", file)
            #expect(occupied.status == 1 && occupied.errors.contains("give --replace to put it aside"), "\(occupied)")
            let damaged = try site.folder.write("this is no backup", to: "damaged")
            let refused = try await site.relay.command("restore", damaged, "--replace")
            #expect(refused.status == 1 && refused.errors.contains("cannot be restored"), "\(refused)")
            #expect(try await site.relay.must("terminal", "list").output.contains("too-late"), "nothing was changed")

            let restored = try await site.relay.must("restore", file, "--replace")
            #expect(restored.output.contains("1 terminals, 1 staff"), "\(restored)")
            let fingerprint = try #require(site.relay.greeting.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("SHA256:") })
            #expect(restored.output.contains(fingerprint), "\(restored)")
            try await site.relay.start(port: port)
            #expect(!(try await site.relay.must("terminal", "list").output.contains("too-late")))
            try await site.relay.must("audit", "verify")
            // Its peers know it again: same host key, same terminals, same staff.
            let again = try await site.tunnel()
            let login = try await site.staff(try site.staffConfig(), "-J", "relay", "shop-42", "echo reached")
            #expect(login.text == "reached" && again.isRunning, "\(login)")
            let aside = try await site.folder.run(["bash", "-c", "ls \(site.relay.dataPath)"])
            #expect(aside.output.contains("relay.db.replaced-") && aside.output.contains("host_key.replaced-"), "\(aside)")
        }

        @Test func aRestoredRelayOnAnEmptyMachineNeedsNoInit() async throws {
            let site = try await Site()
            let file = "\(site.folder.path)/relay.backup"
            try await site.relay.must("backup", file)
            try await site.relay.process.terminate()
            let new = "\(site.folder.path)/new-machine"
            let restored = try await site.folder.run([try Relay.program(), "restore", file, "--data-dir", new])
            #expect(restored.succeeded, "\(restored)")
            let list = try await site.folder.run([try Relay.program(), "terminal", "list", "--data-dir", new])
            #expect(list.output.contains("shop-42"), "\(list)")
            #expect(try await site.folder.run(["stat", "-c", "%a", "\(new)/host_key", "\(new)/relay.db", new]).text == "600\n600\n700")
        }
    }
}
