/// A length of time as people write it: `8h`, `90m`, `7d`, `1h30m`.
package struct SupportDuration: ParsedFromText, Comparable {
    /// Whole seconds, 1 or more.
    package let seconds: Int64

    /// The longest: a year. Whoever wants more wants no limit.
    package static let longest: Int64 = 366 * 86_400

    private static let units: [(letter: Character, seconds: Int64)] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]

    /// From whole seconds; `nil` if none or more than `longest`.
    package init?(seconds: Int64) {
        guard (1...Self.longest).contains(seconds) else { return nil }
        self.seconds = seconds
    }

    package init(parsing text: String) throws(ParseError) { try self.init(parsing: text, atMost: Self.longest) }

    /// The same for a length of time of at most so many seconds.
    package init(parsing text: String, atMost limit: Int64) throws(ParseError) {
        let rule = "write for example 8h, 90m, 7d or 1h30m; at most \(Self.words(limit))"
        guard let total = Self.total(of: text) else { throw ParseError("length of time", text, rule) }
        guard let duration = Self(seconds: total), total <= limit else { throw ParseError("length of time that is taken here", text, rule) }
        self = duration
    }

    /// A limit as a rule names it: `24 hours`, `90 days`.
    fileprivate static func words(_ seconds: Int64) -> String {
        seconds > 86_400 ? "\(seconds / 86_400) days" : "\(seconds / 3600) hours"
    }

    /// The seconds that `text` writes, perhaps none or too many; `nil`: it writes no length of time.
    fileprivate static func total(of text: String) -> Int64? {
        var total: Int64 = 0
        var digits = ""
        var units = Self.units[...]
        for character in text {
            if character.isASCII, character.isNumber, digits.count < 9 {
                digits.append(character)
                continue
            }
            guard let number = Int64(digits), let place = units.firstIndex(where: { $0.letter == character }) else { return nil }
            total += number * units[place].seconds
            units = units[(place + 1)...]
            digits = ""
        }
        return digits.isEmpty && !text.isEmpty ? total : nil
    }

    /// The same for the clock.
    package var duration: Duration { .seconds(seconds) }

    package var description: String {
        var rest = seconds
        var text = ""
        for unit in Self.units {
            if rest >= unit.seconds { text += "\(rest / unit.seconds)\(unit.letter)" }
            rest %= unit.seconds
        }
        return text
    }

    package static func < (left: Self, right: Self) -> Bool { left.seconds < right.seconds }
}

