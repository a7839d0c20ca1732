import FoundationEssentials
import Support
import Testing

@Suite("Values as JSON")
struct CodableTests {
    struct Sample: Codable, Hashable {
        var terminal: TerminalName
        var staff: StaffName
        var login: LoginName
        var port: ListeningPort
        var relay: RelayAddress
        var length: SupportDuration
        var until: WallTime
    }

    static func sample() throws -> Sample {
        Sample(
            terminal: try TerminalName(parsing: "shop-42"), staff: try StaffName(parsing: "bob"), login: try LoginName(parsing: "alice"),
            port: try ListeningPort(parsing: "40001"), relay: try RelayAddress(parsing: "[::1]:22,443"),
            length: try SupportDuration(parsing: "90m"), until: try WallTime(parsing: "2026-12-31"))
    }

    @Test func valuesAreTheirTextAndComeBack() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json = try encoder.encode(try Self.sample())
        #expect(
            String(decoding: json, as: UTF8.self)
                == #"{"length":"1h30m","login":"alice","port":"40001","relay":"[::1]:22,443","staff":"bob","terminal":"shop-42","#
                + #""until":"2026-12-31T00:00:00Z"}"#)
        #expect(try JSONDecoder().decode(Sample.self, from: json) == Self.sample())
    }

    @Test(arguments: HostileNames.all)
    func A05_whatIsRefusedAsTextIsRefusedAsJSON(text: String) throws {
        let json = try JSONEncoder().encode([text])
        #expect(throws: (any Error).self) { try JSONDecoder().decode([TerminalName].self, from: json) }
        #expect(throws: (any Error).self) { try JSONDecoder().decode([LoginName].self, from: json) }
    }

    @Test func requestsAndRepliesComeBack() throws {
        let request = ControlRequest(arguments: ["terminal", "add", "a\nb"], standardInput: [0, 10, 255])
        #expect(try JSONDecoder().decode(ControlRequest.self, from: JSONEncoder().encode(request)) == request)
        let reply = ControlReply(status: .refused, output: "", errorOutput: "no\n")
        #expect(try JSONDecoder().decode(ControlReply.self, from: JSONEncoder().encode(reply)) == reply)
        #expect(throws: (any Error).self) {
            try JSONDecoder().decode(ControlReply.self, from: Data(#"{"status":4,"output":"","errorOutput":""}"#.utf8))
        }
    }

    @Test func exitStatusesAreThoseThatScriptsRelyOn() {
        #expect([ExitStatus.done, .refused, .usage, .notRunning].map(\.rawValue) == [0, 1, 2, 3])
    }
}
