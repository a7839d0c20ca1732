import RelayCore
import SSHKeys
package import Support

/// Where a command takes a key from.
package enum KeySource: Hashable, Sendable {
    /// It takes none.
    case none
    /// From standard input.
    case standardInput
    /// From standard input, if something comes there.
    case standardInputIfAny
    /// From this file, which the program that the person started reads: the daemon may not be allowed to.
    case file(String)

    /// What `command` wants to read.
    package init(of command: ParsedCommand) {
        switch command.value("--key") {
        case "-": self = .standardInput
        case .some(let path): self = .file(path)
        case nil:
            switch command.name {
            case "approve": self = command.has("--fingerprint") || command.has("--yes") ? .none : .standardInputIfAny
            case "staff key add", "report": self = .standardInput
            default: self = .none
            }
        }
    }
}

extension RelayCommand {
    /// The longest key file that is read, bytes.
    package static let maximumKeyBytes = 64 << 10

    /// Makes a command of a line that fits the table.
    /// - Parameters:
    ///   - standardInput: the key, where the command takes one.
    ///   - now: for `--until 7d`.
    /// - Throws: what is wrong with which value; `.localOnly` for what is no command to a relay, such as `init` and `serve`.
    package init(_ line: ParsedCommand, standardInput: [UInt8], now: WallTime) throws(RelayCommandError) {
        func terminal(_ index: Int = 0) throws(RelayCommandError) -> TerminalName { try Self.value(line.arguments[index]) }
        func staff(_ index: Int = 0) throws(RelayCommandError) -> StaffName { try Self.value(line.arguments[index]) }
        switch line.name {
        case "terminal add":
            let port: ListeningPort? = if let text = line.value("--listening-port") { try Self.value(text) } else { nil }
            let key = line.has("--key") ? try Self.key(standardInput, for: line.name) : nil
            self = .change(.addTerminal(try terminal(), port, key: key))
        case "terminal list": self = .listTerminals(TerminalFilter())
        case "terminals":
            let tag: TerminalTag? = if let text = line.value("--tag") { try Self.value(text) } else { nil }
            self = .listTerminals(TerminalFilter(isOnlineOnly: line.has("--online"), tag: tag))
        case "terminal show": self = .showTerminal(try terminal())
        case "terminal disable": self = .change(.setTerminalEnabled(try terminal(), false))
        case "terminal enable": self = .change(.setTerminalEnabled(try terminal(), true))
        case "terminal renew": self = .change(.renewSupport(try terminal()))
        case "terminal remove": self = .change(.removeTerminal(try terminal()))
        case "terminal tag": self = .change(.setTag(try terminal(), try Self.value(line.arguments[1]), true))
        case "terminal untag": self = .change(.setTag(try terminal(), try Self.value(line.arguments[1]), false))
        case "terminal set":
            let (organisation, notes) = (try Self.note(line, "--organisation"), try Self.note(line, "--notes"))
            guard organisation != nil || notes != nil else { throw .badValue("terminal set needs --organisation TEXT or --notes TEXT") }
            self = .change(.setDetails(try terminal(), organisation: organisation, notes: notes))
        case "wait": self = .wait(try terminal(), try Self.waiting(line.value("--for")))
        case "host-keys":
            let name = line.arguments.isEmpty ? nil : try terminal()
            self = .hostKeys(name, asKnownHosts: line.has("--known-hosts"))
        case "host-keys accept": self = try Self.acceptance(line, of: try terminal())
        case "report": self = .report(try Self.report(standardInput))
        case "request new": self = .newRequest(try Self.wish(line, now: now))
        case "request list": self = .listRequests
        case "request cancel": self = .change(.cancelRequest(try terminal()))
        case "approve": self = try Self.approval(line, of: try terminal(), standardInput)
        case "staff add":
            let (name, role) = (try staff(), try Self.role(line.value("--role")))
            let end = try Self.end(line.value("--until"), now: now)
            self = .change(.addStaff(name, role, keys: try Self.keys(standardInput, for: line.name), until: end))
        case "staff list": self = .listStaff
        case "staff key add":
            let end = try Self.end(line.value("--until"), now: now)
            self = .change(.addStaffKeys(try staff(), try Self.keys(standardInput, for: line.name), until: end))
        case "staff key limit":
            let end = try Self.end(line.value("--until"), now: now)
            self = .change(.limitStaffKey(try staff(), try Self.fingerprint(line.arguments[1]), until: end))
        case "staff key remove": self = .change(.removeStaffKey(try staff(), try Self.fingerprint(line.arguments[1])))
        case "staff role": self = .change(.setRole(try staff(), try Self.role(line.arguments[1])))
        case "staff disable": self = .change(.setStaffEnabled(try staff(), false))
        case "staff enable": self = .change(.setStaffEnabled(try staff(), true))
        case "staff remove": self = .change(.removeStaff(try staff()))
        case "group add": self = .change(.addGroup(try Self.value(line.arguments[0])))
        case "group list": self = .listGroups
        case "group remove": self = .change(.removeGroup(try Self.value(line.arguments[0])))
        case "group member add": self = .change(.setMember(try Self.value(line.arguments[0]), try staff(1), true))
        case "group member remove": self = .change(.setMember(try Self.value(line.arguments[0]), try staff(1), false))
        case "grant":
            let (who, what): (GranteeName, GrantTargetName) = (try Self.value(line.arguments[0]), try Self.value(line.arguments[1]))
            self = .change(.grant(who, what, until: try Self.end(line.value("--until"), now: now)))
        case "revoke": self = .change(.revoke(try Self.value(line.arguments[0]), try Self.value(line.arguments[1])))
        case "announce": self = .change(.announce(try Self.announcement(line, now: now)))
        case "sessions": self = .sessions(past: line.has("--past"))
        case "history": self = .history(try terminal(), since: try Self.beginning(line.value("--since"), now: now))
        case "events": self = .events(try Self.events(line))
        case "end": self = .endSession(try Self.value(line.arguments[0]))
        case "audit":
            let since = try Self.beginning(line.value("--since"), now: now)
            let most = Int64(RelayCommandTable.mostAuditEntries)
            let last = try line.value("--last").map { (text) throws(RelayCommandError) in
                try Self.number(text, in: 1...most, called: "number of entries")
            }
            let standard = since == nil ? RelayCommandTable.auditEntries : RelayCommandTable.mostAuditEntries
            self = .audit(last: last.map { Int($0) } ?? standard, since: since)
        case "audit export":
            let after = try line.value("--after").map { (text) throws(RelayCommandError) in
                try Self.number(text, in: 0...Int64.max, called: "number of an entry")
            }
            self = .exportAudit(after: after ?? 0, since: try Self.beginning(line.value("--since"), now: now))
        case "audit verify": self = .verifyAudit
        case "relay-key": self = .relayKey(nil, isForced: false)
        case "relay-key prepare": self = .relayKey(.prepare, isForced: false)
        case "relay-key switch": self = .relayKey(.switchOver, isForced: line.has("--anyway"))
        case "relay-key retire": self = .relayKey(.retire, isForced: false)
        case "whoami": self = .whoAmI
        case "init", "serve", "backup", "restore", "completion", "manual", "version": throw .localOnly(command: line.name)
        default: preconditionFailure("the table has a command that is not read: \(line.name)")
        }
    }

