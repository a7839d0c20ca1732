import FuzzInput
import Glibc

/// Everything a peer can send that has proved its key.
private func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    FuzzedConnection(FuzzInput(start, count), isAuthenticated: true).run()
    return 0
}

@main enum Program {
    static func main() { exit(fuzz(testOneInput)) }
}
