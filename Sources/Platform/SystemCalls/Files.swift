import Glibc
import Synchronization

/// What kind of thing a path names.
package enum FileKind: Sendable { case file, directory, symbolicLink, socket, other }

/// Facts about a file.
package struct FileStatus: Hashable, Sendable {
    /// What it is.
    package let kind: FileKind
    /// Permission bits, `0o7777` at most.
    package let mode: UInt32
    /// Owner.
    package let user: UInt32
    /// Group.
    package let group: UInt32
    /// Size in bytes.
    package let size: Int64
    /// Last change of its content, seconds since 1970.
    package let modified: Int64
}

/// Room on a file system, in bytes.
package struct FileSystemSpace: Hashable, Sendable {
    /// What a user without privileges may still write.
    package let available: UInt64
    /// The whole size.
    package let total: UInt64
}

/// Files, by path. All of it may block: not on a loop.
package enum Files {
    // MARK: Contents

    /// Opens `path`, close-on-exec.
    ///
    /// - Parameters:
    ///   - flags: `O_RDONLY` and so on.
    ///   - mode: permissions of a file that is created, before the umask.
    package static func open(_ path: String, _ flags: Int32, mode: UInt32 = 0o600) throws(SystemError) -> Descriptor {
        try checkPath(path, "open")
        return Descriptor(owning: try retrying("open", path) { Glibc.open(path, flags | O_CLOEXEC, mode) })
    }

    /// Opens the terminal at `path` to write to it, without ever waiting for it and without making it ours.
    package static func openTerminal(_ path: String) throws(SystemError) -> Descriptor {
        try open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW)
    }

    /// The whole content of `path`.
    ///
    /// - Parameters:
    ///   - limit: the most bytes it may have.
    ///   - followsLinks: whether the last part of `path` may be a symbolic link.
    /// - Throws: `EFBIG` if it has more than `limit`; `ELOOP` for a link that may not be followed.
    package static func read(_ path: String, limit: Int, followsLinks: Bool = true) throws(SystemError) -> [UInt8] {
        let file = try open(path, O_RDONLY | O_NOCTTY | (followsLinks ? 0 : O_NOFOLLOW))
        return try readAll(file.raw, limit: limit, subject: path)
    }

    /// Everything that comes from `descriptor` until end of file; for standard input. Blocks.
    ///
    /// - Throws: `EFBIG` as soon as more than `limit` bytes came.
    package static func readAll(_ descriptor: Int32, limit: Int, subject: String? = nil) throws(SystemError) -> [UInt8] {
        var content: [UInt8] = []
        var room = [UInt8](repeating: 0, count: min(max(limit, 0) + 1, 65_536))
        while true {
            let result = room.withUnsafeMutableBytes { Descriptor.read(descriptor, into: $0) }
            switch result {
            case .bytes(let count):
                guard content.count + count <= limit else { throw SystemError(errno: EFBIG, call: "read", subject: subject) }
                content += room[..<count]
            case .endOfFile: return content
            case .wouldBlock: waitUntilReady(descriptor, POLLIN)
            case .failed(let error): throw SystemError(errno: error.errno, call: "read", subject: subject)
            }
        }
    }

    /// Writes all of `bytes`. Blocks.
    package static func writeAll(_ descriptor: Int32, _ bytes: [UInt8], subject: String? = nil) throws(SystemError) {
        var written = 0
        while written < bytes.count {
            let result = bytes.withUnsafeBytes { Descriptor.write(descriptor, UnsafeRawBufferPointer(rebasing: $0[written...])) }
            switch result {
            case .bytes(let count): written += count
            case .wouldBlock: waitUntilReady(descriptor, POLLOUT)
            case .endOfFile: throw SystemError(errno: EIO, call: "write", subject: subject)
            case .failed(let error): throw SystemError(errno: error.errno, call: "write", subject: subject)
            }
        }
    }

    /// Copies a file's content to `path`, which must not exist; synced. After an error no new file is left.
    package static func copy(_ old: String, to path: String, mode: UInt32) throws(SystemError) {
        let source = try open(old, O_RDONLY | O_NOCTTY)
        let copy = try open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode)
        do throws(SystemError) {
            var room = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let raw = source.raw
                switch room.withUnsafeMutableBytes({ Descriptor.read(raw, into: $0) }) {
                case .bytes(let count): try writeAll(copy.raw, Array(room[..<count]), subject: path)
                case .wouldBlock: waitUntilReady(raw, POLLIN)
                case .failed(let error): throw SystemError(errno: error.errno, call: "read", subject: old)
                case .endOfFile:
                    let written = copy.raw
                    _ = try retrying("fsync", path) { fsync(written) }
                    return
                }
            }
        } catch {
            unlink(path)
            throw error
        }
    }

    /// Replaces `path` so that whoever reads it, or looks after a power cut, finds the old content or the new, whole.
    ///
    /// Writes a new file beside it, syncs it, renames it over `path`, syncs the folder. After an error `path` is as it was (only syncing
    /// the folder comes later) and no new file is left.
    /// - Parameters:
    ///   - mode: permissions, exactly these whatever the umask.
    ///   - owner: user and group; `nil` is ourselves.
    package static func writeAtomically(
        _ path: String, _ bytes: [UInt8], mode: UInt32, owner: (user: UInt32, group: UInt32)? = nil
    ) throws(SystemError) {
        let temporary = "\(path).new-\(getpid())-\(writes.add(1, ordering: .relaxed).newValue)"
        let file = try open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
        do throws(SystemError) {
            let raw = file.raw
            if let owner { _ = try retrying("fchown", path) { fchown(raw, owner.user, owner.group) } }
            _ = try retrying("fchmod", path) { fchmod(raw, mode) }
            try writeAll(raw, bytes, subject: path)
            _ = try retrying("fsync", path) { fsync(raw) }
            _ = try retrying("rename", path) { Glibc.rename(temporary, path) }
        } catch {
            unlink(temporary)
            throw error
        }
        try syncDirectory(parent(of: path))
    }

    private static let writes = Atomic<UInt64>(0)

    /// Puts `bytes` at the end of `path`, which is made if it is not there. Nothing is synced: a power cut may take the end again.
    ///
    /// - Parameter mode: permissions of a new file, before the umask.
    package static func append(_ bytes: [UInt8], to path: String, mode: UInt32) throws(SystemError) {
        let file = try open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, mode: mode)
        try writeAll(file.raw, bytes, subject: path)
    }

    /// Makes the names in a folder outlive a power cut.
    package static func syncDirectory(_ path: String) throws(SystemError) {
        let directory = try open(path, O_RDONLY | O_DIRECTORY)
        let raw = directory.raw
        _ = try retrying("fsync", path) { fsync(raw) }
    }

    // MARK: Names

    /// Facts about `path`; `nil` if there is nothing, which is not an error.
    package static func status(_ path: String, followsLinks: Bool = true) throws(SystemError) -> FileStatus? {
        try checkPath(path, "stat")
        var facts = stat()
        do throws(SystemError) {
            _ = try retrying("stat", path) { followsLinks ? stat(path, &facts) : lstat(path, &facts) }
        } catch {
            if error.errno == ENOENT || error.errno == ENOTDIR { return nil }
            throw error
        }
        let kind: FileKind =
            switch facts.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            case S_IFSOCK: .socket
            default: .other
            }
        return FileStatus(
            kind: kind, mode: facts.st_mode & 0o7777, user: facts.st_uid, group: facts.st_gid, size: Int64(facts.st_size),
            modified: Int64(facts.st_mtim.tv_sec))
    }

    /// Makes the folder `path` with exactly `mode`. Its parent must exist.
    ///
    /// - Returns: false if something of that name existed; it is left as it is.
    @discardableResult
    package static func makeDirectory(_ path: String, mode: UInt32) throws(SystemError) -> Bool {
        try checkPath(path, "mkdir")
        do throws(SystemError) {
            _ = try retrying("mkdir", path) { mkdir(path, mode) }
        } catch {
            if error.errno == EEXIST { return false }
            throw error
        }
        try setMode(path, mode)
        return true
    }

    /// The names in a folder, without `.` and `..`, in no order.
    package static func list(_ path: String) throws(SystemError) -> [String] {
        try checkPath(path, "opendir")
        guard let directory = opendir(path) else { throw SystemError(errno: errno, call: "opendir", subject: path) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            // The name may be shorter than its field in memory: read it in place.
            let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
            let name = String(cString: (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self))
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// Removes a file, link or socket (not a folder); false if there was none.
    @discardableResult
    package static func remove(_ path: String) throws(SystemError) -> Bool {
        try removing(path, "unlink") { unlink(path) }
    }

    /// Removes an empty folder; false if there was none.
    @discardableResult
    package static func removeDirectory(_ path: String) throws(SystemError) -> Bool {
        try removing(path, "rmdir") { rmdir(path) }
    }

    /// Removes a folder and all below it; links are removed, never followed.
    package static func removeTree(_ path: String) throws(SystemError) {
        guard try status(path, followsLinks: false)?.kind == .directory else {
            try remove(path)
            return
        }
        for name in try list(path) { try removeTree("\(path)/\(name)") }
        try removeDirectory(path)
    }

    /// Renames within one file system, replacing what `new` named.
    package static func rename(_ old: String, to new: String) throws(SystemError) {
        try checkPath(old, "rename")
        try checkPath(new, "rename")
        _ = try retrying("rename", old) { Glibc.rename(old, new) }
    }

    /// Sets permissions, following links.
    package static func setMode(_ path: String, _ mode: UInt32) throws(SystemError) {
        try checkPath(path, "chmod")
        _ = try retrying("chmod", path) { chmod(path, mode) }
    }

    /// Sets owner and group of `path` itself, not of what a link points to.
    package static func setOwner(_ path: String, user: UInt32, group: UInt32) throws(SystemError) {
        try checkPath(path, "chown")
        _ = try retrying("chown", path) { lchown(path, user, group) }
    }

    /// The absolute path without links, `.` and `..`.
    package static func resolved(_ path: String) throws(SystemError) -> String {
        try checkPath(path, "realpath")
        guard let text = realpath(path, nil) else { throw SystemError(errno: errno, call: "realpath", subject: path) }
        defer { free(text) }
        return String(cString: text)
    }

    /// Whether we may run `path` as a program.
    package static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

    /// The program that this process runs.
    package static func ownExecutable() throws(SystemError) -> String { try resolved("/proc/self/exe") }

    /// Makes a folder of our own (mode 0700) with a name nobody has, below `TMPDIR` or `/tmp`; who asks also removes it.
    package static func makeTemporaryDirectory(prefix: String = "towline-") throws(SystemError) -> String {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/\(prefix)XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError(errno: errno, call: "mkdtemp", subject: base) }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The folder that holds `path`.
    package static func parent(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: 0x2f) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    // MARK: Machine

    /// Room on the file system of `path`.
    package static func space(at path: String) throws(SystemError) -> FileSystemSpace {
        try checkPath(path, "statvfs")
        var facts = statvfs()
        _ = try retrying("statvfs", path) { statvfs(path, &facts) }
        return FileSystemSpace(
            available: UInt64(facts.f_bavail) * UInt64(facts.f_frsize), total: UInt64(facts.f_blocks) * UInt64(facts.f_frsize))
    }

    /// Sets the permissions that new files never get, for the whole process; returns what was set before. For `main`.
    @discardableResult
    package static func setModeMask(_ mask: UInt32) -> UInt32 { umask(mask) }

    /// Whether `descriptor` is a terminal that a person may sit at.
    package static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    // MARK: Own

    private static func removing(_ path: String, _ call: StaticString, _ body: () -> Int32) throws(SystemError) -> Bool {
        try checkPath(path, call)
        do throws(SystemError) {
            _ = try retrying(call, path, body)
            return true
        } catch {
            if error.errno == ENOENT { return false }
            throw error
        }
    }

    /// A NUL would end the path early and name another file.
    static func checkPath(_ path: String, _ call: StaticString) throws(SystemError) {
        if path.utf8.contains(0) { throw SystemError(errno: EINVAL, call: call.description, subject: path) }
    }

    private static func waitUntilReady(_ descriptor: Int32, _ events: Int32) {
        var item = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        _ = poll(&item, 1, -1)
    }

    /// Waits until `descriptor` can be read or written (or has failed, which the next attempt will tell). Blocks.
    ///
    /// - Returns: false once `deadline` has passed.
    package static func waitUntilReady(_ descriptor: Int32, toRead: Bool, until deadline: MonotonicTime) -> Bool {
        var item = pollfd(fd: descriptor, events: Int16(toRead ? POLLIN : POLLOUT), revents: 0)
        while true {
            let left = (deadline - MonotonicClock.now).wholeNanoseconds
            guard left > 0 else { return false }
            let count = poll(&item, 1, Int32(min((left + 999_999) / 1_000_000, 3_600_000)))
            if count > 0 { return true }
        }
    }
}

/// An exclusive lock on a file, held until the value's end or the process's, however that ends.
package struct FileLock: ~Copyable, Sendable {
    private let descriptor: Descriptor

    /// Takes the lock on `path`, which is created if needed and never removed; `nil` if another process (or value) holds it.
    package static func acquire(_ path: String, mode: UInt32 = 0o600) throws(SystemError) -> FileLock? {
        let file = try Files.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: mode)
        let raw = file.raw
        do throws(SystemError) {
            _ = try retrying("flock", path) { flock(raw, LOCK_EX | LOCK_NB) }
        } catch {
            if error.errno == EWOULDBLOCK { return nil }
            throw error
        }
        return FileLock(descriptor: file)
    }

    private init(descriptor: consuming Descriptor) { self.descriptor = descriptor }
}
