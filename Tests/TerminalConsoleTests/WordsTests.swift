import Localization
import Support
import SystemCalls
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

    /// Every message, with what really stands in its gaps: no English is left in a Japanese one.
    @Test func noEnglishIsLeftInJapanese() {
        let speak = Speech(language: .japanese)
        for failure in Samples.failures.map(TerminalStatus.Failure.init) { expectJapanese(speak.failure(failure) + speak.advice(failure)) }
        let causes = Reason.allCases.map { Cause($0, ["version": "2", "has": "1", "of": "2", "character": "ä"]) }
        for code in Refusal.Code.allCases {
            expectJapanese(speak.refusal(Refusal(code, Samples.values)))
            guard code.valueNames.contains("reason") else { continue }
            for cause in causes + Samples.failures.map(Cause.init) {
                expectJapanese(speak.refusal(Refusal(code, Samples.values, because: cause)))
            }
            for reason in Reason.allCases where reason.valueNames.isEmpty {
                expectJapanese(speak.refusal(Refusal(code, Samples.values.merging(["reason": reason.english]) { $1 })))
            }
        }
        for code in LogEntry.Code.allCases {
            let cause = Cause(Refusal(.notRoot, Samples.values))
            let values = Samples.values.merging(["reason": cause.sentence]) { $1 }
            expectJapanese(speak.entry(LogEntry(number: 1, at: "", code: code, values: values, cause: cause)))
        }
    }

    /// Words in Latin letters are names, what was typed, or what somebody else said, which stands between quotation marks.
    private func expectJapanese(_ text: String) {
        var isQuoted = false
        let own = text.filter { character in
            if character == "「" { isQuoted = true }
            defer { if character == "」" { isQuoted = false } }
            return !isQuoted
        }
        let known: Set<String> = [
            "http", "socks5", "root", "sudo", "openssh", "client", "ed25519", "AAAA", "relay", "example", "alice", "SHA256", "support",
            "OpenSSH", "HTTP", "SOCKS", "towline",
        ]
        let words = own.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }.map(String.init)
            .filter { $0.count > 3 && $0.contains(where: \.isLetter) && !Samples.fingerprint.contains($0) }
        #expect(Set(words).subtracting(known).isEmpty && !own.contains("{"), "\(text)")
    }

    @Test func whatSomebodyElseSaidStandsBetweenQuotationMarks() {
        #expect(MessageWords.reason("the relay is stopping", .japanese) == "「the relay is stopping」")
        #expect(MessageWords.reason("write /etc/x: No space left on device", .japanese) == "ディスクの空き容量がありません（write /etc/x）")
        #expect(MessageWords.reason("No space left on device", .english) == "No space left on device")
        let given = Speech(language: .japanese).refusal(Refusal(.fingerprint, ["given": Printable.quoted("abc")]))
        #expect(given.hasPrefix("「abc」は"))
    }

    @Test func whereARelayIsIsSaidInTheReadersLanguage() {
        let failure = TerminalStatus.Failure(.connectionRefused(relay: "relay.example.org port 443"))
        #expect(Speech(language: .japanese).failure(failure) == "relay.example.orgのポート443が接続を拒否しています。")
    }

    @Test func aLengthIsSaidAsPagesSayIt() {
        #expect(MessageWords.text("log.support-on", ["length": "1 h"], .english) == "Support is switched on for 1 hour")
        #expect(MessageWords.text("log.support-on", ["length": "1 d 2 h"], .english) == "Support is switched on for 1 day 2 hours")
        #expect(MessageWords.text("log.session-began", ["who": "bob", "session": "command"], .english) == "bob opened: a single command")
    }

    @Test func everyWordIsSaidBySomePage() throws {
        let folder = Files.parent(of: Files.parent(of: Files.parent(of: #filePath))) + "/Sources/Terminal/TerminalConsole"
        var source = ""
        for part in ["", "Access/", "Pages/", "Routing/"] {
            for name in try Files.list(folder + "/" + part) where name.hasSuffix(".swift") {
                source += String(decoding: try Files.read("\(folder)/\(part)\(name)", limit: 1 << 20), as: UTF8.self)
            }
        }
        for word in Words.allCases { #expect(source.contains(".\(word)"), "nobody says \(word)") }
    }

    /// Buttons and pages stand in brackets there.
    @Test(arguments: [(Language.english, "[", "]"), (.japanese, "［", "］")]) func theManualNamesOnlyWhatThePagesHave(
        language: Language, open: String, close: String
    ) throws {
        let path = Files.parent(of: Files.parent(of: Files.parent(of: #filePath))) + "/docs/manual/\(language.rawValue)/README.md"
        var rest = String(decoding: try Files.read(path, limit: 1 << 20), as: UTF8.self)[...]
        let said = Set(Words.allCases.map { $0.text(in: language) })
        var count = 0
        while let start = rest.firstRange(of: open)?.upperBound, let end = rest[start...].firstRange(of: close) {
            // What follows a picture's sign says what is in the picture.
            let isPicture = rest[..<start].hasSuffix("![")
            if !isPicture {
                #expect(said.contains(String(rest[start..<end.lowerBound])), "no page has \(rest[start..<end.lowerBound])")
                count += 1
            }
            rest = rest[end.upperBound...]
        }
        #expect(count > 20)
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
