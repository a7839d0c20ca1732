import RelayCore
import SSHKeys
package import Support

/// Where a command takes a key from.
package enum KeySource: Hashable, Sendable {
    /// It takes none.
    case none
    /// From standard input.
    case standardInput
    /// From this file, which the program that the person started reads: the daemon may not be allowed to.
    case file(String)

    /// What `command` wants to read.
    package init(of command: ParsedCommand) {
        switch command.value("--key") {
        case "-": self = .standardInput
        case .some(let path): self = .file(path)
        case nil: self = command.name == "approve" ? .standardInput : .none
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
    /// - Throws: what is wrong with which value; `.localOnly` for `init` and `serve`, which are no commands to a relay.
    package init(_ line: ParsedCommand, standardInput: [UInt8], now: WallTime) throws(RelayCommandError) {
        func terminal(_ index: Int = 0) throws(RelayCommandError) -> TerminalName { try Self.value(line.arguments[index]) }
        func staff(_ index: Int = 0) throws(RelayCommandError) -> StaffName { try Self.value(line.arguments[index]) }
        switch line.name {
        case "terminal add":
            let port: ListeningPort? = if let text = line.value("--listening-port") { try Self.value(text) } else { nil }
            let key = line.has("--key") ? try Self.key(standardInput, for: line.name) : nil
            self = .change(.addTerminal(try terminal(), port, key: key))
        case "terminal list", "terminals": self = .listTerminals
        case "terminal show": self = .showTerminal(try terminal())
        case "terminal disable": self = .change(.setTerminalEnabled(try terminal(), false))
        case "terminal enable": self = .change(.setTerminalEnabled(try terminal(), true))
        case "terminal remove": self = .change(.removeTerminal(try terminal()))
        case "approve": self = .change(.approve(try terminal(), key: try Self.key(standardInput, for: line.name)))
        case "staff add":
            let (name, role) = (try staff(), try Self.role(line.value("--role")))
            self = .change(.addStaff(name, role, keys: try Self.keys(standardInput, for: line.name)))
        case "staff list": self = .listStaff
        case "staff disable": self = .change(.setStaffEnabled(try staff(), false))
        case "staff enable": self = .change(.setStaffEnabled(try staff(), true))
        case "staff remove": self = .change(.removeStaff(try staff()))
        case "grant":
            self = .change(.grant(try staff(0), try terminal(1), until: try Self.end(line.value("--until"), now: now)))
        case "revoke": self = .change(.revoke(try staff(0), try terminal(1)))
        case "sessions": self = .sessions(past: line.has("--past"))
        case "sessions end": self = .endSession(BridgeID(try Self.number(line.arguments[0], in: 1...Int64.max, called: "session")))
        case "audit":
            let most = Int64(RelayCommandTable.mostAuditEntries)
            let last = try line.value("--last").map { (text) throws(RelayCommandError) in
                try Self.number(text, in: 1...most, called: "number of entries")
            }
            self = .audit(last: Int(last ?? Int64(RelayCommandTable.auditEntries)))
        case "audit verify": self = .verifyAudit
        case "whoami": self = .whoAmI
        case "init", "serve": throw .localOnly(command: line.name)
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

    private static func role(_ text: String?) throws(RelayCommandError) -> StaffMember.Role {
        guard let text else { return .support }
        guard let role = StaffMember.Role(rawValue: text) else {
            throw .badValue("\(Printable.quoted(text)) is not a role: it is support or admin")
        }
        return role
    }

    private static func number(_ text: String, in range: ClosedRange<Int64>, called name: String) throws(RelayCommandError) -> Int64 {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int64(text), range.contains(number) else {
            let top = range.upperBound == .max ? "" : " to \(range.upperBound)"
            throw .badValue("\(Printable.quoted(text)) is not a \(name): use a number from \(range.lowerBound)\(top)")
        }
        return number
    }

    private static func text(_ bytes: [UInt8], for command: String) throws(RelayCommandError) -> String {
        guard bytes.count <= maximumKeyBytes else {
            throw .badKey("what was given as a key has more than \(maximumKeyBytes) bytes: give the line of the .pub file")
        }
        guard !bytes.allSatisfy({ [0x20, 0x09, 0x0a, 0x0d].contains($0) }) else { throw .keyMissing(command: command) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .badKey("what was given as a key is not text: give the line of the .pub file")
        }
        return text
    }

    private static func key(_ bytes: [UInt8], for command: String) throws(RelayCommandError) -> PublicKey {
        let text = try text(bytes, for: command)
        do throws(AuthorizedKeyError) { return try AuthorizedKey(line: text).key } catch { throw .badKey("key refused: \(error)") }
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
