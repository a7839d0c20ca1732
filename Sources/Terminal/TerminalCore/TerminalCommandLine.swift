import SSHKeys
package import Support

/// The command line of `towline-terminal`: what there is, and which command a line means.
package enum TerminalCommandLine {
    /// What a line asks for.
    package enum Intent: Sendable {
        /// Show help about these words.
        case help([String])
        /// Be the daemon.
        case serve(isVerbose: Bool)
        /// Ask the daemon.
        case ask(TerminalCommand)
    }

    /// Why a line is not carried out, before anybody was asked.
    package enum LineError: Error, Sendable, CustomStringConvertible {
        /// Wrong words, or a value that is none: exit status 2.
        case usage(String)
        /// A file or its content is refused: exit status 1.
        case refused(String)

        /// One line.
        package var description: String {
            switch self {
            case .usage(let text), .refused(let text): text
            }
        }
    }

    /// All commands.
    package static let table = CommandTable(
        program: "towline-terminal",
        summary: "lets support staff reach this machine when its owner wants it, and only then",
        commands: [
            CommandSpec(
                "serve", "Runs the service: as root with accounts of its own for staff, otherwise for your own account only",
                options: [.init("--verbose", "log what ssh and sshd say")]),
            CommandSpec("status", "Shows whether support is on, how far the connection is, and who is logged in"),
            CommandSpec(
                "login-user add", "Adds an SSH login user: the account that support staff log in to", arguments: [.init("NAME")],
                options: [
                    .init("--key", value: "FILE|-", isRequired: true, repeats: true, "public keys that may log in; - reads them from here"),
                    .init("--access", value: "LEVEL", "standard (default), or administrator: may do everything, with sudo"),
                ]),
            CommandSpec("login-user list", "Lists the SSH login users"),
            CommandSpec("login-user keys", "Lists the keys of an SSH login user", arguments: [.init("NAME")]),
            CommandSpec(
                "login-user remove", "Removes an SSH login user with its account, home folder and running logins",
                arguments: [.init("NAME")]),
            CommandSpec(
                "settings create", "Creates the remote support setting and issues this terminal's key",
                options: [
                    .init("--relay", value: "HOST[:PORT[,PORT]…]", isRequired: true, "the relay; its ports are tried in turn (default 22)"),
                    .init("--listening-port", value: "N", isRequired: true, "this terminal's port number on the relay"),
                    .init("--fingerprint", value: "SHA256:…", "the relay's identity; without it the relay is asked and you compare"),
                    .init("--user", value: "NAME", "user name told to the relay; only a stock sshd relay cares"),
                ]),
            CommandSpec("settings show", "Shows the remote support setting"),
            CommandSpec("settings delete", "Deletes the setting and its key; support goes off"),
            CommandSpec(
                "key", "Prints the public half of this terminal's key: what you send to support",
                options: [.init("--stock-relay", "print the line for authorized_keys of a stock sshd relay instead")]),
            CommandSpec(
                "start", "Switches support on and shows how the connection comes about",
                options: [
                    .init("--for", value: "TIME", "how long, for example 90m or 8h (default 8h)"),
                    .init("--until-stopped", "no time limit: support stays on until you stop it"),
                ]),
            CommandSpec("extend", "Gives support more time; start --for sets the time anew", arguments: [.init("TIME")]),
            CommandSpec("stop", "Switches support off; every login ends within a second"),
            CommandSpec("test", "Tries the way to the relay once, and says where it fails and what to do"),
            CommandSpec("help", "Shows help", arguments: [.init("COMMAND", isOptional: true)]),
        ],
        everywhere: [
            .init("--data-dir", value: "DIR", "where its data is (default /var/lib/towline-terminal)"),
            .init("--json", "print JSON for programs"),
        ])

    /// Which command `line` means.
    ///
    /// - Parameter contents: reads the text of a file, or of standard input for `-`; throws a line about why not.
    package static func intent(
        of line: ParsedCommand, contents: (String) throws(LineError) -> String
    ) throws(LineError) -> Intent {
        do {
            switch line.name {
            case "help": return .help(line.arguments)
            case "serve": return .serve(isVerbose: line.has("--verbose"))
            case "status": return .ask(.status)
            case "login-user add": return .ask(.addLoginUser(try loginUser(line, contents)))
            case "login-user list", "login-user keys": return .ask(.loginUsers)
            case "login-user remove": return .ask(.removeLoginUser(try LoginName(parsing: line.arguments[0])))
            case "settings create": return .ask(try setting(line))
            case "settings show": return .ask(.setting)
            case "settings delete": return .ask(.deleteSetting)
            case "key": return .ask(.key)
            case "start": return .ask(.start(try limit(line)))
            case "extend": return .ask(.extend(try SupportDuration(parsing: line.arguments[0]).duration))
            case "stop": return .ask(.stop)
            case "test": return .ask(.test)
            default: preconditionFailure("the table has no other command")
            }
        } catch let error as LineError {
            throw error
        } catch {
            // A value that is none, as in towline-relay.
            throw .usage("\(error)")
        }
    }

    private static func loginUser(_ line: ParsedCommand, _ contents: (String) throws(LineError) -> String) throws -> LoginUser {
        let name = try LoginName(parsing: line.arguments[0])
        let word = line.value("--access") ?? AccessLevel.standard.rawValue
        guard let access = AccessLevel(rawValue: word) else {
            throw LineError.usage("access level \(Printable.quoted(word)): it is standard or administrator")
        }
        var keys: [AuthorizedKey] = []
        for file in line.values("--key") {
            let text = try contents(file)
            do throws(AuthorizedKeyFileError) {
                for key in try AuthorizedKey.parseFile(text) where !keys.contains(where: { $0.key == key.key }) { keys.append(key) }
            } catch {
                let place = file == "-" ? "standard input" : Printable.quoted(file)
                throw LineError.refused("\(place): \(error.line == 1 ? error.error.description : error.description)")
            }
        }
        return LoginUser(name: name, keys: keys, access: access)
    }

    private static func setting(_ line: ParsedCommand) throws -> TerminalCommand {
        .createSetting(
            relay: try RelayAddress(parsing: line.value("--relay") ?? ""),
            listeningPort: try ListeningPort(parsing: line.value("--listening-port") ?? ""), fingerprint: line.value("--fingerprint"),
            user: line.value("--user"))
    }

    private static func limit(_ line: ParsedCommand) throws -> SupportLimit {
        switch (line.value("--for"), line.has("--until-stopped")) {
        case (nil, false): return .standard
        case (nil, true): return .untilStopped
        case (let time?, false): return .duration(try SupportDuration(parsing: time).duration)
        case (_?, true): throw LineError.usage("--for and --until-stopped exclude each other")
        }
    }
}
