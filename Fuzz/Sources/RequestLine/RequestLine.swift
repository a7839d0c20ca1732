import FuzzInput
import Glibc
import SSHKeys

@testable import Support

/// What a person pastes or types where a request line, a relay, a name, a port or a join code is expected; and, where the first byte is
/// zero, the fields of a request line behind its checksum. What is taken must come back through its own text.
private func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    var input = FuzzInput(start, count)
    if start?.pointee == 0 {
        _ = input.byte()
        readFields(Array(input.take(count)))
        return 0
    }
    let text = input.text()
    comesBack(RequestLine.self, text)
    comesBack(RelayAddress.self, text)
    comesBack(TerminalName.self, text)
    comesBack(StaffName.self, text)
    comesBack(LoginName.self, text)
    comesBack(ListeningPort.self, text)
    comesBack(JoinCode.self, text)
    return 0
}

private func comesBack<Value: ParsedFromText & Equatable>(_: Value.Type, _ text: String) {
    do {
        let value = try Value(parsing: text)
        let again = try? Value(parsing: value.description)  // compared
        precondition(again == value, "\(Value.self): \(value.description) does not come back")
    } catch {
        precondition(error.description.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "an error is one line")
    }
}

private func readFields(_ bytes: [UInt8]) {
    guard
        // A refusal is no value to look at.
        let request = try? WireReader.read(bytes, { (reader: inout WireReader) throws(RequestLineError) in
            try SupportRequest(reading: &reader)
        })
    else { return }
    let line = RequestLine(request) { _ in [UInt8](repeating: 7, count: 83) }
    precondition(line.description.count <= RequestLine.maximumLength, "a line without bound")
    let again = try? RequestLine(parsing: line.description)  // compared
    precondition(again == line, "a request does not come back")
}

@main enum Program {
    static func main() { exit(fuzz(testOneInput)) }
}
