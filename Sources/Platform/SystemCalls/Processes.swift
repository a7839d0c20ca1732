import CLinux
import Glibc

/// Which user a child becomes before it runs its program. Only root may ask.
package struct ProcessCredentials: Hashable, Sendable {
    /// The user number, for real, effective and saved.
    package var user: UInt32
    /// The primary group.
    package var group: UInt32
    /// The supplementary groups, exactly these.
    package var supplementaryGroups: [UInt32]

    /// Credentials with their parts given.
    package init(user: UInt32, group: UInt32, supplementaryGroups: [UInt32] = []) {
        self.user = user
        self.group = group
        self.supplementaryGroups = supplementaryGroups
    }
}

/// Where a child stands among sessions and process groups.
package enum ProcessGrouping: Sendable {
    /// In ours: Ctrl-C at our terminal reaches it.
    case inherited
    /// Leader of its own process group.
    case ownGroup
    /// Leader of its own session, without a controlling terminal.
    case ownSession
    /// Leader of its own session, whose controlling terminal is its descriptor 0.
    case ownTerminal
}

/// A program that could not be started: what failed on the way, and why. Nothing is left of the child.
package struct SpawnError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the child (or we for it) was doing.
    package enum Step: Int32, Sendable {
        case fork = 0, session, descriptors, terminal, groups, group, user, workingDirectory, deathSignal, privileges, execute
    }

    /// Where it failed.
    package let step: Step
    /// Why.
    package let error: SystemError

    /// `starting /usr/sbin/sshd failed at execute: No such file or directory`.
    package var description: String { "starting \(Log.escaped(error.subject ?? "")) failed at \(step): \(error.reason)" }
}

