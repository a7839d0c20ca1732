import FoundationEssentials
import Glibc

/// A folder that is removed with this value.
final class TemporaryFolder {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.path + "/towline-test-" + UUID().uuidString
        precondition(mkdir(path, 0o700) == 0, "a temporary folder can be made")
    }

    deinit {
        // Left behind in the worst case: nothing depends on it.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// A path in the folder.
    func file(_ name: String) -> String { path + "/" + name }
}
