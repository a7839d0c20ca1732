import SSHKeys
import Support
import SystemCalls
import TerminalCore
import Testing

@testable import TerminalStore

@Suite struct DocumentTests {
    /// A folder that is gone when the test is over.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = try Files.makeTemporaryDirectory()
        // A folder that stays is no reason to fail.
        defer { try? Files.removeTree(folder) }
        try body(folder)
    }

    private func write(_ path: String, _ text: String) throws { try Files.writeAtomically(path, Array(text.utf8), mode: 0o600) }

    @Test func whatWasNeverWrittenIsNotThere() throws {
        try withFolder { folder in
            let value = try Document<[String]>(path: "\(folder)/x.json").load()
            #expect(value == nil)
        }
    }

    @Test func whatIsSavedIsLoadedAndForItsOwnersEyesOnly() throws {
        try withFolder { folder in
            let document = Document<[String]>(path: "\(folder)/x.json")
            try document.save(["a", "b"])
            try document.save(["c"])
            #expect(try document.load() == ["c"])
            for name in ["x.json", "x.json.good"] { #expect(try Files.status("\(folder)/\(name)")?.mode == 0o600) }
        }
    }

    @Test(arguments: ["", "{", "null", "[]", "{\"version\":1}", "{\"version\":1,\"value\":7}", "\u{0}\u{0}", "{\"value\":[]}"])
    func aDamagedFileStopsAndOffersTheGoodCopy_S04(content: String) throws {
        try withFolder { folder in
            let document = Document<[String]>(path: "\(folder)/x.json")
            try document.save(["kept"])
            try write("\(folder)/x.json", content)
            do throws(StoreError) {
                _ = try document.load()
                Issue.record("a damaged file was taken")
            } catch {
                #expect(error.description.contains("cp '\(folder)/x.json.good' '\(folder)/x.json'"), "\(error)")
            }
            try Files.rename("\(folder)/x.json.good", to: "\(folder)/x.json")
            #expect(try document.load() == ["kept"])
        }
    }

    @Test func aFileThatIsGoneBesideItsCopyIsDamageNotEmptiness_S04() throws {
        try withFolder { folder in
            let document = Document<[String]>(path: "\(folder)/x.json")
            try document.save(["kept"])
            try Files.remove("\(folder)/x.json")
            #expect(throws: StoreError.damaged(path: document.path, reason: "it is gone", lastGood: document.path + ".good")) {
                try document.load()
            }
        }
    }

    @Test func aDamagedCopyIsNotOffered_S04() throws {
        try withFolder { folder in
            for name in ["x.json", "x.json.good"] { try write("\(folder)/\(name)", "{") }
            #expect(throws: StoreError.damaged(path: "\(folder)/x.json", reason: "it is not JSON", lastGood: nil)) {
                try Document<[String]>(path: "\(folder)/x.json").load()
            }
        }
    }

    @Test func aFileOfALaterVersionIsLeftAlone_S04() throws {
        try withFolder { folder in
            try write("\(folder)/x.json", "{\"version\": 2, \"value\": [\"future\"]}")
            #expect(throws: StoreError.tooNew(path: "\(folder)/x.json", version: 2)) {
                try Document<[String]>(path: "\(folder)/x.json").load()
            }
        }
    }

    @Test func aLinkInsteadOfTheFileIsNotFollowed() throws {
        try withFolder { folder in
            try Document<[String]>(path: "\(folder)/elsewhere.json").save(["planted"])
            _ = try Files.rename("\(folder)/elsewhere.json", to: "\(folder)/target")
            try Links.make("\(folder)/x.json", to: "\(folder)/target")
            #expect(throws: StoreError.self) { try Document<[String]>(path: "\(folder)/x.json").load() }
        }
    }

    @Test func theStoreKeepsUsersSettingAndSupport() throws {
        try withFolder { folder in
            let store = AgentMemory(folder: folder)
            #expect(try store.loginUsers().isEmpty)
            #expect(try store.setting() == nil)
            let setting = RemoteSupportSetting(
                relay: try RelayAddress(parsing: "relay.example.org:22,443"), listeningPort: try ListeningPort(parsing: "41999"),
                user: "towline", fingerprint: Fingerprint(digest: [UInt8](repeating: 1, count: 32)))
            try store.save(setting: setting)
            #expect(try store.setting() == setting)
            try store.save(setting: nil)
            #expect(try store.setting() == nil)
            let record = SupportRecord(
                run: "a", boot: "b", deadline: Uptime(nanoseconds: 5_000_000_000), now: Uptime(nanoseconds: 0),
                wall: WallTime(secondsSince1970: 7))
            try store.save(running: record)
            #expect(store.running() == record)
            try write("\(folder)/running.json", "{")
            #expect(store.running() == nil, "support never comes on by accident")
            #expect(!store.isAutoStart())
            try store.save(autoStart: true)
            #expect(store.isAutoStart())
        }
    }
}
