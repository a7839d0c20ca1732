import Glibc
import SystemCalls
import Testing

/// A deadline far enough for a loaded machine.
func deadline(_ seconds: Int = 20) -> MonotonicTime { MonotonicClock.now + .seconds(seconds) }

/// Waits until `condition` holds; false once the deadline has passed.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
    let end = deadline()
    while MonotonicClock.now < end {
        if try condition() { return true }
        usleep(2000)
    }
    return false
}

/// What a program printed on descriptor 1, and how it ended.
func output(
    _ executable: String, _ arguments: [String], environment: [String: String] = [:], workingDirectory: String? = nil,
    fileModeMask: UInt32? = nil, credentials: ProcessCredentials? = nil, grouping: ProcessGrouping = .inherited,
    gainsNoPrivileges: Bool = false
) throws -> (text: String, end: ProcessEnd) {
    let (reading, writing) = try Descriptor.pipe().release()
    let reader = Descriptor(owning: reading)
    var writer: Descriptor? = Descriptor(owning: writing)
    let process = try Processes.spawn(
        executable, arguments, environment: environment, descriptors: [1: writing, 2: writing], workingDirectory: workingDirectory,
        fileModeMask: fileModeMask, credentials: credentials, grouping: grouping, gainsNoPrivileges: gainsNoPrivileges)
    writer = nil
    _ = consume writer
    let bytes = try Files.readAll(reader.raw, limit: 1 << 20)
    return (String(decoding: bytes, as: UTF8.self), process.wait())
}

@Suite struct ProcessTests {
    @Test func argumentsAndEnvironmentArriveExactly() throws {
        let (text, end) = try output("/usr/bin/env", ["printenv"], environment: ["A": "one two", "B": ""])
        #expect(text == "A=one two\nB=\n")
        #expect(end == .exited(0))
        let arguments = try output("/bin/sh", ["-c", "printf '<%s>' \"$@\"", "x", "a b", "", "*"])
        #expect(arguments.text == "<a b><><*>")
    }

    @Test(arguments: [0, 1, 7, 255]) func exitStatusIsReported(_ status: Int32) throws {
        let process = try Processes.spawn("/bin/sh", ["-c", "exit \(status)"])
        #expect(process.wait() == .exited(status))
        #expect(process.reap() == .exited(status), "asking again gives the same answer")
        #expect(process.wait() == .exited(status))
        #expect(!process.signal(.kill), "nobody is signalled after the end")
        #expect(!process.signalGroup(.kill))
    }

    @Test func deathBySignalIsReported() throws {
        let process = try Processes.spawn("/bin/sleep", ["60"], grouping: .ownGroup)
        #expect(process.reap() == nil)
        #expect(process.wait(until: MonotonicClock.now) == nil)
        #expect(process.signal(.terminate))
        #expect(process.wait(until: deadline()) == .signalled(SIGTERM))
    }

    @Test func signalOfTheGroupReachesGrandchildren() throws {
        let (reading, writing) = try Descriptor.pipe().release()
        let reader = Descriptor(owning: reading)
        let process = try Processes.spawn("/bin/sh", ["-c", "sleep 60 & wait"], descriptors: [1: writing], grouping: .ownSession)
        Descriptor.close(writing)
        #expect(eventually { Processes.descendants(of: process.pid).contains { $0.name == "sleep" } })
        #expect(process.signalGroup(.kill))
        #expect(process.wait() == .signalled(SIGKILL))
        #expect(try Files.readAll(reader.raw, limit: 10).isEmpty, "the last holder of the pipe is gone")
    }

    @Test func childHasNoDescriptorButItsOwn() throws {
        // One that is inheritable on purpose, far up, and others below.
        let stray = open("/dev/null", O_RDONLY)
        defer { Descriptor.close(stray) }
        let high = fcntl(stray, F_DUPFD, 200)
        defer { Descriptor.close(high) }
        let (text, _) = try output("/bin/ls", ["/proc/self/fd"])
        #expect(text == "0\n1\n2\n3\n", "3 is ls reading the folder")
    }

