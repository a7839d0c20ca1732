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
