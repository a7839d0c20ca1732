import StaffCore
import Support
import SystemCalls

/// One run of `towline`.
struct Program {
    let arguments: [String]
    let environment: [String: String]

    func run() -> Int32 {
        Files.setModeMask(0o077)
        do throws(Failure) {
            let command: StaffCommand
            do throws(UsageError) { command = try StaffCommand(arguments) } catch { throw Failure(error.description, status: .usage) }
            return try perform(command)
        } catch {
            complain(error.sentence)
            return error.status.rawValue
        }
    }

    private func perform(_ command: StaffCommand) throws(Failure) -> Int32 {
        switch command {
        case .help(let topic):
            say((topic.isEmpty ? StaffCommandTable.forPeople : StaffCommandTable.table).help(about: topic))
            return ExitStatus.done.rawValue
        case .version:
            say("towline \(Version.text)\n")
            return ExitStatus.done.rawValue
        case .completion(let shell):
            say(StaffCommandTable.forPeople.completion(for: shell, terminalNames: StaffCommandTable.terminalNames))
            return ExitStatus.done.rawValue
        case .manual:
            say(StaffCommandTable.forPeople.manual(section: 1))
            return ExitStatus.done.rawValue
        default: break
        }
        let folder = try StaffFolder(environment: environment)
        let ssh = OpenSSH(folder: folder, environment: environment)
        switch command {
        case .help, .version, .completion, .manual: preconditionFailure("done above")
        case .login(let access, let fingerprint):
            return try Login(access: access, fingerprint: fingerprint, folder: folder, ssh: ssh).run().rawValue
        case .relay(let words): return try relay(words, folder, ssh)
        case .open(let program, let words):
            let destinations = program.destinations(in: words)
            let list = try Refresh(folder: folder, ssh: ssh).list(try folder.access(), reaching: destinations)
            for choice in destinations.compactMap(list.choice) { complain(choice) }
            try ssh.become(program.rawValue, ["-F", folder.combinedConfig] + words)
        case .sshConfig(let installs): return try sshConfig(installs, folder, ssh)
        case .terminalNames:
            say(try folder.list().names.map { "\($0)\n" }.joined())
            return ExitStatus.done.rawValue
        case .knownHosts(let host, let shown):
            TerminalKeys(folder: folder, ssh: ssh).print(for: host, shown: shown)
            return ExitStatus.done.rawValue
        case .trust(let terminal, let fingerprint):
            try Refresh(folder: folder, ssh: ssh).list(try folder.access(), reaching: [Destination(terminal.description)])
            return try TerminalKeys(folder: folder, ssh: ssh).trust(terminal, fingerprint).rawValue
        }
    }

    /// Runs a command of the relay in the foreground.
    private func relay(_ words: [String], _ folder: StaffFolder, _ ssh: OpenSSH) throws(Failure) -> Int32 {
        let access = try folder.access()
        let list = try folder.list()
        try folder.writeSSHConfig(access, list)
        let (passed, file) = RelayWords.takingKeyFile(words)
        if words.first == "wait", words.count > 1, Files.isTerminal(2) {
            complain("waiting for \(Printable.escaped(words[1])) to come online; Ctrl-C ends it")
        }
        let status = try ssh.run("ssh", ssh.toRelay(passed), input: file)
        if status == OpenSSH.notConnected { throw try ssh.unreached(access) }
        // Terminals that came or went are known to plain ssh from now on.
        if status == 0, ["terminals", "request", "approve", "wait"].contains(words[0]) {
            try Refresh(folder: folder, ssh: ssh).list(access, after: list)
        }
        return status
    }

    private func sshConfig(_ installs: Bool, _ folder: StaffFolder, _ ssh: OpenSSH) throws(Failure) -> Int32 {
        // Whoever asks for it is told of all the terminals that it does not hold.
        try Refresh(folder: folder, ssh: ssh).list(try folder.access(), after: TerminalList(text: ""))
        let line = SSHConfiguration.includeLine(folder.sshConfig)
        guard installs else {
            say("# For plain ssh, put this line at the top of \(folder.usersConfig), or run: towline ssh-config --install\n")
            say("#     \(line)\n" + (try folder.read(folder.sshConfig) ?? ""))
            return ExitStatus.done.rawValue
        }
        guard let text = try folder.usersConfiguration().beginning(with: line) else {
            say("\(folder.usersConfig) includes it already\n")
            return ExitStatus.done.rawValue
        }
        // Through a link that the user may have there, and with the mode that ssh wants.
        try folder.write(text, to: try folder.target(of: folder.usersConfig))
        say("put at the top of \(folder.usersConfig):\n    \(line)\nplain ssh knows your terminals now, as in: ssh TERMINAL\n")
        return ExitStatus.done.rawValue
    }
}
