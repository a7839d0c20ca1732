import SSHKeys
import StaffCore
import Support
import SystemCalls

/// `towline login`: finds the relay, pins its host key once a person has compared it, and sees whether the relay knows the user.
struct Login {
    let access: RelayAccess
    let fingerprint: String?
    let folder: StaffFolder
    let ssh: OpenSSH

    func run() throws(Failure) -> ExitStatus {
        // An earlier login that cannot be read is what this one mends.
        let wanted = try locatingIdentity(access.keeping(try? folder.access()))
        let (found, key, shown) = try scan(wanted)
        try compare(found, key, shown)
        let pin = "\(RelayAccess.alias) \(key.line)\n"
        guard try isLetIn(found, pin) else { return .refused }
        try folder.write(pin, to: folder.knownHosts)
        try folder.write(found.text, to: folder.relay)
        let list = try folder.list()
        try folder.writeSSHConfig(found, list)
        try Refresh(folder: folder, ssh: ssh).list(found, after: list)
        say(
            "\nYou are set up. Your terminals: towline terminals. A login: towline ssh TERMINAL. For plain ssh: towline ssh-config --install\n"
        )
        return .done
    }

    /// The same with the absolute path of the private key, which must be there: later runs are in other folders.
    private func locatingIdentity(_ wanted: RelayAccess) throws(Failure) -> RelayAccess {
        guard let identity = wanted.identity else { return wanted }
        var located = wanted
        let isThere = try attempt("cannot look for the private key") { () throws(SystemError) in
            let path = identity.hasPrefix("/") ? identity : try Files.resolved(".") + "/" + identity
            located.identity = path
            return try Files.status(path)?.kind == .file
        }
        guard isThere else { throw Failure("--identity: there is no file \(Printable.quoted(identity))") }
        return located
    }

    /// The relay's host key at the first port where an SSH server answers.
    private func scan(_ wanted: RelayAccess) throws(Failure) -> (RelayAccess, PublicKey, fingerprint: String) {
        for port in wanted.ports {
            guard let key = try ssh.hostKey(of: wanted.host, port: port) else { continue }
            let printed = try ssh.ask("ssh-keygen", ["-l", "-E", "sha256", "-f", "-"], input: key.line + "\n")
            guard let shown = printed.output.split(separator: " ").map(String.init).first(where: { Fingerprint($0) != nil }) else {
                throw Failure("ssh-keygen cannot read the relay's host key")
            }
            var found = wanted
            found.ports = [port]
            return (found, key, shown)
        }
        let ports = wanted.ports.map(String.init).joined(separator: " nor ")
        throw Failure("no relay answers at \(wanted.host), port \(ports); is the name right, and the network there?", status: .notRunning)
    }

    /// Refuses a host key that is not the relay's, by the fingerprint that was given, the key that is pinned, or the person who is asked.
    private func compare(_ found: RelayAccess, _ key: PublicKey, _ shown: String) throws(Failure) {
        let pinned = HostKeyPins(text: try folder.read(folder.knownHosts) ?? "").keys
        if let fingerprint {
            guard fingerprint == shown else {
                throw Failure(
                    "the relay \(found.shown) has the host key \(shown), not \(Printable.quoted(fingerprint)): nothing was changed")
            }
        } else if pinned.isEmpty {
            try ask(found, shown)
        } else if !pinned.contains(key) {
            throw Failure(
                "the relay shows another host key than the one that is pinned: ask its operator. If it was renewed, or this is another relay, give "
                    + "the new fingerprint: towline login \(found.shown) --fingerprint SHA256:…")
        }
    }

    /// Whether the relay lets the user in and answers, by a configuration of its own: what worked before goes on to work if it does not.
    private func isLetIn(_ found: RelayAccess, _ pin: String) throws(Failure) -> Bool {
        let trial = try attempt("cannot try it") { () throws(SystemError) in try Files.makeTemporaryDirectory() }
        // What stays lies in the folder for what is temporary.
        defer { try? Files.removeTree(trial) }
        let config = try folder.writeTrialConfig(found, pin: pin, in: trial)
        // By no connection that is open already: it might be another key's.
        let status = try ssh.run("ssh", ["-F", config, "-S", "none", "-T", RelayAccess.trialAlias, "--", "whoami"])
        guard status != OpenSSH.notConnected else {
            throw Failure(
                "the relay \(found.shown) does not let you in (see above); nothing was changed. If it does not know your key yet, send it to its "
                    + "operator:\(try ownKeys())")
        }
        return status == 0
    }

    private func ask(_ found: RelayAccess, _ shown: String) throws(Failure) {
        guard Files.isTerminal(0), Files.isTerminal(2) else {
            throw Failure(
                "the relay \(found.shown) has the host key \(shown); compare it with what its operator says, and give it: --fingerprint \(shown)"
            )
        }
        say(
            "The relay \(found.shown) has the host key\n    \(shown)\nIs that what its operator told you? Type yes to trust it from now on: ",
            toStandardError: true)
        let answer = readLine(strippingNewline: true) ?? ""
        guard answer == "yes" else { throw Failure("not set up: nothing was changed") }
    }

    /// The user's public keys, a line each.
    private func ownKeys() throws(Failure) -> String {
        // A folder that cannot be listed has no keys to show.
        let names = (try? Files.list(folder.usersKeys))?.filter { $0.hasSuffix(".pub") }.sorted() ?? []
        var lines = ""
        for name in names {
            // What is no public key is none to show.
            guard let text = try folder.read("\(folder.usersKeys)/\(name)"), let key = try? AuthorizedKey(line: text) else { continue }
            lines += "\n    \(key.line)"
        }
        return lines.isEmpty ? " you have none; make one with: ssh-keygen -t ed25519" : lines
    }
}
