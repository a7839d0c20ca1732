import CFuzzer

/// Runs libFuzzer with the program's arguments: a corpus, or inputs to try again. Returns its exit status.
package func fuzz(_ testOneInput: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32) -> Int32 {
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    return LLVMFuzzerRunDriver(&count, &arguments, testOneInput)
}

/// Takes a fuzzer's bytes apart. Reading past the end gives zeros, so that every input means something.
package struct FuzzInput {
    private let bytes: UnsafeRawBufferPointer
    private var place = 0

    /// What libFuzzer handed over; valid until the fuzzer's function returns.
    package init(_ start: UnsafePointer<UInt8>?, _ count: Int) {
        bytes = UnsafeRawBufferPointer(start: start, count: count)
    }

    /// All its bytes, taken or not.
    package var count: Int { bytes.count }

    package var isAtEnd: Bool { place >= bytes.count }

    package mutating func byte() -> UInt8 {
        guard place < bytes.count else { return 0 }
        defer { place += 1 }
        return bytes[place]
    }

    package mutating func uint16() -> Int { Int(byte()) << 8 | Int(byte()) }

    /// At most `count` bytes.
    package mutating func take(_ count: Int) -> UnsafeRawBufferPointer {
        let size = min(count, bytes.count - place)
        defer { place += size }
        return UnsafeRawBufferPointer(rebasing: bytes[place..<(place + size)])
    }

    /// Everything that is left, as a parser of text gets it: what is not UTF-8 is replaced.
    package mutating func text() -> String { String(decoding: take(bytes.count - place), as: UTF8.self) }
}
