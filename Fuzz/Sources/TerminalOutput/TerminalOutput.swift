import FuzzInput
import Glibc
import Support
import TerminalCore

/// What the supervised `ssh` and `sshd` write, a hostile relay's or login's words among it.
private func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    var input = FuzzInput(start, count)
    var reader = SSHOutputReader(
        relay: SSHOutputReader.RelayNames(
            host: "relay.example.org", endpoint: "relay.example.org port 22", listeningPort: "20001", pinned: "SHA256:abc"))
    for line in input.text().split(separator: "\n", omittingEmptySubsequences: false) {
        _ = reader.read(String(line))
        _ = LoginOutputReader.read(String(line))
    }
    _ = reader.failure(end: "status 255")
    return 0
}

@main enum Program {
    static func main() { exit(fuzz(testOneInput)) }
}
