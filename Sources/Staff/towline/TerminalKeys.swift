import SSHKeys
import StaffCore
import Support
import SystemCalls

/// The host keys of terminals: what `ssh` is told about them, and when they are pinned.
struct TerminalKeys {
    let folder: StaffFolder
    let ssh: OpenSSH

    /// Prints the keys for `ssh`. A terminal that was never reached gets those that the relay tells pinned.
    ///
    /// Where there are none, that is said and nothing is printed: `ssh` refuses a host without keys by itself.
    func print(for host: String, shown: ShownHostKey?) {
        // A host that is no terminal's name is none of ours.
        guard let terminal = try? TerminalName(parsing: host) else { return }
        do throws(Failure) {
            say(try keys(of: terminal, shown: shown).knownHosts(for: host))
        } catch {
            // ssh asks twice: before a key is shown, to know which kinds to prefer, and then with the key.
            if shown != nil { complain(error.sentence) }
        }
    }

    private func keys(of terminal: TerminalName, shown: ShownHostKey?) throws(Failure) -> HostKeyPins {
        var pins = HostKeyPins(text: try folder.read(folder.pins(of: terminal)) ?? "")
        if pins.keys.isEmpty {
            pins = try told(terminal)
            try folder.write(pins.text, to: folder.pins(of: terminal))
        }
        if let shown, let complaint = pins.complaint(about: terminal, shown: shown, told: nil) {
            // Only now is the relay asked: it may be away.
            let told = try? told(terminal)
            complain(pins.complaint(about: terminal, shown: shown, told: told) ?? complaint)
        }
        return pins
    }

    /// Pins what the relay tells now; where it knows nothing, what the terminal shows, once a person has compared it.
    func trust(_ terminal: TerminalName, _ fingerprint: String?) throws(Failure) -> ExitStatus {
        var pins = try known(terminal) ?? HostKeyPins([])
        let isVouchedFor = !pins.keys.isEmpty
        if !isVouchedFor { pins = try scan(terminal) }
        let printed = try ssh.ask("ssh-keygen", ["-l", "-E", "sha256", "-f", "-"], input: pins.text).output
        if let fingerprint {
            guard printed.split(whereSeparator: \.isWhitespace).contains(fingerprint[...]) else {
                throw Failure("\(terminal) has another host key; nothing was changed:\n\(printed.dropLast())")
            }
        } else if !isVouchedFor {
            try compare(terminal, printed)
        }
        try folder.write(pins.text, to: folder.pins(of: terminal))
        say("pinned for \(terminal):\n\(printed)")
        return .done
    }

    private func compare(_ terminal: TerminalName, _ printed: String) throws(Failure) {
        let found = "the relay does not know the host key of \(terminal) (a plain ssh, or not yet told). It shows:\n\(printed)"
        guard Files.isTerminal(0), Files.isTerminal(2) else {
            throw Failure(found + "compare it with what the customer says, and give it: towline trust \(terminal) --fingerprint SHA256:…")
        }
        complain(found + "Is that what the customer reads to you? Type yes to trust it from now on:")
        guard readLine(strippingNewline: true) == "yes" else { throw Failure("nothing was changed") }
    }

    /// The host key that a terminal shows, whoever it is: by a login that is not tried.
    private func scan(_ terminal: TerminalName) throws(Failure) -> HostKeyPins {
        let file = folder.scratch
        try attempt("cannot make room") { () throws(SystemError) -> Void in try Files.remove(file) }
        try folder.write("", to: file)
        let options = [
            "KnownHostsCommand=none", "UserKnownHostsFile=\"\(file)\"", "StrictHostKeyChecking=accept-new", "BatchMode=yes",
            "PreferredAuthentications=none", "LogLevel=ERROR", "ConnectTimeout=20",
        ]
        // It is always refused: there is no such way to log in.
        let words = ["-F", folder.combinedConfig] + options.flatMap { ["-o", $0] } + ["-T", terminal.description, "--", "true"]
        _ = try ssh.ask("ssh", words, isQuiet: true)
        let pins = HostKeyPins(text: try folder.read(file) ?? "")
        try attempt("cannot clean up") { () throws(SystemError) -> Void in try Files.remove(file) }
        guard !pins.keys.isEmpty else { throw Failure("\(terminal) was not reached; is it online? see: towline terminals") }
        return pins
    }

    /// What the relay tells now; `nil`: it knows nothing of this terminal's keys.
    private func known(_ terminal: TerminalName) throws(Failure) -> HostKeyPins? {
        let outcome = try ssh.askRelay(["host-keys", terminal.description, "--known-hosts"], isQuiet: true)
        guard outcome.status != OpenSSH.notConnected else { throw Failure("the relay cannot be asked for the host keys of \(terminal)") }
        let pins = HostKeyPins(text: outcome.output)
        return outcome.status == 0 && !pins.keys.isEmpty ? pins : nil
    }

    private func told(_ terminal: TerminalName) throws(Failure) -> HostKeyPins {
        guard let pins = try known(terminal) else {
            throw Failure("the relay does not know the host key of \(terminal); look at it once with: towline trust \(terminal)")
        }
        return pins
    }
}
