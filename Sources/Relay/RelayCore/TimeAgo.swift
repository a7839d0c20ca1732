package import Support

/// Puts the time between two moments into words that people use.
package enum TimeAgo {
    /// `just now`, `45 s ago`, `12 min ago`, `3 h ago`, `2 days ago`. A moment in the future is `just now`.
    package static func text(since then: WallTime, now: WallTime) -> String {
        let seconds = now.secondsSince1970 - then.secondsSince1970
        return switch seconds {
        case ..<5: "just now"
        case ..<60: "\(seconds) s ago"
        case ..<3600: "\(seconds / 60) min ago"
        case ..<(2 * 86_400): "\(seconds / 3600) h ago"
        default: "\(seconds / 86_400) days ago"
        }
    }
}

/// Puts a length of time into words that people use.
package enum TimeSpan {
    /// `45 s`, `12 min`, `3 h 12 min`, `2 days 3 h`; nothing, or less, is `0 s`.
    package static func text(seconds: Int64) -> String {
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400)
        return switch seconds {
        case ..<60: "\(max(0, seconds)) s"
        case ..<3600: "\(minutes) min"
        case ..<86_400: "\(hours) h" + (minutes % 60 == 0 ? "" : " \(minutes % 60) min")
        default: (days == 1 ? "1 day" : "\(days) days") + (hours % 24 == 0 ? "" : " \(hours % 24) h")
        }
    }
}
