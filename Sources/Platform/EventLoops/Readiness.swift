import CLinux

/// What a handler wants to hear about its descriptor. Level-triggered: as long as it holds, it is reported in every batch.
package struct Interest: OptionSet, Sendable, Hashable {
    /// Bits of epoll_ctl(2).
    package let rawValue: UInt32
    /// A set of these bits.
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// There is something to read or accept, or the peer finished sending.
    package static let read = Interest(rawValue: EPOLLIN.rawValue | EPOLLRDHUP.rawValue)
    /// There is room to write, or a connection attempt ended.
    package static let write = Interest(rawValue: EPOLLOUT.rawValue)
    /// A connection waits at a listener that several loops share: one of them is woken instead of all (`EPOLLEXCLUSIVE`).
    package static let sharedListener = Interest(rawValue: EPOLLIN.rawValue | EPOLLEXCLUSIVE.rawValue)

    /// The mark of a shared listener, which it keeps as long as it is registered.
    static let exclusive = Interest(rawValue: EPOLLEXCLUSIVE.rawValue)
    /// The mark of a descriptor that lets others go first, which it keeps until `EventLoop.endPatience`. A bit that epoll does not use.
    package static let patient = Interest(rawValue: 1 << 24)
    /// What an update leaves as it is.
    static let marks: Interest = [.exclusive, .patient]

    /// What epoll takes: an exclusive registration may not ask for the peer's half-close, which a listener has not.
    var kernelForm: UInt32 {
        let bits = subtracting(.patient).rawValue
        return contains(.exclusive) ? bits & ~EPOLLRDHUP.rawValue : bits
    }
}

/// What is the matter with a descriptor.
package struct Readiness: OptionSet, Sendable, Hashable {
    /// Bits of epoll_ctl(2).
    package let rawValue: UInt32
    /// A set of these bits.
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Reading or accepting will not block; it may yield end of file or an error.
    package static let readable = Readiness(rawValue: EPOLLIN.rawValue)
    /// Writing will not block; it may yield an error.
    package static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
    /// The peer will send no more: at least its sending half is closed. Bytes may still wait to be read. Reported unasked when both
    /// halves are closed.
    package static let hangUp = Readiness(rawValue: EPOLLHUP.rawValue | EPOLLRDHUP.rawValue)
    /// The descriptor has failed: read or `Sockets.pendingError` says how. Reported unasked.
    package static let error = Readiness(rawValue: EPOLLERR.rawValue)
}

/// Hears about a descriptor on the loop's thread.
package protocol ReadinessHandler: AnyObject {
    /// Called at most once a batch, never after the registration has ended, not even for events of the same batch.
    ///
    /// It must take a bounded amount of work and return; what is left is reported again in the next batch.
    func ready(_ readiness: Readiness)
}

/// Hears about the end of every batch.
package protocol BatchObserver: AnyObject {
    /// Called on the loop's thread after all events, jobs and timers of one batch: the place to flush once.
    func batchEnded()
}

/// A descriptor that a loop watches. Only a name: copying it does nothing, and once ended it never names another registration.
package struct Registration: Hashable, Sendable {
    /// The watched descriptor.
    package let descriptor: Int32
    /// Tells this registration from earlier and later ones of the same number.
    let generation: UInt32
}
