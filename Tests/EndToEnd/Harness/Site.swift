import Glibc
import Testing

/// The root of all scenarios: they run one after another, because each starts many processes and some measure time.
@Suite(.serialized) enum EndToEnd {}

/// A relay, one terminal made of stock parts behind it, and one member of staff: what most scenarios start from.
final class Site: Sendable {
    static let listeningPort = 41001

    let folder: Folder
    let relay: Relay
    /// The terminal's own stock sshd.
    let server: StockServer
    let terminalKey: KeyPair
    let staffKey: KeyPair

    /// - Parameters:
    ///   - granted: staff may reach the terminal.
    ///   - stockRelay: the relay is a stock sshd.
    ///   - descriptors: limit of the relay's open files.
    ///   - options: more words for the relay's `serve`.
    init(granted: Bool = true, stockRelay: Bool = Relay.isStock, descriptors: Int? = nil, options: [String] = []) async throws {
        folder = try Folder()
        terminalKey = try await KeyPair("terminal-key", in: folder)
        staffKey = try await KeyPair("staff-key", in: folder)
        relay = try await Relay(in: folder, stock: stockRelay, descriptors: descriptors, options: options)
        server = try await StockServer("terminal", in: folder, keys: [staffKey.line])
        try await relay.addTerminal("shop-42", port: Site.listeningPort, key: terminalKey)
        try await relay.addStaff("alice", key: staffKey, grants: granted ? ["shop-42"] : [])
    }

    /// Fingerprint of the relay's host key, as ssh-keyscan sees it.
    func relayFingerprint() async throws -> String {
        let scanned = try await folder.run([
            "bash", "-o", "pipefail", "-c", "ssh-keyscan -t ed25519 -p \(relay.port) 127.0.0.1 2>/dev/null | ssh-keygen -l -f -",
        ])
        guard scanned.succeeded, let found = scanned.output.split(separator: " ").first(where: { $0.hasPrefix("SHA256:") }) else {
            throw ScenarioError(description: "no host key of the relay: \(scanned)")
        }
        return String(found)
    }

    /// Options of every stock client here: no configuration of the machine or the user, this scenario's known hosts.
    func options(key: KeyPair) -> [String] {
        [
            "-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "IdentityFile=\(key.path)",
            "-o", "StrictHostKeyChecking=accept-new", "-o", "UserKnownHostsFile=\(folder.path)/known_hosts",
            "-o", "GlobalKnownHostsFile=/dev/null", "-o", "ConnectTimeout=20",
        ]
    }

    /// Starts a stock `ssh -N -R` as the terminal would; returns at once.
    func startTunnel(key: KeyPair? = nil, port: Int = Site.listeningPort, options extra: [String] = []) throws -> Program {
        try Program(
            ["ssh"] + options(key: key ?? terminalKey) + extra + [
                "-v", "-N", "-T", "-o", "ExitOnForwardFailure=yes", "-R", "\(port):127.0.0.1:\(server.port)",
                "-p", "\(relay.port)", "\(relay.isStock ? StockServer.user : "anything")@127.0.0.1",
            ], in: folder)
    }

    /// Starts the terminal's tunnel and waits until the relay granted its port.
    func tunnel(_ extra: String...) async throws -> Program {
        let program = try startTunnel(options: extra)
        try await Site.granted(program)
        return program
    }

    /// Waits until the relay granted a tunnel's port.
    static func granted(_ tunnel: Program) async throws {
        try await eventually("the tunnel is up: \(tunnel.errors)") {
            guard tunnel.isRunning else { throw ScenarioError(description: "the tunnel ended: \(tunnel.errors)") }
            return tunnel.errors.contains("remote forward success")
        }
    }

    /// A configuration file for staff: `relay` is the relay; the terminal's login user is the one that its sshd serves.
    ///
    /// A file, because options on the line of `ssh -J` do not reach the jump. `lines` go to every hop, `toRelay` to the relay's only.
    func staffConfig(key: KeyPair? = nil, _ lines: String..., toRelay: String? = nil) throws -> String {
        let name = folder.newName("ssh_config")
        return try folder.write(
            """
            Host relay
              HostName 127.0.0.1
              Port \(relay.port)
              User \(relay.isStock ? StockServer.user : "alice")
            \(toRelay.map { "  \($0)" } ?? "")
            Host *
            \(lines.map { "  \($0)\n" }.joined())  User \(StockServer.user)
              IdentityFile \((key ?? staffKey).path)
              IdentitiesOnly yes
              IdentityAgent none
              BatchMode yes
              StrictHostKeyChecking accept-new
              UserKnownHostsFile \(folder.path)/known_hosts
              GlobalKnownHostsFile /dev/null
              ConnectTimeout 20

            """, to: name)
    }

    /// Runs staff's stock `ssh` with `words`, by a configuration of `staffConfig`.
    func staff(_ config: String, _ words: String..., input: String = "/dev/null", within limit: Duration = .seconds(30)) async throws
        -> Outcome
    {
        try await folder.run(["ssh", "-F", config] + words, input: input, within: limit)
    }

    /// Starts staff's `ssh -J` by listening port with `command` on the terminal, and waits until it printed `sign`.
    func liveSession(_ sign: String = "in-session") async throws -> Program {
        let command = "echo \(sign); exec sleep 1000"
        let config = try staffConfig("ServerAliveInterval 0")
        let session = try Program(["ssh", "-F", config, "-J", "relay", "-p", "\(Site.listeningPort)", "localhost", command], in: folder)
        try await eventually("the session is up: \(session.errors)") {
            guard session.isRunning else { throw ScenarioError(description: "the session ended: \(session.errors)") }
            return session.output.contains(sign)
        }
        return session
    }
}