    @Test func descriptorsArriveUnderTheirNumbersEvenWhenTheyCross() throws {
        let one = try Descriptor.pipe().release()
        let two = try Descriptor.pipe().release()
        defer { for raw in [one.reading, one.writing, two.reading, two.writing] { Descriptor.close(raw) } }
        // Crossed targets: each one's target is the other's source.
        let process = try Processes.spawn(
            "/bin/bash", ["-c", "echo to-\(one.writing) >&\(one.writing); echo to-\(two.writing) >&\(two.writing)"],
            descriptors: [one.writing: two.writing, two.writing: one.writing])
        try #require(process.wait() == .exited(0))
        var room = [UInt8](repeating: 0, count: 100)
        func read(_ raw: Int32) -> String {
            guard case .bytes(let count) = room.withUnsafeMutableBytes({ Descriptor.read(raw, into: $0) }) else { return "" }
            return String(decoding: room[..<count], as: UTF8.self)
        }
        #expect(read(two.reading) == "to-\(one.writing)\n")
        #expect(read(one.reading) == "to-\(two.writing)\n")
    }

    @Test func standardInputIsEmptyUnlessGiven() throws {
        #expect(try output("/bin/cat", []) == ("", .exited(0)))
    }

    @Test(arguments: [
        ("/no/such/program", SpawnError.Step.execute, ENOENT), ("/etc/passwd", .execute, EACCES), ("/tmp", .execute, EACCES),
        ("/bin/sh\0/x", .execute, EINVAL),
    ])
    func programThatCannotRunIsReportedWithItsReason(_ path: String, _ step: SpawnError.Step, _ code: Int32) throws {
        let error = #expect(throws: SpawnError.self) { _ = try Processes.spawn(path) }
        #expect(error?.step == step)
        #expect(error?.error.errno == code)
    }

    @Test func folderThatDoesNotExistIsReported() throws {
        let error = #expect(throws: SpawnError.self) { _ = try Processes.spawn("/bin/true", workingDirectory: "/no/such") }
        #expect(error?.step == .workingDirectory)
        #expect(error?.description == "starting /bin/true failed at workingDirectory: No such file or directory")
    }

    @Test func closedDescriptorIsReportedAsOurBug() async throws {
        await #expect(processExitsWith: .failure) { _ = try Processes.spawn("/bin/true", descriptors: [1: 999]) }
    }

    @Test func workingDirectoryAndModeMaskAreSet() throws {
        let folder = try Files.makeTemporaryDirectory()
        defer { try? Files.removeTree(folder) }  // best effort after the test
        let (text, end) = try output("/bin/sh", ["-c", "pwd; umask; : > f; stat -c %a f"], workingDirectory: folder, fileModeMask: 0o027)
        #expect(end == .exited(0))
        #expect(text == "\(try Files.resolved(folder))\n0027\n640\n")
    }

