import Support
import Testing

@Suite("SupportDuration")
struct SupportDurationTests {
    @Test(
        arguments: [
            ("1s", 1, "1s"), ("90m", 5400, "1h30m"), ("8h", 28_800, "8h"), ("7d", 604_800, "7d"), ("1h30m", 5400, "1h30m"),
            ("1d2h3m4s", 93_784, "1d2h3m4s"), ("007d", 604_800, "7d"), ("366d", 366 * 86_400, "366d"), ("0h5m", 300, "5m"),
        ] as [(String, Int64, String)])
    func lengthsAreReadAndPrinted(text: String, seconds: Int64, printed: String) throws {
        let duration = try SupportDuration(parsing: text)
        #expect(duration.seconds == seconds)
        #expect(duration.duration == .seconds(seconds))
        #expect(duration.description == printed)
        #expect(try SupportDuration(parsing: printed) == duration)
    }

    @Test(arguments: [
        "", "0", "0s", "8", "h", "8H", "8 h", "-8h", "+8h", "8h8h", "30m1h", "1.5h", "1h30", "8hours", "8w", "367d", "366d1s", "999999999d",
        "9999999999999999999999s", "٨h", "８h", "8h\n", "8h\u{0}",
    ])
    func A05_whatIsNoLengthIsRefused(text: String) {
        #expect(throws: ParseError.self) { try SupportDuration(parsing: text) }
    }

    @Test func aLimitIsSaid() {
        func complaint(_ text: String, _ limit: Int64) -> String? {
            do { return try SupportDuration(parsing: text, atMost: limit).description } catch { return error.description }
        }
        #expect(complaint("24h", 86_400) == "1d")
        for text in ["24h1s", "2d"] { #expect(complaint(text, 86_400)?.hasSuffix("at most 24 hours") == true, "\(text)") }
        #expect(complaint("soon", 90 * 86_400)?.hasSuffix("at most 90 days") == true)
    }

    @Test(arguments: [
        (Int64.min, false), (-1, false), (0, false), (1, true), (366 * 86_400, true), (366 * 86_400 + 1, false), (.max, false),
    ])
    func lengthsAreFromOneSecondToAYear(seconds: Int64, isTaken: Bool) {
        #expect((SupportDuration(seconds: seconds) != nil) == isTaken)
    }
}

@Suite("WallTime")
struct WallTimeTests {
    static let now = WallTime(secondsSince1970: 1_795_500_000)

    @Test(arguments: [
        ("1970-01-01", 0), ("1970-01-01T00:00:01Z", 1), ("2000-02-29", 951_782_400), ("2000-03-01", 951_868_800),
        ("2026-12-31", 1_798_675_200),
        ("2026-12-31T18:00", 1_798_740_000), ("2026-12-31 18:00", 1_798_740_000), ("2026-12-31T18:00Z", 1_798_740_000),
        ("2026-12-31T18:00:30Z", 1_798_740_030), ("2100-02-28T23:59:59Z", 4_107_542_399), ("9999-12-31T23:59:59Z", 253_402_300_799),
    ])
    func momentsAreRead(text: String, seconds: Int64) throws {
        #expect(try WallTime(parsing: text).secondsSince1970 == seconds)
    }

    @Test(arguments: [
        (Int64(0), "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"), (-86_400, "1969-12-31T00:00:00Z"),
        (86_399, "1970-01-01T23:59:59Z"),
        (951_782_400, "2000-02-29T00:00:00Z"), (1_798_740_030, "2026-12-31T18:00:30Z"), (4_107_542_400, "2100-03-01T00:00:00Z"),
    ])
    func momentsArePrinted(seconds: Int64, text: String) {
        #expect(WallTime(secondsSince1970: seconds).description == text)
    }

    @Test func everyDayOfFourCenturiesComesBack() throws {
        for day in stride(from: Int64(0), to: 146_097, by: 1) {
            let time = WallTime(secondsSince1970: day * 86_400 + 12_345)
            #expect(try WallTime(parsing: time.description) == time)
        }
    }

    @Test(arguments: [Int64.min, Int64.min + 1, Int64.max, Int64.max - 1])
    func aDamagedStoreCannotTrapThePrinting(seconds: Int64) {
        #expect(WallTime(secondsSince1970: seconds).description.hasSuffix("Z"))
    }

    @Test(arguments: [
        "", "2026", "2026-12", "2026-12-32", "2026-13-01", "2026-00-01", "2026-01-00", "2026-02-29", "2100-02-29", "2026-04-31",
        "1969-12-31",
        "2026-12-31T", "2026-12-31T24:00", "2026-12-31T18:60", "2026-12-31T18:00:60", "2026-12-31T18", "2026-12-31T18:00+09:00", "26-12-31",
        "2026/12/31", "31.12.2026", "2026-12-31T18:00ZZ", "2026-12-31t18:00", "-026-12-31", "2026-1-1", "tomorrow", "２０２６-12-31",
        "2026-12-31\n", "2026-12-31T18:00:30.5Z",
    ])
    func A05_whatIsNoMomentIsRefused(text: String) {
        #expect(throws: ParseError.self) { try WallTime(parsing: text) }
    }

    @Test(arguments: [("7d", 604_800), ("+7d", 604_800), ("8h", 28_800), ("+1h30m", 5400)])
    func anEndMayBeALengthFromNow(text: String, seconds: Int64) throws {
        #expect(try WallTime(until: text, now: Self.now) == Self.now.advanced(by: seconds))
    }

    @Test(arguments: [("7d", 604_800), ("-7d", 604_800), ("1h30m", 5400)])
    func aBeginningMayBeALengthUntilNow(text: String, seconds: Int64) throws {
        #expect(try WallTime(since: text, now: Self.now) == Self.now.advanced(by: -seconds))
        #expect(try WallTime(since: "2026-01-01", now: Self.now) == WallTime(parsing: "2026-01-01"))
    }

    @Test(arguments: ["", "-", "--7d", "+7d", "0h", "yesterday", "7"])
    func A05_aBeginningThatIsNeitherIsRefused(text: String) {
        #expect { try WallTime(since: text, now: Self.now) } throws: { "\($0)".contains("2026-12-31") }
    }

    @Test func anEndMayBeADate() throws {
        #expect(try WallTime(until: "2026-12-31", now: Self.now).secondsSince1970 == 1_798_675_200)
    }

    @Test func anEndLiesInTheFuture() throws {
        #expect(throws: ParseError.self) { try WallTime(until: "2026-01-01", now: Self.now) }
        #expect(throws: ParseError.self) { try WallTime(until: Self.now.description, now: Self.now) }
        #expect(try WallTime(until: Self.now.advanced(by: 1).description, now: Self.now) > Self.now)
    }

    @Test(arguments: [
        ("90d", true), ("2160h", true), ("90d1s", false), ("900d", false), ("0d", false), ("2027-02-22T06:00", true),
        ("2027-02-22T06:01", false),
        ("soon", false),
    ])
    func anEndMayHaveALimitThatIsSaid(text: String, isTaken: Bool) {
        let limit: Int64 = 90 * 86_400
        do {
            _ = try WallTime(until: text, now: Self.now, atMost: limit)
            #expect(isTaken)
        } catch {
            #expect(!isTaken && error.description.hasSuffix("at most 90 days from now"), "\(error)")
        }
    }

    @Test(arguments: ["", "+", "++7d", "-7d", "0h", "+2026-12-31", "never", "7"])
    func A05_anEndThatIsNeitherIsRefused(text: String) {
        #expect { try WallTime(until: text, now: Self.now) } throws: { "\($0)".contains("2026-12-31") }
    }
}
