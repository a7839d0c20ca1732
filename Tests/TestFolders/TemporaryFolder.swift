import FoundationEssentials
import Glibc

/// A folder of one test, which is removed with this value.
package final class TemporaryFolder: Sendable {
    /// Its absolute path.
    package let path: String

    /// A new, empty folder.
    package init() {
        path = FileManager.default.temporaryDirectory.path + "/towline-test-" + UUID().uuidString
        precondition(mkdir(path, 0o700) == 0, "a temporary folder can be made")
    }

    deinit {
        // Left behind in the worst case: nothing depends on it.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// A path in the folder.
    package func file(_ name: String) -> String { path + "/" + name }
}
