import CLinux
import Glibc

/// A process of this machine as `/proc` showed it at one moment.
package struct ProcessEntry: Hashable, Sendable {
    /// Its number.
    package let pid: Int32
    /// Its parent's number; 0 for those the kernel started.
    package let parent: Int32
    /// Its real user.
    package let user: UInt32
    /// The first 15 bytes of its program's name; chosen by the process, so escape it.
    package let name: String
    /// When it started, in the kernel's ticks since boot: with the number it names one process for ever.
    package let started: UInt64
    /// Whether it has ended and waits to be collected.
    package let isZombie: Bool

    /// An entry with its parts given.
    package init(pid: Int32, parent: Int32, user: UInt32, name: String, started: UInt64, isZombie: Bool) {
        self.pid = pid
        self.parent = parent
        self.user = user
        self.name = name
        self.started = started
        self.isZombie = isZombie
    }
}

extension Processes {
    /// Our own number.
    package static var current: Int32 { getpid() }

    /// All processes that can be seen, in the order of their numbers. Cost: three system calls each for two small files.
    package static func all() -> [ProcessEntry] {
        guard let names = try? Files.list("/proc") else { return [] }  // without /proc there is nothing to be seen
        return names.compactMap { Int32($0) }.sorted().compactMap(entry)
    }

    /// The processes that `pid` started and those that they started, and so on; not `pid` itself. Parents come before their children.
    ///
    /// Orphans that went to another parent are not among them: see `becomeSubreaper`.
    package static func descendants(of pid: Int32) -> [ProcessEntry] {
        let children = Dictionary(grouping: all(), by: \.parent)
        var found: [ProcessEntry] = []
        var next = children[pid] ?? []
        while !next.isEmpty {
            found += next
            next = next.flatMap { children[$0.pid] ?? [] }
        }
        return found
    }

    /// The processes whose real user is `user`.
    package static func owned(by user: UInt32) -> [ProcessEntry] { all().filter { $0.user == user } }

    /// Sends a signal to exactly the process that `entry` described; never to another that got its number since.
    ///
    /// - Returns: false if it is gone or not ours to signal, which is not an error.
    @discardableResult
    package static func signal(_ entry: ProcessEntry, _ signal: Signal) -> Bool {
        let raw = clinux_pidfd_open(entry.pid)
        guard raw >= 0 else { return false }
        let pidfd = Descriptor(owning: raw)
        // The descriptor is fixed now: if the number still means the same start, so does the descriptor.
        guard let now = self.entry(entry.pid), now.started == entry.started else { return false }
        return clinux_pidfd_signal(pidfd.raw, signal.rawValue) == 0
    }

    /// What `/proc` says of `pid`; `nil` if it is gone.
    package static func entry(_ pid: Int32) -> ProcessEntry? {
        // A process may end between any two reads: no file is the answer "gone".
        guard let stat = try? Files.read("/proc/\(pid)/stat", limit: 8192),
            let status = try? Files.read("/proc/\(pid)/status", limit: 65_536)
        else { return nil }
        return parse(pid, stat: String(decoding: stat, as: UTF8.self), status: String(decoding: status, as: UTF8.self))
    }

    /// proc(5): `pid (name) state ppid …`, start time is field 22; the name may hold spaces and parentheses, so it ends at the last one.
    static func parse(_ pid: Int32, stat: String, status: String) -> ProcessEntry? {
        guard let opening = stat.firstIndex(of: "("), let closing = stat.lastIndex(of: ")"), opening < closing else { return nil }
        let fields = stat[stat.index(after: closing)...].split(separator: " ")
        guard fields.count >= 20, let parent = Int32(fields[1]), let started = UInt64(fields[19]) else { return nil }
        let users = status.split(separator: "\n").first { $0.hasPrefix("Uid:") }?.dropFirst(4).split(whereSeparator: {
            $0 == "\t" || $0 == " "
        })
        guard let user = users?.first.flatMap({ UInt32($0) }) else { return nil }
        return ProcessEntry(
            pid: pid, parent: parent, user: user, name: String(stat[stat.index(after: opening)..<closing]), started: started,
            isZombie: fields[0] == "Z" || fields[0] == "X")
    }
}
