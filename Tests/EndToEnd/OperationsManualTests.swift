import Glibc
import Testing

extension EndToEnd {
    /// docs/operations.md does what it says: its sessions are run as they stand there.
    @Suite(.serialized, .enabled(if: !Relay.isStock)) struct OperationsManualTests {
        @Test(arguments: ["mailed-key", "pasted-line"]) func fromAnEmptyRelayToAPromptOnATerminal(_ name: String) async throws {
            let folder = try Folder()
            let login = geteuid() == 0 ? "towline-man-\(getpid())" : StockServer.user
            let programs = try [("towline-relay", "TEST_RELAY"), ("towline-terminal", "TEST_TERMINAL"), ("towline", "TEST_STAFF")]
                .map { try Programs.ours($0.0, variable: $0.1) }
            let path = Set(programs.map { "/" + $0.split(separator: "/").dropLast().joined(separator: "/") }).joined(separator: ":")
            // Whatever happens, what the session started is ended and the account that it made is removed.
            let script = try folder.write(
                """
                set -euo pipefail
                trap 'set +e; towline-terminal login-user remove "$LOGIN" >/dev/null 2>&1; kill $(jobs -p) 2>/dev/null; wait' EXIT
                """ + "\n" + manualBlock(name), to: "session.sh")
            let outcome = try await folder.run(
                ["bash", "-c", "cd \(folder.path) && exec bash \(script)"],
                environment: [
                    "PATH": "\(path):\(Programs.path)", "LOGIN": login, "PORT": "\(try StockServer.freePort())",
                ], within: .seconds(120))
            #expect(outcome.succeeded, "\(outcome)")
            #expect(outcome.output.hasSuffix("I am \(login) on the terminal\n"), "\(outcome)")
            #expect(!outcome.errors.contains("(yes/no"), "nothing is asked: \(outcome)")
            #expect(!outcome.errors.contains("grep:"), "nothing is read before it is there: \(outcome)")
        }

        @Test func theNightlyBackupIsAScriptThatCronRuns() async throws {
            let folder = try Folder()
            let relay = try await Relay(in: folder)
            let script = try folder.write(
                manualBlock("nightly-backup").replacing("/etc/cron.daily", with: folder.path).replacing("/var/backups", with: folder.path),
                to: "install.sh")
            try #require(try await folder.run(["sh", script]).succeeded)
            let program = "/" + (try Relay.program()).split(separator: "/").dropLast().joined(separator: "/")
            let outcome = try await folder.run(
                ["\(folder.path)/towline-relay"],
                environment: ["TOWLINE_RELAY_DATA": relay.dataPath, "PATH": "\(program):\(Programs.path)"])
            #expect(outcome.succeeded, "\(outcome)")
            let kept = try await folder.run(["sh", "-c", "ls \(folder.path)/towline-relay-*"])
            #expect(kept.output.split(separator: "\n").count == 1, "\(kept)")
        }

        @Test(.enabled(if: geteuid() == 0)) func aRelayThatRootMovedBelongsToItsOwnUser() async throws {
            let folder = try Folder()
            let relay = try await Relay(in: folder)
            try await relay.must("backup", "\(folder.path)/relay.backup")
            let new = "\(folder.path)/new"
            try #require(try await folder.run(["install", "-d", "-m", "700", "-o", "nobody", new]).succeeded)
            let script = try folder.write(
                manualBlock("move").replacing("/var/lib/towline-relay", with: new).replacing("towline-relay: ", with: "nobody: "),
                to: "move.sh"
            )
            let program = "/" + (try Relay.program()).split(separator: "/").dropLast().joined(separator: "/")
            let moved = try await folder.run(
                ["sh", "-c", "cd \(folder.path) && exec sh -e \(script)"],
                environment: ["TOWLINE_RELAY_DATA": new, "PATH": "\(program):\(Programs.path)"])
            #expect(moved.succeeded, "\(moved)")
            let others = try await folder.run(["find", new, "!", "-user", "nobody"])
            #expect(others.succeeded && others.output == "", "\(others)")
        }
    }
}
