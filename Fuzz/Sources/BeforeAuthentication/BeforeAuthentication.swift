import FuzzInput
import Glibc

/// Everything a stranger can send: identification, key exchange, authentication.
private func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    FuzzedConnection(FuzzInput(start, count), isAuthenticated: false).run()
    return 0
}

@main enum Program {
    static func main() { exit(fuzz(testOneInput)) }
}
