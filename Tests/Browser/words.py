"""The words of the pages that tests look for, in English and Japanese. `{}` is where a value stands.

They are written down again, not read from the program: a test of what people read must not follow a mistake in it.
"""

_JAPANESE = {
    "Home": "ホーム",
    "SSH Login Users": "SSHログインユーザー",
    "Remote Support": "リモートサポート",
    "Setup code": "セットアップコード",
    "New password": "新しいパスワード",
    "New password again": "新しいパスワード（確認）",
    "Set Up": "設定する",
    "Create an SSH login user for the support staff": "サポート担当者用のSSHログインユーザーを作成する",
    "User name": "ユーザー名",
    "Create Login User": "ログインユーザーの作成",
    "Public keys": "公開鍵",
    "Save Changes": "変更を保存",
    "SSH login user {} is saved.": "SSHログインユーザー{}を保存しました。",
    "Create Settings": "設定の作成",
    "Relay (FQDN)": "中継サーバー（FQDN）",
    "Listening port": "待ち受けポート",
    "Advanced settings": "詳細設定",
    "Relay ports to try in turn": "順に試す中継サーバーのポート",
    "Create": "作成",
    "It is the same: create the settings": "一致しています：設定を作成",
    "This terminal's public key": "この端末の公開鍵",
    "Copy": "コピー",
    "Copied": "コピーしました",
    "Start": "開始",
    "Stop": "停止",
    "Remote support is off.": "リモートサポートは停止しています。",
    "Remote support is on. Nobody is logged in.": "リモートサポートは開始されています。現在ログインしている人はいません。",
    "Remote support is on. {} is logged in now.": "リモートサポートは開始されています。現在{}さんがログインしています。",
    "Remote support is stopped. Every login has ended.": "リモートサポートを停止しました。すべてのログインが終了しました。",
    "How far the connection is": "接続の進み具合",
}


def in_language(words: str, language: str, *values: str) -> str:
    """`words` in `language`, with `values` in their places."""
    return (words if language == "en" else _JAPANESE[words]).format(*values)