/// A moment for people and for the store, in whole seconds of UTC. Written as in ISO 8601: `2026-11-24T09:30:00Z`.
///
/// Limits are measured on a monotonic clock instead: wall clocks jump.
package struct WallTime: ParsedFromText, Comparable {
    /// Seconds since 1970-01-01T00:00:00Z, not counting leap seconds.
    package let secondsSince1970: Int64

    /// The moment so many seconds after 1970-01-01T00:00:00Z, or before it if negative.
    package init(secondsSince1970: Int64) {
        self.secondsSince1970 = secondsSince1970
    }

    /// Parses `YYYY-MM-DD`, `YYYY-MM-DDThh:mm` or `YYYY-MM-DDThh:mm:ss`, each with an optional `Z`; a blank may stand for the `T`.
    package init(parsing text: String) throws(ParseError) {
        guard let time = Self.parse(text) else { throw ParseError("date", text, "write for example 2026-12-31 or 2026-12-31T18:00 (UTC)") }
        self = time
    }

    /// Parses an end: a date as `init(parsing:)` takes it, or a length of time from `now` (`7d`, `+8h`).
    ///
    /// - Parameter limit: how many seconds from `now` on it may be at most; `nil`: a date may be any, a length of time a year.
    /// - Throws: also for a moment that is not after `now`.
    package init(until text: String, now: WallTime, atMost limit: Int64? = nil) throws(ParseError) {
        let most = SupportDuration.words(limit ?? SupportDuration.longest)
        let rule =
            limit == nil
            ? "write a date (\(Self.examples)) or a length of time (8h, 7d; at most \(most))"
            : "write a length of time (8h, 7d) or a date (\(Self.examples)), at most \(most) from now"
        let error = ParseError("time that is taken here", text, rule)
        if let time = Self.parse(text) {
            self = time
            guard self > now else { throw ParseError("time to come", text, "now is \(now)") }
        } else {
            guard let seconds = SupportDuration.total(of: text.hasPrefix("+") ? String(text.dropFirst()) : text) else {
                throw ParseError("time", text, rule)
            }
            guard let length = SupportDuration(seconds: seconds) else { throw error }
            self = now.advanced(by: length.seconds)
        }
        if let limit, secondsSince1970 - now.secondsSince1970 > limit { throw error }
    }

    /// Dates as rules show them.
    private static let examples = "2026-12-31 or 2026-12-31T18:00, UTC"

    /// Parses a beginning: a date as `init(parsing:)` takes it, or a length of time before `now` (`7d`, `-8h`).
    package init(since text: String, now: WallTime) throws(ParseError) {
        if let time = Self.parse(text) {
            self = time
            return
        }
        let rule =
            "write a date (\(Self.examples)) or a length of time until now (8h, 7d; at most \(SupportDuration.words(SupportDuration.longest)))"
        guard let seconds = SupportDuration.total(of: text.hasPrefix("-") ? String(text.dropFirst()) : text) else {
            throw ParseError("time", text, rule)
        }
        guard let length = SupportDuration(seconds: seconds) else { throw ParseError("time that is taken here", text, rule) }
        self = now.advanced(by: -length.seconds)
    }

    /// The moment `seconds` later.
    package func advanced(by seconds: Int64) -> WallTime { WallTime(secondsSince1970: secondsSince1970 + seconds) }

    /// A date of the Gregorian calendar with the time of day, in UTC.
    package struct Calendar: Hashable, Sendable {
        /// The year; month 1...12; day 1...31.
        package let year, month, day: Int64
        /// Hour 0...23; minute and second 0...59.
        package let hour, minute, second: Int64

        /// `15:04`.
        package var clock: String { "\(padded(hour, 2)):\(padded(minute, 2))" }
    }

    /// The date and the time of day in UTC.
    package var calendar: Calendar {
        // Rounded down, also before 1970; no step can overflow.
        let isBefore = secondsSince1970 % 86_400 < 0
        let date = Self.civil(secondsSince1970 / 86_400 - (isBefore ? 1 : 0))
        let second = secondsSince1970 % 86_400 + (isBefore ? 86_400 : 0)
        return Calendar(
            year: date.year, month: date.month, day: date.day, hour: second / 3600, minute: second / 60 % 60, second: second % 60)
    }

    package var description: String {
        let date = calendar
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T\(date.clock):\(padded(date.second, 2))Z"
    }

    package static func < (left: Self, right: Self) -> Bool { left.secondsSince1970 < right.secondsSince1970 }

    private static func parse(_ text: String) -> WallTime? {
        var bytes = Array(text.utf8)
        if bytes.last == UInt8(ascii: "Z") { bytes.removeLast() }
        let shape: [UInt8] = Array("####-##-##T##:##:##".utf8)
        guard [10, 16, 19].contains(bytes.count) else { return nil }
        var numbers: [Int64] = [0]
        for (byte, expected) in zip(bytes, shape) {
            if expected == UInt8(ascii: "#") {
                guard (0x30...0x39).contains(byte) else { return nil }
                numbers[numbers.count - 1] = numbers[numbers.count - 1] * 10 + Int64(byte - 0x30)
            } else {
                guard byte == expected || (expected == UInt8(ascii: "T") && byte == UInt8(ascii: " ")) else { return nil }
                numbers.append(0)
            }
        }
        while numbers.count < 6 { numbers.append(0) }
        let (year, month, day) = (numbers[0], numbers[1], numbers[2])
        guard year >= 1970, (1...12).contains(month), (1...31).contains(day), numbers[3] < 24, numbers[4] < 60, numbers[5] < 60 else {
            return nil
        }
        let days = daysSince1970(year, month, day)
        // A day that its month does not have comes back as another date.
        guard civil(days) == (year, month, day) else { return nil }
        return WallTime(secondsSince1970: days * 86_400 + numbers[3] * 3600 + numbers[4] * 60 + numbers[5])
    }

    /// Days from 1970-01-01 in the Gregorian calendar, counted in years that begin in March so that the leap day comes last.
    private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let marchYear = month > 2 ? year : year - 1
        let marchMonth = (month + 9) % 12
        let leapDays = marchYear / 4 - marchYear / 100 + marchYear / 400
        return marchYear * 365 + leapDays + (marchMonth * 153 + 2) / 5 + day - 1 - daysTo1970
    }

    /// Days from 0000-03-01 to 1970-01-01.
    private static let daysTo1970: Int64 = 719_468

    /// The date of a day; the inverse of `daysSince1970`.
    private static func civil(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let days = day + daysTo1970
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }
}

private func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
