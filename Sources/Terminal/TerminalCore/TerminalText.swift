import Support

/// What people read: replies as text of 80 columns.
package enum TerminalText {
    /// Remote support as `status` shows it.
    package static func status(_ status: TerminalStatus) -> String {
        var rows: [(String, String)] = []
        var text = headline(status) + "\n"
        if let failure = status.failure {
            if ![.retrying, .blocked, .awaitingApproval, .stopped].contains(status.state) { rows.append(("Last try", failure.message)) }
            rows.append(("What to do", failure.advice))
        }
        if let seconds = status.retryInSeconds { rows.append(("Next try", "in \(length(seconds)); it goes on by itself")) }
        if let relay = status.relay, let port = status.listeningPort { rows.append(("Relay", "\(relay), listening port \(port)")) }
        if let seconds = status.waitingForSeconds { rows.append(("Connected", "for \(length(seconds))")) }
        if let fingerprint = status.unconfirmedHostKey {
            rows.append(("Host key", "another one than support know; they have to accept it: \(fingerprint)"))
        }
        for login in status.logins {
            rows.append(("Logged in", "\(login.name) as \(login.user), since \(login.since)"))
            if let address = login.from { rows.append(("  from", "\(address), as the relay says")) }
        }
        if !status.pendingChanges.isEmpty {
            rows.append(("Restart needed", "the setting was changed; it takes effect with: towline-terminal restart"))
        }
        if status.state != .off {
            let end = status.endsInSeconds.map { "in \(length($0))" } ?? "when you stop it"
            rows.append(("Ends", end + "; at once with: towline-terminal stop"))
        }
        let width = rows.map(\.0.count).max() ?? 0
        for (name, value) in rows { text += "  \(name)\(String(repeating: " ", count: width - name.count))  \(value)\n" }
        return text
    }

    /// The one line that says how things stand.
    package static func headline(_ status: TerminalStatus) -> String {
        if status.state == .off, status.offReason == .timeLimit {
            return "Remote support is off: its time limit has passed. Nobody can reach this terminal."
        }
        return status.state.filled(status.values)
    }

    /// `7 h 48 min`, `12 min`, `5 s`: two units at most, the smaller one rounded.
    package static func length(_ exact: Int) -> String {
        let step = exact >= 86_400 ? 3600 : exact >= 3600 - 30 ? 60 : 1
        let seconds = (exact + step / 2) / step * step
        let units = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")]
        guard let first = units.firstIndex(where: { seconds >= $0.0 }) else { return "0 s" }
        let (size, name) = units[first]
        var text = "\(seconds / size) \(name)"
        if first < 2, seconds % size >= units[first + 1].0 { text += " \(seconds % size / units[first + 1].0) \(units[first + 1].1)" }
        return text
    }

    /// The login users as a table.
    package static func loginUsers(_ users: [LoginUserReport]) -> String {
        if users.isEmpty { return "There is no SSH login user yet. Add one: towline-terminal login-user add NAME --key FILE\n" }
        var table = TextTable(["NAME", "ACCESS", "KEYS"])
        for user in users {
            let owners = user.keys.map { $0.comment.isEmpty ? $0.fingerprint : $0.comment }.joined(separator: ", ")
            table.add([user.name, user.access.rawValue, owners])
        }
        return table.text
    }

    /// The keys of one login user as a table.
    package static func keys(of user: LoginUserReport) -> String {
        var table = TextTable(["FINGERPRINT", "TYPE", "WHOSE"])
        for key in user.keys { table.add([key.fingerprint, key.algorithm, key.comment]) }
        return table.text
    }

    /// The setting.
    package static func setting(_ setting: SettingReport?) -> String {
        guard let setting else {
            return "There is no remote support setting yet. Create it:\n"
                + "  towline-terminal settings create --relay HOST --listening-port N --fingerprint SHA256:…\n"
        }
        let rows =
            [
                ("Relay", setting.relay), ("Listening port", "\(setting.listeningPort)"),
                ("Relay's key", setting.fingerprint + (setting.isPinned ? ", seen and pinned" : ", not seen yet")),
                ("Terminal key", setting.key.fingerprint),
            ] + (setting.proxy.map { [("Proxy", proxy($0))] } ?? [])
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { "\($0.0)\(String(repeating: " ", count: width - $0.0.count))  \($0.1)\n" }.joined()
    }

    private static func proxy(_ proxy: SettingReport.Proxy) -> String {
        proxy.address + (proxy.user.map { " as \(Printable.escaped($0))" } ?? "") + (proxy.hasPassword ? ", with a password" : "")
    }

    /// Who is logged in, as a table.
    package static func logins(_ logins: [TerminalStatus.Login]) -> String {
        if logins.isEmpty { return "Nobody is logged in.\n" }
        var table = TextTable(["ID", "WHO", "AS", "FROM", "FOR", "SESSIONS"])
        for login in logins {
            let sessions = login.sessions.map(\.rawValue).joined(separator: ", ")
            table.add(["\(login.id)", login.name, login.user, login.from ?? "-", length(login.openForSeconds), sessions])
        }
        return table.text + "FROM is what the relay says. End one: towline-terminal sessions end ID\n"
    }

    /// A part of the log, the latest entry last.
    package static func log(_ page: LogPage) -> String {
        if page.entries.isEmpty { return "There is nothing in the log that fits.\n" }
        var text = ""
        for entry in page.entries.reversed() {
            let who = entry.by.name.map { "\(entry.by.role.rawValue) \(Printable.escaped($0))" } ?? entry.by.role.rawValue
            text += "\(entry.at)  \(who): \(entry.message)\n"
        }
        return text + (page.hasOlder ? "There is more: --count N, --until WHEN\n" : "")
    }

    /// Whether support comes on again with the service.
    package static func autoStart(_ status: TerminalStatus) -> String {
        status.autoStart
            ? "Auto-start is on: support that is on when the service ends comes on again with it, as long as its time limit allows.\n"
                + "It is safer off: then nobody can reach this terminal unless you have started support yourself.\n"
            : "Auto-start is off: after a restart of this machine support stays off until you start it.\n"
    }

    /// What follows a change of the setting.
    package static func changed(_ text: SettingReport, isPending: Bool) -> String {
        "The setting is changed.\n" + setting(text)
            + (isPending ? "Support runs with the old setting until: towline-terminal restart\n" : "")
    }

    /// What a request line says, and what it would do or did.
    package static func request(_ report: RequestReport) -> String {
        var rows = [
            ("Terminal", "\(report.terminal), as support call it"), ("Asked by", report.staff),
            ("SSH login user", "\(report.loginUser.name) (\(report.loginUser.access.rawValue)), \(words(report.loginUserEffect))"),
        ]
        for key in report.loginUser.keys { rows.append(("  may log in", "\(Printable.escaped(key.comment)) \(key.fingerprint)")) }
        rows.append(("Relay", "\(report.relay), listening port \(report.listeningPort), setting \(words(report.settingEffect))"))
        rows.append(("Relay's key", report.relayFingerprint))
        rows.append(("Good until", report.expires + (report.isExpired ? ", which is past by this machine's clock" : "")))
        let width = rows.map(\.0.count).max() ?? 0
        var text = rows.map { "\($0.0)\(String(repeating: " ", count: width - $0.0.count))  \($0.1)\n" }.joined()
        if let obstacle = report.obstacle { text += "\nThis cannot be done: \(obstacle.message)\n" }
        return text
    }

    /// What follows when a request line was applied.
    package static func applied(_ report: RequestReport) -> String {
        var text = "\nDone. Start support when you want it: towline-terminal start\n"
        if let key = report.key {
            text += "Support will see this terminal's key; if they ask, its fingerprint is \(key.fingerprint)\n"
        }
        return text
    }

    private static func words(_ effect: RequestReport.Effect) -> String {
        switch effect {
        case .creates: "is created"
        case .unchanged: "is there already"
        case .changes: "is changed"
        }
    }

    /// What follows the creation of the setting.
    package static func created(_ setting: SettingReport) -> String {
        "The setting is saved and this terminal's key is issued. Send this line to support:\n\n\(setting.key.publicKey)\n\n"
            + "Once they have approved it, start support: towline-terminal start\n"
    }

    /// What is said beside the key, where a person reads it.
    package static func besideKey(_ key: KeyReport) -> String {
        var text = "Send this line to support. Its fingerprint, to read out on the phone: \(key.fingerprint)\n"
        if let host = key.hostKeyFingerprint { text += "At their first login staff see this terminal's host key: \(host)\n" }
        return text
    }

    /// The relay's fingerprint that has to be compared, and the line to go on with.
    package static func unconfirmed(_ fingerprint: String, relay: String, listeningPort: String, user: String?) -> String {
        """
        The relay shows this fingerprint:

            \(fingerprint)

        Compare it with the one that support gave you. If it is the same, go on with:

            towline-terminal settings create --relay \(relay) --listening-port \(listeningPort)\(user.map { " --user \($0)" } ?? "") \\
                --fingerprint \(fingerprint)

        If it differs, do not go on: tell support. Nothing was saved.

        """
    }

    /// How a test went.
    package static func test(_ report: TestReport) -> String {
        var text = report.achieved.map { "  ok      \($0.achievement)\n" }.joined()
        if let failure = report.failure {
            text += "  FAILED  \(failure.stage.title)\n\n\(failure.message.capitalizedFirst).\nWhat to do: \(failure.advice).\n"
        } else {
            text += "  ok      support could reach this terminal through the relay\n"
        }
        return text
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
