import Localization
import TerminalCore

/// The words for what the terminal itself says: refusals, failures and advice, entries of the log, stages. By the keys of
/// `TerminalMessages`, which has the English; a test holds both lists against each other.
enum MessageWords {
    /// The message in `language`, with its values.
    ///
    /// - Parameter key: one of `TerminalMessages`.
    static func text(_ key: String, _ values: [String: String], _ language: Language) -> String {
        let template: String? =
            switch language {
            case .english: (inConsole[key] ?? english[key]).map(capitalized)
            case .japanese: japanese[key]
            }
        return MessageGaps.filled(template ?? key, values.merging(localized(values, language)) { _, new in new })
    }

    /// With a capital in front, where it begins with a word of ours: a name stays as it is.
    private static func capitalized(_ text: String) -> String {
        guard let first = text.first, first.isLowercase else { return text }
        return first.uppercased() + text.dropFirst()
    }

    private static let english = Dictionary(uniqueKeysWithValues: TerminalMessages.all.map { ($0.key, $0.english) })

    /// Values that are words themselves.
    private static func localized(_ values: [String: String], _ language: Language) -> [String: String] {
        guard language == .japanese else { return [:] }
        var result: [String: String] = [:]
        for (name, value) in values {
            switch name {
            case "length": result[name] = length(value)
            case "session", "access", "fields":
                result[name] = value.split(separator: ", ").map { words[String($0)] ?? String($0) }.joined(separator: "、")
            case "stage": result[name] = stages[value] ?? value
            default: break
            }
        }
        return result
    }

    private static let units = ["d": "日", "h": "時間", "min": "分", "s": "秒"]

    /// `7 h 48 min` as `7時間48分`.
    private static func length(_ text: String) -> String {
        text.split(separator: " ").map { units[String($0)] ?? String($0) }.joined()
    }

    private static let words = [
        "shell": "コマンドプロンプト", "command": "単発のコマンド", "sftp": "ファイル転送", "standard": "標準", "administrator": "管理者",
        "relay": "中継サーバー", "listeningPort": "待ち受けポート", "user": "中継サーバーに伝えるユーザー名", "fingerprint": "フィンガープリント", "proxy": "プロキシ",
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
