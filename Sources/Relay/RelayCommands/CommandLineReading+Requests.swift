import FoundationEssentials
import RelayCore
import SSHKeys
import Support

/// Reading the longer commands.
extension RelayCommand {
    static func wish(_ line: ParsedCommand, now: WallTime) throws(RelayCommandError) -> RequestWish {
        do throws(ParseError) {
            let expiresAt = try WallTime(
                until: line.value("--expires") ?? SupportCommands.requestLife, now: now, atMost: RegistryLimits.longestRequest)
            let language: SheetLanguage =
                try line.value("--lang").map { (text) throws(ParseError) in
                    guard let language = SheetLanguage(rawValue: text) else { throw ParseError("language", text, "it is en or ja") }
                    return language
                } ?? .english
            return RequestWish(
                terminal: try TerminalName(parsing: line.arguments[0]), login: try LoginName(parsing: line.value("--login") ?? ""),
                staff: try line.value("--staff").map { (text) throws(ParseError) in try StaffName(parsing: text) },
                purpose: try oneLine(line.value("--for") ?? "", "purpose", atMost: RegistryLimits.text), expiresAt: expiresAt,
                approvesItself: line.has("--auto-approve"), language: language)
        } catch {
            throw .badValue(error.description)
        }
    }

    /// `approve` in its three forms: the key is here, the key that waits is meant, or somebody wants to see what waits.
    static func approval(_ line: ParsedCommand, of terminal: TerminalName, _ input: [UInt8]) throws(RelayCommandError) -> RelayCommand {
        if line.has("--key"), line.has("--fingerprint") || line.has("--yes") {
            throw .badValue("--key gives the key itself; --fingerprint and --yes mean the key that waits: give one of them")
        }
        if let text = line.value("--fingerprint") { return .change(.approveWaiting(terminal, try fingerprint(text))) }
        if line.has("--yes") { return .change(.approveWaiting(terminal, nil)) }
        if !line.has("--key"), isBlank(input) { return .showWaiting(terminal) }
        return .change(.approve(terminal, key: try key(input, for: line.name), mayReplace: line.has("--replace")))
    }

    /// `host-keys accept` in its three forms.
    static func acceptance(_ line: ParsedCommand, of terminal: TerminalName) throws(RelayCommandError) -> RelayCommand {
        guard let text = line.value("--fingerprint") else {
            return line.has("--yes") ? .change(.acceptHostKeys(terminal, nil)) : .showChangedHostKeys(terminal)
        }
        if line.has("--yes") { throw .badValue("--fingerprint says which host key, --yes takes any: give one of them") }
        return .change(.acceptHostKeys(terminal, try fingerprint(text)))
    }

    static func fingerprint(_ text: String) throws(RelayCommandError) -> Fingerprint {
        guard let fingerprint = Fingerprint(text.hasPrefix("SHA256:") ? text : "SHA256:\(text)") else {
            throw .badValue("\(Printable.quoted(text)) is not a fingerprint: it is SHA256: and 43 characters, as ssh-keygen -l prints it")
        }
        return fingerprint
    }

    static func announcement(_ line: ParsedCommand, now: WallTime) throws(RelayCommandError) -> Announcement? {
        if line.has("--off") {
            guard line.arguments.isEmpty else { throw .badValue("announce --off takes no text") }
            return nil
        }
        guard !line.arguments.isEmpty else { throw .badValue("announce needs a text, or --off") }
        do throws(ParseError) {
            let text = try oneLine(line.arguments.joined(separator: " "), "line to announce", atMost: RegistryLimits.announcement)
            return Announcement(
                text: text, until: try line.value("--until").map { (text) throws(ParseError) in try WallTime(until: text, now: now) })
        } catch {
            throw .badValue(error.description)
        }
    }

    /// A note of `terminal set`; `-` is an empty one, `nil`: it was not given.
    static func note(_ line: ParsedCommand, _ option: String) throws(RelayCommandError) -> String? {
        guard let text = line.value(option) else { return nil }
        if text == "-" { return "" }
        do throws(ParseError) {
            return try oneLine(text, String(option.dropFirst(2)), atMost: RegistryLimits.text)
        } catch {
            throw .badValue(error.description)
        }
    }

    static func waiting(_ text: String?) throws(RelayCommandError) -> SupportDuration {
        do throws(ParseError) {
            let longest = try SupportDuration(parsing: SupportCommands.waiting.longest)
            return try SupportDuration(parsing: text ?? SupportCommands.waiting.standard, atMost: longest.seconds)
        } catch {
            throw .badValue(error.description)
        }
    }

    static func report(_ input: [UInt8]) throws(RelayCommandError) -> TerminalReport {
        guard input.count <= TerminalReport.maximumBytes else {
            throw .badValue("the report has more than \(TerminalReport.maximumBytes) bytes")
        }
        do {
            return try JSONDecoder().decode(TerminalReport.self, from: Data(input))
        } catch let error as ParseError {
            throw .badValue(error.description)
        } catch {
            throw .badValue("the report is not JSON as docs/protocol.md has it")
        }
    }

    static func isBlank(_ bytes: [UInt8]) -> Bool { bytes.allSatisfy { [0x20, 0x09, 0x0a, 0x0d].contains($0) } }

    /// Text that people write about something: one printable line.
    private static func oneLine(_ text: String, _ what: String, atMost limit: Int) throws(ParseError) -> String {
        guard text.unicodeScalars.count <= limit else { throw ParseError(what, text, "at most \(limit) characters") }
        guard text.unicodeScalars.allSatisfy({ $0 == "\\" || Printable.escaped(String($0)) == String($0) }) else {
            throw ParseError(what, text, "one line of printable text")
        }
        return text
    }
}
