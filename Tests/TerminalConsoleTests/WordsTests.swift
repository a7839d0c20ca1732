import Localization
import TerminalCore
import Testing

@testable import TerminalConsole

@Suite struct WordsTests {
    /// Words that are the same everywhere.
    private let names: Set<Words> = [.brand]

    @Test(arguments: Words.allCases) func bothLanguagesSayItWithTheSameValues(words: Words) {
        let (english, japanese) = (Template(words.rawValue), Template(words.japanese))
        #expect(english.values == japanese.values && !words.japanese.isEmpty)
        #expect(names.contains(words) || isJapanese(words.japanese), "\(words): \(words.japanese)")
        #expect(english.valueCount >= japanese.valueCount)
    }

    @Test func theTerminalsOwnMessagesAreAllThereInJapanese() {
        let keys = Set(TerminalMessages.all.map(\.key))
        #expect(keys.subtracting(MessageWords.japanese.keys) == [], "no Japanese for these")
        #expect(Set(MessageWords.japanese.keys).subtracting(keys) == [], "nobody says these any more")
        #expect(Set(MessageWords.inConsole.keys).subtracting(keys) == [], "nobody says these any more")
    }

    @Test func messagesUseNoValueThatIsNotThere() {
        for message in TerminalMessages.all {
            let failure = message.key.hasPrefix("advice.") ? "failure." + message.key.dropFirst("advice.".count) : message.key
            let known = Set(MessageGaps.names(in: message.english))
                .union(MessageGaps.names(in: TerminalMessages.all.first { $0.key == failure }?.english ?? ""))
            for text in [MessageWords.japanese[message.key], MessageWords.inConsole[message.key]].compactMap(\.self) {
                // An account's approval names the fingerprint in its advice only.
                #expect(Set(MessageGaps.names(in: text)).subtracting(known) == [], "\(message.key): \(text)")
            }
        }
    }

    @Test func noPageSendsItsReaderToACommandLine() {
        let english = TerminalMessages.all.map { MessageWords.inConsole[$0.key] ?? $0.english }
        for text in english + MessageWords.japanese.values {
            #expect(!text.contains("towline-terminal ") && !text.contains(" --"), "\(text)")
        }
    }

    @Test func valuesThatAreWordsAreTranslated() {
        let text = MessageWords.text("log.login-ended", ["who": "Alice", "length": "7 h 48 min"], .japanese)
        #expect(text == "Aliceがログアウトしました（7時間48分）")
        let session = MessageWords.text("log.session-began", ["who": "Alice", "session": "sftp"], .japanese)
        #expect(session == "Aliceが次の操作を始めました：ファイル転送")
        #expect(MessageWords.text("failure.stalled", ["stage": ConnectionStage.connecting.title], .japanese).contains("中継サーバーに接続しています"))
    }

    @Test func aValueIsNeverReadAsATemplate() {
        #expect(MessageWords.text("refusal.system", ["reason": "{reason} {1}"], .english).contains("{reason} {1}"))
    }

    @Test func sentencesAreWhole() {
        let english = Speech(language: .english)
        #expect(english.refusal(Refusal(.noSetting)).hasSuffix(".") && english.refusal(Refusal(.noSetting)).first == "T")
        #expect(Speech(language: .japanese).refusal(Refusal(.noSetting)).hasSuffix("。"))
    }

    private func isJapanese(_ text: String) -> Bool { text.unicodeScalars.contains { (0x3040...0x9fff).contains($0.value) } }
}
