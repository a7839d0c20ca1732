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
        let (found, key, shown) = try scan()
        try pin(found, key, shown)
        try folder.write(found.text, to: folder.relay)
        let list = TerminalList(text: try folder.read(folder.terminals) ?? "")
        try folder.writeSSHConfig(found, list)
        let status = try ssh.run("ssh", ssh.toRelay(["whoami"]))
        if status == OpenSSH.notConnected {
            throw Failure(
                "the relay \(found.shown) does not let you in (see above). If it does not know your key yet, send it to its operator:\(try ownKeys())"
            )
        }
        guard status == 0 else { return .refused }
        try Refresh(folder: folder, ssh: ssh).list(found)
        say(
            "\nYou are set up. Your terminals: towline terminals. A login: towline ssh TERMINAL. For plain ssh: towline ssh-config --install\n"
        )
        return .done
    }

    /// The relay's host key at the first port where an SSH server answers.
    private func scan() throws(Failure) -> (RelayAccess, PublicKey, fingerprint: String) {
        for port in access.ports {
            let scan = try ssh.ask("ssh-keyscan", ["-T", "10", "-t", "ed25519", "-p", "\(port)", "--", access.host], isQuiet: true)
            guard let key = HostKeyPins(text: scan.output).keys.first else { continue }
            let printed = try ssh.ask("ssh-keygen", ["-l", "-E", "sha256", "-f", "-"], input: key.line + "\n")
            guard let shown = printed.output.split(separator: " ").map(String.init).first(where: { Fingerprint($0) != nil }) else {
                throw Failure("ssh-keygen cannot read the relay's host key")
            }
            var found = access
            found.ports = [port]
            return (found, key, shown)
        }
        let ports = access.ports.map(String.init).joined(separator: " nor ")
        throw Failure("no relay answers at \(access.host), port \(ports); is the name right, and the network there?", status: .notRunning)
    }

    private func pin(_ found: RelayAccess, _ key: PublicKey, _ shown: String) throws(Failure) {
        if let fingerprint {
            guard fingerprint == shown else {
                throw Failure(
                    "the relay \(found.shown) has the host key \(shown), not \(Printable.quoted(fingerprint)): nothing was changed")
            }
        } else if try isKnown(key) {
            return
        } else {
            try ask(found, shown)
        }
        try folder.write("\(RelayAccess.alias) \(key.line)\n", to: folder.knownHosts)
    }

    /// Whether this very key is pinned; another one is refused.
    private func isKnown(_ key: PublicKey) throws(Failure) -> Bool {
        let pinned = HostKeyPins(text: try folder.read(folder.knownHosts) ?? "").keys
        if pinned.isEmpty { return false }
        if pinned.contains(key) { return true }
        throw Failure(
            "the relay shows another host key than the one that is pinned: ask its operator. If it was renewed, or this is another relay, give the "
                + "new fingerprint: towline login \(access.host) --fingerprint SHA256:…")
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
