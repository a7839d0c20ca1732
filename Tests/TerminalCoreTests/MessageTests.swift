import Support
import Testing

@testable import TerminalCore

/// The words that other languages translate: names that stay, gaps that can be filled.
@Suite struct MessageTests {
    @Test func everyMessageHasItsOwnNameAndWordsInOneLine() {
        let all = TerminalMessages.all
        #expect(Set(all.map(\.key)).count == all.count)
        for message in all {
            #expect(!message.english.isEmpty && !message.english.contains("\n"), "\(message)")
            #expect(message.key.allSatisfy { $0.isLetter || $0 == "-" || $0 == "." || $0.isNumber }, "\(message)")
        }
    }

    @Test func gapsAreFilledOnceAndNeverFromValues() {
        let template = "{who} came as {user}, {who} left"
        #expect(MessageGaps.names(in: template) == ["who", "user"])
        #expect(MessageGaps.filled(template, ["who": "{user}", "user": "alice"]) == "{user} came as alice, {user} left")
        #expect(MessageGaps.filled("a { b", [:]) == "a { b")
        #expect(MessageGaps.filled("{missing}", [:]) == "{missing}")
    }

    /// One failure of each kind: a new case has to be added here, or `code` has no words.
    static let failures: [TunnelFailure] = [
        .nameUnknown(host: "h"), .nameUnresolved(host: "h", reason: "r"), .connectionRefused(relay: "r"), .connectionTimedOut(relay: "r"),
        .unreachable(relay: "r", reason: "x"), .networkBlocked(relay: "r", answer: "HTTP/1.1 302"),
        .proxyUnreachable(proxy: "p", reason: "r"), .proxyRefused(proxy: "p", reason: "r"), .proxyCredentials(proxy: "p"),
        .silent(relay: "r"), .closedEarly(relay: "r"), .stalled(at: .authenticating), .incompatible(reason: "r"),
        .relayKeyChanged(offered: "a", pinned: "b"), .relayKeyNotPinned(offered: "a"), .relayKeyMismatch(offered: "a", confirmed: "b"),
        .keyUnknown, .keyWithdrawn, .awaitingApproval(fingerprint: "f"), .joinRefused(reason: "r"), .portRefused(port: "1", reason: nil),
        .endedByRelay(at: .waiting, reason: "r"), .lost(reason: "r"), .clientFailed(reason: "r"),
    ]

    @Test func everyFailureFillsAllGapsOfItsWords() {
        #expect(Set(Self.failures.map(\.code)) == Set(TunnelFailure.Code.allCases))
        for failure in Self.failures {
            let names = failure.code.valueNames + MessageGaps.names(in: failure.code.advice)
            #expect(names.allSatisfy { failure.values[$0] != nil }, "\(failure)")
            #expect(!failure.explanation.contains("{"), "\(failure.explanation)")
            #expect(!failure.sentence.hasSuffix(".") && !failure.advice.hasSuffix("."))
        }
    }

    @Test func aCauseIsSaidInTheGapAndTravelsAlong() throws {
        let refusal = Refusal(.relayNotReached, because: Cause(.connectionRefused(relay: "relay.example.org port 22")))
        #expect(refusal.message.contains("could not be fetched: relay.example.org port 22 refuses connections"))
        #expect(TerminalWire.decode(Refusal.self, TerminalWire.encode(refusal)) == refusal)
        let cut = Refusal(.requestLine, because: Cause(.cutOff(has: 3, of: 300)))
        #expect(cut.values["reason"] == RequestLineError.cutOff(has: 3, of: 300).rule)
    }

    /// The terminal's words for what is wrong with a request are those of the one who reads it.
    @Test(arguments: [
        RequestLineError.absent, .version("2"), .cutOff(has: 1, of: 2), .strangeCharacter("ä"), .damaged, .malformed,
    ]) func aRequestsFaultIsSaidInTheSameWords(error: RequestLineError) { #expect(Cause(error).sentence == error.rule) }

    @Test(arguments: Reason.allCases) func aReasonIsKnownAgainByItsEnglish(reason: Reason) { #expect(Reason(reason.english) == reason) }

    @Test func aRefusalTravelsWithItsWordsAndIsReadFromItsCode() throws {
        let refusal = Refusal(.noSuchLoginUser, ["name": "alice"])
        let json = TerminalWire.encode(refusal)
        #expect(String(decoding: json, as: UTF8.self).contains("there is no SSH login user alice"))
        #expect(TerminalWire.decode(Refusal.self, json) == refusal)
    }
}
