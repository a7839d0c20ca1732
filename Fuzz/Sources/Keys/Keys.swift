import FuzzInput
import Glibc
import SSHCrypto
import SSHKeys

/// Lines and files of authorized keys. What is taken must come back unchanged through its canonical line.
private func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    var input = FuzzInput(start, count)
    let text = input.text()
    do {
        let key = try AuthorizedKey(line: text)
        let again = try? AuthorizedKey(line: key.line)  // compared
        precondition(again == key, "a key that was taken does not come back")
        precondition(key.line.utf8.allSatisfy { $0 >= 0x20 }, "a canonical line is one line")
        // A signature of nobody: libcrypto takes the key apart, and says no.
        for algorithm in SignatureAlgorithm.allCases {
            precondition(!key.key.verifies(signature: Array(text.utf8.suffix(64)), algorithm: algorithm, over: [1]))
        }
    } catch {
        precondition(error.description.utf8.allSatisfy { $0 >= 0x20 }, "an error is one line")
    }
    do {
        let keys = try AuthorizedKey.parseFile(text)
        precondition(keys.count <= AuthorizedKey.maximumKeys, "keys without bound")
    } catch {
        precondition(error.description.utf8.allSatisfy { $0 >= 0x20 }, "an error is one line")
    }
    return 0
}

@main enum Program {
    static func main() { exit(fuzz(testOneInput)) }
}
