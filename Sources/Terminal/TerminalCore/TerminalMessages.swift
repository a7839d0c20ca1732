/// Everything that the terminal says to people, by name: what another language has to have words for.
package enum TerminalMessages {
    /// One message.
    package struct Message: Hashable, Sendable {
        /// Its name, such as `refusal.no-setting`.
        package let key: String
        /// English, with `{name}` where a value goes.
        package let english: String
    }

    /// All of them, each once.
    package static var all: [Message] {
        messages("refusal", Refusal.Code.self) + messages("failure", TunnelFailure.Code.self) + messages("log", LogEntry.Code.self)
            + messages("state", TerminalStatus.State.self) + messages("reason", Reason.self)
            + TunnelFailure.Code.allCases.map { Message(key: "advice.\($0.rawValue)", english: $0.advice) }
            + ConnectionStage.allCases.flatMap {
                [
                    Message(key: "stage.\($0.rawValue)", english: $0.title),
                    Message(key: "stage-done.\($0.rawValue)", english: $0.achievement),
                ]
            }
    }

    /// The English of each, by its name.
    package static let english = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0.english) })

    private static func messages<Code: MessageCode>(_ prefix: String, _ type: Code.Type) -> [Message] {
        Code.allCases.map { Message(key: "\(prefix).\($0.rawValue)", english: $0.english) }
    }
}
