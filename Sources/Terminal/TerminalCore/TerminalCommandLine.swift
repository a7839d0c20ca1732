import SSHKeys
package import Support

/// The command line of `towline-terminal`: what there is, and which command a line means.
package enum TerminalCommandLine {
    /// What a line asks for.
    package enum Intent: Sendable {
        /// Show help about these words.
        case help([String])
        /// Tell which version this is.
        case version
        /// Be the daemon; `console` is where its console listens, `none` for no console, nil for where its settings say.
        case serve(isVerbose: Bool, console: String?)
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

    /// Options of the setting that few need.
    private static let further: [CommandSpec.Option] = [
        .init("--user", value: "NAME", "user name told to the relay; only a stock sshd relay cares"),
        .init("--proxy", value: "URL|none", "http://HOST:PORT or socks5://HOST:PORT on the way to the relay"),
        .init("--proxy-user", value: "NAME|none", "who the proxy is told we are"),
        .init("--proxy-password", value: "FILE|-", "its password: the first line of a file; - reads it from here"),
    ]

    /// All commands.
    package static let table = CommandTable(
        program: "towline-terminal",
        summary: "lets support staff reach this machine when its owner wants it, and only then",
        commands: [
            CommandSpec(
                "serve", "Runs the service: as root with accounts of its own for staff, otherwise for your own account only",
                options: [
                    .init("--console", value: "ADDR:PORT|none", "where the console listens (default 127.0.0.1:8090, or as it was set)"),
                    .init("--verbose", "log what ssh and sshd say"),
                ]),
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
                "login-user change", "Replaces the keys or the access level of an SSH login user; removed keys are out at once",
                arguments: [.init("NAME")],
                options: [
                    .init("--key", value: "FILE|-", repeats: true, "all public keys that may log in from now on; - reads them from here"),
                    .init("--access", value: "LEVEL", "standard, or administrator: may do everything, with sudo"),
                ]),
            CommandSpec(
                "login-user remove", "Removes an SSH login user with its account, home folder and running logins",
                arguments: [.init("NAME")]),
            CommandSpec(
                "settings create", "Creates the remote support setting and issues this terminal's key",
                options: [
                    .init("--relay", value: "HOST[:PORT[,PORT]…]", isRequired: true, "the relay; its ports are tried in turn (default 22)"),
                    .init("--listening-port", value: "N", isRequired: true, "this terminal's port number on the relay"),
                    .init("--fingerprint", value: "SHA256:…", "the relay's identity; without it the relay is asked and you compare"),
                ] + further),
            CommandSpec(
                "settings change", "Changes the setting; the key stays. While support is on, it takes effect with: restart",
                options: [
                    .init("--relay", value: "HOST[:PORT[,PORT]…]", "the relay; its ports are tried in turn"),
                    .init("--listening-port", value: "N", "this terminal's port number on the relay"),
                    .init("--fingerprint", value: "SHA256:…", "the relay's identity"),
                ] + further),
            CommandSpec(
                "apply", "Does what a request line of support says: login user and setting, after showing them",
                arguments: [.init("LINE|-", isOptional: true)],
                options: [
                    .init("--preview", "only show what it would do"),
                    .init("--yes", "do not ask"),
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
            CommandSpec("shorten", "Takes time away from support that is on", arguments: [.init("TIME")]),
            CommandSpec("stop", "Switches support off; every login ends within a second"),
            CommandSpec("restart", "Connects anew with the setting as it is saved; who is logged in loses the connection"),
            CommandSpec(
                "auto-start", "Whether support that was on comes on again with the service, as long as its limit allows",
                arguments: [.init("on|off")]),
            CommandSpec("sessions list", "Lists who is logged in"),
            CommandSpec("sessions end", "Ends one login with everything that runs in it", arguments: [.init("ID")]),
            CommandSpec(
                "log", "Shows what happened, when, and by whom; the latest last",
                options: [
                    .init("--kind", value: "KIND", repeats: true, "only \(LogEntry.Kind.allCases.map(\.rawValue).joined(separator: ", "))"),
                    .init(
                        "--by", value: "WHO", repeats: true,
                        "only \(LogEntry.Actor.Role.allCases.map(\.rawValue).joined(separator: ", "))"),
                    .init("--text", value: "TEXT", "only where this stands in the message or in the name of who did it"),
                    .init("--since", value: "WHEN", "from a date, or so long ago (2h, 7d)"),
                    .init("--until", value: "WHEN", "before a date, or so long ago"),
                    .init("--count", value: "N", "how many, at most \(LogFilter.maximumCount) (default \(LogFilter.standardCount))"),
                ]),
            CommandSpec("test", "Tries the way to the relay once, and says where it fails and what to do"),
            CommandTable.versionCommand,
            CommandSpec("help", "Shows help", arguments: [.init("COMMAND", isOptional: true)]),
        ],
        everywhere: [
            .init("--data-dir", value: "DIR", "where its data is (default /var/lib/towline-terminal)"),
            .init("--json", "print JSON for programs"),
        ])

    /// Which command `line` means.
    ///
    /// - Parameters:
    ///   - contents: reads the text of a file, or of standard input for `-`; throws a line about why not.
    ///   - now: by the wall clock, for `--since 2h`.
    package static func intent(
        of line: ParsedCommand, now: WallTime = WallTime(secondsSince1970: 0), contents: (String) throws(LineError) -> String
    ) throws(LineError) -> Intent {
        do {
            switch line.name {
            case "help": return .help(line.arguments)
            case "version": return .version
            case "serve": return .serve(isVerbose: line.has("--verbose"), console: line.value("--console"))
            case "status": return .ask(.status)
            case "login-user add": return .ask(.addLoginUser(try loginUser(line, contents)))
            case "login-user change": return .ask(.changeLoginUser(try loginUser(line, contents), revision: nil))
            case "login-user list", "login-user keys": return .ask(.loginUsers)
            case "login-user remove": return .ask(.removeLoginUser(try LoginName(parsing: line.arguments[0])))
            case "settings create": return .ask(.createSetting(try setting(line, contents)))
            case "settings change": return .ask(.changeSetting(try setting(line, contents), revision: nil))
            case "settings show": return .ask(.setting)
            case "settings delete": return .ask(.deleteSetting)
            case "apply":
                let word = line.arguments.first ?? "-"
                let text = word == "-" ? try contents("-") : word
                return .ask(line.has("--yes") && !line.has("--preview") ? .applyRequest(text) : .previewRequest(text))
            case "key": return .ask(.key)
            case "start": return .ask(.start(try limit(line)))
            case "extend": return .ask(.extend(try SupportDuration(parsing: line.arguments[0]).duration))
            case "shorten": return .ask(.shorten(try SupportDuration(parsing: line.arguments[0]).duration))
            case "restart": return .ask(.restart)
            case "auto-start": return .ask(.setAutoStart(try isOn(line.arguments[0])))
            case "sessions list": return .ask(.status)
            case "sessions end": return .ask(.endLogin(try loginNumber(line.arguments[0])))
            case "log": return .ask(.log(try filter(line, now: now)))
            case "stop": return .ask(.stop)
            case "test": return .ask(.test)
            default: preconditionFailure("the table has no other command")
            }
        } catch let error as LineError {
            throw error
        } catch let refusal as Refusal {
            throw .usage(refusal.message)
        } catch {
            // A value that is none, as in towline-relay.
            throw .usage("\(error)")
        }
    }

    private static func loginUser(_ line: ParsedCommand, _ contents: (String) throws(LineError) -> String) throws -> LoginUserForm {
        var form = LoginUserForm(name: line.arguments[0], access: line.value("--access"))
        // Here a key's line is named with its file, which the daemon does not know.
        for file in line.values("--key") {
            let text = try contents(file)
            do throws(AuthorizedKeyFileError) {
                form.keys = (form.keys ?? "") + (try AuthorizedKey.parseFile(text).map { $0.line + "\n" }.joined())
            } catch {
                let place = file == "-" ? "standard input" : Printable.quoted(file)
                throw LineError.refused("\(place): \(error.line == 1 ? error.error.description : error.description)")
            }
        }
        if line.name == "login-user change", form.keys == nil, form.access == nil {
            throw LineError.usage("nothing to change: give --key FILE or --access LEVEL")
        }
        _ = try form.loginName()
        if let access = form.access, AccessLevel(rawValue: access) == nil {
            throw Refusal(.accessLevel, ["given": Printable.quoted(access)])
        }
        return form
    }

    private static func setting(_ line: ParsedCommand, _ contents: (String) throws(LineError) -> String) throws -> SettingForm {
        var form = SettingForm()
        form.relay = line.value("--relay")
        form.listeningPort = line.value("--listening-port")
        form.fingerprint = line.value("--fingerprint")
        form.user = line.value("--user")
        form.proxy = removable(line.value("--proxy"))
        form.proxyUser = removable(line.value("--proxy-user"))
        if let file = line.value("--proxy-password") {
            form.proxyPassword = String(try contents(file).prefix { !$0.isNewline })
        }
        if form == SettingForm() { throw LineError.usage("nothing to change: give at least one option; see: help settings change") }
        // What can be seen here to be wrong is wrong usage; the rest depends on what is set.
        if let relay = form.relay { _ = try RelayAddress(parsing: relay) }
        if let port = form.listeningPort { _ = try ListeningPort(parsing: port) }
        if let proxy = form.proxy, !proxy.isEmpty { _ = try ProxySetting(parsing: proxy) }
        return form
    }

    /// What a form takes as "take it away".
    private static func removable(_ value: String?) -> String? { value == "none" ? "" : value }

    private static func isOn(_ word: String) throws(LineError) -> Bool {
        guard word == "on" || word == "off" else { throw .usage("auto-start \(Printable.quoted(word)): it is on or off") }
        return word == "on"
    }

    private static func loginNumber(_ word: String) throws(LineError) -> UInt64 {
        guard let number = UInt64(word) else {
            throw .usage("\(Printable.quoted(word)) is no number of a login; see: towline-terminal sessions list")
        }
        return number
    }

    private static func filter(_ line: ParsedCommand, now: WallTime) throws -> LogFilter {
        var filter = LogFilter()
        if line.has("--kind") {
            filter.kinds = try line.values("--kind").map { word in
                guard let kind = LogEntry.Kind(rawValue: word) else {
                    let all = LogEntry.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                    throw LineError.usage("--kind \(Printable.quoted(word)): it is one of \(all)")
                }
                return kind
            }
        }
        if line.has("--by") {
            filter.roles = try line.values("--by").map { word in
                guard let role = LogEntry.Actor.Role(rawValue: word) else {
                    let all = LogEntry.Actor.Role.allCases.map(\.rawValue).joined(separator: ", ")
                    throw LineError.usage("--by \(Printable.quoted(word)): it is one of \(all)")
                }
                return role
            }
        }
        filter.text = line.value("--text")
        filter.since = try line.value("--since").map { try moment($0, now) }
        filter.until = try line.value("--until").map { try moment($0, now) }
        if let word = line.value("--count") {
            guard let count = Int(word), (1...LogFilter.maximumCount).contains(count) else {
                throw LineError.usage("--count \(Printable.quoted(word)): it is a number from 1 to \(LogFilter.maximumCount)")
            }
            filter.count = count
        }
        return filter
    }

    /// A date, or a length of time before now.
    private static func moment(_ text: String, _ now: WallTime) throws(ParseError) -> String {
        // What is no length of time is read as a date.
        if let length = try? SupportDuration(parsing: text) { return now.advanced(by: -length.seconds).description }
        return try WallTime(parsing: text).description
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
