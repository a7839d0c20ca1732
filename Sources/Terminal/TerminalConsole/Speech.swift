import HTML
import Localization
import TerminalCore

/// Says things in one language: what every page is written with.
struct Speech: Sendable {
    /// The reader's language.
    let language: Language

    /// One of our sentences, with its values.
    func callAsFunction(_ words: Words, _ values: String...) -> String { words.filled(in: language, values) }

    /// One of our sentences in a page: values may be markup.
    func html(_ words: Words, _ values: Markup...) -> Markup {
        let template = Template(words.text(in: language))
        precondition(values.count >= template.valueCount, "a value is missing for \(words)")
        return Markup(
            template.parts.map { part in
                switch part {
                case .text(let text): Markup(text)
                case .value(let index): values[index]
                case .word(let index, let one, let other): Markup(values[index].text == "1" ? one : other)
                }
            })
    }

    /// The way that takes one line of support's for everything.
    func orPaste() -> Markup {
        "<p class=\"hint\">\(html(.orPaste, "<code>towline:</code>")) <a href=\"/request\">\(self(.pasteRequest))</a></p>"
    }

    /// A length of time.
    func length(_ seconds: Int) -> String { language.length(seconds: seconds) }

    /// A moment that the browser may show in its own time zone and form; without JavaScript it stands in UTC.
    func moment(_ iso8601: String) -> Markup { "<time datetime=\"\(iso8601)\">\(language.moment(iso8601))</time>" }

    /// What the terminal says of a refusal.
    func refusal(_ refusal: Refusal) -> String {
        sentence(MessageWords.text("refusal.\(refusal.code.rawValue)", refusal.values, because: refusal.cause, language))
    }

    /// A reason of the system's or of somebody else's.
    func reason(_ text: String) -> String { MessageWords.reason(text, language) }

    /// What happened on the way to the relay.
    func failure(_ failure: TerminalStatus.Failure) -> String {
        sentence(MessageWords.text("failure.\(failure.code.rawValue)", failure.values, language))
    }

    /// What to do about it.
    func advice(_ failure: TerminalStatus.Failure) -> String {
        sentence(MessageWords.text("advice.\(failure.code.rawValue)", failure.values, language))
    }

    /// An entry of the log.
    func entry(_ entry: LogEntry) -> String {
        guard let failure = entry.failure else {
            return sentence(MessageWords.text("log.\(entry.code.rawValue)", entry.values, because: entry.cause, language))
        }
        return language == .english ? "\(self.failure(failure)) \(advice(failure))" : self.failure(failure) + advice(failure)
    }

    /// What a stage is there for, before it lies behind.
    func stage(_ stage: ConnectionStage) -> String {
        switch stage {
        case .resolving: self(.stageResolving)
        case .connecting: self(.stageConnecting)
        case .checkingRelay: self(.stageCheckingRelay)
        case .authenticating: self(.stageAuthenticating)
        case .requestingPort: self(.stageRequestingPort)
        case .waiting: self(.stageWaiting)
        }
    }

    /// A stage that lies behind.
    func achieved(_ stage: ConnectionStage) -> String { MessageWords.text("stage-done.\(stage.rawValue)", [:], language) }

    /// A sentence in a page, with each fingerprint in it set apart: it is compared letter by letter, and may be broken anywhere.
    func marked(_ text: String) -> Markup {
        var rest = text[...]
        var markup = Markup()
        while let start = rest.firstRange(of: Self.fingerprint)?.lowerBound {
            let end = rest[start...].firstIndex { !($0.isASCII && ($0.isLetter || $0.isNumber || ":+/".contains($0))) } ?? rest.endIndex
            markup += Markup(String(rest[..<start])) + "<code>\(String(rest[start..<end]))</code>"
            rest = rest[end...]
        }
        return markup + Markup(String(rest))
    }

    /// How a fingerprint begins.
    private static let fingerprint = "SHA256:"

    /// What something is: a label and its value.
    func labelled(_ label: String, _ value: String) -> String {
        switch language {
        case .english: "\(label): \(value)"
        case .japanese: "\(label)：\(value)"
        }
    }

    /// A phrase as a sentence: with a full stop behind.
    func sentence(_ text: String) -> String {
        switch language {
        case .english: text.hasSuffix(".") || text.hasSuffix("?") ? text : text + "."
        case .japanese: text.hasSuffix("。") || text.hasSuffix("？") ? text : text + "。"
        }
    }
}