    @Test(.enabled(if: Users.effectiveUser == 0)) func rootChildBecomesSomebodyElseWhole() throws {
        let nobody = try #require(try Users.lookup(name: "nobody"))
        let (text, end) = try output(
            "/bin/sh", ["-c", "id -u; id -g; id -G; grep -E '^(Uid|Gid|NoNewPrivs)' /proc/self/status"],
            credentials: ProcessCredentials(user: nobody.user, group: nobody.group), gainsNoPrivileges: true)
        #expect(end == .exited(0))
        let (user, group) = (nobody.user, nobody.group)
        #expect(
            text == """
                \(user)
                \(group)
                \(group)
                Uid:\t\(user)\t\(user)\t\(user)\t\(user)
                Gid:\t\(group)\t\(group)\t\(group)\t\(group)
                NoNewPrivs:\t1

                """)
    }

    @Test func ownSessionHasNoTerminalAndLeadsItself() throws {
        let (text, _) = try output("/bin/sh", ["-c", "ps -o pid=,sid=,pgid= -p $$; echo $$"], grouping: .ownSession)
        let numbers = text.split(whereSeparator: { $0 == " " || $0 == "\n" })
        #expect(numbers.count == 4 && Set(numbers).count == 1)
    }

    @Test func ownTerminalControlsTheChild() throws {
        let pair = try PseudoTerminal.open(rows: 33, columns: 99)
        let raw = pair.follower.raw
        let process = try Processes.spawn(
            "/bin/sh", ["-c", "stty size < /dev/tty > /dev/tty"], descriptors: [0: raw, 1: raw, 2: raw], grouping: .ownTerminal)
        try #require(process.wait() == .exited(0))
        var room = [UInt8](repeating: 0, count: 100)
        guard case .bytes(let count) = room.withUnsafeMutableBytes({ Descriptor.read(pair.leader.raw, into: $0) }) else {
            Issue.record("the terminal stays silent")
            return
        }
        #expect(String(decoding: room[..<count], as: UTF8.self) == "33 99\r\n")
    }

    @Test func signalsOfTheChildAreAtTheirDefaults() throws {
        Signals.ignoreBrokenPipes()
        let (text, _) = try output("/bin/grep", ["-hE", "^Sig(Blk|Ign)", "/proc/self/status"])
        let masks = text.split(separator: "\n").compactMap { UInt64($0.dropFirst(8), radix: 16) }
        // Bits 31 and 32 are the C library's own signals, which nobody can set through it.
        #expect(masks.count == 2 && masks[0] == 0 && masks[1] & ~0x1_8000_0000 == 0)
    }

    @Test func droppedChildIsKilledAndCollected() throws {
        var process: Process? = try Processes.spawn("/bin/sleep", ["60"])
        let pid = try #require(process?.pid)
        #expect(Processes.entry(pid)?.name == "sleep")
        process = nil
        #expect(Processes.entry(pid) == nil)
    }

    @Test func childDiesWithTheThreadThatStartedIt() throws {
        let started = Monitor<Process?>(nil)
        let mayEnd = Monitor(false)
        Threads.start(name: "parent") {
            do {
                let process = try Processes.spawn("/bin/sleep", ["60"], deathSignal: .kill)
                started.withLock { $0 = process }
            } catch { Issue.record(error) }
            _ = mayEnd.wait(until: deadline()) { $0 ? true : nil }
        }
        let process = try #require(started.wait(until: deadline()) { $0 })
        #expect(process.reap() == nil)
        mayEnd.withLock { $0 = true }
        #expect(process.wait(until: deadline()) == .signalled(SIGKILL))
    }

    @Test func pidfdBecomesReadableAtTheEnd() throws {
        let process = try Processes.spawn("/bin/sleep", ["60"])
        var item = pollfd(fd: process.pidfd, events: Int16(POLLIN), revents: 0)
        #expect(poll(&item, 1, 0) == 0)
        process.signal(.kill)
        #expect(poll(&item, 1, 20_000) == 1)
        #expect(process.reap() == .signalled(SIGKILL))
    }

    @Test func manyThreadsStartAndCollectAtOnce() throws {
        let done = Monitor(0)
        for thread in 0..<4 {
            Threads.start(name: "spawner") {
                for round in 0..<5 {
                    do {
                        let status = Int32(thread * 10 + round)
                        #expect(try Processes.spawn("/bin/sh", ["-c", "exit \(status)"]).wait() == .exited(status))
                    } catch { Issue.record(error) }
                }
                done.withLock { $0 += 1 }
            }
        }
        #expect(done.wait(until: deadline(60)) { $0 == 4 ? true : nil } == true)
    }

    @Test func orphansComeToTheSubreaperAndAreCollected() async throws {
        // In a process of its own: adopting orphans is for a whole process.
        await #expect(processExitsWith: .success) {
            try Processes.becomeSubreaper()
            let (text, _) = try output("/bin/sh", ["-c", "(sleep 0.05; exit 3) >/dev/null 2>&1 & echo $!"])
            let orphan = try #require(Int32(text.dropLast()))
            let kept = try Processes.spawn("/bin/true")
            try #require(eventually { Processes.entry(kept.pid)?.isZombie ?? true })
            try #require(eventually { Processes.reapOrphans() > 0 || Processes.entry(orphan) == nil })
            try #require(Processes.entry(orphan) == nil)
            try #require(kept.wait() == .exited(0), "a child with an owner was left to it")
        }
    }

    @Test func listShowsUsersParentsAndStarts() throws {
        let process = try Processes.spawn("/bin/sleep", ["60"])
        let entry = try #require(Processes.descendants(of: Processes.current).first { $0.pid == process.pid })
        #expect(entry.parent == Processes.current)
        #expect(entry.user == Users.effectiveUser)
        #expect(Processes.owned(by: entry.user).contains(entry))
        #expect(!Processes.signal(Self.changed(entry, started: entry.started + 1), .kill), "another start is another process")
        #expect(process.reap() == nil)
        #expect(Processes.signal(entry, .kill))
        #expect(process.wait() == .signalled(SIGKILL))
        #expect(!Processes.signal(entry, .kill))
    }

    static func changed(_ entry: ProcessEntry, started: UInt64) -> ProcessEntry {
        ProcessEntry(
            pid: entry.pid, parent: entry.parent, user: entry.user, name: entry.name, started: started, isZombie: entry.isZombie)
    }
}