    // MARK: - Values

    private static func value<Value: ParsedFromText>(_ text: String) throws(RelayCommandError) -> Value {
        do throws(ParseError) { return try Value(parsing: text) } catch { throw .badValue(error.description) }
    }

    private static func end(_ text: String?, now: WallTime) throws(RelayCommandError) -> WallTime? {
        guard let text else { return nil }
        do throws(ParseError) { return try WallTime(until: text, now: now) } catch { throw .badValue(error.description) }
    }

    private static func beginning(_ text: String?, now: WallTime) throws(RelayCommandError) -> WallTime? {
        guard let text else { return nil }
        do throws(ParseError) { return try WallTime(since: text, now: now) } catch { throw .badValue(error.description) }
    }

    private static func role(_ text: String?) throws(RelayCommandError) -> StaffMember.Role {
        guard let text else { return .support }
        guard let role = StaffMember.Role(rawValue: text) else {
            throw .badValue("\(Printable.quoted(text)) is not a role: it is support or admin")
        }
        return role
    }

    private static func number(_ text: String, in range: ClosedRange<Int64>, called name: String) throws(RelayCommandError) -> Int64 {
        guard let number = Int64(digits: text), range.contains(number) else {
            let top = range.upperBound == .max ? "" : " to \(range.upperBound)"
            throw .badValue("\(Printable.quoted(text)) is not a \(name): use a number from \(range.lowerBound)\(top)")
        }
        return number
    }

    private static func events(_ line: ParsedCommand) throws(RelayCommandError) -> EventsWish {
        let most = SupportCommands.mostEvents
        if let text = line.value("--after") {
            guard !line.has("--last") else { throw .badValue("events takes --last or --after, not both") }
            return EventsWish(.after(try number(text, in: 0...Int64.max, called: "number of an event")), isFollowing: line.has("--follow"))
        }
        let last = try line.value("--last").map { (text) throws(RelayCommandError) in
            Int(try number(text, in: 0...Int64(most), called: "number of events"))
        }
        return EventsWish(.last(last ?? SupportCommands.pastEvents), isFollowing: line.has("--follow"))
    }

    private static func text(_ bytes: [UInt8], for command: String) throws(RelayCommandError) -> String {
        guard bytes.count <= maximumKeyBytes else {
            throw .badKey("what was given as a key has more than \(maximumKeyBytes) bytes: give the line of the .pub file")
        }
        guard !isBlank(bytes) else { throw .keyMissing(command: command) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .badKey("what was given as a key is not text: give the line of the .pub file")
        }
        return text
    }

    static func key(_ bytes: [UInt8], for command: String) throws(RelayCommandError) -> PublicKey {
        let text = try text(bytes, for: command)
        do throws(AuthorizedKeyError) { return try AuthorizedKey(mailed: text).key } catch { throw .badKey("key refused: \(error)") }
    }

    private static func keys(_ bytes: [UInt8], for command: String) throws(RelayCommandError) -> [AuthorizedKey] {
        let text = try text(bytes, for: command)
        do throws(AuthorizedKeyFileError) {
            return try AuthorizedKey.parseFile(text)
        } catch {
            throw .badKey("key refused: \(error)")
        }
    }
}
