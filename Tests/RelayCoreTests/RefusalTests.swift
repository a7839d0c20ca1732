import RelayCore
import Support
import Testing

@Suite struct RefusalTests {
    @Test func offlineTellsWhenTheTerminalWasLastSeen() throws {
        let name = try TerminalName(parsing: "shop-42")
        let now = WallTime(secondsSince1970: 1_800_000_000)
        let then = WallTime(secondsSince1970: now.secondsSince1970 - 12 * 60)
        #expect(Refusal.offline(terminal: name, lastSeen: then, at: now).sentence == "shop-42 is not connected (last seen 12 min ago)")
        #expect(Refusal.offline(terminal: name, lastSeen: nil, at: now).sentence == "shop-42 is not connected (it has never been)")
    }

    @Test(
        arguments: [
            (-5, "just now"), (0, "just now"), (4, "just now"), (5, "5 s ago"), (59, "59 s ago"), (60, "1 min ago"), (3599, "59 min ago"),
            (3600, "1 h ago"), (172_799, "47 h ago"), (172_800, "2 days ago"), (31_536_000, "365 days ago"),
        ] as [(Int64, String)])
    func timeAgoReadsAsPeopleSay(_ seconds: Int64, _ words: String) {
        let now = WallTime(secondsSince1970: 1_800_000_000)
        #expect(TimeAgo.text(since: WallTime(secondsSince1970: now.secondsSince1970 - seconds), now: now) == words)
    }

    @Test func sentencesAreShortPrintableLinesWhateverPeersSend() throws {
        let nasty = String(repeating: "\u{1b}]0;x\u{7}\r\n\u{202e}", count: 1_000)
        let name = try TerminalName(parsing: "shop-42")
        let port = try ListeningPort(parsing: "20000")
        let now = WallTime(secondsSince1970: 0)
        let all: [Refusal] = [
            .notYours(host: nasty), .portNotYours(port: .max), .noSuchTerminal(host: nasty), .noSuchPort(port: .max),
            .nameWantsPort22(host: nasty, port: .max), .grantEnded(terminal: name, at: now), .terminalDisabled(name),
            .offline(terminal: name, lastSeen: now, at: now), .portIsNotYours(asked: .max, own: port),
            .addressNotListenable(address: nasty), .alreadyListening(port), .terminalKeyMayOnlyListen(asked: nasty),
            .notOffered(asked: nasty), .keyNoLongerValid, .takenOver(by: nasty), .clonedKey(retryAfter: .seconds(7)),
            .tooMany(what: "bridges", limit: 32), .relayStops, .relayDrains, .supportOver(terminal: name, limit: .seconds(604_800)),
        ]
        for refusal in all {
            let sentence = refusal.sentence
            #expect(sentence.utf8.count <= 1_000, "\(refusal)")
            #expect(sentence.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f && $0.value != 0x202e }, "\(refusal)")
        }
    }
}
