import RelayCore
import SSHKeys
import Support

/// Languages of the sheet that goes to the customer.
package enum SheetLanguage: String, CaseIterable, Hashable, Sendable {
    case english = "en"
    case japanese = "ja"
}

/// The text that staff send to a customer: the four things of the manual, and the line that carries them.
///
/// Plain text that a mail client can quote and wrap; what must be copied stands on lines of its own.
struct RequestSheet {
    let terminal: TerminalName
    let login: LoginName
    let publicKeys: [String]
    let relay: RelayAddress
    let listeningPort: ListeningPort
    let fingerprint: String
    let purpose: String
    let expiresAt: WallTime
    /// `nil`: the values do not fit into one line.
    let line: String?
    /// When it is written.
    let now: WallTime

    func text(in language: SheetLanguage) -> String {
        switch language {
        case .english: english
        case .japanese: japanese
        }
    }

    /// Where the relay's SSH port is not the usual one, it is part of what the customer types.
    private var typedRelay: String { relay.description }
    private var keyLines: String { publicKeys.map { "    \($0)" }.joined(separator: "\n") }

    /// How long the line can be used from now on, in whole units of which there are at least two.
    private func span<Unit>(days: Unit, hours: Unit, minutes: Unit) -> (count: Int64, unit: Unit) {
        let left = expiresAt.secondsSince1970 - now.secondsSince1970
        return left >= 2 * 86_400 ? (left / 86_400, days) : left >= 2 * 3600 ? (left / 3600, hours) : (max(left / 60, 1), minutes)
    }

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
    ]

    /// `within 7 days: until 4 December 2026, 15:00 UTC`, in two lines.
    private var englishEnd: String {
        let (count, unit) = span(days: "day", hours: "hour", minutes: "minute")
        let end = expiresAt.calendar
        let date = "\(end.day) \(Self.months[Int(end.month) - 1]) \(end.year)"
        return "within \(count) \(unit)\(count == 1 ? "" : "s"):\nuntil \(date), \(end.clock) UTC"
    }

    /// Japan's time is UTC + 9 h all year.
    private static let japan: Int64 = 9 * 3600

    /// The time in Japan, and in UTC for whoever reads it elsewhere.
    private var japaneseEnd: String {
        let (count, unit) = span(days: "日間", hours: "時間", minutes: "分間")
        let (japan, end) = (expiresAt.advanced(by: Self.japan).calendar, expiresAt.calendar)
        return """
            発行から \(count) \(unit)、
            日本時間 \(japan.year)年\(japan.month)月\(japan.day)日 \(japan.clock) (UTC \(end.month)月\(end.day)日 \(end.clock)) まで
            """
    }

    private var english: String {
        let about = purpose.isEmpty ? "" : "About: \(purpose)\n"
        let pasting =
            line.map { line in
                """
                The short way: open the terminal's web console, [Paste a Request],
                and paste this line. It can be used once, \(englishEnd).

                \(line)

                The long way, by hand:


                """
            } ?? "In the terminal's web console:\n\n"
        return """
            Remote support for \(terminal)
            \(about)
            \(pasting)1. [SSH Login Users] > [Create Login User]
               SSH login user:  \(login)
               Public key\(publicKeys.count == 1 ? "" : "s, all of them"):

            \(keyLines)

               then [Save Changes].

            2. [Other Services] > [Remote Support] > [Create Settings]
               Relay (FQDN):    \(typedRelay)
               Listening port:  \(listeningPort)

               then send us the public key that is shown there.

            In both ways: the terminal shows the relay's fingerprint. It must be

            \(fingerprint)

            Support can get in only after you press [Start], and only until you
            press [Stop].

            """
    }

    private var japanese: String {
        let about = purpose.isEmpty ? "" : "件名: \(purpose)\n"
        let pasting =
            line.map { line in
                """
                【簡単な方法】端末の Web コンソールで
                [依頼文の貼り付け] を開き、次の 1 行を貼り付けて
                ください。使えるのは 1 回だけで、期限は\(japaneseEnd)です。

                \(line)

                【手で入力する方法】


                """
            } ?? "端末の Web コンソールで次のように設定してください。\n\n"
        return """
            \(terminal) のリモートサポート
            \(about)
            \(pasting)1. [SSHログインユーザー] > [ログインユーザーの作成]
               SSHログインユーザー名:  \(login)
               公開鍵\(publicKeys.count == 1 ? "" : "（すべて登録してください）"):

            \(keyLines)

               入力したら [変更を保存] を押します。

            2. [その他のサービス] > [リモートサポート] > [設定の作成]
               中継サーバー (FQDN): \(typedRelay)
               待ち受けポート番号:  \(listeningPort)

               表示された公開鍵を、サポート担当者にお送りください。

            どちらの方法でも、端末に中継サーバーのフィンガープリントが
            表示されます。次のものと同じであることを確認してください。

            \(fingerprint)

            サポート担当者が接続できるのは、[開始] を押してから [停止] を押すまでの
            間だけです。

            """
    }
}
