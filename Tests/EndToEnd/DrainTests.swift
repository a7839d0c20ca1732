import Glibc
import Testing

extension EndToEnd {
    /// How the relay ends while staff are at work (SECURITY R11, R12, U01).
    @Suite(.serialized, .enabled(if: !Relay.isStock)) struct DrainTests {
        @Test func u01SigtermLetsSessionsEndAndRefusesNewOnesWithASentence() async throws {
            let site = try await Site(options: ["--drain-time", "5m"])
            let tunnel = try await site.tunnel()
            let input = "\(site.folder.path)/typed"
            _ = try await site.folder.run(["mkfifo", input])
            let config = try site.staffConfig()
            let session = try Program(["bash", "-c", "exec ssh -F \(config) -J relay shop-42 'echo in; cat' <> \(input)"], in: site.folder)
            try await eventually("the session is up: \(session.errors)") { session.output.contains("in") }

            try site.relay.process.signal(SIGTERM)
            let refused = try await Site.eventualRefusal(site, config)
            #expect(
                refused.errors.contains("the relay is about to restart and takes nothing new: try again in a few minutes"), "\(refused)")
            #expect(try site.relay.process.isRunning)
            #expect(session.isRunning && tunnel.isRunning)
            _ = try await site.folder.run(["bash", "-c", "echo still-here >\(input)"])
            try await eventually("the session goes on: \(session.output)") { session.output.contains("still-here") }
            #expect(try await site.relay.must("sessions").output.contains("shop-42"), "commands are answered while draining")

            session.signal(SIGTERM)
            let ended = try await site.relay.process.end(within: .seconds(15))
            #expect(ended.status == 0, "\(ended)")
            #expect(ended.errors.contains("event=\"relay drains\" sessions=1 seconds=300"), "\(ended.errors)")
            try await tunnel.end(within: .seconds(5))
        }

        @Test func aSecondSigtermEndsItAtOnce() async throws {
            let site = try await Site()
            let tunnel = try await site.tunnel()
            let session = try await site.liveSession()
            let relay = try site.relay.process
            relay.signal(SIGTERM)
            try await eventually("it drains: \(relay.errors)") { relay.errors.contains("relay drains") }
            #expect(session.isRunning)
            let clock = ContinuousClock.now
            let ended = try await site.relay.process.terminate(within: .seconds(5))
            #expect(ended.status == 0, "\(ended)")
            #expect(ContinuousClock.now - clock < .seconds(5))
            try await session.end(within: .seconds(5))
            try await tunnel.end(within: .seconds(5))
        }

        @Test(arguments: ["1s", "none"]) func sessionsEndWhenTheDrainTimeIsOver(_ time: String) async throws {
            let site = try await Site(options: ["--drain-time", time])
            let tunnel = try await site.tunnel()
            let session = try await site.liveSession()
            let ended = try await site.relay.process.terminate(within: .seconds(10))
            #expect(ended.status == 0, "\(ended)")
            let told = try await tunnel.end(within: .seconds(5))
            #expect(told.errors.contains("Received disconnect"), "\(told.errors)")
            try await session.end(within: .seconds(5))
            try await site.relay.start()
            #expect(try await site.relay.must("sessions", "--past").output.contains("the relay stopped"))
        }

        @Test func r12PeersThatComeWhileTheRelayIsDownWaitInTheSocketOfSystemd() async throws {
            let site = try await Site()
            try await site.relay.process.terminate()
            // What systemd does with towline-relay.socket: listen, and start the relay when somebody comes, with the socket as descriptor 3.
            let launcher = """
                import os, socket, sys, time
                listener = socket.socket()
                listener.bind(("127.0.0.1", 0))
                listener.listen(64)
                os.dup2(listener.fileno(), 3)
                os.set_inheritable(3, True)
                print("port", listener.getsockname()[1], flush=True)
                for run in (1, 2):
                    while not os.path.exists(sys.argv[1] + str(run)): time.sleep(0.01)
                    child = os.fork()
                    if child == 0:
                        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
                        os.execv(sys.argv[2], sys.argv[2:])
                    os.waitpid(child, 0)
                """
            let relay = try Relay.program()
            let sign = "\(site.folder.path)/run-"
            let systemd = try Program(
                ["python3", "-c", launcher, sign, relay, "serve", "--data-dir", site.relay.dataPath], in: site.folder)
            try await eventually("it listens: \(systemd.errors)") { systemd.output.contains("port ") }
            let port = try #require(systemd.output.split(whereSeparator: \.isNewline).first?.split(separator: " ").last.flatMap { Int($0) })

            // Nobody accepts yet: the connection waits.
            let early = try Program(
                ["ssh"] + site.options(key: site.staffKey) + ["-p", "\(port)", "alice@127.0.0.1", "whoami"], in: site.folder)
            #expect(early.isRunning)
            try site.folder.write("", to: "\(sign)1")
            let answer = try await early.end()
            #expect(answer.output.contains("alice"), "\(answer)")
            #expect(systemd.output.contains("listening on 127.0.0.1:\(port)"), "\(systemd.output)")

            kill(try #require(Processes.tree(of: systemd.pid).dropFirst().first), SIGTERM)
            try await eventually("the first run has ended") { systemd.errors.contains("relay stopped") }
            let between = try Program(
                ["ssh"] + site.options(key: site.staffKey) + ["-p", "\(port)", "alice@127.0.0.1", "whoami"], in: site.folder)
            try site.folder.write("", to: "\(sign)2")
            #expect(try await between.end().succeeded, "it waited for the second run: \(between.errors)")
            kill(try #require(Processes.tree(of: systemd.pid).dropFirst().first), SIGTERM)
            try await systemd.end()
        }
    }
}

extension Site {
    /// Logs in again and again until it is refused; a login that succeeds came before the relay had read its signal.
    fileprivate static func eventualRefusal(_ site: Site, _ config: String) async throws -> Outcome {
        for _ in 0..<50 {
            let outcome = try await site.staff(config, "-J", "relay", "shop-42", "true")
            if !outcome.succeeded { return outcome }
        }
        throw ScenarioError(description: "the relay goes on taking sessions")
    }
}
