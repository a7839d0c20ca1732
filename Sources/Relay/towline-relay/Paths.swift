import SystemCalls

/// Where a relay keeps what.
struct Paths {
    /// The folder of everything else.
    let folder: String

    /// The SQLite file.
    var store: String { folder + "/relay.db" }
    /// Where the store is made before it gets its name.
    var newStore: String { folder + "/relay.db.new" }
    /// A copy of the store from the last time that it was found undamaged.
    var copy: String { folder + "/relay.db.last-good" }
    /// Where that copy is made before it gets its name.
    var newCopy: String { folder + "/relay.db.last-good.new" }
    /// The relay's private host key.
    var hostKey: String { folder + "/host_key" }
    /// The one that is announced beside it, while the relay goes over from one to another.
    var secondHostKey: String { folder + "/host_key.second" }
    /// Locked by whoever works on the store.
    var lock: String { folder + "/lock" }
    /// Where a running relay takes commands.
    var socket: String { folder + "/control.sock" }
}
