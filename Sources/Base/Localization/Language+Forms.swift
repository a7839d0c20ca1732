extension Language {
    private struct Unit {
        let seconds: Int
        let one: String
        let other: String
        let japanese: String
    }

    private static let units = [
        Unit(seconds: 86_400, one: "day", other: "days", japanese: "日"),
        Unit(seconds: 3600, one: "hour", other: "hours", japanese: "時間"),
        Unit(seconds: 60, one: "minute", other: "minutes", japanese: "分"),
        Unit(seconds: 1, one: "second", other: "seconds", japanese: "秒"),
    ]

    /// A length of time for people: `7 hours 48 minutes`, `7時間48分`; two units at most, the smaller one rounded, seconds only below a minute
    /// and a half.
    ///
    /// - Parameter exact: seconds; negative ones count as none.
    package func length(seconds exact: Int) -> String {
        let step = exact >= 86_400 ? 3600 : exact >= 90 ? 60 : 1
        let seconds = (max(0, exact) + step / 2) / step * step
        var rest = seconds
        var parts: [String] = []
        for unit in Self.units {
            let count = rest / unit.seconds
            rest %= unit.seconds
            let isLast = unit.seconds == 1 && parts.isEmpty
            guard count > 0 || isLast, parts.count < 2, unit.seconds >= step || isLast else { continue }
            parts.append(counted(count, unit))
        }
        return parts.joined(separator: self == .english ? " " : "")
    }

    private func counted(_ count: Int, _ unit: Unit) -> String {
        switch self {
        case .english: "\(number(count)) \(count == 1 ? unit.one : unit.other)"
        case .japanese: "\(number(count))\(unit.japanese)"
        }
    }

    /// A whole number with a comma between thousands, as both languages write it.
    package func number(_ number: Int) -> String {
        let digits = Array(String(number.magnitude))
        let groups = stride(from: digits.count, to: 0, by: -3).map { String(digits[max(0, $0 - 3)..<$0]) }.reversed()
        return (number < 0 ? "-" : "") + groups.joined(separator: ",")
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// A moment for people, in UTC, to the minute: `24 Nov 2026, 09:30 UTC`, `2026年11月24日 09:30 (UTC)`.
    ///
    /// - Parameter iso8601: as Towline writes moments, `2026-11-24T09:30:00Z`; anything else is returned as it is.
    package func moment(_ iso8601: String) -> String {
        let fields = iso8601.split(omittingEmptySubsequences: false, whereSeparator: { "-T:Z".contains($0) }).map(String.init)
        guard iso8601.utf8.count == 20, fields.count == 7, let month = Int(fields[1]), (1...12).contains(month), let day = Int(fields[2])
        else { return iso8601 }
        let clock = "\(fields[3]):\(fields[4])"
        switch self {
        case .english: return "\(day) \(Self.months[month - 1]) \(fields[0]), \(clock) UTC"
        case .japanese: return "\(fields[0])年\(month)月\(day)日 \(clock) (UTC)"
        }
    }

    /// Several things in a row: `a, b and c`, `a、b、c`.
    package func list(_ items: [String]) -> String {
        switch self {
        case .english:
            items.count < 2 ? items.joined() : "\(items.dropLast().joined(separator: ", ")) and \(items[items.count - 1])"
        case .japanese: items.joined(separator: "、")
        }
    }
}
