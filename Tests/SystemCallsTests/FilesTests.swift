import Glibc
import SystemCalls
import Testing

/// Runs `body` with the path of a fresh folder and removes it afterwards.
func withFolder(_ body: (String) throws -> Void) throws {
    let folder = try Files.makeTemporaryDirectory()
    defer { try? Files.removeTree(folder) }  // best effort after the test
    try body(folder)
}

/// Whether the lock on `path` can be had (and gives it back at once).
private func isFree(_ path: String) throws -> Bool {
    switch try FileLock.acquire(path) {
    case .some: true
    case .none: false
    }
}

@Suite struct FilesTests {
    @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 200_000]) func contentSurvivesWritingAndReading(_ size: Int) throws {
        try withFolder { (folder) throws in
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try Files.writeAtomically("\(folder)/f", bytes, mode: 0o640)
            #expect(try Files.read("\(folder)/f", limit: size) == bytes)
            #expect(try Files.status("\(folder)/f")?.mode == 0o640)
            #expect(try Files.status("\(folder)/f")?.size == Int64(size))
            #expect(try Files.list(folder) == ["f"], "no temporary file stays")
            if size > 0 {
                let error = #expect(throws: SystemError.self) { _ = try Files.read("\(folder)/f", limit: size - 1) }
                #expect(error?.errno == EFBIG)
            }
        }
    }

    @Test func failedReplacementLeavesTheOldContent() throws {
        try withFolder { (folder) throws in
            try Files.makeDirectory("\(folder)/d", mode: 0o700)
            try Files.writeAtomically("\(folder)/d/f", [1], mode: 0o600)
            #expect(throws: SystemError.self) { try Files.writeAtomically("\(folder)/d", [2], mode: 0o600) }
            #expect(try Files.list(folder) == ["d"])
            #expect(try Files.read("\(folder)/d/f", limit: 1) == [1])
            #expect(throws: SystemError.self) { try Files.writeAtomically("\(folder)/none/f", [2], mode: 0o600) }
        }
    }

    @Test(arguments: [0, 1, 65_535, 65_536, 65_537]) func copyIsTheSameAndReplacesNothing(_ size: Int) throws {
        try withFolder { (folder) throws in
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try Files.writeAtomically("\(folder)/f", bytes, mode: 0o644)
            try Files.copy("\(folder)/f", to: "\(folder)/g", mode: 0o600)
            #expect(try Files.read("\(folder)/g", limit: size) == bytes)
            #expect(try Files.status("\(folder)/g")?.mode == 0o600)
            #expect(throws: SystemError.self) { try Files.copy("\(folder)/none", to: "\(folder)/h", mode: 0o600) }
            #expect(throws: SystemError.self) { try Files.copy("\(folder)/f", to: "\(folder)/g", mode: 0o600) }
            #expect(Set(try Files.list(folder)) == ["f", "g"], "a refused copy leaves nothing, and takes nothing away")
            #expect(try Files.read("\(folder)/g", limit: size) == bytes)
        }
    }

    @Test func lockHasOneHolder() throws {
        try withFolder { (folder) throws in
            #expect(try isFree("\(folder)/lock"))
            let held = try FileLock.acquire("\(folder)/lock")
            #expect(try !isFree("\(folder)/lock"))
            _ = consume held
            #expect(try isFree("\(folder)/lock"))
        }
    }

    @Test func lockOfAnotherProcessIsSeenAndEndsWithIt() throws {
        try withFolder { (folder) throws in
            let process = try Processes.spawn(
                "/usr/bin/flock", ["\(folder)/lock", "/bin/sleep", "60"], grouping: .ownGroup)
            #expect(try eventually { try !isFree("\(folder)/lock") })
            process.signalGroup(.kill)
            #expect(try eventually { try isFree("\(folder)/lock") })
        }
    }

    @Test func folderGetsExactlyItsMode() throws {
        try withFolder { (folder) throws in
            #expect(try Files.makeDirectory("\(folder)/d", mode: 0o777))
            #expect(try Files.status("\(folder)/d")?.mode == 0o777)
            #expect(try !Files.makeDirectory("\(folder)/d", mode: 0o700))
            #expect(try Files.status("\(folder)/d")?.mode == 0o777, "what existed is left as it is")
            #expect(throws: SystemError.self) { try Files.makeDirectory("\(folder)/no/d", mode: 0o700) }
        }
    }

    @Test func kindsAndLinksAreToldApart() throws {
        try withFolder { (folder) throws in
            try Files.writeAtomically("\(folder)/f", [7], mode: 0o600)
            #expect(symlink("\(folder)/f", "\(folder)/l") == 0)
            #expect(try Files.status(folder)?.kind == .directory)
            #expect(try Files.status("\(folder)/f")?.kind == .file)
            #expect(try Files.status("\(folder)/l")?.kind == .file)
            #expect(try Files.status("\(folder)/l", followsLinks: false)?.kind == .symbolicLink)
            #expect(try Files.status("/dev/null")?.kind == .other)
            #expect(try Files.status("\(folder)/none") == nil)
            #expect(try Files.status("\(folder)/f/x") == nil)
            #expect(try Files.status("\(folder)/f")?.user == Users.effectiveUser)
            #expect(try Files.read("\(folder)/l", limit: 1) == [7])
            let error = #expect(throws: SystemError.self) { _ = try Files.read("\(folder)/l", limit: 1, followsLinks: false) }
            #expect(error?.errno == ELOOP)
        }
    }

    @Test func removingATreeDoesNotFollowLinks() throws {
        try withFolder { (folder) throws in
            try Files.makeDirectory("\(folder)/kept", mode: 0o700)
            try Files.writeAtomically("\(folder)/kept/f", [1], mode: 0o600)
            try Files.makeDirectory("\(folder)/tree", mode: 0o700)
            try Files.makeDirectory("\(folder)/tree/d", mode: 0o700)
            #expect(symlink("\(folder)/kept", "\(folder)/tree/d/l") == 0)
            try Files.removeTree("\(folder)/tree")
            #expect(try Files.list(folder) == ["kept"])
            #expect(try Files.list("\(folder)/kept") == ["f"])
            #expect(try !Files.remove("\(folder)/none"))
            #expect(try !Files.removeDirectory("\(folder)/none"))
        }
    }

    @Test func pathWithNULIsRefusedEverywhere() throws {
        let path = "/tmp\0/x"
        #expect(throws: SystemError.self) { _ = try Files.read(path, limit: 1) }
        #expect(throws: SystemError.self) { _ = try Files.status(path) }
        #expect(throws: SystemError.self) { try Files.remove(path) }
        #expect(throws: SystemError.self) { _ = try Files.list(path) }
        #expect(throws: SystemError.self) { try Files.writeAtomically(path, [], mode: 0o600) }
        #expect(throws: SystemError.self) { try Files.makeDirectory(path, mode: 0o700) }
    }

    @Test func inputBeyondTheLimitIsRefusedWithoutReadingItAll() throws {
        let pipe = try Descriptor.pipe()
        try Files.writeAll(pipe.writing.raw, [UInt8](repeating: 1, count: 11))
        // The writing end stays open: waiting for the end would hang.
        let error = #expect(throws: SystemError.self) { _ = try Files.readAll(pipe.reading.raw, limit: 10) }
        #expect(error?.errno == EFBIG)
    }

    @Test func spaceAndOwnProgramAreKnown() throws {
        let space = try Files.space(at: "/tmp")
        #expect(space.total > 0 && space.available <= space.total)
        let own = try Files.ownExecutable()
        #expect(Files.isExecutable(own))
        #expect(!Files.isExecutable("/etc/passwd"))
        #expect(Files.parent(of: "/a/b") == "/a")
        #expect(Files.parent(of: "/a") == "/")
        #expect(Files.parent(of: "a") == ".")
    }

    @Test func errorsNameCallPathAndReason() throws {
        let error = #expect(throws: SystemError.self) { _ = try Files.read("/no/such\u{1b}[2J", limit: 1) }
        #expect(error?.description == "open /no/such\\u{1b}[2J: No such file or directory")
    }
}
