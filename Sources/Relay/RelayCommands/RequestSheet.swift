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

    func text(in language: SheetLanguage) -> String {
        switch language {
        case .english: english
        case .japanese: japanese
        }
    }

    /// Where the relay's SSH port is not the usual one, it is part of what the customer types.
    private var typedRelay: String { relay.description }
    private var keyLines: String { publicKeys.map { "    \($0)" }.joined(separator: "\n") }
    /// `2026-12-04 09:30 UTC`.
    private var end: String { expiresAt.description.replacing("T", with: " ").dropLast(4) + " UTC" }

    private var english: String {
        let about = purpose.isEmpty ? "" : "About: \(purpose)\n"
        let pasting =
            line.map { line in
                """
                The short way: open the terminal's web console, [Paste a Request],
                and paste this line. It can be used once, until \(end).

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
                ください。使えるのは 1 回だけで、期限は \(end) です。

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
