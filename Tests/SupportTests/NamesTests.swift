import Support
import Testing

/// What attackers and slips of the finger put where a name is expected (case A05).
enum HostileNames {
    static let all = [
        "", " ", "-", "--", "-oProxyCommand", "-oProxyCommand=touch /tmp/x", "--root=/", "a\nroot ssh-ed25519 AAAA", "a\r", "a\n", "\na",
        "../x",
        "a/b", "a\\b", "a.b", "a b", "a;b", "$(id)", "`id`", "a'b", "a\"b", "a*b", "a%00b", "a\u{0}b", "\u{0}", "a,root", "a:b", "a@b",
        "#a",
        "~a", "a\u{1b}[2J", "a\u{7f}", "ａ", "\u{430}", "\u{455}hop", "sh\u{3bf}p", "shop\u{200b}", "\u{202e}pohs", "shop\u{301}", "é", "ſ",
        "\u{212a}", "店", "１２", "٣", "a\u{85}", "a\u{2028}", String(repeating: "a", count: 10_240), "*", "%h", "a=b",
    ]
}

@Suite("Names")
struct NamesTests {
    @Test(arguments: [
        "a", "7", "shop-42", "0-0", "a--b", "xn--caf-dma", String(repeating: "a", count: 62), String(repeating: "a", count: 63),
    ])
    func labelsAreTakenAsTheyAre(text: String) throws {
        #expect(try TerminalName(parsing: text).description == text)
        #expect(try StaffName(parsing: text).description == text)
        #expect(try GroupName(parsing: text).description == text)
        #expect(try TerminalTag(parsing: text).description == text)
    }

    @Test(arguments: ["A", "Shop", "a-", "-a", "a_b", String(repeating: "a", count: 64)])
    func whatIsNoLabelIsRefused(text: String) {
        #expect(throws: ParseError.self) { try TerminalName(parsing: text) }
        #expect(throws: ParseError.self) { try StaffName(parsing: text) }
        #expect(throws: ParseError.self) { try GroupName(parsing: text) }
        #expect(throws: ParseError.self) { try TerminalTag(parsing: text) }
    }

    @Test(arguments: ["localhost", "towline-relay"]) func noTerminalIsCalledAsTheRelay(name: String) {
        #expect(throws: ParseError.self) { try TerminalName(parsing: name) }
    }

    @Test(arguments: [
        "a", "_", "alice", "a_b-c1", "_x", String(repeating: "a", count: 31), String(repeating: "a", count: 32), "rooty", "a-",
    ])
    func loginNamesOfLinuxAreTaken(text: String) throws {
        #expect(try LoginName(parsing: text).description == text)
    }

    @Test(arguments: ["root", "0a", "-a", "Alice", "a$", "a.b", String(repeating: "a", count: 33)])
    func otherLoginNamesAndRootAreRefused(text: String) {
        #expect(throws: ParseError.self) { try LoginName(parsing: text) }
    }

    @Test(arguments: HostileNames.all)
    func A05_hostileNamesAreRefusedWithOneHarmlessLine(text: String) {
        let parsers: [(String) throws -> any CustomStringConvertible] = [
            { try TerminalName(parsing: $0) }, { try StaffName(parsing: $0) }, { try LoginName(parsing: $0) },
            { try ListeningPort(parsing: $0) }, { try SupportDuration(parsing: $0) }, { try WallTime(parsing: $0) },
        ]
        for parse in parsers {
            do {
                let value = try parse(text)
                Issue.record("taken: \(value)")
            } catch {
                let line = "\(error)"
                #expect(line.count < 260)
                #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && $0.properties.generalCategory != .format })
            }
        }
    }

    @Test func errorsSayWhichValueAndWhatIsRight() {
        let label = "\"Shop 42\" is not a terminal name: use 1 to 63 of a-z, 0-9 and -, with no - first or last"
        let root = "\"root\" is not a login user name: nobody logs in as root; choose another name"
        #expect { try TerminalName(parsing: "Shop 42") } throws: { "\($0)" == label }
        #expect { try LoginName(parsing: "root") } throws: { "\($0)" == root }
        #expect { try StaffName(parsing: "") } throws: { "\($0)".hasPrefix("the staff name is empty: ") }
    }

    @Test func namesAreOrderedByTheirBytes() throws {
        let names = try ["b", "a-1", "a", "a1"].map { try TerminalName(parsing: $0) }
        #expect(names.sorted().map(\.description) == ["a", "a-1", "a1", "b"])
    }

    @Test(arguments: [
        ("1023", false), ("1024", true), ("1025", true), ("2222", true), ("65534", true), ("65535", true), ("65536", false), ("0", false),
        ("22", false), ("99999", false), ("999999", false), ("18446744073709552640", false), ("-1024", false), ("+1024", false),
        ("01024", false), ("1e4", false), ("0x800", false), ("2222 ", false), (" 2222", false), ("２２２２", false), ("", false),
    ])
    func listeningPortsAreFrom1024(text: String, isTaken: Bool) throws {
        if isTaken {
            #expect(try ListeningPort(parsing: text).description == text)
        } else {
            #expect(throws: ParseError.self) { try ListeningPort(parsing: text) }
        }
    }

    @Test(arguments: [
        (-1, false), (0, false), (1023, false), (1024, true), (65535, true), (65536, false), (Int.max, false), (Int.min, false),
    ])
    func numbersOutsideTheRangeAreNoListeningPorts(number: Int, isTaken: Bool) {
        #expect((ListeningPort(number) != nil) == isTaken)
    }
}