/// Starts programs and looks at processes.
package enum Processes {
    /// Children that a `Process` answers for, so that `reapOrphans` leaves them alone.
    private static let owned = Monitor<Set<Int32>>([])

    /// Starts `executable` and returns once it runs. May block for the time of a fork: not on a loop.
    ///
    /// The child has no descriptor but those of `descriptors`; 0, 1 and 2 are `/dev/null` unless given. Its signals are unblocked and at
    /// their defaults.
    /// - Parameters:
    ///   - executable: a path; `PATH` is not searched.
    ///   - arguments: what follows the program's name.
    ///   - name: `argv[0]`, if it should differ from `executable`.
    ///   - environment: exactly these `NAME=value`; nothing of ours is inherited.
    ///   - descriptors: the child's number → our descriptor, which stays ours; at most 13 besides 0, 1 and 2.
    ///   - workingDirectory: entered with the child's credentials; `nil` is ours.
    ///   - fileModeMask: its umask; `nil` is ours.
    ///   - credentials: whom to become; `nil` stays who we are.
    ///   - deathSignal: what the child gets when the **thread** that called this ends (Linux counts threads here): call from a thread
    ///     that lives as long as the program, such as a `BlockingExecutor`, never from the cooperative pool.
    ///   - gainsNoPrivileges: neither it nor what it starts can gain rights by set-user-id programs.
    /// - Throws: what failed and where. A program that starts and then ends with an error is not an error here.
    package static func spawn(
        _ executable: String, _ arguments: [String] = [], name: String? = nil, environment: [String: String] = [:],
        descriptors: [Int32: Int32] = [:], workingDirectory: String? = nil, fileModeMask: UInt32? = nil,
        credentials: ProcessCredentials? = nil, grouping: ProcessGrouping = .inherited, deathSignal: Signal? = nil,
        gainsNoPrivileges: Bool = false
    ) throws(SpawnError) -> Process {
        let argumentVector = [name ?? executable] + arguments
        let environmentVector = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let texts = argumentVector + environmentVector + [executable, workingDirectory ?? ""]
        guard !texts.contains(where: { $0.utf8.contains(0) }) else { throw failure(.execute, EINVAL, executable) }
        let null = try openNull(for: executable)
        var map = descriptors
        for standard: Int32 in 0...2 where map[standard] == nil { map[standard] = null.raw }
        precondition(map.count <= Sockets.maximumPassedDescriptors, "more descriptors than a child may get")
        let targets = map.keys.sorted()
        let sources = targets.map { map[$0] ?? -1 }
        let groups = credentials?.supplementaryGroups ?? []

        var spec = clinux_spawn()
        spec.descriptor_count = targets.count
        spec.sets_credentials = credentials == nil ? 0 : 1
        spec.uid = credentials?.user ?? 0
        spec.gid = credentials?.group ?? 0
        spec.group_count = groups.count
        spec.death_signal = deathSignal?.rawValue ?? 0
        spec.no_new_privileges = gainsNoPrivileges ? 1 : 0
        spec.file_mode_mask = fileModeMask.map { Int32($0) } ?? -1
        switch grouping {
        case .inherited: break
        case .ownGroup: spec.new_group = 1
        case .ownSession: spec.new_session = 1
        case .ownTerminal:
            spec.new_session = 1
            spec.controlling_terminal = 1
        }

        var step: Int32 = 0
        let (pid, code) = withCStrings(argumentVector) { argumentPointers in
            withCStrings(environmentVector) { environmentPointers in
                withOptionalCString(workingDirectory) { directory in
                    executable.withCString { path in
                        targets.withUnsafeBufferPointer { targets in
                            sources.withUnsafeBufferPointer { sources in
                                groups.withUnsafeBufferPointer { groups in
                                    spec.executable = path
                                    spec.arguments = argumentPointers
                                    spec.environment = environmentPointers
                                    spec.directory = directory
                                    spec.targets = targets.baseAddress
                                    spec.sources = sources.baseAddress
                                    spec.groups = groups.baseAddress
                                    // Under the lock: the child is known as ours before `reapOrphans` can look.
                                    return owned.withLock { owned in
                                        let pid = towlineSpawn(&spec, &step)
                                        if pid.0 > 0 { owned.insert(pid.0) }
                                        return pid
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        guard pid > 0 else { throw failure(SpawnError.Step(rawValue: step) ?? .fork, code, executable) }
        let pidfd = clinux_pidfd_open(pid)
        guard pidfd >= 0 else {
            let code = errno
            _ = kill(pid, SIGKILL)
            var end: Int32 = 0
            var isSignalled: Int32 = 0
            while clinux_reap(-1, pid, 1, &end, &isSignalled) < 0, errno == EINTR {}
            forget(pid)
            throw failure(.fork, code, executable)
        }
        return Process(pid: pid, descriptor: Descriptor(owning: pidfd))
    }

    /// Adopts the orphans among our descendants (`PR_SET_CHILD_SUBREAPER`), so that ending a login finds every process of it.
    ///
    /// From then on call `reapOrphans` when `SIGCHLD` arrives.
    package static func becomeSubreaper() throws(SystemError) {
        _ = try retrying("prctl") { clinux_set_child_subreaper() }
    }

    /// Collects ended children that nobody answers for; children with a `Process` are left to it. Never blocks.
    ///
    /// - Returns: how many were collected.
    @discardableResult
    package static func reapOrphans() -> Int {
        owned.withLock { owned in
            let own = getpid()
            var count = 0
            for entry in all() where entry.parent == own && entry.isZombie && !owned.contains(entry.pid) {
                var code: Int32 = 0
                var isSignalled: Int32 = 0
                if clinux_reap(-1, entry.pid, 0, &code, &isSignalled) == 1 { count += 1 }
            }
            return count
        }
    }

    static func forget(_ pid: Int32) { _ = owned.withLock { $0.remove(pid) } }

    private static func failure(_ step: SpawnError.Step, _ code: Int32, _ executable: String) -> SpawnError {
        SpawnError(step: step, error: SystemError(errno: code, call: "spawn", subject: executable))
    }

    private static func openNull(for executable: String) throws(SpawnError) -> Descriptor {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard null >= 0 else { throw failure(.descriptors, errno, executable) }
        return Descriptor(owning: null)
    }

    private static func towlineSpawn(_ spec: inout clinux_spawn, _ step: inout Int32) -> (Int32, Int32) {
        let pid = clinux_spawn(&spec, &step)
        return (pid, pid < 0 ? errno : 0)
    }

    private static func withCStrings<Result>(
        _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = texts.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        pointers.append(nil)
        return pointers.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("there is at least the ending NULL") }
            return body(base)
        }
    }

    private static func withOptionalCString<Result>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
        guard let text else { return body(nil) }
        return text.withCString(body)
    }
}
