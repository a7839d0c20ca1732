import Support
import SystemCalls

extension WallTime {
    /// What the wall clock says.
    static var now: WallTime { WallTime(secondsSince1970: WallClock.seconds) }
}
