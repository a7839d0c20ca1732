import FuzzInput
import Glibc
import Support

/// What a person pastes or types where a relay, a name, a port or a time is expected. What is taken must come back through its own text.
private func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    var input = FuzzInput(start, count)
    let text = input.text()
    comesBack(RelayAddress.self, text)
    comesBack(TerminalName.self, text)
    comesBack(StaffName.self, text)
    comesBack(ListeningPort.self, text)
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

@main enum Program {
    static func main() { exit(fuzz(testOneInput)) }
}
