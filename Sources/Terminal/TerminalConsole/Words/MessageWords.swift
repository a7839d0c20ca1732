import Localization
import TerminalCore

/// The words for what the terminal itself says: refusals, failures and advice, entries of the log, stages. By the keys of
/// `TerminalMessages`, which has the English; a test holds both lists against each other.
enum MessageWords {
    /// The message in `language`, with its values.
    ///
    /// - Parameters:
    ///   - key: one of `TerminalMessages`.
    ///   - cause: the message that stands in the gap `reason`, if it is one.
    static func text(_ key: String, _ values: [String: String], because cause: Cause? = nil, _ language: Language) -> String {
        let template: String? =
            switch language {
            case .english: (inConsole[key] ?? TerminalMessages.english[key]).map(capitalized)
            case .japanese: japanese[key]
            }
        var said: [String: String] = [:]
        for (name, value) in values { said[name] = word(name, value, language) }
        if let cause { said["reason"] = inside(text(cause.key, cause.values, language), language) }
        return MessageGaps.filled(template ?? key, said)
    }

    /// A reason that stands in another message: one of ours, one of the system's, perhaps with what it is about in front (`open FILE: …`), or
    /// what somebody else says in their own words.
    static func reason(_ text: String, _ language: Language) -> String {
        guard language == .japanese else { return text }
        if let known = Reason(text) { return japanese["reason.\(known.rawValue)"] ?? text }
        let parts = text.split(separator: ": ")
        if parts.count > 1, let known = Reason(String(parts[parts.count - 1])) {
            return "\(japanese["reason.\(known.rawValue)"] ?? text)（\(parts[parts.count - 2])）"
        }
        return "「\(text)」"
    }

    /// With a capital in front, where it begins with a word of ours: a name stays as it is.
    private static func capitalized(_ text: String) -> String {
        guard let first = text.first, first.isLowercase else { return text }
        return first.uppercased() + text.dropFirst()
    }

    /// A sentence as a part of another one: its first word is not its beginning any more. (A Japanese one has no capitals.)
    private static func inside(_ text: String, _ language: Language) -> String {
        guard language == .english, let first = text.first, text.dropFirst().first?.isLowercase == true else { return text }
        return first.lowercased() + text.dropFirst()
    }

    /// A value as the reader's language has it.
    private static func word(_ name: String, _ value: String, _ language: Language) -> String {
        switch name {
        case "length": return length(value, language)
        case "session", "access", "fields":
            return language.list(value.split(separator: ", ").map { (words[language]?[String($0)] ?? String($0)) })
        case "stage": return language == .japanese ? stages[value] ?? value : value
        case "reason": return reason(value, language)
        // `HOST port N`, as ssh says it.
        case "relay" where language == .japanese: return value.replacing(" port ", with: "のポート")
        // What was typed.
        case "given" where language == .japanese && value.count > 1 && value.hasPrefix("\"") && value.hasSuffix("\""):
            return "「\(value.dropFirst().dropLast())」"
        default: return value
        }
    }

    private static let units = ["d": 86_400, "h": 3600, "min": 60, "s": 1]

    /// `7 h 48 min` as pages write it: `7 hours 48 minutes`, `7時間48分`.
    private static func length(_ text: String, _ language: Language) -> String {
        let parts = text.split(separator: " ")
        var seconds = 0
        for (count, unit) in zip(parts, parts.dropFirst()) {
            guard let unit = units[String(unit)] else { continue }
            guard let count = Int(count) else { return text }
            seconds += count * unit
        }
        return parts.count < 2 ? text : language.length(seconds: seconds)
    }

    private static let words: [Language: [String: String]] = [
        .english: [
            "shell": "a command prompt", "command": "a single command", "sftp": "file transfer", "listeningPort": "listening port",
            "user": "user name told to the relay", "fingerprint": "relay fingerprint", "address": "address and port",
            "hosts": "allowed host names",
        ],
        .japanese: [
            "shell": "コマンドプロンプト", "command": "単発のコマンド", "sftp": "ファイル転送", "standard": "標準", "administrator": "管理者",
            "relay": "中継サーバー", "listeningPort": "待ち受けポート", "user": "中継サーバーに伝えるユーザー名", "fingerprint": "フィンガープリント", "proxy": "プロキシ",
            "address": "アドレスとポート", "hosts": "許可するホスト名", "certificate": "証明書",
        ],
    ]

    private static let stages = Dictionary(
        uniqueKeysWithValues: ConnectionStage.allCases.map { ($0.title, japanese["stage.\($0.rawValue)"] ?? $0.title) })

    /// English for readers of a page, where the terminal's own words name its commands.
    static let inConsole = [
        "refusal.limit-too-long": "the longest limit is 30 days; for longer choose \"Until I stop it\"",
        "refusal.limit-too-short": "support ends in {length} already; to end it at once press [Stop]",
        "refusal.login-user-exists": "SSH login user {name} already exists: choose it in the list to change it",
        "refusal.no-such-login-user": "there is no SSH login user {name}; perhaps it was deleted in another tab",
        "refusal.no-sudo": "administrator access needs sudo, which is not installed on this terminal; choose Standard",
        "refusal.not-root":
            "this service does not run as root, so the only possible SSH login user is {own}, the account it runs as",
        "refusal.not-root-administrator": "this service does not run as root, so it cannot give administrator access",
        "refusal.account-exists":
            "this machine already has an account {name} that was not created here, so it is left alone; choose another name",
        "refusal.setting-exists":
            "there is a remote support setting already ({relay}, listening port {port}), and there can be only one: "
            + "change it, or delete it first, which also deletes its key",
        "refusal.no-setting": "there is no remote support setting yet: create it under [Remote Support]",
        "refusal.relay-not-reached":
            "the relay's fingerprint is needed and could not be fetched: {reason}; enter the one that support sent",
        "refusal.no-login-users": "nobody could log in: there is no SSH login user yet; create one under [SSH Login Users]",
        "refusal.off": "support is off; press [Start] first",
        "refusal.no-limit": "support has no time limit: it stays on until you press [Stop]",
        "refusal.no-such-login": "this login has ended already",
        "refusal.changed-elsewhere": "this was changed elsewhere meanwhile; look at it again and repeat your change",
        "refusal.key-private":
            "line {line} is a private key: never send it to anyone. It was taken out here; enter the line of the .pub file instead",
        "refusal.not-understood": "the console and the service do not fit together: restart the service",
        "advice.name-unknown": "check the relay's name in the settings, and this machine's network",
        "advice.proxy-unreachable": "check the proxy's address in the settings, and this machine's network",
        "advice.proxy-credentials": "set the proxy's user name and password in the settings",
        "advice.relay-key-changed":
            "do not continue before support confirms the new fingerprint; if they do, set it under [Change Settings]",
        "advice.relay-key-not-pinned": "compare the fingerprint with the one from support and set it under [Change Settings]",
        "advice.key-unknown": "send them this terminal's public key; it can connect once they have approved it",
        "advice.join-refused": "ask support for a new request, or send them this terminal's public key to approve",
        "advice.port-refused": "compare the listening port in the settings with the one from support, or tell them this line",
    ]
}
